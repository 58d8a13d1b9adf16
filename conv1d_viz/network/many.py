"""Train the same model from many seeds, to tell a finding from luck."""

import functools
import threading
from collections.abc import Callable
from typing import Any

import joblib
import numpy as np
from tqdm import tqdm

from conv1d_viz.checks import as_array, as_items, as_number, as_size
from conv1d_viz.network._architecture import architecture_of, is_same_model, require_rebuilt
from conv1d_viz.network.backend import keras
from conv1d_viz.network.forecaster import build_model
from conv1d_viz.network.layers import as_model, as_targets, as_windows, is_compiled
from conv1d_viz.network.runs import History, TrainingRuns, add_run, runs_kept
from conv1d_viz.network.training import train
from conv1d_viz.project import as_path, require_writable

# Training seeds a generator that the threads of a process share.
_ONE_AT_A_TIME = threading.Lock()


def train_many(
    seeds: Any,
    x: Any,
    y: Any,
    path: Any,
    build: Any = None,
    epochs: Any = 100,
    patience: Any = 5,
    validation_split: Any = 0.1,
    progress: bool = False,
) -> TrainingRuns:
    """Train one model for each seed, and keep weights and losses in one file.

    The file is written anew after each training. Seeds that it already holds are not trained again, so a call that was
    interrupted is taken up by the same call, and one that was done only reads. Several calls at once, from whatever
    notebooks on one machine, may add to one file. Within `joblib.parallel_config(...)` the trainings are shared out
    among its workers; without it each runs in this process, which seeds Keras' global generator as `train` does.

    Parameters
    ----------
    seeds : iterable of int
        One a training: of the initial weights, if `build` uses it for them, and of the order of the windows.
    x : array-like of shape (n_windows, window, n_features)
        Input windows in the order of time.
    y : array-like of shape (n_windows, horizon)
        Their targets.
    path : path-like
        The file, ending in ".npz". What it holds must come from the same data and settings.
    build : callable or None
        Takes a seed and returns a compiled model. None: `build_model` for windows and targets of these shapes.
    epochs, patience, validation_split
        As for `train`.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    TrainingRuns
        `.seeds`, in the order asked for, `.histories`, `.weights` and `.model(k)`.

    Raises
    ------
    TypeError, ValueError
        As `train`; also if a seed is given twice or none is, or the file holds trainings of other data, settings or
        models.
    FloatingPointError
        If the training of some seeds diverged; raised when all others are done and kept.
    """
    path, seeds = as_path(path, ".npz"), _as_seeds(seeds)
    epochs, patience = as_size(epochs, "epochs"), as_size(patience, "patience", minimum=0)
    split = as_number(validation_split, "validation_split", 0.0, above=True)
    progress = bool(progress)
    x = as_array(x, "x", ndim=3, axes="(n_windows, window, n_features)")
    y = as_array(y, "y", ndim=2, axes="(n_windows, horizon)")
    if build is not None and not callable(build):
        raise TypeError(f"`build` must be a function of a seed, or None. Got {build!r}.")
    build = build or functools.partial(_build_for, x.shape, y.shape)
    template = build(seeds[0])
    if not isinstance(template, keras.Model):
        raise TypeError(f"`build` must return a Keras model. Got {template!r:.60}.")
    if not is_compiled(as_model(template)):
        raise ValueError(
            f"`build` must return a compiled model. Got {template.name!r} without a loss and an optimizer."
        )
    x = as_windows(template, x)
    y = as_targets(template, y, len(x))
    settings = {
        "epochs": epochs,
        "patience": patience,
        "validation_split": split,
        "windows": list(x.shape),
        "data": [_in_brief(x[:, 0]), _in_brief(x[:, -1]), _in_brief(y)],
        "weights": _shapes(template),
    }
    require_rebuilt(template)
    known = runs_kept(path, settings, architecture_of(template))
    missing = [seed for seed in seeds if seed not in known.seeds]
    if missing:
        require_writable(path)
    jobs = (joblib.delayed(_train_one)(build, known.architecture, seed, x, y, settings) for seed in missing)
    results = joblib.Parallel(return_as="generator_unordered")(jobs)
    diverged = {}
    try:
        for seed, history, weights in tqdm(results, "trainings", len(missing), disable=not (progress and missing)):
            if isinstance(history, FloatingPointError):
                diverged[seed] = history
            else:
                add_run(TrainingRuns([seed], [history], [weights], settings, known.architecture), path)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"trainings that were done are in {path}; the same call trains the others.") from None
    if diverged:
        seed, error = min(diverged.items())
        raise FloatingPointError(f"{len(diverged)} of `seeds` failed, {sorted(diverged)}; seed {seed}: {error}")
    return runs_kept(path, settings, known.architecture).of(seeds)


def _train_one(
    build: Callable[[int], Any], architecture: str, seed: int, x: Any, y: Any, settings: dict[str, Any]
) -> tuple[int, History | FloatingPointError, list[np.ndarray]]:
    with _ONE_AT_A_TIME:
        model = build(seed)
        if not is_same_model(architecture_of(model), architecture):
            raise ValueError(f"`build` must return the same model for all seeds. Got another one for seed {seed}.")
        try:
            history = train(model, x, y, settings["epochs"], settings["patience"], settings["validation_split"], seed)
        except FloatingPointError as error:  # one seed's, which must not end the others
            return seed, error, []
        return seed, history, model.get_weights()


def _in_brief(values: np.ndarray) -> list[str]:
    """Return a few numbers that change with the data and their order, in the digits that all processors agree on."""
    flat = values.astype(np.float32).astype(np.float64).ravel()
    scale = np.abs(flat).max() or 1.0
    ramp = np.linspace(-1, 1, flat.size)
    numbers = flat.mean() / scale, flat @ ramp / scale / flat.size
    return [f"{scale:.4g}", *(f"{number:z.4f}" for number in numbers)]


def _shapes(model: Any) -> list[list[int]]:
    return [list(weight.shape) for weight in model.get_weights()]


def _build_for(x_shape: tuple[int, ...], y_shape: tuple[int, ...], seed: int) -> Any:
    return build_model(x_shape[1], x_shape[2], horizon=y_shape[1], seed=seed)


def _as_seeds(seeds: Any) -> list[int]:
    items = as_items(seeds, "seeds", "an iterable of integers")
    checked = [as_size(seed, "seeds", minimum=0) for seed in items]
    if max(checked, default=0) >= 2**32:
        raise ValueError(f"`seeds` must be below 2**32. Got {max(checked)}.")
    if not checked or len(set(checked)) < len(checked):
        raise ValueError(f"`seeds` must be at least one seed, each of them once. Got {checked}.")
    return checked
