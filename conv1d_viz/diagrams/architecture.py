"""A sequential model as a row of tensors, drawn without graphviz."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conv1d_viz.diagrams._cells import axes_inches, tint
from conv1d_viz.diagrams._tensors import Tensor, as_tensors
from conv1d_viz.diagrams._text import counted, parts, text_width, wrap
from conv1d_viz.plotting.style import ACCENT, INK, SMALL, TARGET, TICK, dress, new_axes

_MAX_LANES = 60
_LANE, _THINNEST = 0.13, 0.025  # inches: a lane alone, and the thinnest that can be told from its neighbours
_TALLEST, _FOOT, _HEAD, _MARGIN = 1.8, 0.62, 0.25, 0.45  # inches: longest tensor, room below, above and beside it
_MIDDLE = _FOOT + _TALLEST / 2


def draw_model(rows: Iterable[Any], *, title: str | None = None, ax: Axes | None = None) -> Axes:
    """Draw a sequential model from left to right: a block a tensor, an arrow a layer.

    A block grows with the square root of its steps (height) and of its channels (width). It has one lane a channel, or
    as many as can be told apart, 60 at most.

    Parameters
    ----------
    rows : sequence of (name, detail, output_shape, n_parameters)
        The input first, then one row a layer. `output_shape` has no batch axis: (steps, channels) or (values,);
        None is an open length. `detail` says in a few words what the layer does.
    title : str, optional
        In place of the diagram's own; "" for none.
    ax : Axes, optional
        Where to draw; a new figure otherwise.

    Returns
    -------
    Axes
        The axes drawn on.

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If there are no rows, a row has another form, or a size is too small.

    Examples
    --------
    >>> ax = draw_model([("input", "", (100, 1), 0), ("conv1", "Conv1D, 8 filters of 10", (100, 8), 88)])
    """
    tensors = as_tensors(rows)
    if title is None:
        total = sum(tensor.n_parameters for tensor in tensors)
        title = f"From {tensors[0].shape} to {tensors[-1].shape} with {counted(total, 'parameter')}"
    ax = new_axes(ax, 9.0, _FOOT + _TALLEST + _HEAD + 0.4)
    dress(ax, title)
    ax.set_axis_off()
    width, _ = axes_inches(ax)
    ax.set(xlim=(0, width), ylim=(0, _FOOT + _TALLEST + _HEAD))  # inches, unless the axes given are lower

    blocks = _block_widths(tensors, 0.25 * width)
    gap = (width - 2 * _MARGIN - sum(blocks)) / max(len(tensors) - 1, 1)
    lefts = _MARGIN + np.cumsum([0, *blocks[:-1]]) + gap * np.arange(len(tensors))
    size = _label_size(tensors, 0.86 * gap)
    colors = [INK, *[ACCENT] * (len(tensors) - 2), TARGET]
    _name_input(ax, tensors[0].name, lefts[0] + blocks[0] / 2, size)
    for i, tensor in enumerate(tensors):
        height = _block_height(tensor, tensors)
        _draw_block(ax, tensor, lefts[i], blocks[i], height, colors[i])
        if i > 0:
            _draw_arrow(ax, tensor, lefts[i] - gap, lefts[i], size)
    return ax


def _block_height(tensor: Tensor, tensors: list[Tensor]) -> float:
    """Height of a block in inches; an open length is drawn as the longest."""
    longest = max(other.steps or 1 for other in tensors)
    return max(_TALLEST * math.sqrt((tensor.steps or longest) / longest), 0.08)


def _block_widths(tensors: list[Tensor], room: float) -> list[float]:
    """Width of every block in inches; together they take at most `room`."""
    widths = [_LANE * min(tensor.channels, _MAX_LANES) ** 0.5 for tensor in tensors]
    return [width * min(1, room / sum(widths)) for width in widths]


def _label_size(tensors: list[Tensor], room: float) -> float:
    """The type size at which every part of the labels fits into `room` inches, 6 points at least."""
    plain = [part for tensor in tensors for word in f"{tensor.detail} parameters".split() for part in parts(word)]
    bold = [part for tensor in tensors for part in parts(tensor.name)]
    widest = max([text_width(part, 1) for part in plain] + [text_width(part, 1, bold=True) for part in bold])
    return min(TICK, max(6, room / widest))


def _bold(size: float) -> dict[str, Any]:
    return {"fontsize": size, "fontweight": "bold", "color": INK}


def _name_input(ax: Axes, name: str, centre: float, size: float) -> None:
    """The name of the first block, above the tallest; a long one is moved inwards."""
    inside = max(centre, text_width(name, size, bold=True) / 2)
    ax.text(inside, _FOOT + _TALLEST + 0.08, name, ha="center", **_bold(size))


def _draw_block(ax: Axes, tensor: Tensor, left: float, width: float, height: float, color: str) -> None:
    """The lanes of one tensor and, below, its shape in numbers and in words."""
    lanes = min(tensor.channels, _MAX_LANES, max(1, int(width / _THINNEST)))
    pitch = width / lanes
    for lane in range(lanes):
        corner = (left + lane * pitch, _MIDDLE - height / 2)
        # unsnapped, or narrow lanes would differ by a pixel
        ax.add_patch(Rectangle(corner, 0.8 * pitch, height, facecolor=tint(color, 0.75), edgecolor="none", snap=False))
    centre = left + width / 2
    ax.text(centre, _FOOT - 0.1, str(tensor.shape), ha="center", va="top", fontsize=TICK, color=INK)
    kinds = ["step", "channel"] if len(tensor.shape) == 2 else ["value"]
    words = [counted(n, kind) if n else f"any {kind}s" for n, kind in zip(tensor.shape, kinds, strict=True)]
    ax.text(centre, _FOOT - 0.27, "\n".join(words), ha="center", va="top", fontsize=SMALL, color=INK)


def _draw_arrow(ax: Axes, tensor: Tensor, start: float, end: float, size: float) -> None:
    """The layer between two tensors: its name and detail above the arrow, its parameters below."""
    style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 3, "shrinkB": 3}
    ax.annotate("", (end, _MIDDLE), (start, _MIDDLE), arrowprops=style)
    centre, room = (start + end) / 2, 0.86 * (end - start)
    detail = wrap(tensor.detail, room, size)
    ax.annotate(detail, (centre, _MIDDLE), (0, 5), textcoords="offset points", ha="center", fontsize=size, color=INK)
    lines = detail.count("\n") + 1 if detail else 0
    name_at = (0, 5 + lines * size * 1.3)  # points above the arrow
    name = wrap(tensor.name, room, size, bold=True)
    ax.annotate(name, (centre, _MIDDLE), name_at, textcoords="offset points", ha="center", **_bold(size))
    below = wrap(counted(tensor.n_parameters, "parameter") if tensor.n_parameters else "no parameters", room, size)
    ax.annotate(
        below, (centre, _MIDDLE), (0, -5), textcoords="offset points", ha="center", va="top", fontsize=size, color=INK
    )
