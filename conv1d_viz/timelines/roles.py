"""Which part of the wave each channel responds to."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from conv1d_viz.checks import as_array, as_number, as_series, as_size
from conv1d_viz.timelines.diagonals import coverage
from conv1d_viz.timelines.fields import receptive_field
from conv1d_viz.timelines.long_series import series_timeline


def wave_phase(
    values: Float[np.ndarray, "time column"], time: Float[np.ndarray, " time"], period: float
) -> Float[np.ndarray, " column"]:
    """Where in a period each column is highest: the angle of its component of that period, in degrees, 0..360.

    A cosine that peaks at time 0 has phase 0, one that peaks a quarter of a period later has 90.
    """
    waves = np.exp(2j * np.pi * np.asarray(time, dtype=np.float64) / period)
    phase: np.ndarray = np.degrees(np.angle(waves @ values)) % 360
    return phase


def channel_roles(line: Any, line_time: Any, wave: Any, wave_time: Any, period: Any) -> pd.DataFrame:
    """Name the part of the wave that each channel responds to.

    A channel is silent if its largest mean response is under 10 % of the strongest channel's. Else it is named after
    the quarter of the period, ±45°, that its phase lies in, counted from the phase of the wave itself. Of a series
    without a period only "silent" and "active" can be told.

    Parameters
    ----------
    line : array-like of shape (time, n_channels)
        Mean timelines, at times of full coverage only; at least one period of them. Whole periods are used.
    line_time : array-like of shape (time,)
        The samples that the rows of `line` look at: their times plus the centre of the receptive field.
    wave : array-like of shape (n_samples,)
        The series that was looked at; at least one period.
    wave_time : array-like of shape (n_samples,)
        Its times, in samples on the same axis as `line_time`.
    period : float or None
        Length of one period in samples. None: the series has none, and any length will do.

    Returns
    -------
    DataFrame
        A row a channel: "response" (its largest absolute mean response), "phase" (degrees after the wave's crest,
        -45..315, NaN for a channel without one) and "role" (silent, crest, falling, trough, rising, or steady for
        a channel that responds without changing; active in place of the parts of a period that is not known).

    Raises
    ------
    TypeError, ValueError
        If an array has the wrong shape, there is less than one period of it, or the wave is constant.
    """
    period = None if period is None else as_number(period, "period", 1.0, above=True)
    line = as_array(line, "line", ndim=2, axes="(time, n_channels)")
    wave = as_array(wave, "wave", ndim=1, axes="(n_samples,)")[:, None]
    times = {
        "line_time": (as_array(line_time, "line_time", ndim=1, axes="(time,)"), line),
        "wave_time": (as_array(wave_time, "wave_time", ndim=1, axes="(n_samples,)"), wave),
    }
    for name, (time, values) in times.items():
        if len(time) != len(values):
            raise ValueError(f"`{name}` must have {len(values)} times, one a value. Got {len(time)}.")
        if np.abs(np.diff(time) - 1).max(initial=0) > 1e-3:
            raise ValueError(f"`{name}` must rise by one sample a value. Got {np.array2string(time, threshold=6)}.")
        if period is not None and len(time) < period:
            raise ValueError(f"`{name}` must span at least one period of {period:g} samples. Got {len(time)} samples.")
    response = np.abs(line).max(axis=0)
    silent = response < 0.1 * response.max() if response.any() else np.ones(len(response), dtype=bool)
    # A channel that hardly changes has no phase but that of its rounding errors.
    steady = ~silent & (np.ptp(line, axis=0) < 1e-5 * response)
    if period is None:
        roles = np.select([silent, steady], ["silent", "steady"], "active")
        return pd.DataFrame({"response": response, "phase": np.nan, "role": roles}).rename_axis("channel")
    if np.ptp(wave) == 0:
        raise ValueError(f"`wave` must vary, or it has no crest. Got the constant {wave[0, 0]:g}.")

    phases = {}
    for name, (time, values) in times.items():
        whole = int(len(time) // period * period)  # a part of a period would pull the phase
        phases[name] = wave_phase(values[:whole], time[:whole], period)
    # Counted from -45 to 315, so that a quarter, ±45° about the crest and so on, never falls apart into two ends.
    after_crest = (phases["line_time"] - phases["wave_time"] + 45) % 360 - 45
    quarters = np.array(["crest", "falling", "trough", "rising"])
    roles = np.select([silent, steady], ["silent", "steady"], quarters[((after_crest + 45) // 90).astype(int)])
    table = {"response": response, "phase": np.where(silent | steady, np.nan, after_crest), "role": roles}
    return pd.DataFrame(table).rename_axis("channel")


def layer_roles(model: Any, series: Any, layer: Any, window: Any, period: Any, horizon: Any = 1) -> pd.DataFrame:
    """Name the part of a series that each channel of a layer responds to, straight from model and series.

    `channel_roles` of the layer's mean timelines, at the times that all steps see, placed by the centre of its
    receptive field.

    Parameters
    ----------
    model, layer, window, horizon
        As for `series_timeline`.
    series : array-like of shape (time,) or (time, feature)
        At least 2*window + horizon + period - 2 samples. Crests are those of feature 0.
    period : float or None
        Length of one period in samples. None: the series has none; 2*window + horizon - 1 samples are enough.

    Returns
    -------
    DataFrame
        As `channel_roles`.

    Raises
    ------
    TypeError, ValueError
        As `series_timeline`, `receptive_field` and `channel_roles`.
    """
    samples, window, horizon = as_series(series), as_size(window, "window"), as_size(horizon, "horizon")
    period = None if period is None else as_number(period, "period", 1.0, above=True)
    field = receptive_field(model, layer, window)
    line = series_timeline(model, samples, layer, window, horizon, fill=None, reduce="mean")
    n_windows = len(samples) - window - horizon + 1
    n_steps = (len(line) - n_windows) // field.stride + 1
    full = coverage(n_windows, n_steps, field.stride) == n_steps
    if full.sum() < (period or 1):
        raise ValueError(
            f"`series` must be longer: all steps of a window must see at least {period or 1:g} of its times. "
            f"Got {len(samples)} samples, of whose times they see {full.sum()}."
        )
    time = np.arange(len(line)) + field.centre
    return channel_roles(line[full], time[full], samples[:, 0], np.arange(len(samples)), period)
