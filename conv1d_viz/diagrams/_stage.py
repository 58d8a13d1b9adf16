"""The figure an animation plays in, and how it is played."""

from collections.abc import Callable
from typing import Any

from matplotlib.animation import FuncAnimation
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Polygon
from matplotlib.text import Text

from conv1d_viz.plotting.style import INK, LABEL, TITLE, figure_of

INTERVAL = 600  # milliseconds a frame
PAUSE = 12  # times that the last frame is shown again

_WIDTH, _MARGIN, _LEFT = 9.0, 0.25, 1.05  # inches; names of the rows stand in the room at the left
_HEAD = 0.72  # inches for the title and the caption
_WIDEST, _LOWEST, _TALLEST, _ROOM = 0.6, 0.16, 0.32, 5.6  # inches: a column; a row at least and at most; all rows


class Stage:
    """An axes in units of cells (columns to the right, rows downwards), with a title and a caption above it.

    The figure belongs to its own canvas, not to pyplot: a notebook shows no extra picture of it.
    """

    def __init__(self, n_columns: int, top: float, bottom: float, title: str) -> None:
        room = _WIDTH - _LEFT - _MARGIN
        self.cell_width = column_width(n_columns)
        self.cell_height = max(_LOWEST, min(_TALLEST, _ROOM / (bottom - top)))
        self.text_size = min(LABEL, 0.6 * 72 * self.cell_height)
        height = _HEAD + self.cell_height * (bottom - top) + _MARGIN
        figure = Figure(figsize=(_WIDTH, round(height, 2)), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        self.ax = figure.add_axes((0, 0, 1, 1))
        self.ax.set_axis_off()
        start = _LEFT + (room - self.cell_width * n_columns) / 2  # inches left of the first column
        self.ax.set_xlim(-0.5 - start / self.cell_width, -0.5 + (_WIDTH - start) / self.cell_width)
        self.ax.set_ylim(bottom + _MARGIN / self.cell_height, top - _HEAD / self.cell_height)
        line: dict[str, Any] = {"transform": figure.dpi_scale_trans, "color": INK, "va": "top"}
        self.ax.text(_MARGIN, height - 0.16, title, fontsize=TITLE, fontweight="bold", **line)
        self.caption: Text = self.ax.text(_MARGIN, height - 0.44, "", fontsize=LABEL, **line)

    def name_row(self, x: float, y: float, text: str) -> Text:
        """Write what a row is at the left of its first cell."""
        style: dict[str, Any] = {"fontsize": self.text_size, "color": INK, "ha": "right", "va": "center_baseline"}
        return self.ax.text(x - 0.5 - 0.12 / self.cell_width, y, text, **style)

    def add_funnel(self, color: str) -> Polygon:
        """A pale area that links cells in two rows; `aim` it in every frame."""
        funnel = Polygon([(0, 0)] * 4, closed=True, facecolor=color, alpha=0.14, edgecolor="none", zorder=0)
        self.ax.add_patch(funnel)
        return funnel

    def play(self, show: Callable[[int], None], n_frames: int) -> FuncAnimation:
        """Animate `show(frame)` and rest on the last frame."""
        frames = [*range(n_frames), *[n_frames - 1] * PAUSE]
        return FuncAnimation(figure_of(self.ax), show, frames=frames, interval=INTERVAL)


def column_width(n_columns: int) -> float:
    """Width in inches of one of that many columns."""
    return min(_WIDEST, (_WIDTH - _LEFT - _MARGIN) / n_columns)


def aim(funnel: Polygon, upper: tuple[float, float, float], lower: tuple[float, float, float]) -> None:
    """Span a funnel between two edges, each (first column, last column, y)."""
    (a, b, y), (c, d, z) = upper, lower
    funnel.set_xy([(a - 0.5, y), (b + 0.5, y), (d + 0.5, z), (c - 0.5, z)])
