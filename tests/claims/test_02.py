"""What the prose of notebook 02 says, one test per section, from the committed model."""

from types import SimpleNamespace

import numpy as np
import pytest

import conv1d_viz as cv

CLOSE = 0.04  # what a training on another processor may change
ONE, MIDDLE = 25, 50


def near(value, tolerance=CLOSE):
    return pytest.approx(value, abs=tolerance)


@pytest.fixture(scope="module")
def see():
    """All that the notebook computes."""
    model, info = cv.load_model("sine_conv1d"), cv.load_info("sine_conv1d")
    t, wave = cv.toy_series(300, start=10_000, **info["wave"])
    x, y = cv.sliding_windows(wave, 100)
    acts, second = (cv.layer_activations(model, x, layer) for layer in ("conv1", "conv2"))
    field, second_field = (cv.receptive_field(model, layer) for layer in ("conv1", "conv2"))
    full = cv.coverage(200, 100) == 100
    mean = cv.diagonal_sum(acts, fill=None, reduce="mean")
    time = 10_000 + np.arange(299) + field.centre
    parts = cv.channel_contributions(model, x, "conv1")
    weights = model.get_layer("conv2").get_weights()[0][:, :, 0]
    begin = MIDDLE + second_field.start - field.start
    return SimpleNamespace(
        model=model, t=t, wave=wave, x=x, y=y, acts=acts, second=second[:, :, 0], full=full, mean=mean,
        studys_sum=cv.diagonal_sum(acts), field=field, second_field=second_field, weights=weights,
        padded=field.sees_padding(100, 100), second_padded=second_field.sees_padding(100, 100),
        roles=cv.channel_roles(mean[full], time[full], wave, t, 100), picked=second[:, :, 0].argmax(axis=1),
        pushes=parts.values[:, :, 0], bias=parts.bias[0], steps=parts.steps[:, 0],
        inner=np.einsum("bkc,kc->bc", acts[:, begin : begin + 8], weights),
    )  # fmt: skip


def test_one_window_from_end_to_end(see):
    assert (see.t[0], see.t[-1], see.x.shape) == (10_000, 10_299, (200, 100, 1))
    assert (see.y[:, 0].argmax(), see.y[:, 0].argmin()) == (ONE, 75)
    assert see.y[ONE, 0] == pytest.approx(1)
    assert min(see.x[ONE, 0], see.x[ONE, -1]) > 0.99
    acts = see.acts[ONE, 10:90]  # away from the edges
    falls, rises = acts[:40], acts[40:]
    assert acts[[*range(10), *range(70, 80)], 5].mean() > 20 * acts[20:60, 5].mean()
    assert all(acts[25:55, c].mean() > 5 * acts[[*range(10), *range(70, 80)], c].mean() for c in (4, 6))
    assert all(falls[:, c].sum() > 5 * rises[:, c].sum() for c in (2, 7))
    assert rises[:, 1].sum() > 5 * falls[:, 1].sum()
    assert (np.flatnonzero(see.second[ONE] > 0).tolist(), see.picked[ONE]) == ([0, 1], 1)
    assert see.second[ONE].max() == near(0.990, 0.005)
    assert np.median(see.second[ONE]) < -0.99


def test_one_number_for_each_window_step_and_channel(see):
    assert see.acts.shape == (200, 100, 8)
    assert see.acts.size == 160_000
    assert see.acts[0].size == 800
    assert see.acts.min() == 0
    assert see.acts.max() == near(3.84, 0.1)
    assert (see.field.size, see.field.start) == (10, -4)
    assert np.flatnonzero(see.padded).tolist() == [0, 1, 2, 3, 95, 96, 97, 98, 99]


def test_why_the_bands_are_slanted(see):
    deviation = []
    for step in range(100):
        ahead = slice(max(0, MIDDLE - step), 200 + min(0, MIDDLE - step))
        same = slice(max(0, step - MIDDLE), 200 + min(0, step - MIDDLE))
        deviation.append(np.abs(see.acts[ahead, step] - see.acts[same, MIDDLE]).max())
    deviation = np.array(deviation)
    assert (~see.padded).sum() == 91
    assert deviation[~see.padded].max() < 1e-5
    assert (deviation[3], deviation[99]) == (near(0.78), near(2.58, 0.1))
    assert (deviation[see.padded].min(), deviation.max()) == (deviation[3], deviation[99])


