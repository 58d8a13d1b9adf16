"""What the package asks of a Keras model: one input, one output, and a layer that can be found."""

from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import FLOAT32, as_array
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Graph, calls_between, has_graph

# Bytes that a call may take beside its arguments and its result; larger batches of windows are split.
MEMORY_BUDGET = 2**28
# A convolution, its bias and its activation make a tensor each, the last becomes an array, and what was freed is not at
# once given back: so many times what the tensors of a call hold.
_STAGES = 6


def is_compiled(model: Any) -> bool:
    """Tell whether a model can be trained; Keras calls one without a loss or an optimizer compiled as well."""
    return bool(model.compiled and model.loss is not None and model.optimizer is not None)


def as_model(model: Any) -> Any:
    """Return `model` if it is a Keras model with one input and one output whose graph is known; else say why not."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Got {type(model).__module__}.{type(model).__qualname__}.")
    if not has_graph(model):
        raise ValueError(
            "`model` must be a Sequential or functional model whose input shape is known. "
            f"Got {type(model).__name__} {model.name!r}, which has no graph to look into."
        )
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        raise ValueError(
            f"`model` must have one input and one output. Got {len(model.inputs)} and {len(model.outputs)}."
        )
    return model


def as_windows(model: Any, x: Any) -> Float[np.ndarray, "window step feature"]:
    """Return `x` as an array of windows that `model` takes."""
    windows = as_array(x, "x", ndim=3, axes="(n_windows, window, n_features)", limit=FLOAT32)
    expected = model.inputs[0].shape
    if len(expected) != 3 or any(e not in (None, n) for e, n in zip(expected[1:], windows.shape[1:], strict=True)):
        raise ValueError(f"`x` must have the shape {expected} that the model takes. Got shape {windows.shape}.")
    require_long_enough(model, windows.shape, "x")
    return windows


def require_long_enough(model: Any, shape: tuple[int, ...], name: str) -> None:
    """Refuse windows too short for a model that leaves their length open: TensorFlow would give chance numbers."""
    if model.inputs[0].shape[1] is None:
        try:
            model.compute_output_spec(keras.KerasTensor((1, *shape[1:]), dtype=model.inputs[0].dtype))
        except ValueError as error:
            raise ValueError(f"`{name}` must be long enough for the model. Got {shape[1]} steps: {error}") from None


def as_targets(model: Any, y: Any, n_windows: int) -> Float[np.ndarray, "window horizon"]:
    """Return `y` as an array of exactly the shape that the forecasts of `model` have."""
    targets = as_array(y, "y", ndim=2, axes="(n_windows, horizon)", limit=FLOAT32)
    expected = (n_windows, *model.outputs[0].shape[1:])
    if targets.shape != expected:
        raise ValueError(f"`y` must have the shape {expected} of the model's forecasts. Got {targets.shape}.")
    return targets


def find_layer(model: Any, graph: Graph, layer: Any) -> tuple[str, int]:
    """Return path and output of the layer that a name, path, index or object means; it must be (window, step, channel).

    It must be called once on the way from the model's input to its output, or a deletion would be half of one.
    """
    found = _meant(model, graph, layer)
    stateful = [call.path for call in graph.calls if getattr(call.operation, "stateful", False)]
    if stateful:
        raise ValueError(f"`model` must keep no state between calls. Got the stateful layer {stateful[0]!r}.")
    calls = [(path, outputs) for path, operation, outputs in graph.places if operation is found]
    if len(calls) != 1 or len(calls[0][1]) != 1:
        several = ", with several outputs" if len(calls) == 1 else ""
        raise ValueError(
            "`layer` must be called once by the model and have one output. "
            f"Layer {found.name!r} is called {len(calls)} times{several}."
        )
    path, (key,) = calls[0]
    shape, way = graph.shapes[key], calls_between(graph, {graph.source}, {key})
    first = any(getattr(call.operation, "data_format", None) == "channels_first" for call in way)
    if len(shape) != 3 or shape[2] is None or first:
        order = " with channels first" if first else ""
        raise ValueError(
            "`layer` must have an output of shape (window, step, channel) and a known number of channels. "
            f"Layer {path!r} gives {shape}{order}."
        )
    return path, key


def _meant(model: Any, graph: Graph, layer: Any) -> Any:
    layers = list(model.layers)
    nested = dict.fromkeys(path for path, _, _ in graph.places if "/" in path)
    known = ", ".join([*(f"{i} {item.name!r}" for i, item in enumerate(layers)), *map(repr, nested)])
    if isinstance(layer, str):
        found = [item for item in layers if item.name == layer] or [op for path, op, _ in graph.places if path == layer]
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
    """Return how many rows fit into memory, of as many numbers each as their tensors hold."""
    return max(1, MEMORY_BUDGET // (4 * _STAGES * max(1, floats)))


def chunks(n_rows: int, floats: int) -> list[slice]:
    """Split rows, of as many numbers each as their tensors hold, so that they fit into memory."""
    size = rows_at_once(floats)
    return [slice(start, min(start + size, n_rows)) for start in range(0, n_rows, size)]
