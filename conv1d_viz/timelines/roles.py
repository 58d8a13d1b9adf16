"""Which part of the wave each channel responds to."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from conv1d_viz.checks import as_array, as_number


def channel_roles(line: Any, line_time: Any, wave: Any, wave_time: Any, period: Any) -> pd.DataFrame:
    """Name the part of the wave that each channel responds to, from the phase of its timeline.

    Its windows start one sample apart; if they start further apart, use `series_timeline` on the series itself.

    A channel is silent if its largest mean response is under 10 % of the strongest channel's. Else it is named after
    the quarter of the period, ±45°, that its phase lies in, counted from the phase of the wave itself; or "other"
    where the period explains less than half of its timeline, or a sine of that period less than a tenth, as in a
    channel that responds twice per period. Of a series without one only "silent", "steady" and "active" can be told.

    Parameters
    ----------
    line, line_time : array-like of shapes (time, n_channels) and (time,)
        Mean timelines, at times of full coverage only, and the samples that their rows look at: their times plus the
        centre of the receptive field. They must span at least one period, several if it has fewer than about 20
        samples; only whole periods are used.
    wave, wave_time : array-like of shape (n_samples,)
        The series that was looked at, at least one period, and its times on the same axis as `line_time`.
    period : float or None
        Length of one period in samples. None: the series has none, and any length will do.

    Returns
    -------
    DataFrame
        One row per channel: "response" (its largest absolute mean response), "phase" (degrees after the wave's crest,
        -45..315), "explained" (the share of its timeline's variance that the period explains, by components at the
        period, its half and its third where these are two samples or more), both NaN for a silent or steady channel,
        and "role" (silent, crest, falling, trough, rising, other, or steady if constant; active without a period).

    Examples
    --------
    Roles of a layer, straight from model and series; steps at the ends of the timeline are not seen by all windows:

    >>> model, (t, wave), window = build_model(), toy_series(500), 100
    >>> line = series_timeline(model, wave, "conv1", window, fill=None, reduce="mean")
    >>> time = np.arange(len(line)) + receptive_field(model, "conv1").centre
    >>> full = slice(window - 1, 1 - window)
    >>> list(channel_roles(line[full], time[full], wave, t, period=100))
    ['response', 'phase', 'explained', 'role']
    """
    period = None if period is None else as_number(period, "period", 1.0, above=True)
    line = as_array(line, "line", ndim=2, axes="(time, n_channels)")
    wave = as_array(wave, "wave", ndim=1, axes="(n_samples,)")[:, None]
    pairs = []
    for name, time, values in (("line_time", line_time, line), ("wave_time", wave_time, wave)):
        time = as_array(time, name, ndim=1, axes="(time,)")
        pairs.append((values, time))
        if len(time) != len(values) or np.abs(np.diff(time) - 1).max(initial=0) > 1e-3:
            got = f"{len(time)}: {np.array2string(time, threshold=6)}"
            raise ValueError(f"`{name}` must have {len(values)} times, one sample apart. Got {got}.")
        if period is not None and len(time) < period:
            raise ValueError(f"`{name}` must span at least one period of {period:g} samples. Got {len(time)} samples.")
    response = np.abs(line).max(axis=0)
    silent = response < 0.1 * response.max() if response.any() else np.ones(len(response), dtype=bool)
    # A channel that hardly changes has no phase but that of its rounding errors.
    steady = ~silent & (np.ptp(line, axis=0) < 1e-5 * response)
    table = pd.DataFrame({"response": response, "phase": np.nan, "explained": np.nan}).rename_axis("channel")
    if period is None:
        return table.assign(role=np.select([silent, steady], ["silent", "steady"], "active"))
    if np.ptp(wave) == 0:
        raise ValueError(f"`wave` must vary, or it has no crest. Got the constant {wave[0, 0]:g}.")

    (phase, explained, by_sine), (crest, *_) = (_harmonics(values, time, period) for values, time in pairs)
    # Counted from -45 to 315, so that a quarter, ±45° about the crest and so on, never falls apart into two ends.
    turned = (phase - crest + 45) % 360 % 360  # once alone gives 360 for what is just under 0
    phase, quarters = turned - 45, np.array(["crest", "falling", "trough", "rising"])[(turned // 90).astype(int)]
    roles = np.select([silent, steady, (explained < 0.5) | (by_sine < 0.1)], ["silent", "steady", "other"], quarters)
    table = table.assign(phase=phase, explained=explained, role=roles)
    table.loc[silent | steady, ["phase", "explained"]] = np.nan
    return table


def _harmonics(
    values: Float[np.ndarray, "time column"], time: Float[np.ndarray, " time"], period: float
) -> tuple[Float[np.ndarray, " column"], ...]:
    """Return each column's phase in degrees, 0 for a peak at time 0, and how much the period and its sine explain."""
    # A part of a period would pull the phase, and so would a trend. In one period it cannot be told from the wave.
    whole, half = (int(len(time) // period // part * period) for part in (1, 2))
    values, turns = values[:whole], 2 * np.pi * time[:whole] / period
    rise = (values[-half:].mean(axis=0) - values[:half].mean(axis=0)) / (whole - half) if half else 0 * values[0]
    angles = np.outer(turns, np.arange(1, 1 + max(1, min(3, period // 2))))  # samples do not show shorter ones
    waves = np.column_stack([np.cos(angles), np.sin(angles), np.ones(whole)])
    fit = np.linalg.pinv(waves, rcond=1e-9)  # of two samples per period sines are nothing but rounding errors
    cosines, sines = np.split((fit @ (values - np.outer(np.arange(whole), rise)))[:-1], 2)
    peak, floor = cosines[0] + 1j * sines[0], (1e-10 * np.abs(values).max(axis=0)) ** 2 + np.finfo(float).tiny
    variance = values.var(axis=0) + floor  # or rounding errors would be explained
    return np.degrees(np.angle(peak)), (waves @ (fit @ values)).var(axis=0) / variance, np.abs(peak) ** 2 / 2 / variance
