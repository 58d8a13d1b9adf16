"""The waves that the notebooks look at."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from conv1d_viz.checks import as_number, as_seed, as_size, one_of

_FARTHEST = 2**53  # floats tell all integers below it apart


def toy_series(
    n: Any, start: Any = 0, period: Any = 100, noise: Any = 0.0, shape: Any = "sine", seed: Any = None
) -> tuple[Int[np.ndarray, " time"], Float[np.ndarray, " time"]]:
    """Sample a periodic wave at the integers `start`, `start + 1`, …, `start + n - 1`.

    Parameters
    ----------
    n, start : int
        Number of samples, and the first of them, which may be negative.
    period, noise : float
        Length of one period in samples; standard deviation of the normal noise that is added.
    shape : {"sine", "half_sine", "pulse", "harmonics"}
        sin x with x = 2π t / period; the same with its negative half set to 0; 1 in the first fifth of each period
        and 0 in the rest; (sin x + sin 3x + cos 2x + cos 4x) / 4.
    seed : int or None
        Seed of the noise. None draws new noise at each call.

    Returns
    -------
    t, wave : ndarray of shape (n,)
        The samples' times, integers, and the samples, float64. Without noise they lie within -1..1.

    Examples
    --------
    >>> t, wave = toy_series(4, start=100, period=4)
    >>> t.tolist(), wave.round(6).tolist()
    ([100, 101, 102, 103], [0.0, 1.0, 0.0, -1.0])
    """
    n, start = as_size(n, "n"), as_size(start, "start", minimum=-_FARTHEST)
    if start + n > _FARTHEST:
        raise ValueError(f"`start` must leave all times below 2**53. Got {start} for {n} samples.")
    period, noise = as_number(period, "period", 0.0, above=True), as_number(noise, "noise", 0.0)
    shape, seed = one_of(shape, "shape", ("sine", "half_sine", "pulse", "harmonics")), as_seed(seed)
    t = np.arange(start, start + n)
    phase = (t % period) / period  # reduced first, so that late samples are as exact as early ones
    x = 2 * np.pi * phase
    wave = np.maximum(np.sin(x), 0.0) if shape == "half_sine" else np.sin(x)
    if shape == "pulse":
        wave = (phase < 0.2).astype(np.float64)
    elif shape == "harmonics":
        wave = (wave + np.sin(3 * x) + np.cos(2 * x) + np.cos(4 * x)) / 4
    if noise:
        wave = wave + noise * np.random.default_rng(seed).standard_normal(n)
    return t, wave


def cylinder_bell_funnel(
    n: Any, length: Any = 128, noise: Any = 1.0, seed: Any = None
) -> tuple[Float[np.ndarray, "sample step 1"], Int[np.ndarray, " sample"]]:
    """Draw samples of three classes whose difference is known: a plateau, a rise with a drop, a jump with a fall.

    Between a random start and end, a cylinder (class 0) stays at its height, a bell (1) rises to it, and a funnel (2)
    falls from it. Heights are normally distributed around 6, the noise around 0.

    Parameters
    ----------
    n, length : int
        Number of samples, in random order and with classes as balanced as possible, and steps of each. The event begins
        after an eighth to a quarter of the steps and lasts for a quarter to three quarters of them.
    noise, seed : float, and int or None
        Standard deviation of the noise that is added; seed of all that is drawn.

    Returns
    -------
    x, labels : ndarray of shapes (n, length, 1) and (n,)
        The samples, and their classes, 0, 1 or 2.

    References
    ----------
    Saito, "Local feature extraction and its applications using a library of bases", PhD thesis, Yale, 1994.
    """
    n, length, noise = as_size(n, "n"), as_size(length, "length", minimum=8), as_number(noise, "noise", 0.0)
    rng = np.random.default_rng(as_seed(seed))
    labels, t = rng.permutation(np.arange(n) % 3), np.arange(length)
    begin = rng.integers(length // 8, length // 4, size=(n, 1), endpoint=True)
    end = begin + rng.integers(length // 4, 3 * length // 4, size=(n, 1), endpoint=True)
    rise = (t - begin) / (end - begin)
    shape = np.select([labels[:, None] == 0, labels[:, None] == 1], [1.0, rise], 1 - rise)
    height = 6 + rng.standard_normal((n, 1))
    x = height * shape * ((t >= begin) & (t <= end)) + noise * rng.standard_normal((n, length))
    return x[..., None], labels
