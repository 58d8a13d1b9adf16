"""How far a number differs from one training to the next."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from conv1d_viz.checks import as_array
from conv1d_viz.plotting.style import ACCENT, INK, TARGET, TRUTH, dress, new_axes, number_log


def plot_spread(
    values: Mapping[str, Any],
    *,
    intervals: Mapping[str, tuple[float, float, float]] | None = None,
    log: bool = False,
    unit: str = "value",
    title: str | None = "One point a training",
    ax: Axes | None = None,
) -> Axes:
    """Draw the values of several trainings as points, one row a group, with an interval above them.

    Parameters
    ----------
    values : mapping of str to array-like of shape (n_values,)
        The groups, from top to bottom; their sizes may differ.
    intervals : mapping of str to (float, float, float) or None
        Lower end, middle and upper end of an interval for each group. None: the quartiles and the median.
    log : bool
        Whether the x axis is logarithmic; all values must be above 0 then.
    unit : str
        Label of the x axis.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on: group k at y = k, downwards.
    """
    values, log = dict(values), bool(log)
    if not values:
        raise ValueError("`values` must have at least one group. Got none.")
    groups = {name: as_array(v, f"values[{name!r}]", ndim=1, axes="(n_values,)") for name, v in values.items()}
    if intervals is None:
        intervals = {name: tuple(np.quantile(group, (0.25, 0.5, 0.75))) for name, group in groups.items()}
    intervals = dict(intervals)
    if set(intervals) != set(groups):
        raise ValueError(f"`intervals` must have the names of `values`, {list(groups)}. Got {list(intervals)}.")
    spans = {name: as_array(v, f"intervals[{name!r}]", ndim=1, axes="(3,)") for name, v in intervals.items()}
    for name, span in spans.items():
        if len(span) != 3 or not span[0] <= span[1] <= span[2]:
            raise ValueError(f"`intervals[{name!r}]` must be lower end, middle and upper end. Got {span.tolist()}.")
    for name, numbers in (groups | {f"{name}, interval": span for name, span in spans.items()}).items():
        if log and numbers.min() <= 0:
            raise ValueError(f"`values` must be above 0 for a logarithmic axis. Got {numbers.min():g} in {name!r}.")
    ax = new_axes(ax, height=1.0 + 0.55 * len(groups))
    for row, (name, group) in enumerate(groups.items()):
        spread = 0.12 + 0.26 * ((np.arange(len(group)) * 0.618) % 1)  # multiples of the golden section fall evenly
        ax.plot(group, row + spread, "o", color=ACCENT, alpha=0.5, markersize=4.5, markeredgewidth=0)
        low, middle, high = spans[name]
        ax.plot([low, high], [row - 0.12] * 2, color=INK, linewidth=3, solid_capstyle="butt")
        ax.plot([middle], [row - 0.12], "D", color=TARGET, markersize=6, markeredgecolor="white")
        ax.axhline(row + 0.5, color=TRUTH, alpha=0.3, linewidth=0.6)
    if log:
        ax.set_xscale("log")
        number_log(ax.xaxis)
    ax.set_ylim(len(groups) - 0.5, -0.5)
    dress(ax, title, unit)
    ax.set_yticks(range(len(groups)), list(groups))
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    return ax
