"""From a series to the timelines of the study's first layer, by length of the series and of the window.

Run with `pytest -n 0 tests/benchmarks/bench_timeline.py`. Three ways: Keras' `predict` of the layer for all windows and
one trace per diagonal; the package's activations of all windows and their diagonal sum; the package's timeline of the
series.
"""

import keras
import numpy as np
import pytest

import conv1d_viz as cv

LENGTHS, WINDOWS = (3_000, 10_000, 30_000, 100_000, 300_000, 1_000_000), (100, 300, 1_000)


def series_of(length):
    return cv.toy_series(length, noise=0.1, seed=0)[1].astype(np.float32)


def keras_predict(model, series, window):
    x, _ = cv.sliding_windows(series, window)
    layer = keras.Model(model.inputs, model.layers[0].output)
    acts = layer.predict(np.ascontiguousarray(x), batch_size=1024, verbose=0)[:, ::-1]
    return np.array([np.trace(acts, k, dtype=np.float64) for k in range(window - 1, -len(x), -1)])


def by_windows(model, series, window):
    x, _ = cv.sliding_windows(series, window)
    return cv.diagonal_sum(cv.layer_activations(model, x, "conv1"), fill=None)


def ours(model, series, window):
    return cv.series_timeline(model, series, "conv1", window, fill=None)


def run(benchmark, way, length, window):
    model, series = cv.build_model(window=window, seed=0), series_of(length)
    way(model, series[: window + 300], window)  # traces what there is to trace
    benchmark.pedantic(way, (model, series, window), rounds=3 if way is keras_predict else 5, warmup_rounds=1)


@pytest.mark.parametrize("length", LENGTHS)
@pytest.mark.parametrize("way", [keras_predict, by_windows, ours])
def test_by_length(benchmark, way, length):
    if length > {keras_predict: 30_000, by_windows: 100_000}.get(way, length):
        pytest.skip("takes too long or too much memory")
    benchmark.group = f"timelines of {length:,} samples, window 100"
    benchmark.extra_info.update(way=way.__name__, length=length)
    run(benchmark, way, length, 100)


@pytest.mark.parametrize("window", WINDOWS)
def test_by_window(benchmark, window):
    benchmark.group = "timelines of 100,000 samples, by window"
    benchmark.extra_info.update(window=window)
    run(benchmark, ours, 100_000, window)


def test_the_results_are_the_same():
    model, series = cv.build_model(seed=0), series_of(2_000)
    expected = by_windows(model, series, 100)
    for way in (keras_predict, ours):
        np.testing.assert_allclose(way(model, series, 100), expected, atol=1e-4)
