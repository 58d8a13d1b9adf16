"""What the prose of notebook 03 says, from the committed models; one test per section."""

import itertools

import numpy as np
import pandas as pd
import pytest

import conv1d_viz as cv

EIGHT = range(8)


@pytest.fixture(scope="module")
def model():
    return cv.load_model("sine_conv1d")


@pytest.fixture(scope="module")
def wave():
    return cv.toy_series(300, start=10_000, **cv.load_info("sine_conv1d")["wave"])


@pytest.fixture(scope="module")
def windows(wave):
    return cv.sliding_windows(wave[1], 100)


@pytest.fixture(scope="module")
def subsets(model, windows):
    return cv.ablation_study(model, *windows, "conv1", "all")


@pytest.fixture(scope="module")
def single(model, windows):
    return cv.ablation_study(model, *windows, "conv1", "single")


def responses(model, wave):
    line = cv.series_timeline(model, wave, "conv1", 100, fill=None, reduce="mean")[99:-99]
    return cv.channel_roles(line, np.arange(len(line)) + 99.5, wave, np.arange(len(wave)), 100)


@pytest.fixture(scope="module")
def roles(model, wave):
    return responses(model, wave[1])


@pytest.fixture(scope="module")
def by_step(windows):
    """What each channel adds to the sum of the second layer, at every step, and the bias."""
    without_maximum = cv.load_model("sine_conv1d")
    without_maximum.pop()
    parts = cv.channel_contributions(without_maximum, windows[0], "conv1")
    return parts.values[..., 0], parts.bias[0]


def ranks(values):
    return pd.Series(values).rank(ascending=False).astype(int).tolist()


def mse(forecast, y):
    return np.mean((forecast - y[:, 0]) ** 2)


def test_top(subsets, single):
    cost = single.mse - single.baseline_mse
    assert cost[5] / cost.sum() == pytest.approx(0.86, abs=0.005)
    assert subsets.loss_of([(), (5,), (0, 5)]) == pytest.approx([0.00001, 1.27, 0.14], abs=0.005)


def test_one_channel_deleted(wave, windows, single):
    x, y = windows
    assert x.shape == (200, 100, 1)
    assert single.baseline_mse == pytest.approx(0.00001, abs=5e-6)
    assert np.mean((x[:, -1, 0] - y[:, 0]) ** 2) == pytest.approx(0.002, abs=1e-4)
    assert np.mean((wave[1].mean() - y) ** 2) == pytest.approx(0.5, abs=0.005)
    assert single.mse[[5, 7, 1]] == pytest.approx([1.27, 0.125, 0.06], abs=0.005)
    assert np.argsort(-single.mse)[:3].tolist() == [5, 7, 1]
    assert np.flatnonzero(single.mse < 0.00095).tolist() == [0, 2, 3]
    lowest = single.predictions[:, :, 0].min(axis=1)
    assert lowest[[5, 7, 1]] == pytest.approx([0.87, -0.30, -0.79], abs=0.005)
    shift = (single.predictions - single.baseline_prediction).mean(axis=(1, 2))
    assert set(np.flatnonzero(shift > 0.1)) == {5, 7, 1}


def test_one_channel_kept(model, windows):
    alone = cv.ablation_study(model, *windows, "conv1", "keep_one")
    assert alone.mse.min() == alone.mse[7] == pytest.approx(0.30, abs=0.005)
    assert alone.mse.max() == alone.mse[0] == pytest.approx(1.44, abs=0.005)
    assert (alone.mse < windows[1].var()).sum() == 5
    assert alone.predictions[0].min() == pytest.approx(0.97, abs=0.005)


def test_two_channels_deleted(subsets):
    matrix = subsets.pair_matrix()
    assert sum(len(gone) in (1, 2) for gone in subsets.deletions) == 8 + 28 == 36
    with_5, others = np.delete(matrix[5], [0, 5]), np.delete(np.delete(matrix, 5, 0), 5, 1)
    assert [with_5.min(), with_5.max()] == pytest.approx([1.27, 1.41], abs=0.005)
    assert matrix.max() == matrix[1, 5]
    assert others.max() == matrix[1, 4] == pytest.approx(0.36, abs=0.005)
    assert [matrix[1, 1], matrix[4, 4]] == pytest.approx([0.06, 0.01], abs=0.005)
    both = subsets.pair_predictions()[0, 5]
    assert [both.min(), both.max()] == pytest.approx([-0.63, 0.68], abs=0.006)
    assert all(subsets.pair_predictions()[5, k].min() > 0.6 for k in EIGHT if k != 0)


