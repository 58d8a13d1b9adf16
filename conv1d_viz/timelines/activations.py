"""A layer's output for a batch of windows."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.network.graph import Graph, calls_between, run_to, to_array, trace
from conv1d_viz.network.layers import Inputs, as_inputs, as_model, chunks, find_layer, longest
from conv1d_viz.timelines.fields import source_of


def layer_activations(model: Any, x: Any, layer: Any) -> Float[np.ndarray, "window ... channel"]:
    """Return a layer's output for a batch of windows.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional. It is not changed.
    x : array-like of shape (n_windows, window, n_features)
        The windows; of a model with several inputs a list or dict of arrays, as the model takes them. In addition to
        them and the result a call takes about 256 MB, however many there are.
    layer : str, int or keras.layers.Layer
        A layer of the model by name, by index in `model.layers`, or the object; one inside a nested model by its
        path, such as "encoder/conv1"; "input" for the model's input.

    Returns
    -------
    ndarray of shape (n_windows, n_steps, n_channels)
        The activations, in inference mode; (n_windows, n_units) of a layer without steps.
    """
    model = as_model(model)
    graph = trace(model)
    _, key = find_layer(model, graph, layer)
    inputs = as_inputs(model, x)
    acts: np.ndarray | None = None
    for rows, part in in_parts(model, graph, key, inputs):
        acts = np.empty((len(inputs[0]), *part.shape[1:]), part.dtype) if acts is None else acts
        acts[rows] = part
    assert acts is not None  # there is at least one window
    return acts


def in_parts(model: Any, graph: Graph, key: int, inputs: Inputs) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield a layer's output, and for which windows, as many of them at a time as the memory budget holds."""
    for rows in chunks(len(inputs[0]), graph.floats_per_window(calls_between(graph, {key}), longest(inputs))):
        yield rows, to_array(run_to(model, graph, {key}, [array[rows] for array in inputs])[key])


def activations_of(
    model: Any, graph: Graph, key: int, windows: Float[np.ndarray, "window sample feature"]
) -> Float[np.ndarray, "window step channel"]:
    """Return a layer's output for windows of the one input that it sees; the model's other inputs get none."""
    source = source_of(graph, key)
    inputs = [windows if k == source else windows[:0] for k in graph.sources]
    return to_array(run_to(model, graph, {key}, inputs)[key])
