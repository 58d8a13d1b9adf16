"""Trainings that differ by their seed alone, in one file."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float

from conv1d_viz._keras import keras
from conv1d_viz.paths import as_path, replacing

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
        """Build the model of run k, with its trained weights; it is not compiled."""
        model = keras.models.model_from_json(self.architecture)
        model.set_weights(self.weights[k])
        return model


def load_runs(path: Any) -> TrainingRuns:
    """Read the trainings that `train_many` has written so far.

    Parameters
    ----------
    path : path-like
        The file, ending in ".npz".

    Returns
    -------
    TrainingRuns
        All of them, by rising seed.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it holds something else.
    """
    path = as_path(path, ".npz")
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Got {path}; `train_many` makes such files.")
    try:
        with np.load(path, allow_pickle=False) as file:
            seeds, architecture = file["seeds"].tolist(), str(file["architecture"])
            settings = json.loads(str(file["settings"]))
            columns = [file[f"weights_{k}"] for k in range(len(settings["weights"]))]
            losses = {name: file[name] for name in _LOSSES}
        weights = [[column[k] for column in columns] for k in range(len(seeds))]
        histories = [
            {name: [v for v in loss[k].tolist() if v == v] for name, loss in losses.items()} for k in range(len(seeds))
        ]
    except Exception as error:  # damaged files raise errors of many kinds
        raise ValueError(f"`path` must be a file of trainings. Got {path}, which is none: {error}") from None
    return TrainingRuns(seeds, histories, weights, settings, architecture)


def write_runs(runs: TrainingRuns, path: Path) -> None:
    """Write trainings to a file, whole or not at all."""
    length = max(len(history["loss"]) for history in runs.histories)
    arrays = {
        # A training that stopped early has no losses for the last epochs.
        name: np.array([history[name] + [np.nan] * (length - len(history[name])) for history in runs.histories])
        for name in _LOSSES
    }
    for k, column in enumerate(zip(*runs.weights, strict=True)):
        arrays[f"weights_{k}"] = np.stack(column)
    texts = {"settings": np.array(json.dumps(runs.settings)), "architecture": np.array(runs.architecture)}
    with replacing(path) as temporary:
        np.savez_compressed(temporary, seeds=np.array(runs.seeds), **texts, **arrays)


def architecture_of(model: Any) -> str:
    """Return a model as JSON without its weights, its seeds and what it was compiled with, the same for all seeds."""
    config = json.loads(model.to_json(), object_hook=lambda part: part | {"seed": 0} if "seed" in part else part)
    config.pop("compile_config", None)
    return json.dumps(config)


def is_same_model(one: str, other: str) -> bool:
    """Compare two models as JSON; what their layers are called, which Keras numbers through, does not count."""
    return _without_names(one) == _without_names(other)


def _without_names(architecture: str) -> Any:
    names: dict[str, str] = {}

    def collect(part: dict[str, Any]) -> dict[str, Any]:
        if "name" in part:
            names.setdefault(str(part["name"]), f"part {len(names)}")
        return part

    config = json.loads(architecture, object_hook=collect)

    def renamed(part: Any) -> Any:
        if isinstance(part, dict):
            return {key: renamed(value) for key, value in part.items()}
        if isinstance(part, list):
            return [renamed(value) for value in part]
        return names.get(part, part) if isinstance(part, str) else part

    return renamed(config)


def require_rebuilt(model: Any) -> None:
    """Refuse a model that cannot be put together again from what a file of trainings keeps of it."""
    weights = model.get_weights()
    if any(weight.dtype.kind not in "fiub" for weight in weights):
        kinds = ", ".join(sorted({str(weight.dtype) for weight in weights}))
        raise ValueError(f"`build` must return a model whose weights NumPy can keep in a file. Got {kinds}.")
    try:
        TrainingRuns([0], [], [weights], {}, architecture_of(model)).model(0)
    except Exception as error:
        raise ValueError(f"`build` must return a model that Keras can build from its JSON. Got {error}") from error
