"""Animation: a window slides along a series and fills the input and the target row by row."""

from itertools import count
from typing import Any

import numpy as np
from matplotlib.animation import FuncAnimation
from matplotlib.lines import Line2D

from conv1d_viz.checks import as_size
from conv1d_viz.diagrams._cells import Cell, add_cell, tint
from conv1d_viz.diagrams._stage import Stage, aim, column_width
from conv1d_viz.diagrams._text import cell_size, counted, text_width
from conv1d_viz.plotting.style import ACCENT, INK, LABEL, PAPER, TARGET, TRUTH

_WAVE_Y, _WAVE_HEIGHT = -1.75, 0.8  # rows: the middle of the wave above the series, and its amplitude
_PERIOD = 12  # samples
_FUNNEL_END, _HEADS_Y, _FIRST_ROW = 2.2, 2.75, 3.8  # rows: the shapes of x and y, and their first row


def animate_windows(n_samples: Any = 14, window: Any = 5, horizon: Any = 1) -> FuncAnimation:
    """Animate how each window of a series becomes a row of the input x, and the samples after it a row of the target y.

    Every cell holds the index of its sample. Windows without a full target are left out, so there are
    n_samples - window - horizon + 1 of them.

    Parameters
    ----------
    n_samples : int
        Length of the series in samples.
    window : int
        Samples in a window.
    horizon : int
        Samples after a window that are predicted from it.

    Returns
    -------
    FuncAnimation
        One frame a window, then a pause. Its figure is unknown to pyplot.

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is below 1 or the series is too short for one window and its target.

    Examples
    --------
    >>> movie = animate_windows(n_samples=10, window=4)
    >>> movie.save("windows.gif", writer="pillow")  # doctest: +SKIP
    """
    window, horizon = as_size(window, "window"), as_size(horizon, "horizon")
    n_samples = as_size(n_samples, "n_samples")
    if n_samples < window + horizon:
        raise ValueError(f"`n_samples` must be at least window + horizon = {window + horizon}. Got {n_samples}.")
    scene = _Scene(n_samples, window, horizon)
    return scene.stage.play(scene.show, scene.n_windows)


class _Scene:
    """The series, the matrices x and y, and what links them."""

    def __init__(self, n_samples: int, window: int, horizon: int) -> None:
        self.window, self.horizon = window, horizon
        self.n_windows = n_samples - window - horizon + 1
        heads = [f"x: ({self.n_windows}, {window})", f"y: ({self.n_windows}, {horizon})"]
        gap = _gap(n_samples, window, horizon, heads)
        top, bottom = _WAVE_Y - _WAVE_HEIGHT - 0.3, _FIRST_ROW + self.n_windows - 0.5
        following = "one is" if horizon == 1 else f"{horizon} are"
        slides = f"A window of {counted(window, 'sample')} slides along the series"
        self.stage = stage = Stage(
            max(n_samples, window + gap + horizon), top, bottom, f"{slides}; the next {following} to be predicted"
        )
        self.size = cell_size("0" * len(str(n_samples - 1)), stage.cell_width, stage.cell_height, LABEL)

        self.series = [add_cell(stage.ax, i, 0, i, size=self.size) for i in range(n_samples)]
        self.dots = _draw_wave(stage, n_samples)
        stage.name_row(0, 0, "series")
        self.x_left = max(0, (n_samples - window - gap - horizon) // 2)
        self.y_left = self.x_left + window + gap
        self.x = self._draw_matrix(heads[0], self.x_left, window, first=0)
        self.y = self._draw_matrix(heads[1], self.y_left, horizon, first=window)
        self.names = [stage.name_row(self.x_left, _FIRST_ROW + i, f"window {i}") for i in range(self.n_windows)]
        self.to_x, self.to_y = stage.add_funnel(ACCENT), stage.add_funnel(TARGET)

    def show(self, current: int) -> None:
        """Show a window and its target as they become a row."""
        target = current + self.window
        colors = dict.fromkeys(range(current, target), ACCENT) | {target + i: TARGET for i in range(self.horizon)}
        for i, (cell, dot) in enumerate(zip(self.series, self.dots, strict=True)):
            cell.paint(tint(colors[i], 0.3) if i in colors else "white", bold=i in colors)
            dot.set_color(colors.get(i, TRUTH))
        for i, name in enumerate(self.names):
            name.set(visible=i <= current, fontweight="bold" if i == current else "normal")
            _show_row(self.x[i], ACCENT, i, current)
            _show_row(self.y[i], TARGET, i, current)
        aim(self.to_x, (current, target - 1, 0.5), (self.x_left, self.x_left + self.window - 1, _FUNNEL_END))
        last = self.horizon - 1
        aim(self.to_y, (target, target + last, 0.5), (self.y_left, self.y_left + last, _FUNNEL_END))
        seen, wanted = _samples(current, self.window), _samples(target, self.horizon)
        self.stage.caption.set_text(f"window {current}: {seen} in, {wanted} to predict")

    def _draw_matrix(self, head: str, left: int, n_columns: int, first: int) -> list[list[Cell]]:
        """The rows of x or y and a line above them; the cell at the top left holds the sample `first`."""
        ax, middle = self.stage.ax, left + (n_columns - 1) / 2
        style: dict[str, Any] = {
            "ha": "center",
            "va": "center",
            "fontsize": self.stage.text_size,
            "fontweight": "bold",
            "color": INK,
        }
        ax.text(middle, _HEADS_Y, head, **style)
        return [
            [add_cell(ax, left + j, _FIRST_ROW + i, first + i + j, size=self.size) for j in range(n_columns)]
            for i in range(self.n_windows)
        ]


def _draw_wave(stage: Stage, n_samples: int) -> list[Line2D]:
    """A sine through the samples, and one dot a sample."""

    def height(t: np.ndarray) -> np.ndarray:
        return _WAVE_Y - _WAVE_HEIGHT * np.sin(2 * np.pi * t / _PERIOD)  # rows count downwards

    dot = min(6, 0.4 * 72 * stage.cell_width)  # points
    fine, samples = np.linspace(0, n_samples - 1, 20 * n_samples), np.arange(n_samples)
    stage.ax.plot(fine, height(fine), color=TRUTH, linewidth=1.2)
    return [stage.ax.plot(t, y, "o", markersize=dot)[0] for t, y in zip(samples, height(samples), strict=True)]


def _show_row(cells: list[Cell], color: str, row: int, current: int) -> None:
    """Paint a row by whether its window has come: strong now, pale before, empty while still to come."""
    face = tint(color, 0.3) if row == current else tint(color, 0.08) if row < current else PAPER
    for cell in cells:
        cell.paint(face, bold=row == current)
        cell.label.set_visible(row <= current)


def _gap(n_samples: int, window: int, horizon: int, heads: list[str]) -> int:
    """Empty columns between x and y: as few as keep the lines above them apart."""
    apart = 0.2 + sum(text_width(head, LABEL, bold=True) for head in heads) / 2  # inches between their middles

    def fits(gap: int) -> bool:
        return (gap + (window + horizon) / 2) * column_width(max(n_samples, window + gap + horizon)) >= apart

    return next(gap for gap in count(1) if fits(gap))


def _samples(first: int, n: int) -> str:
    return f"sample {first}" if n == 1 else f"samples {first}..{first + n - 1}"
