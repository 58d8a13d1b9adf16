"""What channels add to the next layer's sum, against the definition, plain Keras and gradients."""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L, ops = keras.layers, keras.ops
X = np.random.default_rng(0).normal(size=(7, 16, 2)).astype(np.float32)


def build(*layers, steps=16):
    """A model with random weights, biases and statistics of normalizations, its first layer a convolution "conv"."""
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [keras.Input((steps, 2)), L.Conv1D(5, 3, padding="same", activation="tanh", name="conv"), *layers]
    )
    generator = np.random.default_rng(1)
    model.set_weights([generator.uniform(0.2, 1, w.shape) * generator.choice([-1, 1]) for w in model.get_weights()])
    for layer in model.layers:
        if isinstance(layer, L.BatchNormalization):
            layer.moving_variance.assign(abs(layer.moving_variance))
    return model


def output_of(model, name, x=X):
    return keras.Model(model.inputs, model.get_layer(name).output).predict(x, verbose=0)


def without_activation(model, name, x=X):
    """What a layer sums up: its output with its activation taken away."""
    layer = model.get_layer(name)
    given = keras.Model(model.inputs, layer.input).predict(x, verbose=0)
    plain = type(layer).from_config(layer.get_config() | {"activation": None})
    plain.build(given.shape)
    plain.set_weights(layer.get_weights())
    return ops.convert_to_numpy(plain(given))


def test_the_forecast_of_the_studys_model_is_split_into_its_channels(model, windows):
    x, _ = windows
    parts = cv.channel_contributions(model, x, "conv1")
    np.testing.assert_allclose(np.tanh(parts.total), model.predict(x, verbose=0), atol=1e-6)
    kernel, _ = model.get_layer("conv2").get_weights()
    acts = np.pad(cv.layer_activations(model, x, "conv1"), [(0, 0), (1, 2), (0, 0)])  # "same", kernel of 4
    steps = cv.layer_activations(model, x, "conv2")[..., 0].argmax(axis=1)
    np.testing.assert_array_equal(parts.steps[:, 0], steps)
    by_hand = [(acts[k, step : step + 4] * kernel[..., 0]).sum(axis=0) for k, step in enumerate(steps)]
    np.testing.assert_allclose(parts.values[..., 0], by_hand, atol=1e-6)


CAUSAL = {"padding": "causal", "dilation_rate": 3, "use_bias": False}


@pytest.mark.parametrize("options", [{"activation": "relu"}, {"padding": "same", "strides": 2}, CAUSAL])
def test_a_sum_at_each_step(options):
    model = build(L.BatchNormalization(), L.ReLU(), L.MaxPooling1D(2), L.Conv1D(3, 4, name="sum", **options), L.LSTM(2))
    parts = cv.channel_contributions(model, X, "conv")
    np.testing.assert_allclose(parts.total, without_activation(model, "sum"), atol=1e-5)
    assert parts.steps is None
    # A channel's summand is what is left of the sum where the layer takes no other channel.
    layer, weights = model.get_layer("sum"), model.get_layer("sum").get_weights()
    for channel in range(5):
        alone = np.zeros_like(weights[0])
        alone[:, channel] = weights[0][:, channel]
        layer.set_weights([alone, *(0 * bias for bias in weights[1:])])
        np.testing.assert_allclose(parts.values[:, :, channel], without_activation(model, "sum"), atol=1e-5)
    layer.set_weights(weights)
    some = cv.channel_contributions(model, X, "conv", units=[2, 0])
    for picked, whole in [(some.values, parts.values), (some.total, parts.total), (some.bias, parts.bias)]:
        np.testing.assert_allclose(picked, whole[..., [2, 0]], atol=1e-6)


@pytest.mark.parametrize("activation", ["relu", "tanh", "linear"])
def test_a_sum_at_each_step_and_a_global_maximum(activation):
    conv = L.Conv1D(3, 4, padding="same", activation=activation, name="sum")
    model = build(conv, L.BatchNormalization(name="normalized"), L.GlobalMaxPooling1D(), L.Dense(2))
    parts = cv.channel_contributions(model, X, "conv")
    steps = output_of(model, "normalized").argmax(axis=1)  # where a scale is negative, the smallest sum
    np.testing.assert_array_equal(parts.steps, steps)
    sums = np.take_along_axis(without_activation(model, "sum"), steps[:, None], axis=1)[:, 0]
    np.testing.assert_allclose(parts.total, sums, atol=1e-5)
    np.testing.assert_allclose(parts.bias + parts.values.sum(axis=1), parts.total, atol=1e-5)
    np.testing.assert_array_equal(cv.channel_contributions(model, X, "conv", units=[1]).steps, steps[:, [1]])


