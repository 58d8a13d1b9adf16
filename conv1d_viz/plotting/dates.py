"""Dates in place of sample numbers on the axes of a figure."""

from datetime import datetime
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_size
from conv1d_viz.plotting.style import TICK, figure_of, name_figure

_SAMPLE = "sample"  # the label of every axis of time


def label_dates(figure: Figure | Axes, dates: Any, *, first: int = 0) -> Figure | Axes:
    """Write dates at the ticks of all time axes of a figure: those labelled "sample".

    Given one of its axes, it labels the others too. The axes still count samples, so a convolution's steps stay
    equally wide, whatever months and holidays do.

    Parameters
    ----------
    figure : Figure or Axes
        A figure made by this package, or one of its axes.
    dates : array-like of datetimes of shape (time,), or None
        The date of each sample, from sample `first`; at least one. None, of a series without dates, changes nothing.
    first : int
        The number of the first of them on the axes.

    Returns
    -------
    Figure or Axes
        What was given.

    Raises
    ------
    TypeError
        If the figure is none, or the dates are no dates.
    """
    if not isinstance(figure, (Figure, Axes)):
        raise TypeError(f"`figure` must be a Figure or an Axes. Got {type(figure).__name__}.")
    first = as_size(first, "first", minimum=-(2**53))
    if dates is None:
        return figure
    try:
        stamps = np.asarray(dates)
    except ValueError as error:  # a ragged list
        raise TypeError(f"`dates` must be an array of datetimes. Got {type(dates).__name__}: {error}") from None
    if stamps.ndim == 1 and all(isinstance(stamp, datetime) for stamp in stamps):  # in lists, or with a time zone
        stamps = pd.DatetimeIndex(stamps).tz_localize(None).to_numpy()
    if stamps.dtype.kind != "M" or stamps.ndim != 1 or not len(stamps):
        raise TypeError(f"`dates` must be an array of datetimes. Got dtype {stamps.dtype} and shape {stamps.shape}.")
    stamps = stamps.astype("datetime64[s]")
    step = np.median(np.diff(stamps)).astype(int) if len(stamps) > 1 else 86_400
    digits = 7 if step >= 28 * 86_400 else 10 if step >= 86_400 else 16 if step >= 60 else 19

    def written(place: float, _: Any = None) -> str:
        row = round(place) - first
        known = 0 <= row < len(stamps) and not np.isnat(stamps[row])
        return str(stamps[row])[:digits].replace("T", " ") if known else ""

    whole = figure_of(figure) if isinstance(figure, Axes) else figure
    timed = [ax for ax in whole.axes if _SAMPLE in (ax.get_xlabel(), whole.get_supxlabel())]
    if whole.get_supxlabel() == _SAMPLE:
        name_figure(whole, None, "date")
    for ax in timed:
        if ax.get_xlabel() == _SAMPLE:
            ax.set_xlabel("date")
        room = ax.get_window_extent().width / whole.dpi * 72 / (0.62 * TICK * digits)
        # Axes that share x share these too.
        ax.xaxis.set_major_locator(MaxNLocator(max(1, int(room / 1.6)), integer=True, min_n_ticks=1))
        ax.xaxis.set_major_formatter(written)
    return figure
