"""Who pushes and who brakes: what each channel adds to the number that the next layer sums up."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float, Int

from conv1d_viz.ablation.shares import ACROSS_STEPS, apart, is_channelwise, n_channelwise
from conv1d_viz.checks import as_array, as_items
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Call, calls_behind, calls_between, run_call, run_to, to_array, trace
from conv1d_viz.network.layers import as_inputs, as_model, chunks, find_steps, longest


class Contributions(NamedTuple):
    """The summands of a sum over channels; the shapes are those that `channel_contributions` describes."""

    values: Float[np.ndarray, "window ..."]
    bias: Float[np.ndarray, " unit"]
    total: Float[np.ndarray, "window ..."]
    steps: Int[np.ndarray, "window picked"] | None


def channel_contributions(model: Any, x: Any, layer: Any, *, units: Any = None) -> Contributions:
    """Return what each channel of a layer adds to the sum that the next convolution or Dense makes of them.

    The summands are exact: `total` is the bias plus the sum of `values` over the channels (and over the steps, where
    the total has none), to float32 rounding; it is what the next activation takes. Of convolution, global mean and
    Dense, the values over time, added over channels, are the class activation map.

    Parameters
    ----------
    model, x, layer
        As for `layer_activations`. The layer's output is (window, step, channel), and the layers behind it treat each
        channel by itself until a convolution or Dense sums them up.
    units : iterable of int or None
        The filters or units of the summing layer that are wanted; None: all of them.

    Returns
    -------
    Contributions
        `.values`, `.bias` (unit,), `.total` and `.steps`, of shapes that follow what stands behind the layer:

        ===================================== =============================== ====================== =================
        behind the layer                      values                          total                  steps
        ===================================== =============================== ====================== =================
        a sum at each step                    (window, step, channel, unit)   (window, step, unit)   None
        a sum at each step, a global maximum  (window, channel, unit)         (window, unit)         (window, unit)
        a global maximum, a Dense             (window, channel, unit)         (window, unit)         (window, channel)
        a global mean or Flatten, a Dense     (window, step, channel, unit)   (window, unit)         None
        ===================================== =============================== ====================== =================

        `.steps` are those that the maximum picks: the first of the largest values, after the activation.

    Examples
    --------
    The forecast of the study's model, whose second layer ends in tanh and a global maximum, split into its channels:

    >>> model, (x, _) = build_model(), sliding_windows(toy_series(300)[1], window=100)
    >>> parts = channel_contributions(model, x, "conv1")
    >>> forecast = np.tanh(parts.bias + parts.values.sum(axis=1))
    >>> np.allclose(forecast, model.predict(x, verbose=0), atol=1e-6)
    True

    References
    ----------
    Zhou et al., "Learning deep features for discriminative localization", CVPR 2016; for series Wang, Yan, Oates,
    "Time series classification from scratch with deep neural networks", IJCNN 2017.
    """
    model = as_model(model)
    graph = trace(model)
    path, key = find_steps(model, graph, layer)
    inputs = as_inputs(model, x)
    behind = calls_behind(graph, key, set(graph.outputs))
    n = n_channelwise(graph, behind, key)
    if n is None:
        raise ValueError(f"`layer` must lead to one sum over its channels. Behind {path!r}, {_why_not(behind, key)}.")
    before, summing, rest = behind[:n], behind[n], behind[n + 1 :]
    kernel, bias, chosen = _weights(summing.operation, units)
    n_channels = graph.shapes[key][2]
    pool = next((k for k, call in enumerate(before) if len(graph.shapes[call.outputs[0]]) == 2), None)
    maximum = None if pool is not None else _maximum(rest, summing.outputs[0])

    parts: list[tuple[np.ndarray, ...]] = []
    floats = graph.floats_per_window([*calls_between(graph, {key}), *behind[: n + 1]], longest(inputs))
    floats += n_channels * len(chosen) * (graph.shapes[summing.inputs[0]][1] or longest(inputs))
    for rows in chunks(len(inputs[0]), floats):
        hidden = run_to(model, graph, {key}, [array[rows] for array in inputs])[key]
        for call in before[:pool]:
            (hidden,) = run_call(call, [hidden])
        if pool is not None:
            parts.append(_pooled(hidden, before[pool], kernel))
            (pooled,) = run_call(before[pool], [hidden])
            for call in before[pool + 1 :]:
                if not np.array_equal(to_array(run_call(call, [pooled])[0]), to_array(pooled)):
                    got = f"{call.path!r} between pooling and sum; pass that layer as `layer`"
                    raise ValueError(f"`layer` must be pooled right before it is summed up. Got {got}.")
            continue
        values = to_array(keras.ops.moveaxis(apart(summing.operation, hidden, kernel, n_channels), 0, 2))
        if maximum is None:
            parts.append((values,))
            continue
        (peaks,) = run_call(summing, [hidden])
        for call in rest[:maximum]:
            (peaks,) = run_call(call, [peaks])
        picked = to_array(peaks)[..., chosen].argmax(axis=1)
        parts.append((np.take_along_axis(values, picked[:, None, None], axis=1)[:, 0], picked))
    values, *steps = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    over = (1, 2) if pool is not None and values.ndim == 4 else -2
    return Contributions(values, bias, bias + values.sum(axis=over), steps[0] if steps else None)


def _why_not(behind: list[Call], key: int) -> str:
    """Return why there is no single sum over channels, as the end of a sentence about the layer."""
    takers = [call for call in behind if key in call.inputs]
    while len(takers) == 1 and len(takers[0].inputs) == 1 and is_channelwise(takers[0]):
        (key,) = takers[0].outputs
        takers = [call for call in behind if key in call.inputs]
    if not takers:
        return "nothing sums up the channels"
    joins = [call.path for call in behind if len(call.inputs) > 1]
    if len(takers) > 1 or len(takers[0].inputs) > 1:
        several = " and ".join(repr(call.path) for call in takers)
        return f"branches join at {joins[0]!r}" if joins else f"{several} sum up the channels"
    layer, path = takers[0].operation, takers[0].path
    why = f"with groups={layer.groups}" if getattr(layer, "groups", 1) > 1 else "or the model has masks"
    return f"{type(layer).__name__} {path!r} comes before it, {why}"


def _weights(layer: Any, units: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return kernel and bias of the summing layer for the units that are wanted, and which these are."""
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    bias = keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else np.zeros(kernel.shape[-1], kernel.dtype)
    chosen = np.arange(len(bias))
    if units is not None:
        wanted = as_items(units, "units", "an iterable of integers")
        chosen = as_array(wanted, "units", ndim=1, axes="(n_units,)", items="integers", minimum=0)
    if chosen.max() >= len(bias):
        raise ValueError(f"`units` must be among those of {layer.name!r}, 0..{len(bias) - 1}. Got {chosen.max()}.")
    return kernel[..., chosen], bias[chosen], chosen


def _maximum(calls: list[Call], key: int) -> int | None:
    """Count the calls, each on every number by itself, before a global maximum that alone takes what they give."""
    for k, call in enumerate(calls):
        kind = type(call.operation).__name__
        if not is_channelwise(call) or any(key in other.inputs for other in calls[k + 1 :]):
            return None
        if kind in ACROSS_STEPS:
            return k if kind == "GlobalMaxPooling1D" else None
        (key,) = call.outputs
    return None


def _pooled(hidden: Any, pool: Call, kernel: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return what each channel adds to a Dense behind a pooling, and the steps that a maximum picks."""
    acts, kind = to_array(hidden), type(pool.operation).__name__
    if kind == "GlobalMaxPooling1D":
        return acts.max(axis=1)[..., None] * kernel, acts.argmax(axis=1)
    weights = kernel.reshape(*acts.shape[1:], -1) if kind == "Flatten" else kernel / acts.shape[1]
    return (acts[..., None] * weights,)
