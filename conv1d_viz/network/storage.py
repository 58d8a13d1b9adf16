"""Save and load a model, completely or not at all, with a JSON file beside it that says how it was made."""

import importlib.metadata
import io
import json
import math
import platform
import re
import threading
import warnings
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NoReturn

import h5py

from conv1d_viz.network.backend import keras
from conv1d_viz.project import as_path, replacing, require_file

_MEMBERS = ["config.json", "metadata.json", "model.weights.h5"]
_ONE_AT_A_TIME = threading.Lock()  # the filters of warnings belong to the process


def save_model(model: Any, path: Any, overwrite: bool = False, info: dict[str, Any] | None = None) -> Path:
    """Save a model to a `.keras` file, which is returned, and beside it a JSON file that says how it was made.

    Each file is written under another name and then moved into place, the model first, so an interrupted save leaves
    the old ones. A save that is killed may leave hidden files beside them, which nothing reads.

    Parameters
    ----------
    model, path : keras.Model, and path-like or str
        A file ending in ".keras", or a bare name such as "wave", which means models/wave.keras of the project, or of
        the folder `CONV1D_VIZ_OUTPUT`. The JSON file has the same name with the ending ".json".
    overwrite : bool
        Whether files that exist may be replaced; otherwise existing files raise a FileExistsError.
    info : dict or None
        What the JSON file holds in addition to the versions of the software: parameters, seed, training history.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Got {type(model).__name__}.")
    file = as_path(path, ".keras")
    try:
        text = json.dumps({**(info or {}), "versions": _versions()}, indent=1, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise type(error)(f"`info` must be a dict that JSON can hold. Got {info!r:.80}: {error}") from None
    metadata = file.with_suffix(".json")
    for old in (file, metadata):
        if old.exists() and not overwrite:
            raise FileExistsError(f"`path` must be new, or `overwrite` true. Got the existing file {old}.")
    # The inner one is moved first: a missing JSON file is noticed sooner than a missing model.
    with replacing(metadata) as temporary_json, replacing(file) as temporary:
        temporary_json.write_text(text + "\n", encoding="utf-8")
        model.save(temporary)
    return file


def load_model(path: Any, max_bytes: Any = 2**30) -> Any:
    """Load a model from a `.keras` file; no code in the file is run.

    Parameters
    ----------
    path : path-like or str
        A file, or the bare name of a model of the project. Its layers must be Keras' own, or of classes that this
        process has registered with `keras.saving.register_keras_serializable`. Models that read vocabularies from
        files, keep a state or make variables from values are not loaded; `keras.saving.load_model` loads them.
    max_bytes : int
        Larger files are refused, and so are models with more weights than their file holds.
    """
    path = as_path(path, ".keras", reading=True)
    require_file(path, max_bytes, "notebooks/01_train.ipynb")
    try:
        _require_harmless(path)
        with _ONE_AT_A_TIME, warnings.catch_warnings():
            # Of a model that was compiled but never trained, whose optimizer has a counter and a rate alone.
            warnings.filterwarnings("ignore", r"Skipping variable loading for optimizer.* saved optimizer has [12] ")
            model = keras.saving.load_model(path, safe_mode=True)
    except Exception as error:  # a damaged archive raises errors of many kinds
        reason = str(error).rpartition("Exception encountered: ")[2]  # Keras writes the whole description before it
        raise ValueError(f"`path` must be a Keras model file. Got {path}, which is not loaded: {reason}") from error
    if keras.backend.backend() == "torch":  # see `build_model`; another backend's file asks for more
        model.steps_per_execution, model.jit_compile = 1, False
    return model


def load_info(path: Any, max_bytes: Any = 2**24) -> dict[str, Any]:
    """Read the JSON file beside a model: the parameters, seed, versions and history that produced it.

    `path` is the model's `.keras` file, or its bare name. JSON files of over `max_bytes` are refused.
    """
    path = as_path(path, ".keras", reading=True).with_suffix(".json")
    require_file(path, max_bytes, "notebooks/01_train.ipynb")
    try:
        info = json.loads(path.read_text(encoding="utf-8"), parse_constant=_refuse, parse_float=_finite)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"`path` must have a JSON file beside it. Got {path}, which is none: {error}") from None
    if not isinstance(info, dict):
        raise ValueError(f"`path` must have a JSON object beside it. Got {path} with a {type(info).__name__}.")
    return info


def _require_harmless(path: Path) -> None:
    """Refuse what Keras would unpack, make room for or look for without asking."""
    with zipfile.ZipFile(path) as archive:
        if sorted(archive.namelist()) != _MEMBERS:
            raise ValueError(f"it must hold {', '.join(_MEMBERS)} and nothing else, and holds {archive.namelist()}")
        if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
            raise ValueError("it is compressed, as Keras' own are not, and may be of any size once unpacked")
        described, content = n_weights(archive.read("config.json").decode()), archive.read("model.weights.h5")
    arrays: list[h5py.Dataset] = []
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(lambda _, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None)
        sizes, n_bytes = [array.size for array in arrays], sum(array.nbytes for array in arrays)
    if n_bytes > len(content):  # compressed or unwritten
        raise ValueError(f"its weights would be {n_bytes:,} bytes, and their file has {len(content):,}")
    if described > sum(sizes):
        raise ValueError(f"its layers have {described:,} weights, but the file holds {sum(sizes):,}")


def n_weights(architecture: str) -> int:
    """Count the weights of a model that is described as JSON, without making room for them or running its code."""
    config = json.loads(architecture, object_hook=lambda part: {k: part[k] for k in part if k != "compile_config"})
    names = set(re.findall(r'"(?:registered_name|config)": "([^"]+)"', architecture))
    own = {name: known for name in names if (known := keras.saving.get_registered_object(name))}

    def count() -> int:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(config, custom_objects=own, safe_mode=True)
            return sum(math.prod(weight.shape) for weight in model.weights)

    # Keras would give weights that were made within such a scope their values later, in the thread that made them.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(count).result()


def _refuse(number: str) -> NoReturn:
    raise ValueError(f"it holds {number}, which is no finite number")


def _finite(text: str) -> float:
    return float(text) if math.isfinite(float(text)) else _refuse(text)


def _versions() -> dict[str, str]:
    packages = ["conv1d_viz", "keras", keras.backend.backend(), "numpy"]
    return {"python": platform.python_version(), **{name: importlib.metadata.version(name) for name in packages}}
