"""The wave that runs through a picture of channels, and the axes that both share."""

from typing import Any

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes

from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import INK, SMALL, TICK

Wave = tuple[np.ndarray, np.ndarray]
UNIT = "mean activation"


def as_wave(wave: Any) -> Wave | None:
    """Return times and values of a wave as arrays of one length, or None."""
    if wave is None:
        return None
    try:
        time, values = wave
    except (TypeError, ValueError):
        raise ValueError(f"`wave` must be a pair of times and values. Got {type(wave).__name__}.") from None
    time = as_line(time, "wave[0]")
    return time, as_line(values, "wave[1]", len(time))


def draw_wave(ax: Axes, wave: Wave, centre: float, reach: float) -> None:
    """Draw the wave about y = centre, its largest value `reach` above; a white edge keeps it readable on dark cells."""
    time, values = wave
    height = centre - reach * values / (np.abs(values).max() or 1.0)  # the y axis points down
    edge = patheffects.withStroke(linewidth=2.6, foreground="white", alpha=0.75)
    ax.plot(time, height, color=INK, linewidth=1.3, path_effects=[edge])


def span(time: np.ndarray) -> tuple[float, float]:
    """Outer edges of the first and the last sample's cell."""
    half = (time[-1] - time[0]) / (2 * max(len(time) - 1, 1)) or 0.5
    return float(time[0] - half), float(time[-1] + half)


def number_channels(ax: Axes, n_channels: int) -> Axes:
    """Put a number at each channel of a dressed axes, in a size that leaves room for the next."""
    ax.set_yticks(range(n_channels))
    ax.tick_params(axis="y", length=0, labelsize=small_type(n_channels))
    return ax


def small_type(n_channels: int) -> float:
    """Return a type size in points that leaves room for a line of text a channel."""
    return TICK if n_channels <= 20 else SMALL * min(1, 45 / n_channels)
