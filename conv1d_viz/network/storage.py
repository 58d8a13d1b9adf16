"""Save and load a model, whole or not at all, with the story of how it came about beside it."""

import importlib.metadata
import json
import platform
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from conv1d_viz.network._archives import require_harmless
from conv1d_viz.network._warnings import filtered
from conv1d_viz.network.backend import keras
from conv1d_viz.project import alone_in, as_path, replacing, require_size


def save_model(model: Any, path: Any, overwrite: bool = False, info: dict[str, Any] | None = None) -> Path:
    """Save a model to a `.keras` file, and beside it a JSON file that says how it came about.

    Each file is written under another name and then moved into place, so an interrupted save leaves the old one. The
    two moves follow each other, the model first. Of two notebooks on one machine that save the same model at once, one
    is last, with both of its files. A save that is killed may leave hidden files beside them, which nothing reads.

    Parameters
    ----------
    model : keras.Model
        The model.
    path : path-like
        Ends in ".keras". The JSON file has the same name with the ending ".json".
    overwrite : bool
        Whether a model that exists may be replaced.
    info : dict or None
        What the JSON file holds beside the versions of the software: parameters, seed, training history.

    Returns
    -------
    Path
        The model's file.

    Raises
    ------
    FileExistsError
        If one of the two files exists and `overwrite` is false.
    OSError
        If the disk is full, the folder cannot be written to, or a folder has the name of a file; the old files are
        left.
    TypeError, ValueError
        If the model is not Keras', the path has another ending, or `info` cannot be written as JSON.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Got {type(model).__name__}.")
    path, overwrite = as_path(path, ".keras"), bool(overwrite)
    try:
        text = json.dumps({**(info or {}), "versions": _versions()}, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"`info` must be a dict that JSON can hold. Got {info!r:.80}: {error}") from None
    with alone_in(path.parent):
        for file in (path, path.with_suffix(".json")):
            if file.exists() and not overwrite:
                raise FileExistsError(f"`path` must be new, or `overwrite` true. Got the existing file {file}.")
        # The inner one is moved first: a model without its new story is found out sooner than one without its model.
        with replacing(path.with_suffix(".json")) as temporary_json, replacing(path) as temporary:
            temporary_json.write_text(text + "\n", encoding="utf-8")
            model.save(temporary)
    return Path(path)


def load_model(path: Any, max_bytes: Any = 2**30) -> Any:
    """Load a model from a `.keras` file; no code that the file brings along is run.

    Parameters
    ----------
    path : path-like
        The file. Its layers must be Keras' own, or of classes that this process has registered with
        `keras.saving.register_keras_serializable`; models that look words up in files, keep states, or make
        variables from values are not loaded. `keras.saving.load_model` loads those, from a file that you trust.
    max_bytes : int
        Larger files are refused, and so is a model whose layers have more weights than its file brings. It does not
        bound what metrics and constants, such as a Normalization's, take beside them.

    Returns
    -------
    keras.Model
        The model.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    ValueError
        If it is no Keras model, too large, damaged, or holds a Lambda layer or anything else that is not Keras' own.
    """
    path = _existing(as_path(path, ".keras"))
    require_harmless(path, max_bytes)
    try:
        # Of a model that was compiled but never trained, whose optimizer has a counter and a rate alone.
        with filtered(ignore=[r"Skipping variable loading for optimizer.* saved optimizer has [12] "]):
            return keras.saving.load_model(path, safe_mode=True)
    except Exception as error:
        raise ValueError(f"`path` must be a Keras model file. Got {path}, which Keras cannot load: {error}") from error


def load_info(path: Any, max_bytes: Any = 2**24) -> dict[str, Any]:
    """Read the JSON file beside a model: the parameters, seed, versions and history that produced it.

    Parameters
    ----------
    path : path-like
        The model's `.keras` file.
    max_bytes : int
        Larger JSON files are refused.

    Returns
    -------
    dict
        What `save_model` wrote.

    Raises
    ------
    FileNotFoundError
        If there is no JSON file beside the model.
    ValueError
        If it holds no JSON object, or is too large.
    """
    path = _existing(as_path(path, ".keras").with_suffix(".json"))
    require_size(path, max_bytes)
    try:
        info = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`path` must have a JSON file beside it. Got {path}, which is none: {error}") from None
    if not isinstance(info, dict):
        raise ValueError(f"`path` must have a JSON object beside it. Got {path} with a {type(info).__name__}.")
    return info


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"it holds {number}, which is no finite number")


def _finite(text: str) -> float:
    return float(text) if np.isfinite(float(text)) else _refuse(text)


def _existing(path: Path) -> Path:
    if not path.is_file():
        raise FileNotFoundError(
            f"`path` must be a file. Got {path}; notebooks/01_train.ipynb makes models and their JSON files."
        )
    return path


def _versions() -> dict[str, str]:
    packages = dict.fromkeys(["conv1d_viz", "keras", keras.backend.backend(), "numpy"])
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}
