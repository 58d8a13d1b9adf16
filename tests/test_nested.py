"""Layers inside nested models: reached by their path, and deleted for real."""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def encoder(width=3):
    inputs = keras.Input((20, 1), name="feed")
    h = L.Conv1D(4, 5, padding="same", activation="relu", name="conv1")(inputs)
    return keras.Model(inputs, L.Conv1D(width, 3, padding="same", name="conv2")(h), name="encoder")


@pytest.fixture(scope="module")
def nested():
    """A model with an encoder in it, and the same layers without one."""
    part, inputs = encoder(), keras.Input((20, 1), name="series")
    tail = keras.Sequential([keras.Input((20, 3)), L.ReLU(name="relu"), L.GlobalMaxPooling1D()], name="tail")
    head = L.Dense(2, name="head")
    model = keras.Model(inputs, head(tail(part(inputs))))
    flat = inputs = keras.Input((20, 1))
    for layer in (*part.layers[1:], L.ReLU(name="relu"), L.GlobalMaxPooling1D(), head):
        flat = layer(flat)
    return model, keras.Model(inputs, flat)


@pytest.mark.parametrize(("path", "plain"), [("encoder/conv1", "conv1"), ("encoder", "conv2"), ("tail/relu", "relu")])
def test_they_are_looked_at_and_deleted_as_in_a_flat_model(nested, windows, path, plain):
    model, flat = nested
    x, y = windows
    y = np.repeat(y, 2, axis=1)
    np.testing.assert_allclose(cv.layer_activations(model, x, path), cv.layer_activations(flat, x, plain), atol=1e-6)
    study, expected = cv.ablation_study(model, x, y, path), cv.ablation_study(flat, x, y, plain)
    np.testing.assert_allclose(study.predictions, expected.predictions, atol=1e-6)
    assert np.abs(study.predictions - study.baseline_prediction).max() > 1e-3
    assert cv.receptive_field(model, path) == cv.receptive_field(flat, plain)


def test_the_layer_object_and_the_input_of_a_nested_model(nested, windows):
    model, _ = nested
    x, _ = windows
    conv = model.get_layer("encoder").get_layer("conv1")
    by_path = cv.predict_ablated(model, x, "encoder/conv1", (1, 2))
    np.testing.assert_array_equal(cv.predict_ablated(model, x, conv, (1, 2)), by_path)
    np.testing.assert_allclose(
        cv.predict_ablated(model, x, "encoder/feed", (0,)), model.predict(np.zeros_like(x), verbose=0), atol=1e-6
    )


def test_the_input_of_a_nested_model_is_deleted_there_alone(windows):
    x, _ = windows
    part, inputs = encoder(1), keras.Input((20, 1), name="series")
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Add()([inputs, part(inputs)])))
    inside = keras.ops.convert_to_numpy(part(np.zeros_like(x, dtype="float32")))
    np.testing.assert_allclose(cv.predict_ablated(model, x, "encoder/feed", (0,)), (x + inside).max(axis=1), atol=1e-6)
    both = cv.predict_ablated(model, x, "series", (0,))
    np.testing.assert_allclose(both, inside.max(axis=1), atol=1e-6)


