"""Delete channels, forecast without them, and score what is lost."""

from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
from jaxtyping import Bool, Float
from tqdm import tqdm

from conv1d_viz.ablation.cut import REPLACEMENTS, empty_forecasts, forecasts, stand_in
from conv1d_viz.ablation.deletions import Deletion, as_deletion, as_deletions
from conv1d_viz.ablation.study import AblationStudy
from conv1d_viz.checks import as_array, as_seed, one_of
from conv1d_viz.network.graph import calls_behind, trace
from conv1d_viz.network.layers import as_model, as_targets, as_windows, find_layer
from conv1d_viz.timelines.activations import layer_activations


def predict_ablated(
    model: Any,
    x: Any,
    layer: Any,
    channels: Any,
    replacement: str = "zero",
    seed: Any = None,
    cells: Any = None,
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
    cells : array-like of bool of shape (n_windows, n_steps) or None
        The cells of the layer's output in which the channels are deleted; None: in all of them.

    Returns
    -------
    ndarray of shape (n_windows, horizon)
        The forecasts, float32.

    Raises
    ------
    TypeError, ValueError
        If the layer is unknown, a channel is out of range or named twice, or the windows do not fit the model.
    """
    model, x, path, n_channels = checked(model, x, layer, replacement)
    deletion, seed = as_deletion(channels, "channels", n_channels), as_seed(seed)
    cells = _as_cells(cells, model, x, path)
    predictions = forecasts(model, x, path, [deletion], stand_in(model, x, path, replacement, seed), cells=cells)
    forecast: np.ndarray = predictions[0]
    return forecast


def ablation_study(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    deletions: Any = "pairs",
    replacement: str = "zero",
    seed: Any = None,
    progress: bool = False,
    cells: Any = None,
) -> AblationStudy:
    """Forecast with each of many deletions, once each, and score the forecasts.

    Behind the layer, a convolution or Dense sums up what it makes of each channel, so each channel's share of the sum
    is computed once, and a deletion leaves some shares out. Where something else comes first the whole rest of the
    network runs for each deletion. Within `joblib.parallel_config(...)` the deletions are shared out among its workers;
    the model is pickled for other processes, which must be able to import this package and the model's own classes.

    Windows and deletions are worked on some at a time: beside the arguments and the result, 4 bytes a deletion, window
    and step of the horizon, a call takes about 256 MB in each worker, and with "shuffle" 4 bytes a channel and window
    more.

    Parameters
    ----------
    model, x, layer, replacement, seed, cells
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
        `.baseline_prediction` with nothing deleted, `.to_frame()`; from pairs `.pair_matrix()` and
        `.interaction_matrix()`; from all subsets `.shapley_values()`, `.best_of_each_size()`, `.greedy_removal()`.

    Raises
    ------
    TypeError, ValueError
        As `predict_ablated`; also if the targets do not match, a set of channels is given twice, none is, "all" would
        be more than 2**20 subsets, or the result larger than memory.
    """
    model, x, path, n_channels = checked(model, x, layer, replacement)
    y = as_targets(model, y, len(x))
    seed, progress = as_seed(seed), bool(progress)
    rows = as_deletions(deletions, n_channels)
    cells = _as_cells(cells, model, x, path)
    with tqdm(total=(len(rows) + 1) * len(x), desc="forecasts", unit_scale=True, disable=not progress) as bar:
        replaced = stand_in(model, x, path, replacement, seed)
        predictions = in_parallel(model, x, path, [(), *rows], replaced, cells, bar.update)
    mse = errors(predictions, y)
    return AblationStudy(rows, predictions[1:], mse[1:], predictions[0], float(mse[0]), n_channels, replacement)


def in_parallel(
    model: Any,
    x: Float[np.ndarray, "window step feature"],
    path: str,
    deletions: list[Deletion],
    stand_in: Any,
    cells: Any = None,
    update: Callable[[int], Any] | None = None,
) -> Float[np.ndarray, "deletion window horizon"]:
    """Share the deletions out among the workers of joblib's present configuration: by default this process alone."""
    workers = min(joblib.effective_n_jobs(None), len(deletions))
    if workers < 2:
        return forecasts(model, x, path, deletions, stand_in, update, cells)
    blocks = [deletions[k::workers] for k in range(workers)]
    predictions = empty_forecasts(model, len(deletions), len(x))
    jobs = (joblib.delayed(forecasts)(model, np.array(x), path, block, stand_in, None, cells) for block in blocks)
    for k, part in enumerate(joblib.Parallel(return_as="generator")(jobs)):
        predictions[k::workers] = part
        if update is not None:
            update(part.shape[0] * len(x))
    return predictions


def errors(
    predictions: Float[np.ndarray, "deletion window horizon"], y: Float[np.ndarray, "window horizon"]
) -> Float[np.ndarray, " deletion"]:
    """Return the mean squared error of each deletion's forecasts."""
    return np.array([np.mean((forecast.astype(np.float64) - y) ** 2) for forecast in predictions])


def checked(model: Any, x: Any, layer: Any, replacement: str) -> tuple[Any, np.ndarray, str, int]:
    """Check what every deletion needs; return the model, the windows, the layer's path and how many channels it has."""
    model = as_model(model)
    shape = model.outputs[0].shape
    if len(shape) != 2 or shape[1] is None:
        raise ValueError(f"`model` must forecast (n_windows, horizon). Got outputs of shape {shape}.")
    graph = trace(model)
    path, key = find_layer(model, graph, layer)
    if model.inputs[0].shape[0] is not None:
        raise ValueError(f"`model` must take any number of windows at once. Got {model.inputs[0].shape[0]} only.")
    if not calls_behind(graph, key):
        raise ValueError(f"`layer` must lead to the model's output. Got {path!r}, which does not.")
    one_of(replacement, "replacement", REPLACEMENTS)
    return model, as_windows(model, x), path, graph.shapes[key][2]


def _as_cells(cells: Any, model: Any, x: np.ndarray, path: str) -> Bool[np.ndarray, "window step"] | None:
    if cells is None:
        return None
    expected = (len(x), layer_activations(model, x[:1], path).shape[1])
    given = as_array(cells, "cells", ndim=2, axes=str(expected), items="booleans")
    if given.shape != expected:
        raise ValueError(f"`cells` must have the shape {expected} of the layer's windows and steps. Got {given.shape}.")
    return given
