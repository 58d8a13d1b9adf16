"""Delete channels, forecast without them, and score what is lost."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from tqdm import tqdm

from conv1d_viz._checks import as_seed, one_of
from conv1d_viz._graph import as_model, as_targets, as_windows, layer_output, run, windows_per_call
from conv1d_viz._keras import keras
from conv1d_viz.deletions import Deletion, as_deletion, as_deletions

REPLACEMENTS = ("zero", "mean", "shuffle")


@dataclass(frozen=True, eq=False)
class AblationStudy:
    """Forecasts and scores of a set of deletions; row k of each array belongs to `deletions[k]`."""

    deletions: list[Deletion]
    predictions: Float[np.ndarray, "deletion window horizon"]
    mse: Float[np.ndarray, " deletion"]
    baseline_prediction: Float[np.ndarray, "window horizon"]
    baseline_mse: float
    n_channels: int
    replacement: str

    def pair_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return the MSE with channels i and j deleted, (n_channels, n_channels); on the diagonal that of i alone.

        Raises
        ------
        ValueError
            If the study lacks a single channel or a pair.
        """
        return self.mse[self._pair_rows()]

    def pair_predictions(self) -> Float[np.ndarray, "channel channel window horizon"]:
        """Return the forecasts with channels i and j deleted, (n_channels, n_channels, n_windows, horizon).

        Raises
        ------
        ValueError
            If the study lacks a single channel or a pair.
        """
        return self.predictions[self._pair_rows()]

    def _pair_rows(self) -> Int[np.ndarray, "channel channel"]:
        row = {frozenset(channels): k for k, channels in enumerate(self.deletions)}
        channels = range(self.n_channels)
        try:
            return np.array([[row[frozenset((i, j))] for j in channels] for i in channels])
        except KeyError as missing:
            raise ValueError(
                '`deletions` must be "pairs", every single channel and every pair, for a matrix of pairs. '
                f"Got a study without {tuple(sorted(missing.args[0]))}."
            ) from None

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a deletion: the channels, how many, the MSE and its change from the baseline."""
        return pd.DataFrame(
            {
                "deleted": self.deletions,
                "n_deleted": [len(channels) for channels in self.deletions],
                "mse": self.mse,
                "change": self.mse - self.baseline_mse,
            }
        )


def predict_ablated(
    model: Any, x: Any, layer: Any, channels: Any, replacement: str = "zero", seed: Any = None
) -> Float[np.ndarray, "window horizon"]:
    """Forecast with some channels of a layer's output replaced.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and the forecast (n_windows, horizon) as output. It is not changed.
    x : array-like of shape (n_windows, window, n_features)
        Input windows.
    layer : str, int or keras.layers.Layer
        A layer with an output (window, step, channel).
    channels : iterable of int
        The channels to delete, from 0. None of them, or all, may be deleted.
    replacement : {"zero", "mean", "shuffle"}
        What a deleted channel's values become: 0; the channel's mean over all windows and steps of `x`; its values
        from other windows, by a permutation of the windows for each channel, drawn from `seed`.
    seed : int or None
        Seed of "shuffle"; None draws new permutations at each call.

    Returns
    -------
    ndarray of shape (n_windows, horizon)
        The forecasts, float32.

    Raises
    ------
    TypeError, ValueError
        If the layer is unknown, a channel is out of range or named twice, or the windows do not fit the model.
    """
    model, x, n_channels = _checked(model, x, layer, replacement)
    deletion = as_deletion(channels, "channels", n_channels)
    return _forecasts(model, x, layer, [deletion], replacement, as_seed(seed))[0]


def ablation_study(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    deletions: Any = "pairs",
    replacement: str = "zero",
    seed: Any = None,
    progress: bool = False,
) -> AblationStudy:
    """Forecast with each of many deletions, once each, and score the forecasts.

    Parameters
    ----------
    model, x, layer, replacement, seed
        As for `predict_ablated`. The permutations of "shuffle" are shared by all deletions.
    y : array-like of shape (n_windows, horizon)
        What the forecasts are compared with.
    deletions : {"single", "keep_one", "pairs"} or iterable of tuples of int
        Every channel alone; all but one; every channel alone and then every pair; or these very sets of channels.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    AblationStudy
        `.deletions`, `.predictions` (n_deletions, n_windows, horizon), `.mse` (n_deletions,), `.baseline_mse` and
        `.baseline_prediction` with nothing deleted, `.pair_matrix()`, `.to_frame()`.

    Raises
    ------
    TypeError, ValueError
        As `predict_ablated`; also if the targets do not match or a set of channels is given twice.
    """
    model, x, n_channels = _checked(model, x, layer, replacement)
    y = as_targets(model, y, len(x))
    seed = as_seed(seed)
    rows = as_deletions(deletions, n_channels)
    forecasts = _forecasts(model, x, layer, [(), *rows], replacement, seed, progress)
    mse = np.mean((forecasts.astype(np.float64) - y) ** 2, axis=(1, 2))
    return AblationStudy(rows, forecasts[1:], mse[1:], forecasts[0], float(mse[0]), n_channels, replacement)


def _checked(model: Any, x: Any, layer: Any, replacement: str) -> tuple[Any, np.ndarray, int]:
    model = as_model(model)
    if len(model.outputs[0].shape) != 2:
        raise ValueError(f"`model` must forecast (n_windows, horizon). Got outputs of shape {model.outputs[0].shape}.")
    n_channels = layer_output(model, layer).shape[-1]
    one_of(replacement, "replacement", REPLACEMENTS)
    return model, as_windows(model, x), n_channels


def _forecasts(
    model: Any,
    x: Float[np.ndarray, "window step feature"],
    layer: Any,
    deletions: list[Deletion],
    replacement: str,
    seed: int | None,
    progress: bool = False,
) -> Float[np.ndarray, "deletion window horizon"]:
    """Run the network behind the layer once a deletion, on as many windows at a time as the memory budget holds.

    The network is cut with `keras.Function`, which leaves the model alone and keeps the paths around the layer.
    """
    hidden = layer_output(model, layer)
    source = model.inputs[0]
    first = keras.Function([source], hidden)
    rest = keras.Function([source] if hidden is source else [hidden, source], model.outputs[0])
    size = windows_per_call(model, x.shape[1])
    starts = range(0, len(x), size)

    def activations(rows: Any) -> np.ndarray:
        return run(first, [x[rows]])

    n_channels = hidden.shape[-1]
    level = np.zeros(n_channels)
    if replacement == "mean":
        sums = [activations(slice(start, start + size)).sum(axis=0, dtype=np.float64) for start in starts]
        level = np.sum([total.mean(axis=0) for total in sums], axis=0) / len(x)
    generator = np.random.default_rng(seed)
    order = [generator.permutation(len(x)) for _ in range(n_channels)] if replacement == "shuffle" else []

    predictions = np.empty((len(deletions), len(x), model.outputs[0].shape[1]), dtype=np.float32)
    with tqdm(total=len(starts) * len(deletions), desc="deletions", disable=not progress) as bar:
        for start in starts:
            rows = slice(start, start + size)
            kept = activations(rows)
            substitute = np.broadcast_to(level.astype(kept.dtype), kept.shape)
            if order:
                substitute = np.stack([activations(order[c][rows])[..., c] for c in range(n_channels)], axis=-1)
            for k, channels in enumerate(deletions):
                values = kept.copy()
                values[..., list(channels)] = substitute[..., list(channels)]
                predictions[k, rows] = run(rest, [values] if hidden is source else [values, x[rows]])
                bar.update()
    return predictions
