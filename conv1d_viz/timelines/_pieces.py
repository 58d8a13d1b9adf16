"""Cells of the (window, step) matrix of a long series, computed from pieces of it."""

from collections.abc import Callable
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Graph, calls_between, run_calls, to_array, to_tensor
from conv1d_viz.timelines._stencils import is_elementwise
from conv1d_viz.timelines._steps import Steps, as_matrix, at_steps, missing, seen_by, within
from conv1d_viz.timelines._views import Way, follow

# Multiplications below which linear algebra libraries do a product of matrices in one thread.
_ONE_THREAD = 2**18

Cells = Callable[[int, int, Steps], Float[np.ndarray, "window step channel"]]
WindowCells = Callable[[int, int, Steps | None], Float[np.ndarray, "window step channel"]]  # None: all steps


def way_apart(model: Any, graph: Graph, key: int, window: int) -> Way | None:
    """Return the way to a layer if its steps that see padding are few, and all others treat all samples alike."""
    try:
        way = follow(model, graph, key, window)
    except ValueError:
        return None
    dtypes = {keras.backend.standardize_dtype(model.inputs[0].dtype)}
    for call in way.calls:
        if isinstance(call.operation, keras.layers.Layer):
            dtypes |= {call.operation.compute_dtype, call.operation.variable_dtype}
    exact = dtypes in ({"float32"}, {"float64"})
    repeated = any(step.repeat > 1 for step in way.stencils)  # an UpSampling1D
    begin, end = way.view.clean
    assert end is not None  # all lengths are known: the window's is
    assert way.view.n_steps is not None
    few = 2 * (begin + way.view.n_steps - end) < way.view.n_steps
    return way if exact and few and way.view.alike and not repeated else None


def by_windows(model: Any, graph: Graph, key: int, samples: np.ndarray, window: int) -> WindowCells:
    """Return a function that computes the windows from `start` until before `stop`, and of them some steps or all."""
    calls = calls_between(graph, {graph.source}, {key})

    def cells(start: int, stop: int, steps: Steps | None) -> Float[np.ndarray, "window step channel"]:
        values = {graph.source: to_tensor(_windows(samples, start, stop, (0, window)), model)}
        run_calls(calls, values)
        acts = to_array(values[key])
        return acts if steps is None else acts[:, steps[0] : steps[1]]

    return cells


def by_steps(model: Any, graph: Graph, way: Way, key: int, samples: np.ndarray) -> Cells:
    """Return a function that computes some steps alone, of the windows from `start` until before `stop`."""

    def cells(start: int, stop: int, steps: Steps) -> Float[np.ndarray, "window step channel"]:
        return to_array(at_steps(model, graph, way, key, steps, lambda part: _windows(samples, start, stop, part)))

    return cells


def by_convolution(way: Way, samples: np.ndarray) -> Cells | None:
    """Return `by_steps` for a convolution right behind the input, several times as fast; None for another layer.

    It is one product with a small matrix, and windows are the last axis in memory, so that all passes over it are
    along many numbers.
    """
    if len(way.calls) != 1:
        return None
    layer, step = way.calls[0].operation, way.stencils[0]
    if type(layer) is not keras.layers.Conv1D or layer.groups > 1 or layer.dilation_rate[0] > 1:
        return None
    if not is_elementwise(layer.activation):
        return None
    relu = layer.activation is keras.activations.relu
    n_steps = way.views[way.calls[0].inputs[0]].n_steps

    def cells(start: int, stop: int, steps: Steps) -> Float[np.ndarray, "window step channel"]:
        seen = seen_by(step, steps)
        first, last = within(seen, n_steps)
        matrix = as_matrix(layer, last - first, missing(seen, n_steps))
        piece = samples[start + first : stop - 1 + last].astype(matrix.dtype, copy=False)
        rows = np.lib.stride_tricks.sliding_window_view(piece, stop - start, axis=0)
        summed = _product(matrix.T, rows.reshape(len(matrix), -1))
        if layer.use_bias:
            summed += np.tile(keras.ops.convert_to_numpy(layer.bias), steps[1] - steps[0])[:, None]
        if relu:
            np.maximum(summed, 0, out=summed)
        else:
            summed = to_array(layer.activation(keras.ops.convert_to_tensor(summed)))
        return summed.reshape(steps[1] - steps[0], layer.filters, -1).transpose(2, 0, 1)

    return cells


def _product(matrix: Float[np.ndarray, "out in"], rows: Float[np.ndarray, "in n"]) -> Float[np.ndarray, "out n"]:
    """Multiply, some columns at a time: as one product it would wait for threads that other work keeps busy."""
    product = np.empty((len(matrix), rows.shape[1]), dtype=rows.dtype)
    size = max(1, _ONE_THREAD // matrix.size)
    for start in range(0, rows.shape[1], size):
        np.matmul(matrix, rows[:, start : start + size], out=product[:, start : start + size])
    return product


def pass_over(
    model: Any, graph: Graph, way: Way, key: int, samples: np.ndarray, times: Steps
) -> Float[np.ndarray, "time channel"]:
    """Return what a layer gives at some times, counted from its step 0, where its steps see no padding.

    One long window for each remainder of the time by the stride; they start where the first step that sees no padding
    falls on the first time.
    """
    stride, begin = way.view.stride, way.view.clean[0]
    length = times[1] - times[0]
    n_steps = -(-length // stride)

    def take(part: Steps) -> np.ndarray:
        start, reach = times[0] - begin * stride + part[0], stride - 1 + part[1] - part[0]
        piece = np.asarray(samples[start : start + reach])
        # What is missing is of times after the last, which are cut off below.
        piece = np.pad(piece, ((0, reach - len(piece)), (0, 0)), mode="edge")
        return _windows(piece, 0, stride, (0, part[1] - part[0]))

    acts = to_array(at_steps(model, graph, way, key, (begin, begin + n_steps), take, endless=True))
    return acts.transpose(1, 0, 2).reshape(n_steps * stride, -1)[:length]


def _windows(samples: np.ndarray, start: int, stop: int, part: Steps) -> np.ndarray:
    """Return some samples of the windows from `start` until before `stop`, as a view: (window, sample, feature)."""
    first, last = part
    if first == last:
        return np.empty((stop - start, 0, samples.shape[1]))
    piece = np.asarray(samples[start + first : stop - 1 + last])
    return np.lib.stride_tricks.sliding_window_view(piece, last - first, axis=0).transpose(0, 2, 1)
