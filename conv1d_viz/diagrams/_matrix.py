"""What the drawings of the (window, step) matrix share: which window stands where, and the frame around the cells."""

from typing import Any

import numpy as np
from jaxtyping import Int
from matplotlib.axes import Axes

from conv1d_viz.checks import as_size
from conv1d_viz.diagrams._cells import axes_inches
from conv1d_viz.diagrams._text import cell_size
from conv1d_viz.plotting.style import LABEL, dress

ROW = 0.32  # inches


def as_sizes(n_windows: Any, n_steps: Any, stride: Any) -> tuple[int, int, int]:
    """Check the sizes of a matrix and its stride."""
    return as_size(n_windows, "n_windows"), as_size(n_steps, "n_steps"), as_size(stride, "stride")


def window_at(n_windows: int, n_steps: int, stride: int) -> Int[np.ndarray, "step time"]:
    """The window on the diagonal of each time at each step; outside 0..n_windows-1 there is none."""
    time = np.arange(n_windows + (n_steps - 1) * stride)
    return time - np.arange(n_steps)[:, None] * stride


def frame(ax: Axes, title: str, xlabel: str, ylabel: str, shape: tuple[int, int]) -> None:
    """Limits and ticks of a matrix with `shape` (columns, rows), row 0 at the top and no frame of its own."""
    columns, rows = shape
    dress(ax, title, xlabel, ylabel)
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set(xlim=(-0.55, columns - 0.45), ylim=(rows - 0.45, -0.55))
    for axis, n in ((ax.xaxis, columns), (ax.yaxis, rows)):
        axis.set_ticks(range(0, n, 1 + n // 31))


def number_size(ax: Axes, columns: int, rows: float, largest_number: int) -> float:
    """The type size at which the largest number fits into a cell."""
    width, height = axes_inches(ax)
    return cell_size("0" * len(str(largest_number)), width / columns, height / rows, LABEL)
