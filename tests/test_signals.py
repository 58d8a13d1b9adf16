import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conv1d_viz as cv

SHAPES = ("sine", "half_sine", "pulse", "harmonics")


def test_sine_is_the_studys():
    t, wave = cv.toy_series(10_000)
    assert t.shape == wave.shape == (10_000,)
    assert np.issubdtype(t.dtype, np.integer)
    np.testing.assert_allclose(wave, np.sin(2 * np.pi * np.arange(10_000) / 100), atol=1e-11)


def test_half_sine_has_no_negative_half():
    _, wave = cv.toy_series(300, shape="half_sine")
    _, sine = cv.toy_series(300)
    np.testing.assert_array_equal(wave, np.where(sine > 0, sine, 0))


def test_pulse_is_one_in_the_first_fifth_of_each_period():
    _, wave = cv.toy_series(25, start=-5, period=10, shape="pulse")
    assert wave.tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


def test_harmonics_are_the_sum_of_four():
    t, wave = cv.toy_series(500, period=50, shape="harmonics")
    x = 2 * np.pi * t / 50
    np.testing.assert_allclose(4 * wave, np.sin(x) + np.sin(3 * x) + np.cos(2 * x) + np.cos(4 * x), atol=1e-11)


@given(st.sampled_from(SHAPES), st.integers(-1000, 1000), st.integers(1, 200), st.floats(0.5, 300))
def test_waves_stay_within_one_and_start_anywhere(shape, start, n, period):
    t, wave = cv.toy_series(n, start=start, period=period, shape=shape)
    assert np.abs(wave).max() <= 1
    assert t.tolist() == list(range(start, start + n))
    _, longer = cv.toy_series(n + 10, start=start - 10, period=period, shape=shape)
    np.testing.assert_array_equal(longer[10:], wave)


def test_noise_has_the_amplitude_asked_for_and_a_generator_of_its_own():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    _, noisy = cv.toy_series(100_000, noise=0.05, seed=1)
    _, again = cv.toy_series(100_000, noise=0.05, seed=1)
    _, other = cv.toy_series(100_000, noise=0.05, seed=2)
    _, clean = cv.toy_series(100_000)
    np.testing.assert_array_equal(noisy, again)
    assert not np.array_equal(noisy, other)
    assert (noisy - clean).std() == pytest.approx(0.05, rel=0.02)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002
