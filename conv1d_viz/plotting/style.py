"""Colours, type sizes and the look of an axes: what all figures have in common; each artist is styled by itself."""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

from conv1d_viz.checks import as_size

INK = "#1b2a3a"  # the wave, the forecast, all text
TRUTH = "#98a2ad"  # what a forecast is compared with
ACCENT = "#0072b2"  # the one thing that a figure points at
TARGET = "#d55e00"  # what is predicted
PAPER = "#f3f5f7"  # quiet areas

TITLE, LABEL, TICK, SMALL, SMALLEST = 12, 10, 9, 8, 6  # points, for figures 9 inches wide
MANY = 24  # panels beyond which they are set closer, channels beyond which an axes is tall

# The colours stand where their CIE lightness falls in equal steps, so equal steps of a value look equal, in grey too.
_RISE = [
    (0.0, "#ffffff"), (0.085, "#fde5c8"), (0.21, "#fcbc7a"), (0.367, "#f28444"),
    (0.537, "#d24a4a"), (0.702, "#98265a"), (0.858, "#571a4f"), (1.0, "#250d33"),
]  # fmt: skip
_FALL = [
    (0.0, "#ffffff"), (0.094, "#dbe9f0"), (0.224, "#a6cbdf"), (0.395, "#63a3c8"),
    (0.564, "#2f7aab"), (0.721, "#1d5486"), (0.867, "#163459"), (1.0, "#0d1a30"),
]  # fmt: skip
SEQUENTIAL = LinearSegmentedColormap.from_list("conv1d_viz.sequential", _RISE)
# Without the darkest colours of either arm, where the two signs could not be told apart.
_ARMS = (
    [((1 - p / _FALL[5][0]) / 2, c) for p, c in _FALL[5::-1]],
    [((1 + p / _RISE[5][0]) / 2, c) for p, c in _RISE[1:6]],
)
DIVERGING = LinearSegmentedColormap.from_list("conv1d_viz.diverging", _ARMS[0] + _ARMS[1])

# Okabe and Ito (2008) without yellow and black, which vanish on white or pass for ink, and two darker ones.
_CHANNELS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#6b4c9a", "#8c6d1f"]

Scale = tuple[Colormap, Normalize]


def channel_colors(n_channels: int) -> list[str]:
    """One colour per channel, whatever their number; every eighth is the same, so labels must tell them apart."""
    return [_CHANNELS[channel % len(_CHANNELS)] for channel in range(n_channels)]


def value_scale(*arrays: np.ndarray) -> Scale:
    """Colour map and limits that `arrays` share: from a white 0 up, or symmetric about it where a value is negative."""
    low = min(float(np.min(a)) for a in arrays)
    high = max(float(np.max(np.abs(a))) for a in arrays) or 1.0
    return (DIVERGING, Normalize(-high, high)) if low < 0 else (SEQUENTIAL, Normalize(0, high))


def short_form(values: np.ndarray, decimals: int) -> str:
    """Format of numbers where there is little room: so many decimals, unless the largest value needs fewer or more."""
    largest = float(np.abs(values).max())
    if largest and not 5 * 10.0**-decimals <= largest < 1e4:
        return ".0e" if largest < 1 else ".1e"
    return f"z.{max(0, decimals - max(0, int(np.log10(largest or 1)) - 1))}f"


def new_axes(ax: Axes | None, width: float = 9.0, height: float = 3.0) -> Axes:
    """The axes given, or those of a new figure (inches)."""
    if ax is None:
        return plt.subplots(figsize=(width, height), layout="constrained")[1]
    if not isinstance(ax, Axes):
        raise TypeError(f"`ax` must be an Axes or None. Got {type(ax).__name__}.")
    return ax


