"""The kernels of a convolution, one channel a panel."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_number, as_size
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import (
    INK,
    MANY,
    SMALL,
    TICK,
    TRUTH,
    channel_colors,
    color_bar,
    dress,
    name_figure,
    new_panels,
    value_scale,
)
from conv1d_viz.plotting.wave import span

_LINES = 4  # features up to which a kernel is drawn as lines; more are drawn as a map


def plot_kernels(
    weights: Any,
    bias: Any = None,
    *,
    start: int | float = 0,
    stride: int = 1,
    columns: int | None = None,
    title: str | None = "The kernels: what each channel multiplies the samples with",
) -> tuple[Figure, np.ndarray]:
    """Draw the kernels of a convolution side by side, one scale for all.

    Parameters
    ----------
    weights : array-like of shape (size, n_features, n_channels)
        The kernels. Up to 4 features are lines (one: bars); more, such as the channels of the layer before, are the
        rows of a colour map.
    bias : array-like of shape (n_channels,) or None
        Written into each panel.
    start : int or float
        The first sample that a kernel sees, counted from its step.
    stride : int
        Samples between two of the values that a kernel multiplies: more than 1 behind a pooling, or with dilation.
    columns : int or None
        Panels in a row; None takes 4, or 5 for more than 24 channels.
    title : str or None
        Title.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of Axes
        One a channel.
    """
    weights = as_array(weights, "weights", ndim=3, axes="(size, n_features, n_channels)")
    size, n_features, n_channels = weights.shape
    bias = None if bias is None else as_line(bias, "bias", n_channels)
    start, stride = as_number(start, "start"), as_size(stride, "stride")
    columns = None if columns is None else as_size(columns, "columns")
    figure, axes = new_panels(n_channels, columns, 1.55)
    samples = start + stride * np.arange(size)
    scale, type_size = value_scale(weights), TICK if n_channels <= MANY else SMALL
    for channel, (ax, color) in enumerate(zip(axes, channel_colors(n_channels), strict=True)):
        if n_features > _LINES:
            image = _draw_map(ax, weights[:, :, channel].T, samples, scale)
        else:
            ax.axhline(0, color=TRUTH, linewidth=0.8)
        if n_features == 1:
            ax.bar(samples, weights[:, 0, channel], width=0.75 * stride, color=color)
        elif n_features <= _LINES:
            ax.plot(samples, weights[:, :, channel], ".-", color=color, linewidth=1, alpha=0.8)
        dress(ax)
        ax.set_title(f"channel {channel}", loc="left", fontsize=type_size, fontweight="bold", color=INK)
        if bias is not None:
            ax.set_title(f"bias {bias[channel]:+z.2f}", loc="right", fontsize=min(type_size, SMALL), color=INK)
    axes[0].xaxis.set_major_locator(MaxNLocator(5, integer=True))
    if n_features > _LINES:
        axes[0].yaxis.set_major_locator(MaxNLocator(3, integer=True))
        color_bar(axes, image, "weight")
    name_figure(figure, title, "sample, counted from the step", "feature" if n_features > _LINES else "weight")
    return figure, axes


def _draw_map(ax: Axes, kernel: np.ndarray, samples: np.ndarray, scale: tuple[Colormap, Normalize]) -> AxesImage:
    """Draw a kernel of shape (n_features, size) with a feature a row."""
    extent = (*span(samples), len(kernel) - 0.5, -0.5)
    cmap, norm = scale
    return ax.imshow(kernel, cmap=cmap, norm=norm, aspect="auto", interpolation="none", extent=extent)
