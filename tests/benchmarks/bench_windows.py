"""Windows and targets of 10,000 samples: ours, and a list that is filled window by window.

Run with `pytest -n 0 tests/benchmarks/bench_windows.py`.
"""

import numpy as np
import pytest

import conv1d_viz as cv

SERIES = np.random.default_rng(0).normal(size=10_000)
WINDOW = 100


def ours(series):
    return cv.sliding_windows(series, WINDOW)


def plain(series):
    x, y = [], []
    for start in range(len(series) - WINDOW):
        x.append(series[start : start + WINDOW])
        y.append(series[start + WINDOW])
    return np.array(x)[..., None], np.array(y)[:, None]


@pytest.mark.parametrize("way", [plain, ours])
def test_windows(benchmark, way):
    benchmark.group = "windows of 10,000 samples"
    benchmark.extra_info.update(way=way.__name__)
    benchmark(way, SERIES)


def test_the_results_are_the_same():
    for a, b in zip(ours(SERIES), plain(SERIES), strict=True):
        np.testing.assert_array_equal(a, b)