def test_a_nested_model_that_is_called_twice_is_refused_inside_and_out(windows):
    x, _ = windows
    part, inputs = encoder(1), keras.Input((20, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(part(part(inputs))))
    for layer in ("encoder/conv1", "encoder"):
        with pytest.raises(ValueError, match=r"called once by the model .* is called 2 times"):
            cv.predict_ablated(model, x, layer, (0,))


def test_a_nested_model_that_computes_in_its_own_way_is_one_layer(windows):
    class Own(keras.Model):
        def __init__(self):
            super().__init__(name="own")
            self.conv = L.Conv1D(2, 3, padding="same", name="hidden")

        def call(self, inputs):
            return self.conv(inputs)

    x, _ = windows
    own, inputs = Own(), keras.Input((20, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(own(inputs)))
    assert cv.layer_activations(model, x, "own").shape == (40, 20, 2)
    assert np.abs(cv.predict_ablated(model, x, "own", (0,)) - model.predict(x, verbose=0)).max() > 1e-3
    with pytest.raises(ValueError, match=r"`layer` must be one of .* 'own'.*Got 'own/hidden'"):
        cv.predict_ablated(model, x, "own/hidden", (0,))


def test_a_functional_model_with_a_call_of_its_own_is_refused(windows):
    class Doubled(keras.Model):
        def call(self, inputs):
            return 2 * super().call(inputs)

    x, _ = windows
    inputs = keras.Input((20, 1))
    model = Doubled(inputs, L.GlobalMaxPooling1D()(L.Conv1D(2, 3, name="conv")(inputs)))
    with pytest.raises(ValueError, match=r"`model` must be a Sequential or functional.*Doubled"):
        cv.predict_ablated(model, x, "conv", (0,))


def test_layers_of_ones_own_are_run_as_they_are(windows):
    class Scaled(L.Layer):
        def call(self, inputs):
            return 3 * inputs

    x, _ = windows
    inputs = keras.Input((20, 1))
    h = Scaled(name="scaled")(L.Conv1D(2, 3, name="conv")(inputs))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    acts = cv.layer_activations(model, x, "conv")
    acts[..., 1] = 0
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv", (1,)), 3 * acts.max(axis=1), atol=1e-6)


@pytest.mark.parametrize("layer", ["encoder/inside", "encoder"])
@pytest.mark.parametrize("top", [L.LSTM(3), L.GlobalAveragePooling1D()])
def test_a_mask_that_a_nested_model_makes_goes_on_behind_the_cut(layer, top):
    part = keras.Sequential(
        [keras.Input((12, 1)), L.Masking(), L.LSTM(4, return_sequences=True, name="inside")], name="encoder"
    )
    inputs = keras.Input((12, 1))
    model = keras.Model(inputs, L.Dense(1)(top(part(inputs))))
    x = np.random.default_rng(0).normal(size=(5, 12, 1))
    x[:, -5:] = 0
    whole = model.predict(x, verbose=0)
    np.testing.assert_allclose(cv.predict_ablated(model, x, layer, ()), whole, atol=1e-6)
    for replacement in ("mean", "shuffle"):
        study = cv.ablation_study(model, x, whole, layer, "single", replacement, seed=0)
        np.testing.assert_allclose(study.baseline_prediction, whole, atol=1e-6)
        assert np.abs(study.predictions - whole).max() > 1e-3


def test_a_nested_model_that_is_given_a_mask_is_one_layer():
    part = keras.Sequential([keras.Input((12, 1)), L.LSTM(4, return_sequences=True, name="inside")], name="encoder")
    inputs = keras.Input((12, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(part(L.Masking()(inputs))))
    x = np.random.default_rng(0).normal(size=(5, 12, 1))
    x[:, -5:] = 0
    np.testing.assert_allclose(cv.predict_ablated(model, x, "encoder", ()), model.predict(x, verbose=0), atol=1e-6)
    with pytest.raises(ValueError, match=r"`layer` must be one of .*Got 'encoder/inside'"):
        cv.predict_ablated(model, x, "encoder/inside", (0,))


def test_a_nested_model_called_by_name_is_one_layer():
    first, second = keras.Input((20, 1), name="zz"), keras.Input((20, 1), name="aa")
    joined = L.Concatenate()([L.Conv1D(2, 3, padding="same")(first), second])
    encoder = keras.Model([first, second], joined, name="encoder")
    inputs = keras.Input((20, 1))
    h = L.Conv1D(1, 3, padding="same", name="conv")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(encoder({"zz": h, "aa": inputs})))
    x = np.random.default_rng(0).normal(size=(5, 20, 1))
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv", ()), model.predict(x, verbose=0), atol=1e-6)


def test_a_nested_branch_that_leads_nowhere_is_refused():
    inside = keras.Input((20, 1))
    ends = [L.Conv1D(2, 3, padding="same", name=name)(inside) for name in "ab"]
    encoder = keras.Model(inside, ends, name="encoder")
    inputs = keras.Input((20, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(encoder(inputs)[0]))
    x = np.ones((3, 20, 1))
    with pytest.raises(ValueError, match=r"`layer` must lead to the model's output\. Got 'encoder/b', which does not"):
        cv.predict_ablated(model, x, "encoder/b", (0,))
    assert cv.predict_ablated(model, x, "encoder/a", (0,)).shape == (3, 2)


def test_a_nested_model_casts_what_it_is_given():
    encoder = keras.Sequential([keras.Input((12, 1)), L.Conv1D(3, 3, name="conv")], name="encoder")
    inputs = keras.Input((12, 1), dtype="int32")
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(encoder(inputs)))
    x = np.random.default_rng(0).integers(0, 9, (4, 12, 1))
    np.testing.assert_allclose(cv.predict_ablated(model, x, "encoder/conv", ()), model.predict(x, verbose=0), atol=1e-6)
