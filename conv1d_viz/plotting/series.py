"""The series, the training and the forecast."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conv1d_viz.checks import as_array
from conv1d_viz.plotting.style import ACCENT, INK, SMALL, TARGET, TRUTH, dress, legend, new_axes


def as_line(values: Any, name: str, length: int | None = None, **bounds: Any) -> np.ndarray:
    """Return `values` as an array of shape (time,), of `length` values where that is given; see `as_array`."""
    line = as_array(values, name, ndim=1, axes="(time,)", **bounds)
    if length is not None and len(line) != length:
        raise ValueError(f"`{name}` must have {length} values, one a time. Got {len(line)}.")
    return line


def as_time(values: Any, name: str, length: int | None = None) -> np.ndarray:
    """Return `values` as an array of shape (time,) that rises: a line through other times would run back."""
    time = as_line(values, name, length)
    falls = np.flatnonzero(np.diff(time) <= 0)
    if falls.size:
        before, after = time[falls[0]], time[falls[0] + 1]
        raise ValueError(f"`{name}` must rise. Got {after:.10g} after {before:.10g}.")
    return time


def plot_series(
    time: Any, values: Any, *, title: str | None = "The series", unit: str = "value", ax: Axes | None = None
) -> Axes:
    """Draw a stretch of a series.

    Parameters
    ----------
    time, values : array-like of shape (time,)
        Samples and their values.
    title, unit : str
        Title, and label of the y axis.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    values = as_line(values, "values")
    time = as_time(time, "time", len(values))
    ax = new_axes(ax, height=2.4)
    ax.plot(time, values, color=INK, linewidth=1.5)
    ax.margins(x=0)
    return dress(ax, title, "sample", unit)


def plot_history(
    history: Mapping[str, Sequence[float]], *, title: str | None = "Loss by epoch", ax: Axes | None = None
) -> Axes:
    """Draw training and validation loss over the epochs on a log scale and mark the best epoch.

    Parameters
    ----------
    history : mapping of str to sequence of float
        "loss" and "val_loss", one positive number an epoch, as `train` returns them.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    losses = dict(history)
    if not {"loss", "val_loss"} <= set(losses):
        raise ValueError(f'`history` must have "loss" and "val_loss". Got {list(losses)}.')
    loss = as_line(losses["loss"], "history['loss']", minimum=0.0, above=True)
    validation = as_line(losses["val_loss"], "history['val_loss']", len(loss), minimum=0.0, above=True)
    ax = new_axes(ax)
    epochs = np.arange(1, len(loss) + 1)
    ax.plot(epochs, loss, color=ACCENT, linewidth=1.8, label="training")
    ax.plot(epochs, validation, color=TARGET, linewidth=1.8, linestyle=(0, (4, 1.5)), label="validation")
    best = int(np.argmin(validation))
    ax.plot(epochs[best], validation[best], "o", color=TARGET, markersize=7, markeredgecolor="white")
    side = -8 if best > len(loss) / 2 else 8
    ax.annotate(
        f"best: {validation[best]:.1e} after epoch {epochs[best]}",
        (epochs[best], validation[best]),
        (side, 14),
        textcoords="offset points",
        ha="right" if side < 0 else "left",
        fontsize=SMALL + 1,
        color=INK,
    )
    ax.set_yscale("log")
    ax.set_xlim(0, len(loss) + 1)
    ax.grid(axis="y", color=TRUTH, alpha=0.25, linewidth=0.6)
    legend(dress(ax, title, "epoch", "mean squared error"))
    return ax


def plot_forecast(
    time: Any, truth: Any, forecast: Any, *, title: str | None = "Forecast over truth", unit: str = "value"
) -> tuple[Figure, np.ndarray]:
    """Draw a forecast over the truth, at the times that are predicted, and its error below.

    Parameters
    ----------
    time, truth, forecast : array-like of shape (time,)
        The times that are predicted, what happened, and what was forecast.
    title, unit : str
        Title, and label of the upper y axis.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of 2 Axes
        Forecast and error.
    """
    truth = as_line(truth, "truth")
    time, forecast = as_time(time, "time", len(truth)), as_line(forecast, "forecast", len(truth))
    figure, axes = plt.subplots(
        2, 1, figsize=(9, 4.0), sharex=True, layout="constrained", gridspec_kw={"height_ratios": (3, 1.2)}
    )
    axes[0].plot(time, truth, color=TRUTH, linewidth=4.5, solid_capstyle="round", label="truth")
    axes[0].plot(time, forecast, color=INK, linewidth=1.3, label="forecast")
    axes[0].margins(x=0)
    axes[1].axhline(0, color=TRUTH, linewidth=0.8)
    axes[1].fill_between(time, forecast - truth, color=TARGET, alpha=0.25, linewidth=0)
    axes[1].plot(time, forecast - truth, color=TARGET, linewidth=1.2)
    legend(dress(axes[0], title, None, unit))
    dress(axes[1], None, "sample", "forecast\n− truth")
    figure.align_ylabels(axes)
    return figure, axes
