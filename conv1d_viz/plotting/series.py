"""The series, the training and the forecast; times that are samples or dates, and the wave behind other figures."""

from collections.abc import Iterable, Mapping
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib import dates as mdates
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conv1d_viz.checks import as_array
from conv1d_viz.plotting.style import ACCENT, INK, TARGET, TRUTH, dress, figure_of, legend, new_axes, number_whole

Dates = pd.DatetimeIndex | None
Wave = tuple[np.ndarray, np.ndarray, Dates]  # where samples are drawn, their values, and dates if they have any


def as_line(values: Any, name: str, length: int | None = None, **bounds: Any) -> np.ndarray:
    """Return `values` as an array of shape (time,), of `length` values where that is given; see `as_array`."""
    line = as_array(values, name, ndim=1, axes="(time,)", **bounds)
    if length is not None and len(line) != length:
        raise ValueError(f"`{name}` must have {length} values. Got {len(line)}.")
    return line


def as_time(values: Any, name: str, length: int | None = None) -> tuple[np.ndarray, Dates]:
    """Return where times are drawn and their dates, if any: dates are drawn evenly, on samples 0, 1, 2 and so on."""
    try:
        index: Any = pd.Index(values)
        index = index.astype("datetime64[us]") if index.inferred_type in ("date", "period") else index
    except (TypeError, ValueError):  # no list of times; `as_line` says what is wrong with it
        index = None
    dates = index if isinstance(index, pd.DatetimeIndex) else None
    time = as_line(values if dates is None else np.arange(float(len(dates))), name, length)
    falls = np.flatnonzero(np.diff(time if dates is None else dates.asi8) <= 0)
    if falls.size:
        after, before = (f"{time[k]:.10g}" if dates is None else dates[k] for k in (falls[0] + 1, falls[0]))
        raise ValueError(f"`{name}` must rise. Got {after} after {before}; pandas' `sort_index()` sorts a series.")
    return time, None if dates is None else dates.tz_localize(None)


def as_cells(time: Any, length: int) -> np.ndarray:
    """Return the times of a strip's cells, which are drawn equally wide and so must lie equally far apart."""
    places = as_line(time, "time", length)
    gaps = np.diff(places)
    if length > 1 and not (gaps.min() > 0 and np.ptp(gaps) <= 1e-3 * gaps.max()):
        raise ValueError(f"`time` must rise in equal steps. Got steps from {gaps.min():g} to {gaps.max():g}.")
    return places


def as_wave(wave: Any, name: str = "wave") -> Wave | None:
    """Return a pair of times and values, or a pandas Series with its index, as a wave; None stays None."""
    if wave is None:
        return None
    pair, kind = (wave.index, wave) if isinstance(wave, pd.Series) else wave, type(wave).__name__
    if not isinstance(pair, (tuple, list, np.ndarray)) or len(pair) != 2:
        raise ValueError(f"`{name}` must be (times, values) or a Series such as `table.iloc[:, 0]`. Got {kind}.")
    places, dates = as_time(pair[0], f"{name}[0]")
    return places, as_line(pair[1], f"{name}[1]", len(places)), dates


def draw_wave(ax: Axes, wave: Wave, centre: float, reach: float) -> None:
    """Draw the wave about y = centre, its largest value `reach` away; a white edge keeps it readable on dark cells."""
    time, values, _ = wave
    if values.min() > 0 or values.max() < 0:  # far from 0, as a temperature: about the middle of its range
        values = values - (values.min() + values.max()) / 2
    height = centre - reach * values / (np.abs(values).max() or 1.0)  # the y axis points down
    width = 1.3 if ax.get_window_extent().width > 3 * figure_of(ax).dpi else 0.7  # or it hides narrow strips
    edge = patheffects.withStroke(linewidth=2 * width, foreground="white", alpha=0.75)
    ax.plot(time, height, color=INK, linewidth=width, path_effects=[edge])


