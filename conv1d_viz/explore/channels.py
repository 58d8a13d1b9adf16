"""Look at any cell of any layer: what it sees, what a channel gives there, and where that is on the time axis."""

from typing import TYPE_CHECKING, Any

import numpy as np

from conv1d_viz.checks import as_array, as_series, as_size
from conv1d_viz.explore._canvas import Canvas, arrange, flow, import_widgets, words_widget
from conv1d_viz.explore._cells import Clock, LayerCells, cells_of_layer, describe, layer_names
from conv1d_viz.explore._panels import ChannelPicture
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model, as_windows, find_steps
from conv1d_viz.series.windows import sliding_windows

if TYPE_CHECKING:
    import ipywidgets


def explore_channels(
    model: Any, series: Any, layer: Any, window: Any, horizon: Any = 1, *, time: Any = None, unit: str = "value"
) -> "ipywidgets.VBox":
    """Explore what a channel of a layer gives, window by window and step by step.

    Four controls choose a layer, a channel, a window and a step of it. A picture marks this one cell three times: on
    the series the window and the samples that the step sees, on the channel's map (window, step) the window, the steps
    that see padding and the cells of the same time, and on the channel's timeline, the mean over the cells of each
    time that exist, that time. Words beside it give the numbers. The limits of colours and timelines are those of the
    whole layer, so that channels can be compared.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output. It is not changed.
    series : array-like of shape (time,) or (time, feature)
        At least window + horizon samples. The picture shows feature 0. The activations of all its windows are held in
        memory, those of one layer at a time.
    layer : str, int or keras.layers.Layer
        The layer to begin with, as for `layer_activations`.
    window : int
        Samples in a window; window b begins at sample b of the series.
    horizon : int
        Samples after a window that are predicted; windows without a full target are left out.
    time : array-like of shape (time,) or None
        The numbers of the samples, which rise in equal steps; None: 0, 1, and so on.
    unit : str
        Unit of the series, the label of its y axis.

    Returns
    -------
    ipywidgets.VBox
        The widgets, for the last line of a notebook's cell. `.figure` is the matplotlib figure that its picture is
        drawn from. Parts have CSS classes: "conv1d-layer", "conv1d-channel", "conv1d-window", "conv1d-step" (controls),
        "conv1d-picture" and "conv1d-words". Where no receptive field is known, nothing is marked that depends on it,
        and the words give the reason.

    Raises
    ------
    ImportError
        If ipywidgets is not installed.
    TypeError, ValueError
        As `sliding_windows` and `layer_activations`; also if `time` does not fit the series.

    Examples
    --------
    >>> t, wave = toy_series(300)
    >>> explore_channels(build_model(window=100), wave, "conv1", window=100, time=t)  # doctest: +SKIP
    """
    import_widgets()
    model, window, horizon = as_model(model), as_size(window, "window"), as_size(horizon, "horizon")
    path, _ = find_steps(model, trace(model), layer)
    samples = as_series(series)
    x = _as_windows(model, samples, window, horizon)
    return _Explorer(model, x, samples[:, 0], path, _as_clock(time, len(samples)), str(unit)).box


def _as_windows(model: Any, samples: np.ndarray, window: int, horizon: int) -> np.ndarray:
    """Return all windows of the series, if they are windows that the model takes."""
    shape = model.inputs[0].shape
    if len(shape) == 3 and shape[1] not in (None, window):
        raise ValueError(f"`window` must be the number of steps that the model takes, {shape[1]}. Got {window}.")
    if len(shape) == 3 and shape[2] not in (None, samples.shape[1]):
        raise ValueError(f"`series` must have as many features as the model takes, {shape[2]}. Got {samples.shape[1]}.")
    return as_windows(model, sliding_windows(samples, window, horizon)[0])


def _as_clock(time: Any, length: int) -> Clock:
    if time is None:
        return Clock(0.0, 1.0, length)
    time = as_array(time, "time", ndim=1, axes="(time,)")
    if len(time) != length:
        raise ValueError(f"`time` must have {length} values, one a sample. Got {len(time)}.")
    gaps = np.diff(time)  # of at least two samples: window + horizon
    if gaps.min() <= 0 or np.ptp(gaps) > 1e-3 * gaps.max():
        raise ValueError(f"`time` must rise in equal steps. Got steps from {gaps.min():g} to {gaps.max():g}.")
    return Clock(float(time[0]), float(time[-1] - time[0]) / (length - 1), length)


class _Explorer:
    """The widgets, and what happens when one of them changes."""

    def __init__(self, model: Any, x: np.ndarray, values: np.ndarray, path: str, clock: Clock, unit: str) -> None:
        self.model, self.x, self.clock = model, x, clock
        cells = cells_of_layer(model, x, path)
        self.cells: LayerCells | None = cells
        self.canvas, self.words = Canvas(7.5), words_widget()
        self.picture = ChannelPicture(self.canvas.figure, values, clock, x.shape[1], unit)
        names = layer_names(model)
        self.layer = import_widgets().Dropdown(
            options=names, value=path, description="Layer", style={"description_width": "initial"}
        )
        self.layer.add_class("conv1d-layer")
        n_windows, n_steps, n_channels = cells.acts.shape
        self.channel, self.window = _slider("Channel", n_channels), _slider("Window", n_windows)
        self.step = _slider("Step", n_steps)
        controls = [self.layer, self.channel, self.window, self.step]
        self.box = arrange([import_widgets().Box(controls, layout=flow())], self.canvas, self.words, "channels")
        self.layer.observe(self._change_layer, names="value")
        for slider in controls[1:]:
            slider.observe(self._change_cell, names="value")
        self._show(cells)

    def _change_layer(self, change: Any) -> None:
        cells = cells_of_layer(self.model, self.x, change["new"])
        self.cells = None  # its sliders may move by themselves now, which is no change to show
        _, n_steps, n_channels = cells.acts.shape
        _set_size(self.channel, n_channels)
        _set_size(self.step, n_steps)
        self.cells = cells
        self._show(cells)

    def _change_cell(self, _: Any) -> None:
        if self.cells is not None:
            self._show(self.cells)

    def _show(self, cells: LayerCells) -> None:
        place = (self.channel.value, self.window.value, self.step.value)
        self.picture.show(cells, *place)
        self.canvas.draw(self.picture.moving, cells.path)
        self.words.value = describe(cells, self.clock, *place)


def _slider(name: str, size: int) -> Any:
    """A slider from 0 for one of `size`."""
    slider = import_widgets().IntSlider(
        value=0, min=0, max=0, description=name, style={"description_width": "initial"}, layout={"width": "330px"}
    )
    _set_size(slider, size)
    return slider.add_class(f"conv1d-{name.lower()}")


def _set_size(slider: Any, size: int) -> None:
    slider.max = size - 1  # moves a value beyond it
    slider.disabled = size == 1
