"""How forecasts are scored: the loss of a model, one of Keras', or a function of one's own."""

import re
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conv1d_viz.ablation.cut import Cut
from conv1d_viz.checks import as_array
from conv1d_viz.network.backend import keras

Score = Callable[[np.ndarray], float]  # of a prediction
_CLASS_NUMBERS = re.compile("sparse|ctc|generalized", re.IGNORECASE)  # in the names of Keras' losses that take them


def as_score(cut: Cut, y: Any, loss: Any, n_windows: int) -> tuple[str, Score]:
    """Return the name of a loss, and a function that scores a prediction by it; what the loss returns is averaged."""
    symbol = cut.model.outputs[cut.graph.outputs.index(cut.output)]
    as_array(y, "y", ndim=(1, 2, 3, 4, 5), axes="(n_windows, ...)")
    targets = np.asarray(y)
    if len(targets) != n_windows:
        raise ValueError(f"`y` must have a target for each of {n_windows} windows. Got shape {targets.shape}.")
    if targets.ndim == len(symbol.shape) - 1 and symbol.shape[-1] == 1:
        targets = targets[..., None]  # some of Keras' losses would broadcast (n,) against (n, 1) in silence
    loss = _compiled_loss(cut) if loss is None else loss
    function = keras.losses.get(loss)
    if not callable(function):
        raise TypeError(f"`loss` must be one of Keras' losses or a function (y, prediction). Got {loss!r:.80}.")
    kind = getattr(function, "__name__", type(function).__name__)
    if str(getattr(function, "__module__", "")).startswith("keras."):  # most silently score targets that do not fit
        shape, got = symbol.shape[1:], targets.shape[1:]
        if _CLASS_NUMBERS.search(kind):
            other = targets[~np.isin(targets, [*range(shape[-1]), getattr(function, "ignore_class", None) or 0])]
            if other.size:
                raise ValueError(f"`y` must hold class numbers, 0..{shape[-1] - 1}. Got {other[0]:g}.")
        elif len(shape) != len(got) or any(e not in (None, n) for e, n in zip(shape, got, strict=True)):
            asked = f"the shape (n_windows, {', '.join(map(str, shape))}) of the model's output for this `loss`"
            raise ValueError(f"`y` must have {asked}. Got shape {targets.shape}.")
    squared = function is keras.losses.mean_squared_error or type(function) is keras.losses.MeanSquaredError
    if squared and getattr(function, "reduction", "") != "sum":  # in float64 differences of small errors are exact
        return "mse", lambda prediction: float(np.mean((prediction.astype(np.float64) - targets) ** 2))

    def score(prediction: np.ndarray) -> float:
        value = float(np.mean(keras.ops.convert_to_numpy(function(targets, prediction))))
        if not np.isfinite(value):
            raise ValueError(f"`loss` must give finite numbers. Got {value} of {name!r}.")
        return value

    name = loss if isinstance(loss, str) else getattr(function, "name", getattr(function, "__name__", "loss"))
    return ("loss" if name == "<lambda>" else str(name)), score


def _compiled_loss(cut: Cut) -> Any:
    """Return the loss that a model was compiled with for the output that is looked at, else the mean squared error."""
    loss = cut.model.loss if cut.model.compiled else None
    if isinstance(loss, Mapping):
        loss = loss.get(cut.output_name)
    if isinstance(loss, (list, tuple)):
        loss = loss[cut.graph.outputs.index(cut.output)]
    return "mse" if loss is None else loss
