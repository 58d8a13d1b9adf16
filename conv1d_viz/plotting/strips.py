"""Timelines as strips of colour, one per channel, with the wave through them."""

from collections.abc import Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_series, as_texts
from conv1d_viz.plotting import style
from conv1d_viz.plotting.series import Wave, as_cells, as_wave, draw_wave, label_time
from conv1d_viz.plotting.style import INK, TICK, Scale, value_scale

_UNIT = "mean activation"
_TALLEST = 14  # inches: room for a line of text for each of 70 channels; about 1.5 times the width


def plot_strips(
    line: Any,
    time: Any,
    *,
    wave: Any = None,
    roles: Any = None,
    repeated: Any = None,
    share_scale: bool = True,
    unit: str = _UNIT,
    title: str | None = "auto",
    ax: Axes | None = None,
) -> Axes:
    """Draw timelines as strips of colour with the wave through each, that of channel c at y = c, downwards.

    Parameters
    ----------
    line : array-like of shape (time, n_channels), or (time,) for one channel
        The timelines.
    time : array-like of shape (time,)
        The samples that they are about, in numbers: a strip may lie between two of them.
    wave : (array-like, array-like), pandas Series or None
        Times and values of the series; if its times are dates, `time` counts from the first. None: the strips touch.
    roles : sequence of str or None
        A word per channel, written at its right end.
    repeated : array-like or None
        The timeline of one channel as `fill="repeat"` makes it, for a second strip that shows what made-up cells do.
    share_scale : bool
        Whether one colour scale serves all channels, or each has its own; then its limit stands at the right end.
    """
    line = as_series(line, "line")
    heading = f"What {'each' if line.shape[1] > 1 else 'the'} channel responds to"
    labels, touching = None if line.shape[1] > 1 else [""], wave is None
    if repeated is not None:
        repeated = as_series(repeated, "repeated")
        if repeated.shape != line.shape or line.shape[1] > 1:
            raise ValueError(f"`repeated` must be one channel, as `line` must. Got {repeated.shape} and {line.shape}.")
        line, touching = np.hstack([line, repeated]), False
        labels = ["cells that exist", "with repeated cells\n(the study)"]
        heading = "Repeated cells paint the edges with values that no window measured"
    time, wave, n_rows = as_cells(time, len(line)), as_wave(wave), line.shape[1]
    ends = [""] * n_rows if roles is None else as_texts(roles, "roles", n_rows)
    if not share_scale:
        limits = [f"up to {np.abs(channel).max():.2g}" for channel in line.T]
        ends = [f"{role}, {limit}" if role else limit for role, limit in zip(ends, limits, strict=True)]
    ax = style.new_axes(ax, height=max(2.1, min(1.1 + (0.27 if touching else 0.56) * n_rows, _TALLEST)))
    image = _draw_strips(ax, line, time, wave, value_scale(line) if share_scale else None, touching)
    if share_scale:
        style.color_bar(ax, image, unit)
    ylabel = "channel" if labels is None else None
    style.dress(ax, heading if title == "auto" else title, label_time(ax, wave and wave[2]), ylabel)
    ax.spines["left"].set_visible(n_rows > 1)
    style.number_channels(ax, n_rows, labels)
    style.write_rows(ax, ends, 1.008)
    return ax


def plot_strip_columns(
    lines: Mapping[str, Any],
    time: Any,
    *,
    waves: Mapping[str, Any],
    unit: str = _UNIT,
    title: str | None = "The same channels, other waves",
) -> tuple[Figure, np.ndarray]:
    """Draw stacks of strips side by side, one for each of several inputs, on one colour scale.

    Parameters
    ----------
    lines : mapping of str to array-like of shape (time, n_channels)
        The timelines of each input.
    time : array-like of shape (time,)
        The samples that they are about.
    waves : mapping of str to (array-like, array-like) or pandas Series
        Times and values of each input, under the same names, as for `plot_strips`.
    """
    lines, waves = dict(lines), dict(waves)
    if not lines or set(lines) != set(waves):
        raise ValueError(f"`waves` must have the names of `lines`, {sorted(lines)}. Got {sorted(waves)}.")
    arrays = {k: as_array(v, f"lines[{k!r}]", ndim=2, axes="(time, n_channels)") for k, v in lines.items()}
    length, n_channels = next(iter(arrays.values())).shape
    for name, line in arrays.items():
        if line.shape != (length, n_channels):
            raise ValueError(f"`lines[{name!r}]` must have the shape {(length, n_channels)}. Got {line.shape}.")
    time = as_cells(time, length)
    drawn = [as_wave(waves[name], f"waves[{name!r}]") for name in arrays]
    size = (9, max(2.1, min(1.1 + 0.56 * n_channels, _TALLEST)))
    figure, (axes,) = plt.subplots(1, len(arrays), figsize=size, layout="constrained", squeeze=False)
    scale = value_scale(*arrays.values())
    for ax, (name, line), wave in zip(axes, arrays.items(), drawn, strict=True):
        image = _draw_strips(ax, line, time, wave, scale, touching=False)
        ax.xaxis.set_major_locator(MaxNLocator(3))
        style.dress(ax, None, label_time(ax, wave and wave[2]), "channel" if ax is axes[0] else None)
        style.number_channels(ax, n_channels)
        ax.set_title(name, loc="left", fontsize=TICK + 1, color=INK)
    style.name_figure(figure, title)
    style.color_bar(axes, image, unit)
    return figure, axes


def _draw_strips(
    ax: Axes, line: np.ndarray, time: np.ndarray, wave: Wave | None, scale: Scale | None, touching: bool
) -> ScalarMappable:
    """Draw one strip per channel at y = channel, each with its own scale where none is given; return the last."""
    half = 0.5 if touching else 0.43
    for channel, values in enumerate(line.T):
        rows = (channel - half, channel + half)
        image = style.draw_map(ax, values[None], time, rows, scale or value_scale(values))
        if wave is not None:
            draw_wave(ax, wave, channel, 0.8 * half)
    left, right = style.span(time)
    if wave is not None:  # its limits, unless a centre lies beyond them: with much padding it may be outside
        first, last = style.span(wave[0])
        left, right = (first if time[0] >= first else left), (last if time[-1] <= last else right)
    ax.set(xlim=(left, right), ylim=(line.shape[1] - 0.5, -0.5))
    return image
