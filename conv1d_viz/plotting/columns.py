"""Stacks of strips side by side, one for each of several inputs."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.strips import draw_strips, stack_height
from conv1d_viz.plotting.style import INK, PAPER, TICK, TRUTH, color_bar, dress, name_figure, runs_of, value_scale
from conv1d_viz.plotting.wave import UNIT, as_cells, as_wave, number_channels, span


def plot_strip_columns(
    lines: Mapping[str, Any],
    time: Any,
    *,
    waves: Mapping[str, tuple[Any, Any]],
    missing: Mapping[str, Any] | None = None,
    unit: str = UNIT,
    title: str | None = "The same channels, other waves",
) -> tuple[Figure, np.ndarray]:
    """Draw stacks of strips side by side, one for each input, on one colour scale.

    Parameters
    ----------
    lines : mapping of str to array-like of shape (time, n_channels)
        The timelines of each input.
    time : array-like of shape (time,)
        The samples that they are about.
    waves : mapping of str to (array-like, array-like)
        Times and values of each input, under the same names.
    missing : mapping of str to array-like of bool of shape (time,) or None
        For some inputs, the times at which they have no value; these are hatched.
    unit : str
        Label of the colour bar.
    title : str or None
        Title.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of Axes
        One an input.
    """
    lines, waves, missing = (
        dict(lines),
        dict(waves),
        dict({} if missing is None else missing),
    )
    if not lines or set(lines) != set(waves):
        raise ValueError(f"`waves` must have the names of `lines`, {sorted(lines)}. Got {sorted(waves)}.")
    arrays = {
        name: as_array(line, f"lines[{name!r}]", ndim=2, axes="(time, n_channels)") for name, line in lines.items()
    }
    length, n_channels = next(iter(arrays.values())).shape
    for name, line in arrays.items():
        if line.shape != (length, n_channels):
            raise ValueError(f"`lines[{name!r}]` must have the shape {(length, n_channels)}. Got {line.shape}.")
    time = as_cells(time, length)
    drawn = {name: as_wave(wave) for name, wave in waves.items()}
    if set(missing) - set(arrays):
        raise ValueError(f"`missing` must have names of `lines`, {sorted(arrays)}. Got {sorted(missing)}.")
    gaps = {name: as_line(gap, f"missing[{name!r}]", length, items="booleans") for name, gap in missing.items()}
    figure, axes = plt.subplots(
        1,
        len(arrays),
        figsize=(9, max(2.4, stack_height(n_channels))),
        sharex=True,
        layout="constrained",
        squeeze=False,
    )
    axes = axes[0]
    scale = value_scale(*arrays.values())
    for ax, (name, line) in zip(axes, arrays.items(), strict=True):
        images = draw_strips(ax, line, time, drawn[name], scale)
        if name in gaps:
            half = time[0] - span(time)[0]
            for first, last in runs_of(gaps[name]):
                ax.axvspan(
                    time[first] - half, time[last] + half, facecolor=PAPER, edgecolor=TRUTH, hatch="////", linewidth=0
                )
        ax.xaxis.set_major_locator(MaxNLocator(3))
        number_channels(dress(ax, None, "sample", "channel" if ax is axes[0] else None), n_channels)
        ax.set_title(name, loc="left", fontsize=TICK + 1, color=INK)
    name_figure(figure, title)
    color_bar(axes, images[0], unit)
    return figure, axes
