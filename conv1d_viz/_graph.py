"""What the package asks of a Keras model: one input, one output, and layers that can be found and cut at."""

import math
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz._checks import as_array
from conv1d_viz._keras import keras

# Bytes that the tensors of one call may take; larger batches of windows are split.
MEMORY_BUDGET = 2**28


def as_model(model: Any) -> Any:
    """Return `model` if it is a Keras model with one input and one output whose graph is known; else say why not."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Got {type(model).__module__}.{type(model).__qualname__}.")
    if not getattr(model, "inputs", None) or not getattr(model, "outputs", None):
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
    x = as_array(x, "x", ndim=3, axes="(n_windows, window, n_features)")
    expected = model.inputs[0].shape
    if len(expected) != 3 or any(e not in (None, n) for e, n in zip(expected[1:], x.shape[1:], strict=True)):
        shape = ", ".join(["n_windows", *("any" if e is None else str(e) for e in expected[1:])])
        raise ValueError(f"`x` must have the shape ({shape}) that the model takes. Got shape {x.shape}.")
    return x


def find_layer(model: Any, layer: Any) -> Any:
    """Return the layer of `model` that a name, an index or the object itself means."""
    layers = list(model.layers)
    known = ", ".join(f"{i} {item.name!r}" for i, item in enumerate(layers))
    if isinstance(layer, str):
        found = [item for item in layers if item.name == layer]
    elif isinstance(layer, keras.layers.Layer):
        found = [item for item in layers if item is layer]
    elif isinstance(layer, (int, np.integer)) and not isinstance(layer, bool):
        found = layers[layer : layer + 1 or None] if -len(layers) <= layer < len(layers) else []
    else:
        raise TypeError(f"`layer` must be a name, an index or a layer of the model: {known}. Got {layer!r}.")
    if not found:
        raise ValueError(f"`layer` must be one of the model's layers: {known}. Got {getattr(layer, 'name', layer)!r}.")
    return found[0]


def graph_nodes(model: Any) -> list[Any]:
    """List the calls of layers and operations that lead from the input of `model` to its output, last to first.

    A layer can have been called more often than that: by another model that shares it, or when Keras builds a
    sequential model again. `layer.output` is the first of these calls, and cutting there deletes nothing.
    """
    nodes: list[Any] = []
    seen: set[int] = set()
    tensors = list(model.outputs)
    while tensors:
        operation, index, _ = tensors.pop()._keras_history
        node = operation._inbound_nodes[index]
        if id(node) not in seen:
            seen.add(id(node))
            nodes.append(node)
            tensors.extend(node.input_tensors)
    return nodes


def layer_tensor(model: Any, layer: Any) -> Any:
    """Return the symbolic output of a layer that `model` calls once on the way from its input to its output."""
    found = find_layer(model, layer)
    calls = [node for node in graph_nodes(model) if node.operation is found]
    if len(calls) != 1 or len(calls[0].outputs) != 1:
        raise ValueError(
            "`layer` must be called once by the model and have one output. "
            f"Layer {found.name!r} is called {len(calls)} times{', with several outputs' if len(calls) == 1 else ''}."
        )
    return calls[0].outputs[0]


def layer_output(model: Any, layer: Any) -> Any:
    """Return the symbolic output of a layer, which must be (window, step, channel)."""
    output, found = layer_tensor(model, layer), find_layer(model, layer)
    if len(output.shape) != 3 or getattr(found, "data_format", None) == "channels_first":
        order = " with channels first" if len(output.shape) == 3 else ""
        raise ValueError(
            "`layer` must have an output of shape (window, step, channel). "
            f"Layer {found.name!r} gives {output.shape}{order}."
        )
    return output


def as_targets(model: Any, y: Any, n_windows: int) -> Float[np.ndarray, "window horizon"]:
    """Return `y` as an array of exactly the shape that the forecasts of `model` have."""
    y = as_array(y, "y", ndim=2, axes="(n_windows, horizon)")
    expected = (n_windows, *model.outputs[0].shape[1:])
    if y.shape != expected:
        raise ValueError(f"`y` must have the shape {expected} of the model's forecasts. Got {y.shape}.")
    return y


def run(function: Any, arrays: list[np.ndarray]) -> np.ndarray:
    """Call a piece of a network and return its output in float32, or in float64 where the network computes in that."""
    tensors = [
        np.asarray(array, dtype=np.float64 if tensor.dtype == "float64" else np.float32)
        for array, tensor in zip(arrays, function.inputs, strict=True)
    ]
    output = keras.ops.convert_to_numpy(function(tensors))
    output = output if output.dtype == np.float64 else output.astype(np.float32, copy=False)
    if not np.isfinite(output).all():
        raise ValueError(
            "`model` must give finite numbers for `x`. Got NaN or infinity: look at its weights, and scale `x`."
        )
    return output


def windows_per_call(model: Any, n_steps: int) -> int:
    """How many windows of `n_steps` steps one call may take, by what all layers together hold for each of them."""
    shapes = [output.shape for node in graph_nodes(model) for output in node.outputs]
    floats = sum(math.prod(n_steps if n is None else n for n in shape[1:]) for shape in shapes)
    return max(1, MEMORY_BUDGET // (4 * floats))
