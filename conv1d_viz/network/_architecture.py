"""Models as JSON: what trainings from different seeds have in common."""

import json
from typing import Any

import numpy as np

from conv1d_viz.network._archives import n_weights
from conv1d_viz.network.backend import keras


def architecture_of(model: Any) -> str:
    """Return a model as JSON without its weights, its seeds and what it was compiled with, the same for all seeds."""
    config = json.loads(model.to_json(), object_hook=lambda part: part | {"seed": 0} if "seed" in part else part)
    config.pop("compile_config", None)
    return json.dumps(config)


def is_same_model(one: str, other: str) -> bool:
    """Compare two models as JSON; what their layers are called, which Keras numbers through, does not count."""
    return bool(_without_names(one) == _without_names(other))


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


def rebuilt(architecture: str, weights: list[np.ndarray]) -> Any:
    """Build the model that is described as JSON, with these weights; it is not compiled."""
    described, brought = n_weights(json.loads(architecture)), sum(array.size for array in weights)
    if described != brought:
        raise ValueError(f"`architecture` must describe a model of the {brought:,} weights. Got one of {described:,}.")
    model = keras.models.model_from_json(architecture)
    model.set_weights(weights)
    return model


def require_rebuilt(model: Any) -> None:
    """Refuse a model that cannot be put together again from what a file of trainings keeps of it."""
    weights = model.get_weights()
    if any(weight.dtype.kind not in "fiub" for weight in weights):
        kinds = ", ".join(sorted({str(weight.dtype) for weight in weights}))
        raise ValueError(f"`build` must return a model whose weights NumPy can keep in a file. Got {kinds}.")
    try:
        rebuilt(architecture_of(model), weights)
    except Exception as error:
        raise ValueError(f"`build` must return a model that Keras can build from its JSON. Got {error}") from error
