"""(window, step, channel) → (time, channel): what each channel says about each sample."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from conv1d_viz.checks import as_array, as_size, one_of, require_finite

_BLOCK = 32  # windows that are summed at once: their skewed copy stays in the processor's cache
_FEW = 16  # with fewer steps, adding one step after the other is faster


def coverage(n_windows: Any, n_steps: Any, stride: Any = 1) -> Int[np.ndarray, " time"]:
    """Count the cells (window b, step s) of each time b + s*stride: 1, 2, …, min, …, 2, 1 with stride 1.

    Windows start one sample apart (if further, use `series_timeline` on the series itself), and steps are `stride`
    samples apart. The matrix has the shape (n_windows, n_steps), the numbers (n_windows + (n_steps - 1)*stride,).
    """
    n_windows, n_steps, stride = as_size(n_windows, "n_windows"), as_size(n_steps, "n_steps"), as_size(stride, "stride")
    return cells_of(np.arange(n_windows + (n_steps - 1) * stride), n_windows, n_steps, stride)


def cells_of(time: Int[np.ndarray, " time"], n_windows: int, n_steps: int, stride: int) -> Int[np.ndarray, " time"]:
    """Count the cells of some times; `coverage` is all of them."""
    last = np.minimum(time // stride, n_steps - 1)
    first = np.maximum(-((n_windows - 1 - time) // stride), 0)
    return np.asarray(last - first + 1)


def require_cells(n_windows: int, n_steps: int, stride: int, fill: str | None, name: str) -> None:
    """Refuse too few windows for what `fill` does."""
    edge = (n_steps - 1) * stride  # times before the first full diagonal, and after the last one
    if fill == "repeat" and n_windows < edge:
        asked = f"at least (n_steps - 1)*stride = {edge} windows in `{name}`"
        raise ValueError(f'`fill="repeat"` must have {asked}. Got {n_windows}; `fill=None` works with fewer.')
    if fill is None and n_windows < stride and n_steps > 1:
        asked = f"at most the number of windows, {n_windows}, or some times have no cell"
        raise ValueError(f"`stride` must be {asked}. Got {stride}.")


def diagonal_sum(
    acts: Any, stride: Any = 1, fill: str | None = "repeat", reduce: str = "sum"
) -> Float[np.ndarray, "time channel"]:
    """Collapse each diagonal of the activations, the cells that look at the same samples, into one value.

    Windows start one sample apart; if they start further apart, use `series_timeline` on the series itself. Cell
    (window b, step s) belongs to time b + s*stride. Times near both ends have fewer cells than there are steps.

    Parameters
    ----------
    acts : array-like of shape (n_windows, n_steps, n_channels)
        Activations of consecutive windows.
    stride : int
        Samples between two steps of the layer.
    fill : {"repeat", None}
        "repeat" makes up the missing cells as the study does: at times before the first full diagonal they take the
        value of cell (window t, step 0), after the last full one that of the last step on the same diagonal.
        None uses only cells that exist.
    reduce : {"sum", "mean"}
        How the cells of a diagonal are combined.

    Returns
    -------
    ndarray of shape (n_windows + (n_steps - 1)*stride, n_channels)
        float64. Row t is about time t, counted in samples from the first window's first step; add the centre of the
        layer's receptive field to place it on the series.

    Examples
    --------
    Two windows of two steps, one channel: the cells (0, 1) and (1, 0) share time 1.

    >>> acts = [[[1.0], [2.0]], [[4.0], [8.0]]]
    >>> diagonal_sum(acts, fill=None).ravel().tolist()
    [1.0, 6.0, 8.0]
    >>> diagonal_sum(acts).ravel().tolist()
    [2.0, 6.0, 16.0]
    """
    acts = as_array(acts, "acts", ndim=3, axes="(n_windows, n_steps, n_channels)", finite=False)
    stride = as_size(stride, "stride")
    one_of(fill, "fill", ("repeat", None))
    one_of(reduce, "reduce", ("sum", "mean"))
    n_windows, n_steps, _ = acts.shape
    require_cells(n_windows, n_steps, stride, fill, "acts")
    edge = (n_steps - 1) * stride
    cells = coverage(n_windows, n_steps, stride)
    line = np.zeros((len(cells), acts.shape[2]))
    with np.errstate(over="ignore", invalid="ignore"):  # infinities are refused by the next lines
        add_cells(line, acts, stride)
    if not np.isfinite(line).all():  # each cell is part of a sum, so a look at the few sums is enough
        require_finite(acts, "acts")
    if fill == "repeat" and edge:
        missing = (n_steps - cells)[:, None]
        line[:edge] += missing[:edge] * acts[:edge, 0]
        line[-edge:] += missing[-edge:] * acts[-edge:, -1]
        cells = np.full_like(cells, n_steps)
    return line / cells[:, None] if reduce == "mean" else line


def add_cells(
    line: Float[np.ndarray, "time channel"], acts: Float[np.ndarray, "window step channel"], stride: int
) -> None:
    """Add the sum of each diagonal, over the cells that exist, to `line`.

    Blocks of windows are copied into a buffer in which row b is shifted by b samples: diagonals become columns, and
    one sum over the rows serves them all. Cells of the buffer that no window writes stay 0.
    """
    n_windows, n_steps, n_channels = acts.shape
    edge = (n_steps - 1) * stride
    if n_steps < _FEW:
        # In the order in memory that the activations have, which passes over many numbers at a time.
        windows_last = acts.strides[0] < acts.strides[2]
        total = np.zeros((n_channels, n_windows + edge)).T if windows_last else line
        for step in range(n_steps):
            total[step * stride : step * stride + n_windows] += acts[:, step]
        if windows_last:
            line += total
        return
    block = min(_BLOCK, n_windows)
    buffer = np.zeros((block, block + edge, n_channels))
    row, column, channel = buffer.strides
    shape, strides = (block, n_steps, n_channels), (row + column, stride * column, channel)
    skewed = np.lib.stride_tricks.as_strided(buffer, shape, strides)
    for start in range(0, n_windows, block):
        rows = min(block, n_windows - start)
        skewed[:rows] = acts[start : start + rows]
        line[start : start + rows + edge] += buffer[:rows, : rows + edge].sum(axis=0)
