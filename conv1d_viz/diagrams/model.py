"""A model as a row of tensors, drawn without graphviz."""

import re
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conv1d_viz.checks import as_series, counted
from conv1d_viz.diagrams.cells import BOLD, axes_inches, tint
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Graph, run_to, to_array, trace
from conv1d_viz.network.layers import as_model, as_windows
from conv1d_viz.plotting import style
from conv1d_viz.plotting.style import ACCENT, INK, SMALL, TARGET, TICK, dress, new_axes

_MAX_LANES = 60
_LANE, _THINNEST = 0.13, 0.025  # inches: a lane alone, and the thinnest that can be told from its neighbours
_TALLEST, _FOOT, _HEAD, _MARGIN = 1.8, 0.62, 0.25, 0.45  # inches: longest tensor, room below, above and beside it
_MIDDLE = _FOOT + _TALLEST / 2
_WIDTH, _CLOSEST = 9.0, 1.1  # inches: the figure, and from one block to the next, for which it gets wider
_LINE, _STRIP, _TALL, _NAME, _ROW = 1.5, 0.26, 4.2, 0.34, 0.36  # inches: see `_draw_window`
_PLAIN = 0.5  # mean width of the letters of a text, in sizes of their type
# Where a text may break: after a space or "_", and before the capital of a new word.
_JOINT = re.compile(r"(?<=[ _])|(?<=[a-z])(?=[A-Z])")


class _Tensor(NamedTuple):
    """A layer, or the input, and what comes out of it for one window."""

    name: str
    detail: str
    shape: tuple[int | None, ...]
    n_parameters: int
    key: int  # its number in the graph


def draw_model(model: Any, *, window: Any = None, title: str | None = "auto", ax: Axes | None = None) -> Axes:
    """Draw a model in the order of `model.layers`: its shapes, or how one window changes on its way through it.

    Without a window, from left to right: arrows are layers, blocks what they give. A block grows with the square root
    of its steps (height) and of its channels (width). It has one lane per channel, or as many as can be told apart, 60
    at most.

    With a window, from top to bottom, on the samples of the window: the input as a line, then each layer as one strip
    of colour per channel, on a scale of its own, which is white at 0. The steps of a layer are spread evenly over the
    window. A dot marks the step that a global maximum picks; what has no steps is written as numbers, 6 at most.

    `model` is Sequential or functional, with one input and one output; `window`, (window,) or (window, n_features), is
    run through it.
    """
    model = as_model(model, "input", "output")
    graph = trace(model)
    tensors = _tensors(model, graph)
    if window is not None:
        return _draw_window(model, graph, tensors, as_series(window, "window"), title, ax)
    if title == "auto":
        total = counted(sum(tensor.n_parameters for tensor in tensors), "parameter")
        title = f"From {tensors[0].shape} to {tensors[-1].shape} with {total}"
    ax = new_axes(ax, max(_WIDTH, _CLOSEST * len(tensors)), _FOOT + _TALLEST + _HEAD + 0.4)
    dress(ax, title)
    ax.set_axis_off()
    width, _ = axes_inches(ax)
    ax.set(xlim=(0, width), ylim=(0, _FOOT + _TALLEST + _HEAD))  # inches, unless the axes given are lower

    steps = [tensor.shape[0] if len(tensor.shape) > 1 else 1 for tensor in tensors]
    longest = max(n or 1 for n in steps)
    heights = np.maximum(_TALLEST * np.sqrt([(n or longest) / longest for n in steps]), 0.08)  # open: as the longest
    blocks = _LANE * np.sqrt([min(tensor.shape[-1] or 1, _MAX_LANES) for tensor in tensors])
    blocks *= min(1, 0.25 * width / blocks.sum())
    gap = (width - 2 * _MARGIN - blocks.sum()) / max(len(tensors) - 1, 1)
    lefts = _MARGIN + np.cumsum(blocks + gap) - blocks - gap
    texts = ["parameters", *(text for tensor in tensors for text in (tensor.name, tensor.detail))]
    widest = max(len(part.rstrip()) for text in texts for part in _JOINT.split(text))
    size = min(TICK, max(6, 0.86 * 72 * gap / (BOLD * widest)))
    colors = [INK, *[ACCENT] * (len(tensors) - 2), TARGET]
    for i, tensor in enumerate(tensors):
        _draw_block(ax, tensor, lefts[i], blocks[i], heights[i], colors[i])
        if i > 0:
            _draw_arrow(ax, tensor, lefts[i] - gap, lefts[i], size)
    name_at = (lefts[0] + blocks[0] / 2, _FOOT + _TALLEST + 0.08)
    ax.text(*name_at, tensors[0].name, ha="center", fontsize=size, fontweight="bold", color=INK)
    return ax