@pytest.mark.parametrize("between", [[L.MaxPooling1D(3, 1, "same")], [L.ZeroPadding1D(1)], [L.AveragePooling1D(2)]])
def test_no_step_of_the_sum_is_picked_where_the_maximum_is_of_other_steps(between):
    model = build(L.Conv1D(3, 4, padding="same", name="sum"), *between, L.GlobalMaxPooling1D(), L.Dense(2), steps=None)
    parts = cv.channel_contributions(model, X, "conv")
    assert parts.steps is None
    np.testing.assert_allclose(parts.total, without_activation(model, "sum"), atol=1e-5)


@pytest.mark.parametrize(
    ("layers", "n_steps"),
    [
        ([L.BatchNormalization(), L.ReLU(), L.GlobalAveragePooling1D()], 16),
        ([L.Flatten()], 16),
        ([L.MaxPooling1D(2), L.GlobalAveragePooling1D()], 8),
        ([L.GlobalMaxPooling1D()], None),
    ],
)
def test_a_pooling_and_a_dense(layers, n_steps):
    model = build(*layers, L.Dropout(0.5), L.Dense(3, activation="softmax", name="sum"))
    parts = cv.channel_contributions(model, X, "conv")
    np.testing.assert_allclose(parts.total, without_activation(model, "sum"), atol=1e-5)
    if n_steps is None:  # each channel has a step of its own
        acts, (kernel, _) = output_of(model, "conv"), model.get_layer("sum").get_weights()
        np.testing.assert_array_equal(parts.steps, acts.argmax(axis=1))
        np.testing.assert_allclose(parts.values, acts.max(axis=1)[..., None] * kernel, atol=1e-6)
        return
    assert (parts.steps, parts.values.shape) == (None, (7, n_steps, 5, 3))
    np.testing.assert_allclose(parts.bias + parts.values.sum(axis=(1, 2)), parts.total, atol=1e-5)
    if len(layers) == 3 and n_steps == 16:  # the class activation map of Zhou et al. 2016
        kernel, _ = model.get_layer("sum").get_weights()
        acts = np.maximum(output_of(model, model.layers[1].name), 0)
        np.testing.assert_allclose(parts.values.sum(axis=2) * 16, acts @ kernel, atol=1e-5)


def test_gradients_times_activations_are_the_same_where_all_behind_is_linear():
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes the gradient of TensorFlow")
    import tensorflow as tf

    model = build(L.AveragePooling1D(2), L.Conv1D(3, 4, strides=2, name="sum"), L.Flatten(), L.Dense(1))
    acts = tf.constant(output_of(model, "conv"))
    with tf.GradientTape() as tape:
        tape.watch(acts)
        sums = model.layers[2](model.layers[1](acts))[:, 2, 1]
    expected = (tape.gradient(sums, acts) * acts).numpy().sum(axis=1)
    np.testing.assert_allclose(cv.channel_contributions(model, X, "conv").values[:, 2, :, 1], expected, atol=1e-5)


def test_of_several_inputs():
    series, static = keras.Input((16, 2), name="series"), keras.Input((3,), name="static")
    hidden = L.Conv1D(4, 3, name="conv")(series)
    pooled = L.GlobalAveragePooling1D()(L.Conv1D(2, 3, activation="relu", name="sum")(hidden))
    model = keras.Model([series, static], L.Dense(1)(L.Concatenate()([pooled, static])))
    given = [X, np.ones((7, 3), np.float32)]
    parts = cv.channel_contributions(model, given, "conv")
    np.testing.assert_allclose(np.maximum(parts.total, 0), output_of(model, "sum", given), atol=1e-5)


def test_no_single_sum_is_refused_with_what_stands_in_the_way():
    entry = keras.Input((16, 2))
    hidden = L.Conv1D(4, 3, padding="same", name="conv")(entry)
    side = L.Conv1D(4, 3, padding="same", name="side")(hidden)
    pooled = L.GlobalAveragePooling1D()(L.Add(name="joined")([hidden, side]))
    model = keras.Model(entry, L.Dense(1, name="out")(pooled))
    with pytest.raises(ValueError, match="'conv', branches join at 'joined'"):
        cv.channel_contributions(model, X, "conv")
    for layers, reason in [
        ([L.Softmax(name="mix"), L.Dense(1)], "Softmax 'mix' comes before it"),
        ([L.Conv1D(5, 3, groups=5, name="mix"), L.Dense(1)], "Conv1D 'mix' comes before it, with groups=5"),
        ([L.GlobalMaxPooling1D()], "nothing sums up the channels"),
        ([L.GlobalMaxPooling1D(), L.Rescaling(2.0), L.Dense(1)], "`layer` must be pooled right before it is summed up"),
    ]:
        with pytest.raises(ValueError, match=reason):
            cv.channel_contributions(build(*layers), X, "conv")
    with pytest.raises(ValueError, match=r"`units` must be among those of 'out', 0\.\.0\. Got 1"):
        cv.channel_contributions(model, X, "joined", units=[1])