def test_a_ranking(subsets, single, roles):
    worst = subsets.pair_matrix().max(axis=1)
    assert roles["role"][5] == "crest"
    assert single.mse[5] > 10 * np.delete(single.mse, 5).max()
    assert [worst[1:].min(), worst.max()] == pytest.approx([1.27, 1.41], abs=0.005)
    assert worst[0] == pytest.approx(0.14, abs=0.005)
    assert all(subsets.pair_matrix().argmax(axis=1)[k] == 5 for k in EIGHT if k != 5)


def test_where_pairs_surprise(subsets):
    interaction = subsets.interaction_matrix()
    assert interaction.min() == interaction[0, 5] == pytest.approx(-1.13, abs=0.005)
    assert np.sort(interaction.ravel())[2] > -0.15
    assert interaction.max() == interaction[1, 4] == pytest.approx(0.29, abs=0.006)
    assert interaction[2, 7] == pytest.approx(0.19, abs=0.005)


def test_why_both_together_cost_less(model, windows, subsets, single, by_step):
    x, y = windows
    assert single.mse.argmax() == 5
    assert subsets.interaction_matrix()[5].argmin() == 0
    parts = cv.channel_contributions(model, x, "conv1")
    at_steps = {}
    for gone, at_step, measured in (([], 0, 0), ([5], 0.092, 1.269), ([0, 5], 0.134, 0.143)):
        kept = np.delete(np.arange(8), gone)
        guess = np.tanh(parts.bias[0] + parts.values[:, kept, 0].sum(axis=1))
        at_steps[tuple(gone)] = mse(guess, y)
        assert mse(guess, y) == pytest.approx(at_step, abs=6e-4)
        sums = by_step[1] + by_step[0][:, :, kept].sum(axis=2)
        assert subsets.loss_of([gone])[0] == pytest.approx(measured, abs=6e-4)
        assert mse(np.tanh(sums.max(axis=1)), y) == pytest.approx(subsets.loss_of([gone])[0], rel=1e-3, abs=1e-5)
    assert subsets.loss_of([(5,)])[0] / at_steps[5,] == pytest.approx(14, abs=0.5)
    step = (by_step[1] + np.delete(by_step[0], 5, axis=2).sum(axis=2)).argmax(axis=1)
    assert (step != parts.steps[:, 0]).all()
    assert np.take_along_axis(x[:, :, 0], step[:, None], axis=1).min() > 0.75  # near the crest


def test_why_at_the_trough(wave, windows, by_step):
    (t, _), (values, bias) = wave, by_step
    lowest = int(windows[1].argmin())
    assert lowest == 75
    assert windows[1][lowest] == pytest.approx(-1)
    values = values[lowest]
    crest = int(windows[0][lowest, :, 0].argmax())
    assert t[lowest + crest] == 10_125
    assert values[crest, [0, 5]] == pytest.approx([2.10, -4.38], abs=0.006)
    sums = {gone: bias + np.delete(values, gone, axis=1).sum(axis=1) for gone in ((), (5,), (0, 5))}
    assert sums[()].argmax() >= 95
    assert [sums[()].max(), sums[()][crest]] == pytest.approx([-2.92, -3.02], abs=0.006)
    assert [sums[(5,)].argmax(), sums[(0, 5)].argmax()] == [crest, crest]
    assert [sums[(5,)].max(), sums[(0, 5)].max()] == pytest.approx([1.36, -0.735], abs=0.006)
    assert crest == 50
    assert np.tanh([line.max() for line in sums.values()]) == pytest.approx([-0.99, 0.88, -0.63], abs=0.01)


