import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conv1d_viz as cv


def by_loops(acts, stride, fill):
    """The study's collapse, a cell at a time."""
    n_windows, n_steps, n_channels = acts.shape
    line = np.zeros((n_windows + (n_steps - 1) * stride, n_channels))
    cells = np.zeros(len(line))
    for time in range(len(line)):
        for step in range(n_steps):
            window = time - step * stride
            if 0 <= window < n_windows:
                line[time] += acts[window, step]
                cells[time] += 1
            elif fill == "repeat" and window < 0:
                line[time] += acts[time, 0]
                cells[time] += 1
            elif fill == "repeat":
                line[time] += acts[time - (n_steps - 1) * stride, -1]
                cells[time] += 1
    return line, cells


@given(st.data())
def test_diagonal_sum_against_loops(data):
    n_steps, stride = data.draw(st.integers(1, 20)), data.draw(st.integers(1, 3))
    fill = data.draw(st.sampled_from(["repeat", None]))
    fewest = max(1, (n_steps - 1) * stride) if fill else stride
    n_windows = data.draw(st.integers(fewest, fewest + 140))
    dtype = data.draw(st.sampled_from([np.float32, np.float64]))
    acts = np.random.default_rng(0).normal(size=(n_windows, n_steps, data.draw(st.integers(1, 3)))).astype(dtype)
    before = acts.copy()
    line, cells = by_loops(acts.astype(float), stride, fill)
    total = cv.diagonal_sum(acts, stride, fill, "sum")
    assert total.dtype == np.float64
    np.testing.assert_allclose(total, line, atol=1e-10)
    np.testing.assert_allclose(cv.diagonal_sum(acts, stride, fill, "mean"), line / cells[:, None], atol=1e-10)
    np.testing.assert_array_equal(acts, before)


@given(st.integers(1, 40), st.integers(1, 20), st.integers(1, 3))
def test_coverage_counts_cells(n_windows, n_steps, stride):
    cells = np.zeros(n_windows + (n_steps - 1) * stride, dtype=int)
    for window in range(n_windows):
        for step in range(n_steps):
            cells[window + step * stride] += 1
    np.testing.assert_array_equal(cv.coverage(n_windows, n_steps, stride), cells)
    if stride == 1:
        np.testing.assert_array_equal(cv.coverage(n_windows, n_steps), cells)


def test_all_ones_give_the_coverage_and_with_the_repeat_all_steps():
    ones = np.ones((200, 100, 1))
    ramp = [*range(1, 100), *[100] * 101, *range(99, 0, -1)]
    assert cv.diagonal_sum(ones, fill=None).ravel().tolist() == ramp
    assert cv.diagonal_sum(ones).ravel().tolist() == [100] * 299
    assert cv.diagonal_sum(ones, reduce="mean").ravel().tolist() == [1] * 299


def test_lists_integers_and_read_only_arrays_are_taken():
    acts = np.arange(24).reshape(4, 3, 2)
    expected = cv.diagonal_sum(acts.astype(float))
    frozen = np.asfortranarray(acts, dtype=float)
    frozen.setflags(write=False)
    for same in (acts, acts.tolist(), frozen):
        np.testing.assert_array_equal(cv.diagonal_sum(same), expected)


@given(st.integers(2, 9), st.integers(1, 2), st.data())
def test_deviation_from_a_reference_step_against_loops(n_steps, stride, data):
    reference = data.draw(st.integers(0, n_steps - 1))
    farthest = max(reference, n_steps - 1 - reference) * stride
    acts = np.random.default_rng(1).normal(size=(farthest + data.draw(st.integers(1, 5)), n_steps, 2))
    deviation = cv.diagonal_deviation(acts, reference, stride)
    for step in range(n_steps):
        pairs = [
            abs(acts[b, step] - acts[b + (step - reference) * stride, reference])
            for b in range(len(acts))
            if 0 <= b + (step - reference) * stride < len(acts)
        ]
        np.testing.assert_array_equal(deviation[step], np.max(pairs, axis=0))


def test_only_steps_that_saw_padding_differ_on_a_diagonal(model, windows):
    x, _ = windows
    acts = cv.layer_activations(model, x, "conv1")
    padded = cv.receptive_field(model, "conv1").sees_padding(20, 20)
    assert np.flatnonzero(padded).tolist() == [0, 1, 18, 19]
    deviation = cv.diagonal_deviation(acts, 10).max(axis=1)
    assert deviation[~padded].max() < 1e-6
    assert deviation[padded].min() > 1e-3


@pytest.mark.parametrize("reduce", ["sum", "mean"])
def test_one_step_is_its_own_timeline(reduce):
    acts = np.random.default_rng(2).normal(size=(7, 1, 2))
    np.testing.assert_array_equal(cv.diagonal_sum(acts, reduce=reduce), acts[:, 0])
    np.testing.assert_array_equal(cv.diagonal_sum(acts, stride=9, fill=None, reduce=reduce), acts[:, 0])
