"""Colours, type sizes and the look of an axes: what all figures have in common.

Nothing here changes matplotlib's global settings; every artist is styled where it is made.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from matplotlib.legend import Legend
from matplotlib.text import Text
from matplotlib.ticker import LogLocator, MaxNLocator, NullLocator

INK = "#1b2a3a"  # the wave, the forecast, all text
TRUTH = "#98a2ad"  # what a forecast is compared with
ACCENT = "#0072b2"  # the one thing that a figure points at
TARGET = "#d55e00"  # what is predicted
PAPER = "#f3f5f7"  # quiet areas

TITLE, LABEL, TICK, SMALL = 12, 10, 9, 8  # points, for figures 9 inches wide

POWERS = (-3, 4)  # of ten, beyond which numbers beside an axes of a fixed place are written with a factor

_TITLE_LOOK: dict[str, Any] = {"loc": "left", "fontsize": TITLE, "fontweight": "bold", "color": INK}

MANY = 24  # panels beyond which they are set closer

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
DIVERGING = LinearSegmentedColormap.from_list(
    "conv1d_viz.diverging",
    # Without the darkest colours of either arm, where the two signs could not be told apart.
    [((1 - p / _FALL[5][0]) / 2, c) for p, c in reversed(_FALL[:6])]
    + [((1 + p / _RISE[5][0]) / 2, c) for p, c in _RISE[1:6]],
)

# Okabe and Ito (2008) without yellow and black, which vanish on white or pass for ink, and two darker ones.
_CHANNELS = ["#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7", "#56b4e9", "#6b4c9a", "#8c6d1f"]


def channel_colors(n_channels: int) -> list[str]:
    """One colour a channel, whatever their number; every eighth has the same, so that labels must tell them apart."""
    return [_CHANNELS[channel % len(_CHANNELS)] for channel in range(n_channels)]


def value_scale(*arrays: np.ndarray) -> tuple[Colormap, Normalize]:
    """Colour map and limits that all `arrays` share, with 0 always white.

    Sequential from 0 where no value is negative, else diverging with limits symmetric about 0.
    """
    low = min(float(np.min(a)) for a in arrays)
    high = max(float(np.max(np.abs(a))) for a in arrays) or 1.0
    return (DIVERGING, Normalize(-high, high)) if low < 0 else (SEQUENTIAL, Normalize(0, high))


def tint(scores: np.ndarray) -> Normalize:
    """Limits that use only the light half of the sequential map, so that lines and text stay readable on it."""
    return Normalize(0, 3.3 * (float(scores.max()) or 1.0))


def short_form(values: np.ndarray, decimals: int) -> str:
    """Format of numbers where there is little room: so many decimals, unless the largest value needs fewer or more."""
    largest = float(np.abs(values).max())
    if largest and not 5 * 10.0**-decimals <= largest < 1e4:
        return ".0e" if largest < 1 else ".1e"
    return f"z.{max(0, decimals - max(0, int(np.log10(largest or 1)) - 1))}f"


def ink_on(cmap: Colormap, norm: Normalize, value: float) -> str:
    """White or ink, whichever can be read on the colour of `value`."""
    red, green, blue, _ = cmap(norm(value))
    return INK if 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.5 else "white"


def new_axes(ax: Axes | None, width: float = 9.0, height: float = 3.0) -> Axes:
    """The axes given, or those of a new figure (inches)."""
    if ax is None:
        _, ax = plt.subplots(figsize=(width, height), layout="constrained")
    if not isinstance(ax, Axes):
        raise TypeError(f"`ax` must be an Axes or None. Got {type(ax).__name__}.")
    return ax


def new_panels(n_panels: int, columns: int | None, height: float) -> tuple[Figure, np.ndarray]:
    """A figure of `n_panels` axes with shared limits, `columns` in a row (None: as many as suit their number).

    Rows are `height` inches high, and lower in figures of many panels, which would be much taller than wide.
    """
    crowded = n_panels > MANY
    columns = min((5 if crowded else 4) if columns is None else columns, n_panels)
    rows = -(-n_panels // columns)
    height *= 0.8 if crowded else 1
    figure, grid = plt.subplots(
        rows, columns, figsize=(9, height * rows + 0.7), sharex=True, sharey=True, layout="constrained", squeeze=False
    )
    axes = grid.ravel()
    for ax in axes[n_panels:]:
        ax.set_visible(False)
    for ax in axes[max(n_panels - columns, 0) : n_panels]:
        ax.tick_params(labelbottom=True)  # the lowest of its column, also where the last row is not full
    return figure, axes[:n_panels]


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


def name_axes(ax: Axes, title: str, pad: float | None = None) -> Text:
    """Give an axes a title with the common look, `pad` points above it, and return the text that holds it."""
    return ax.set_title(title, pad=pad, **_TITLE_LOOK)


def number_whole(axis: Axis) -> None:
    """Number whole windows or steps only, however few there are; otherwise as matplotlib does."""
    axis.set_major_locator(MaxNLocator("auto", integer=True, steps=[1, 2, 2.5, 5, 10], min_n_ticks=1))


def plain_numbers(ax: Axes) -> None:
    """Write whole numbers of samples at x, and at y no more digits than a fixed margin has room for."""
    ax.ticklabel_format(axis="x", style="plain", useOffset=False)
    ax.ticklabel_format(axis="y", scilimits=POWERS)


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


def color_bar(ax: Axes | np.ndarray, image: ScalarMappable, label: str, **options: Any) -> Colorbar:
    """A colour bar with the common look beside one axes or an array of them, no wider for being tall."""
    axes = np.array(ax, dtype=object).ravel().tolist()
    edges = [edge for part in axes for edge in part.get_window_extent().intervaly]
    figure = figure_of(axes[0])
    inches = (max(edges) - min(edges)) / figure.dpi
    bar = figure.colorbar(image, ax=axes, pad=0.02, aspect=max(20, 4.5 * inches), **options)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=TICK, color=TRUTH, labelcolor=INK)
    bar.set_label(label, fontsize=LABEL, color=INK)
    return bar


def legend(ax: Axes, **options: Any) -> Legend:
    """A legend without a frame, above the axes at the right, where it covers no data.

    Entries that would meet the title in one row stand below it.
    """
    place: dict[str, Any] = {"loc": "lower right", "bbox_to_anchor": (1.0, 1.0), "ncols": 4, "borderaxespad": 0.2}
    box = ax.legend(frameon=False, fontsize=TICK, labelcolor=INK, **(place | options))
    title = ax.get_title(loc="left")
    if title and not options:
        words = name_axes(ax, title)
        taken = sum(artist.get_window_extent().width for artist in (box, words))
        if taken > 0.95 * ax.get_window_extent().width:
            name_axes(ax, title, pad=24)
    return box
