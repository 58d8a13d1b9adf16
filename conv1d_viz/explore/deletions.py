"""Delete channels by hand, and watch the forecast and its error."""

from typing import TYPE_CHECKING, Any

import numpy as np

from conv1d_viz.ablation.cut import REPLACEMENTS
from conv1d_viz.checks import as_array, as_texts
from conv1d_viz.explore._canvas import Canvas, arrange, flow, import_widgets, number, words_widget
from conv1d_viz.explore._costs import Costs, Deletion, describe
from conv1d_viz.explore._forecasts import ForecastPicture
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model, as_targets, as_windows, find_steps

if TYPE_CHECKING:
    import ipywidgets

_NAMED = 8  # deleted channels that a title has room for


def explore_deletions(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    *,
    time: Any = None,
    roles: Any = None,
    unit: str = "value",
) -> "ipywidgets.VBox":
    """Explore what a forecast loses without some channels of a layer.

    A button a channel deletes it and brings it back; two more delete none and all of them, and a list chooses what
    deleted channels become. A picture shows the truth, the forecast with all channels and the one without those that
    are deleted. Words beside it give the mean squared error (MSE), its change against the baseline, and from two
    deleted channels on their interaction: the MSE minus the baseline minus the sum of what each of them costs alone.
    What was computed once is kept.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and the forecast (n_windows, horizon) as output. It is not changed.
    x : array-like of shape (n_windows, window, n_features)
        Input windows.
    y : array-like of shape (n_windows, horizon)
        What the forecasts are compared with. The picture shows the first step of the horizon, the MSE is over all.
    layer : str, int or keras.layers.Layer
        As for `ablation_study`.
    time : array-like of shape (n_windows,) or None
        The samples that the first step of the horizon is about; None: 0, 1, and so on.
    roles : sequence of str or None
        A word a channel, written on its button.
    unit : str
        Unit of the forecasts, the label of the y axis.

    Returns
    -------
    ipywidgets.VBox
        The widgets, for the last line of a notebook's cell. `.figure` is the matplotlib figure that its picture is
        drawn from. Parts have CSS classes: "conv1d-delete-0" and so on (a button a channel, pressed: deleted),
        "conv1d-delete-none", "conv1d-delete-all", "conv1d-replacement", "conv1d-picture" and "conv1d-words". Channels
        are shuffled with seed 0.

    Raises
    ------
    ImportError
        If ipywidgets is not installed.
    TypeError, ValueError
        As `ablation_study`; also if `time` or `roles` do not fit.

    Examples
    --------
    >>> x, y = sliding_windows(toy_series(300)[1], window=100)
    >>> explore_deletions(build_model(window=100), x, y, "conv1")  # doctest: +SKIP
    """
    import_widgets()
    model = as_model(model)
    x, graph = as_windows(model, x), trace(model)
    path, key = find_steps(model, graph, layer)
    n_channels = graph.shapes[key][2]
    y = as_targets(model, y, len(x))
    time = np.arange(float(len(x))) if time is None else as_array(time, "time", ndim=1, axes="(n_windows,)")
    if len(time) != len(x):
        raise ValueError(f"`time` must have {len(x)} values, one a window. Got {len(time)}.")
    names = _channel_names(roles, n_channels)
    return _Explorer(Costs(model, x, y, path, n_channels), time, y, names, str(unit)).box


def _channel_names(roles: Any, n_channels: int) -> list[str]:
    """Return a channel's number and, where there is one, its role."""
    if roles is None:
        return [str(channel) for channel in range(n_channels)]
    words = as_texts(roles, "roles", n_channels)
    return [f"{channel} · {word}" for channel, word in enumerate(words)]


class _Explorer:
    """The widgets, and what happens when one of them changes."""

    def __init__(self, costs: Costs, time: np.ndarray, y: np.ndarray, names: list[str], unit: str) -> None:
        widgets = import_widgets()
        self.costs, self.names, self.horizon = costs, names, y.shape[1]
        self.canvas, self.words = Canvas(3.6), words_widget()
        self.picture = ForecastPicture(self.canvas.figure, time, y[:, 0], costs.baseline.values, costs.span(), unit)
        width = {"width": f"{max(map(len, names)) + 6}ch"}  # of one size, so that none moves when one is pressed
        self.buttons = [_channel_button(channel, name, width) for channel, name in enumerate(names)]
        ends = {
            word: widgets.Button(description=f"Delete {word}", layout={"width": "14ch"}) for word in ("none", "all")
        }
        self.replacement = widgets.Dropdown(
            options=REPLACEMENTS, description="Replacement", style={"description_width": "initial"}
        ).add_class("conv1d-replacement")
        rows = [widgets.Box(row, layout=flow()) for row in (self.buttons, [*ends.values(), self.replacement])]
        self.box = arrange(rows, self.canvas, self.words, "deletions")
        for word, button in ends.items():
            button.add_class(f"conv1d-delete-{word}").on_click(self._press_all if word == "all" else self._press_none)
        self.waiting = False
        for control in (*self.buttons, self.replacement):
            control.observe(self._change, names="value")
        self._show()

    def _press_all(self, _: Any) -> None:
        self._press(True)

    def _press_none(self, _: Any) -> None:
        self._press(False)

    def _press(self, pressed: bool) -> None:
        if all(button.value == pressed for button in self.buttons):
            return
        self.waiting = True  # one picture for all of them
        try:
            for button in self.buttons:
                button.value = pressed
        finally:
            self.waiting = False
        self._show()

    def _change(self, change: Any) -> None:
        if change["owner"] is not self.replacement:
            _say_state(change["owner"])
        if not self.waiting:
            self._show()

    def _show(self) -> None:
        deletion = tuple(channel for channel, button in enumerate(self.buttons) if button.value)
        replacement = self.replacement.value
        forecast = self.costs.of(replacement, deletion)
        self.picture.show(forecast.values, _title(deletion, len(self.names), forecast.mse))
        self.canvas.draw(self.picture.moving, self.picture.ax.get_ylim())
        self.words.value = describe(self.costs, replacement, deletion, self.names, self.horizon)


def _channel_button(channel: int, name: str, layout: dict[str, str]) -> Any:
    button = import_widgets().ToggleButton(description=name, layout=layout)
    _say_state(button)
    return button.add_class(f"conv1d-delete-{channel}")


def _say_state(button: Any) -> None:
    """Show and say whether a channel is deleted: a toggle button tells a screen reader its words, not its state."""
    state = "deleted. Press to bring it back." if button.value else "kept. Press to delete it."
    with button.hold_sync():
        button.icon = "times" if button.value else ""
        button.tooltip = f"Channel {button.description}: {state}"


def _title(deletion: Deletion, n_channels: int, mse: float) -> str:
    if len(deletion) > _NAMED:
        which = f"{len(deletion)} of {n_channels} channels"
    else:
        which = f"Channel{'s' if len(deletion) > 1 else ''} {', '.join(map(str, deletion))}" if deletion else "Nothing"
    return f"{which} deleted: MSE {number(mse)}"
