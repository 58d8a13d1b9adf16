"""Forecasts with channels deleted, against networks whose weights or activations are changed by hand."""

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stacks import chain, forecast, forecast_without, in_the_general_way

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
keras.utils.set_random_seed(1)  # of the layers below
REPLACEMENTS = ["zero", "mean", "shuffle"]


def close(found, expected, atol=1e-6):
    np.testing.assert_allclose(found, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("in_cells", [False, True])
@pytest.mark.parametrize("replacement", REPLACEMENTS)
def test_replacements(model, windows, replacement, in_cells, request):
    x, y = windows
    acts = cv.layer_activations(model, x, "conv1").astype(float)
    cells = np.random.default_rng(3).random((40, 20)) < (0.4 if in_cells else 2)
    generator = np.random.default_rng(9)
    order = [generator.permutation(len(x)) for _ in range(4)]
    gone = {
        "zero": np.zeros_like(acts),
        "mean": np.broadcast_to(acts.mean(axis=(0, 1)), acts.shape),
        "shuffle": np.stack([acts[order[c]][..., c] for c in range(4)], axis=-1),
    }[replacement]
    acts[..., [1, 3]] = np.where(cells[..., None], gone, acts)[..., [1, 3]]
    expected = keras.ops.convert_to_numpy(model.get_layer("conv2")(acts.astype(np.float32))).max(axis=1)
    options = {"replacement": replacement, "seed": 9, "cells": cells if in_cells else None}
    close(cv.predict_ablated(model, x, "conv1", (3, 1), **options), expected)
    # A study shares what replaces the channels among all its deletions, and is the same in pieces.
    for _ in range(2):
        close(cv.ablation_study(model, x, y, "conv1", [(2,), (1, 3), ()], **options).predictions[1], expected)
        request.getfixturevalue("little_memory")


def test_a_loaded_model_is_ablated_like_the_one_that_was_saved(model, windows, tmp_path):
    # Keras builds a sequential model several times while it loads it, and each build calls every layer again.
    cv.save_model(model, tmp_path / "m.keras")
    loaded = cv.load_model(tmp_path / "m.keras")
    for channels in [(), (0,), (1, 2)]:
        expected = cv.predict_ablated(model, windows[0], "conv1", channels)
        close(cv.predict_ablated(loaded, windows[0], "conv1", channels), expected)


BETWEEN = {
    "max": lambda: L.MaxPooling1D(2), "padded max": lambda: L.MaxPooling1D(3, strides=2, padding="same"),
    "average": lambda: L.AveragePooling1D(3, padding="same"), "sigmoid": lambda: L.Activation("sigmoid"),
    "norm": lambda: L.BatchNormalization(beta_initializer="ones", moving_mean_initializer="ones"),
    "leaky": lambda: L.LeakyReLU(), "zeros": lambda: L.ZeroPadding1D(1), "crop": lambda: L.Cropping1D((1, 2)),
    "up": lambda: L.UpSampling1D(2), "dropout": lambda: L.Dropout(0.4),
}  # fmt: skip
HEADS = {
    "conv": lambda: [L.Conv1D(3, 4, activation="tanh", bias_initializer="normal"), L.GlobalMaxPooling1D()],
    "same": lambda: [L.Conv1D(3, 4, strides=2, padding="same"), L.GlobalMaxPooling1D()],
    "causal": lambda: [L.Conv1D(2, 3, padding="causal", dilation_rate=2), L.GlobalAveragePooling1D()],
    "steps": lambda: [L.Dense(3, activation="relu", bias_initializer="normal"), L.GlobalMaxPooling1D()],
    "flat": lambda: [L.Flatten(), L.Dense(3, activation="tanh", use_bias=False)],
    "mean": lambda: [L.GlobalAveragePooling1D(), L.Dense(3, activation="relu")],
}


@pytest.mark.parametrize("head", HEADS)
@settings(max_examples=6)
@given(st.lists(st.sampled_from(sorted(BETWEEN)), max_size=3), st.data())
def test_shares_of_the_sum_behind_agree_with_the_general_way(head, between, data):
    dtype = data.draw(st.sampled_from(["float32", "float64"])) if keras.backend.backend() != "jax" else "float32"
    layers = [L.Conv1D(4, 5, padding="same", bias_initializer="normal", name="cut")]
    layers += [BETWEEN[name]() for name in between] + HEADS[head]() + [L.Dense(2)]
    for layer in layers:
        layer.dtype_policy = dtype
    model = chain(*layers, window=150, features=2, dtype=dtype)
    x, y = np.random.default_rng(0).normal(size=(9, 150, 2)), np.zeros((9, 2))
    options = [(), (2,), (0, 3), (0, 1, 2, 3)], data.draw(st.sampled_from(REPLACEMENTS)), 2, False
    cells = data.draw(st.sampled_from([None, x[..., 0] > 0]))
    both = model, in_the_general_way(model, "cut")
    study, general = (cv.ablation_study(one, x, y, "cut", *options, cells) for one in both)
    np.testing.assert_allclose(study.predictions, general.predictions, rtol=1e-4, atol=1e-5)
    close(study.baseline_prediction, forecast(model, x), 1e-5)


@pytest.mark.parametrize("head", HEADS)
def test_the_sum_is_made_of_shares_where_nothing_mixes_the_channels_before(head, batches):
    between = [layer() for layer in BETWEEN.values()]
    model = chain(L.Conv1D(4, 5, name="cut"), *between, *HEADS[head](), L.Dense(2, name="behind"), window=60)
    batches.clear()
    cv.ablation_study(model, np.ones((7, 60, 1)), np.ones((7, 2)), "cut", "pairs")
    # The layer runs once; what is behind the sum for the baseline, four single channels and six pairs.
    sums = {name: sum(rows) for name, rows in batches.items()}
    assert (sums["cut"], sums["behind"]) == (7, 77)


cut = functools.partial(L.Conv1D, 4, 3, name="cut", bias_initializer="ones", padding="same")


class Doubling(L.Layer):
    def call(self, x, training=None):
        return x if training is False else 2 * x


def shared(h):
    """A layer that another model has called before."""
    layer = cut()
    chain(layer, L.Rescaling(3.0), L.GlobalMaxPooling1D())
    return layer(h)


def branched(h):
    """Two layers and a path around the second one, which is "cut"."""
    first = L.Conv1D(4, 3, padding="same")(h)
    return L.Concatenate()([h, L.Add()([first, cut()(first)])])


@pytest.mark.parametrize(
    "layers",
    [
        [cut(), L.Activation("softmax"), L.Conv1D(2, 3)], [cut(), L.Activation(keras.ops.normalize), L.Conv1D(2, 3)],
        [cut(), L.Activation(L.Softmax()), L.Conv1D(2, 3)], [cut(), L.LayerNormalization(), L.Conv1D(2, 3)],
        [cut(), L.PReLU(alpha_initializer="normal"), L.Activation(L.ReLU()), L.Conv1D(2, 3)],
        [cut(), L.BatchNormalization(axis=1, moving_mean_initializer="normal"), L.Conv1D(2, 3)],
        [cut(), L.Conv1D(2, 3, groups=2)], [cut(), L.Conv1D(2, 3, activation="softmax")],
        [cut(), L.Conv1D(2, 3, dtype="mixed_bfloat16"), L.Activation("linear")], [cut(), L.SeparableConv1D(2, 3)],
        [cut(), L.DepthwiseConv1D(2), L.Conv1D(2, 3)], [cut(), lambda h: L.LSTM(2, return_sequences=True)(h)],
        [cut(), L.Permute((2, 1)), L.Conv1D(2, 3)], [cut(), lambda h: L.Add()([h, L.Conv1D(4, 3, padding="same")(h)])],
        [cut(), L.ReLU(), lambda h: L.Concatenate()([h, L.Conv1D(4, 3, padding="same")(h)])],
        [cut(), lambda h: L.Dense(2)(h) * keras.ops.mean(h, axis=-1, keepdims=True)],
        [cut(dtype="mixed_bfloat16"), L.Conv1D(2, 3)], [shared], [cut(), Doubling()], [branched],
        [L.Masking(), L.Dense(4, bias_initializer="ones", name="cut")],
        [L.Masking(), L.Dense(4, bias_initializer="ones", name="cut"), L.Dense(2)],
        [L.Masking(), L.Dense(4, bias_initializer="ones", name="cut"), lambda h: L.LSTM(3, return_sequences=True)(h)],
    ],
)  # fmt: skip
def test_it_is_what_weights_of_zero_give_whatever_comes_before_and_behind(layers):
    x = np.random.default_rng(0).normal(size=(30, 20, 1))
    x[:, :4] = 0  # what is masked
    model = chain(*layers, L.GlobalAveragePooling1D())
    whole, expected = forecast(model, x), forecast_without(model, x, "cut", (1, 2))
    assert np.abs(whole - expected).max() > 1e-4
    close(cv.predict_ablated(model, x, "cut", ()), whole)
    close(cv.predict_ablated(model, x, "cut", (1, 2)), expected)


@pytest.mark.parametrize("scale", [1e3, 1e7])
def test_a_deleted_channel_that_is_much_larger_than_the_others_takes_no_digits_away(scale):
    model = chain(cut(), L.Conv1D(1, 3, activation="sigmoid"), L.GlobalMaxPooling1D(), features=2)
    kernel, bias = model.get_layer("cut").get_weights()
    kernel[:, 1] = [0, 0, 1, 0]  # only channel 2 sees the large feature
    model.get_layer("cut").set_weights([kernel, bias])
    x = np.random.default_rng(0).normal(size=(30, 20, 2)) * [1.0, scale]
    close(cv.predict_ablated(model, x, "cut", (2,)), forecast_without(model, x, "cut", (2,)))


def test_features_of_the_input_can_be_deleted():
    model = chain(L.GlobalAveragePooling1D(), L.Dense(1), features=3)
    x = np.random.default_rng(0).normal(size=(4, 20, 3))
    close(cv.predict_ablated(model, x, 0, (1,)), forecast(model, x * [1, 0, 1]))


def fixed():
    return keras.Sequential([keras.Input(batch_shape=(40, 20, 1)), cut(name="conv1"), L.GlobalMaxPooling1D()])


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"channels": (2, 2)}, r"`channels` must be among .* each once\. Got \(2, 2\)"),
        (
            {"cells": np.ones((20, 40), bool)},
            r"`cells` must have the shape \(window, step\) of a layer .*\. Got \(20, 40",
        ),
        ({"model": fixed}, r"`model` must take any number of windows at once: .*Got 40 windows only"),
    ],
)
def test_what_cannot_be_deleted_is_refused(model, windows, options, match):
    made = {name: value() if callable(value) else value for name, value in options.items()}
    with pytest.raises(ValueError, match=match):
        cv.predict_ablated(**{"model": model, "x": windows[0], "layer": "conv1", "channels": (0,)} | made)
