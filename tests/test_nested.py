"""Layers inside nested models: reached by their path, and deleted for real."""

import numpy as np
import pytest
from stacks import chain, forecast

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def close(found, expected):
    np.testing.assert_allclose(found, expected, atol=1e-6)


def encoder(width=1):
    conv = L.Conv1D(4, 5, padding="same", activation="relu", name="conv1")
    layers = keras.Input((20, 1), name="feed"), conv, L.Conv1D(width, 3, padding="same", name="conv2")
    return keras.Sequential(layers, name="encoder")


@pytest.mark.parametrize(("path", "plain"), [("encoder/conv1", "conv1"), ("encoder", "conv2"), ("tail/relu", "relu")])
def test_they_are_looked_at_and_deleted_as_in_a_flat_model(windows, path, plain):
    part, pooling, relu, head = encoder(3), L.GlobalMaxPooling1D(), L.ReLU(name="relu"), L.Dense(1)
    tail = keras.Sequential([keras.Input((20, 3)), relu, pooling], name="tail")
    model, flat = chain(part, tail, head), chain(*part.layers, relu, pooling, head)
    close(cv.layer_activations(model, windows[0], path), cv.layer_activations(flat, windows[0], plain))
    study, expected = cv.ablation_study(model, *windows, path), cv.ablation_study(flat, *windows, plain)
    close(study.predictions, expected.predictions)
    assert np.abs(study.predictions - study.baseline_prediction).max() > 1e-3
    assert cv.receptive_field(model, path) == cv.receptive_field(flat, plain)
    if "/" in path:
        inside = model.get_layer(path.split("/")[0]).get_layer(plain)
        close(cv.predict_ablated(model, windows[0], inside, (1,)), study.predictions[1])


def test_the_input_of_a_nested_model_is_deleted_there_alone(windows):
    x, _ = windows
    part = encoder()
    model = chain(lambda h: L.Add()([h, part(h)]), L.GlobalMaxPooling1D())
    inside = forecast(part, np.zeros_like(x))
    close(cv.predict_ablated(model, x, "encoder/feed", (0,)), (x + inside).max(axis=1))
    close(cv.predict_ablated(model, x, 0, (0,)), inside.max(axis=1))


class OwnCall(keras.Model):
    def __init__(self):
        super().__init__(name="encoder")
        self.conv = L.Conv1D(2, 3, padding="same", name="conv1")

    def call(self, inputs):
        return self.conv(inputs)


def by_name(h):
    first, second = keras.Input((20, 1), name="zz"), keras.Input((20, 1), name="aa")
    conv = L.Conv1D(2, 3, padding="same", name="conv1")
    part = keras.Model([first, second], L.Concatenate()([conv(first), second]), name="encoder")
    return part({"zz": 2 * h, "aa": h})


@pytest.mark.parametrize(
    "layers", [[OwnCall()], [L.Masking(mask_value=9.0), encoder()], [by_name]], ids=["own", "masked", "named"]
)
@pytest.mark.filterwarnings("ignore:Layer .* was passed an input with a mask")
def test_models_that_compute_in_their_own_way_get_a_mask_or_are_called_by_name_are_one_layer(layers, windows):
    model, x = chain(*layers, L.GlobalMaxPooling1D()), windows[0]
    close(cv.predict_ablated(model, x, "encoder", ()), forecast(model, x))
    acts = cv.layer_activations(model, x, "encoder")
    acts[..., 0] = 0
    close(cv.predict_ablated(model, x, "encoder", (0,)), acts.max(axis=1))
    with pytest.raises(ValueError, match=r"`layer` must be one of .* 'encoder'.*Got 'encoder/conv1'"):
        cv.predict_ablated(model, x, "encoder/conv1", (0,))


@pytest.mark.parametrize("layer", ["encoder/inside", "encoder"])
@pytest.mark.parametrize("top", [L.LSTM(3), lambda h: L.GlobalAveragePooling1D()(L.Dense(2)(h))])
def test_a_mask_that_a_nested_model_makes_goes_on_behind_the_cut(layer, top):
    inside = L.LSTM(4, return_sequences=True, name="inside")
    model = chain(keras.Sequential([keras.Input((12, 1)), L.Masking(), inside], name="encoder"), top, window=12)
    x = np.random.default_rng(0).normal(size=(5, 12, 1))
    x[:, -5:] = 0
    whole = forecast(model, x)
    for replacement in ("mean", "shuffle"):
        study = cv.ablation_study(model, x, whole, layer, "single", replacement, seed=0)
        close(study.baseline_prediction, whole)
        assert np.abs(study.predictions - whole).max() > 1e-3


def test_a_nested_model_casts_what_it_is_given():
    model = chain(encoder(), L.GlobalMaxPooling1D(), dtype="int32")
    x = np.random.default_rng(0).integers(0, 9, (4, 20, 1))
    close(cv.predict_ablated(model, x, "encoder/conv1", ()), forecast(model, x))


part = encoder()


def with_two_ends(h):
    inside = keras.Input((20, 1))
    ends = [L.Conv1D(2, 3, padding="same", name=name)(inside) for name in ("a", "conv1")]
    return keras.Model(inside, ends, name="encoder")(h)[0]


class Doubled(keras.Model):
    def call(self, inputs):
        return 2 * super().call(inputs)


@pytest.mark.parametrize(
    ("model", "match"),
    [
        (chain(part, part, L.GlobalMaxPooling1D()), r"`layer` must be called once by the model .* is called 2 times"),
        (
            chain(with_two_ends, L.GlobalMaxPooling1D()),
            r"`layer` must lead to the model's output\. Got 'encoder/conv1'",
        ),
        (
            Doubled(part.inputs, L.GlobalMaxPooling1D()(part.outputs[0])),
            r"`model` must be a Sequential or functional .* Got Doubled",
        ),
    ],
)
def test_what_cannot_be_cut_is_refused(model, windows, match):
    with pytest.raises(ValueError, match=match):
        cv.predict_ablated(model, windows[0], "encoder/conv1", (0,))
