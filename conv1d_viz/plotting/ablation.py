"""Forecasts with channels deleted, and what the deletions cost."""

from collections.abc import Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from conv1d_viz._checks import as_array, as_size
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import (
    INK,
    SEQUENTIAL,
    SMALL,
    TICK,
    TRUTH,
    color_bar,
    dress,
    ink_on,
    name_figure,
    new_axes,
    new_panels,
    value_scale,
)

_READABLE = 12  # channels up to which numbers are written into the cells of a matrix


def plot_forecast_panels(
    time: Any,
    truth: Any,
    predictions: Any,
    mse: Any,
    labels: Sequence[str],
    *,
    columns: int = 4,
    title: str | None = "Forecast (dark) and truth (grey)",
) -> tuple[Figure, np.ndarray]:
    """Draw several forecasts of the same truth in small panels, tinted by their MSE, on shared axes.

    Parameters
    ----------
    time, truth : array-like of shape (time,)
        The times that are predicted, and what happened.
    predictions : array-like of shape (n_panels, time)
        The forecasts.
    mse : array-like of shape (n_panels,)
        Their scores.
    labels : sequence of str
        What each panel shows.
    columns : int
        Panels in a row.
    title : str or None
        Title.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of Axes
        One a forecast.
    """
    predictions = as_array(predictions, "predictions", ndim=2, axes="(n_panels, time)")
    n_panels, length = predictions.shape
    time, truth = as_line(time, "time", length), as_line(truth, "truth", length)
    mse = as_line(mse, "mse", n_panels)
    if len(labels) != n_panels:
        raise ValueError(f"`labels` must have {n_panels} texts, one a forecast. Got {len(labels)}.")
    figure, axes = new_panels(n_panels, as_size(columns, "columns"), 1.45)
    norm = _tint(mse)
    for ax, forecast, score, label in zip(axes, predictions, mse, labels, strict=True):
        ax.set_facecolor(SEQUENTIAL(norm(score)))
        ax.plot(time, truth, color=TRUTH, linewidth=2)
        ax.plot(time, forecast, color=INK, linewidth=1.2)
        ax.margins(x=0)
        dress(ax)
        ax.xaxis.set_major_locator(plt.MaxNLocator(2, integer=True))
        ax.set_title(label, loc="left", fontsize=TICK, fontweight="bold", color=INK)
        ax.set_title(f"MSE {score:.3f}", loc="right", fontsize=TICK, color=INK)
    name_figure(figure, title, "sample", "value")
    return figure, axes


def plot_pair_grid(
    truth: Any,
    predictions: Any,
    mse: Any,
    *,
    title: str | None = "Forecast (dark) and truth (grey) with channels i and j deleted",
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecast of every pair of deleted channels into the cell of a matrix, all on the same scale.

    Cells are tinted by their MSE, which is written in up to 12 channels; on the framed diagonal i alone is deleted.

    Parameters
    ----------
    truth : array-like of shape (time,)
        What happened.
    predictions : array-like of shape (n_channels, n_channels, time)
        The forecasts, such as one step of the horizon of `AblationStudy.pair_predictions`.
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
    mse = _as_matrix(mse, "mse", n_channels)
    if predictions.shape[1] != n_channels:
        raise ValueError(f"`predictions` must have the shape (n_channels, n_channels, time). Got {predictions.shape}.")
    truth = as_line(truth, "truth", length)
    ax = new_axes(ax, height=9.0)
    ax.imshow(mse, cmap=SEQUENTIAL, norm=_tint(mse), interpolation="none")

    numbered = n_channels <= _READABLE
    low = float(min(truth.min(), predictions.min()))
    span = float(max(truth.max(), predictions.max())) - low or 1.0
    top, bottom = -0.4, 0.22 if numbered else 0.4  # where in a cell the highest and the lowest value stand
    across = np.linspace(-0.42, 0.42, length)
    segments = {TRUTH: [], INK: []}
    for i in range(n_channels):
        for j in range(n_channels):
            for color, values in ((TRUTH, truth), (INK, predictions[i, j])):
                down = bottom - (values - low) / span * (bottom - top)
                segments[color].append(np.column_stack((j + across, i + down)))
            if numbered:
                ax.text(j, i + 0.4, f"{mse[i, j]:.3f}", ha="center", fontsize=SMALL, color=INK)
    width = 1.4 if numbered else 0.5
    for color, factor in ((TRUTH, 1.5), (INK, 0.9)):
        ax.add_collection(LineCollection(segments[color], colors=color, linewidths=factor * width))
    for line in np.arange(0.5, n_channels - 1):
        ax.axhline(line, color="white", linewidth=2 * width)
        ax.axvline(line, color="white", linewidth=2 * width)
    for i in range(n_channels):
        ax.add_patch(Rectangle((i - 0.47, i - 0.47), 0.94, 0.94, fill=False, edgecolor=INK, linewidth=0.9 * width))
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
    ax = new_axes(ax, 6.4, 5.4)
    cmap, norm = value_scale(matrix)
    image = ax.imshow(matrix, cmap=cmap, norm=norm, interpolation="none")
    if n_channels <= _READABLE:
        for (i, j), value in np.ndenumerate(matrix):
            ax.text(j, i, f"{value:z.2f}", ha="center", va="center", fontsize=TICK, color=ink_on(cmap, norm, value))
    _number_both(ax, n_channels)
    color_bar(ax, image, unit)
    return dress(ax, title, "channel j", "channel i")


def _tint(mse: np.ndarray) -> Normalize:
    """Limits that use only the light half of the colour map, so that lines and text stay readable on it."""
    return Normalize(0, 3.3 * (float(mse.max()) or 1.0))


def _as_matrix(values: Any, name: str, n_channels: int | None = None) -> np.ndarray:
    matrix = as_array(values, name, ndim=2, axes="(n_channels, n_channels)")
    n_channels = n_channels or len(matrix)
    if matrix.shape != (n_channels, n_channels):
        raise ValueError(f"`{name}` must have the shape ({n_channels}, {n_channels}). Got {matrix.shape}.")
    return matrix


def _number_both(ax: Axes, n_channels: int) -> None:
    every = 1 if n_channels <= 30 else 5
    ax.set(xticks=range(0, n_channels, every), yticks=range(0, n_channels, every))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
