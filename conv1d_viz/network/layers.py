"""What the package asks of a Keras model and its data, and how a layer is found."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import FLOAT32, as_array, counted
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Graph, calls_between, has_graph

MEMORY_BUDGET = 2**28  # bytes that a call may take in addition to its arguments and its result
# Convolution, bias and activation make one tensor each, the last is copied to an array, and freed memory is not
# returned at once: a call takes this many times what its tensors hold.
_STAGES = 6

Inputs = tuple[np.ndarray, ...]  # one array for each input of a model


def is_compiled(model: Any) -> bool:
    """Tell whether a model can be trained; Keras calls one without a loss or an optimizer compiled as well."""
    return bool(model.compiled and model.loss is not None and model.optimizer is not None)


def as_model(model: Any, *single: str) -> Any:
    """Return `model` if its graph is known and has one of what `single` names ("input", "output"); else say why not."""
    if not isinstance(model, keras.Model):
        kind = f"{type(model).__module__}.{type(model).__qualname__}"
        raise TypeError(f"`model` must be a Keras model; `load_model` reads one from a file. Got {kind}.")
    if not has_graph(model):
        way_out = "if it defines its own `call`, use `keras.Model(inputs, model.call(inputs))` with a `keras.Input`"
        got = f"{type(model).__name__} {model.name!r}; {way_out}"
        raise ValueError(f"`model` must be a Sequential or functional model of known input shape. Got {got}.")
    for side in single:
        if len(names := names_of(model, side)) > 1:
            raise ValueError(f"`model` must have one {side}. Got {names}.")
    return model


def as_inputs(model: Any, x: Any) -> Inputs:
    """Return `x` as one array for each input of `model`; it may be an array, or a list or dict of arrays."""
    symbols, names = model.inputs, names_of(model, "input")
    if isinstance(x, Mapping):
        if set(x) != set(names):
            raise ValueError(f"`x` must have the names of the model's inputs, {names}. Got {list(x)}.")
        arrays = [x[name] for name in names]
    elif len(symbols) == 1:
        arrays = [x]
    elif isinstance(x, (list, tuple)) and len(x) == len(symbols):
        arrays = list(x)
    else:
        raise ValueError(f"`x` must be a list or dict of arrays, one for each input {names}. Got {type(x).__name__}.")
    given = tuple(_as_input(symbol, array, len(symbols)) for symbol, array in zip(symbols, arrays, strict=True))
    if len({len(array) for array in given}) > 1:
        raise ValueError(f"`x` must have the same number of windows for every input. Got {[len(a) for a in given]}.")
    require_long_enough(model, [array.shape for array in given], "x")
    return given


def names_of(model: Any, side: str) -> list[str]:
    """Return what the inputs or outputs ("input", "output") are called: by the model's dict, else by their layers."""
    symbols = model.inputs if side == "input" else model.outputs
    named = None if isinstance(model, keras.Sequential) else getattr(model, side)
    if isinstance(named, Mapping):
        return [next(name for name, other in named.items() if other is symbol) for symbol in symbols]
    return [symbol._keras_history.operation.name for symbol in symbols]


def longest(inputs: Inputs) -> int:
    """Return how many steps the longest input has, by which lengths that a model leaves open are counted."""
    return int(max(array.shape[1] for array in inputs))


def _as_input(symbol: Any, array: Any, n_inputs: int) -> np.ndarray:
    name = "x" if n_inputs == 1 else f"x[{symbol.name!r}]"
    expected = symbol.shape
    values = as_array(array, name, ndim=len(expected), axes=f"{expected} that the model takes", limit=FLOAT32)
    if any(e not in (None, n) for e, n in zip(expected[1:], values.shape[1:], strict=True)):
        raise ValueError(f"`{name}` must have the shape {expected} that the model takes. Got shape {values.shape}.")
    return values


def as_windows(model: Any, x: Any) -> Float[np.ndarray, "window step feature"]:
    """Return `x` as the windows that a model with one input takes."""
    if len(model.inputs) != 1 or len(model.inputs[0].shape) != 3:
        shapes = [tuple(symbol.shape) for symbol in model.inputs]
        raise ValueError(f"`model` must have one input (window, step, feature). Got {shapes}.")
    return as_inputs(model, x)[0]


def require_long_enough(model: Any, shapes: list[tuple[int, ...]], name: str) -> None:
    """Refuse windows too short for a model that leaves their length open: TensorFlow would give arbitrary numbers."""
    if any(None in symbol.shape[1:] for symbol in model.inputs):
        pairs = zip(shapes, model.inputs, strict=True)
        specs = [keras.KerasTensor((1, *shape[1:]), dtype=symbol.dtype) for shape, symbol in pairs]
        try:
            model.compute_output_spec(specs[0] if len(specs) == 1 else keras.tree.pack_sequence_as(model.input, specs))
        except ValueError as error:
            raise ValueError(f"`{name}` must be long enough for the model. Got {shapes[0][1]} steps: {error}") from None


