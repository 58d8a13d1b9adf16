"""Train the same model from many seeds, to tell a finding from luck, and keep the trainings in one file."""

import json
import re
import sys
import threading
import zipfile
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

import joblib
import numpy as np
from filelock import FileLock
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz.checks import as_array, as_items, as_number, as_seed, as_size
from conv1d_viz.network.backend import keras
from conv1d_viz.network.forecaster import build_model
from conv1d_viz.network.layers import as_model, as_targets, as_windows, is_compiled
from conv1d_viz.network.storage import n_weights
from conv1d_viz.network.training import train
from conv1d_viz.project import as_path, replacing, require_file, require_writable

_LOSSES = ("loss", "val_loss")
_ONE_AT_A_TIME = threading.Lock()  # training seeds a generator that the threads of a process share


class TrainingRuns(NamedTuple):
    """Weights and losses of trainings with different seeds; entry k of each list belongs to `seeds[k]`."""

    seeds: list[int]
    histories: list[dict[str, list[float]]]
    weights: list[list[Float[np.ndarray, "..."]]]
    settings: dict[str, Any]
    architecture: str

    def model(self, k: int) -> Any:
        """Build the model of run k, counted from 0, with its trained weights; it is not compiled."""
        model = keras.models.model_from_json(self.architecture)
        model.set_weights(self.weights[k])
        return model


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

    It is written anew after each training, and seeds that it holds are not trained again. Several calls on one machine
    may add to it at once (a hidden lock file stays); `joblib.parallel_config(...)` shares trainings out among workers.

    Parameters
    ----------
    seeds : iterable of int
        One per training: of the initial weights, if `build` uses it for them, and of the order of the windows.
    x, y, epochs, patience, validation_split
        As for `train`.
    path : path-like or str
        The file, ".npz", or its bare name, as for `save_model`. If it exists, its data and settings must be the same.
    build, progress : callable or None, and bool
        Takes a seed and returns a compiled model; None: `build_model` for these shapes. Whether to show progress.

    Returns
    -------
    TrainingRuns
        In the order of `seeds`. If some diverge, a FloatingPointError names them after all others have been stored.
    """
    path = as_path(path, ".npz")
    wanted: list[Any] = [as_seed(seed, "seeds") for seed in as_items(seeds, "seeds", "an iterable of integers")]
    if not wanted or None in wanted or len(set(wanted)) < len(wanted):
        raise ValueError(f"`seeds` must be at least one seed, each of them once. Got {wanted}.")
    epochs, patience = as_size(epochs, "epochs"), as_size(patience, "patience", minimum=0)
    split = as_number(validation_split, "validation_split", 0.0, above=True)
    x = as_array(x, "x", ndim=3, axes="(n_windows, window, n_features)")
    _, window, n_features = x.shape
    horizon = None if build else as_array(y, "y", ndim=2, axes="(n_windows, horizon)").shape[1]
    build = build or (lambda seed: build_model(window, n_features, horizon=horizon, seed=seed))
    template = build(wanted[0])
    if not isinstance(template, keras.Model) or not is_compiled(as_model(template, "output")):
        raise TypeError(f"`build` must return a Keras model with a loss and an optimizer. Got {template!r:.60}.")
    x, y = as_windows(template, x), as_targets(template, y, len(x))
    options = {"epochs": epochs, "patience": patience, "validation_split": split}
    settings = options | {"windows": list(x.shape), "data": [_in_brief(x[:, 0]), _in_brief(x[:, -1]), _in_brief(y)]}
    settings["weights"] = [list(weight.shape) for weight in template.get_weights()]
    architecture = _architecture(template)
    n_weights(architecture)  # what could not be read back is refused before the work
    missing = sorted(set(wanted) - set(_kept(path, settings, architecture).seeds), key=wanted.index)
    if missing:
        require_writable(path)
    jobs = (joblib.delayed(_train_one)(build, architecture, seed, x, y, options) for seed in missing)
    results = joblib.Parallel(return_as="generator_unordered")(jobs)
    diverged = {}
    try:
        for seed, history, weights in tqdm(results, "trainings", len(missing), disable=not (progress and missing)):
            if isinstance(history, FloatingPointError):
                diverged[seed] = history
            else:
                _add((seed, history, weights), path, settings, architecture)
    except KeyboardInterrupt:
        raise KeyboardInterrupt(f"trainings that were done are in {path}; the same call trains the others.") from None
    if diverged:
        seed, error = min(diverged.items())
        raise FloatingPointError(f"{len(diverged)} of `seeds` failed, {sorted(diverged)}; seed {seed}: {error}")
    runs = _kept(path, settings, architecture)
    places = [runs.seeds.index(seed) for seed in wanted]
    histories, weights = [runs.histories[k] for k in places], [runs.weights[k] for k in places]
    return TrainingRuns(wanted, histories, weights, settings, runs.architecture)


def _in_brief(values: np.ndarray) -> list[str]:
    """Return a few numbers that change with the data and their order, in the digits that all processors agree on."""
    flat = values.astype(np.float32).astype(np.float64).ravel()
    scale = np.abs(flat).max() or 1.0
    numbers = flat.mean() / scale, flat @ np.linspace(-1, 1, flat.size) / scale / flat.size
    return [f"{scale:.4g}", *(f"{number:z.4f}" for number in numbers)]


def _train_one(build: Any, architecture: str, seed: int, x: Any, y: Any, options: Any) -> tuple[int, Any, list[Any]]:
    with _ONE_AT_A_TIME:
        model = build(seed)
        if not _is_same(_architecture(model), architecture):
            raise ValueError(f"`build` must return the same model for all seeds. Got another one for seed {seed}.")
        try:
            return seed, train(model, x, y, seed=seed, **options), model.get_weights()
        except FloatingPointError as error:  # one seed's, which must not end the others
            return seed, error, []


def _architecture(model: Any) -> str:
    """Return a model as JSON without what it was compiled with, and with 0 for its seeds."""
    config = {name: part for name, part in json.loads(model.to_json()).items() if name != "compile_config"}
    return re.sub(r'"seed": \d+', '"seed": 0', json.dumps(config))


def _is_same(*architectures: str) -> bool:
    """Compare models as JSON, ignoring the numbers that Keras appends to names."""
    return len({re.sub(r'_\d+"', '"', architecture) for architecture in architectures}) == 1


def _kept(path: Path, settings: dict[str, Any], architecture: str) -> TrainingRuns:
    """Read what a file holds by now, if it exists: trainings with these settings, of this model."""
    if not path.exists():
        return TrainingRuns([], [], [], settings, architecture)
    known = load_runs(path, max_bytes=sys.maxsize)  # our own file, whatever its size
    must = f"`path` must be new, or hold trainings of the same data and settings. Got {path}, whose"
    for name, value in settings.items():
        if (was := known.settings.get(name)) != value:
            raise ValueError(f"{must} {name} are {was} and not {value}.")
    if not _is_same(known.architecture, architecture):
        raise ValueError(f"{must} model is another one than `build` returns.")
    return known


def _add(run: tuple[int, Any, list[Any]], path: Path, settings: dict[str, Any], architecture: str) -> None:
    """Add one training to the file, which another call may have added to as well in the meantime."""
    with FileLock(path.with_name(f".{path.name}.lock")):
        known = _kept(path, settings, architecture)
        if run[0] in known.seeds:
            return
        runs = [*zip(known.seeds, known.histories, known.weights, strict=True), run]
        seeds, histories, weights = zip(*sorted(runs, key=lambda run: run[0]), strict=True)
        arrays: dict[str, Any] = {f"weights_{k}": np.stack(rows) for k, rows in enumerate(zip(*weights, strict=True))}
        for name in _LOSSES:  # a training that stopped early gets NaN for the last epochs
            arrays[name] = np.array([*zip_longest(*(each[name] for each in histories), fillvalue=np.nan)]).T
        arrays |= {"seeds": seeds, "settings": json.dumps(settings), "architecture": known.architecture}
        with replacing(path) as temporary:
            np.savez_compressed(temporary, **arrays)


def load_runs(path: Any, max_bytes: Any = 2**30) -> TrainingRuns:
    """Read the trainings that `train_many` has written so far to a file or bare name, by rising seed.

    Files that are larger than `max_bytes`, as they are or unpacked, are refused; a missing one is a FileNotFoundError.
    """
    path = as_path(path, ".npz", reading=True)
    require_file(path, max_bytes, "`train_many`")
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
        known = {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}  # others may unpack to more than they claim
        if {member.compress_type for member in members} - known or sum(m.file_size for m in members) > max_bytes:
            raise ValueError(f"it unpacks to more than {max_bytes:,} bytes, `max_bytes`, or may do so")
        with np.load(path, allow_pickle=False) as file:
            seeds, architecture = file["seeds"].tolist(), str(file["architecture"])
            settings = json.loads(str(file["settings"]))
            columns = [file[f"weights_{k}"] for k in range(len(settings["weights"]))]
            losses = {name: file[name].tolist() for name in _LOSSES}
        weights = [list(arrays) for arrays in zip(*columns, strict=True)]  # one list per seed
        rows = zip(*losses.values(), strict=True)
        histories = [{n: [v for v in loss if v == v] for n, loss in zip(_LOSSES, row, strict=True)} for row in rows]
        if not len(seeds) == len(set(seeds)) == len(weights) == len(histories):
            raise ValueError("its arrays must have one row for each of its seeds")
        if (described := n_weights(architecture)) != (brought := sum(array.size for array in weights[0])):
            raise ValueError(f"its model has {described:,} weights, but the file holds {brought:,}")
    except Exception as error:  # damaged files raise errors of many kinds
        raise ValueError(f"`path` must be a file of trainings. Got {path}, which is none: {error}") from None
    return TrainingRuns(seeds, histories, weights, settings, architecture)
