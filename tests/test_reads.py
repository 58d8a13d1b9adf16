"""Which cells a later layer sees, against perturbation and plain loops."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
pads = st.sampled_from(["same", "valid", "causal"])


@given(st.tuples(st.integers(1, 5), st.integers(1, 3), pads), st.tuples(st.integers(1, 5), st.integers(1, 2), pads))
def test_the_field_between_two_layers_is_that_of_the_later_on_the_output_of_the_earlier(first, second):
    def conv(h, options, name):
        size, stride, padding = options
        return L.Conv1D(2, size, strides=stride, padding=padding, name=name)(h)

    inputs = keras.Input((24, 1))
    early = conv(inputs, first, "early")
    assume(second[2] != "valid" or second[0] <= early.shape[1])
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(conv(early, second, "late")))
    between = cv.field_between(cv.receptive_field(model, "early"), cv.receptive_field(model, "late"))

    alone = keras.Input((early.shape[1], 2))
    rest = keras.Model(alone, L.GlobalMaxPooling1D()(conv(alone, second, "late")))
    assert between == cv.receptive_field(rest, "late")


def test_a_layer_that_cannot_see_through_another():
    field = cv.ReceptiveField
    for earlier, later in [
        (field(10, 1, -4), field(9, 1, -4)),
        (field(3, 2, 0), field(4, 2, 0)),
        (field(3, 2, 0), field(3, 3, 0)),
        (field(3, 2, 0), field(3, 2, 1)),
    ]:
        with pytest.raises(ValueError, match=r"`later` must see the series through `earlier`, Rec.*Got Rec"):
            cv.field_between(earlier, later)


def test_what_is_no_field():
    good, bad = cv.ReceptiveField(1, 1, 0), (1, 1, 0)
    for name, call in [
        ("earlier", lambda: cv.field_between(bad, good)),
        ("later", lambda: cv.field_between(good, bad)),
        ("field", lambda: cv.seen_cells([0], bad, 4)),
    ]:
        with pytest.raises(TypeError, match=rf"`{name}` must be a ReceptiveField\. Got \(1, 1, 0\)"):
            call()


@given(st.data())
def test_seen_cells(data):
    n_steps, n_windows = data.draw(st.integers(1, 9)), data.draw(st.integers(1, 4))
    numbers = st.integers(1, 4), st.integers(1, 3), st.integers(-4, 4)
    field = cv.ReceptiveField(*(data.draw(number) for number in numbers))
    picked = data.draw(
        st.lists(st.lists(st.integers(0, 9), min_size=2, max_size=2), min_size=n_windows, max_size=n_windows)
    )
    cells = cv.seen_cells(picked, field, n_steps)
    for b in range(n_windows):
        for s in range(n_steps):
            seen = [
                s in range(field.start + p * field.stride, field.start + p * field.stride + field.size)
                for p in picked[b]
            ]
            assert cells[b, s] == any(seen)


@pytest.mark.parametrize(
    ("picked", "error", "match"),
    [
        ([0.0, 1.5], TypeError, r"`picked` must hold integers\. Got 1\.5"),
        ([-1, 2], ValueError, r"`picked` must hold integers of at least 0\. Got -1"),
        (np.zeros((0, 1), dtype=int), ValueError, r"`picked` must not be empty\. Got shape \(0, 1\)"),
        (3, ValueError, r"`picked` must have the shape \(n_windows,\) or.*Got shape \(\)"),
    ],
)
def test_bad_steps(picked, error, match):
    with pytest.raises(error, match=match):
        cv.seen_cells(picked, cv.ReceptiveField(1, 1, 0), 5)


def test_deleting_a_channel_where_the_maximum_reads_changes_the_forecast_and_elsewhere_may_raise_it_only(
    model, windows
):
    x, _ = windows
    second = cv.layer_activations(model, x, "conv2")
    between = cv.field_between(cv.receptive_field(model, "conv1"), cv.receptive_field(model, "conv2"))
    read = cv.seen_cells(second.argmax(axis=1), between, 20)
    full = model.predict(x, verbose=0)
    for channel in range(4):
        elsewhere = cv.predict_ablated(model, x, "conv1", (channel,), cells=~read)
        assert (elsewhere >= full - 1e-6).all()  # what the maximum read is as it was, so it can only find more
    there = cv.predict_ablated(model, x, "conv1", range(4), cells=read)
    assert np.abs(there - full).max() > 1e-3
