"""The error of every set of channels, by how many are kept."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from conv1d_viz.checks import as_array, as_number, as_texts
from conv1d_viz.plotting.series import as_line
from conv1d_viz.plotting.style import (
    ACCENT,
    INK,
    SMALL,
    TARGET,
    TRUTH,
    dress,
    legend,
    new_axes,
    number_log,
    number_whole,
)

# The first curve is drawn last, on top of the others.
_LINES: tuple[dict[str, Any], ...] = (
    {"color": INK, "linestyle": "-", "marker": "o", "markersize": 4.5, "zorder": 2.3},
    {"color": ACCENT, "linestyle": (0, (4, 1.5)), "marker": "s", "markersize": 8, "fillstyle": "none", "zorder": 2.2},
    {"color": TARGET, "linestyle": ":", "marker": "^", "markersize": 8, "fillstyle": "none", "zorder": 2.1},
)


def plot_subsets(
    n_kept: Any,
    mse: Any,
    curves: Mapping[str, Any],
    *,
    labels: Sequence[str] | None = None,
    references: Mapping[str, float] | None = None,
    title: str | None = "How many channels does the forecast need?",
    ax: Axes | None = None,
) -> Axes:
    """Draw the error of many sets of channels as points over their size, and the errors of chosen sets as curves.

    The y axis is logarithmic; points of one size are spread out a little so that they can be told apart.

    Parameters
    ----------
    n_kept, mse : array-like of shape (n_sets,)
        How many channels each set keeps, and its error, above 0.
    curves : mapping of str to array-like of shape (n_channels + 1,)
        Up to 3 names with an error for each number of kept channels, from 0.
    labels : sequence of str or None
        What stands below the points of the first curve, such as the channels kept.
    references : mapping of str to float or None
        Named errors, such as that of a forecaster to compare with, drawn as horizontal lines.
    title : str or None
        Title.
    ax : Axes or None
        Where to draw; None makes a figure.

    Returns
    -------
    Axes
        The axes drawn on.
    """
    mse = _as_errors(mse, "mse")
    n_kept = as_line(n_kept, "n_kept", len(mse), items="integers", minimum=0)
    curves, references = (
        dict(curves),
        dict({} if references is None else references),
    )
    if not 0 < len(curves) <= len(_LINES):
        raise ValueError(f"`curves` must be 1 to {len(_LINES)} named curves. Got {len(curves)}.")
    drawn: dict[str, np.ndarray] = {}
    for name, values in curves.items():
        length = len(next(iter(drawn.values()))) if drawn else None
        drawn[name] = _as_errors(values, f"curves[{name!r}]", length)
    sizes = np.arange(len(next(iter(drawn.values()))))
    if n_kept.max() >= len(sizes):
        raise ValueError(f"`n_kept` must be within 0..{len(sizes) - 1}. Got {n_kept.max()}.")
    labels = [] if labels is None else as_texts(labels, "labels", len(sizes))
    levels = {name: as_number(v, f"references[{name!r}]", 0.0, above=True) for name, v in references.items()}
    ax = new_axes(ax, height=4.2)
    for name, level in levels.items():
        ax.axhline(level, color=TRUTH, linewidth=1, linestyle=":")
        ax.annotate(
            name, (0, level), (4, 3), xycoords=("axes fraction", "data"), textcoords="offset points",
            fontsize=SMALL, color=INK,
        )  # fmt: skip
    spread = 0.5 * ((np.arange(len(mse)) * 0.618) % 1 - 0.5)  # multiples of the golden section fall evenly
    sizes_of, counts = np.unique(n_kept, return_counts=True)
    spread[np.isin(n_kept, sizes_of[counts == 1])] = 0.0
    ax.plot(n_kept + spread, mse, "o", color=TARGET, alpha=0.35, markersize=3.5, markeredgewidth=0, label="every set")
    for (name, values), look in zip(drawn.items(), _LINES, strict=False):
        ax.plot(sizes, values, linewidth=1.6, label=name, **look)
    for size, label in zip(sizes, labels, strict=False):
        ax.annotate(
            label, (size, next(iter(drawn.values()))[size]), (-6, -3), textcoords="offset points", ha="right", va="top",
            fontsize=SMALL, color=INK,
        )  # fmt: skip
    ax.set_yscale("log")
    ax.margins(y=0.09)
    ax.set_xlim(-0.5, len(sizes) - 0.5)
    number_whole(ax.xaxis)
    if len(sizes) <= 20:
        ax.set_xticks(sizes)
    number_log(ax.yaxis)
    legend(dress(ax, title, "channels kept", "MSE"))
    return ax


def _as_errors(values: Any, name: str, length: int | None = None) -> np.ndarray:
    errors = as_array(values, name, ndim=1, axes="(n_sets,)", minimum=0.0, above=True)
    if length is not None and len(errors) != length:
        raise ValueError(f"`{name}` must have {length} errors. Got {len(errors)}.")
    return errors
