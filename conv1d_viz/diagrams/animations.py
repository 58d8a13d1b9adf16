"""Animations: a window slides along a series, and a kernel over a padded window."""

import math
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation

from conv1d_viz.checks import as_size, counted
from conv1d_viz.diagrams.cells import ACCENT_TINT, BOLD, HATCH, Cell, Stage, aim, column_width, tint
from conv1d_viz.plotting.style import ACCENT, INK, LABEL, PAPER, SMALL, TARGET, TRUTH
from conv1d_viz.timelines.fields import sliding

_WAVE_Y, _WAVE_HEIGHT = -1.75, 0.8  # rows: the middle of the wave above the series, and its amplitude
_PERIOD = 12  # samples
_FUNNEL_END, _HEADS_Y, _FIRST_ROW = 2.2, 2.75, 3.8  # rows: the shapes of x and y, and their first row
_KERNEL_Y, _INPUT_Y, _OUTPUT_Y = 0.0, 1.3, 4.2  # rows


def animate_windows(n_samples: Any = 14, window: Any = 5, horizon: Any = 1) -> FuncAnimation:
    """Animate how each window of a series becomes a row of the input x, and the samples after it a row of the target y.

    Every cell holds the index of its sample. There is one frame for each of the n_samples - window - horizon + 1
    windows that have a full target, then a pause. pyplot does not manage the figure.

    `n_samples` is the length of the series, `window` that of a window, after which `horizon` samples are predicted.
    """
    window, horizon = as_size(window, "window"), as_size(horizon, "horizon")
    n_samples = as_size(n_samples, "n_samples")
    n_windows = n_samples - window - horizon + 1
    if n_windows < 1:
        raise ValueError(f"`n_samples` must be at least window + horizon = {window + horizon}. Got {n_samples}.")
    heads = [f"x: ({n_windows}, {window})", f"y: ({n_windows}, {horizon})"]
    # Empty columns between x and y: as few as keep the lines above them apart.
    apart = BOLD * LABEL / 72 * sum(map(len, heads)) / 2 / column_width(n_samples)
    gap = max(1, math.ceil(apart - (window + horizon) / 2))
    columns = range(max(n_samples, window + gap + horizon))
    x_left = (len(columns) - window - gap - horizon) // 2
    y_left = x_left + window + gap
    title = f"A window of {counted(window, 'sample')} slides along the series; the next "
    title += "one is to be predicted" if horizon == 1 else f"{horizon} are to be predicted"
    stage = Stage(columns, _WAVE_Y - _WAVE_HEIGHT - 0.3, _FIRST_ROW + n_windows - 0.5, title)

    series, t = [stage.cell(i, 0, i) for i in range(n_samples)], np.arange(20 * n_samples - 19) / 20
    wave = _WAVE_Y - _WAVE_HEIGHT * np.sin(2 * np.pi * t / _PERIOD)  # rows count downwards
    stage.ax.plot(t, wave, color=TRUTH, linewidth=1.2)
    dot = min(6, 0.4 * 72 * stage.cell_width)  # points
    dots = [stage.ax.plot(*place, "o", markersize=dot)[0] for place in zip(t[::20], wave[::20], strict=True)]
    stage.name_row(0, 0, "series")
    x = _draw_matrix(stage, heads[0], x_left, 0, (n_windows, window))
    y = _draw_matrix(stage, heads[1], y_left, window, (n_windows, horizon))
    names = [stage.name_row(x_left, _FIRST_ROW + i, f"window {i}") for i in range(n_windows)]
    to_x, to_y = stage.add_funnel(ACCENT), stage.add_funnel(TARGET)

    def show(current: int) -> None:
        target, end = current + window, current + window + horizon
        colors = dict.fromkeys(range(current, target), ACCENT) | dict.fromkeys(range(target, end), TARGET)
        for i, (cell, dot) in enumerate(zip(series, dots, strict=True)):
            cell.paint(tint(colors[i], 0.3) if i in colors else "white", bold=i in colors)
            dot.set_color(colors.get(i, TRUTH))
        for i, name in enumerate(names):
            name.set(visible=i <= current, fontweight="bold" if i == current else "normal")
            _show_row(x[i], ACCENT, i, current)
            _show_row(y[i], TARGET, i, current)
        aim(to_x, (current, target - 1, 0.5), (x_left, x_left + window - 1, _FUNNEL_END))
        aim(to_y, (target, end - 1, 0.5), (y_left, y_left + horizon - 1, _FUNNEL_END))
        seen, wanted = _samples(current, target - 1), _samples(target, end - 1)
        stage.caption.set_text(f"window {current}: {seen} in, {wanted} to predict")

    return stage.play(show, n_windows)


