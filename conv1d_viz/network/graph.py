"""The graph of a Keras model as a list of calls, nested models included, that can be cut anywhere and run in parts."""

import functools
import inspect
import math
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from conv1d_viz.network.backend import keras


class Call(NamedTuple):
    """One call of a layer or operation; tensors are numbered, since a nested model has the same ones at each call."""

    path: str
    operation: Any
    node: Any  # holds the arguments of the call; None where the input of a nested model is handed on
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]


class Graph(NamedTuple):
    """The calls that lead from a model's inputs to its outputs, first to last, with those inside nested models."""

    calls: list[Call]
    sources: tuple[int, ...]  # the model's inputs
    outputs: tuple[int, ...]
    shapes: list[tuple[Any, ...]]  # by number of the tensor; None where the model leaves a length open
    places: list[tuple[str, Any, tuple[int, ...]]]  # path, layer and outputs of each call; nested models included

    def floats_of(self, keys: set[int], n_steps: int, length: int | None = None) -> int:
        """Count the numbers that tensors hold for a window of `n_steps` steps; a shortened one has `length` at most."""
        shapes = [[n_steps if n is None else n for n in self.shapes[key][1:]] for key in keys]
        return sum(math.prod((min(shape[0], length), *shape[1:]) if length and shape else shape) for shape in shapes)

    def floats_per_window(self, calls: list[Call], n_steps: int, length: int | None = None) -> int:
        """Count the numbers that the tensors of some calls hold for one window, as `floats_of` does."""
        return self.floats_of({key for call in calls for key in (*call.inputs, *call.outputs)}, n_steps, length)


def has_graph(operation: Any) -> bool:
    """Tell whether a model is defined by its graph, unlike a layer or a model with a `call` of its own."""
    if not isinstance(operation, keras.Model) or not getattr(operation, "outputs", None):
        return False
    return bool(operation.inputs) and type(operation).call.__module__.startswith("keras.")


def trace(model: Any) -> Graph:
    """List the calls that lead from the inputs of `model` to its outputs, with those inside nested models.

    A layer can have been called more often than that: by another model that shares it, or when Keras builds a
    sequential model again. `layer.output` is the first of these calls, and cutting there deletes nothing.
    """
    calls: list[Call] = []
    shapes: list[tuple[Any, ...]] = []
    places: list[tuple[str, Any, tuple[int, ...]]] = []

    def number(tensors: Any) -> tuple[int, ...]:
        shapes.extend(tuple(tensor.shape) for tensor in tensors)
        return tuple(range(len(shapes) - len(tensors), len(shapes)))

    def add(part: Any, feeds: tuple[int, ...], prefix: str) -> tuple[int, ...]:
        known: dict[int, int] = {}
        for tensor, feed in zip(part.inputs, feeds, strict=True):
            layer = tensor._keras_history.operation
            key = feed
            if prefix:  # a tensor of its own: it can be deleted without the paths around the nested model
                (key,) = number([tensor])
                calls.append(Call(prefix + layer.name, layer, None, (feed,), (key,)))
            known[id(tensor)] = key
            places.append((prefix + layer.name, layer, (key,)))
        for node in _nodes(part):
            operation = node.operation
            path = prefix + operation.name
            inputs = tuple(known[id(tensor)] for tensor in node.input_tensors)
            if has_graph(operation) and _is_plain(node, len(operation.inputs)):
                outputs = add(operation, inputs, path + "/")
            else:
                outputs = number(node.outputs)
                calls.append(Call(path, operation, node, inputs, outputs))
            known.update(zip(map(id, node.outputs), outputs, strict=True))
            places.append((path, operation, outputs))
        return tuple(known[id(tensor)] for tensor in part.outputs)

    sources = number(model.inputs)
    return Graph(calls, sources, add(model, sources, ""), shapes, places)


def _nodes(model: Any) -> Iterator[Any]:
    """Yield the calls that the outputs of one model, without those nested in it, need, each after those it needs."""
    done = {id(tensor) for tensor in model.inputs}
    tensors = list(model.outputs)
    while tensors:
        operation, index, _ = tensors[-1]._keras_history
        node = operation._inbound_nodes[index]
        missing = [tensor for tensor in node.input_tensors if id(tensor) not in done]
        if id(tensors[-1]) in done:
            tensors.pop()
        elif missing:
            tensors.extend(missing)
        else:
            done.update(map(id, node.outputs))
            yield node


