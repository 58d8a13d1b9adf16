"""One colour strip a channel, with the wave through it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.image import AxesImage

from conv1d_viz.checks import as_array, as_texts
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import INK, color_bar, dress, new_axes, value_scale
from conv1d_viz.plotting.wave import (
    UNIT,
    Wave,
    as_cells,
    as_wave,
    draw_wave,
    line_spacing,
    number_channels,
    reach,
    span,
)

_HALF = 0.43  # half the height of a strip; strips stand 1 apart


def plot_strips(
    line: Any,
    time: Any,
    *,
    wave: tuple[Any, Any] | None = None,
    roles: Sequence[str] | None = None,
    share_scale: bool = True,
    unit: str = UNIT,
    title: str | None = "What each channel responds to",
    ax: Axes | None = None,
) -> Axes:
    """Draw a stack of strips, one a channel, each with the wave through it.

    Parameters
    ----------
    line : array-like of shape (time, n_channels)
        The timelines.
    time : array-like of shape (time,)
        The samples that they are about.
    wave : (array-like, array-like) or None
        Times and values of the series that was looked at.
    roles : sequence of str or None
        A word a channel, written at its right end.
    share_scale : bool
        Whether one colour scale serves all channels, or each has its own; then its limit stands at the right end.
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
    time, wave, n_channels = as_cells(time, len(line)), as_wave(wave), line.shape[1]
    share_scale = bool(share_scale)
    ends = [""] * n_channels if roles is None else as_texts(roles, "roles", n_channels)
    ax = new_axes(ax, height=stack_height(n_channels))
    images = draw_strips(ax, line, time, wave, value_scale(line) if share_scale else None)
    if not share_scale:
        limits = [f"up to {np.abs(channel).max():.2g}" for channel in line.T]
        ends = [f"{role}, {limit}" if role else limit for role, limit in zip(ends, limits, strict=True)]
    every, size = line_spacing(ax, n_channels)
    beside: dict[str, Any] = {"transform": ax.get_yaxis_transform(), "va": "center", "fontsize": size, "color": INK}
    for channel in range(0, n_channels, every):
        ax.text(1.008, channel, ends[channel], **beside)
    if share_scale:
        color_bar(ax, images[0], unit)
    return number_channels(dress(ax, title, "sample", "channel"), n_channels)


def plot_strip(
    line: Any,
    time: Any,
    *,
    wave: tuple[Any, Any] | None = None,
    unit: str = UNIT,
    title: str | None = "One channel on the time axis",
    ax: Axes | None = None,
) -> Axes:
    """Draw the timeline of one channel as a colour strip, with the wave over it where one is given.

    Parameters
    ----------
    line, time : array-like of shape (time,)
        The timeline and the samples that it is about.
    wave : (array-like, array-like) or None
        Times and values of the series that was looked at.
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
    line, wave = as_line(line, "line"), as_wave(wave)
    time = as_cells(time, len(line))
    ax = new_axes(ax, height=1.7 if wave is None else 2.1)
    image = draw_strips(ax, line[:, None], time, wave, value_scale(line))[0]
    ax.set_yticks([])
    ax.spines["left"].set_visible(False)
    color_bar(ax, image, unit)
    return dress(ax, title, "sample")


def draw_strips(
    ax: Axes, line: np.ndarray, time: np.ndarray, wave: Wave | None, scale: tuple[Colormap, Normalize] | None
) -> list[AxesImage]:
    """Draw one strip a channel at y = channel, each with its own scale where none is given."""
    images = []
    n_channels = line.shape[1]
    for channel, values in enumerate(line.T):
        cmap, norm = scale or value_scale(values)
        extent = (*span(time), channel + _HALF, channel - _HALF)
        images.append(ax.imshow(values[None], cmap=cmap, norm=norm, aspect="auto", interpolation="none", extent=extent))
        if wave is not None:
            draw_wave(ax, wave, float(channel), 0.8 * _HALF)
    ax.set(xlim=reach(time, wave), ylim=(n_channels - 0.5, -0.5))
    return images


def stack_height(n_channels: int) -> float:
    """Inches; 14 serve up to 70 channels, each with a line of text, and are about one and a half times the width."""
    return max(2.1, min(1.0 + 0.56 * n_channels, max(14, min(0.2 * n_channels, 22))))
