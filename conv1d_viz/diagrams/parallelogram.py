"""The diagonals of the (window, step) matrix stood upright: one column a time, with the cells that are missing."""

from typing import Any

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from conv1d_viz.diagrams._cells import ACCENT_TINT, HAIRLINE, HATCH, TARGET_TINT, add_cell
from conv1d_viz.diagrams._matrix import ROW, as_sizes, frame, number_size, window_at
from conv1d_viz.plotting.style import INK, PAPER, TICK, TRUTH, figure_of, legend, new_axes


def draw_parallelogram(
    n_windows: Any = 9, n_steps: Any = 5, *, stride: Any = 1, title: str | None = None, ax: Axes | None = None
) -> Axes:
    """Draw how the diagonals become columns, one a time, and which cells of the columns are filled by repeating.

    A cell holds the index of its window: time - step * stride. Where there is no such window, the hatched cell repeats
    window `time` at step 0 (before the first full column) or the window at the last step (after the last full one).
    The lowest row counts the real cells of each column.

    Parameters
    ----------
    n_windows, n_steps : int
        Size of the (window, step) matrix.
    stride : int
        Samples from one step to the next.
    title : str, optional
        In place of the diagram's own; "" for none.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        The axes drawn on: time in samples on x, step on y, step 0 at the top.

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is below 1 or there are fewer windows than (n_steps - 1) * stride.

    Examples
    --------
    >>> ax = draw_parallelogram(n_windows=6, n_steps=4)
    """
    n_windows, n_steps, stride = as_sizes(n_windows, n_steps, stride)
    if n_windows < (n_steps - 1) * stride:
        raise ValueError(
            f"`n_windows` must be at least (n_steps - 1) * stride = {(n_steps - 1) * stride}, so that every missing "
            f"cell has one to repeat. Got {n_windows}."
        )
    windows = window_at(n_windows, n_steps, stride)
    real = (windows >= 0) & (windows < n_windows)
    shown = np.where(real, windows, _edge_window(n_windows, n_steps, stride))

    ax = new_axes(ax, 9.0, ROW * (n_steps + 1.6) + 1.2)
    default = f"{(~real).sum()} of {real.size} cells were never measured: they repeat the edge of their diagonal"
    frame(ax, default if title is None else title, "time (samples)", "step in the window", windows.shape[::-1])
    size = number_size(ax, windows.shape[1], n_steps + 1.6, largest_number=n_windows)
    for step, time in np.ndindex(*windows.shape):
        look = {"face": ACCENT_TINT} if real[step, time] else {"face": TARGET_TINT, "hatch": HATCH}
        add_cell(ax, time, step, shown[step, time], size=size, **look)
    _count_row(ax, real.sum(axis=0), n_steps + 0.4, size)
    _explain_cells(ax)
    return ax


def _edge_window(n_windows: int, n_steps: int, stride: int) -> Int[np.ndarray, " time"]:
    """The window that stands in for the missing ones of each time."""
    time = np.arange(n_windows + (n_steps - 1) * stride)
    return np.where(time < n_windows, time, time - (n_steps - 1) * stride)


def _count_row(ax: Axes, counts: Int[np.ndarray, " time"], y: float, size: float) -> None:
    """Below the matrix, how many real cells stand in each column."""
    for time, count in enumerate(counts):
        add_cell(ax, time, y, count, size=size, face=PAPER)
    ax.set_ylim(y + 0.55, -0.55)
    ax.set_yticks([*ax.get_yticks(), y], [*(f"{tick:g}" for tick in ax.get_yticks()), "real cells"])
    ax.tick_params(labelsize=TICK, labelcolor=INK)


def _explain_cells(ax: Axes) -> None:
    """At the right end of the line that the x label begins, what the numbers in the two kinds of cells are."""
    ax.xaxis.label.set(x=0, ha="left")
    handles = [
        Patch(facecolor=ACCENT_TINT, edgecolor=HAIRLINE, label="window of the cell"),
        Patch(facecolor=TARGET_TINT, edgecolor=TRUTH, hatch=HATCH, label="window repeated"),
    ]
    below = ax.transAxes + ScaledTranslation(0, -13 / 72, figure_of(ax).dpi_scale_trans)  # points, under the ticks
    legend(ax, handles=handles, loc="upper right", bbox_to_anchor=(1, 0), bbox_transform=below, borderaxespad=0)
