"""The wave that runs through a picture of channels, and the axes that both share."""

from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes

from conv1d_viz.plotting.series import as_line, as_time
from conv1d_viz.plotting.style import INK, SMALL, TICK, figure_of

Wave = tuple[np.ndarray, np.ndarray]
UNIT = "mean activation"
_TALL = 24  # channels beyond which the time is numbered at the top too
_LEADING = 1.25  # height of a line of text, in sizes of its type
SMALLEST = 6  # points; smaller type cannot be read at the width of a page


def as_wave(wave: Any) -> Wave | None:
    """Return times and values of a wave as arrays of one length, or None."""
    if wave is None:
        return None
    try:
        time, values = wave
    except (TypeError, ValueError):
        raise ValueError(f"`wave` must be a pair of times and values. Got {type(wave).__name__}.") from None
    time = as_time(time, "wave[0]")
    return time, as_line(values, "wave[1]", len(time))


def draw_wave(ax: Axes, wave: Wave, centre: float, reach: float) -> None:
    """Draw the wave about y = centre, its largest value `reach` away; a white edge keeps it readable on dark cells.

    A series far from 0, such as a temperature, is drawn about the middle of its range.
    """
    time, values = wave
    if values.min() > 0 or values.max() < 0:
        values = values - (values.min() + values.max()) / 2
    height = centre - reach * values / (np.abs(values).max() or 1.0)  # the y axis points down
    edge = patheffects.withStroke(linewidth=2.6, foreground="white", alpha=0.75)
    ax.plot(time, height, color=INK, linewidth=1.3, path_effects=[edge])


def as_cells(time: Any, length: int) -> np.ndarray:
    """Return the times of a strip's cells, which are drawn equally wide and so must lie equally far apart."""
    places = as_line(time, "time", length)
    gaps = np.diff(places)
    if length > 1 and not (gaps.min() > 0 and np.ptp(gaps) <= 1e-3 * gaps.max()):
        raise ValueError(f"`time` must rise in equal steps. Got steps from {gaps.min():g} to {gaps.max():g}.")
    return places


def span(time: np.ndarray) -> tuple[float, float]:
    """Outer edges of the first and the last sample's cell."""
    half = (time[-1] - time[0]) / (2 * max(len(time) - 1, 1)) or 0.5
    return float(time[0] - half), float(time[-1] + half)


def reach(time: np.ndarray, wave: Wave | None) -> tuple[float, float]:
    """Limits of the x axis: those of the wave, and those of the cells where a centre lies beyond it.

    With much padding, such as that of a causal layer, the centre of a receptive field may lie outside the series.
    """
    left, right = span(time)
    if wave is None:
        return left, right
    first, last = span(wave[0])
    return (first if time[0] >= first else left), (last if time[-1] <= last else right)


def number_channels(ax: Axes, n_channels: int) -> Axes:
    """Number the channels of a dressed axes that go down its y axis, as many of them as there is room for."""
    every, size = line_spacing(ax, n_channels)
    ax.set_yticks(range(0, n_channels, every))
    ax.tick_params(axis="y", length=0, labelsize=size)
    if n_channels > _TALL:  # the upper channels are far from the numbers below
        ax.tick_params(axis="x", labeltop=True)
    return ax


def line_spacing(ax: Axes, n_channels: int) -> tuple[int, float]:
    """Every how many of the channels down an axes a line of text has room, and in what size of type (points)."""
    pitch = ax.get_window_extent().height / figure_of(ax).dpi * 72 / n_channels
    size = min(TICK, pitch / _LEADING)
    if size >= SMALLEST:
        return 1, size
    return thin_out(_LEADING * SMALL / pitch), SMALL


def thin_out(crowding: float) -> int:
    """Every how many numbers one is written, where `crowding` of them would share the room of one."""
    return next((every for every in (1, 5, 10, 20, 50, 100, 200, 500) if every >= crowding), 1000)