def _tensors(model: Any, graph: Graph) -> list[_Tensor]:
    """List the input of a model and what each of its layers gives when the model calls it first."""
    tensors = [_Tensor("input", "", tuple(model.inputs[0].shape[1:]), 0, graph.sources[0])]
    for layer in model.layers:
        outputs = [keys for _, operation, keys in graph.places if operation is layer]
        if isinstance(layer, keras.layers.InputLayer) or not outputs:
            continue
        detail = type(layer).__name__
        if isinstance(layer, keras.layers.Conv1D):
            activation = getattr(layer.activation, "__name__", type(layer.activation).__name__)
            detail = f"{detail}, {counted(layer.filters, 'filter')} of {layer.kernel_size[0]}, {activation}"
        key = outputs[0][0]
        sources = [t.name for call in graph.calls if key in call.outputs for t in tensors if t.key in call.inputs]
        if sources and sources != [tensors[-1].name]:  # a branch, which is drawn in line with the others
            detail = f"{detail}, from {' and '.join(sources) if len(sources) < 3 else f'{len(sources)} layers'}"
        tensors.append(_Tensor(layer.name, detail, tuple(graph.shapes[key][1:]), layer.count_params(), key))
    return tensors


def _draw_window(model: Any, graph: Graph, tensors: list[_Tensor], window: Any, title: Any, ax: Axes | None) -> Axes:
    """One window from top to bottom; y counts inches downwards, of which each part takes its name and its rows."""
    values = run_to(model, graph, {tensor.key for tensor in tensors}, [as_windows(model, window[None])])
    arrays = [to_array(values[tensor.key])[0] for tensor in tensors]
    heights = [_LINE, *(min(_STRIP * a.shape[-1], _TALL) if a.ndim == 2 else _ROW for a in arrays[1:])]
    tops = np.cumsum([_NAME + height for height in heights]) - heights
    ax = new_axes(ax, _WIDTH, tops[-1] + heights[-1] + 0.8)
    rows = {tensor.key: (top, height) for tensor, top, height in zip(tensors, tops, heights, strict=True)}
    ticks: dict[float, str] = {}  # at y
    edges = (-0.5, len(window) - 0.5)
    for tensor, top, height, array in zip(tensors, tops, heights, arrays, strict=True):
        words = f"{tensor.name}: {tensor.detail or counted(len(array), 'sample')}"
        ax.text(edges[0], top - 0.06, words, va="bottom", fontsize=TICK, fontweight="bold", color=INK, parse_math=False)
        if array is arrays[0]:
            low, high = float(array.min()), float(array.max())
            scaled = (high - array) / ((high - low) or 1.0)
            colors = [INK] if array.shape[1] == 1 else style.channel_colors(array.shape[1])
            for line, color in zip(scaled.T, colors, strict=True):
                ax.plot(top + line * height, color=color, linewidth=1.5)
            ticks |= {top: f"{high:.2g}", top + height: f"{low:.2g}"}
        elif array.ndim == 2:
            pitch, scale = height / array.shape[1], style.value_scale(array)
            half = (edges[1] - edges[0]) / len(array) / 2
            places = np.linspace(edges[0] + half, edges[1] - half, len(array))
            for channel, strip in enumerate(array.T):
                strip_top = top + channel * pitch
                bounds = (strip_top, strip_top + pitch * (0.9 if pitch > 0.2 else 1))
                style.draw_map(ax, strip[None], places, bounds, scale)
                if array.shape[1] <= style.MANY:
                    ticks[strip_top + 0.45 * pitch] = str(channel)
            limits = f"{array.min():z.2f} to {array.max():z.2f}"
            ax.text(edges[1], top - 0.06, limits, ha="right", va="bottom", fontsize=SMALL, color=INK)
        else:
            numbers = ", ".join(f"{value:z.3f}" for value in array.ravel()[:6]) + (" …" if array.size > 6 else "")
            ax.text(edges[0], top + height / 2, numbers, va="center", fontsize=style.LABEL + 2, color=TARGET)
    for call in graph.calls:
        (key, *_), picked = call.inputs or (-1,), type(call.operation).__name__ == "GlobalMaxPooling1D"
        if picked and key in rows:
            (top, height), (n_steps, n_channels) = rows[key], values[key].shape[1:]
            steps = (to_array(values[key])[0].argmax(axis=0) + 0.5) * len(window) / n_steps - 0.5
            down = top + (np.arange(n_channels) + 0.45) * height / n_channels
            ax.plot(steps, down, "o", color="white", mec=INK, markersize=6, markeredgewidth=1.2, zorder=4)
    ax.set(xlim=edges, ylim=(tops[-1] + heights[-1], 0))
    ax.set_yticks(list(ticks), list(ticks.values()))
    style.number_whole(ax.xaxis)
    dress(ax, "One window on its way through the model" if title == "auto" else title, "sample of the window")
    ax.spines["left"].set_visible(False)
    ax.tick_params(axis="y", length=0, labelsize=SMALL)
    return ax


