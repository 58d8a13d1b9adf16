"""The (window, step) matrix and its diagonals: which sample a cell looks at, and which cells of a time are missing."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Patch
from matplotlib.transforms import ScaledTranslation

from conv1d_viz.diagrams.cells import ACCENT_TINT, HAIRLINE, HATCH, TARGET_TINT, add_cell, axes_inches, cell_size
from conv1d_viz.plotting.style import INK, PAPER, TICK, TRUTH, dress, figure_of, legend, new_axes
from conv1d_viz.timelines.diagonals import coverage

_ROW = 0.32  # inches


def draw_index_matrix(
    n_windows: Any = 12, n_steps: Any = 8, *, title: str | None = "auto", ax: Axes | None = None
) -> Axes:
    """Draw which sample every cell of the (window, step) matrix looks at: window + step.

    The matrix has `n_windows` columns, on x, and `n_steps` rows, on y, step 0 at the top. One sample is tinted, the
    middle one of those that most windows see.
    """
    counts = coverage(n_windows, n_steps)
    fullest = np.flatnonzero(counts == counts.max())
    highlight = fullest[len(fullest) // 2]
    if title == "auto":
        title = f"Sample {highlight} stands one step earlier in every later window: a diagonal"
    ax = new_axes(ax, 9.0, _ROW * n_steps + 0.95)
    size = _frame(ax, title, "window", n_windows, n_steps, n_steps, largest=len(counts) - 1)
    for window, step in np.ndindex(n_windows, n_steps):
        cell = add_cell(ax, window, step, window + step, size)
        if window + step == highlight:
            cell.paint(ACCENT_TINT, bold=True)
    return ax


def draw_parallelogram(
    n_windows: Any = 9, n_steps: Any = 5, *, title: str | None = "auto", ax: Axes | None = None
) -> Axes:
    """Draw how the diagonals become columns, one per time, and which cells of the columns are filled by repeating.

    Times, in samples, are on x, steps on y, step 0 at the top. A cell holds the index of its window: time - step. Where
    there is no such window, the hatched cell repeats window `time` at step 0 (before the first full column) or the
    window at the last step (after the last full one). The lowest row counts the real cells of each time.

    The (window, step) matrix has the shape (n_windows, n_steps).
    """
    counts = coverage(n_windows, n_steps)
    n_times = len(counts)
    windows = np.arange(n_times) - np.arange(n_steps)[:, None]  # on the diagonal of each time, at each step
    if n_windows < n_times - n_windows:
        asked = f"at least n_steps - 1 = {n_times - n_windows}, so that each missing cell has one to repeat"
        raise ValueError(f"`n_windows` must be {asked}. Got {n_windows}.")
    real = (windows >= 0) & (windows < n_windows)
    edge = np.where(windows[0] < n_windows, windows[0], windows[-1])  # stands in for the missing ones of its time
    shown = np.where(real, windows, edge)
    if title == "auto":
        title = f"{(~real).sum()} of {real.size} cells were never measured: they repeat the edge of their column"
    ax = new_axes(ax, 9.0, _ROW * (n_steps + 1.6) + 1.2)
    size = _frame(ax, title, "time (samples)", n_times, n_steps, n_steps + 1.6, largest=n_windows)
    for step, time in np.ndindex(*windows.shape):
        look = {"face": ACCENT_TINT} if real[step, time] else {"face": TARGET_TINT, "hatch": HATCH}
        add_cell(ax, time, step, shown[step, time], size, **look)
    below = n_steps + 0.4
    for time, count in enumerate(counts):
        add_cell(ax, time, below, count, size, face=PAPER)
    ax.set_ylim(below + 0.55, -0.55)
    ax.set_yticks([*ax.get_yticks(), below], [*(f"{tick:g}" for tick in ax.get_yticks()), "real cells"])
    ax.tick_params(labelsize=TICK, labelcolor=INK)
    ax.xaxis.label.set(x=0, ha="left")  # at the right end of its line stands what the two kinds of cells are
    own = Patch(facecolor=ACCENT_TINT, edgecolor=HAIRLINE, label="window of the cell")
    repeated = Patch(facecolor=TARGET_TINT, edgecolor=TRUTH, hatch=HATCH, label="window repeated")
    below = ax.transAxes + ScaledTranslation(0, -13 / 72, figure_of(ax).dpi_scale_trans)  # points, under the ticks
    legend(ax, handles=[own, repeated], loc="upper right", bbox_to_anchor=(1, 0), bbox_transform=below, borderaxespad=0)
    return ax


def _frame(ax: Axes, title: str | None, xlabel: str, columns: int, rows: int, height: float, *, largest: int) -> float:
    """Dress the axes of a matrix, `height` rows high with what stands below it; return the type size of its numbers."""
    dress(ax, title, xlabel, "step in the window")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.45, -0.55))
    for axis, n in ((ax.xaxis, columns), (ax.yaxis, rows)):
        axis.set_ticks(range(0, n, 1 + n // 31))
    inches = axes_inches(ax)
    return cell_size(largest, inches[0] / columns, inches[1] / height)
