"""Receptive fields, against perturbed inputs and closed forms."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from stacks import Own, build, causal, chain, layers

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def seen(model, layer, window):
    """Which output steps of a layer change with each input step: (window, n_steps), from perturbed copies."""
    # All weights are positive, so that nothing cancels, and the change is large, so that no maximum hides it.
    x = np.random.default_rng(3).uniform(0.5, 1, size=(window, 1))
    copies = np.stack([x, *(x + 1e4 * np.eye(window)[:, [t]] for t in range(window))])
    acts = cv.layer_activations(model, copies, layer)
    return (np.abs(acts[1:] - acts[0]) > 1e-4).any(axis=2)  # places of a batch differ in their last digits


def inside(field, n_steps, window):
    """As `seen`, by the definition of a field."""
    first = field.start + np.arange(n_steps) * field.stride
    times = np.arange(window)[:, None]
    return (first <= times) & (times < first + field.size)


@settings(max_examples=25)
@given(st.lists(layers, min_size=1, max_size=4), st.integers(36, 47))
def test_against_perturbed_inputs(stack, window):
    names = {name for name, _ in stack}
    assume("up" not in names)
    model = build(stack, window, 1, low=0.5)
    field, found = cv.receptive_field(model, "last"), seen(model, "last", window)
    n_steps = found.shape[1]
    assert not (found & ~inside(field, n_steps, window)).any()  # nothing outside is seen
    first = field.start + np.arange(n_steps) * field.stride
    padded = field.sees_padding(n_steps, window)
    np.testing.assert_array_equal(padded, (first < 0) | (first + field.size > window))
    if not names & {"crop", "zeros"}:  # what is padded behind a cropping is no sample outside the window
        clean = np.flatnonzero(~padded)  # they see both ends of their field
        assert found[first[clean], clean].all()
        assert found[first[clean] + field.size - 1, clean].all()


def test_the_studys_padding_is_four_left_and_five_right():
    model = cv.build_model(seed=0)
    field = cv.receptive_field(model, "conv1")
    assert field == (10, 1, -4)
    assert field.centre == 0.5
    assert np.flatnonzero(field.sees_padding(100, 100)).tolist() == [0, 1, 2, 3, 95, 96, 97, 98, 99]
    assert cv.receptive_field(model, "conv2").within(field) == (8, 1, -3)


@pytest.mark.parametrize(
    "layer",
    [
        L.Activation("tanh"), L.Activation("softmax"), L.LeakyReLU(), L.PReLU(), L.Softmax(),
        L.BatchNormalization(axis=1), L.LayerNormalization(), L.RMSNormalization(), L.UnitNormalization(),
        L.TimeDistributed(L.LayerNormalization()), L.Rescaling(2.0), L.Conv1D(4, 1, activation="log_softmax"),
        L.Dense(3, activation=L.LeakyReLU()), lambda h: keras.ops.tanh(h) - 1.0, lambda h: L.Concatenate()([h, -h]),
        lambda h: L.Multiply()([L.Activation("tanh")(h), h]), lambda h: L.Maximum()([h, 2.0 * h]),
        lambda h: L.SpatialDropout1D(0.3)(h),
    ],
)  # fmt: skip
def test_layers_that_look_at_each_step_alone(layer):
    model = chain(L.Conv1D(4, 3, padding="same"), layer, L.Conv1D(3, 2, name="after"))
    field, found = cv.receptive_field(model, "after"), seen(model, "after", 20)
    assert field == (4, 1, -1)
    assert not (found & ~inside(field, 19, 20)).any()
    assert found.any()


@pytest.mark.parametrize(
    ("layer", "reason"),
    [
        (L.UpSampling1D(2), "UpSampling1D .*, which is not among the layers whose reach is known"),
        (Own(), "Own .*, which is not among the layers whose reach is known"),
        (lambda h: L.Reshape((20, 4))(L.Flatten()(h)), "takes or gives tensors that are not"),
        (L.Softmax(axis=1), "works along axis 1 and not along the channels alone"),
        (L.Activation(keras.ops.normalize), "has an activation function that is not Keras' own"),
        (L.Conv1D(4, 3, activation=L.Softmax(axis=1)), "has an activation function that is not Keras' own"),
        (lambda h: h + L.Conv1D(4, 20)(h), "joins branches of 20 and 1 steps"),
        (lambda h: L.Add()([L.ZeroPadding1D(5)(L.MaxPooling1D(2)(h)), h]), "joins branches whose strides are 2 and 1"),
        (lambda h: h + np.arange(20.0)[:, None], "takes arrays that may differ from step to step"),
    ],
)
def test_what_stops_a_field_is_named(layer, reason):
    model = chain(layer, L.Conv1D(1, 3, name="after"), features=4)
    with pytest.raises(ValueError, match=f"`layer` must be reached through layers whose reach is known.*{reason}"):
        cv.receptive_field(model, "after")


def test_an_open_length():
    convs = L.Conv1D(2, 4, padding="same", name="plain"), L.Conv1D(2, 4, strides=2, padding="same", name="strided")
    model = chain(*convs, window=None)
    assert cv.receptive_field(model, "plain") == (4, 1, -1)
    # Keras pads 2 samples of 10 in all and 3 of 9, the smaller half on the left.
    assert cv.receptive_field(model, "strided", 10) == cv.receptive_field(model, "strided", 9) == (7, 2, -2)
    with pytest.raises(ValueError, match="pads by the length of the windows: `window` must be given"):
        cv.receptive_field(model, "strided")
    with pytest.raises(ValueError, match=r"`window` must be the model's own, 30, or None\. Got 29"):
        cv.receptive_field(cv.build_model(window=30), "conv1", 29)


def conv(options, name):
    size, stride, padding = options
    return L.Conv1D(2, size, strides=stride, padding=padding, name=name)


@settings(max_examples=25)
@given(st.tuples(st.integers(1, 5), st.integers(1, 3), causal), st.tuples(st.integers(1, 5), st.integers(1, 2), causal))
def test_within_an_earlier_layer_it_is_the_field_on_that_layers_output(first, second):
    early = chain(conv(first, "early"), window=24)
    n_steps = early.output.shape[1]
    assume(second[2] != "valid" or second[0] <= n_steps)
    late = cv.receptive_field(chain(conv(first, "early"), conv(second, "late"), window=24), "late")
    expected = cv.receptive_field(chain(conv(second, "late"), window=n_steps, features=2), "late")
    assert late.within(cv.receptive_field(early, "early")) == expected


def field_of(size, stride, left):
    """That of a convolution, with padding of its own."""
    layers = L.ZeroPadding1D((left, 0)), conv((size, stride, "valid"), "conv")
    return cv.receptive_field(chain(*layers, window=60), "conv")


@pytest.mark.parametrize(
    ("earlier", "later"),
    [((10, 1, 4), (9, 1, 4)), ((3, 2, 0), (4, 2, 0)), ((3, 2, 0), (3, 3, 0)), ((3, 2, 0), (3, 2, 1))],
)
def test_a_layer_that_is_not_seen_through_another(earlier, later):
    with pytest.raises(ValueError, match=r"`earlier` must be a layer that Rec.* sees the series through\. Got Rec"):
        field_of(*later).within(field_of(*earlier))


@settings(max_examples=25)
@given(st.integers(1, 4), st.integers(1, 3), st.integers(0, 4), st.integers(1, 9), st.data())
def test_what_picked_steps_see(size, stride, left, n_steps, data):
    field = field_of(size, stride, left)
    pick = st.lists(st.integers(0, 9), min_size=2, max_size=2)
    picked = data.draw(st.lists(pick, min_size=1, max_size=4))
    cells = field.seen(picked, n_steps)
    for row, picks in zip(cells, picked, strict=True):
        expected = {p * stride - left + k for p in picks for k in range(size)}
        assert np.flatnonzero(row).tolist() == sorted(expected & set(range(n_steps)))
    first = [row[0] for row in picked]
    np.testing.assert_array_equal(field.seen(first, n_steps), field.seen([[pick] for pick in first], n_steps))
