"""Delete channels, forecast without them, and score what is lost."""

from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from tqdm import tqdm

from conv1d_viz._checks import as_seed, one_of
from conv1d_viz._cut import REPLACEMENTS, forecasts, stand_in
from conv1d_viz._graph import trace
from conv1d_viz._models import as_model, as_targets, as_windows, find_layer
from conv1d_viz.deletions import Deletion, as_deletion, as_deletions


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
        A layer with an output (window, step, channel); one inside a nested model by its path, such as
        "encoder/conv1".
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
    model, x, path, n_channels = _checked(model, x, layer, replacement)
    deletion = as_deletion(channels, "channels", n_channels)
    return forecasts(model, x, path, [deletion], stand_in(model, x, path, replacement, as_seed(seed)))[0]


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

    Behind the layer, a convolution or Dense sums up what it makes of each channel, so each channel's share of the sum
    is computed once, and a deletion leaves some shares out. Where something else comes first the whole rest of the
    network runs for each deletion. Within `joblib.parallel_config(...)` the deletions are shared out among its workers;
    the model is pickled for other processes, which must be able to import this package and the model's own classes.

    Parameters
    ----------
    model, x, layer, replacement, seed
        As for `predict_ablated`. The permutations of "shuffle" are shared by all deletions.
    y : array-like of shape (n_windows, horizon)
        What the forecasts are compared with.
    deletions : {"single", "keep_one", "pairs", "all"} or iterable of tuples of int
        Every channel alone; all but one; every channel alone and then every pair; every subset, by size and then by
        index, from none to all of up to 20 channels; or these very sets of channels.
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
        As `predict_ablated`; also if the targets do not match, a set of channels is given twice, none is, or "all"
        would be more than 2**20 subsets.
    """
    model, x, path, n_channels = _checked(model, x, layer, replacement)
    y = as_targets(model, y, len(x))
    seed = as_seed(seed)
    rows = as_deletions(deletions, n_channels)
    predictions = _in_parallel(model, x, path, [(), *rows], stand_in(model, x, path, replacement, seed), progress)
    mse = np.array([np.mean((forecast.astype(np.float64) - y) ** 2) for forecast in predictions])
    return AblationStudy(rows, predictions[1:], mse[1:], predictions[0], float(mse[0]), n_channels, replacement)


def _in_parallel(
    model: Any,
    x: Float[np.ndarray, "window step feature"],
    path: str,
    deletions: list[Deletion],
    stand_in: Any,
    progress: bool,
) -> Float[np.ndarray, "deletion window horizon"]:
    """Share the deletions out among the workers of joblib's present configuration: by default this process alone."""
    with tqdm(total=len(deletions) * len(x), desc="forecasts", unit_scale=True, disable=not progress) as bar:
        workers = min(joblib.effective_n_jobs(None), len(deletions))
        if workers < 2:
            return forecasts(model, x, path, deletions, stand_in, bar.update)
        blocks = [deletions[k::workers] for k in range(workers)]
        predictions = np.empty((len(deletions), len(x), model.outputs[0].shape[1]), dtype=np.float32)
        jobs = (joblib.delayed(forecasts)(model, np.array(x), path, block, stand_in) for block in blocks)
        for k, part in enumerate(joblib.Parallel(return_as="generator")(jobs)):
            predictions[k::workers] = part
            bar.update(part.shape[0] * len(x))
        return predictions


def _checked(model: Any, x: Any, layer: Any, replacement: str) -> tuple[Any, np.ndarray, str, int]:
    model = as_model(model)
    shape = model.outputs[0].shape
    if len(shape) != 2 or shape[1] is None:
        raise ValueError(f"`model` must forecast (n_windows, horizon). Got outputs of shape {shape}.")
    graph = trace(model)
    path, key = find_layer(model, graph, layer)
    one_of(replacement, "replacement", REPLACEMENTS)
    return model, as_windows(model, x), path, graph.shapes[key][2]
