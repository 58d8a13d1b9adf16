"""Models that were trained on a scaled series, put to work on the series in its own unit."""

from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import as_array
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model

LIMITS = (-0.9, 0.9)  # within the reach of a tanh, with room for values that training has not seen


def with_scaling(model: Any, minimum: Any, maximum: Any) -> Any:
    """Return a model that takes and forecasts a series in its own unit, around one that was trained on it scaled.

    Each feature's `minimum` becomes -0.9 and its `maximum` 0.9 on the way in; forecasts, which are of feature 0, are
    scaled back. So activations stay what they were, and forecasts and errors are in the unit of the series. It is a
    copy in float32, to look at: it is not compiled, and `model` stays as it is.

    Parameters
    ----------
    model : keras.Model
        Trained on the series scaled so, as by scikit-learn's ``MinMaxScaler((-0.9, 0.9))``.
    minimum, maximum : float or array-like of shape (n_features,)
        Of each feature in what the model was trained on, such as the scaler's `data_min_` and `data_max_`.

    Returns
    -------
    keras.Model
        Input, a layer "to_scale", those of `model`, a layer "to_unit". Layers of a Sequential model keep their names;
        those of another are found by a path, such as "forecaster/conv1".

    Raises
    ------
    TypeError, ValueError
        If the limits do not fit the model's features, a maximum lies below its minimum, a series of such a level would
        lose its digits in the model's numbers, or the names of the two layers are taken.

    Examples
    --------
    >>> with_scaling(build_model(window=24), minimum=18.9, maximum=29.2)  # doctest: +SKIP
    """
    model = as_model(model)
    if len(model.inputs[0].shape) != 3 or model.inputs[0].shape[2] is None:
        raise ValueError(f"`model` must take windows of (window, step, feature). Got {model.inputs[0].shape}.")
    n_features = model.inputs[0].shape[2]
    low, high = (_as_limits(limits, name, n_features) for limits, name in ((minimum, "minimum"), (maximum, "maximum")))
    if (high < low).any():
        raise ValueError(f"`maximum` must not lie below `minimum`. Got {high.tolist()} and {low.tolist()}.")
    width = np.where(high > low, high - low, 1.0)  # as MinMaxScaler does with a feature that does not change
    level = np.maximum(np.abs(low), np.abs(high))
    if ((high > low) & (level > 1e4 * width)).any() or not ((width > 1e-30) & (level < 1e30)).all():
        raise ValueError(
            "`minimum` and `maximum` must lie apart by at least a ten-thousandth of their size, and within 1e-30 to "
            f"1e30, which float32 can tell apart; subtract the level of the series, or choose another unit. Got "
            f"{low.tolist()} and {high.tolist()}."
        )
    inner = model.layers if isinstance(model, keras.Sequential) else [model]
    taken = {"to_scale", "to_unit"} & {layer.name for layer in inner}
    if taken:
        raise ValueError(f"`model` must have no layers named 'to_scale' or 'to_unit' yet. Got {sorted(taken)}.")
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
        raise ValueError(f"`{name}` must have {n_features} values, one a feature. Got {len(limits)}.")
    return limits
