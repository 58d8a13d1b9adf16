"""Delete channels by hand, and watch the forecast, its loss, and what the channels that are left add to it."""

import itertools
from typing import Any

import numpy as np
from jaxtyping import Float

import conv1d_viz as cv
from conv1d_viz.ablation.cut import REPLACEMENTS, Cut, cut_behind, inputs_of
from conv1d_viz.ablation.shares import is_channelwise, shares
from conv1d_viz.checks import as_texts
from conv1d_viz.explore.page import LiveFigure, labels_of, thinned
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import to_array
from conv1d_viz.network.layers import Inputs
from conv1d_viz.plotting.style import channel_colors

_ALL = 10  # channels up to which every subset is computed
_HELD = 2**26  # numbers of forecasts that are held at once, 256 MB
_MOST_CLASSES = 12
_RISING = ("linear", "tanh", "sigmoid", "relu", "leaky_relu", "elu", "softplus")  # a larger sum never gives less


def explore_deletions(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    *,
    time: Any = None,
    roles: Any = None,
    unit: str = "value",
    loss: Any = None,
) -> LiveFigure:
    """Delete channels of a layer with buttons, and see what the forecast loses, and why.

    It shows the truth, the forecast with all channels and the one without the deleted ones; and of one forecast at a
    time what each channel that is left adds, where the output is made of one sum over channels. Of a classifier,
    several outputs whose loss is not the mean squared error, it shows the mean outputs by true class instead. All is
    computed ahead, for each replacement ("shuffle" with seed 0): every subset of up to 10 channels, of more channels
    one or two at a time.

    Parameters
    ----------
    model, x, y, layer, loss
        As for `ablation_study`; the model has one output (n_windows, n_units). Forecasts shown are those of unit 0,
        such as the first step of the horizon; the loss is of all.
    time : array-like of shape (n_windows,) or None
        The samples that the forecasts are about, numbers or dates; None: 0, 1, and so on. Of many windows only every
        second, third and so on is shown; losses are always those of all.
    roles : sequence of str or None
        A word per channel, for its button.
    unit : str
        Unit of the forecasts.

    Returns
    -------
    LiveFigure
        For the last line of a cell. Values on the page are rounded to a 65,534th of their range.

    Examples
    --------
    >>> x, y = sliding_windows(toy_series(300)[1], window=100)
    >>> explore_deletions(build_model(window=100), x, y, "conv1")  # doctest: +SKIP
    """
    cut = cut_behind(model, layer)
    inputs, n, shape = inputs_of(cut, x), cut.n_channels, cut.graph.shapes[cut.output]
    if len(shape) != 2:
        raise ValueError(f"`model` must give (n_windows, n_units). Got {shape}.")
    n_windows, sizes = len(inputs[0]), range(n + 1 if n <= _ALL else 3)
    sets = [deletion for size in sizes for deletion in itertools.combinations(range(n), size)]
    if n_windows * len(sets) * shape[1] > _HELD:
        raise ValueError(f"`x` must have fewer windows, take every tenth: `x[::10], y[::10]`. Got {n_windows:,}.")
    words = [""] * n if roles is None else as_texts(roles, "roles", n)
    names = [f"{channel} · {word}".removesuffix(" · ") for channel, word in enumerate(words)]
    studies = [cv.ablation_study(model, x, y, layer, sets, word, 0, loss=loss) for word in REPLACEMENTS]
    predictions = np.array([study.predictions for study in studies])
    loss_name = studies[0].loss_name
    facts: dict[str, Any] = {
        "names": names, "unit": str(unit), "sets": sets, "all": n <= _ALL, "labels": [],
        "channels": channel_colors(n), "replacements": REPLACEMENTS, "loss_name": loss_name.replace("mse", "MSE"),
        "losses": [study.loss.tolist() for study in studies],
    }  # fmt: skip
    if loss_name != "mse" and shape[1] > 1:
        facts["rows"], means = _by_class(predictions, np.asarray(y))
        return LiveFigure("deletions", f"Delete channels of {cut.path}", facts, {"classes": means})

    first = _summands(cut, tuple(array[:1] for array in inputs)) if _adds_up(cut) else None
    steps = 0 if first is None else first.shape[2]
    every = thinned(n_windows, n_windows * (3 * len(sets) + n * steps), "layer")
    truth = np.asarray(y, dtype=np.float64).reshape(n_windows, -1)[::every, 0]
    arrays = {"truth": truth, "forecasts": predictions[:, :, ::every, 0]}
    facts |= {"labels": labels_of(time, n_windows)[::every], "every": every}
    if steps:
        bias = cut.summing.operation.bias if cut.summing.operation.use_bias else [0.0]  # type: ignore[union-attr]
        facts["bias"] = float(keras.ops.convert_to_numpy(bias)[0])
        summands = _summands(cut, tuple(array[::every] for array in inputs))
        assert summands is not None  # as of the first window
        arrays["summands"] = summands
    return LiveFigure("deletions", f"Delete channels of {cut.path}", facts, arrays)


def _adds_up(cut: Cut) -> bool:
    """Tell whether unit 0 of the output is made of one sum over channels, or of the largest of one sum per step."""
    if cut.summing is None or not all(is_channelwise(call) for call in cut.rest):
        return False
    rising = getattr(cut.summing.operation.activation, "__name__", "linear") in _RISING
    maximum = bool(cut.rest) and type(cut.rest[0].operation).__name__ == "GlobalMaxPooling1D"
    return len(cut.graph.shapes[cut.seam]) == 2 or (maximum and rising)


def _summands(cut: Cut, inputs: Inputs) -> Float[np.ndarray, "channel window step"] | None:
    """Return what each channel adds to the sum for unit 0, or None where a deleted one adds something, too."""
    hidden = cut.run_to({cut.key}, inputs, slice(None))[cut.key]
    kept, gone = shares(cut.channelwise, cut.summing, hidden, None)  # type: ignore[arg-type]
    if gone is not None and np.any(to_array(gone)):  # such as behind a normalization
        return None
    parts = to_array(kept)[..., 0]
    return parts.reshape(*parts.shape[:2], -1)


def _by_class(predictions: np.ndarray, y: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Return rows, and (replacement, deletion, row, class) the mean outputs for the windows of each true class."""
    if predictions.shape[-1] > _MOST_CLASSES:
        raise ValueError(f"`model` must have at most {_MOST_CLASSES} classes here. Got {predictions.shape[-1]}.")
    classes = y.argmax(axis=1) if y.shape == predictions.shape[2:] else y.reshape(len(y), -1)[:, 0].astype(int)
    found = np.unique(classes).tolist()
    return [str(k) for k in found], np.stack([predictions[:, :, classes == k].mean(axis=2) for k in found], axis=2)
