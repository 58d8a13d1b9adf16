"""All channels on the time axis of the series, and what made-up cells do to it."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conv1d_viz.checks import as_array
from conv1d_viz.plotting.series import as_line, as_time
from conv1d_viz.plotting.style import (
    ACCENT,
    INK,
    PAPER,
    TARGET,
    TRUTH,
    color_bar,
    dress,
    legend,
    name_figure,
    new_axes,
    value_scale,
)
from conv1d_viz.plotting.wave import UNIT, as_cells, as_wave, draw_wave, number_channels, reach, span


def plot_timeline_map(
    line: Any,
    time: Any,
    *,
    wave: tuple[Any, Any] | None = None,
    unit: str = UNIT,
    title: str | None = "All channels on the time axis",
    ax: Axes | None = None,
) -> Axes:
    """Draw all timelines as one (channel x time) map, with the wave over all of it where one is given.

    Parameters
    ----------
    line : array-like of shape (time, n_channels)
        The timelines.
    time : array-like of shape (time,)
        The samples that they are about.
    wave : (array-like, array-like) or None
        Times and values of the series that was looked at; it spans the height of the map.
    unit : str
        Label of the colour bar.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    line = as_array(line, "line", ndim=2, axes="(time, n_channels)")
    time = as_cells(time, len(line))
    wave, n_channels = as_wave(wave), line.shape[1]
    ax = new_axes(ax, height=max(2.1, min(1.2 + 0.26 * n_channels, 11)))
    cmap, norm = value_scale(line)
    extent = (*span(time), n_channels - 0.5, -0.5)
    image = ax.imshow(line.T, cmap=cmap, norm=norm, aspect="auto", interpolation="none", extent=extent)
    if wave is not None:
        draw_wave(ax, wave, (n_channels - 1) / 2, 0.46 * n_channels)
    ax.set(xlim=reach(time, wave), ylim=extent[2:])
    color_bar(ax, image, unit)
    return number_channels(dress(ax, title, "sample", "channel"), n_channels)


def plot_fill(
    repeated: Any,
    existing: Any,
    coverage: Any,
    time: Any,
    *,
    unit: str = UNIT,
    title: str | None = "Repeated cells paint the edges with values that no window measured",
) -> tuple[Figure, np.ndarray]:
    """Draw a timeline with made-up cells over the one from cells that exist, and how many there are.

    Parameters
    ----------
    repeated, existing : array-like of shape (time,)
        Means of one channel with `fill="repeat"` and with `fill=None`.
    coverage : array-like of shape (time,)
        Number of cells that exist.
    time : array-like of shape (time,)
        The samples that the timelines are about.
    unit : str
        Label of the upper y axis.
    title : str or None
        Title.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of 2 Axes
        Timelines and coverage.
    """
    repeated = as_line(repeated, "repeated")
    existing, coverage = (
        as_line(existing, "existing", len(repeated)),
        as_line(coverage, "coverage", len(repeated), minimum=0.0),
    )
    time = as_time(time, "time", len(repeated))
    figure, axes = plt.subplots(
        2, 1, figsize=(9, 3.9), sharex=True, layout="constrained", gridspec_kw={"height_ratios": (3, 1)}
    )
    made_up = coverage < coverage.max()
    for ax in axes:
        ax.fill_between(
            time, 0, 1, where=made_up, transform=ax.get_xaxis_transform(), color=PAPER, linewidth=0, zorder=0
        )
    axes[0].fill_between(time, existing, repeated, color=TARGET, alpha=0.2, linewidth=0)
    axes[0].plot(time, repeated, color=TARGET, linewidth=2, label="with repeated cells (the study)")
    axes[0].plot(time, existing, color=INK, linewidth=1.6, label="cells that exist")
    legend(axes[0])
    axes[1].fill_between(time, coverage, color=TRUTH, alpha=0.5, linewidth=0, step="mid")
    axes[1].plot(time, coverage, color=ACCENT, linewidth=1.2, drawstyle="steps-mid")
    if len(time) > 1:
        axes[0].set_xlim(time[0], time[-1])
    axes[1].set_ylim(bottom=0)
    dress(axes[0], None, None, unit)
    dress(axes[1], None, "sample", "cells")
    name_figure(figure, title)
    figure.align_ylabels(axes)
    return figure, axes
