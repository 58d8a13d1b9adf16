"""What follows from the scores of many deletions, against plain loops and another library."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import conv1d_viz as cv


def study_of(scores, deletions):
    """A study with given scores of deletions, the baseline first; the forecasts are of no matter."""
    n_channels = 1 + max(max(d, default=0) for d in deletions)
    nothing = np.zeros((len(deletions), 1, 1), dtype=np.float32)
    scores = np.asarray(scores, dtype=float)
    return cv.AblationStudy(deletions, nothing, scores, nothing[0], float(scores[0]), n_channels, "zero")


def subsets(n):
    return [d for size in range(n + 1) for d in itertools.combinations(range(n), size)]


games = st.integers(1, 5).flatmap(
    lambda n: hnp.arrays(np.float64, 2**n, elements=st.integers(0, 1000).map(lambda v: v / 8))
)


def shapley_by_orders(scores, deletions):
    """The mean rise over all orders of deletion, one by one."""
    value = {frozenset(d): score for d, score in zip(deletions, scores, strict=True)}
    n = int(math.log2(len(deletions)))
    rises = np.zeros(n)
    for order in itertools.permutations(range(n)):
        gone = frozenset()
        for channel in order:
            rises[channel] += value[gone | {channel}] - value[gone]
            gone |= {channel}
    return rises / math.factorial(n)


@given(games, st.randoms(use_true_random=False))
def test_shapley_values_are_the_mean_over_all_orders(scores, random):
    deletions = subsets(int(math.log2(len(scores))))
    expected = shapley_by_orders(scores, deletions)
    study = study_of(scores, deletions)
    np.testing.assert_allclose(study.shapley_values(), expected, atol=1e-9)
    assert study.shapley_values().sum() == pytest.approx(scores[-1] - scores[0], abs=1e-9)
    # The rows, and the channels within them, may stand in any order.
    mixed = list(zip(scores, deletions, strict=True))
    random.shuffle(mixed)
    other = cv.AblationStudy(
        [tuple(random.sample(d, len(d))) for _, d in mixed],
        study.predictions,
        np.array([score for score, _ in mixed]),
        study.baseline_prediction,
        study.baseline_mse,
        study.n_channels,
        "zero",
    )
    np.testing.assert_allclose(other.shapley_values(), expected, atol=1e-9)


def test_shapley_values_of_a_game_that_is_known():
    # A forecast that is lost as soon as channel 0 or both of the others are gone.
    lost = [float(0 in d or {1, 2} <= set(d)) for d in subsets(3)]
    np.testing.assert_allclose(study_of(lost, subsets(3)).shapley_values(), [2 / 3, 1 / 6, 1 / 6])


def test_shapley_values_agree_with_those_of_shap(model, windows):
    shap = pytest.importorskip("shap")
    x, y = windows
    study = cv.ablation_study(model, x, y, "conv1", "all")
    score = {frozenset(d): mse for d, mse in zip(study.deletions, study.mse, strict=True)}

    def game(rows):  # 1 is a deleted channel, 0 one that is kept
        return np.array([score[frozenset(np.flatnonzero(row).tolist())] for row in rows])

    explained = shap.explainers.Exact(game, shap.maskers.Independent(np.zeros((1, 4))))(np.ones((1, 4)))
    np.testing.assert_allclose(study.shapley_values(), explained.values[0], atol=1e-12)
    assert explained.base_values[0] == pytest.approx(study.baseline_mse)


def test_interactions_are_what_a_pair_costs_beyond_its_two_channels(model, windows):
    x, y = windows
    study = cv.ablation_study(model, x, y, "conv1", "pairs")
    matrix = study.interaction_matrix()
    score = dict(zip(study.deletions, study.mse, strict=True))
    for i, j in itertools.combinations(range(4), 2):
        expected = score[i, j] - score[i,] - score[j,] + study.baseline_mse
        assert matrix[i, j] == matrix[j, i] == pytest.approx(expected, abs=1e-12)
    assert matrix.diagonal().tolist() == [0] * 4
    assert np.abs(matrix).max() > 1e-4


def test_channels_that_do_not_interact():
    cost = np.array([0.5, 0.25, 2.0])
    deletions = subsets(3)
    study = study_of([1 + cost[list(d)].sum() for d in deletions], deletions)
    np.testing.assert_allclose(study.interaction_matrix(), np.zeros((3, 3)), atol=1e-12)
    np.testing.assert_allclose(study.shapley_values(), cost)


@given(games)
def test_the_mse_of_chosen_deletions(scores):
    deletions = subsets(int(math.log2(len(scores))))
    study = study_of(scores, deletions)
    assert study.mse_of(d[::-1] for d in reversed(deletions)).tolist() == scores[::-1].tolist()
    assert study.mse_of([()]) == [study.baseline_mse]


def test_the_mse_of_a_deletion_that_was_not_studied(model, windows):
    study = cv.ablation_study(model, *windows, "conv1", "single")
    assert study.mse_of([[2], [], (0,)]).tolist() == [study.mse[2], study.baseline_mse, study.mse[0]]
    with pytest.raises(ValueError, match=r"`deletions` must be some of the study's own\. Got \(0, 1\)"):
        study.mse_of([(0,), (0, 1)])


@given(games)
def test_the_best_of_each_size(scores):
    n = int(math.log2(len(scores)))
    deletions = subsets(n)
    best = study_of(scores, deletions).best_of_each_size()
    assert [len(d) for d in best] == list(range(n + 1))
    for size, chosen in enumerate(best):
        same_size = [(score, d) for score, d in zip(scores, deletions, strict=True) if len(d) == size]
        assert chosen == min(same_size)[1]  # of equal scores the first


@given(games)
def test_greedy_removal_takes_the_cheapest_channel_each_time(scores):
    n = int(math.log2(len(scores)))
    deletions = subsets(n)
    value = {frozenset(d): score for d, score in zip(deletions, scores, strict=True)}
    path = study_of(scores, deletions).greedy_removal()
    assert path[0] == ()
    assert sorted(path[-1]) == list(range(n))
    for before, after in itertools.pairwise(path):
        assert after[:-1] == before
        left = set(range(n)) - set(before)
        assert value[frozenset(after)] == min(value[frozenset({*before, c})] for c in left)


@pytest.mark.parametrize("method", ["shapley_values", "best_of_each_size", "greedy_removal"])
@pytest.mark.parametrize("deletions", ["single", "pairs", [(), (0,), (0, 1, 2, 3)]])
def test_what_needs_all_subsets_says_so(model, windows, method, deletions):
    x, y = windows
    study = cv.ablation_study(model, x, y, "conv1", deletions)
    with pytest.raises(ValueError, match=r'`deletions` must be "all", every subset .* Got a study without \('):
        getattr(study, method)()


def test_one_subset_is_missing():
    deletions = [d for d in subsets(3) if d != (1, 2)]
    with pytest.raises(ValueError, match=r"Got a study without \(1, 2\)"):
        study_of(np.ones(7), deletions).shapley_values()


def test_a_wide_layer_without_all_subsets():
    deletions = [(), *[(c,) for c in range(60)], *itertools.combinations(range(60), 2)]
    with pytest.raises(ValueError, match=r'`deletions` must be "all"'):
        study_of(np.ones(len(deletions)), deletions).shapley_values()


def test_interactions_need_the_pairs(model, windows):
    x, y = windows
    with pytest.raises(ValueError, match=r'`deletions` must be "pairs", .* Got a study without \(0, 1\)'):
        cv.ablation_study(model, x, y, "conv1", "single").interaction_matrix()
