import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import conv1d_viz as cv
from conv1d_viz._keras import keras

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


def seen(model, layer, window):
    """Which output steps of a layer change with each input step: (window, n_steps), from one perturbed copy a step."""
    x = np.random.default_rng(3).normal(size=(window, 1))
    copies = np.stack([x, *(x + np.eye(window)[:, [t]] for t in range(window))])
    acts = cv.layer_activations(model, copies, layer)
    return (acts[1:] != acts[0]).any(axis=2)


conv = st.fixed_dictionaries(
    {
        "kernel_size": st.integers(1, 6),
        "strides": st.integers(1, 3),
        "padding": st.sampled_from(["same", "valid", "causal"]),
        "dilation_rate": st.integers(1, 3),
    }
).filter(lambda c: c["strides"] == 1 or c["dilation_rate"] == 1)


@settings(max_examples=25, deadline=None)
@given(st.lists(conv, min_size=1, max_size=2), st.integers(50, 57))
def test_receptive_field_against_perturbed_inputs(layers, window):
    inputs = keras.Input((window, 1))
    h = inputs
    for k, options in enumerate(layers):
        h = L.Conv1D(2, name=f"c{k}", kernel_initializer="ones", **options)(h)
        h = L.LeakyReLU(name=f"a{k}")(h)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    last = f"a{len(layers) - 1}"
    field = cv.receptive_field(model, last)
    found = seen(model, last, window)
    n_steps = found.shape[1]
    first = field.start + np.arange(n_steps) * field.stride
    times = np.arange(window)[:, None]
    expected = (first <= times) & (times < first + field.size)
    assert not (found & ~expected).any()
    inside = ~field.sees_padding(n_steps, window)
    # With dilation, or strides longer than the kernel, there are holes between the first and the last sample seen.
    if all(o["dilation_rate"] == 1 and o["strides"] <= o["kernel_size"] for o in layers):
        np.testing.assert_array_equal(found[:, inside], expected[:, inside])
    steps = np.arange(n_steps)[inside]
    assert found[first[inside], steps].all()
    assert found[first[inside] + field.size - 1, steps].all()
    # At the ends a strided layer may lack the step through which a padded one would see a sample of the window.
    if all(o["dilation_rate"] == o["strides"] == 1 for o in layers):
        np.testing.assert_array_equal(found, expected)
    assert field.sees_padding(n_steps, window).tolist() == [f < 0 or f + field.size > window for f in first]


def test_the_studys_padding_is_four_left_and_five_right():
    model = cv.build_model(seed=0)
    field = cv.receptive_field(model, "conv1")
    assert field == (10, 1, -4)
    assert field.centre == 0.5
    assert np.flatnonzero(field.sees_padding(100, 100)).tolist() == [0, 1, 2, 3, 95, 96, 97, 98, 99]


def test_receptive_field_of_an_open_length():
    inputs = keras.Input((None, 1))
    h = L.Conv1D(2, 4, padding="same", name="plain")(inputs)
    h = L.Conv1D(2, 4, strides=2, padding="same", name="strided")(h)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    assert cv.receptive_field(model, "plain") == (4, 1, -1)
    with pytest.raises(ValueError, match="`window` must be given"):
        cv.receptive_field(model, "strided")
    assert cv.receptive_field(model, "strided", window=10) == (7, 2, -2)
    assert cv.receptive_field(model, "strided", window=9) == (7, 2, -2)


@pytest.mark.parametrize(("precision", "dtype"), [("mixed_bfloat16", np.float32), ("float64", np.float64)])
def test_other_precisions(precision, dtype):
    inputs = keras.Input((12, 1), dtype="float64" if precision == "float64" else "float32")
    h = L.Conv1D(3, 3, padding="same", name="conv", dtype=precision)(inputs)
    model = keras.Model(inputs, L.Dense(1, dtype=precision)(L.GlobalMaxPooling1D(dtype=precision)(h)))
    x = np.random.default_rng(0).normal(size=(5, 12, 1))
    acts = cv.layer_activations(model, x, "conv")
    assert acts.dtype == dtype
    assert cv.diagonal_sum(acts, fill=None).shape == (16, 3)
    forecast = cv.predict_ablated(model, x, "conv", ())
    np.testing.assert_allclose(forecast, model.predict(x, verbose=0).astype(np.float32), rtol=1e-6)
