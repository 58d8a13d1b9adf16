"""What the explorer of channels tells about a cell (window, step) of a layer, as numbers and in words."""

import html
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from conv1d_viz.explore._canvas import number, sample, spoken, strong
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import find_steps
from conv1d_viz.timelines.activations import layer_activations
from conv1d_viz.timelines.diagonals import cells_of, diagonal_sum
from conv1d_viz.timelines.fields import ReceptiveField, receptive_field


class Clock(NamedTuple):
    """The sample numbers of a series, which rise in equal steps."""

    start: float
    gap: float
    length: int

    def at(self, index: Any) -> Any:
        """Return the number of a sample by its place in the series, also of half ones and of ones before or after."""
        return self.start + self.gap * np.asarray(index, dtype=np.float64)


class LayerCells(NamedTuple):
    """All activations of a layer, and what its receptive field says about them, if it has one."""

    path: str
    acts: Float[np.ndarray, "window step channel"]
    window: int
    field: ReceptiveField | None
    line: Float[np.ndarray, "time channel"] | None  # means over the cells that exist
    missing: str  # why there is no field, or no line

    def seen(self, window: int, step: int) -> tuple[int, int]:
        """First and last place in the series that a cell looks at, with what is padding."""
        assert self.field is not None
        first = window + self.field.start + step * self.field.stride
        return first, first + self.field.size - 1

    def inside(self, window: int, step: int) -> tuple[int, int]:
        """The same without padding: what the window holds of it; the last is before the first if that is nothing."""
        first, last = self.seen(window, step)
        return max(first, window), min(last, window + self.window - 1)

    def time(self, window: int, step: int) -> int:
        """The diagonal that a cell lies on, counted as `diagonal_sum` does."""
        assert self.field is not None
        return window + step * self.field.stride


def layer_names(model: Any) -> list[str]:
    """List the layers that have an output (window, step, channel), nested ones by their paths."""
    graph = trace(model)
    names = []
    for path in dict.fromkeys(path for path, _, _ in graph.places):
        try:
            names.append(find_steps(model, graph, path)[0])
        except ValueError:  # it has no steps, or is called twice
            continue
    return list(dict.fromkeys(names))


def cells_of_layer(model: Any, x: Float[np.ndarray, "window step feature"], path: str) -> LayerCells:
    """Compute all that the explorer shows of a layer."""
    acts, window = layer_activations(model, x, path), x.shape[1]
    try:
        field = receptive_field(model, path, window)
    except ValueError as reason:
        return LayerCells(path, acts, window, None, None, str(reason))
    try:
        line = diagonal_sum(acts, field.stride, fill=None, reduce="mean")
    except ValueError as reason:  # fewer windows than samples between two steps
        return LayerCells(path, acts, window, field, None, str(reason))
    return LayerCells(path, acts, window, field, line, "")


def describe(cells: LayerCells, clock: Clock, channel: int, window: int, step: int) -> str:
    """Say in words, as HTML, what a cell looks at and what a channel gives there."""
    first, last = clock.at(window), clock.at(window + cells.window - 1)
    value = number(float(cells.acts[window, step, channel]))
    return spoken(
        f"{strong(f'Window {window}')} covers {_samples(first, last)}.",
        f"{strong(f'Step {step}')} {_sight(cells, clock, window, step)}",
        f"{strong(f'Channel {channel}')} of layer {html.escape(cells.path)} gives {strong(value)} there.",
        *_company(cells, clock, channel, window, step),
    )


def _sight(cells: LayerCells, clock: Clock, window: int, step: int) -> str:
    if cells.field is None:
        return (
            "sees samples that are not known, so none are marked, and there is no timeline: "
            f"{html.escape(cells.missing)}"
        )
    first, last = cells.seen(window, step)
    begin, end = cells.inside(window, step)
    padding = cells.field.size - max(0, end - begin + 1)
    verb = "is" if padding == 1 else "are"
    part = {0: "none of them padding", cells.field.size: "all of them padding"}
    counted = part.get(padding, f"of which {padding} {verb} padding, outside the window")
    return f"sees {_samples(clock.at(first), clock.at(last))}, {counted}."


def _company(cells: LayerCells, clock: Clock, channel: int, window: int, step: int) -> list[str]:
    """Sentences on the cells of the same time."""
    if cells.field is None:
        return []
    if cells.line is None:
        return [f"There is no timeline: {html.escape(cells.missing)}"]
    time = cells.time(window, step)
    n_windows, n_steps, _ = cells.acts.shape
    n_cells = int(cells_of(np.array([time]), n_windows, n_steps, cells.field.stride)[0])
    centre, mean = sample(clock.at(time + cells.field.centre)), strong(number(cells.line[time, channel]))
    place = f"of the same time, about sample {centre},"
    if n_cells == 1:
        return [f"It is the only cell {place} so the mean is {mean}."]
    return [f"The mean over the {strong(f'{n_cells} cells')} {place} is {mean}."]


def _samples(first: float, last: float) -> str:
    return f"sample {sample(first)}" if first == last else f"samples {sample(first)} to {sample(last)}"