def new_panels(n_panels: int, columns: int | None, height: float) -> tuple[Figure, np.ndarray]:
    """A figure of `n_panels` axes with shared limits, rows of so many inches; they stand closer if they are many."""
    usual, height = (5, 0.8 * height) if n_panels > MANY else (4, height)
    columns = min(usual if columns is None else as_size(columns, "columns"), n_panels)
    rows = -(-n_panels // columns)
    shared: dict[str, Any] = {"sharex": True, "sharey": True, "layout": "constrained", "squeeze": False}
    figure, grid = plt.subplots(rows, columns, figsize=(9, height * rows + 0.7), **shared)
    for k, ax in enumerate(grid.flat):
        ax.set_visible(k < n_panels)
        ax.tick_params(labelbottom=k >= n_panels - columns)  # the lowest of its column, in a row that is not full too
    return figure, grid.ravel()[:n_panels]


def name_panel(ax: Axes, left: str, right: str = "") -> None:
    """Write what one of many panels shows, and a number at its right end."""
    ax.set_title(left, loc="left", fontsize=SMALL, fontweight="bold", color=INK)
    ax.set_title(right, loc="right", fontsize=SMALL, color=INK)


def name_figure(figure: Figure, title: str | None, xlabel: str | None = None, ylabel: str | None = None) -> None:
    """Give a figure of several axes the title and the labels that they share."""
    if title:
        figure.suptitle(title, x=0.01, ha="left", fontsize=TITLE, fontweight="bold", color=INK)
    if xlabel:
        figure.supxlabel(xlabel, fontsize=LABEL, color=INK)
    if ylabel:
        figure.supylabel(ylabel, fontsize=LABEL, color=INK)


def figure_of(ax: Axes) -> Figure:
    """The figure that an axes stands in."""
    return ax.get_figure(root=True)  # type: ignore[return-value]  # None once the axes is removed


def dress(ax: Axes, title: str | None = None, xlabel: str | None = None, ylabel: str | None = None) -> Axes:
    """Give an axes the common look: ink text, a bold title at the left, no frame at the top and right."""
    ax.spines[["top", "right"]].set_visible(False)
    ax.spines[["left", "bottom"]].set_color(TRUTH)
    ax.tick_params(labelsize=TICK, color=TRUTH, labelcolor=INK)
    if title:
        name_axes(ax, title)
    if xlabel:
        ax.set_xlabel(xlabel, fontsize=LABEL, color=INK)
    if ylabel:
        ax.set_ylabel(ylabel, fontsize=LABEL, color=INK)
    return ax


def name_axes(ax: Axes, title: str, pad: float | None = None) -> None:
    """Give an axes a title with the common look, `pad` points above it."""
    ax.set_title(title, pad=pad, loc="left", fontsize=TITLE, fontweight="bold", color=INK)


def number_whole(axis: Axis) -> None:
    """Number whole windows or steps only, however few there are; otherwise as matplotlib does."""
    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1))


def step_label(stride: int) -> str:
    """Label of an axis of steps, with the samples between two of them where these are not one."""
    return "step in the window" + (f" (each {stride} samples later)" if stride > 1 else "")