def label_time(ax: Axes, dates: Dates) -> str:
    """Return the label of a time axis; if its samples have dates, write round ones, such as Januaries, at its ticks."""
    if dates is None:
        return "sample"
    samples = np.arange(len(dates))
    days = np.maximum.accumulate(mdates.date2num(dates.to_numpy()))  # local clocks are set back once a year
    low, high = np.interp(ax.get_xlim(), samples, days)
    locator = mdates.AutoDateLocator(tz="UTC", minticks=3, maxticks=8)
    ticks = np.array(locator.tick_values(*mdates.num2date((low, high), tz="UTC")))
    ticks = ticks[(ticks >= low) & (ticks <= high)] if low < high else np.array([low])
    room = max(1.0, ax.get_window_extent().width / figure_of(ax).dpi / 0.6)  # for ticks that are 0.6 inches apart
    ticks = ticks[:: int(np.ceil(len(ticks) / room))]
    formatter = mdates.ConciseDateFormatter(locator, tz="UTC")
    formatter.format_ticks(ticks[::-1])
    first = formatter.get_offset()  # the month, say, of the tick that was formatted last
    ax.set_xticks(np.interp(ticks, days, samples), formatter.format_ticks(ticks))
    span = " to ".join(dict.fromkeys([first, formatter.get_offset()]))
    return f"date ({span})" if span else "date"


def plot_series(
    time: Any, values: Any = None, *, title: str | None = "The series", unit: str = "value", ax: Axes | None = None
) -> Axes:
    """Draw a stretch of a series.

    `time` and `values`, both (time,), are samples, which are numbers or dates, and their values. Values alone are drawn
    over 0, 1, and so on, a pandas Series over its index.
    """
    if values is None:
        time, values = time.index if isinstance(time, pd.Series) else np.arange(np.size(time)), time
    values = as_line(values, "values")
    time, dates = as_time(time, "time", len(values))
    ax = new_axes(ax, height=2.4)
    ax.plot(time, values, color=INK, linewidth=1.5)
    ax.margins(x=0)
    return dress(ax, title, label_time(ax, dates), unit)


def plot_history(
    history: Mapping[str, Any], *, unit: str = "loss", title: str | None = "Loss by epoch", ax: Axes | None = None
) -> Axes:
    """Draw training and validation loss over the epochs, on a log scale if all are above 0, and mark the best epoch.

    `history` has "loss" and "val_loss", one number per epoch each, as `train` returns them; `unit` names the loss.
    """
    if not isinstance(history, Iterable):  # what Keras' `fit` returns holds the losses in its `.history`
        raise TypeError(f"`history` must be a dict, such as `history.history`. Got {type(history).__name__}.")
    if not {"loss", "val_loss"} <= set(history):
        raise ValueError(f'`history` must have "loss" and "val_loss". Got {list(history)}.')
    loss = as_line(history["loss"], "history['loss']")
    validation = as_line(history["val_loss"], "history['val_loss']", len(loss))
    ax = new_axes(ax)
    epochs, best = np.arange(1, len(loss) + 1), int(np.argmin(validation))
    ax.plot(epochs, loss, color=ACCENT, linewidth=1.8, label="training")
    ax.plot(epochs, validation, color=TARGET, linewidth=1.8, linestyle=(0, (4, 1.5)), label="validation")
    ax.plot(epochs[best], validation[best], "o", color=TARGET, markersize=7, markeredgecolor="white")
    ax.set_yscale("log" if min(loss.min(), validation.min()) > 0 else "linear")
    ax.set_xlim(0, len(loss) + 1)
    number_whole(ax.xaxis)
    ax.grid(axis="y", color=TRUTH, alpha=0.25, linewidth=0.6)
    legend(dress(ax, title, f"epoch (best: {validation[best]:.1e} after epoch {best + 1})", unit))
    return ax


def plot_forecast(
    time: Any, truth: Any, forecast: Any, *, title: str | None = "Forecast over truth", unit: str = "value"
) -> tuple[Figure, np.ndarray]:
    """Draw a forecast over the truth, both (time,), at the times predicted, samples or dates, and its error below."""
    truth = as_line(truth, "truth")
    (time, dates), forecast = as_time(time, "time", len(truth)), as_line(forecast, "forecast", len(truth))
    figure, axes = plt.subplots(2, 1, figsize=(9, 4.0), sharex=True, layout="constrained", height_ratios=(3, 1.2))
    axes[0].plot(time, truth, color=TRUTH, linewidth=4.5, solid_capstyle="round", label="truth")
    axes[0].plot(time, forecast, color=INK, linewidth=1.3, label="forecast")
    axes[0].margins(x=0)
    axes[1].axhline(0, color=TRUTH, linewidth=0.8)
    axes[1].fill_between(time, forecast - truth, color=TARGET, alpha=0.25, linewidth=0)
    axes[1].plot(time, forecast - truth, color=TARGET, linewidth=1.2)
    legend(dress(axes[0], title, None, unit))
    dress(axes[1], None, label_time(axes[0], dates), "forecast\n− truth")
    figure.align_ylabels(axes)
    return figure, axes