def test_why_the_forecasts(model, windows, subsets):
    without = dict(zip(subsets.deletions, subsets.predictions[..., 0], strict=True))
    assert [without[(5,)].min(), without[(5,)].max()] == pytest.approx([0.87, 1], abs=0.005)
    assert without[(0, 5)].max() == pytest.approx(0.68, abs=0.006)
    weights = model.get_layer("conv2").kernel.numpy()[:, :, 0].sum(axis=0)
    assert np.flatnonzero(weights > 0).tolist() == [0]
    assert weights[0] == pytest.approx(11.9, abs=0.05)
    assert [weights[1:].max(), weights.min()] == pytest.approx([-0.9, -6.2], abs=0.05)
    at_crest = cv.layer_activations(model, windows[0], "conv1")[75, 50, 0]
    assert at_crest == pytest.approx(0.18, abs=0.005)
    assert at_crest * weights[0] == pytest.approx(2.1, abs=0.05)


def test_every_subset(windows, subsets):
    x, y = windows
    assert len(subsets.deletions) == 2**8 == 256
    best = subsets.best_of_each_size()[::-1]
    curve, greedy = subsets.loss_of(best), subsets.loss_of(subsets.greedy_removal()[::-1])
    assert np.argmax(curve < np.mean((x[:, -1, 0] - y[:, 0]) ** 2)) == 6
    assert set(best[6]) == {2, 3}
    enough = [g for g, mse in zip(subsets.deletions, subsets.mse, strict=True) if len(g) == 2 and mse < 0.00197]
    assert sorted(enough) == [(0, 2), (2, 3)]
    seven = subsets.mse[[len(gone) == 1 for gone in subsets.deletions]]
    assert [seven.min(), seven.max()] == pytest.approx([0.0005, 1.27], abs=0.001)
    assert np.flatnonzero(greedy > 1.001 * curve).tolist() == [1]
    assert greedy[1] / curve[1] == pytest.approx(1.3, abs=0.05)
    assert set(EIGHT) - set(best[1]) == {7}
    assert set(EIGHT) - set(best[2]) == {1, 5}
    assert set(EIGHT) - set(subsets.greedy_removal()[7]) == {5}


def test_a_fair_share(subsets):
    error = {"": 0, "A": 0, "B": 7, "C": 2, "AB": 3, "AC": 2, "BC": 9, "ABC": 5}  # the example by hand
    rises = {}
    for order in itertools.permutations("ABC"):
        levels = [error["".join(sorted(order[:k]))] for k in range(4)]
        rises["".join(order)] = dict(zip(order, np.diff(levels), strict=True))
    table = pd.DataFrame(rises)[["ABC", "ACB", "BAC", "BCA", "CAB", "CBA"]].loc[list("ABC")]
    assert table.loc["A"].tolist() == [0, 0, -4, -4, 0, -4]
    assert table.loc["B"].tolist() == [3, 3, 7, 7, 3, 7]
    assert (table.loc["C"] == 2).all()
    assert [error[gone] for gone in ("", "B", "AB", "ABC")] == [0, 7, 3, 5]
    assert table.mean(axis=1).tolist() == [-2, 5, 2]

    shares = subsets.shapley_values()
    assert shares.sum() == pytest.approx(0.50, abs=0.005)
    assert shares[[5, 7, 0]] == pytest.approx([0.66, 0.15, -0.50], abs=0.006)
    assert subsets.loss_of([(0,)]) == pytest.approx(0.001, abs=5e-4)
    without = dict(zip(map(frozenset, subsets.deletions), subsets.mse, strict=True))
    rises = {True: [], False: []}  # by losing 0, with 5 gone already or not
    for order in itertools.permutations(EIGHT):
        before = frozenset(order[: order.index(0)])
        rises[5 in before].append(without[before | {0}] - without[before])
    assert len(rises[True]) == len(rises[False])
    assert max(rises[True]) < 0 < min(rises[False])
    assert [np.mean(rises[True]), np.mean(rises[False])] == pytest.approx([-1.00, 0.003], abs=0.006)


def test_to_respond_is_not_to_matter(subsets, single, roles):
    shares, response = subsets.shapley_values(), roles["response"]
    assert ranks(response)[4] == 2
    assert ranks(shares)[4] == 7
    assert [response[4], single.mse[4], shares[4]] == pytest.approx([2.11, 0.011, -0.003], abs=0.005)
    assert ranks(shares)[1] == 3
    assert response[1] < response[4] / 2
    assert ranks(response)[5] == ranks(single.mse)[5] == ranks(shares)[5] == 1
    assert response.corr(pd.Series(single.mse), method="spearman") == pytest.approx(0.71, abs=0.005)
    assert response.corr(pd.Series(shares), method="spearman") == pytest.approx(0.45, abs=0.005)


