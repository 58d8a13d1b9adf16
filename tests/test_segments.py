"""The stretches of data that excite a channel most, against planted patterns and a brute-force search."""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
PATTERN = np.array([1.0, -2.0, 3.0, -1.0, 2.0], dtype=np.float32)


def detector(window, *kernels, padding="same", strides=1):
    """A convolution whose filters are given, and a head that makes a forecaster of it."""
    conv = L.Conv1D(len(kernels), len(kernels[0]), strides, padding, use_bias=False, name="conv")
    model = keras.Sequential([keras.Input((window, 1)), conv, L.GlobalMaxPooling1D(), L.Dense(1)])
    conv.set_weights([np.stack(kernels, axis=-1)[:, None]])
    return model


def series_with(places, n=120, noise=0.1):
    series = noise * np.random.default_rng(0).normal(size=n).astype(np.float32)
    for place, scale in places.items():
        series[place : place + 5] += scale * PATTERN
    return series


@pytest.mark.parametrize("window", [20, None])
def test_a_channel_whose_kernel_is_the_pattern_finds_its_places(window):
    series = series_with({70: 1.0, 10: 1.5, 100: 0.8, 40: 1.2})
    model = detector(window, PATTERN, -PATTERN)
    table, samples = cv.top_segments(model, series, "conv", n=4)
    assert list(table) == ["channel", "rank", "window", "start", "value", "padded"]
    found = table[table["channel"] == 0]
    assert found["start"].tolist() == [10, 40, 70, 100]
    assert found[["rank", "window", "padded"]].values.tolist() == [[k, 0, False] for k in range(4)]
    for row, start, value in zip(samples[:4], found["start"], found["value"], strict=True):
        np.testing.assert_array_equal(row[:, 0], series[start : start + 5])
        assert value == pytest.approx(row[:, 0] @ PATTERN, rel=1e-5)
    assert samples.shape == (8, 5, 1)


@pytest.mark.parametrize(("padding", "strides"), [("same", 1), ("causal", 1), ("valid", 1), ("same", 3), ("valid", 2)])
def test_independent_samples_against_a_search_of_all_places(padding, strides):
    generator = np.random.default_rng(1)
    x = generator.normal(size=(3, 24, 1)).astype(np.float32)
    model = detector(24, PATTERN, generator.normal(size=5), padding=padding, strides=strides)
    table, samples = cv.top_segments(model, x, "conv", n=9)
    acts = keras.Model(model.inputs, model.layers[0].output).predict(x, verbose=0)
    field = cv.receptive_field(model, "conv")
    for channel in range(2):
        taken = []  # the strongest first, as far as it overlaps with none before
        for row, step in sorted(np.ndindex(acts.shape[:2]), key=lambda place: -acts[(*place, channel)]):
            if all(row != other or abs(step - other_step) * strides >= 5 for other, other_step in taken):
                taken.append((row, step))
        found, taken = table[table["channel"] == channel], np.array(taken[:9])
        np.testing.assert_array_equal(found["window"], taken[:, 0])
        np.testing.assert_array_equal(found["start"], field.start + strides * taken[:, 1])
        np.testing.assert_allclose(found["value"], acts[*taken.T, channel])
    for (_, row), seen in zip(table.iterrows(), samples, strict=True):
        around = np.pad(x[row["window"], :, 0], 5, constant_values=np.nan)
        np.testing.assert_array_equal(seen[:, 0], around[row["start"] + 5 : row["start"] + 10])
        assert row["padded"] == np.isnan(seen).any()


def test_a_strided_layer_looks_at_every_sample_of_a_series():
    series = series_with({11: 1.5, 50: 1.2, 87: 1.0})  # no two of them the same place of a stride of 4
    table, _ = cv.top_segments(detector(30, PATTERN, padding="valid", strides=4), series, "conv", n=3)
    assert table["start"].tolist() == [11, 50, 87]


def test_of_equals_the_earliest_and_padding_is_not_a_number():
    series = np.isin(np.arange(60), [0, 20, 40, 59]).astype(np.float32)
    table, samples = cv.top_segments(detector(60, np.ones(3)), series, "conv", n=3)
    assert table["start"].tolist() == [-1, 18, 38]  # 18, 19 and 20 see the one at 20
    assert table["padded"].tolist() == [True, False, False]
    np.testing.assert_array_equal(samples[0, :, 0], [np.nan, 1, 0])


def test_a_constant_channel_has_no_rows():
    series = series_with({10: 1.0})
    assert cv.top_segments(detector(20, np.zeros(5), PATTERN), series, "conv", n=2)[0]["channel"].tolist() == [1, 1]
    table, samples = cv.top_segments(detector(20, np.zeros(5)), series, "conv")
    assert (table.shape, samples.shape) == ((0, 6), (0, 5, 1))
