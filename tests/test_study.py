"""Studies of many deletions, and what follows from their scores: against plain loops and another library."""

import dataclasses
import itertools
import math
import re

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import conv1d_viz as cv


@pytest.fixture(scope="module")
def pairs(model, windows):
    return cv.ablation_study(model, *windows, "conv1", "pairs")


@pytest.fixture(scope="module")
def study_of(pairs):
    """Make a study with given scores of deletions, the baseline first."""

    def make(scores, deletions):
        n_channels = 1 + max(max(d, default=0) for d in deletions)
        nothing = np.zeros((len(deletions), 1, 1), dtype=np.float32)
        scores = np.asarray(scores, dtype=float)
        made_up = {
            "predictions": nothing,
            "loss": scores,
            "baseline_prediction": nothing[0],
            "baseline_loss": scores[0],
        }
        return dataclasses.replace(pairs, deletions=deletions, n_channels=n_channels, **made_up)

    return make


def test_a_study_of_pairs(model, windows, pairs):
    x, y = windows
    assert pairs.deletions == [(0,), (1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    np.testing.assert_allclose(pairs.baseline_prediction, model.predict(x, verbose=0), atol=1e-6)
    assert pairs.baseline_mse == pytest.approx(np.mean((pairs.baseline_prediction - y) ** 2), rel=1e-6)
    matrix, forecasts, interaction = pairs.pair_matrix(), pairs.pair_predictions(), pairs.interaction_matrix()
    for k, channels in enumerate(pairs.deletions):
        forecast = cv.predict_ablated(model, x, "conv1", channels)
        np.testing.assert_allclose(pairs.predictions[k], forecast, atol=1e-6)
        assert pairs.mse[k] == pytest.approx(np.mean((forecast - y) ** 2), rel=1e-5)
        i, j = channels[0], channels[-1]
        assert matrix[i, j] == matrix[j, i] == pairs.mse[k]
        assert (forecasts[[i, j], [j, i]] == pairs.predictions[k]).all()
        beyond = matrix[i, j] - matrix[i, i] - matrix[j, j] + pairs.baseline_mse if i != j else 0
        assert interaction[i, j] == interaction[j, i] == pytest.approx(beyond, abs=1e-12)
    assert np.abs(interaction).max() > 1e-4
    assert re.fullmatch(
        r"AblationStudy\(baseline_loss=0[\d.]+, loss_name='mse', n_channels=4, names=None\)", repr(pairs)
    )
    table = pairs.to_frame()
    assert table.columns.tolist() == ["deleted", "n_deleted", "mse", "change"]
    assert table.deleted.tolist() == pairs.deletions
    assert table.n_deleted.tolist() == [1] * 4 + [2] * 6
    np.testing.assert_allclose(table.change, pairs.mse - pairs.baseline_mse)


def test_other_sets_of_deletions(model, windows):
    def deletions(word):
        return cv.ablation_study(model, *windows, "conv1", word).deletions

    assert deletions("single") == [(0,), (1,), (2,), (3,)]
    assert deletions("keep_one") == [(1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2)]
    assert deletions("all") == subsets(4)
    own = cv.ablation_study(model, *windows, "conv1", (c for c in [[3, 0], (), (1,)]))
    assert own.deletions == [(3, 0), (), (1,)]
    assert own.mse[1] == own.baseline_mse


def test_nothing_is_changed(model, windows):
    before = [*(w.copy() for w in (*model.get_weights(), *windows)), [len(one._inbound_nodes) for one in model.layers]]
    first, again = (cv.ablation_study(model, *windows, "conv1", "keep_one").mse for _ in range(2))
    np.testing.assert_array_equal(first, again)
    after = [*model.get_weights(), *windows, [len(one._inbound_nodes) for one in model.layers]]
    assert all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))


def test_threads_share_the_deletions_and_count_together(model, windows, capsys):
    cells = np.random.default_rng(0).random((40, 20)) < 0.5
    options = *windows, "conv1", "pairs", "shuffle", 3
    alone = cv.ablation_study(model, *options, cells=cells)
    assert not capsys.readouterr().err
    for n_jobs in (1, 3):
        with joblib.parallel_config(backend="threading", n_jobs=n_jobs):
            shared = cv.ablation_study(model, *options, cells=cells, progress=True)
        np.testing.assert_allclose(shared.predictions, alone.predictions, atol=1e-6)
        np.testing.assert_allclose(shared.mse, alone.mse, rtol=1e-5)
        # 40 windows, 10 deletions and the baseline.
        assert re.search(r"forecasts: 100%.* 440/440 ", capsys.readouterr().err)


