"""Where on the series a global maximum reads the forecast."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from conv1d_viz.checks import as_number, as_size
from conv1d_viz.plotting.series import as_line, as_time
from conv1d_viz.plotting.style import ACCENT, INK, TARGET, TRUTH, dress, legend, new_axes

_MARKS = {"first": (ACCENT, "o"), "last": (TARGET, "D")}


def plot_reads(
    time: Any,
    values: Any,
    picked: Any,
    n_steps: int,
    *,
    offset: float = 0.0,
    stride: int = 1,
    unit: str = "value",
    title: str | None = "Where the forecasts are read",
    ax: Axes | None = None,
) -> Axes:
    """Draw the series, and on it the sample that each window's forecast is read from.

    Windows that are read in the first and in the second half of their steps have marks of their own.

    Parameters
    ----------
    time, values : array-like of shape (time,)
        The series; window b begins at its sample b.
    picked : array-like of int of shape (n_windows,)
        The step that each window is read from, such as the one that a global maximum picks.
    n_steps : int
        Steps of a window.
    offset : float
        Where step 0 looks, counted from the first sample of its window: the centre of the receptive field.
    stride : int
        Samples between two steps.
    unit : str
        Label of the y axis.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    values = as_line(values, "values")
    time, picked = as_time(time, "time", len(values)), as_line(picked, "picked", items="integers", minimum=0)
    n_steps, stride, offset = as_size(n_steps, "n_steps"), as_size(stride, "stride"), as_number(offset, "offset")
    if picked.max() >= n_steps:
        raise ValueError(f"`picked` must be steps, 0..{n_steps - 1}. Got {picked.max()}.")
    if len(picked) > len(values):
        raise ValueError(f"`picked` must have a step a window, at most {len(values)}. Got {len(picked)}.")
    ax = new_axes(ax, height=2.6)
    ax.plot(time, values, color=INK, linewidth=1.2)
    # A step whose centre is padding is drawn at the end of the series that is nearest.
    index = (np.arange(len(picked)) + picked * stride + offset).clip(0, len(values) - 1)
    read_time = np.interp(index, np.arange(len(time)), time)
    halves = {"first": picked < n_steps / 2, "last": picked >= n_steps / 2}
    for name, chosen in halves.items():
        if chosen.any():
            color, marker = _MARKS[name]
            low, high = f"{picked[chosen].min():.0f}", f"{picked[chosen].max():.0f}"
            steps = f"step {low}" if low == high else f"steps {low}–{high}"
            ax.plot(
                read_time[chosen], np.interp(index[chosen], np.arange(len(values)), values), marker, color=color,
                markersize=4, markeredgecolor="white", markeredgewidth=0.4,
                label=f"read in {steps} ({chosen.sum()} windows)",
            )  # fmt: skip
    ax.margins(x=0)
    ax.grid(axis="x", color=TRUTH, alpha=0.25, linewidth=0.6)
    legend(dress(ax, title, "sample", unit))
    return ax
