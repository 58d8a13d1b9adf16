"""Trainings that differ by their seed alone, in one file."""

import json
import operator
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz.checks import as_size
from conv1d_viz.network._architecture import is_same_model, rebuilt
from conv1d_viz.network._archives import require_known_classes, require_runs
from conv1d_viz.project import alone_in, as_path, replacing

History = dict[str, list[float]]
_LOSSES = ("loss", "val_loss")


@dataclass(frozen=True, eq=False)
class TrainingRuns:
    """Weights and losses of trainings with different seeds; entry k of each list belongs to `seeds[k]`."""

    seeds: list[int]
    histories: list[History]
    weights: list[list[Float[np.ndarray, "..."]]]
    settings: dict[str, Any]
    architecture: str

    def model(self, k: int) -> Any:
        """Build the model of run k, counted from 0, with its trained weights; it is not compiled."""
        if as_size(k, "k", minimum=0) >= len(self.seeds):
            raise ValueError(f"`k` must be a run, 0..{len(self.seeds) - 1}. Got {k}.")
        return rebuilt(self.architecture, self.weights[k])

    def of(self, seeds: list[int]) -> "TrainingRuns":
        """Return the runs of these seeds, in this order."""
        if not set(seeds) <= set(self.seeds):
            raise ValueError(f"`seeds` must be among {self.seeds}. Got {seeds}.")
        places = [self.seeds.index(seed) for seed in seeds]
        return TrainingRuns(
            [self.seeds[k] for k in places],
            [self.histories[k] for k in places],
            [self.weights[k] for k in places],
            self.settings,
            self.architecture,
        )


def load_runs(path: Any, max_bytes: Any = 2**30) -> TrainingRuns:
    """Read the trainings that `train_many` has written so far.

    Parameters
    ----------
    path : path-like
        The file, ending in ".npz".
    max_bytes : int
        Files that are larger than this, as they are or unpacked, are refused.

    Returns
    -------
    TrainingRuns
        All of them, by rising seed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds something else, is too large, or its model has a Lambda layer or anything else that is not Keras'.
    """
    path = as_path(path, ".npz")
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Got {path}; `train_many` makes such files.")
    require_runs(path, max_bytes)
    try:
        with np.load(path, allow_pickle=False) as file:
            seeds = [operator.index(seed) for seed in file["seeds"].tolist()]
            architecture = str(file["architecture"])
            config, settings = json.loads(architecture), json.loads(str(file["settings"]))
            if not config or not isinstance(config, dict) or len({seed for seed in seeds if seed >= 0}) < len(seeds):
                raise ValueError("it describes no model, or has seeds twice or below 0")
            require_known_classes(config)
            columns = [_rows(file, f"weights_{k}", len(seeds)) for k in range(len(settings["weights"]))]
            losses = {name: _rows(file, name, len(seeds)) for name in _LOSSES}
            if settings["weights"] != [list(column.shape[1:]) for column in columns]:
                raise ValueError("its weights have other shapes than its settings say")
        weights = [[column[k] for column in columns] for k in range(len(seeds))]
        histories = [
            {name: [v for v in loss[k].tolist() if v == v] for name, loss in losses.items()} for k in range(len(seeds))
        ]
    except Exception as error:  # damaged files raise errors of many kinds
        raise ValueError(f"`path` must be a file of trainings. Got {path}, which is none: {error}") from None
    return TrainingRuns(seeds, histories, weights, settings, architecture)


def _rows(file: Any, name: str, n_rows: int) -> np.ndarray:
    """Return an array of a file, a row a training; what NumPy does not know as one comes as bytes."""
    array = file[name]
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or array.shape[:1] != (n_rows,):
        raise ValueError(f"{name!r} is no array of numbers with {n_rows} rows")
    missing = np.isnan(array)
    if name in _LOSSES:  # a training that stopped early ends in NaN
        whole = not missing[:, 0].any() and (missing[:, 1:] >= missing[:, :-1]).all() and not np.isinf(array).any()
    else:
        whole = np.isfinite(array).all()
    if not whole:
        raise ValueError(f"{name!r} holds numbers that are not finite")
    return array


def write_runs(runs: TrainingRuns, path: Path) -> None:
    """Write trainings to a file, whole or not at all."""
    length = max(len(history["loss"]) for history in runs.histories)
    arrays: dict[str, Any] = {
        # A training that stopped early has no losses for the last epochs.
        name: np.array([history[name] + [np.nan] * (length - len(history[name])) for history in runs.histories])
        for name in _LOSSES
    }
    for k, column in enumerate(zip(*runs.weights, strict=True)):
        arrays[f"weights_{k}"] = np.stack(column)
    arrays |= {"settings": np.array(json.dumps(runs.settings)), "architecture": np.array(runs.architecture)}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, seeds=np.array(runs.seeds), **arrays)


def runs_kept(path: Path, settings: dict[str, Any], architecture: str) -> TrainingRuns:
    """Read what a file holds by now, if it exists: trainings with these settings, of this model."""
    if not path.exists():
        return TrainingRuns([], [], [], settings, architecture)
    known = load_runs(path, max_bytes=sys.maxsize)  # one's own, of whatever size
    for name, value in settings.items():
        if known.settings.get(name) != value:
            raise ValueError(
                f"`path` must be new, or hold trainings of the same data and settings. Got {path}, whose {name} "
                f"are {known.settings.get(name)} and not {value}."
            )
    if not is_same_model(known.architecture, architecture):
        raise ValueError(f"`path` must be new, or hold trainings of the model that `build` returns. Got {path}.")
    return known


def add_run(runs: TrainingRuns, path: Path) -> None:
    """Add one training to the file, which another call may have added to as well in the meantime."""
    with alone_in(path.parent):
        known = runs_kept(path, runs.settings, runs.architecture)
        if runs.seeds[0] in known.seeds:
            return
        joined = TrainingRuns(
            known.seeds + runs.seeds,
            known.histories + runs.histories,
            known.weights + runs.weights,
            known.settings,
            known.architecture,
        )
        write_runs(joined.of(sorted(joined.seeds)), path)  # by seed: in whatever order they were trained
