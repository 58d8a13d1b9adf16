import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def conv_by_loops(x, kernel, bias, left):
    """Relu of a 'same' convolution with stride 1, a step at a time."""
    size = len(kernel)
    out = np.zeros((len(x), x.shape[1], kernel.shape[2]))
    for step in range(x.shape[1]):
        for k in range(size):
            sample = step - left + k
            if 0 <= sample < x.shape[1]:
                out[:, step] += x[:, sample] @ kernel[k]
    return np.maximum(out + bias, 0)


def test_activations_against_loops(model, windows):
    x, _ = windows
    kernel, bias = model.get_layer("conv1").get_weights()
    acts = cv.layer_activations(model, x, "conv1")
    assert acts.shape == (40, 20, 4)
    np.testing.assert_allclose(acts, conv_by_loops(x, kernel, bias, left=2), atol=1e-6)


def test_a_layer_by_name_index_and_object_is_the_same(model, windows):
    x, _ = windows
    expected = cv.layer_activations(model, x, "conv2")
    for layer in (1, -2, np.int64(1), model.get_layer("conv2")):
        np.testing.assert_array_equal(cv.layer_activations(model, x, layer), expected)


def test_chunks_give_the_same(model, windows, request):
    x, _ = windows
    whole = cv.layer_activations(model, x, "conv1")
    request.getfixturevalue("little_memory")
    np.testing.assert_allclose(cv.layer_activations(model, x, "conv1"), whole, atol=1e-6)


def test_inference_mode_and_an_unchanged_model():
    inputs = keras.Input((12, 2))
    h = L.Conv1D(3, 3, padding="same", name="conv")(inputs)
    h = L.Dropout(0.5, name="drop")(L.BatchNormalization(name="norm")(h))
    model = keras.Model(inputs, L.GlobalAveragePooling1D()(h))
    x = np.random.default_rng(0).normal(size=(6, 12, 2))
    before, copy = [w.copy() for w in model.get_weights()], x.copy()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    np.testing.assert_allclose(
        cv.layer_activations(model, x, "drop").mean(axis=1), model.predict(x, verbose=0), atol=1e-5
    )
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    np.testing.assert_array_equal(x, copy)


@pytest.mark.parametrize(("precision", "dtype"), [("mixed_bfloat16", np.float32), ("float64", np.float64)])
def test_other_precisions(precision, dtype):
    if precision == "float64" and keras.backend.backend() == "jax":
        pytest.skip("JAX computes in float64 only where its own switch is set")
    inputs = keras.Input((12, 1), dtype="float64" if precision == "float64" else "float32")
    h = L.Conv1D(3, 3, padding="same", name="conv", dtype=precision)(inputs)
    model = keras.Model(inputs, L.Dense(1, dtype=precision)(L.GlobalMaxPooling1D(dtype=precision)(h)))
    x = np.random.default_rng(0).normal(size=(5, 12, 1))
    acts = cv.layer_activations(model, x, "conv")
    assert acts.dtype == dtype
    assert cv.diagonal_sum(acts, fill=None).shape == (16, 3)
    forecast = cv.predict_ablated(model, x, "conv", ())
    np.testing.assert_allclose(forecast, model.predict(x, verbose=0).astype(np.float32), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [L.Conv1D(2, 3, name="c"), L.MaxPooling1D(4, name="c"), L.Conv1D(2, 4, name="c")])
def test_windows_too_short_for_a_model_of_open_length_are_refused(layer):
    model = keras.Sequential([keras.Input((None, 1)), layer, L.GlobalMaxPooling1D()])
    x = np.ones((5, 2, 1))
    for call in (
        lambda: cv.layer_activations(model, x, "c"),
        lambda: cv.predict_ablated(model, x, "c", (0,)),
    ):
        with pytest.raises(ValueError, match=r"`x` must be long enough for the model\. Got 2 steps: "):
            call()
    with pytest.raises(ValueError, match=r"`window` must be long enough for the model\. Got 2 steps: "):
        cv.series_timeline(model, np.ones(50), "c", 2)
    assert cv.layer_activations(model, np.ones((5, 4, 1)), "c").shape[0] == 5
    assert len(layer._inbound_nodes) <= 2


def test_layers_that_train_unless_told_otherwise_are_told_otherwise(windows):
    class Doubling(L.Layer):
        def call(self, x, training=None):
            return x if training is False else 2 * x

    x, _ = windows
    inputs = keras.Input((20, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(Doubling()(L.Conv1D(3, 3, name="conv")(inputs))))
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv", ()), model.predict(x, verbose=0), atol=1e-6)


def test_losses_of_a_layer_are_not_left_in_the_model(windows):
    x, _ = windows
    inputs = keras.Input((20, 1))
    h = L.Conv1D(3, 3, name="conv", activity_regularizer="l2")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    before = len(model.losses)
    cv.layer_activations(model, x, "conv")
    cv.predict_ablated(model, x, "conv", (0,))
    assert len(model.losses) == before