def _draw_matrix(stage: Stage, head: str, left: int, first: int, shape: tuple[int, int]) -> list[list[Cell]]:
    """The rows of x or y and a line above them; the cell at the top left holds the sample `first`."""
    style: dict[str, Any] = {"fontsize": stage.text_size, "fontweight": "bold", "color": INK}
    stage.ax.text(left + (shape[1] - 1) / 2, _HEADS_Y, head, ha="center", va="center", **style)
    return [[stage.cell(left + j, _FIRST_ROW + i, first + i + j) for j in range(shape[1])] for i in range(shape[0])]


def _show_row(cells: list[Cell], color: str, row: int, current: int) -> None:
    """Paint a row by whether its window has come: strong now, pale before, empty while still to come."""
    for cell in cells:
        cell.paint(_shade(color, row, current), bold=row == current)
        cell.label.set_visible(row <= current)


def _shade(color: str, place: int, current: int) -> str:
    return tint(color, 0.3) if place == current else tint(color, 0.08) if place < current else PAPER


def _samples(first: int, last: int) -> str:
    return f"sample {first}" if first == last else f"samples {first}..{last}"


def animate_kernel(window: Any = 16, kernel_size: Any = 10) -> FuncAnimation:
    """Animate a kernel that slides over a window with "same" padding and writes its output step by step.

    Padding is hatched, and so are the output steps that saw some of it. Cells hold the index of their sample or step,
    the kernel's cells the index of their weight. There is one frame per output step, then a pause. pyplot does not
    manage the figure.

    `window` are the samples of the input, `kernel_size` the weights.
    """
    window, kernel_size = as_size(window, "window"), as_size(kernel_size, "kernel_size")
    before = sliding(kernel_size, 1, "same", window).left
    after = kernel_size - 1 - before
    title = f'"same" padding: {counted(before, "zero")} on the left and {after} on the right'
    columns = range(-before, window + after)
    stage = Stage(columns, _KERNEL_Y - 0.5, _OUTPUT_Y + 1.5, title)

    padding = set(columns) - set(range(window))
    weights = [stage.cell(0, _KERNEL_Y, k) for k in range(kernel_size)]
    inputs = {i: stage.cell(i, _INPUT_Y, i, HATCH if i in padding else "") for i in columns}
    outputs = [stage.cell(i, _OUTPUT_Y, i) for i in range(window)]
    for y, name in ((_KERNEL_Y, "kernel"), (_INPUT_Y, "input"), (_OUTPUT_Y, "output")):
        stage.name_row(-before, y, name)
    note = "hatched: padding, which is 0, and the output steps that saw some of it"
    stage.ax.text(-before - 0.5, _OUTPUT_Y + 1.2, note, fontsize=SMALL, color=INK, va="center")
    funnel = stage.add_funnel(ACCENT)

    def seen_at(step: int) -> range:
        return range(step - before, step - before + kernel_size)

    def show(step: int) -> None:
        seen = seen_at(step)
        for sample, cell in zip(seen, weights, strict=True):
            cell.box.set_x(sample - 0.5)
            cell.label.set_x(sample)
            cell.paint(ACCENT, ink="white", bold=True)
        for sample, cell in inputs.items():
            plain = PAPER if sample in padding else "white"
            cell.paint(ACCENT_TINT if sample in seen else plain, bold=sample in seen)
        for i, cell in enumerate(outputs):
            cell.box.set_hatch(HATCH if i <= step and padding.intersection(seen_at(i)) else "")
            cell.paint(_shade(ACCENT, i, step), bold=i == step)
            cell.label.set_visible(i <= step)
        aim(funnel, (seen[0], seen[-1], _INPUT_Y + 0.5), (step, step, _OUTPUT_Y - 0.5))
        missing = len(padding.intersection(seen))
        rest = f"{missing} of {kernel_size} cells" if missing else "none"
        verb = "are" if missing > 1 else "is"
        stage.caption.set_text(f"step {step} sees {_samples(seen[0], seen[-1])}: {rest} {verb} padding")

    return stage.play(show, window)