def as_targets(model: Any, y: Any, n_windows: int) -> Float[np.ndarray, "window ..."]:
    """Return `y` as an array of the shape that a model's forecasts have; class numbers lack the last axis."""
    targets = as_array(y, "y", ndim=(1, 2, 3, 4, 5), axes="(n_windows, ...)", limit=FLOAT32)
    expected = (n_windows, *model.outputs[0].shape[1:])
    differs = any(e not in (None, n) for e, n in zip(expected, targets.shape, strict=False))
    short = len(expected) - targets.ndim
    no_classes = short == 1 and expected[-1] != 1 and (targets % 1).any()
    if differs or short not in (0, 1) or no_classes:  # some losses would broadcast
        asked = f"the shape {expected} of the model's forecasts, or {expected[:-1]} if they are class numbers"
        raise ValueError(f"`y` must have {asked}. Got {targets.shape}.")
    return targets


def find_layer(model: Any, graph: Graph, layer: Any) -> tuple[str, int]:
    """Return path and output of the layer that a name, path, index or object refers to; its last axis holds channels.

    It must be called once on the way from the model's inputs to its outputs, or a deletion would be half of one.
    """
    found = _meant(model, graph, layer)
    stateful = [call.path for call in graph.calls if getattr(call.operation, "stateful", False)]
    if stateful:
        raise ValueError(f"`model` must keep no state between calls. Got the stateful layer {stateful[0]!r}.")
    calls = [(path, outputs) for path, operation, outputs in graph.places if operation is found]
    if len(calls) != 1 or len(calls[0][1]) != 1:
        several = ", with several outputs" if len(calls) == 1 else ""
        got = f"Layer {found.name!r} is called {counted(len(calls), 'time')}{several}"
        raise ValueError(f"`layer` must be called once by the model and have one output. {got}.")
    path, (key,) = calls[0]
    shape, way = graph.shapes[key], calls_between(graph, {key})
    first = any(getattr(call.operation, "data_format", None) == "channels_first" for call in way)
    if len(shape) < 2 or shape[-1] is None or first:
        asked = "an output whose last axis is a known number of channels, such as (window, step, channel)"
        order = " with channels first" if first else ""
        raise ValueError(f"`layer` must have {asked}. Layer {path!r} gives {shape}{order}.")
    return path, key


def find_steps(model: Any, graph: Graph, layer: Any) -> tuple[str, int]:
    """Find a layer as `find_layer` does; its output must have steps: (window, step, channel)."""
    path, key = find_layer(model, graph, layer)
    if len(graph.shapes[key]) != 3:
        raise ValueError(f"`layer` must have steps, (window, step, channel). Layer {path!r} gives {graph.shapes[key]}.")
    return path, key


def _meant(model: Any, graph: Graph, layer: Any) -> Any:
    layers = list(model.layers)
    nested = dict.fromkeys(path for path, _, _ in graph.places if "/" in path)
    alias = ["input"] if len(graph.sources) == 1 else []
    known = ", ".join([*(f"{i} {item.name!r}" for i, item in enumerate(layers)), *map(repr, [*nested, *alias])])
    if isinstance(layer, str):
        found = [item for item in layers if item.name == layer] or [op for path, op, _ in graph.places if path == layer]
        if not found and layer in alias:
            found = [op for _, op, outputs in graph.places if outputs == graph.sources]
    elif isinstance(layer, keras.layers.Layer):
        found = [item for item in (*layers, *(op for _, op, _ in graph.places)) if item is layer]
    elif isinstance(layer, (int, np.integer)) and not isinstance(layer, bool):
        found = layers[layer : layer + 1 or None] if -len(layers) <= layer < len(layers) else []
    else:
        raise TypeError(f"`layer` must be a name, an index or a layer of the model: {known}. Got {layer!r}.")
    if not found:
        raise ValueError(f"`layer` must be one of the model's layers: {known}. Got {getattr(layer, 'name', layer)!r}.")
    return found[0]


def rows_at_once(floats: int) -> int:
    """Return how many rows, each of `floats` numbers, fit into memory."""
    return max(1, MEMORY_BUDGET // (4 * _STAGES * max(1, floats)))


def chunks(n_rows: int, floats: int) -> list[slice]:
    """Split rows, each of `floats` numbers, so that they fit into memory."""
    size = rows_at_once(floats)
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