def test_onto_the_time_axis(see):
    assert see.studys_sum.shape == (299, 8)
    for time, real, edge in ((20, range(21), 0), (278, range(79, 100), 99)):  # times of 21 cells
        cells = sum(see.acts[time - step, step] for step in real) + 79 * see.acts[time - edge, edge]
        assert see.studys_sum[time] == pytest.approx(cells, rel=1e-5)
    assert see.field.centre == 0.5
    ends, middle = see.studys_sum[[*range(60), *range(240, 299)], 1], see.studys_sum[100:200, 1]
    assert (ends.max(), middle.max()) == (near(134, 4), near(76, 3))
    strength = see.studys_sum[100:200].max(axis=0)
    assert np.argsort(-strength)[:2].tolist() == [5, 4]
    assert strength[[0, 3]].max() < 0.1 * strength.max()


def test_cells_that_do_not_exist(see):
    gap = np.abs(see.studys_sum / 100 - see.mean)[:, 1]
    assert (see.full.sum(), (~see.full).sum()) == (299 - 2 * 99, 198)
    assert gap[see.full].max() < 1e-6
    assert gap.max() == near(0.76)
    assert see.mean[see.full][:, 1].max() == near(0.76)


def test_the_role_of_each_channel(see):
    roles = see.roles
    assert roles["role"].tolist() == ["silent", "rising", "falling", "silent", "trough", "crest", "trough", "falling"]
    assert roles.loc[2, "phase"] == near(48, 2)  # beyond 45, but not by far
    assert roles["response"].tolist() == near([0.18, 0.76, 0.57, 0.02, 2.11, 3.46, 0.95, 0.78], 0.05)
    times = 3.459 / roles["response"][[1, 2, 4, 6, 7]]
    assert times.nsmallest(2).tolist() == [near(1.6, 0.1), near(3.6, 0.3)]
    assert (times.idxmin(), times.max()) == (4, near(6, 0.5))
    assert (see.mean[:, 3].max(), see.mean[see.full][:, 3].max()) == (near(0.11), near(0.02))
    left = 299 - see.mean[:, 3].argmax()  # cells at that time: the last steps
    assert 5 < left < 25  # of which the last five see padding
    crests = (see.wave > 0.9)[:299]
    assert see.mean[see.full, 0].max() == see.mean[see.full & crests, 0].max()


def test_the_kernels_predict_it(see):
    kernels = see.model.get_layer("conv1").get_weights()[0][:, 0]
    sums = kernels.sum(axis=0)
    assert sums[[5, 4, 6, 1, 7]].tolist() == near([3.16, -1.90, -1.79, -0.05, -0.04], 0.08)
    samples = see.field.start + np.arange(10) - see.field.centre
    phase = -np.degrees(np.angle(kernels.T @ np.exp(2j * np.pi * samples / 100)))
    gap = (see.roles["phase"] - phase + 180) % 360 - 180
    assert gap.notna().sum() == 6
    assert gap.abs().max() < 5
    assert see.full.sum() * 100 == 10_100
    unpadded = see.acts[:100, 50]  # as good as any step without padding
    turns = 2j * np.pi * (see.t[50:150] + see.field.centre - 25) / 100
    gap = (np.degrees(np.angle(np.exp(turns) @ unpadded)) - phase + 180) % 360 - 180
    assert np.abs(gap[see.roles["phase"].notna()]).max() < 0.1


def test_where_the_maximum_reads(see):
    steps, counts = np.unique(see.picked, return_counts=True)
    assert steps.tolist() == [0, 1, 97, 98, 99]
    assert counts.tolist() == near([68, 92, 4, 30, 6], 4)
    assert see.second_padded[steps].all()
    clear = np.flatnonzero(~see.second_padded)
    assert (clear[0], clear[-1], len(clear)) == (7, 90, 84)
    assert see.second[:, ~see.second_padded].max() == near(-0.994, 0.003)
    late = see.picked >= 50
    assert ((~late).sum(), late.sum()) == near((160, 40), 4)
    assert (see.y[late].max(), see.y[late].min()) == (near(-0.37, 0.1), near(-1, 0.01))
    assert (np.gradient(see.wave)[np.flatnonzero(late) + 99] < 0).all()


