import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stacks import build, layers

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def seen(model, layer, window):
    """Which output steps of a layer change with each input step: (window, n_steps), from one perturbed copy a step.

    All weights are positive, so that nothing cancels, and the change is large, so that no maximum hides it.
    """
    x = np.random.default_rng(3).uniform(0.5, 1, size=(window, 1))
    copies = np.stack([x, *(x + 1e4 * np.eye(window)[:, [t]] for t in range(window))])
    acts = cv.layer_activations(model, copies, layer)
    # Equal numbers may be rounded differently at other places of a batch.
    return (np.abs(acts[1:] - acts[0]) > 1e-4).any(axis=2)


def field_of(model):
    """The receptive field, or None behind an UpSampling1D that no stride makes up for."""
    kinds = {type(layer) for layer in model.layers}
    try:
        return cv.receptive_field(model, "last")
    except ValueError as error:
        if L.UpSampling1D in kinds and "whole samples" in str(error):
            return None
        raise


@settings(max_examples=60, deadline=None)
@given(st.lists(layers, min_size=1, max_size=4), st.integers(36, 47))
def test_against_perturbed_inputs(stack, window):
    model = build(stack, window, 1, low=0.5)
    field = field_of(model)
    if field is None:
        return
    found = seen(model, "last", window)
    n_steps = found.shape[1]
    first = field.start + np.arange(n_steps) * field.stride
    times = np.arange(window)[:, None]
    inside = (first <= times) & (times < first + field.size)
    assert not (found & ~inside).any()  # nothing outside is seen
    names = [name for name, _ in stack]
    clean = np.flatnonzero(~field.sees_padding(n_steps, window))
    if "crop" in names or "zeros" in names:  # what is padded behind a cropping is no sample outside the window
        return
    if "up" not in names:  # both ends are seen, by every step
        assert found[first[clean], clean].all()
        assert found[first[clean] + field.size - 1, clean].all()
    elif len(clean) >= 2 ** names.count("up"):  # ... by one step in turn
        assert found[first[clean], clean].any()
        assert found[first[clean] + field.size - 1, clean].any()


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 3)), min_size=1, max_size=3), st.integers(1, 3))
def test_valid_convolutions_against_the_closed_form(kernels, pool):
    # Araujo et al. 2019: size = 1 + sum of (kernel - 1) * product of the strides before.
    h = inputs = keras.Input((1200, 2))
    size, jump = 1, 1
    for k, (kernel, stride) in enumerate(kernels):
        h = L.Conv1D(2, kernel, strides=stride, name=f"c{k}")(h)
        size, jump = size + (kernel - 1) * jump, jump * stride
        h = L.MaxPooling1D(pool, name=f"p{k}")(h)
        size, jump = size + (pool - 1) * jump, jump * pool
    assert cv.receptive_field(keras.Model(inputs, h), f"p{len(kernels) - 1}") == (size, jump, 0)


def test_every_step_of_a_convolution_sees_all_of_its_field():
    model = cv.build_model(window=30, kernel_size=7, seed=0)
    field, found = cv.receptive_field(model, "conv1"), seen_by_sign(model)
    first = field.start + np.arange(30) * field.stride
    times = np.arange(30)[:, None]
    np.testing.assert_array_equal(found, (first <= times) & (times < first + field.size))
    assert field.sees_padding(30, 30).tolist() == [f < 0 or f + field.size > 30 for f in first]


def seen_by_sign(model):
    """As `seen`, of the first convolution without its activation, which would hide changes below zero."""
    kernel, bias = model.get_layer("conv1").get_weights()
    x = np.random.default_rng(3).normal(size=(30, 1))
    copies = np.stack([x, *(x + np.eye(30)[:, [t]] for t in range(30))])
    acts = keras.ops.convert_to_numpy(keras.ops.conv(copies.astype("float32"), kernel, padding="same")) + bias
    return (acts[1:] != acts[0]).any(axis=2)


def test_the_studys_padding_is_four_left_and_five_right():
    model = cv.build_model(seed=0)
    field = cv.receptive_field(model, "conv1")
    assert field == (10, 1, -4)
    assert field.centre == 0.5
    assert np.flatnonzero(field.sees_padding(100, 100)).tolist() == [0, 1, 2, 3, 95, 96, 97, 98, 99]


def test_an_open_length():
    inputs = keras.Input((None, 1))
    h = L.Conv1D(2, 4, padding="same", name="plain")(inputs)
    h = L.Conv1D(2, 4, strides=2, padding="same", name="strided")(h)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    assert cv.receptive_field(model, "plain") == (4, 1, -1)
    with pytest.raises(ValueError, match="`window` must be given"):
        cv.receptive_field(model, "strided")
    assert cv.receptive_field(model, "strided", window=10) == (7, 2, -2)
    assert cv.receptive_field(model, "strided", window=9) == (7, 2, -2)


