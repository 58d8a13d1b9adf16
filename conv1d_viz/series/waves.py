"""The waves that the notebooks look at."""

from typing import Any

import numpy as np
from jaxtyping import Float, Int

from conv1d_viz.checks import as_number, as_seed, as_size, one_of
from conv1d_viz.network._memory import require_room

_FARTHEST = 2**53
SHAPES = ("sine", "half_sine", "pulse", "harmonics")


def toy_series(
    n: Any,
    start: Any = 0,
    period: Any = 100,
    noise: Any = 0.0,
    shape: Any = "sine",
    seed: Any = None,
) -> tuple[Int[np.ndarray, " time"], Float[np.ndarray, " time"]]:
    """Sample a periodic wave at the integers `start`, `start + 1`, …, `start + n - 1`.

    Parameters
    ----------
    n : int
        Number of samples.
    start : int
        First sample; may be negative.
    period : float
        Length of one period in samples.
    noise : float
        Standard deviation of the normal noise that is added.
    shape : {"sine", "half_sine", "pulse", "harmonics"}
        sin x with x = 2π t / period; the same with its negative half set to 0; 1 in the first fifth of each period
        and 0 in the rest; (sin x + sin 3x + cos 2x + cos 4x) / 4.
    seed : int or None
        Seed of the noise. None draws a new noise at each call.

    Returns
    -------
    t : ndarray of shape (n,)
        The samples' times, integers.
    wave : ndarray of shape (n,)
        The samples, float64. Without noise they lie within -1..1.

    Raises
    ------
    TypeError, ValueError
        If a size is no positive integer, a number is not finite or negative, the shape is unknown, or the samples are
        more than memory holds.

    Examples
    --------
    >>> t, wave = toy_series(4, start=100, period=4)
    >>> t.tolist(), wave.round(6).tolist()
    ([100, 101, 102, 103], [0.0, 1.0, 0.0, -1.0])
    """
    n = as_size(n, "n")
    start = as_size(start, "start", minimum=-_FARTHEST)
    if start + n > _FARTHEST:
        raise ValueError(
            f"`start` must leave all times below 2**53, which floats can tell apart. Got {start}, and {n} samples."
        )
    period = as_number(period, "period", 0.0, above=True)
    noise = as_number(noise, "noise", 0.0)
    one_of(shape, "shape", SHAPES)
    seed = as_seed(seed)
    require_room((2, n), np.float64, "n", "several stretches, by `start`, do with less")

    t = np.arange(start, start + n)
    phase = (t % period) / period  # reduced first, so that late samples are as exact as early ones
    x = 2 * np.pi * phase
    if shape == "pulse":
        wave = (phase < 0.2).astype(np.float64)
    elif shape == "harmonics":
        # Each of the four terms lies within -1..1, so a quarter of their sum does too.
        wave = (np.sin(x) + np.sin(3 * x) + np.cos(2 * x) + np.cos(4 * x)) / 4
    else:
        wave = np.sin(x)
        if shape == "half_sine":
            wave = np.maximum(wave, 0.0)
    if noise:
        wave = wave + noise * np.random.default_rng(seed).standard_normal(n)
    return t, wave
