"""Periods that are known, and series that have none."""

import numpy as np
import pytest
from statsmodels.datasets import co2, elnino, sunspots

import conv1d_viz as cv


@pytest.mark.parametrize("shape", ["sine", "half_sine", "pulse", "harmonics"])
@pytest.mark.parametrize("period", [20, 33.3, 100, 365.25])
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.3])
def test_the_period_of_each_wave(shape, period, noise):
    _, wave = cv.toy_series(3000, start=17, period=period, noise=noise, shape=shape, seed=1)
    trend = np.linspace(0, 5, 3000)
    assert cv.find_period(wave) == pytest.approx(period, rel=0.01)
    assert cv.find_period(1e6 + 30 * (wave + trend)) == pytest.approx(period, rel=0.01)


def test_short_periods_and_short_series():
    for period in (2.5, 4.4, 7.3):
        _, wave = cv.toy_series(500, period=period)
        assert cv.find_period(wave) == pytest.approx(period, rel=1e-3)
    _, wave = cv.toy_series(350)
    assert cv.find_period(wave) == pytest.approx(100, rel=0.02)
    assert cv.find_period(wave[:200]) is None  # two periods


def test_series_of_which_the_period_is_known():
    months = elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()
    assert cv.find_period(months) == pytest.approx(12, abs=0.05)
    weeks = co2.load_pandas().data["co2"].interpolate().to_numpy()
    assert cv.find_period(weeks) == pytest.approx(365.25 / 7, rel=0.01)
    years = sunspots.load_pandas().data["SUNACTIVITY"].to_numpy()
    assert cv.find_period(years) == pytest.approx(11, abs=0.5)


def test_series_without_a_period():
    rng = np.random.default_rng(0)
    assert cv.find_period(np.ones(100)) is None
    assert cv.find_period(np.arange(100)) is None
    assert cv.find_period([1, 2, 1, 2]) is None
    assert cv.find_period(np.linspace(0, 3, 200) ** 2) is None
    noise = [cv.find_period(rng.standard_normal(300)) for _ in range(100)]
    walks = [cv.find_period(rng.standard_normal(300).cumsum()) for _ in range(100)]
    assert noise.count(None) >= 97
    for n in (12, 30, 60):
        assert [cv.find_period(rng.standard_normal(n)) for _ in range(100)].count(None) >= 93
    assert cv.find_period(np.sin(2 * np.pi * np.arange(40) / 16)) is None  # two and a half periods
    _, wave = cv.toy_series(300, noise=1.5, period=20, seed=0)
    assert cv.find_period(wave) is None  # a fifth of its variance is the wave's
    _, wave = cv.toy_series(300, noise=0.5, period=20, seed=0)
    assert cv.find_period(wave) == pytest.approx(20, rel=0.02)
    assert cv.find_period(1e140 * wave) == pytest.approx(20, rel=0.02)
    assert walks.count(None) >= 92


def test_bad_series():
    with pytest.raises(ValueError, match=r"`series` must have the shape \(time,\)"):
        cv.find_period(np.ones((3, 2)))
    with pytest.raises(ValueError, match="`series` must hold finite numbers"):
        cv.find_period([1, np.nan])
