"""A layer's output for a batch of windows."""

from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.network.graph import calls_between, floats_per_window, run_calls, to_array, to_tensor, trace
from conv1d_viz.network.layers import as_model, as_windows, chunks, find_layer


def layer_activations(model: Any, x: Any, layer: Any) -> Float[np.ndarray, "window step channel"]:
    """Return a layer's output for a batch of windows.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output. It is not changed.
    x : array-like of shape (n_windows, window, n_features)
        The windows. In addition to them and the result a call takes about 256 MB, however many there are.
    layer : str, int or keras.layers.Layer
        A layer of the model by name, by index in `model.layers`, or the object; one inside a nested model by its
        path, such as "encoder/conv1".

    Returns
    -------
    ndarray of shape (n_windows, n_steps, n_channels)
        The activations, in inference mode.

    """
    model = as_model(model)
    graph = trace(model)
    _, key = find_layer(model, graph, layer)
    x = as_windows(model, x)
    calls = calls_between(graph, {graph.source}, {key})
    acts = None
    for rows in chunks(len(x), floats_per_window(graph, calls, x.shape[1])):
        values = {graph.source: to_tensor(x[rows], model)}
        run_calls(calls, values)
        part = to_array(values[key])
        if acts is None:
            acts = np.empty((len(x), *part.shape[1:]), part.dtype)
        acts[rows] = part
    assert acts is not None  # there is at least one window
    return acts