def test_who_pushes_and_who_brakes(see):
    total = see.bias + see.pushes.sum(axis=1)
    assert np.abs(np.tanh(total) - see.second.max(axis=1)).max() < 1e-6
    assert see.bias == near(-0.04)
    assert (total[[ONE, 75]].tolist(), see.y[[50, 75], 0].tolist()) == (near([2.66, -2.92], 0.2), near([0, -1]))
    assert see.pushes[ONE].tolist() == near([0.93, 0.25, 0.10, 0.25, 0, 0.96, 0, 0.23], 0.08)
    assert see.pushes[75, [4, 6]].tolist() == near([-1.33, -0.82], 0.08)
    assert np.flatnonzero(see.pushes[ONE] > 0.05).tolist() == [0, 1, 2, 3, 5, 7]
    assert np.flatnonzero(see.pushes[75] < -0.05).tolist() == [1, 3, 4, 6, 7]
    assert see.acts[ONE, :6, 0].max() == near(0.17, 0.02)  # what step 1 sees
    assert see.pushes[75].max() < 0.01
    assert np.abs(see.pushes[50]).max() < 0.2
    push = np.maximum(see.pushes, 0).sum(axis=0)
    assert (push / push.sum())[[5, 0]].tolist() == near([0.50, 0.15])
    assert see.y[see.pushes[:, 0] > 0.05].min() > 0.7


def test_why_the_middle_stays_quiet(see):
    total = see.bias + see.inner.sum(axis=1)
    assert np.abs(np.tanh(total) - see.second[:, MIDDLE]).max() < 1e-5
    assert (total.min(), total.max()) == (near(-9.22, 0.3), near(-2.93, 0.2))
    looked_at = see.t[MIDDLE:][:200] + see.second_field.centre
    phase = looked_at % 100  # 0 rises, 25 is the crest
    brakes = [set(see.inner[np.abs(phase - place) < 3].argmin(axis=1)) for place in (25, 50, 75, 97)]
    assert brakes == [{5}, {7}, {6}, {1}]
    assert (see.inner.argmin(axis=1) == 4).any()
    pushed = see.inner[:, 0] > 0.5
    assert (see.inner[pushed].argmin(axis=1) == 5).all()
    assert see.inner[:, 1:].max() < 0.25
    assert sorted(np.flatnonzero(see.inner.min(axis=0) < -0.5).tolist()) == [1, 2, 4, 5, 6, 7]


def test_why_the_edge_speaks(see):
    total = see.bias + see.inner.sum(axis=1)
    start = see.second_field.start - see.field.start
    assert (start, len(see.weights), see.picked[ONE] + start) == (-3, 8, -2)
    net, first = see.weights.sum(axis=0), see.weights[:2].sum(axis=0)
    assert net.tolist() == near([11.88, -2.43, -1.05, -3.90, -0.90, -1.23, -6.20, -3.26], 0.15)
    assert all(first[c] < 0.6 * net[c] for c in (1, 3, 4, 5, 7))
    assert (net - first)[[4, 5]].tolist() == near([0.66, 0.29], 0.08)
    late = see.picked[see.picked >= 50] + start  # the first step of conv1 that is seen there
    assert late.max() + 1 < 100 <= late.min() + 7
    blue = np.delete(np.minimum(see.weights, 0), 6, axis=1)
    assert blue[:2].sum() < 0.55 * blue.sum()
    begin, same = see.acts[ONE, :6], see.acts[76, 49:55]  # what step 1 meets at the edge, and the same place inside
    assert np.flatnonzero(np.abs(begin - same).max(axis=1) > 1e-5).tolist() == [0, 1, 2, 3]
    edge, undisturbed = ((part * see.weights[2:]).sum(axis=0)[[1, 2, 3, 7]] for part in (begin, same))
    assert edge.min() > 0.05 > undisturbed.max() + 0.03
    change = (begin - same)[:4]
    assert change[:, [1, 3]].min() > -1e-5
    assert change[:, [2, 7]].max() < 1e-5
    assert (change * see.weights[2:6])[:, [2, 7]].sum(axis=0).min() > 0.05  # brakes that are gone
    inside = see.inner[76]
    assert (see.t[ONE + see.picked[ONE]], see.t[76 + 50]) == (10_026, 10_126)
    assert see.wave[126] == pytest.approx(see.wave[26])
    assert inside[[5, 0]].tolist() == near([-4.39, 2.10], 0.15)
    assert total[76] == near(-3.06, 0.15)
    assert np.tanh(total[76]) == near(-0.996, 0.002)
    assert see.acts[76, 47:55, 0].max() == near(0.18, 0.02)  # what step 50 sees
    without_5 = see.acts[76].copy()
    without_5[:, 5] = 0
    around = np.pad(without_5, ((3, 4), (0, 0)))  # "same" padding of a kernel of 8
    sums = np.array([see.bias + (around[step : step + 8] * see.weights).sum() for step in range(100)])
    assert sums[50] > 1
    assert abs(int(sums.argmax()) - 50) <= 2
    assert see.y[76, 0] < -0.99
