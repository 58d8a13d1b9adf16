"""What it costs to delete channels: one by one, in pairs, and all sets of them."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.collections import LineCollection
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_number, as_texts
from conv1d_viz.plotting import style
from conv1d_viz.plotting.series import as_line, as_time, label_time
from conv1d_viz.plotting.style import ACCENT, INK, SEQUENTIAL, TARGET, TRUTH

_LIGHT = 3.3  # the tints' scale ends at this many times the largest value, so that lines and text stay readable
_READABLE = 12  # channels up to which numbers are written into the cells of a matrix
_CURVES = ((INK, "-", "o", 4.5), (ACCENT, (0, (4, 1.5)), "s", 8), (TARGET, ":", "^", 8))  # colours, lines, marks


def plot_forecast_panels(
    time: Any,
    truth: Any,
    predictions: Any,
    mse: Any,
    labels: Sequence[str],
    *,
    columns: int | None = None,
    loss_name: str = "loss",
    unit: str = "value",
    title: str | None = "Forecast (dark) and truth (grey)",
) -> tuple[Figure, np.ndarray]:
    """Draw several forecasts of the same truth in small panels, tinted by their loss, on shared axes.

    Parameters
    ----------
    time, truth : array-like of shape (time,)
        The times that are predicted, in samples or dates, and what happened.
    predictions : array-like of shape (n_panels, time)
        The forecasts; `plot_pair_grid` suits hundreds of them better.
    mse, labels : array-like of shape (n_panels,)
        Their losses, named by `loss_name`; at least 0, so pass `loss - loss.min()` of others. What each panel shows.
    columns : int or None
        Panels in a row; None takes 4, or 5 for more than 24 panels.
    """
    predictions = as_array(predictions, "predictions", ndim=2, axes="(n_panels, time)")
    n_panels, length = predictions.shape
    (time, dates), truth = as_time(time, "time", length), as_line(truth, "truth", length)
    mse, labels = as_line(mse, "mse", n_panels, minimum=0.0), as_texts(labels, "labels", n_panels)
    figure, axes = style.new_panels(n_panels, columns, 1.45)
    form, norm = style.short_form(mse, 3), Normalize(0, _LIGHT * (mse.max() or 1.0))
    for ax, forecast, score, label in zip(axes, predictions, mse, labels, strict=True):
        ax.set_facecolor(SEQUENTIAL(norm(score)))
        ax.plot(time, truth, color=TRUTH, linewidth=2)
        ax.plot(time, forecast, color=INK, linewidth=1.2)
        ax.margins(x=0)
        style.name_panel(style.dress(ax), label, f"{loss_name} {score:{form}}")
    axes[0].xaxis.set_major_locator(MaxNLocator(2, integer=True))  # of all, since they share it
    style.name_figure(figure, title, label_time(axes[0], dates), unit)
    return figure, axes


def _as_matrix(values: Any, name: str, **bounds: Any) -> np.ndarray:
    matrix = as_array(values, name, ndim=2, axes="(n_channels, n_channels)", **bounds)
    if matrix.shape != matrix.shape[::-1]:
        raise ValueError(f"`{name}` must have the shape {(len(matrix), len(matrix))}. Got {matrix.shape}.")
    return matrix


def plot_pair_grid(
    truth: Any,
    predictions: Any,
    mse: Any,
    *,
    names: Any = None,
    loss_name: str = "loss",
    title: str | None = "Forecast (dark) and truth (grey) with channels i and j deleted",
    ax: Axes | None = None,
) -> Axes:
    """Draw the forecast of every pair of deleted channels into the cell of a matrix, all on the same scale.

    Cell (i, j), about y = i and x = j, is tinted by its loss, which is written there for up to 12 channels; a bar
    explains the tint of more. On the framed diagonal i alone is deleted.

    Parameters
    ----------
    truth : array-like of shape (time,)
        What happened.
    predictions : array-like of shape (n_channels, n_channels, time)
        The forecasts, such as one step of the horizon of `study.pair_predictions()`.
    mse : array-like of shape (n_channels, n_channels)
        Such as `study.pair_matrix()`, named by `loss_name`; at least 0, so pass `loss - loss.min()` of others.
    names : sequence of str or None
        What the channels are called, in place of their numbers.
    """
    predictions = as_array(predictions, "predictions", ndim=3, axes="(n_channels, n_channels, time)")
    mse, truth = _as_matrix(mse, "mse", minimum=0.0), as_line(truth, "truth", predictions.shape[2])
    if predictions.shape[:2] != mse.shape:
        raise ValueError(f"`predictions` must have the shape {(*mse.shape, len(truth))}. Got {predictions.shape}.")
    n_channels, numbered = len(mse), len(mse) <= _READABLE
    ax = style.new_axes(ax, height=9.0 if numbered else 8.2)
    image = _draw_matrix(ax, mse, (SEQUENTIAL, Normalize(0, _LIGHT * (mse.max() or 1.0))), names, 3, style.SMALL, 0.33)
    low = float(min(truth.min(), predictions.min()))
    span = float(max(truth.max(), predictions.max())) - low or 1.0
    top, bottom = -0.4, 0.22 if numbered else 0.4  # where in a cell the highest and the lowest value stand
    width = 1.4 if numbered else max(14 / n_channels, 0.5)
    drawn = {TRUTH: (np.broadcast_to(truth, predictions.shape), 1.5 if numbered else 2.4), INK: (predictions, 0.9)}
    for color, (values, factor) in drawn.items():
        heights = values
        if not numbered and values.shape[2] > 300:  # more points cannot be told apart in a small cell
            parts = np.array_split(values, 150, axis=2)
            heights = np.stack([extreme(part, axis=2) for part in parts for extreme in (np.min, np.max)], axis=2)
        lines = np.empty((*heights.shape, 2))
        lines[..., 0] = np.linspace(-0.42, 0.42, heights.shape[-1]) + np.arange(n_channels)[:, None]
        lines[..., 1] = bottom - (heights - low) / span * (bottom - top) + np.arange(n_channels)[:, None, None]
        segments = list(lines.reshape(n_channels**2, -1, 2))
        ax.add_collection(LineCollection(segments, colors=color, linewidths=factor * width))
    if not numbered:
        style.color_bar(ax, image, loss_name).ax.set_ylim(0, mse.max() or 1.0)
    for line, draw in itertools.product(np.arange(0.5, n_channels - 1), (ax.axhline, ax.axvline)):
        draw(line, color="white", linewidth=2 * width)
    for i in range(n_channels):  # above the white lines, and beyond the edge of the axes, which would hide them
        frame = Rectangle((i - 0.47, i - 0.47), 0.94, 0.94, fill=False, edgecolor=INK, linewidth=0.9 * width)
        ax.add_patch(frame).set(zorder=2.5, clip_on=False)
    return style.dress(ax, title, "channel j", "channel i")


def plot_matrix(
    matrix: Any,
    *,
    names: Any = None,
    unit: str = "loss",
    title: str | None = "auto",
    ax: Axes | None = None,
) -> Axes:
    """Draw a (channel x channel) matrix, such as the losses of pairs, as a colour map; up to 12 channels with numbers.

    White is 0; the scale is symmetric about it where values of two signs occur. `unit` names the values, and `names`
    take the place of the channels' numbers.
    """
    matrix = _as_matrix(matrix, "matrix")
    ax = style.new_axes(ax, *((6.4, 5.4) if len(matrix) <= 30 else (9.0, 8.1)))
    image = _draw_matrix(ax, matrix, style.value_scale(matrix), names, 2, style.TICK)
    style.color_bar(ax, image, unit)
    title = f"{unit} with channels i and j deleted" if title == "auto" else title
    return style.dress(ax, title, "channel j", "channel i")


def plot_subsets(
    n_kept: Any,
    mse: Any,
    curves: Mapping[str, Any],
    *,
    references: Mapping[str, float] | None = None,
    loss_name: str = "loss",
    title: str | None = "How many channels does the forecast need?",
    ax: Axes | None = None,
) -> Axes:
    """Draw the loss of many sets of channels as points over their size, and the losses of chosen sets as curves.

    Parameters
    ----------
    n_kept, mse : array-like of shape (n_sets,)
        How many channels each set keeps, and its loss, which `loss_name` names, on a log scale if all are above 0.
        Points of one size are spread out.
    curves : mapping of str to array-like of shape (n_channels + 1,)
        Up to 3 names with a loss for each number of kept channels, from 0.
    references : mapping of str to float or None
        Named losses, such as that of a forecaster to compare with, drawn as horizontal lines.
    """
    mse = as_line(mse, "mse")
    n_kept = as_line(n_kept, "n_kept", len(mse), items="integers", minimum=0)
    lines = {k: as_line(v, f"curves[{k!r}]") for k, v in dict(curves).items()}
    lengths = {len(line) for line in lines.values()}
    if not 0 < len(lines) <= len(_CURVES) or len(lengths) > 1:
        raise ValueError(f"`curves` must be 1 to {len(_CURVES)} curves of one length. Got {len(lines)} of {lengths}.")
    n_sizes = lengths.pop()
    if n_kept.max() >= n_sizes:
        raise ValueError(f"`n_kept` must be within 0..{n_sizes - 1}. Got {n_kept.max()}.")
    levels = {k: as_number(v, f"references[{k!r}]") for k, v in dict(references or {}).items()}
    ax = style.new_axes(ax, height=4.2)
    words: dict[str, Any] = {"textcoords": "offset points", "fontsize": style.SMALL, "color": INK}
    for name, level in levels.items():
        ax.axhline(level, color=TRUTH, linewidth=1, linestyle=":")
        ax.annotate(name, (0, level), (4, 3), xycoords=("axes fraction", "data"), **words)
    spread = 0.5 * (style.jitter(len(mse)) - 0.5)
    spread[np.bincount(n_kept)[n_kept] == 1] = 0.0
    ax.plot(n_kept + spread, mse, "o", color=TARGET, alpha=0.35, markersize=3.5, markeredgewidth=0, label="every set")
    for k, (name, line) in enumerate(lines.items()):  # the first is drawn last, on top of the others
        color, dashes, marker, size = _CURVES[k]
        look: dict[str, Any] = {"marker": marker, "markersize": size, "fillstyle": "none" if k else "full"}
        ax.plot(line, color=color, linestyle=dashes, linewidth=1.6, label=name, zorder=2.3 - 0.1 * k, **look)
    ax.margins(y=0.09)
    ax.set_xlim(-0.5, n_sizes - 0.5)
    style.number_whole(ax.xaxis)
    if min(map(np.min, (mse, *lines.values(), *levels.values()))) > 0:
        ax.set_yscale("log")
        style.number_log(ax.yaxis)
    style.legend(style.dress(ax, title, "channels kept (points are spread out)", loss_name))
    return ax


def _draw_matrix(
    ax: Axes, matrix: np.ndarray, scale: style.Scale, names: Any, decimals: int, size: int, down: float = 0.0
) -> ScalarMappable:
    """Draw a matrix without a frame, with its values where they can be read."""
    image = ax.imshow(matrix, cmap=scale[0], norm=scale[1], interpolation="none")
    if len(matrix) <= _READABLE:
        style.write_cells(ax, image, np.arange(len(matrix)), decimals, size, down)
    room = min(ax.get_window_extent().size) / style.figure_of(ax).dpi * 72 / len(matrix)  # points for each channel
    every = style.thin_out((0.64 * len(str(len(matrix) - 1)) * style.TICK + 3) / room)  # a digit is 0.64 sizes wide
    ax.set(xticks=range(0, len(matrix), every), yticks=range(0, len(matrix), every))
    if names is not None:
        labels = as_texts(names, "names", len(matrix))[::every]
        ax.set_xticklabels(labels, rotation=45)
        ax.set_yticklabels(labels)
    ax.tick_params(length=0)
    ax.spines[["left", "bottom"]].set_visible(False)
    return image