def subsets(n):
    return [d for size in range(n + 1) for d in itertools.combinations(range(n), size)]


values = st.integers(0, 1000).map(lambda v: v / 8)
games = st.integers(1, 5).flatmap(lambda n: hnp.arrays(np.float64, 2**n, elements=values))


@given(scores=games, random=st.randoms(use_true_random=False))
def test_shapley_values_are_the_mean_over_all_orders(study_of, scores, random):
    n = int(math.log2(len(scores)))
    value = {frozenset(d): score for d, score in zip(subsets(n), scores, strict=True)}
    expected = np.zeros(n)
    for order in itertools.permutations(range(n)):
        for k, channel in enumerate(order):
            expected[channel] += (value[frozenset(order[: k + 1])] - value[frozenset(order[:k])]) / math.factorial(n)
    study = study_of(scores, subsets(n))
    np.testing.assert_allclose(study.shapley_values(), expected, atol=1e-9)
    # The rows, and the channels within them, may stand in any order.
    rows = random.sample(range(2**n), 2**n)
    deletions = [tuple(random.sample(subsets(n)[row], len(subsets(n)[row]))) for row in rows]
    other = dataclasses.replace(study, deletions=deletions, loss=scores[rows])
    np.testing.assert_allclose(other.shapley_values(), expected, atol=1e-9)


def test_channels_that_do_not_interact(study_of):
    cost = np.array([0.5, 0.25, 2.0])
    study = study_of([1 + cost[list(d)].sum() for d in subsets(3)], subsets(3))
    np.testing.assert_allclose(study.interaction_matrix(), np.zeros((3, 3)), atol=1e-12)
    np.testing.assert_allclose(study.shapley_values(), cost)


@given(scores=games)
def test_chosen_best_and_greedy_deletions(study_of, scores):
    deletions = subsets(int(math.log2(len(scores))))
    study, everything = study_of(scores, deletions), set(deletions[-1])
    assert study.loss_of(d[::-1] for d in reversed(deletions)).tolist() == scores[::-1].tolist()
    assert len(study.best_of_each_size()) == 1 + study.n_channels
    for size, chosen in enumerate(study.best_of_each_size()):
        same_size = [(score, d) for score, d in zip(scores, deletions, strict=True) if len(d) == size]
        assert chosen == min(same_size)[1]  # of equal scores the first
    value = {frozenset(d): score for d, score in zip(deletions, scores, strict=True)}
    path = study.greedy_removal()
    assert path[0] == ()
    assert set(path[-1]) == everything
    for before, after in itertools.pairwise(path):
        assert after[:-1] == before
        assert value[frozenset(after)] == min(value[frozenset({*before, c})] for c in everything - set(before))


@pytest.mark.parametrize(
    ("deletions", "method", "lacking"),
    [
        (subsets(4)[1:5], "pair_matrix", (0, 1)), ([*subsets(4)[1:5], (0, 1)], "pair_predictions", (0, 2)),
        (subsets(4)[2:], "shapley_values", (0,)), ([d for d in subsets(3) if d != (1, 2)], "best_of_each_size", (1, 2)),
        ([(), (0,), (0, 1, 2, 3)], "greedy_removal", (1,)),
        ([(), *itertools.combinations(range(60), 2)], "shapley_values", (0,)),
    ],
)  # fmt: skip
def test_a_study_that_lacks_some_deletions_names_the_first_that_it_lacks(study_of, deletions, method, lacking):
    with pytest.raises(ValueError, match=rf"Got a study without {re.escape(str(lacking))}\."):
        getattr(study_of(np.ones(len(deletions)), deletions), method)()


@pytest.mark.parametrize(
    ("deletions", "match"),
    [
        ([], r"`deletions` must be at least one set of channels, each of them once\. Got \[\]"),
        ([(0, 1), (1, 0)], r"`deletions` must be at least one set .* Got \[\(0, 1\), \(1, 0\)\]"),
        ([(0,), (4,)], r"`deletions` must be among the layer's channels, 0\.\.3, each once\. Got \(4,\)"),
        ([(0,), (0, 1, 2)], r"`deletions` must hold .*\. Got a study without \(0, 1, 2\)"),
    ],
)
def test_wrong_sets_of_deletions(model, windows, pairs, deletions, match):
    with pytest.raises(ValueError, match=match):
        pairs.loss_of(deletions) if "study" in match else cv.ablation_study(model, *windows, "conv1", deletions)
