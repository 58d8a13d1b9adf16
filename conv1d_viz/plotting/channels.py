"""Measures of each channel side by side: as bars, and as rankings."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_texts
from conv1d_viz.plotting.style import (
    INK,
    SMALL,
    TRUTH,
    channel_colors,
    dress,
    figure_of,
    name_figure,
    new_axes,
    short_form,
)
from conv1d_viz.plotting.wave import SMALLEST, line_spacing, number_channels

_WRITTEN = 24  # channels up to which values are written beside bars and ranks


def plot_channel_bars(
    values: Mapping[str, Any],
    *,
    errors: Mapping[str, Any] | None = None,
    roles: Sequence[str] | None = None,
    share_scale: bool = False,
    title: str | None = "Each channel, by several measures",
) -> tuple[Figure, np.ndarray]:
    """Draw several measures of the channels as bars, one panel a measure, one row a channel.

    Parameters
    ----------
    values : mapping of str to array-like of shape (n_channels,)
        The measures; each name, with its unit, stands below its panel.
    errors : mapping of str to array-like of shape (n_channels,) or None
        Half the length of the line drawn across the end of each bar, such as a standard error, for some measures.
    roles : sequence of str or None
        A word a channel, written at the right end.
    share_scale : bool
        Whether one x axis serves all panels: only for measures in the same unit.
    title : str or None
        Title.

    Returns
    -------
    figure : Figure
        The figure.
    axes : ndarray of Axes
        One a measure.
    """
    arrays = _as_measures(values, "values")
    n_channels = len(next(iter(arrays.values())))
    spans = {} if errors is None else _as_measures(errors, "errors", n_channels, minimum=0.0)
    if set(spans) - set(arrays):
        raise ValueError(f"`errors` must belong to some of {sorted(arrays)}. Got {sorted(spans)}.")
    share_scale = bool(share_scale)
    roles = None if roles is None else as_texts(roles, "roles", n_channels)
    size = (9, max(1.9, min(1.1 + 0.29 * n_channels, 12)))
    figure, grid = plt.subplots(
        1, len(arrays), figsize=size, sharex=share_scale, sharey=True, layout="constrained", squeeze=False
    )
    axes = grid[0]
    rows, colors = np.arange(n_channels), channel_colors(n_channels)
    for ax, (name, measure) in zip(axes, arrays.items(), strict=True):
        ax.barh(rows, measure, height=0.72, color=colors, xerr=spans.get(name), error_kw={"ecolor": INK, "lw": 1})
        ax.axvline(0, color=TRUTH, linewidth=0.8)
        ax.xaxis.set_major_locator(MaxNLocator(3))
        dress(ax, None, name, "channel" if ax is axes[0] else None)
        ax.spines["left"].set_visible(False)
    axes[0].set_ylim(n_channels - 0.5, -0.5)
    for ax in axes:
        number_channels(ax, n_channels)
    ends = {name: spans.get(name, np.zeros(n_channels)) for name in arrays}
    shown = [np.concatenate([m - ends[name], m + ends[name]]) for name, m in arrays.items()]
    for ax, (name, measure), reach in zip(axes, arrays.items(), shown, strict=True):
        _leave_room(ax, np.concatenate(shown) if share_scale else reach, len(arrays))
        if n_channels <= _WRITTEN:
            _write_values(ax, measure, ends[name], np.concatenate(list(arrays.values())) if share_scale else measure)
    if roles is not None:
        every, type_size = line_spacing(axes[-1], n_channels)
        beside = {"transform": axes[-1].get_yaxis_transform(), "va": "center", "fontsize": type_size, "color": INK}
        for channel in range(0, n_channels, every):
            axes[-1].text(1.02, channel, roles[channel], **beside)
    name_figure(figure, title)
    return figure, axes


def plot_rankings(
    scores: Mapping[str, Any],
    *,
    unit: str = "MSE",
    title: str | None = "The order of the channels, by several measures",
    ax: Axes | None = None,
) -> Axes:
    """Draw how several measures order the channels: one column a measure, the largest on top, a line a channel.

    Parameters
    ----------
    scores : mapping of str to array-like of shape (n_channels,)
        At least two measures. Of equal values the lower channel stands first.
    unit : str
        What the numbers beside the channels are.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on: measure k at x = k, rank r (from 1) at y = r.
    """
    arrays = _as_measures(scores, "scores")
    if len(arrays) < 2:
        raise ValueError(f"`scores` must be at least two measures. Got {len(arrays)}.")
    table = np.stack(list(arrays.values()))
    n_measures, n_channels = table.shape
    ranks = 1 + np.argsort(np.argsort(-table, axis=1, kind="stable"), axis=1)
    ax = new_axes(ax, height=max(2.2, min(1.2 + 0.33 * n_channels, 14)))
    ax.set(xlim=(-0.25, n_measures - 0.6), ylim=(n_channels + 0.6, 0.4))
    pitch = ax.get_window_extent().height / figure_of(ax).dpi * 72 / (n_channels + 0.2)
    size = min(15.0, 0.8 * pitch)  # of a circle, in points; circles one above the other do not touch
    form = short_form(table, 3)
    for channel, color in enumerate(channel_colors(n_channels)):
        ax.plot(range(n_measures), ranks[:, channel], "o-", color=color, linewidth=2.2, markersize=size)
        for k in range(n_measures):
            place = (k, ranks[k, channel])
            if 0.6 * size >= SMALLEST:
                ax.annotate(
                    str(channel), place, ha="center", va="center_baseline", fontsize=0.6 * size, color="white",
                    fontweight="bold",
                )  # fmt: skip
            if n_channels <= _WRITTEN:
                ax.annotate(
                    f"{table[k, channel]:{form}}", place, (12, 0), textcoords="offset points", va="center",
                    fontsize=SMALL, color=INK, bbox={"facecolor": "white", "alpha": 0.8, "linewidth": 0, "pad": 0.8},
                )  # fmt: skip
    dress(ax, title, None, f"rank by {unit}")
    ax.set_xticks(range(n_measures), list(arrays))
    ax.set_yticks([1, *range(5, n_channels + 1, 5)] if n_channels > 12 else range(1, n_channels + 1))
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax


def _as_measures(
    values: Mapping[str, Any], name: str, n_channels: int | None = None, minimum: float = -np.inf
) -> dict[str, np.ndarray]:
    measures = dict(values)
    if not measures:
        raise ValueError(f"`{name}` must have at least one measure. Got none.")
    arrays: dict[str, np.ndarray] = {}
    for key, numbers in measures.items():
        arrays[key] = as_array(numbers, f"{name}[{key!r}]", ndim=1, axes="(n_channels,)", minimum=minimum)
        n_channels = n_channels or len(arrays[key])
        if len(arrays[key]) != n_channels:
            raise ValueError(f"`{name}[{key!r}]` must have {n_channels} values, one a channel. Got {len(arrays[key])}.")
    return arrays


def _leave_room(ax: Axes, values: np.ndarray, n_panels: int) -> None:
    """Set limits that leave room for a number at the end of each bar: more of it in narrow panels."""
    low, high = min(0.0, values.min()), max(0.0, values.max())
    room = max(0.28, 0.12 * n_panels) * ((high - low) or 1.0)
    ax.set_xlim(low - (room if low < 0 else 0), high + room)


def _write_values(ax: Axes, measure: np.ndarray, spans: np.ndarray, comparable: np.ndarray) -> None:
    """Write each value at the end of its bar, with as many decimals as the largest comparable one has of 3 digits."""
    largest = np.abs(comparable).max() or 1.0
    decimals = max(0, 2 - int(np.floor(np.log10(largest))))
    form = f"z.{decimals}f" if 1e-4 <= largest < 1e6 else ".1e"
    for channel, (value, span) in enumerate(zip(measure, spans, strict=True)):
        written = f"{value:{form}}"
        negative = written.startswith("-")  # what is written as 0 stands where 0 stands
        ax.annotate(
            written,
            (value - span if negative else value + span, channel),
            (-3 if negative else 3, 0),
            textcoords="offset points",
            ha="right" if negative else "left",
            va="center",
            fontsize=SMALL,
            color=INK,
        )