def _is_plain(node: Any, n_inputs: int) -> bool:
    """Tell whether a nested model is called with its inputs in order; by name or with a mask, it stays one layer."""
    by_name = any(isinstance(value, dict) for value in (*node.arguments.args, *node.arguments.kwargs.values()))
    return len(node.input_tensors) == n_inputs and not by_name


def calls_between(graph: Graph, wanted: set[int], given: set[int] | None = None) -> list[Call]:
    """List the calls that compute `wanted` from the model's inputs and what else is `given`, first to last."""
    given = {*graph.sources, *(given or ())}
    missing = wanted - given
    needed: list[Call] = []
    for call in reversed(graph.calls):
        if missing.intersection(call.outputs):
            needed.append(call)
            missing.update(key for key in call.inputs if key not in given)
    return needed[::-1]


def calls_behind(graph: Graph, key: int, wanted: set[int]) -> list[Call]:
    """List the calls that `wanted` tensors need and that depend on one, first to last."""
    touched, behind = {key}, []
    for call in calls_between(graph, wanted, {key}):
        if touched.intersection(call.inputs):
            touched.update(call.outputs)
            behind.append(call)
    return behind


def run_to(model: Any, graph: Graph, wanted: set[int], inputs: Sequence[np.ndarray]) -> dict[int, Any]:
    """Run a model on arrays, one for each input, as far as some tensors need it; return all that was computed."""
    feeds = zip(graph.sources, inputs, model.inputs, strict=True)
    values = {key: _to_tensor(array, symbol.dtype) for key, array, symbol in feeds}
    run_calls(calls_between(graph, wanted), values)
    return values


def run_calls(calls: list[Call], values: dict[int, Any]) -> None:
    """Run calls in inference mode on the tensors in `values`, and add what they return.

    Layers are called on tensors, never on symbols, and without their state: that leaves no trace in the user's model.
    """
    with keras.StatelessScope():
        for call in calls:
            values.update(zip(call.outputs, run_call(call, [values[key] for key in call.inputs]), strict=True))


def run_call(call: Call, inputs: list[Any]) -> list[Any]:
    """Run one call on other tensors than those it was made with."""
    if call.node is None:  # a nested model casts what it is given
        dtype = keras.backend.standardize_dtype(call.operation.dtype)
        return [x if keras.backend.standardize_dtype(x.dtype) == dtype else keras.ops.cast(x, dtype) for x in inputs]
    named = {id(symbol): tensor for symbol, tensor in zip(call.node.input_tensors, inputs, strict=True)}
    args, kwargs = call.node.arguments.fill_in(named)
    if "training" in _parameters(type(call.operation).call):  # as `predict` does
        kwargs = {**kwargs, "training": False}
    outputs: list[Any] = keras.tree.flatten(call.operation(*args, **kwargs))
    return outputs


@functools.cache
def _parameters(function: Any) -> frozenset[str]:
    return frozenset(inspect.signature(function).parameters)


def _to_tensor(array: np.ndarray, dtype: Any) -> Any:
    """Return a copy as a tensor of the dtype that a model takes, as `predict` would."""
    dtype = keras.backend.standardize_dtype(dtype)
    exact = {"float64": np.float64, "float16": np.float32, "bfloat16": np.float32}.get(dtype, dtype)
    with np.errstate(over="ignore", invalid="ignore"):  # infinities are refused with what comes out
        tensor = keras.ops.convert_to_tensor(np.array(array, dtype=exact, order="C"))
    return tensor if np.dtype(exact).name == dtype else keras.ops.cast(tensor, dtype)


def to_array(tensor: Any) -> np.ndarray:
    """Return a tensor as float64 where it is that, else float32; NaN and infinities are refused."""
    array: np.ndarray = keras.ops.convert_to_numpy(tensor)
    array = array if array.dtype == np.float64 else array.astype(np.float32, copy=False)
    require_numbers(array, "x")
    return array


def require_numbers(array: np.ndarray, name: str) -> None:
    """Refuse NaN and infinities in what a network has made of `name`."""
    if not np.isfinite(array).all():
        got = f"Got NaN or infinity: look at its weights, and scale `{name}`"
        raise ValueError(f"`model` must give finite numbers for `{name}`. {got}.")
