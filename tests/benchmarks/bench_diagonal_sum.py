"""The collapse of (5000, 100, 8) activations: ours, the study's way a diagonal at a time, and one plain sum.

Run with `pytest -n 0 tests/benchmarks/bench_diagonal_sum.py`.
"""

import numpy as np
import pytest

import conv1d_viz as cv

ACTS = np.random.default_rng(0).random((5000, 100, 8), dtype=np.float32)


def ours(acts):
    return cv.diagonal_sum(acts, fill=None)


def diagonals(acts):
    n_windows, n_steps, _ = acts.shape
    flipped = acts[:, ::-1]
    times = range(n_steps - 1, -n_windows, -1)
    return np.array([np.trace(flipped, offset, dtype=np.float64) for offset in times])


def one_sum(acts):
    return acts.sum(dtype=np.float64)


@pytest.mark.parametrize("way", [diagonals, ours, one_sum])
def test_diagonal_sum(benchmark, way):
    benchmark.group = "diagonal sum of (5000, 100, 8)"
    benchmark.extra_info.update(way=way.__name__)
    benchmark(way, ACTS)


def test_the_results_are_the_same():
    np.testing.assert_allclose(ours(ACTS), diagonals(ACTS))
