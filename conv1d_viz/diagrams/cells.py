"""Cells with a number in them, how large a text may be, and the stage of an animation: what the diagrams share."""

from collections.abc import Callable
from typing import Any, NamedTuple

from matplotlib.animation import FuncAnimation
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Polygon, Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from conv1d_viz.plotting.style import ACCENT, INK, LABEL, TARGET, TITLE, TRUTH, figure_of

HATCH = "/////"
BOLD = 0.7  # mean width of bold letters and digits, in sizes of their type
_SMALLEST = 4  # points: smaller numbers could not be read and are left out
_INTERVAL, _PAUSE = 600, 12  # milliseconds of a frame of an animation; times that the last one is shown again
_WIDTH, _MARGIN, _LEFT = 9.0, 0.25, 1.05  # inches of a stage; names of the rows stand in the room at the left
_HEAD = 0.72  # inches for the title and the caption
_WIDEST, _LOWEST, _TALLEST, _ROOM = 0.6, 0.16, 0.32, 5.6  # inches: a column; a row at least and at most; all rows


def tint(color: str, share: float) -> str:
    """A colour thinned with white: `share` 0 is white, 1 the colour itself."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(color))
    return to_hex((red, green, blue))


ACCENT_TINT, TARGET_TINT = tint(ACCENT, 0.3), tint(TARGET, 0.3)
HAIRLINE = tint(TRUTH, 0.6)  # the frame of a cell


def cell_size(largest: object, width: float, height: float) -> float:
    """The type size in points at which the `largest` number leaves air in a cell of that many inches."""
    return min(LABEL, 0.8 * 72 * width / (BOLD * len(str(largest))), 0.6 * 72 * height)


def axes_inches(ax: Axes) -> tuple[float, float]:
    """Width and height of an axes in inches, after its figure's layout."""
    figure = figure_of(ax)
    figure.draw_without_rendering()  # a constrained layout moves the axes only when it is drawn
    box = ax.get_window_extent()
    return box.width / figure.dpi, box.height / figure.dpi


class Cell(NamedTuple):
    """The two artists of a cell."""

    box: Rectangle
    label: Text

    def paint(self, face: str, *, ink: str = INK, bold: bool = False) -> None:
        """Change the colours; a hatch is darker than a frame and the number on it gets a rim of the cell's colour."""
        hatched = bool(self.box.get_hatch())
        self.box.set(facecolor=face, edgecolor=TRUTH if hatched else HAIRLINE)
        self.label.set(color=ink, fontweight="bold" if bold else "normal")
        self.label.set_path_effects([withStroke(linewidth=4, foreground=face)] if hatched else [])


def add_cell(ax: Axes, x: float, y: float, number: object, size: float, face: str = "white", hatch: str = "") -> Cell:
    """Draw a cell of width and height 1 centred on (x, y), with its number in `size` points if that can be read."""
    box = Rectangle((x - 0.5, y - 0.5), 1, 1, linewidth=0.8, hatch=hatch)
    ax.add_patch(box)
    label = str(number) if size >= _SMALLEST else ""
    cell = Cell(box, ax.text(x, y, label, ha="center", va="center_baseline", fontsize=size))
    cell.paint(face)
    return cell


class Stage:
    """An axes in units of cells, rows downwards, with a title and a caption above it, on which an animation plays.

    The figure belongs to its own canvas, not to pyplot: a notebook shows no extra picture of it.
    """

    def __init__(self, columns: range, top: float, bottom: float, title: str) -> None:
        self.cell_width = column_width(len(columns))
        self.cell_height = max(_LOWEST, min(_TALLEST, _ROOM / (bottom - top)))
        self.text_size = min(LABEL, 0.6 * 72 * self.cell_height)
        self.number_size = cell_size(columns[-1], self.cell_width, self.cell_height)
        height = _HEAD + self.cell_height * (bottom - top) + _MARGIN
        figure = Figure(figsize=(_WIDTH, round(height, 2)), dpi=100, facecolor="white")
        FigureCanvasAgg(figure)
        self.ax = figure.add_axes((0, 0, 1, 1))
        self.ax.set_axis_off()
        start = (_WIDTH + _LEFT - _MARGIN - self.cell_width * len(columns)) / 2  # inches left of the first column
        left = columns[0] - 0.5 - start / self.cell_width
        self.ax.set_xlim(left, left + _WIDTH / self.cell_width)
        self.ax.set_ylim(bottom + _MARGIN / self.cell_height, top - _HEAD / self.cell_height)
        line: dict[str, Any] = {"transform": figure.dpi_scale_trans, "color": INK, "va": "top"}
        self.ax.text(_MARGIN, height - 0.16, title, fontsize=TITLE, fontweight="bold", **line)
        self.caption = self.ax.text(_MARGIN, height - 0.44, "", fontsize=LABEL, **line)

    def cell(self, x: float, y: float, number: int, hatch: str = "") -> Cell:
        """Draw a cell on the stage."""
        return add_cell(self.ax, x, y, number, self.number_size, hatch=hatch)

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
        frames = [*range(n_frames), *[n_frames - 1] * _PAUSE]
        return FuncAnimation(figure_of(self.ax), show, frames=frames, interval=_INTERVAL)


def column_width(n_columns: int) -> float:
    """Width in inches of one of that many columns of a stage."""
    return min(_WIDEST, (_WIDTH - _LEFT - _MARGIN) / n_columns)


def aim(funnel: Polygon, upper: tuple[float, float, float], lower: tuple[float, float, float]) -> None:
    """Span a funnel between two edges, each (first column, last column, y)."""
    (a, b, y), (c, d, z) = upper, lower
    funnel.set_xy([(a - 0.5, y), (b + 0.5, y), (d + 0.5, z), (c - 0.5, z)])
