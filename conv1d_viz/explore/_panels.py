"""The picture of the explorer of channels: its artists are made once, and moved ever after."""

from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conv1d_viz.explore._cells import Clock, LayerCells
from conv1d_viz.plotting.series import plot_series
from conv1d_viz.plotting.style import (
    ACCENT,
    INK,
    LABEL,
    POWERS,
    TRUTH,
    color_bar,
    dress,
    legend,
    name_axes,
    number_whole,
    plain_numbers,
    runs_of,
    step_label,
    value_scale,
)

_LONGEST = 16  # letters of a layer's path that a title has room for
_ROUND = [1, 2, 2.5, 5, 10]
_EDGE = [patheffects.withStroke(linewidth=3.4, foreground="white", alpha=0.8)]  # keeps marks readable on dark cells
_RING: dict[str, Any] = {
    "color": "white",
    "markeredgecolor": ACCENT,
    "markersize": 7,
    "markeredgewidth": 2,
    "clip_on": False,
}


class ChannelPicture:
    """The series, a channel's map and its timeline, with one cell marked in all three."""

    def __init__(self, figure: Figure, values: Float[np.ndarray, " time"], clock: Clock, window: int, unit: str):
        self.clock, self.window = clock, window
        self.cells: LayerCells | None = None
        # Places that stay: a layout engine would take longer than the drawing.
        grid = figure.add_gridspec(
            3, 2, height_ratios=(1.35, 2.6, 1.2), width_ratios=(1, 0.016),
            left=0.09, right=0.92, top=0.935, bottom=0.068, hspace=0.52, wspace=0.025,
        )  # fmt: skip
        self.series, self.map, self.timeline = (figure.add_subplot(grid[row, 0]) for row in range(3))
        self._make_series(values, unit)
        self._make_map(figure.add_subplot(grid[1, 1]))
        self._make_timeline()
        self.titles = {ax: name_axes(ax, "") for ax in (self.series, self.map, self.timeline)}
        for ax, title in self.titles.items():
            title.set_parse_math(False)  # a layer's name may hold a $
            plain_numbers(ax)
            _pin_labels(ax)
        self.moving = [
            self.shade, self.padding, self.wave, self.seen, self.centres[0],
            self.image, self.hatch, self.column, self.diagonal, self.cell, *self.map.spines.values(),
            self.mean, self.centres[1], self.now, *self.titles.values(),
        ]  # fmt: skip

    def _make_series(self, values: np.ndarray, unit: str) -> None:
        ax = plot_series(self.clock.at(np.arange(len(values))), values, title=None, unit=unit, ax=self.series)
        self.values, self.wave = values, ax.lines[0]
        self.shade = ax.axvspan(0, 1, facecolor=TRUTH, alpha=0.28, linewidth=0, zorder=0, label="window")
        (self.seen,) = ax.plot([], [], "o-", color=ACCENT, linewidth=3, markersize=4, label="seen by the step")
        self.padding = _hatching(ax, ACCENT, transform=ax.get_xaxis_transform(), label="padding")
        self.centres = [ax.axvline(0, color=ACCENT, linewidth=1, linestyle=(0, (2, 2)))]
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=_ROUND))
        self.legends = [legend(ax)]

    def _make_map(self, beside: Axes) -> None:
        ax = dress(self.map, None, "window (each starts one sample later)", "step in the window")
        self.image = ax.imshow(np.zeros((1, 1)), aspect="auto", interpolation="none")
        self.hatch = _hatching(ax, TRUTH, label="sees padding")
        self.column = ax.axvspan(
            0, 1, facecolor="none", edgecolor=INK, linewidth=1.2, path_effects=_EDGE, label="window"
        )
        (self.diagonal,) = ax.plot([], [], color=ACCENT, linewidth=2, path_effects=_EDGE, label="same time")
        (self.cell,) = ax.plot([], [], "o", **_RING)
        number_whole(ax.xaxis)
        number_whole(ax.yaxis)
        bar = color_bar(ax, self.image, "activation", cax=beside, ticks=MaxNLocator(5, steps=_ROUND))
        bar.ax.ticklabel_format(axis="y", scilimits=POWERS)
        self.legends.append(legend(ax))

    def _make_timeline(self) -> None:
        ax = dress(self.timeline, None, "sample", "mean activation")
        ax.yaxis.set_major_locator(MaxNLocator(4, steps=_ROUND))
        (self.mean,) = ax.plot([], [], color=INK, linewidth=1.5)
        self.centres.append(ax.axvline(0, color=ACCENT, linewidth=1, linestyle=(0, (2, 2))))
        (self.now,) = ax.plot([], [], "o", **_RING)
        self.note = ax.text(
            0.5, 0.5, "", transform=ax.transAxes, ha="center", va="center", fontsize=LABEL, color=INK, parse_math=False
        )

    def show(self, cells: LayerCells, channel: int, window: int, step: int) -> None:
        """Move all marks to a cell, and where the layer or the channel is another one, show that."""
        if cells is not self.cells:
            self.cells = cells
            self._show_layer(cells)
        self._show_channel(cells, channel)
        self._mark_window(window)
        self._mark_cell(cells, channel, window, step)
        self.titles[self.series].set_text(f"Window {window}, step {step}")

    def _show_layer(self, cells: LayerCells) -> None:
        field = cells.field
        n_windows, n_steps, _ = cells.acts.shape
        cmap, norm = value_scale(cells.acts)  # all channels share it
        self.image.set(cmap=cmap, clim=(norm.vmin, norm.vmax), extent=(-0.5, n_windows - 0.5, n_steps - 0.5, -0.5))
        self.map.set(xlim=(-0.5, n_windows - 0.5), ylim=(n_steps - 0.5, -0.5))
        self.map.set_ylabel(step_label(field.stride if field else 1))
        padded = [] if field is None else runs_of(field.sees_padding(n_steps, self.window))
        self.hatch.set_verts([_box(-0.5, n_windows - 0.5, first - 0.5, last + 0.5) for first, last in padded])
        for artist in (self.seen, self.padding, self.diagonal, *self.centres):
            artist.set_visible(field is not None)
        for names in self.legends:
            names.set_visible(field is not None)  # they name what is not marked then
        for artist in (self.mean, self.now):
            artist.set_visible(cells.line is not None)
        self.note.set_text(
            "" if cells.line is not None else "no timeline: too few windows" if field else
            "no timeline: which samples a step sees is not known"
        )  # fmt: skip
        self.timeline.tick_params(labelleft=cells.line is not None, left=cells.line is not None)
        self._set_limits(cells)

    def _set_limits(self, cells: LayerCells) -> None:
        """Give the series and the timeline one x axis; all channels share the y axis of the timeline."""
        left, right = -0.5, self.clock.length - 0.5
        field, line = cells.field, cells.line
        if field is not None and line is not None:
            centre = field.centre
            left, right = min(left, centre), max(right, centre + len(line) - 1)
            low, high = min(0.0, float(line.min())), float(line.max())
            margin = 0.08 * (high - low) or 1.0
            self.timeline.set_ylim(low - margin, high + margin)
        for ax in (self.series, self.timeline):
            ax.set_xlim(*self.clock.at([left, right]))

    def _show_channel(self, cells: LayerCells, channel: int) -> None:
        path = cells.path
        self.image.set_data(cells.acts[..., channel].T)
        name = path if len(path) <= _LONGEST else "…" + path[-_LONGEST:]
        self.titles[self.map].set_text(f"Channel {channel} of {name}")
        if cells.field is not None and cells.line is not None:
            self.mean.set_data(self.clock.at(np.arange(len(cells.line)) + cells.field.centre), cells.line[:, channel])
        self.titles[self.timeline].set_text(f"Channel {channel} on the time axis")

    def _mark_window(self, window: int) -> None:
        left, right = self.clock.at([window - 0.5, window + self.window - 0.5])
        self.shade.set(x=left, width=right - left)
        self.column.set(x=window - 0.5, width=1.0)

    def _mark_cell(self, cells: LayerCells, channel: int, window: int, step: int) -> None:
        self.cell.set_data([window], [step])
        if cells.field is None:
            return
        first, last = cells.seen(window, step)
        begin, end = cells.inside(window, step)
        places = np.arange(begin, end + 1)
        self.seen.set_data(self.clock.at(places), self.values[places])
        edges = [(first, min(last, window - 1)), (max(first, window + self.window), last)]
        self.padding.set_verts([_box(self.clock.at(a - 0.5), self.clock.at(b + 0.5), 0, 1) for a, b in edges if a <= b])
        time, stride = cells.time(window, step), cells.field.stride
        n_windows, n_steps, _ = cells.acts.shape
        steps = np.arange(n_steps)
        windows = time - stride * steps
        exists = (windows >= 0) & (windows < n_windows)
        self.diagonal.set_data(windows[exists], steps[exists])
        place = self.clock.at(time + cells.field.centre)
        for line in self.centres:
            line.set_xdata([place, place])
        if cells.line is not None:
            self.now.set_data([place], [cells.line[time, channel]])


def _pin_labels(ax: Axes) -> None:
    """Give the labels of both axes places of their own; finding places beside the numbers takes long."""
    box = ax.get_window_extent()
    ax.xaxis.set_label_coords(0.5, -28 / box.height)
    ax.yaxis.set_label_coords(-54 / box.width, 0.5)


def _hatching(ax: Axes, color: str, **options: Any) -> PolyCollection:
    hatching = PolyCollection([], facecolor="none", edgecolor=color, hatch="////", linewidth=0, **options)
    ax.add_collection(hatching, autolim=False)
    return hatching


def _box(left: float, right: float, low: float, high: float) -> list[tuple[float, float]]:
    return [(left, low), (right, low), (right, high), (left, high)]
