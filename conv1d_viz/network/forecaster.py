"""Build the forecaster of the study, and list the layers of any model."""

from typing import Any

import numpy as np

from conv1d_viz.checks import as_seed, as_size
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model

_MOST_WEIGHTS = 2**31  # 8 GB


def build_model(
    window: Any = 100,
    n_features: Any = 1,
    channels: Any = 8,
    kernel_size: Any = 10,
    head_kernel_size: Any = 8,
    horizon: Any = 1,
    seed: Any = None,
) -> Any:
    """Build and compile the study's forecaster: two convolutions and a global maximum.

    Layers "conv1" (`channels` filters, relu), "conv2" (`horizon` filters, tanh) and "global_max"; "same" padding,
    stride 1, mean squared error, Adam with its defaults. The tanh lets it forecast values within -1..1 only.

    Parameters
    ----------
    window : int
        Samples in a window.
    n_features : int
        Features of the series.
    channels : int
        Filters of the first convolution.
    kernel_size, head_kernel_size : int
        Samples that a filter of the first, and steps that one of the second convolution sees.
    horizon : int
        Samples to forecast.
    seed : int or None
        Fixes the initial weights. No global generator is used or changed.

    Returns
    -------
    keras.Sequential
        Takes (n_windows, window, n_features), gives (n_windows, horizon). It is compiled to run a whole pass over up
        to 8,192 windows as one call of an XLA program, which is faster than Keras' defaults.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer.
    """
    window, n_features = as_size(window, "window"), as_size(n_features, "n_features")
    channels, horizon = as_size(channels, "channels"), as_size(horizon, "horizon")
    kernel_size = as_size(kernel_size, "kernel_size")
    head_kernel_size = as_size(head_kernel_size, "head_kernel_size")
    n_weights = channels * (kernel_size * n_features + 1) + horizon * (head_kernel_size * channels + 1)
    if n_weights > _MOST_WEIGHTS:
        raise ValueError(
            "`channels`, `kernel_size`, `head_kernel_size`, `n_features` and `horizon` must give at most 2**31 "
            f"weights. Got {n_weights:,}, of {channels} channels, kernels of {kernel_size} and {head_kernel_size}, "
            f"{n_features} features and a horizon of {horizon}."
        )
    # One seed a layer: Keras' own default would draw it from Python's global generator.
    seeds = np.random.SeedSequence(as_seed(seed)).generate_state(2).tolist()
    conv1, conv2 = (keras.initializers.GlorotUniform(seed=s) for s in seeds)
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((window, n_features), name="input"),
            layers.Conv1D(
                channels, kernel_size, padding="same", activation="relu", kernel_initializer=conv1, name="conv1"
            ),
            layers.Conv1D(
                horizon, head_kernel_size, padding="same", activation="tanh", kernel_initializer=conv2, name="conv2"
            ),
            layers.GlobalMaxPooling1D(name="global_max"),
        ],
        name="forecaster",
    )
    # torch would call a C++ compiler, and has no executions of several steps.
    torch = keras.backend.backend() == "torch"
    model.compile(optimizer="adam", loss="mse", jit_compile=not torch, steps_per_execution=1 if torch else 256)
    return model


def layer_rows(model: Any) -> list[tuple[str, str, tuple[int | None, ...], int]]:
    """List name, description, output shape of one window and number of parameters, from the input to each layer."""
    model = as_model(model)
    graph = trace(model)
    rows = [("input", "", tuple(model.inputs[0].shape[1:]), 0)]
    for layer in model.layers:
        outputs = [keys for _, operation, keys in graph.places if operation is layer]
        if isinstance(layer, keras.layers.InputLayer) or not outputs:
            continue
        detail = type(layer).__name__
        if isinstance(layer, keras.layers.Conv1D):
            filters = f"{layer.filters} filter{'s' if layer.filters > 1 else ''} of {layer.kernel_size[0]}"
            activation = getattr(layer.activation, "__name__", type(layer.activation).__name__)
            detail = f"{detail}, {filters}, {activation}"
        rows.append((layer.name, detail, tuple(graph.shapes[outputs[0][0]][1:]), layer.count_params()))
    return rows
