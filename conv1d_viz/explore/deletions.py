"""Delete channels by hand, and watch the forecast, its loss, and what the channels that are left add to it."""

import itertools
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from conv1d_viz.ablation.cut import REPLACEMENTS, Cut, cut_behind, inputs_of, replacement_for
from conv1d_viz.ablation.losses import as_score
from conv1d_viz.ablation.shares import is_channelwise, shares
from conv1d_viz.ablation.study import scored
from conv1d_viz.checks import as_texts
from conv1d_viz.explore.page import LiveFigure, labels_of, thinned
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
    output: Any = None,
) -> LiveFigure:
    """Delete channels of a layer with buttons, and see what the forecast loses, and why.

    It shows the truth, the forecast with and without the deleted channels, and what each remaining channel adds to one
    forecast, if the output comes from a single sum over channels. If the output has several units and the targets are
    classes (0, 1, … or one-hot), it shows the mean of each unit by true class instead. All is computed ahead for each
    replacement ("shuffle" with seed 0): every subset of up to 10 channels; of more, each channel and each pair.

    Parameters
    ----------
    model, x, y, layer, loss, output
        As for `ablation_study`; the output is (n_windows, n_units). The forecasts shown are those of unit 0, such as
        the first step of the horizon; the loss is that of all units.
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
    >>> explore_deletions(build_model(window=100), x, y, "conv1")
    <live figure: Delete channels of conv1>
    """
    cut = cut_behind(model, layer, output)
    inputs, n, shape = inputs_of(cut, x), cut.n_channels, cut.graph.shapes[cut.output]
    if len(shape) != 2:
        raise ValueError(f"`model` must give (n_windows, n_units). Got {shape}.")
    n_windows, sizes = len(inputs[0]), range(n + 1 if n <= _ALL else 3)
    sets = [deletion for size in sizes for deletion in itertools.combinations(range(n), size)]
    if n_windows * len(sets) * shape[1] > _HELD:
        raise ValueError(f"`x` must have fewer windows, take every tenth: `x[::10], y[::10]`. Got {n_windows:,}.")
    words = [""] * n if roles is None else as_texts(roles, "roles", n)
    names = [f"{channel} · {word}".removesuffix(" · ") for channel, word in enumerate(words)]
    loss_name, score = as_score(cut, y, loss, n_windows)
    labels, targets = labels_of(time, n_windows), np.asarray(y).reshape(n_windows, -1)
    classes = _as_classes(targets, shape[1])
    if classes is not None and shape[1] > _MOST_CLASSES:
        raise ValueError(f"`model` must have at most {_MOST_CLASSES} classes here. Got {shape[1]}.")
    steps = _summands(cut, tuple(array[:1] for array in inputs)).shape[2]
    every = 1 if classes is not None else thinned(n_windows, n_windows * (3 * len(sets) + n * steps), "layer")
    ways = (replacement_for(cut, inputs, word, 0) for word in REPLACEMENTS)
    results = [scored(cut, inputs, sets, way, score, True, None) for way in ways]
    predictions, title = np.array([made for made, _ in results]), f"Delete channels of {cut.path}"
    facts = {
        "names": names, "unit": str(unit), "sets": sets, "all": n <= _ALL, "labels": labels[::every], "every": every,
        "channels": channel_colors(n), "replacements": REPLACEMENTS,
        "loss_name": "MSE" if loss_name == "mse" else loss_name, "losses": [losses.tolist() for _, losses in results],
    }  # fmt: skip
    if classes is not None:
        found = np.unique(classes).tolist()
        means = np.stack([predictions[:, :, classes == k].mean(axis=2) for k in found], axis=2)
        facts |= {"rows": [str(k) for k in found], "labels": []}
        return LiveFigure("deletions", title, facts, {"classes": means})
    title += f": forecasts are the first of {shape[1]} outputs, losses of all" if shape[1] > 1 else ""
    arrays = {"truth": targets[::every, 0].astype(np.float64), "forecasts": predictions[:, :, ::every, 0]}
    if cut.summing and steps:
        facts["bias"] = float(to_array(cut.summing.operation.bias)[0]) if cut.summing.operation.use_bias else 0.0
        arrays["summands"] = _summands(cut, tuple(array[::every] for array in inputs))
    return LiveFigure("deletions", title, facts, arrays)


def _as_classes(targets: np.ndarray, n_units: int) -> Int[np.ndarray, " window"] | None:
    """Return the true class of each window, where targets are 0, 1, and so on, or one-hot; None where they are not."""
    single = targets.shape[1] == 1
    labels = targets[:, 0] if single else targets.argmax(axis=1)
    one_hot = labels[:, None] == np.arange(n_units)
    fits = one_hot.any(axis=1).all() if single else np.array_equal(one_hot, targets)
    return labels.astype(int) if fits and n_units > 1 else None


def _summands(cut: Cut, inputs: Inputs) -> Float[np.ndarray, "channel window step"]:
    """Return what each channel adds to the sum for unit 0; no steps where the output is no such sum or largest one."""
    if cut.summing and all(is_channelwise(call) for call in cut.rest):
        rising = getattr(cut.summing.operation.activation, "__name__", "linear") in _RISING
        largest = rising and cut.rest and type(cut.rest[0].operation).__name__ == "GlobalMaxPooling1D"
        hidden = cut.run_to({cut.key}, inputs, slice(None))[cut.key]
        kept, gone = shares(cut.channelwise, cut.summing, hidden, None)
        adds = gone is not None and np.any(to_array(gone))  # a deleted channel, such as before a normalization
        if (largest or len(cut.graph.shapes[cut.seam]) == 2) and not adds:
            return to_array(kept)[..., 0].reshape(*kept.shape[:2], -1)
    return np.empty((cut.n_channels, len(inputs[0]), 0))
