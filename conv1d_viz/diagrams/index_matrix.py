"""The (window, step) matrix with the index of the sample that each cell looks at."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from conv1d_viz.checks import as_size
from conv1d_viz.diagrams._cells import ACCENT_TINT, add_cell
from conv1d_viz.diagrams._matrix import ROW, as_sizes, frame, number_size, window_at
from conv1d_viz.plotting.style import new_axes


def draw_index_matrix(
    n_windows: Any = 12,
    n_steps: Any = 8,
    *,
    stride: Any = 1,
    highlight: Any = None,
    title: str | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Draw which sample every cell of the (window, step) matrix looks at: window + step * stride.

    Parameters
    ----------
    n_windows, n_steps : int
        Columns and rows of the matrix.
    stride : int
        Samples from one step to the next.
    highlight : int, optional
        The sample whose cells are tinted; the middle one of those that most windows see otherwise.
    title : str, optional
        In place of the diagram's own; "" for none.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        The axes drawn on: window on x, step on y, step 0 at the top.

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is below 1 or `highlight` is no sample of the matrix.

    Examples
    --------
    >>> ax = draw_index_matrix(n_windows=6, n_steps=4, highlight=5)
    """
    n_windows, n_steps, stride = as_sizes(n_windows, n_steps, stride)
    highlight = _as_sample(highlight, n_windows, n_steps, stride)
    ax = new_axes(ax, 9.0, ROW * n_steps + 0.95)
    default = f"Sample {highlight} stands one step earlier in every later window: a diagonal"
    if stride > 1:
        default = f"Sample {highlight} stands one step earlier {stride} windows later: a flatter diagonal"
    frame(ax, default if title is None else title, "window", "step in the window", (n_windows, n_steps))

    size = number_size(ax, n_windows, n_steps, largest_number=n_windows - 1 + (n_steps - 1) * stride)
    for window in range(n_windows):
        for step in range(n_steps):
            sample = window + step * stride
            cell = add_cell(ax, window, step, sample, size=size)
            if sample == highlight:
                cell.paint(ACCENT_TINT, bold=True)
    return ax


def _as_sample(highlight: Any, n_windows: int, n_steps: int, stride: int) -> int:
    """The sample asked for, or the middle one of those with the most cells."""
    if highlight is None:
        windows = window_at(n_windows, n_steps, stride)
        cells = ((windows >= 0) & (windows < n_windows)).sum(axis=0)
        best = np.flatnonzero(cells == cells.max())
        return int(best[len(best) // 2])
    sample, last = as_size(highlight, "highlight", minimum=0), n_windows - 1 + (n_steps - 1) * stride
    if sample > last:
        raise ValueError(f"`highlight` must be a sample of the matrix, 0 to {last}. Got {sample}.")
    return sample
