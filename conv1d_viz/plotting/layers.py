"""A layer's activations over windows and steps, and its kernels."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conv1d_viz._checks import as_array, as_size
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import (
    ACCENT,
    INK,
    PAPER,
    SMALL,
    TICK,
    TRUTH,
    channel_colors,
    color_bar,
    dress,
    name_figure,
    new_axes,
    new_panels,
    value_scale,
)


def plot_window_map(
    acts: Any,
    *,
    padded: Any = None,
    diagonal: int | None = None,
    stride: int = 1,
    note: str | None = None,
    picked: Any = None,
    first_step: int = 0,
    title: str | None = "One channel: every window, every step",
    ax: Axes | None = None,
) -> Axes:
    """Draw one channel's activations as a map, window on the x axis and step on the y axis.

    White is 0; the limits are symmetric about it where values of two signs occur.

    Parameters
    ----------
    acts : array-like of shape (n_windows, n_steps)
        The activations of one channel.
    padded : array-like of bool of shape (n_steps,) or None
        Steps that see padding; they are hatched.
    diagonal : int or None
        Draws the line of the cells (window b, step s) with b + s*stride equal to it.
    stride : int
        Samples between two steps.
    note : str or None
        What stands beside the diagonal.
    picked : array-like of int of shape (n_windows,) or None
        A step a window that is marked, such as the one a global maximum picks.
    first_step : int
        The number of the first row, where `acts` holds only the later steps of the windows.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    acts = as_array(acts, "acts", ndim=2, axes="(n_windows, n_steps)")
    n_windows, n_steps = acts.shape
    stride, first_step = as_size(stride, "stride"), as_size(first_step, "first_step", minimum=0)
    padded = None if padded is None else as_line(padded, "padded", n_steps) > 0
    picked = None if picked is None else as_line(picked, "picked", n_windows)
    diagonal = None if diagonal is None else as_size(diagonal, "diagonal", minimum=0)
    if diagonal is not None and diagonal > n_windows - 1 + (first_step + n_steps - 1) * stride:
        raise ValueError(f"`diagonal` must be the time of a cell that is drawn. Got {diagonal}.")
    ax = new_axes(ax, height=4.2)
    cmap, norm = value_scale(acts)
    extent = (-0.5, n_windows - 0.5, first_step + n_steps - 0.5, first_step - 0.5)
    image = ax.imshow(acts.T, cmap=cmap, norm=norm, aspect="auto", interpolation="none", extent=extent)
    if padded is not None:
        for first, last in _runs(padded):
            first, last = first + first_step, last + first_step
            ax.axhspan(first - 0.5, last + 0.5, facecolor="none", edgecolor=TRUTH, hatch="////", linewidth=0)
    if picked is not None:
        ax.plot(
            np.arange(n_windows), picked, "o", color="white", markeredgecolor=INK, markersize=3, markeredgewidth=0.7
        )
    if diagonal is not None:
        _draw_diagonal(ax, diagonal, stride, note, n_windows, first_step + np.arange(n_steps))
    ax.set(xlim=extent[:2], ylim=extent[2:])
    color_bar(ax, image, "activation")
    return dress(ax, title, "window (each starts one sample later)", "step in the window")


def _draw_diagonal(ax: Axes, time: int, stride: int, note: str | None, n_windows: int, steps: np.ndarray) -> None:
    windows = time - steps * stride
    exists = (windows >= 0) & (windows < n_windows)
    ax.plot(windows[exists], steps[exists], color=ACCENT, linewidth=2)
    if note and exists.any():
        middle = np.flatnonzero(exists)[exists.sum() // 3]
        ax.annotate(
            note,
            (windows[middle], steps[middle]),
            (12, -4),
            textcoords="offset points",
            va="top",
            fontsize=TICK,
            color=ACCENT,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.5},
        )


def _runs(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(int), [0]))))
    return [(int(first), int(last) - 1) for first, last in edges.reshape(-1, 2)]


def plot_diagonal_deviation(
    deviation: Any,
    padded: Any,
    *,
    title: str | None = "Cells of a diagonal are equal, except where they saw padding",
    ax: Axes | None = None,
) -> Axes:
    """Draw, for each step, how far its cells are from the others on their diagonal; hatch the steps that see padding.

    Parameters
    ----------
    deviation : array-like of shape (n_steps,)
        Largest absolute difference of each step, such as the maximum over channels of `diagonal_deviation`.
    padded : array-like of bool of shape (n_steps,)
        Steps that see padding.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    deviation = as_line(deviation, "deviation")
    padded = as_line(padded, "padded", len(deviation)) > 0
    ax = new_axes(ax, height=2.6)
    for first, last in _runs(padded):
        ax.axvspan(first - 0.5, last + 0.5, facecolor=PAPER, edgecolor=TRUTH, hatch="////", linewidth=0, zorder=0)
    steps = np.arange(len(deviation))
    ax.bar(steps, deviation, width=0.8, color=np.where(padded, ACCENT, INK))
    for first, last in _runs(padded):
        side = "left" if first == 0 else "right"
        ax.annotate(
            f"steps {first}–{last} see padding",
            (last + 0.5 if side == "left" else first - 0.5, 0.9),
            (6 if side == "left" else -6, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha=side,
            fontsize=SMALL + 1,
            color=INK,
        )
    ax.set_xlim(-0.5, len(deviation) - 0.5)
    return dress(ax, title, "step in the window", "largest difference\nin activation")


def plot_kernels(
    weights: Any,
    bias: Any = None,
    *,
    start: int = 0,
    columns: int = 4,
    title: str | None = "The kernels: what each channel multiplies the samples with",
) -> tuple[Figure, np.ndarray]:
    """Draw the kernels of a convolution side by side, one scale for all.

    Parameters
    ----------
    weights : array-like of shape (size, n_features, n_channels)
        The kernels; each feature is a line of its own.
    bias : array-like of shape (n_channels,) or None
        Written into each panel.
    start : int
        The first sample that a kernel sees, counted from its step.
    columns : int
        Panels in a row.
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
    figure, axes = new_panels(n_channels, as_size(columns, "columns"), 1.55)
    samples = start + np.arange(size)
    for channel, (ax, color) in enumerate(zip(axes, channel_colors(n_channels), strict=True)):
        ax.axhline(0, color=TRUTH, linewidth=0.8)
        if n_features == 1:
            ax.bar(samples, weights[:, 0, channel], width=0.75, color=color)
        else:
            ax.plot(samples, weights[:, :, channel], ".-", color=color, linewidth=1, alpha=0.8)
        dress(ax)
        ax.set_title(f"channel {channel}", loc="left", fontsize=TICK, fontweight="bold", color=INK)
        if bias is not None:
            ax.set_title(f"bias {bias[channel]:+z.2f}", loc="right", fontsize=SMALL, color=INK)
    axes[0].xaxis.set_major_locator(plt.MaxNLocator(5, integer=True))
    name_figure(figure, title, "sample, counted from the step", "weight")
    return figure, axes
