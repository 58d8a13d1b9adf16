"""What it costs to delete two channels: a matrix of forecasts, or of numbers."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.patches import Rectangle

from conv1d_viz.checks import as_array
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import (
    INK,
    SEQUENTIAL,
    SMALL,
    TICK,
    TRUTH,
    color_bar,
    dress,
    figure_of,
    ink_on,
    new_axes,
    short_form,
    tint,
    value_scale,
)
from conv1d_viz.plotting.wave import thin_out

_READABLE = 12  # channels up to which numbers are written into the cells of a matrix
_LARGE = 30  # channels beyond which a matrix takes the width of a page
_STRETCHES = 150  # of a forecast; shorter ones cannot be told apart in a cell of a matrix without numbers


def plot_pair_grid(
    truth: Any,
    predictions: Any,
    mse: Any,
    *,
    title: str | None = "Forecast (dark) and truth (grey) with channels i and j deleted",
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecast of every pair of deleted channels into the cell of a matrix, all on the same scale.

    Cells are tinted by their MSE, which is written in up to 12 channels; a colour bar explains the tint of more. On
    the framed diagonal i alone is deleted. All cells stand in one axes, so that 60 channels take a second.

    Parameters
    ----------
    truth : array-like of shape (time,)
        What happened.
    predictions : array-like of shape (n_channels, n_channels, time)
        The forecasts, such as one step of the horizon of `AblationStudy.pair_predictions`. Of more than 12 channels
        and 300 times, the highest and the lowest value of each of 150 stretches are drawn.
    mse : array-like of shape (n_channels, n_channels)
        Their scores.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on: cell (i, j) spans i ± 0.5 downwards and j ± 0.5 to the right.
    """
    predictions = as_array(predictions, "predictions", ndim=3, axes="(n_channels, n_channels, time)")
    n_channels, _, length = predictions.shape
    mse = _as_matrix(mse, "mse", n_channels, minimum=0.0)
    if predictions.shape[1] != n_channels:
        raise ValueError(f"`predictions` must have the shape (n_channels, n_channels, time). Got {predictions.shape}.")
    truth = as_line(truth, "truth", length)
    numbered = n_channels <= _READABLE
    ax = new_axes(ax, height=9.0 if numbered else 8.2)
    image = ax.imshow(mse, cmap=SEQUENTIAL, norm=tint(mse), interpolation="none")

    low = float(min(truth.min(), predictions.min()))
    span = float(max(truth.max(), predictions.max())) - low or 1.0
    top, bottom = -0.4, 0.22 if numbered else 0.4  # where in a cell the highest and the lowest value stand
    width = 1.4 if numbered else max(14 / n_channels, 0.5)
    drawn = {TRUTH: (np.broadcast_to(truth, predictions.shape), 1.5 if numbered else 2.4), INK: (predictions, 0.9)}
    for color, (values, factor) in drawn.items():
        across, values = (np.linspace(-0.42, 0.42, length), values) if numbered else _outline(values)
        segments = np.empty((n_channels, n_channels, len(across), 2))
        segments[..., 0] = across + np.arange(n_channels)[:, None]
        segments[..., 1] = bottom - (values - low) / span * (bottom - top) + np.arange(n_channels)[:, None, None]
        lines = segments.reshape(n_channels**2, len(across), 2)
        ax.add_collection(LineCollection(list(lines), colors=color, linewidths=factor * width))
    if numbered:
        form = short_form(mse, 3)
        for (i, j), score in np.ndenumerate(mse):
            ax.text(j, i + 0.4, f"{score:{form}}", ha="center", fontsize=SMALL, color=INK)
    else:
        color_bar(ax, image, "MSE").ax.set_ylim(0, mse.max() or 1.0)
    for line in np.arange(0.5, n_channels - 1):
        ax.axhline(line, color="white", linewidth=2 * width)
        ax.axvline(line, color="white", linewidth=2 * width)
    for i in range(n_channels):
        frame = Rectangle((i - 0.47, i - 0.47), 0.94, 0.94, fill=False, edgecolor=INK, linewidth=0.9 * width)
        ax.add_patch(frame)
        if not numbered:  # a small cell's frame runs where the white lines and the edge of the axes would hide it
            frame.set(zorder=2.5, clip_on=False)
    _number_both(ax, n_channels)
    return dress(ax, title, "channel j", "channel i")


def plot_matrix(
    matrix: Any,
    *,
    unit: str = "MSE",
    title: str | None = "MSE with channels i and j deleted",
    ax: Axes | None = None,
) -> Axes:
    """Draw a (channel x channel) matrix as a colour map; up to 12 channels its values are written in.

    Parameters
    ----------
    matrix : array-like of shape (n_channels, n_channels)
        The values. White is 0; the scale is symmetric about it where values of two signs occur.
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
    matrix = _as_matrix(matrix, "matrix")
    n_channels = len(matrix)
    ax = new_axes(ax, 6.4, 5.4) if n_channels <= _LARGE else new_axes(ax, 9.0, 8.1)
    cmap, norm = value_scale(matrix)
    image = ax.imshow(matrix, cmap=cmap, norm=norm, interpolation="none")
    if n_channels <= _READABLE:
        form = short_form(matrix, 2)
        for (i, j), value in np.ndenumerate(matrix):
            ax.text(j, i, f"{value:{form}}", ha="center", va="center", fontsize=TICK, color=ink_on(cmap, norm, value))
    _number_both(ax, n_channels)
    color_bar(ax, image, unit)
    return dress(ax, title, "channel j", "channel i")


def _outline(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Places across a small cell, and values (..., time) that are drawn there: of long lines their extremes only."""
    length = values.shape[-1]
    if length <= 2 * _STRETCHES:
        return np.linspace(-0.42, 0.42, length), values
    starts = np.arange(_STRETCHES) * length // _STRETCHES
    extremes = [pick.reduceat(values, starts, axis=-1) for pick in (np.minimum, np.maximum)]
    return np.repeat(np.linspace(-0.42, 0.42, _STRETCHES), 2), np.stack(extremes, -1).reshape(*values.shape[:-1], -1)


def _as_matrix(values: Any, name: str, n_channels: int | None = None, **bounds: Any) -> np.ndarray:
    matrix = as_array(values, name, ndim=2, axes="(n_channels, n_channels)", **bounds)
    n_channels = n_channels or len(matrix)
    if matrix.shape != (n_channels, n_channels):
        raise ValueError(f"`{name}` must have the shape ({n_channels}, {n_channels}). Got {matrix.shape}.")
    return matrix


def _number_both(ax: Axes, n_channels: int) -> None:
    box, dpi = ax.get_window_extent(), figure_of(ax).dpi
    room = min(box.width, box.height) / dpi * 72 / n_channels  # points from one channel to the next
    digits = len(str(n_channels - 1))
    every = thin_out((0.64 * digits * TICK + 3) / room)  # a digit is 0.64 of its type's size wide
    ax.set(xticks=range(0, n_channels, every), yticks=range(0, n_channels, every))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
