"""Models for tests: random stacks of layers, and copies of models with one thing changed."""

import json

import numpy as np
from hypothesis import strategies as st

from conv1d_viz.network.backend import keras

L = keras.layers
sizes, small = st.integers(1, 5), st.integers(1, 3)
padding, causal = st.sampled_from(["same", "valid"]), st.sampled_from(["same", "valid", "causal"])


# What the options of each kind of layer may be, and how it is put behind `h`; `w` makes an initializer.
KINDS = {
    "conv": (
        {"kernel_size": sizes, "padding": causal, "strides": small, "dilation_rate": small},
        lambda h, w, o: L.Conv1D(3, kernel_initializer=w(), bias_initializer=w(), activation="leaky_relu", **o)(h),
    ),
    "depthwise": (
        {"kernel_size": sizes, "padding": padding, "strides": small},
        lambda h, w, o: L.DepthwiseConv1D(depthwise_initializer=w(), **o)(h),
    ),
    "separable": (
        {"kernel_size": sizes, "padding": padding, "strides": small},
        lambda h, w, o: L.SeparableConv1D(2, depthwise_initializer=w(), pointwise_initializer=w(), **o)(h),
    ),
    "max": ({"pool_size": small, "strides": small, "padding": padding}, lambda h, _, o: L.MaxPooling1D(**o)(h)),
    "average": ({"pool_size": small, "strides": small, "padding": padding}, lambda h, _, o: L.AveragePooling1D(**o)(h)),
    "zeros": ({"padding": st.tuples(small, small)}, lambda h, _, o: L.ZeroPadding1D(**o)(h)),
    "crop": ({"cropping": st.tuples(small, small)}, lambda h, _, o: L.Cropping1D(**o)(h)),
    "up": ({"size": st.just(2)}, lambda h, _, o: L.UpSampling1D(**o)(h)),
    "residual": (
        {"kernel_size": sizes, "padding": st.sampled_from(["same", "causal"])},
        lambda h, w, o: h + 2.0 * L.Conv1D(h.shape[-1], kernel_initializer=w(), **o)(h),
    ),
    "branches": (
        {"kernel_size": sizes, "padding": st.just("same")},
        lambda h, w, o: L.Concatenate()([L.Conv1D(2, kernel_initializer=w(), **o)(h), L.MaxPooling1D(3, 1, "same")(h)]),
    ),
    "stepwise": ({}, lambda h, w, _: L.BatchNormalization()(L.TimeDistributed(L.Dense(2, kernel_initializer=w()))(h))),
}
layers = (
    st.sampled_from([*KINDS, "conv", "conv"])
    .flatmap(lambda name: st.tuples(st.just(name), st.fixed_dictionaries(KINDS[name][0])))
    .filter(lambda layer: 1 in (layer[1].get("strides", 1), layer[1].get("dilation_rate", 1)))
)


def build(stack, window, features, low=-1.0):
    """A model of some layers, the last one named "last"; layers that would leave fewer than 3 steps are left out.

    Weights are between `low` and 1.
    """
    count = iter(range(10**6))

    def weights():
        return keras.initializers.RandomUniform(low, 1.0, seed=next(count))

    inputs = h = keras.Input((window, features))
    for name, options in stack:
        reach = (options.get("kernel_size", 1) - 1) * options.get("dilation_rate", 1) + 1
        if options.get("padding") == "valid" and max(reach, options.get("pool_size", 1)) > h.shape[1]:
            continue
        if sum(options.get("cropping", ())) >= h.shape[1]:
            continue
        out = KINDS[name][1](h, weights, options)
        h = out if out.shape[1] >= 3 else h
    h = L.LeakyReLU(name="last")(h)
    return keras.Model(inputs, L.Dense(1, kernel_initializer=weights())(L.GlobalAveragePooling1D()(h)))


def chain(*layers, window=20, features=1, dtype="float32"):
    """A model of layers, or functions, one behind the other."""
    h = inputs = keras.Input((window, features), dtype=dtype)
    for layer in layers:
        h = layer(h)
    return keras.Model(inputs, h)


def rebuilt(model, dtype, window):
    """The same model in another precision, and with another or an open length of its windows."""
    description = json.loads(model.to_json().replace("float32", dtype))
    for layer in description["config"]["layers"]:
        layer.pop("build_config", None)
        if layer["class_name"] == "InputLayer":
            layer["config"]["batch_shape"][1] = window
    copy = keras.models.model_from_json(json.dumps(description))
    copy.set_weights(model.get_weights())
    return copy


class Own(L.Layer):
    """A layer of one's own, which hands on what it gets: nothing is known of it."""

    def call(self, x):
        return x


def in_the_general_way(model, layer):
    """The same model with a layer of one's own behind `layer`, so that deletions are made in its output."""

    def call(one, *args, **kwargs):
        return Own()(one(*args, **kwargs)) if one.name == layer else one(*args, **kwargs)

    copy = keras.models.clone_model(model, call_function=call)
    for one in filter(lambda layer: layer.weights, model.layers):  # the order of branches may have changed
        copy.get_layer(one.name).set_weights(one.get_weights())
    return copy


def forecast(model, x):
    """What the model gives, without the seconds that `predict` takes to compile it."""
    return keras.ops.convert_to_numpy(model(np.asarray(x), training=False))


def forecast_without(model, x, layer, channels):
    """What the model gives with weights of `layer` that make nothing but 0 of some channels."""
    kept = model.get_layer(layer).get_weights()
    gone = [weight * ~np.isin(np.arange(weight.shape[-1]), channels) for weight in kept]
    model.get_layer(layer).set_weights(gone)
    found = forecast(model, x)
    model.get_layer(layer).set_weights(kept)
    return found