def test_to_respond_is_not_to_matter_in_32_starts():
    runs, (_, wave) = cv.load_runs("sine_seeds"), cv.toy_series(300, start=10_000)
    x, y = cv.sliding_windows(wave, 100)
    follows, same = [], 0
    for k in range(len(runs.seeds)):
        start = runs.model(k)
        cost, response = cv.ablation_study(start, x, y, "conv1").mse, responses(start, wave)["response"]
        follows.append(response.corr(pd.Series(cost), method="spearman"))
        same += int(response.to_numpy().argmax() == cost.argmax())
    assert len(follows) == 32
    assert np.sum(np.array(follows) > 0) == 29
    assert np.median(follows) == pytest.approx(0.58, abs=0.005)
    assert same == 4 == 32 / 8


def test_deleted_how(model, windows, single):
    x, y = windows
    mean = cv.ablation_study(model, x, y, "conv1", "single", "mean")
    shuffle = cv.ablation_study(model, x, y, "conv1", "single", "shuffle", seed=0, repeats=20)
    ways = single.mse, mean.mse, shuffle.mse
    assert [way.argmax() for way in ways] == [5, 6, 5]
    assert [way[5] for way in ways] == pytest.approx([1.27, 0.22, 0.75], abs=0.006)
    assert shuffle.loss_error.max() < 0.0105
    order = np.argsort(-shuffle.mse)[:6]
    assert (-np.diff(shuffle.mse[order]) > 3 * np.hypot(*shuffle.loss_error[[order[:-1], order[1:]]])).all()
    assert mean.mse[6] == pytest.approx(0.49, abs=0.006)
    assert [single.mse[0], shuffle.mse[0]] == pytest.approx([0.001, 0.11], abs=0.005)
    assert (mean.predictions - mean.baseline_prediction)[6].mean() < -0.5
    assert all(ranks(way)[5] <= 2 and min(ranks(way)[2], ranks(way)[3]) >= 6 for way in ways)
    acts = cv.layer_activations(model, x, "conv1")
    zeros = (acts == 0).mean(axis=(0, 1))
    assert zeros.min() > 1 / 3
    assert zeros[6] == pytest.approx(0.65, abs=0.005)
    weights = model.get_layer("conv2").kernel.numpy()[:, :, 0].sum(axis=0)
    assert weights[5] < 0 > weights[6]
    assert (acts.mean(axis=(0, 1)) * weights)[[5, 6]].max() < -1  # at their means they brake at every step


def test_deleted_where(model, windows, single):
    x, y = windows
    picked = cv.layer_activations(model, x, "conv2")[:, :, 0].argmax(axis=1)
    step = np.arange(100)
    read = (step >= picked[:, None] - 3) & (step <= picked[:, None] + 4)  # by a kernel of 8
    assert read.mean() == pytest.approx(1 / 20, abs=0.005)
    elsewhere = cv.ablation_study(model, x, y, "conv1", cells=~read)
    assert elsewhere.mse[[0, 3]] == pytest.approx([1.1e-5, 1.2e-5], abs=5e-6)
    assert elsewhere.mse[5] == pytest.approx(single.mse[5], abs=0.005)
    moved = (np.abs(elsewhere.predictions - single.baseline_prediction) > 1e-3)[:, :, 0]
    assert moved.mean(axis=1)[[5, 7]] == pytest.approx([0.92, 0.42], abs=0.006)
    assert y[~moved[5]].min() > 0.85


def test_what_we_saw(single, subsets):
    assert np.sort(single.mse)[-2] == single.mse[7] == pytest.approx(0.125, abs=0.005)
    assert single.mse[5] / single.mse[7] == pytest.approx(10, abs=0.5)
    assert subsets.loss_of([(0, 5), (1, 4), (1,), (4,)]) == pytest.approx([0.14, 0.36, 0.06, 0.01], abs=0.005)
