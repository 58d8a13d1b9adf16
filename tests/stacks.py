"""Random stacks of layers, for tests that must hold for any of them."""

from hypothesis import strategies as st

from conv1d_viz.network.backend import keras

L = keras.layers
sizes, small = st.integers(1, 5), st.integers(1, 3)


def kind(name, **options):
    return st.tuples(st.just(name), st.fixed_dictionaries(options))


padding = st.sampled_from(["same", "valid"])
conv = kind(
    "conv", kernel_size=sizes, padding=st.sampled_from(["same", "valid", "causal"]), strides=small, dilation_rate=small
).filter(lambda layer: 1 in (layer[1]["strides"], layer[1]["dilation_rate"]))
layers = st.one_of(
    conv,
    conv,
    kind("depthwise", kernel_size=sizes, padding=padding, strides=small),
    kind("separable", kernel_size=sizes, padding=padding, strides=small),
    kind("max", pool_size=small, strides=small, padding=padding),
    kind("average", pool_size=small, strides=small, padding=padding),
    kind("zeros", padding=st.tuples(small, small)),
    kind("crop", cropping=st.tuples(small, small)),
    kind("up", size=st.just(2)),
    kind("residual", kernel_size=sizes, padding=st.sampled_from(["same", "causal"])),
    kind("branches", kernel_size=sizes, pool_size=small),
    kind("stepwise"),
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
        out = _add(name, options, h, weights)
        h = out if out is not None and out.shape[1] >= 3 else h
    h = L.LeakyReLU(name="last")(h)
    return keras.Model(inputs, L.Dense(1, kernel_initializer=weights())(L.GlobalAveragePooling1D()(h)))


def _add(name, options, h, weights):
    reach = (options.get("kernel_size", 1) - 1) * options.get("dilation_rate", 1) + 1
    if options.get("padding") == "valid" and max(reach, options.get("pool_size", 1)) > h.shape[1]:
        return None
    if name == "conv":
        return L.Conv1D(
            3, kernel_initializer=weights(), bias_initializer=weights(), activation="leaky_relu", **options
        )(h)
    if name == "depthwise":
        return L.DepthwiseConv1D(depthwise_initializer=weights(), **options)(h)
    if name == "separable":
        kernels = {"depthwise_initializer": weights(), "pointwise_initializer": weights()}
        return L.SeparableConv1D(2, bias_initializer=weights(), **kernels, **options)(h)
    if name in ("max", "average"):
        return (L.MaxPooling1D if name == "max" else L.AveragePooling1D)(**options)(h)
    if name == "zeros":
        return L.ZeroPadding1D(**options)(h)
    if name == "crop" and h.shape[1] > sum(options["cropping"]) + 2:
        return L.Cropping1D(**options)(h)
    if name == "up":
        return L.UpSampling1D(**options)(h)
    if name == "residual":
        side = L.Conv1D(h.shape[-1], kernel_initializer=weights(), **options)(h)
        return L.Add()([h, side]) if options["kernel_size"] > 2 else h + 2.0 * side
    if name == "branches":
        side = L.Conv1D(2, options["kernel_size"], padding="same", kernel_initializer=weights())(h)
        pooled = L.MaxPooling1D(options["pool_size"], strides=1, padding="same")(h)
        return L.Concatenate()([side, pooled])
    if name == "stepwise":
        dense = L.TimeDistributed(L.Dense(2, kernel_initializer=weights()))(L.Dense(3, kernel_initializer=weights())(h))
        return L.BatchNormalization(gamma_initializer=keras.initializers.Constant(0.7))(dense)
    return None
