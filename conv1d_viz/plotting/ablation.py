"""Forecasts with channels deleted, one a panel."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_size, as_texts
from conv1d_viz.plotting.series import as_line, as_time
from conv1d_viz.plotting.style import (
    INK,
    MANY,
    SEQUENTIAL,
    SMALL,
    TICK,
    TRUTH,
    dress,
    name_figure,
    new_panels,
    short_form,
    tint,
)

_PANELS = 200  # each is an axes of its own, which takes 40 ms to make and to draw


def plot_forecast_panels(
    time: Any,
    truth: Any,
    predictions: Any,
    mse: Any,
    labels: Sequence[str],
    *,
    columns: int | None = None,
    unit: str = "value",
    title: str | None = "Forecast (dark) and truth (grey)",
) -> tuple[Figure, np.ndarray]:
    """Draw several forecasts of the same truth in small panels, tinted by their MSE, on shared axes.

    Parameters
    ----------
    time, truth : array-like of shape (time,)
        The times that are predicted, and what happened.
    predictions : array-like of shape (n_panels, time)
        The forecasts.
    mse : array-like of shape (n_panels,)
        Their scores.
    labels : sequence of str
        What each panel shows.
    columns : int or None
        Panels in a row; None takes 4, or 5 for more than 24 panels. More than 200 panels are refused.
    unit : str
        Label of the y axis.
    title : str or None
        Title.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of Axes
        One a forecast.
    """
    predictions = as_array(predictions, "predictions", ndim=2, axes="(n_panels, time)")
    n_panels, length = predictions.shape
    time, truth = as_time(time, "time", length), as_line(truth, "truth", length)
    mse = as_line(mse, "mse", n_panels, minimum=0.0)
    labels = as_texts(labels, "labels", n_panels)
    columns = None if columns is None else as_size(columns, "columns")
    if n_panels > _PANELS:
        raise ValueError(
            f"`predictions` must hold at most {_PANELS} forecasts, one a panel. Got {n_panels}; choose some of them, "
            "or draw pairs of channels with `plot_pair_grid`."
        )
    figure, axes = new_panels(n_panels, columns, 1.45)
    form, norm, size = short_form(mse, 3), tint(mse), TICK if n_panels <= MANY else SMALL
    for ax, forecast, score, label in zip(axes, predictions, mse, labels, strict=True):
        ax.set_facecolor(SEQUENTIAL(norm(score)))
        ax.plot(time, truth, color=TRUTH, linewidth=2)
        ax.plot(time, forecast, color=INK, linewidth=1.2)
        ax.margins(x=0)
        dress(ax)
        ax.xaxis.set_major_locator(MaxNLocator(2, integer=True))
        ax.set_title(label, loc="left", fontsize=size, fontweight="bold", color=INK)
        ax.set_title(f"MSE {score:{form}}", loc="right", fontsize=size, color=INK)
    name_figure(figure, title, "sample", unit)
    return figure, axes
