"""Deletions as rows of a matrix product agree with the general way, and are used where they should be."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conv1d_viz as cv
from conv1d_viz.ablation import _shares
from conv1d_viz.ablation import cut as _cut
from conv1d_viz.network import graph as _graph
from conv1d_viz.network import layers as _models
from conv1d_viz.network.backend import keras

L = keras.layers

BETWEEN = {
    "max": lambda: L.MaxPooling1D(2),
    "padded max": lambda: L.MaxPooling1D(3, strides=2, padding="same"),
    "average": lambda: L.AveragePooling1D(3, padding="same"),
    "norm": lambda: L.BatchNormalization(beta_initializer="ones", moving_mean_initializer="ones"),
    "sigmoid": lambda: L.Activation("sigmoid"),
    "leaky": lambda: L.LeakyReLU(),
    "zeros": lambda: L.ZeroPadding1D(1),
    "crop": lambda: L.Cropping1D((1, 2)),
    "up": lambda: L.UpSampling1D(2),
    "dropout": lambda: L.Dropout(0.4),
}
HEADS = {
    "conv": lambda: [L.Conv1D(3, 4, activation="tanh", bias_initializer="normal"), L.GlobalMaxPooling1D()],
    "same": lambda: [L.Conv1D(3, 4, strides=2, padding="same"), L.GlobalMaxPooling1D()],
    "causal": lambda: [L.Conv1D(2, 3, padding="causal", dilation_rate=2), L.GlobalAveragePooling1D()],
    "steps": lambda: [L.Dense(3, activation="relu", bias_initializer="normal"), L.GlobalMaxPooling1D()],
    "flat": lambda: [L.Flatten(), L.Dense(3, activation="tanh", use_bias=False)],
    "mean": lambda: [L.GlobalAveragePooling1D(), L.Dense(3, activation="relu")],
}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.sampled_from(sorted(BETWEEN)), max_size=3), st.sampled_from(sorted(HEADS)), st.data())
def test_both_ways_agree(between, head, data):
    keras.utils.set_random_seed(1)
    dtype = data.draw(st.sampled_from(["float32", "float64"])) if keras.backend.backend() != "jax" else "float32"
    inputs = keras.Input((150, 2), dtype=dtype)
    h = L.Conv1D(4, 5, padding="same", bias_initializer="normal", name="cut", dtype=dtype)(inputs)
    for layer in [BETWEEN[name]() for name in between] + HEADS[head]() + [L.Dense(2)]:
        layer.dtype_policy = dtype
        h = layer(h)
    model = keras.Model(inputs, h)
    x = np.random.default_rng(0).normal(size=(9, 150, 2))
    replacement = data.draw(st.sampled_from(_cut.REPLACEMENTS))
    graph = _graph.trace(model)
    found = _shares.linear_head(graph, _models.find_layer(model, graph, "cut")[1])
    assert [call.path for call in found.channelwise] == [
        layer.name for layer in model.layers[2:][: len(found.channelwise)]
    ]
    stand_in = _cut.stand_in(model, x, "cut", replacement, seed=2)
    deletions = [(), (2,), (0, 3), (0, 1, 2, 3)]
    quick = _cut.forecasts(model, x, "cut", deletions, stand_in)
    general = _cut.forecasts(model, x, "cut", deletions, stand_in, by_shares=False)
    np.testing.assert_allclose(quick, general, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("behind", "expected"),
    [
        ([L.Conv1D(2, 3)], True),
        ([L.MaxPooling1D(2), L.Flatten(), L.Dense(2)], True),
        ([L.Activation("softmax"), L.Conv1D(2, 3)], False),
        ([L.Activation(lambda v: v), L.Conv1D(2, 3)], False),
        ([L.LayerNormalization(), L.Conv1D(2, 3)], False),
        ([L.Conv1D(2, 3, groups=2)], False),
        ([L.Conv1D(2, 3, dtype="mixed_bfloat16")], False),
        ([L.SeparableConv1D(2, 3)], False),
        ([L.LSTM(2)], False),
        ([L.GlobalMaxPooling1D()], False),
        ([lambda h: L.Add()([h, L.Conv1D(4, 3, padding="same")(h)])], False),
        ([L.ReLU(), lambda h: L.Concatenate()([h, L.Conv1D(4, 3, padding="same")(h)])], False),
    ],
)
def test_where_channels_are_summed_up(behind, expected):
    h = inputs = keras.Input((20, 1))
    h = L.Conv1D(4, 3, name="cut")(h)
    for layer in behind:
        h = layer(h)
    model = keras.Model(inputs, h)
    graph = _graph.trace(model)
    assert (_shares.linear_head(graph, _models.find_layer(model, graph, "cut")[1]) is not None) == expected


def test_all_subsets_by_size_then_by_index(model, windows):
    x, y = windows
    study = cv.ablation_study(model, x, y, "conv1", "all")
    assert study.deletions[:7] == [(), (0,), (1,), (2,), (3,), (0, 1), (0, 2)]
    assert study.deletions[-2:] == [(1, 2, 3), (0, 1, 2, 3)]
    assert len(set(study.deletions)) == 16
    for row in (0, 6, 15):
        expected = cv.predict_ablated(model, x, "conv1", study.deletions[row])
        np.testing.assert_allclose(study.predictions[row], expected, atol=1e-6)
    assert study.mse[0] == study.baseline_mse


@pytest.mark.parametrize("scale", [1e3, 1e5, 1e7])
def test_a_deleted_channel_that_is_much_larger_than_the_others_takes_no_digits_away(scale):
    inputs = keras.Input((20, 2))
    h = L.Conv1D(4, 3, name="conv", padding="same")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Conv1D(1, 3, activation="sigmoid")(h)))
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[:, 1] = 0
    kernel[:, 1, 2] = 1.0  # only channel 2 sees the large feature
    model.get_layer("conv").set_weights([kernel, bias])
    x = np.random.default_rng(0).normal(size=(30, 20, 2)) * [1.0, scale]
    replaced = _cut.stand_in(model, x, "conv", "zero", None)
    quick, general = (
        _cut.forecasts(model, x, "conv", [(2,), (0, 2)], replaced, by_shares=by_shares) for by_shares in (True, False)
    )
    np.testing.assert_allclose(quick, general, atol=1e-6)


def test_masks_made_inside_a_nested_model_keep_the_shares_away():
    inside = keras.Input((12, 3))
    encoder = keras.Model(inside, L.Dense(3, name="cut", bias_initializer="ones")(L.Masking()(inside)), name="encoder")
    inputs = keras.Input((12, 3))
    model = keras.Model(inputs, L.GlobalAveragePooling1D()(L.Dense(2)(encoder(inputs))))
    x = np.random.default_rng(0).normal(size=(5, 12, 3))
    x[:, :4] = 0
    np.testing.assert_allclose(cv.predict_ablated(model, x, "encoder/cut", ()), model.predict(x, verbose=0), atol=1e-6)
