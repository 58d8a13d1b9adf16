"""The period of a series, where it has one."""

from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import as_array

_PERIODS = 3  # that a series must show before one is believed
_FINER = 4  # lags between two samples, since short periods are rarely whole numbers
_STRENGTH = 0.35  # autocorrelation that a period needs
_CLEARER, _CLEAREST = 0.3, 0.6  # how much more a multiple needs than what it is a multiple of, and at least


def find_period(series: Any) -> float | None:
    """Find the length of a series' period by its spectrum, confirmed by its autocorrelation.

    The periods of high peaks of the spectrum are candidates, and twice and three times as long ones. The period is the
    candidate at which the series is most similar to itself, if the similarity is clear and larger than at half of it.
    A trend has none; a random walk or noise has one only by chance.

    Returns the samples per period, more than 2 and at most a third of the length of `series`, (time,); None if there is
    no clear period. Short series must show it more clearly than long ones.

    References
    ----------
    Vlachos, Yu, Castelli, "On periodicity detection and structural periodic similarity", SIAM Conference on Data
    Mining, 2005.

    Examples
    --------
    >>> round(find_period(np.sin(np.arange(500) / 5)), 2)
    31.42
    """
    samples = as_array(series, "series", ndim=1, axes="(time,)").astype(np.float64)
    n = len(samples)
    if n < 2 * _PERIODS:
        return None
    rest = samples - np.polynomial.Polynomial.fit(np.arange(n), samples, 1)(np.arange(n))
    if np.ptp(rest) <= 1e-9 * np.ptp(samples):
        return None
    rest = rest / np.abs(rest).max()
    power = np.abs(np.fft.rfft(rest * np.hanning(n))) ** 2
    inner = np.arange(_PERIODS, len(power) - 1)
    peaks = inner[(power[inner] >= power[inner - 1]) & (power[inner] >= power[inner + 1])]
    peaks = peaks[power[peaks] > 0.2 * power[inner].max(initial=0)]
    # To the spectrum, a day with two rush hours may look like half a day.
    high, peaks = peaks, np.unique([peaks, peaks / 2, peaks / 3])
    peaks = peaks[peaks >= _PERIODS]
    similar, lags = _autocorrelation(rest), np.arange(n * _FINER) / _FINER
    strength, half, third = (np.interp(n / peaks / part, lags, similar) for part in (1, 2, 3))
    clear = strength > np.where(np.isin(peaks, high), half, np.maximum(_CLEAREST, np.maximum(half, third) + _CLEARER))
    peaks, strength = peaks[clear], strength[clear]
    if (strongest := strength.max(initial=0.0)) < max(_STRENGTH, 3 / np.sqrt(n)):
        return None
    # Neighbouring peaks are alike to the autocorrelation, which is blunt; the spectrum tells them apart.
    alike = peaks[strength > strongest - 0.1]
    best = alike[np.argmax(power[np.rint(alike).astype(int)])]
    times = next(k for k in (1, 2, 3) if best * k in high)  # refined where the spectrum has its peak
    periods = _refined(rest, float(best * times)) / times
    return float(n / periods) if periods > _PERIODS - 0.1 else None


def _autocorrelation(values: Float[np.ndarray, " time"]) -> Float[np.ndarray, " lag"]:
    """Correlation of the values with those k/4 samples later, over the samples that both have."""
    n = len(values)
    centred = values - values.mean()
    spectrum = np.abs(np.fft.rfft(centred, 2 * n)) ** 2
    products = _FINER * np.fft.irfft(spectrum, 2 * n * _FINER)[: n * _FINER]  # between whole lags, too
    return np.asarray(products / (n - np.arange(n * _FINER) / _FINER) / centred.var())


def _refined(values: Float[np.ndarray, " time"], centre: float) -> float:
    """Frequency of the peak near another one, in periods per series, on a grid that is made finer three times."""
    weighted, turn = values * np.hanning(len(values)), 2j * np.pi * np.arange(len(values)) / len(values)
    for reach in (0.75, 0.05, 1 / 300):
        grid = centre + np.linspace(-reach, reach, 31)
        centre = float(grid[np.argmax([np.abs(weighted @ np.exp(-turn * f)) for f in grid])])
    return centre
