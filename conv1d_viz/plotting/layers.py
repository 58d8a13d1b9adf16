"""A layer's activations over windows and steps, its kernels, and where the forecast is read."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.checks import as_array, as_number, as_size, as_texts, counted
from conv1d_viz.plotting import style
from conv1d_viz.plotting.series import as_line, as_time, label_time
from conv1d_viz.plotting.style import ACCENT, INK, TARGET, TRUTH


def plot_window_map(
    acts: Any,
    *,
    padded: Any = None,
    diagonal: int | None = None,
    stride: int = 1,
    note: str | None = None,
    title: str | None = "One channel: every window, every step",
    ax: Axes | None = None,
) -> Axes:
    """Draw one channel's activations as a map, window on the x axis and step on the y axis; white is 0.

    Parameters
    ----------
    acts : array-like of shape (n_windows, n_steps)
        The activations of one channel.
    padded : array-like of bool of shape (n_steps,) or None
        Steps that see padding; they are hatched.
    diagonal, note : int or None, and str or None
        The line of the cells (window b, step s) with b + s*stride equal to `diagonal`, and what stands beside it.
    stride : int
        Samples between two steps.
    """
    acts = as_array(acts, "acts", ndim=2, axes="(n_windows, n_steps)")
    n_windows, n_steps = acts.shape
    stride = as_size(stride, "stride")
    padded = None if padded is None else as_line(padded, "padded", n_steps, items="booleans")
    steps = np.arange(n_steps)
    if diagonal is not None:
        windows = as_size(diagonal, "diagonal", minimum=0) - steps * stride
        cells = np.column_stack([windows, steps])[(windows >= 0) & (windows < n_windows)]
        if not len(cells):
            raise ValueError(f"`diagonal` must be the time of a cell that is drawn. Got {diagonal}.")
    ax = style.new_axes(ax, height=4.2)
    image = style.draw_map(ax, acts.T, np.arange(n_windows), (steps[0] - 0.5, steps[-1] + 0.5), style.value_scale(acts))
    if padded is not None:
        style.hatch_runs(ax, padded, steps, rows=True, facecolor="none")
    if diagonal is not None:
        ax.plot(*cells.T, color=ACCENT, linewidth=2, marker="o" if len(cells) == 1 else None)
    if diagonal is not None and note:
        (x, y), look = cells[len(cells) // 3], {"facecolor": "white", "alpha": 0.85, "linewidth": 0, "pad": 1.5}
        side, right = ("right", -12) if x > 0.7 * n_windows else ("left", 12)  # so that it stays in the axes
        words: dict[str, Any] = {"ha": side, "va": "top", "fontsize": style.TICK, "color": ACCENT, "bbox": look}
        ax.annotate(note, (x, y), (right, -4), textcoords="offset points", **words)
    ax.set(xlim=(-0.5, n_windows - 0.5), ylim=(steps[-1] + 0.5, steps[0] - 0.5))
    style.number_whole(ax.xaxis)
    style.number_whole(ax.yaxis)
    style.color_bar(ax, image, "activation")
    return style.dress(ax, title, "window (each starts one sample later)", style.step_label(stride))


def plot_diagonal_deviation(
    acts: Any, padded: Any, *, stride: int = 1, title: str | None = "auto", ax: Axes | None = None
) -> Axes:
    """Draw how far the cells of each step are from those of one step on the same diagonals; hatch padding.

    Cells that look at the same samples and see no padding differ by rounding only. The step that the others are
    compared with is the middle one of those that see no padding, or of all steps where all see some.

    `acts`, (n_windows, n_steps, n_channels), are of windows that each start one sample after the one before, with steps
    that are `stride` samples apart; `padded`, (n_steps,), is what `receptive_field(...).sees_padding` gives.
    """
    acts = as_array(acts, "acts", ndim=3, axes="(n_windows, n_steps, n_channels)")
    n_windows, n_steps, _ = acts.shape
    padded, stride = as_line(padded, "padded", n_steps, items="booleans"), as_size(stride, "stride")
    clear = np.arange(n_steps) if padded.all() else np.flatnonzero(~padded)
    reference = int(clear[len(clear) // 2])
    farthest = max(reference, n_steps - 1 - reference) * stride
    if n_windows <= farthest:
        raise ValueError(f"`acts` must have over {farthest} windows to compare with step {reference}. Got {n_windows}.")
    deviation = np.empty(n_steps)
    for step in range(n_steps):
        later = (step - reference) * stride  # windows between the two cells of a diagonal
        first, last = max(0, -later), n_windows - max(0, later)
        deviation[step] = np.abs(acts[first:last, step] - acts[first + later : last + later, reference]).max()
    ax = style.new_axes(ax, height=2.6)
    runs = [f"{first}–{last}" if last > first else f"{first}" for first, last in style.runs_of(padded)]
    style.hatch_runs(ax, padded, np.arange(n_steps), label=f"steps that see padding: {', '.join(runs)}")
    ax.bar(np.arange(n_steps), deviation, width=0.8, color=np.where(padded, ACCENT, INK))
    ax.set(xlim=(-0.5, n_steps - 0.5), ylim=(0, None))
    style.number_whole(ax.xaxis)
    if title == "auto":
        title = f"Cells of a diagonal are equal{', except where they saw padding' if padded.any() else ''}"
    style.dress(ax, title, style.step_label(stride), "largest difference\nin activation")
    if padded.any():
        style.legend(ax)
    return ax


def plot_kernels(
    weights: Any,
    bias: Any = None,
    *,
    start: int | float = 0,
    stride: int = 1,
    roles: Any = None,
    title: str | None = "The kernels: what each channel multiplies the samples with",
) -> tuple[Figure, np.ndarray]:
    """Draw the kernels of a convolution side by side, one scale for all.

    Parameters
    ----------
    weights : array-like of shape (size, n_features, n_channels)
        The kernels: bars, or where there are several features, such as the channels of the layer before, the rows of
        colour maps; a small map alone has numbers.
    bias : array-like of shape (n_channels,) or None
        Written into each panel.
    start, stride : float, and int
        The first sample, or step of the layer before, that a kernel sees, counted from the step it computes; and the
        distance between two that it sees: more than 1 with dilation.
    roles : sequence of str or None
        A word per channel, written behind its number.
    """
    weights = as_array(weights, "weights", ndim=3, axes="(size, n_features, n_channels)")
    size, n_features, n_channels = weights.shape
    bias = None if bias is None else as_line(bias, "bias", n_channels)
    words = [""] * n_channels if roles is None else [f", {role}" for role in as_texts(roles, "roles", n_channels)]
    samples = as_number(start, "start") + as_size(stride, "stride") * np.arange(size)
    figure, axes = style.new_panels(n_channels, 4, 1.55)
    scale, mapped = style.value_scale(weights), n_features > 1
    for channel, (ax, color) in enumerate(zip(axes, style.channel_colors(n_channels), strict=True)):
        kernel = weights[:, :, channel]
        if mapped:
            image = style.draw_map(ax, kernel.T, samples, (-0.5, n_features - 0.5), scale)
        else:
            ax.axhline(0, color=TRUTH, linewidth=0.8)
            ax.bar(samples, kernel[:, 0], width=0.75 * stride, color=color)
        name = f"channel {channel}{words[channel]}"
        style.name_panel(style.dress(ax), name, "" if bias is None else f"bias {bias[channel]:+z.2f}")
    axes[0].xaxis.set_major_locator(MaxNLocator(5 if n_channels > 1 else 12, integer=True))
    if mapped:
        axes[0].yaxis.set_major_locator(MaxNLocator(8, integer=True))
        style.color_bar(axes, image, "weight")
        if n_channels == 1 and max(kernel.shape) <= 10:
            style.write_cells(axes[0], image, samples, 2, style.SMALL)
        style.name_figure(figure, title, "input step, counted from the layer's own", "input channel")
    else:
        style.name_figure(figure, title, "sample, counted from the step", "weight")
    return figure, axes


def plot_reads(
    time: Any,
    values: Any,
    picked: Any,
    n_steps: int,
    *,
    offset: float = 0.0,
    stride: int = 1,
    unit: str = "value",
    title: str | None = "Where the forecasts are read",
    ax: Axes | None = None,
) -> Axes:
    """Draw the series, and on it the sample that each window's forecast is read from.

    Parameters
    ----------
    time, values : array-like of shape (time,)
        The series, with samples or dates; window b begins at its sample b.
    picked : array-like of int of shape (n_windows,)
        The step that each window is read from, such as the one that a global maximum picks. Steps of the first and of
        the second half of a window have marks of their own.
    n_steps, stride, offset : int, int and float
        Steps of a window, samples between two of them, and where step 0 looks, counted from the first sample of its
        window: the centre of the receptive field.
    """
    values = as_line(values, "values")
    (time, dates), picked = as_time(time, "time", len(values)), as_line(picked, "picked", items="integers", minimum=0)
    n_steps, stride, offset = as_size(n_steps, "n_steps"), as_size(stride, "stride"), as_number(offset, "offset")
    if picked.max() >= n_steps or len(picked) > len(values):
        asked = f"at most {len(values)} steps, one per window, of 0..{n_steps - 1}"
        raise ValueError(f"`picked` must be {asked}. Got {len(picked)} of up to {picked.max()}.")
    ax = style.new_axes(ax, height=2.6)
    ax.plot(time, values, color=INK, linewidth=1.2)
    # A step whose centre is padding is drawn at the end of the series that is nearest.
    index = (np.arange(len(picked)) + picked * stride + offset).clip(0, len(values) - 1)
    for chosen, color, marker in ((picked < n_steps / 2, ACCENT, "o"), (picked >= n_steps / 2, TARGET, "D")):
        if chosen.any():
            low, high = picked[chosen].min(), picked[chosen].max()
            steps = f"step {low}" if low == high else f"steps {low}–{high}"
            x, y = (np.interp(index[chosen], np.arange(len(values)), line) for line in (time, values))
            label = f"read in {steps} ({counted(int(chosen.sum()), 'window')})"
            ax.plot(x, y, marker, color=color, label=label, markersize=4, mec="white", markeredgewidth=0.4)
    ax.margins(x=0)
    ax.grid(axis="x", color=TRUTH, alpha=0.25, linewidth=0.6)
    style.legend(style.dress(ax, title, label_time(ax, dates), unit))
    return ax
