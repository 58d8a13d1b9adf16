"""Hundreds of random series, of which few may be taken for periodic ones."""

import numpy as np
import pytest

import conv1d_viz as cv


def test_noise_and_walks_have_no_period():
    rng = np.random.default_rng(0)
    assert [cv.find_period(rng.standard_normal(300)) for _ in range(100)].count(None) >= 97
    assert [cv.find_period(rng.standard_normal(300).cumsum()) for _ in range(100)].count(None) >= 92
    for n in (12, 30, 60):
        assert [cv.find_period(rng.standard_normal(n)) for _ in range(100)].count(None) >= 93
    noisy = [cv.toy_series(300, noise=noise, period=20, seed=0)[1] for noise in (1.5, 0.5)]
    assert cv.find_period(noisy[0]) is None  # a fifth of its variance is the wave's
    assert cv.find_period(noisy[1]) == pytest.approx(20, rel=0.02)
    assert cv.find_period(1e140 * noisy[1]) == pytest.approx(20, rel=0.02)
