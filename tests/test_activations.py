"""A layer's output, against loops and Keras' own `predict`."""

import numpy as np
import pytest
from stacks import chain

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def test_against_loops_however_the_layer_is_named(model, windows):
    x, _ = windows
    kernel, bias = model.get_layer("conv1").get_weights()
    expected = np.zeros((40, 20, 4)) + bias
    for step in range(20):
        for k in range(5):  # "same": 2 samples of padding on the left
            if 0 <= step - 2 + k < 20:
                expected[:, step] += x[:, step - 2 + k] @ kernel[k]
    for layer in ("conv1", 0, -3, np.int64(0), model.get_layer("conv1")):
        np.testing.assert_allclose(cv.layer_activations(model, x, layer), np.maximum(expected, 0), atol=1e-6)


def test_chunks_give_the_same(model, windows, batches, request):
    whole = cv.layer_activations(model, windows[0], "conv1")
    request.getfixturevalue("little_memory")
    np.testing.assert_allclose(cv.layer_activations(model, windows[0], "conv1"), whole, atol=1e-6)
    assert batches["conv1"][0] == sum(batches["conv1"][1:]) == 40
    assert len(batches["conv1"]) > 3


def test_inference_mode_and_an_unchanged_model():
    conv = L.Conv1D(3, 3, padding="same", name="conv", activity_regularizer="l2")
    norm, drop = L.BatchNormalization(), L.Dropout(0.5, name="drop")
    model = chain(conv, lambda h: drop(norm(h, training=True), training=True), L.GlobalAveragePooling1D())
    x = np.random.default_rng(0).normal(size=(6, 20, 1))
    expected = model.predict(x, verbose=0)
    before, copy, losses = [w.copy() for w in model.get_weights()], x.copy(), len(model.losses)
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    np.testing.assert_allclose(cv.layer_activations(model, x, "drop").mean(axis=1), expected, atol=1e-5)
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv", ()), expected, atol=1e-5)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    assert len(model.losses) <= losses
    np.testing.assert_array_equal(x, copy)


PRECISIONS = {"float32": "mixed_bfloat16", "float64": "float64", "int32": "float32", "uint8": "float32"}


@pytest.mark.parametrize(("given", "computed"), PRECISIONS.items())
def test_precisions_are_those_of_predict(given, computed):
    if given == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX computes in float64 only where its own switch is set")
    scale, conv = L.Rescaling(0.1, dtype=computed), L.Conv1D(3, 3, name="conv", dtype=computed)
    model = chain(scale, conv, L.GlobalMaxPooling1D(dtype=computed), dtype=given)
    x = np.random.default_rng(0).uniform(0, 9, size=(5, 20, 1))
    acts = cv.layer_activations(model, x, "conv")
    assert acts.dtype == ("float64" if given == "float64" else "float32")
    expected = model.predict(x.astype(given), verbose=0).astype(np.float32)
    np.testing.assert_allclose(acts.max(axis=1), expected, rtol=1e-5)
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv", ()), expected, rtol=1e-5)


@pytest.mark.parametrize("layer", [L.Conv1D(2, 3), L.MaxPooling1D(4)])
def test_windows_too_short_for_a_model_of_open_length_are_refused(layer):
    model, match = (
        chain(layer, L.GlobalMaxPooling1D(), window=None),
        r" must be long enough for the model\. Got 2 steps: ",
    )
    with pytest.raises(ValueError, match="`x`" + match):
        cv.layer_activations(model, np.ones((5, 2, 1)), 1)
    with pytest.raises(ValueError, match="`window`" + match):
        cv.series_timeline(model, np.ones(50), 1, 2)
    assert cv.layer_activations(model, np.ones((5, 4, 1)), 1).shape[0] == 5


def test_a_model_that_keeps_a_state_is_refused(windows):
    memory = L.LSTM(2, stateful=True, name="memory")
    model = keras.Sequential([keras.Input(batch_shape=(40, 20, 1)), L.Conv1D(3, 3), memory])
    with pytest.raises(ValueError, match=r"`model` must keep no state between calls\. Got the stateful layer 'memory'"):
        cv.layer_activations(model, windows[0], 0)


def test_networks_that_give_no_numbers(model, windows):
    broken = keras.models.clone_model(model)
    broken.set_weights([w * np.nan for w in model.get_weights()])
    with pytest.raises(
        ValueError, match=r"`model` must give finite numbers for `x`\. Got NaN or infinity: look at its"
    ):
        cv.layer_activations(broken, windows[0], "conv1")
    with pytest.raises(ValueError, match=r"`model` must give finite numbers for `series`"):
        cv.series_timeline(broken, np.ones(90), "conv1", 20)
