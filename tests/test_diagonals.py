"""The collapse of diagonals, against the study's own loops over cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conv1d_viz as cv


@given(st.data())
def test_against_the_studys_loops(data):
    n_windows, n_steps, stride = data.draw(st.tuples(st.integers(1, 160), st.integers(1, 20), st.integers(1, 4)))
    fill, edge = data.draw(st.sampled_from(["repeat", None])), (n_steps - 1) * stride
    acts = np.random.default_rng(0).normal(size=(n_windows, n_steps, data.draw(st.integers(1, 3))))
    acts = acts.astype(data.draw(st.sampled_from([np.float32, np.float64])))
    acts.setflags(write=False)
    cells = np.zeros(n_windows + edge)
    for step in range(n_steps):
        cells[step * stride : step * stride + n_windows] += 1
    np.testing.assert_array_equal(cv.coverage(n_windows, n_steps, stride), cells)
    if n_windows < edge if fill else not cells.all():
        with pytest.raises(ValueError, match='`fill="repeat"`' if fill else "`stride`"):
            cv.diagonal_sum(acts, stride, fill)
        return
    line = np.zeros((len(cells), acts.shape[2]))
    for time in range(len(line)):
        for step in range(n_steps):
            window = time - step * stride
            if 0 <= window < n_windows:
                line[time] += acts[window, step]
            elif fill == "repeat":
                line[time] += acts[time, 0] if window < 0 else acts[time - edge, -1]
    cells = np.full_like(cells, n_steps) if fill else cells
    total = cv.diagonal_sum(acts, stride, fill)
    assert total.dtype == np.float64
    np.testing.assert_allclose(total, line, atol=1e-10)
    np.testing.assert_allclose(cv.diagonal_sum(acts, stride, fill, "mean"), line / cells[:, None], atol=1e-10)


def test_with_the_repeat_all_times_have_as_many_cells():
    assert cv.coverage(200, 100).tolist() == [*range(1, 100), *[100] * 101, *range(99, 0, -1)]
    assert cv.diagonal_sum(np.ones((200, 100, 1))).ravel().tolist() == [100] * 299


def test_lists_integers_and_other_orders_in_memory_are_taken():
    acts = np.arange(24).reshape(4, 3, 2)
    for same in (acts, acts.tolist(), np.asfortranarray(acts, dtype=float)):
        np.testing.assert_array_equal(cv.diagonal_sum(same), cv.diagonal_sum(acts.astype(float)))


def test_one_step_is_its_own_timeline_whatever_its_stride():
    acts = np.random.default_rng(2).normal(size=(7, 1, 2))
    for reduce in ("sum", "mean"):
        np.testing.assert_array_equal(cv.diagonal_sum(acts, 9, None, reduce), acts[:, 0])


@pytest.mark.parametrize(
    ("shape", "options", "match"),
    [
        ((5, 4, 1), {"stride": 2}, r'`fill="repeat"` must have at least .* = 6 windows in `acts`\. Got 5'),
        ((2, 4, 1), {"stride": 3, "fill": None}, r"`stride` must be at most the number of windows, 2, .* Got 3"),
    ],
)
def test_too_few_windows(shape, options, match):
    with pytest.raises(ValueError, match=match):
        cv.diagonal_sum(np.ones(shape), **options)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_found_by_its_place(value):
    acts = np.ones((30, 20, 2))
    acts[17, 3, 1] = -value
    with pytest.raises(ValueError, match=r"`acts` must hold .* at index \(17, 3, 1\)"):
        cv.diagonal_sum(acts)
