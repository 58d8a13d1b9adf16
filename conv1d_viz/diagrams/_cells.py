"""Cells with a number in them: what the diagrams are made of."""

from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.patches import Rectangle
from matplotlib.patheffects import withStroke
from matplotlib.text import Text

from conv1d_viz.plotting.style import ACCENT, INK, TARGET, TRUTH, figure_of

HATCH = "/////"

_SMALLEST = 4  # points: smaller numbers could not be read and are left out


def tint(color: str, share: float) -> str:
    """A colour thinned with white: `share` 0 is white, 1 the colour itself."""
    red, green, blue = (1 - share * (1 - part) for part in to_rgb(color))
    return to_hex((red, green, blue))


ACCENT_TINT, TARGET_TINT = tint(ACCENT, 0.3), tint(TARGET, 0.3)
HAIRLINE = tint(TRUTH, 0.6)  # the frame of a cell


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

    def move(self, x: float) -> None:
        """Put the centre at the column `x`."""
        self.box.set_x(x - 0.5)
        self.label.set_x(x)


def add_cell(
    ax: Axes, x: float, y: float, text: object = "", *, size: float, face: str = "white", hatch: str | None = None
) -> Cell:
    """Draw a cell of width and height 1 centred on (x, y), with `text` of `size` points if that can be read."""
    box = Rectangle((x - 0.5, y - 0.5), 1, 1, linewidth=0.8, hatch=hatch)
    ax.add_patch(box)
    label = str(text) if size >= _SMALLEST else ""
    cell = Cell(box, ax.text(x, y, label, ha="center", va="center_baseline", fontsize=size))
    cell.paint(face)
    return cell


def axes_inches(ax: Axes) -> tuple[float, float]:
    """Width and height of an axes in inches, after its figure's layout."""
    figure = figure_of(ax)
    figure.draw_without_rendering()  # a constrained layout moves the axes only when it is drawn
    box = ax.get_window_extent()
    return box.width / figure.dpi, box.height / figure.dpi
