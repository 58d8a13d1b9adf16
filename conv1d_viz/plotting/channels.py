"""Measures of each channel side by side: as bars, or as points where a measure has several values per channel."""

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_items, as_number, as_texts
from conv1d_viz.plotting import style
from conv1d_viz.plotting.series import as_time, label_time
from conv1d_viz.plotting.style import ACCENT, INK, TARGET, TICK, TRUTH

_WRITTEN = 24  # channels up to which values are written beside bars


def plot_channel_bars(
    values: Mapping[str, Any],
    *,
    errors: Mapping[str, Any] | None = None,
    roles: Any = None,
    labels: Any = None,
    share_scale: bool = False,
    ranks: bool = False,
    sort: bool = False,
    log: bool = False,
    title: str | None = "Each channel, by several measures",
) -> tuple[Figure, np.ndarray]:
    """Draw several measures of the channels, one panel per measure, one row per channel.

    Parameters
    ----------
    values : mapping of str to array-like of shape (n_channels,) or (n_channels, n_values)
        The measures; each name, with its unit, stands below its panel. One value per channel is a bar. Several, such
        as one per training, are points, spread out, below a line from quartile to quartile with the median.
    errors : mapping of str to array-like of shape (n_channels,) or None
        Half the length of the line across the end of each bar, such as a standard error, for some measures.
    roles, labels : sequence of str or None
        A word per channel at the right end, and what stands at the left in place of its number.
    share_scale, log : bool
        Whether one x axis serves all panels, only for measures in the same unit; whether they are logarithmic.
    ranks, sort : bool
        Whether the rank of each channel's value or median stands at the right of each panel, 1 for the largest; whether
        rows are sorted by the first measure (its medians), the largest on top.
    """
    arrays = _as_measures(values, "values", minimum=0.0 if log else -np.inf, above=log)
    if not arrays:
        raise ValueError("`values` must have at least one measure. Got none.")
    n_rows, bars = len(next(iter(arrays.values()))), [key for key, array in arrays.items() if array.ndim == 1]
    spans = _as_measures({} if errors is None else errors, "errors", n_rows, ndim=1, minimum=0.0)
    if set(spans) - set(bars):
        raise ValueError(f"`errors` must belong to bars, some of {sorted(bars)}. Got {sorted(spans)}.")
    ends = [""] * n_rows if roles is None else as_texts(roles, "roles", n_rows)
    names = None if labels is None else as_texts(labels, "labels", n_rows)
    colors = style.channel_colors(n_rows) if labels is None else [ACCENT] * n_rows
    if sort:
        order = np.argsort(-_middles(next(iter(arrays.values()))), kind="stable")
        arrays, spans = ({k: array[order] for k, array in group.items()} for group in (arrays, spans))
        names = [str(k) if names is None else names[k] for k in order]
        ends, colors = [ends[k] for k in order], [colors[k] for k in order]
    height = max(1.9, min(1.1 + (0.29 if len(bars) == len(arrays) else 0.5) * n_rows, 12))
    # Panels stand apart, or the ranks of one are read as the labels of the next.
    layout: dict[str, Any] = {"layout": "constrained", "squeeze": False, "gridspec_kw": {"wspace": 0.08}}
    figure, (axes,) = plt.subplots(1, len(arrays), figsize=(9, height), sharex=share_scale, sharey=True, **layout)
    axes[0].set_ylim(n_rows - 0.5, -0.5)
    for ax, (key, array) in zip(axes, arrays.items(), strict=True):
        style.dress(ax, None, key, "channel" if ax is axes[0] and labels is None else None)
        ax.spines["left"].set_visible(False)
        style.number_channels(ax, n_rows, names)
        if array.ndim == 1:
            error: dict[str, Any] = {"xerr": spans.get(key), "error_kw": {"ecolor": INK, "lw": 1}}
            drawn = ax.barh(range(n_rows), array, height=0.72, color=colors, **error)
            largest = max(np.abs(a).max() for a in (arrays.values() if share_scale else [array])) or 1.0
            fixed = f"z.{max(0, 2 - int(np.floor(np.log10(largest))))}f"  # the largest that is compared has 3 digits
            form = ".2g" if log else fixed if 1e-4 <= largest < 1e6 else ".1e"
            if n_rows <= _WRITTEN:
                ax.bar_label(drawn, fmt=f"{{:{form}}}", padding=3, fontsize=style.SMALL, color=INK)
        else:
            _draw_points(ax, array, colors)
        # Room for the numbers, on the side of negative values too; bars begin at the edge of the others.
        ax.margins(x=(max(0.28, 0.12 * len(arrays)) if key in bars else 0.05) + 0.07 * len(arrays) * ranks)
        if log:
            ax.set_xscale("log")
            style.number_log(ax.xaxis)
        else:
            ax.xaxis.set_major_locator(MaxNLocator(3))
            ax.axvline(0, color=TRUTH, linewidth=0.8)
        if ranks:
            places = 1 + np.argsort(np.argsort(-_middles(array), kind="stable"))
            style.write_rows(ax, [str(rank) for rank in places], 0.97, ha="right", fontweight="bold")
            ax.set_title("rank", loc="right", fontsize=style.SMALL, color=INK)
    style.write_rows(axes[-1], ends, 1.02)
    style.name_figure(figure, title)
    return figure, axes