def runs_of(mask: np.ndarray) -> list[tuple[int, int]]:
    """First and last index of each run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], mask.astype(int), [0]))))
    return [(int(first), int(last) - 1) for first, last in edges.reshape(-1, 2)]


def number_log(axis: Axis) -> None:
    """Number a logarithmic axis at powers of ten, or closer where it spans fewer than two of them."""
    low, high = sorted(axis.get_view_interval())
    if high < 100 * low:
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter("{x:g}")
    axis.set_minor_locator(NullLocator())


def color_bar(ax: Axes | np.ndarray, image: ScalarMappable, label: str) -> Colorbar:
    """A colour bar with the common look beside one axes or an array of them, no wider for being tall."""
    axes = np.array(ax, dtype=object).ravel().tolist()
    figure, edges = figure_of(axes[0]), [part.get_window_extent().intervaly for part in axes]
    bar = figure.colorbar(image, ax=axes, pad=0.02, aspect=max(20, 4.5 * np.ptp(edges) / figure.dpi))
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=TICK, color=TRUTH, labelcolor=INK)
    bar.set_label(label, fontsize=LABEL, color=INK)
    return bar


def legend(ax: Axes, **options: Any) -> None:
    """A legend without a frame, above the axes at the right, where it covers no data; a title stands above it."""
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 4, "borderaxespad": 0.2}
    if "bbox_to_anchor" not in options and ax.get_title(loc="left"):
        name_axes(ax, ax.get_title(loc="left"), pad=24)
    ax.legend(frameon=False, fontsize=TICK, labelcolor=INK, **(place | options))


def draw_map(ax: Axes, values: np.ndarray, columns: np.ndarray, rows: tuple[float, float], scale: Scale) -> AxesImage:
    """Draw `values` of shape (row, column): columns lie about these places, rows from one edge down to the other."""
    extent, (cmap, norm) = (*span(columns), *rows[::-1]), scale
    return ax.imshow(values, cmap=cmap, norm=norm, aspect="auto", interpolation="none", extent=extent)


def write_cells(ax: Axes, image: AxesImage, columns: np.ndarray, decimals: int, size: int, down: float = 0.0) -> None:
    """Write the values of a map with its columns at these places into its cells, `down` below their middles."""
    values = np.asarray(image.get_array())
    form = short_form(values, decimals)
    for (i, j), value in np.ndenumerate(values):
        ink = INK if np.dot(image.to_rgba(value)[:3], (0.2126, 0.7152, 0.0722)) > 0.5 else "white"
        ax.text(float(columns[j]), i + down, f"{value:{form}}", ha="center", va="center", fontsize=size, color=ink)


def hatch_runs(ax: Axes, mask: np.ndarray, places: np.ndarray, *, rows: bool = False, **options: Any) -> None:
    """Hatch each run of the cells at `places`, columns or `rows`, where `mask` is true; above images, below bars."""
    half = places[0] - span(places)[0]
    look: dict[str, Any] = {"facecolor": PAPER, "edgecolor": TRUTH, "hatch": "////", "linewidth": 0, "zorder": 0.5}
    look |= options
    for first, last in runs_of(mask):
        (ax.axhspan if rows else ax.axvspan)(places[first] - half, places[last] + half, **look)
        look.pop("label", None)  # the first stands for all in a legend


def span(places: np.ndarray) -> tuple[float, float]:
    """Outer edges of the first and the last of cells that lie equally far apart."""
    half = (places[-1] - places[0]) / (2 * max(len(places) - 1, 1)) or 0.5
    return float(places[0] - half), float(places[-1] + half)


def jitter(count: int) -> np.ndarray:
    """Numbers from 0 to 1 that fall evenly, however many there are: multiples of the golden section."""
    return (np.arange(count) * 0.618) % 1


def number_channels(ax: Axes, n_channels: int, labels: list[str] | None = None) -> None:
    """Number the channels down the y axis of a dressed axes, or write `labels`; as many as there is room for."""
    pitch = ax.get_window_extent().height / figure_of(ax).dpi * 72 / n_channels  # points
    every = thin_out(1.25 * SMALLEST / pitch)
    ax.set_yticks(range(0, n_channels, every), None if labels is None else labels[::every])
    ax.tick_params(axis="y", length=0, labelsize=min(TICK, every * pitch / 1.25))
    if n_channels > MANY:  # the upper channels are far from the numbers below
        ax.tick_params(axis="x", labeltop=True)


def write_rows(ax: Axes, texts: list[str], x: float, **look: Any) -> None:
    """Write a text for each channel that `number_channels` numbered, at a fraction `x` of the width of the axes."""
    look |= {"va": "center", "fontsize": ax.yaxis.get_tick_params()["labelsize"], "color": INK}
    for row in ax.get_yticks().astype(int):
        ax.text(x, row, texts[row], transform=ax.get_yaxis_transform(), **look)


def thin_out(crowding: float) -> int:
    """Return n where every n-th number is written, if `crowding` of them would share the room of one."""
    return next((every for every in (1, 5, 10, 20, 50, 100, 200, 500) if every >= crowding), 1000)
