"""A layer's activations over windows and steps, and its kernels."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from conv1d_viz.checks import as_array, as_size
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import (
    ACCENT,
    INK,
    PAPER,
    SMALL,
    TICK,
    TRUTH,
    color_bar,
    dress,
    new_axes,
    number_whole,
    runs_of,
    step_label,
    value_scale,
)

_NOTE = 0.24  # of the width of an axes: what "steps 10–99 see padding" takes


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
        Draws the line of the cells (window b, step s) with b + s*stride equal to it; a single cell becomes a dot.
    stride : int
        Samples between two steps; above 1, as behind a pooling, the label of the y axis names it.
    note : str or None
        What stands beside the diagonal.
    picked : array-like of int of shape (n_windows,) or None
        A step a window that is marked, such as the one a global maximum picks; those beyond the map are left out.
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
    padded = None if padded is None else as_line(padded, "padded", n_steps, items="booleans")
    picked = None if picked is None else as_line(picked, "picked", n_windows, items="integers", minimum=0)
    diagonal = None if diagonal is None else as_size(diagonal, "diagonal", minimum=0)
    steps = first_step + np.arange(n_steps)
    if diagonal is not None and not _windows_of(diagonal, steps, stride, n_windows)[1].any():
        raise ValueError(f"`diagonal` must be the time of a cell that is drawn. Got {diagonal}.")
    ax = new_axes(ax, height=4.2)
    cmap, norm = value_scale(acts)
    extent = (-0.5, n_windows - 0.5, first_step + n_steps - 0.5, first_step - 0.5)
    image = ax.imshow(acts.T, cmap=cmap, norm=norm, aspect="auto", interpolation="none", extent=extent)
    if padded is not None:
        for first, last in runs_of(padded):
            first, last = first + first_step, last + first_step
            ax.axhspan(first - 0.5, last + 0.5, facecolor="none", edgecolor=TRUTH, hatch="////", linewidth=0)
    if picked is not None:
        ax.plot(
            np.arange(n_windows), picked, "o", color="white", markeredgecolor=INK, markersize=3, markeredgewidth=0.7
        )
    if diagonal is not None:
        _draw_diagonal(ax, diagonal, stride, note, n_windows, steps)
    ax.set(xlim=extent[:2], ylim=extent[2:])
    number_whole(ax.xaxis)
    number_whole(ax.yaxis)
    color_bar(ax, image, "activation")
    return dress(ax, title, "window (each starts one sample later)", step_label(stride))


def _draw_diagonal(ax: Axes, time: int, stride: int, note: str | None, n_windows: int, steps: np.ndarray) -> None:
    windows, exists = _windows_of(time, steps, stride, n_windows)
    ax.plot(windows[exists], steps[exists], color=ACCENT, linewidth=2, marker="o" if exists.sum() == 1 else None)
    if note:
        middle = np.flatnonzero(exists)[exists.sum() // 3]
        left = windows[middle] > 0.7 * n_windows  # the note would run out of the axes at the right
        ax.annotate(
            note,
            (windows[middle], steps[middle]),
            (-12 if left else 12, -4),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top",
            fontsize=TICK,
            color=ACCENT,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.5},
        )


def _windows_of(time: int, steps: np.ndarray, stride: int, n_windows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the window of each step's cell at a time, and whether there is such a window."""
    windows = time - steps * stride
    return windows, (windows >= 0) & (windows < n_windows)


def plot_diagonal_deviation(
    deviation: Any,
    padded: Any,
    *,
    stride: int = 1,
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
    stride : int
        Samples between two steps; above 1, as behind a pooling, the label of the x axis names it.
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
    n_steps, stride = len(deviation), as_size(stride, "stride")
    padded = as_line(padded, "padded", n_steps, items="booleans")
    ax = new_axes(ax, height=2.6)
    for first, last in runs_of(padded):
        ax.axvspan(first - 0.5, last + 0.5, facecolor=PAPER, edgecolor=TRUTH, hatch="////", linewidth=0, zorder=0)
    ax.bar(np.arange(n_steps), deviation, width=0.8, color=np.where(padded, ACCENT, INK))
    _name_runs(ax, runs_of(padded), n_steps)
    ax.set_xlim(-0.5, n_steps - 0.5)
    number_whole(ax.xaxis)
    return dress(ax, title, step_label(stride), "largest difference\nin activation")


def _name_runs(ax: Axes, runs: list[tuple[int, int]], n_steps: int) -> None:
    """Write the steps of each run beside it, on the side with more room, or into it where there is none."""
    beside = [first == 0 or n_steps - 1 - last > first for first, last in runs]
    crowded = len(runs) > 1 and n_steps - sum(last + 1 - first for first, last in runs) < 2 * _NOTE * n_steps
    for row, ((first, last), after) in enumerate(zip(runs, beside, strict=True)):
        room = n_steps - 1 - last if after else first
        inside = room < _NOTE * n_steps
        edge = (first - 0.5 if inside else last + 0.5) if after else (last + 0.5 if inside else first - 0.5)
        ax.annotate(
            f"steps {first}–{last} see padding" if last > first else f"step {first} sees padding",
            (edge, 0.9 - (0.14 * row if crowded else 0)),
            (6 if after else -6, 0),
            xycoords=("data", "axes fraction"),
            textcoords="offset points",
            ha="left" if after else "right",
            fontsize=SMALL + 1,
            color=INK,
            bbox={"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.5} if inside else None,
        )
