"""The forecaster of the study, and models put to work on a series in its own unit."""

from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import as_array, as_seed, as_size
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model

LIMITS = (-0.9, 0.9)  # within the reach of a tanh, with room for values that training has not seen


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
    window, n_features, horizon : int
        Samples in a window, features of the series, and samples to forecast.
    channels, kernel_size, head_kernel_size : int
        Filters of the first convolution, samples that each of them sees, and steps that one of the second sees.
    seed : int or None
        Fixes the initial weights. No global generator is used or changed.

    Returns
    -------
    keras.Sequential
        Takes (n_windows, window, n_features), gives (n_windows, horizon). It is compiled to run a whole pass over up
        to 8,192 windows as one call of an XLA program, which is faster than Keras' defaults.
    """
    window, n_features = as_size(window, "window"), as_size(n_features, "n_features")
    channels, horizon = as_size(channels, "channels"), as_size(horizon, "horizon")
    for name, size in {"kernel_size": kernel_size, "head_kernel_size": head_kernel_size}.items():
        if as_size(size, name) > window:
            raise ValueError(f"`{name}` must be at most the window, {window} samples. Got {size}.")
    # One seed per layer: Keras' own default would draw it from Python's global generator.
    seeds = np.random.SeedSequence(as_seed(seed)).generate_state(2).tolist()
    first, second = ({"padding": "same", "kernel_initializer": keras.initializers.GlorotUniform(s)} for s in seeds)
    layers = [
        keras.Input((window, n_features), name="input"),
        keras.layers.Conv1D(channels, kernel_size, activation="relu", name="conv1", **first),
        keras.layers.Conv1D(horizon, head_kernel_size, activation="tanh", name="conv2", **second),
        keras.layers.GlobalMaxPooling1D(name="global_max"),
    ]
    model = keras.Sequential(layers, name="forecaster")
    # torch would call a C++ compiler, and has no executions of several steps.
    torch = keras.backend.backend() == "torch"
    model.compile(optimizer="adam", loss="mse", jit_compile=not torch, steps_per_execution=1 if torch else 256)
    return model


def with_scaling(model: Any, minimum: Any, maximum: Any) -> Any:
    """Return a model that takes and forecasts a series in its own unit, around one that was trained on it scaled.

    Each feature's `minimum` becomes -0.9 and its `maximum` 0.9 on the way in; forecasts, which are of feature 0, are
    scaled back. Activations stay what they were. It is a copy to look at, not compiled; scaling is in float32.

    Parameters
    ----------
    model : keras.Model
        Trained on the series scaled so, as by scikit-learn's ``MinMaxScaler((-0.9, 0.9))``.
    minimum, maximum : float or array-like of shape (n_features,)
        Of each feature in what the model was trained on, such as the scaler's `data_min_` and `data_max_`.

    Returns
    -------
    keras.Model
        The input, a layer "to_scale", the layers of `model`, and a layer "to_unit". Layers of a Sequential model keep
        their names; those of another are found by a path, such as "forecaster/conv1".
    """
    model = as_model(model, "input", "output")
    if any(path.split("/")[-1] == "to_scale" for path, _, _ in trace(model).places):
        raise ValueError(f"`model` must not be scaled already. Got {model.name!r} with a layer 'to_scale'.")
    if len(model.inputs[0].shape) != 3 or model.inputs[0].shape[2] is None:
        raise ValueError(f"`model` must take windows of (window, step, feature). Got {model.inputs[0].shape}.")
    n_features = model.inputs[0].shape[2]
    low, high = _as_limits(minimum, "minimum", n_features), _as_limits(maximum, "maximum", n_features)
    if (high < low).any():
        raise ValueError(f"`maximum` must not lie below `minimum`. Got {high.tolist()} and {low.tolist()}.")
    width = np.where(high > low, high - low, 1.0)  # as MinMaxScaler does with a feature that does not change
    level = np.maximum(np.abs(low), np.abs(high))
    if ((high > low) & (level > 1e4 * width)).any() or not ((width > 1e-30) & (level < 1e30)).all():
        asked = "lie apart by at least a ten-thousandth of their size, in a unit within 1e-30 to 1e30, for float32"
        raise ValueError(f"`minimum` and `maximum` must {asked}. Got {low.tolist()} and {high.tolist()}.")
    scale = (LIMITS[1] - LIMITS[0]) / width
    offset = LIMITS[0] - low * scale
    to_scale = keras.layers.Rescaling(scale.tolist(), offset.tolist(), name="to_scale")
    to_unit = keras.layers.Rescaling(float(1 / scale[0]), float(-offset[0] / scale[0]), name="to_unit")
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for _, layer, _ in trace(copy).places:
        if hasattr(layer, "finalize_state"):  # what a Normalization derives from its weights
            layer.finalize_state()
    inner = copy.layers if isinstance(copy, keras.Sequential) else [copy]
    return keras.Sequential([keras.Input(model.inputs[0].shape[1:]), to_scale, *inner, to_unit], name=model.name)


def _as_limits(values: Any, name: str, n_features: int) -> Float[np.ndarray, " feature"]:
    limits = np.atleast_1d(as_array(values, name, ndim=(0, 1), axes="(n_features,)")).astype(np.float64)
    if len(limits) != n_features:
        raise ValueError(f"`{name}` must have {n_features} values, one per feature. Got {len(limits)}.")
    return limits