def _as_measures(values: Any, name: str, n_rows: int = 0, ndim: Any = (1, 2), **bounds: Any) -> dict[str, np.ndarray]:
    axes = "(n_channels,)" + ("" if ndim == 1 else " or (n_channels, n_values)")
    arrays = {k: as_array(v, f"{name}[{k!r}]", ndim=ndim, axes=axes, **bounds) for k, v in dict(values).items()}
    for key, array in arrays.items():
        n_rows = n_rows or len(array)
        if len(array) != n_rows:
            raise ValueError(f"`{name}[{key!r}]` must have {n_rows} channels. Got {len(array)}.")
    return arrays


def _middles(measure: np.ndarray) -> np.ndarray:
    return np.asarray(np.median(measure.reshape(len(measure), -1), axis=1))


def _draw_points(ax: Axes, measure: np.ndarray, colors: Sequence[str]) -> None:
    """Draw the values of each channel as points, below a line from quartile to quartile with the median."""
    n_rows, n_values = measure.shape
    for row, (points, color) in enumerate(zip(measure, colors, strict=True)):
        low, middle, high = np.quantile(points, (0.25, 0.5, 0.75))
        down = row + 0.12 + 0.26 * style.jitter(n_values)
        ax.plot(points, down, "o", color=color, alpha=0.5, markersize=4.5, markeredgewidth=0)
        ax.plot([low, high], [row - 0.12] * 2, color=INK, linewidth=3, solid_capstyle="butt")
        ax.plot([middle], [row - 0.12], "D", color=TARGET, markersize=6, markeredgecolor="white")
    style.legend(ax, handles=ax.lines[1:3], labels=["quartiles", "median"], bbox_to_anchor=(0.9, 1.0))  # beside "rank"
    ax.hlines(np.arange(n_rows) + 0.5, 0, 1, transform=ax.get_yaxis_transform(), color=TRUTH, alpha=0.3, linewidth=0.6)


