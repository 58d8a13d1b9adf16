"""A layer's output at a few steps of many windows, computed from as few samples as these steps see."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Call, Graph, run_call, to_tensor
from conv1d_viz.timelines._stencils import Stencil
from conv1d_viz.timelines._views import Way

Steps = tuple[int, int]  # from the first until before the second

_LAST = {"data_format": "channels_last"}  # whatever the user's default is


def at_steps(
    model: Any,
    graph: Graph,
    way: Way,
    key: int,
    steps: Steps,
    take: Callable[[Steps], Float[np.ndarray, "window step feature"]],
    *,
    endless: bool = False,
) -> Any:
    """Return the output `key` of a layer at some steps, (window, step, channel).

    `take` returns some samples of each window. Where the steps reach beyond a window they see its padding; an
    `endless` window has no end on the right.
    """
    need = needed(way, key, steps, endless)
    tensors = {graph.source: to_tensor(take(need[graph.source]), model)}
    for call, step in zip(way.calls, way.stencils, strict=True):
        (output,) = call.outputs
        seen = seen_by(step, need[output])
        if need[output][0] == need[output][1]:  # padding alone is asked of what follows
            empty = (len(tensors[graph.source]), 0, graph.shapes[output][2])
            tensors[output] = keras.ops.zeros(empty, dtype=tensors[call.inputs[0]].dtype)
            continue
        pieces = []
        for source in call.inputs:
            n_steps = None if endless else way.views[source].n_steps
            first, last = within(seen, n_steps)
            offset = need[source][0]
            piece = tensors[source]
            if (first - offset, last - offset) != (0, piece.shape[1]):
                piece = piece[:, first - offset : last - offset]
            pieces.append(piece)
        # All inputs of a call have the same length, so what is missing of the last is missing of all.
        tensors[output] = _run_on(call, pieces, missing(seen, n_steps), need[output], step, n_steps)
    return tensors[key]


def needed(way: Way, key: int, steps: Steps, endless: bool = False) -> dict[int, Steps]:
    """Return which steps of each tensor on the way are needed for some steps of a layer."""
    need = {key: steps}
    for call, step in zip(reversed(way.calls), reversed(way.stencils), strict=True):
        wanted = need[call.outputs[0]]
        for source in call.inputs:
            part, before = (0, 0), need.get(source, (0, 0))
            if wanted[0] < wanted[1]:
                part = within(seen_by(step, wanted), None if endless else way.views[source].n_steps)
            ranges = [steps for steps in (part, before) if steps[0] < steps[1]] or [part]
            need[source] = min(first for first, _ in ranges), max(last for _, last in ranges)
    return need


def floats(graph: Graph, way: Way, key: int, steps: Steps) -> int:
    """Count the numbers that the computation of some steps holds for one window."""
    need = needed(way, key, steps)
    return sum((last - first) * int(np.prod(graph.shapes[k][2:])) for k, (first, last) in need.items())


def seen_by(step: Stencil, steps: Steps) -> Steps:
    """Return the input steps that some output steps see, padding included."""
    first, last = steps
    return first * step.stride - step.left, (last - 1) * step.stride - step.left + step.size


def within(steps: Steps, n_steps: int | None) -> Steps:
    first, last = (max(step, 0) if n_steps is None else min(max(step, 0), n_steps) for step in steps)
    return first, last


def missing(steps: Steps, n_steps: int | None) -> Steps:
    """Count the steps before the first and after the last of a tensor: those that are padding."""
    first, last = steps
    return max(0, min(last, 0) - first), 0 if n_steps is None else max(0, last - max(first, n_steps))


def _run_on(call: Call, pieces: list[Any], padding: Steps, steps: Steps, step: Stencil, n_steps: int | None) -> Any:
    """Run one call for some steps, on the input steps that these see; as much padding as given belongs on each side.

    `n_steps` is the length of the whole input, None if it is endless.
    """
    layer, ops = call.operation, keras.ops
    kind = type(layer).__name__ if type(layer).__module__.startswith("keras.src.layers.") else ""
    match kind:
        case "Conv1D" | "DepthwiseConv1D" | "SeparableConv1D":
            return _convolve(layer, kind, pieces[0], padding)
        case "MaxPooling1D":
            return ops.max_pool(_padded(pieces[0], padding, -np.inf), layer.pool_size, layer.strides, **_LAST)
        case "AveragePooling1D":
            mean = ops.average_pool(_padded(pieces[0], padding), layer.pool_size, layer.strides, **_LAST)
            if padding == (0, 0) or n_steps is None:
                return mean
            # Keras divides by the number of steps there are, without the padding.
            starts = np.arange(*steps) * step.stride - step.left
            there = np.minimum(starts + step.size, n_steps) - np.maximum(starts, 0)
            return mean * ops.convert_to_tensor((step.size / there)[None, :, None], dtype=mean.dtype)
        case "ZeroPadding1D" | "Cropping1D":
            return _padded(pieces[0], padding)
    return run_call(call, pieces)[0]


def _padded(piece: Any, padding: Steps, fill: float = 0.0) -> Any:
    return piece if padding == (0, 0) else keras.ops.pad(piece, [[0, 0], padding, [0, 0]], constant_values=fill)


def _convolve(layer: Any, kind: str, piece: Any, padding: Steps) -> Any:
    options = {"strides": layer.strides[0], "dilation_rate": layer.dilation_rate[0], **_LAST}
    if kind == "Conv1D" and layer.groups == 1 and piece.shape[1] * piece.shape[2] <= _SMALL:
        summed = _convolve_short(layer, piece, padding)
    elif kind == "Conv1D":
        summed = keras.ops.conv(_padded(piece, padding), layer.kernel, **options)
    elif kind == "DepthwiseConv1D":
        summed = keras.ops.depthwise_conv(_padded(piece, padding), layer.kernel, **options)
    else:
        kernels = layer.depthwise_kernel, layer.pointwise_kernel
        summed = keras.ops.separable_conv(_padded(piece, padding), *kernels, **options)
    if layer.use_bias:
        summed = summed + layer.bias
    return summed if layer.activation is None else layer.activation(summed)


# Numbers in a piece of a window up to which a convolution is one product with a small matrix: several times as fast.
_SMALL = 64


def _convolve_short(layer: Any, piece: Any, padding: Steps) -> Any:
    """Convolve pieces of a few steps."""
    matrix = as_matrix(layer, piece.shape[1], padding)
    # Not `ops.matmul`, which makes float32 of float64 with PyTorch.
    flat = keras.ops.reshape(piece, (-1, len(matrix))) @ keras.ops.convert_to_tensor(matrix)
    return keras.ops.reshape(flat, (len(piece), -1, layer.filters))


def as_matrix(layer: Any, n_in: int, padding: Steps) -> Float[np.ndarray, "in out"]:
    """Return a convolution of `n_in` steps as a matrix, (step * feature, step * filter).

    Steps of padding on each side add nothing, and so have no rows.
    """
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    size, features, filters = kernel.shape
    stride, dilation = layer.strides[0], layer.dilation_rate[0]
    reach = (size - 1) * dilation + 1
    length = padding[0] + n_in + padding[1]
    n_out = (length - reach) // stride + 1
    matrix = np.zeros((length, features, n_out, filters), dtype=kernel.dtype)
    for s in range(n_out):
        matrix[s * stride : s * stride + reach : dilation, :, s] = kernel
    return matrix[padding[0] : length - padding[1]].reshape(n_in * features, n_out * filters)