def test_upsampling_that_a_pooling_makes_up_for():
    inputs = keras.Input((24, 1))
    pooled = L.MaxPooling1D(4, name="pooled")(inputs)
    model = keras.Model(inputs, L.UpSampling1D(2, name="up")(pooled))
    assert cv.receptive_field(model, "pooled") == (4, 4, 0)
    # Steps 0 and 1 see samples 0 … 3, steps 2 and 3 samples 4 … 7: each within -2 + 2s … 3 + 2s.
    assert cv.receptive_field(model, "up") == (6, 2, -2)


@pytest.mark.parametrize(
    "layer",
    [
        L.Activation("tanh"),
        L.Activation("softmax"),
        L.ReLU(),
        L.LeakyReLU(),
        L.PReLU(),
        L.PReLU(shared_axes=[1]),
        L.ELU(),
        L.Softmax(),
        L.Dropout(0.3),
        L.SpatialDropout1D(0.3),
        L.GaussianNoise(0.3),
        L.BatchNormalization(),
        L.BatchNormalization(axis=1),
        L.LayerNormalization(),
        L.RMSNormalization(),
        L.UnitNormalization(),
        L.Rescaling(2.0),
        L.Dense(3),
        L.TimeDistributed(L.Dense(3)),
        L.TimeDistributed(L.LayerNormalization()),
        L.Identity(),
        lambda h: L.Multiply()([L.Activation("tanh")(h), L.Activation("sigmoid")(h)]),
        lambda h: L.Maximum()([h, 2.0 * h]),
        lambda h: keras.ops.tanh(h) - 1.0,
        lambda h: L.Concatenate()([h, -h]),
    ],
)
def test_layers_that_look_at_each_step_alone(layer):
    inputs = keras.Input((20, 1))
    before = L.Conv1D(4, 3, padding="same", kernel_initializer="glorot_normal")(inputs)
    model = keras.Model(inputs, L.Conv1D(3, 2, padding="valid", name="after")(layer(before)))
    field = cv.receptive_field(model, "after")
    assert field == (4, 1, -1)
    found = seen(model, "after", 20)
    first = field.start + np.arange(19)
    times = np.arange(20)[:, None]
    assert not (found & ~((first <= times) & (times < first + 4))).any()
    assert found.any()


@pytest.mark.parametrize(
    ("join", "reason"),
    [
        (lambda h: h + L.Conv1D(4, 20)(h), "joins branches of 20 and 1 steps"),
        (lambda h: L.Add()([L.Conv1D(4, 20)(h), h]), "joins branches of 1 and 20 steps"),
        (lambda h: h + np.arange(20.0)[:, None], "takes arrays that may differ from step to step"),
    ],
)
def test_what_is_spread_over_the_steps_is_refused(join, reason):
    inputs = keras.Input((20, 4))
    model = keras.Model(inputs, L.Conv1D(1, 3, name="after")(join(inputs)))
    with pytest.raises(ValueError, match=f"`layer` must be reached through .*which {reason}"):
        cv.receptive_field(model, "after")


@pytest.mark.parametrize("path", ["encoder/conv1", "encoder/inner/conv2", "encoder"])
def test_layers_of_nested_models_by_their_path(path):
    inner = keras.Sequential([keras.Input((10, 2)), L.Conv1D(3, 3, padding="same", name="conv2")], name="inner")
    first = keras.Input((20, 1))
    h = L.Conv1D(2, 5, padding="causal", name="conv1")(first)
    encoder = keras.Model(first, inner(L.MaxPooling1D(2)(h)), name="encoder")
    inputs = keras.Input((20, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(encoder(inputs)))
    expected = {"encoder/conv1": (5, 1, -4)}.get(path, (10, 2, -6))
    assert cv.receptive_field(model, path) == expected


@pytest.mark.parametrize(
    "function",
    [keras.ops.normalize, lambda h: keras.ops.flip(h, axis=1), L.Softmax(axis=1)],
)
def test_activations_that_might_mix_steps_have_no_field_and_the_right_timelines(function):
    inputs = keras.Input((20, 1))
    h = L.Activation(function, name="last")(L.Conv1D(3, 3, padding="same")(inputs))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    with pytest.raises(ValueError, match=r"`layer` must be reached .*'last', which has an activation function that is"):
        cv.receptive_field(model, "last")
    series = np.random.default_rng(0).normal(size=60)
    expected = cv.diagonal_sum(cv.layer_activations(model, cv.sliding_windows(series, 20)[0], "last"))
    np.testing.assert_allclose(cv.series_timeline(model, series, "last", 20), expected, atol=1e-4)


@pytest.mark.parametrize("function", ["softmax", "log_softmax", "relu", "gelu", L.LeakyReLU()])
def test_activations_of_keras_own_have_the_field_of_their_layer(function):
    inputs = keras.Input((20, 1))
    h = L.Conv1D(4, 3, padding="same", activation=function, name="last")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    assert cv.receptive_field(model, "last") == (3, 1, -1)