def _draw_block(ax: Axes, tensor: _Tensor, left: float, width: float, height: float, color: str) -> None:
    """The lanes of one tensor and, below, its shape in numbers and in words."""
    lanes = min(tensor.shape[-1] or 1, _MAX_LANES, max(1, int(width / _THINNEST)))
    pitch = width / lanes
    for lane in range(lanes):
        corner = (left + lane * pitch, _MIDDLE - height / 2)
        # unsnapped, or narrow lanes would differ by a pixel
        ax.add_patch(Rectangle(corner, 0.8 * pitch, height, facecolor=tint(color, 0.75), edgecolor="none", snap=False))
    kinds = {1: ["value"], 2: ["step", "channel"]}.get(len(tensor.shape), [])
    words = [counted(n, kind) if n else f"any {kind}s" for n, kind in zip(tensor.shape, kinds, strict=False)]
    for text, y, size in ((str(tensor.shape), _FOOT - 0.1, TICK), ("\n".join(words), _FOOT - 0.27, SMALL)):
        ax.text(left + width / 2, y, text, ha="center", va="top", fontsize=size, color=INK)


def _draw_arrow(ax: Axes, tensor: _Tensor, start: float, end: float, size: float) -> None:
    """The layer between two tensors: its name and detail above the arrow, its parameters below."""
    style = {"arrowstyle": "-|>", "color": INK, "linewidth": 1.2, "shrinkA": 3, "shrinkB": 3}
    ax.annotate("", (end, _MIDDLE), (start, _MIDDLE), arrowprops=style)
    room = 0.86 * 72 * (end - start) / size  # in sizes of the type
    detail = _wrap(tensor.detail, room / _PLAIN)
    above = 5 + (detail.count("\n") + 1) * size * 1.3  # points from the arrow to the name
    parameters = counted(tensor.n_parameters, "parameter") if tensor.n_parameters else "no parameters"
    look: dict[str, Any] = {"textcoords": "offset points", "ha": "center", "fontsize": size, "color": INK}
    look["parse_math"] = False
    middle = ((start + end) / 2, _MIDDLE)
    ax.annotate(detail, middle, (0, 5), **look)
    ax.annotate(_wrap(tensor.name, room / BOLD), middle, (0, above), fontweight="bold", **look)
    ax.annotate(_wrap(parameters, room / BOLD), middle, (0, -5), va="top", **look)


def _wrap(text: str, n_letters: float) -> str:
    """Break a text into lines of at most so many letters where that can be done."""
    lines = [""]
    for part in _JOINT.split(text):
        if lines[-1] and len((lines[-1] + part).rstrip()) > n_letters:
            lines.append(part)
        else:
            lines[-1] += part
    return "\n".join(line.rstrip() for line in lines)
