"""Pairs and all subsets of the study's 8 channels, for 200 windows: ours, and what one would write oneself.

Run with `pytest -n 0 tests/benchmarks/bench_deletions.py`.
"""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

import conv1d_viz as cv

MODEL = cv.build_model(seed=54)
X, Y = cv.sliding_windows(cv.toy_series(300)[1], 100)
PAIRS = list(itertools.combinations(range(8), 2))
SUBSETS = [subset for size in range(9) for subset in itertools.combinations(range(8), size)]
CONV1, CONV2, TOP = MODEL.layers


@tf.function
def rest(hidden, mask):
    """The network behind the layer, traced once."""
    return TOP(CONV2(hidden * mask))


def mask_of(channels):
    mask = np.ones(8, dtype=np.float32)
    mask[list(channels)] = 0
    return mask


def traced_loop(deletions):
    hidden = CONV1(tf.constant(X, tf.float32))
    return np.array([rest(hidden, tf.constant(mask_of(channels))).numpy() for channels in deletions])


def keras_predict(deletions):
    """Set the next layer's weights for these channels to zero, and predict: one deletion after the other."""
    kernel, bias = CONV2.get_weights()
    try:
        forecasts = []
        for channels in deletions:
            CONV2.set_weights([kernel * mask_of(channels)[:, None], bias])
            forecasts.append(MODEL.predict(X, verbose=0))
        return np.array(forecasts)
    finally:
        CONV2.set_weights([kernel, bias])


def ours(deletions):
    return cv.ablation_study(MODEL, X, Y, "conv1", deletions).predictions


@pytest.mark.parametrize("way", [keras_predict, traced_loop, ours])
def test_pairs(benchmark, way):
    benchmark.group = "28 pairs of channels deleted"
    benchmark.extra_info.update(way=way.__name__)
    benchmark.pedantic(way, (PAIRS,), rounds=3 if way is keras_predict else 30, warmup_rounds=1)


@pytest.mark.parametrize("way", [traced_loop, ours])
def test_subsets(benchmark, way):
    benchmark.group = "all 256 subsets deleted"
    benchmark.extra_info.update(way=way.__name__)
    benchmark.pedantic(way, (SUBSETS,), rounds=15, warmup_rounds=1)


def test_the_results_are_the_same():
    assert keras.backend.backend() == "tensorflow"
    for way in (keras_predict, ours):
        np.testing.assert_allclose(way(PAIRS), traced_loop(PAIRS), atol=1e-5)
    np.testing.assert_allclose(ours(SUBSETS), traced_loop(SUBSETS), atol=1e-5)