def plot_contributions(
    time: Any,
    values: Any,
    *,
    bias: float = 0.0,
    names: Any = None,
    unit: str = "what is added to the sum",
    title: str | None = "Who pushes and who brakes",
    ax: Axes | None = None,
) -> Axes:
    """Draw what each channel adds to a sum: pushes upwards, brakes downwards, and, in black, the sum with its bias.

    `values`, (time, n_channels), are what each channel adds, such as `channel_contributions(...).values[:, :, 0]`, at
    the samples or dates `time`; the sum begins with `bias`. Up to 12 channels have a legend, with `names` if given.
    """
    values = as_array(values, "values", ndim=2, axes="(time, n_channels)")
    (places, dates), bias, n_channels = as_time(time, "time", len(values)), as_number(bias, "bias"), values.shape[1]
    labels = [str(channel) for channel in range(n_channels)] if names is None else as_texts(names, "names", n_channels)
    ax = style.new_axes(ax, height=3.6)
    look: dict[str, Any] = {"colors": style.channel_colors(n_channels), "linewidth": 0, "alpha": 0.85}
    look |= {"edgecolor": "white", "hatch": ["////" * (c // 8 % 2) for c in range(n_channels)]}  # colours come again
    ax.stackplot(places, np.maximum(values, 0).T, labels=labels, **look)
    ax.stackplot(places, np.minimum(values, 0).T, **look)
    ax.plot(places, bias + values.sum(axis=1), color=INK, linewidth=1.6, label="sum")
    ax.axhline(0, color=TRUTH, linewidth=0.8)
    ax.margins(x=0)
    style.dress(ax, title, label_time(ax, dates), unit)
    if n_channels <= 12:
        style.legend(ax, ncols=n_channels + 1, handlelength=1, columnspacing=1)
    return ax


def plot_segments(
    table: pd.DataFrame,
    samples: Any,
    *,
    roles: Any = None,
    title: str | None = "The segments that excite each channel most",
) -> tuple[Figure, np.ndarray]:
    """Draw a row per channel: its segments, in black their mean where as many are known as anywhere; their strengths.

    `table` and `samples`, (n_rows, size, n_features), are what `top_segments` returns. Feature 0 is drawn;
    `samples[..., 1:]` draws the next. `roles` are words at the right ends of the rows, for each channel of the layer.
    """
    if not len(table):
        raise ValueError("`table` must hold a segment. Got none; a channel that never changes has none.")
    samples = as_array(samples, "samples", ndim=3, axes="(n_rows, size, n_features)", finite=False)
    channels = list(dict.fromkeys(table["channel"]))
    if len(table) != len(samples):
        raise ValueError(f"`samples` must have one row per row of `table`, {len(table)}. Got {samples.shape}.")
    words = [""] * (max(channels) + 1) if roles is None else as_items(roles, "roles", "a sequence of strings")
    if len(words) <= max(channels):
        raise ValueError(f"`roles` must have a word for each channel, up to {max(channels)}. Got {len(words)}.")
    layout: dict[str, Any] = {"layout": "constrained", "figsize": (9, min(1.0 + 0.85 * len(channels), 29))}
    layout |= {"sharex": "col", "sharey": "col", "squeeze": False, "width_ratios": (4, 1.2)}
    figure, axes = plt.subplots(len(channels), 2, **layout)
    places = np.arange(samples.shape[1])
    for (left, right), channel in zip(axes, channels, strict=True):
        rows, color = np.flatnonzero(table["channel"] == channel), style.channel_colors(channel + 1)[channel]
        seen = samples[rows, :, 0]
        counts = (~np.isnan(seen)).sum(axis=0)  # a mean over fewer segments in some places would jump there
        mean = np.where(counts == counts.max(), np.nansum(seen, axis=0), np.nan) / (counts.max() or np.nan)
        left.plot(places, seen.T, "o" * (len(places) == 1), color=color, alpha=0.45, linewidth=1)
        left.plot(places, mean, "o" if np.isfinite(mean).sum() == 1 else "", color=INK)
        left.margins(x=0)
        right.bar(table["rank"].to_numpy()[rows], table["value"].to_numpy()[rows], color=color)
        for ax in (left, right):
            style.dress(ax)
            ax.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
            ax.yaxis.set_major_locator(MaxNLocator(2))
        name: dict[str, Any] = {"rotation": 0, "ha": "right", "va": "center", "labelpad": 12, "fontweight": "bold"}
        left.set_ylabel(str(channel), fontsize=TICK, color=INK, **name)
        right.text(1.03, 0.5, str(words[channel]), transform=right.transAxes, va="center", fontsize=TICK, color=INK)
    axes[-1, 0].set_xlabel("sample of the segment", fontsize=style.LABEL, color=INK)
    axes[-1, 1].set_xlabel("rank", fontsize=style.LABEL, color=INK)
    axes[0, 1].set_title("response", loc="left", fontsize=TICK, color=INK)
    style.name_figure(figure, title, None, "channel")
    return figure, axes
