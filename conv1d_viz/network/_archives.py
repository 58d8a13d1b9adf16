"""Archives that others may have made: what they hold is looked at before any of it is loaded."""

import io
import json
import math
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import h5py

from conv1d_viz.network.backend import keras
from conv1d_viz.project import require_size

_CODE = {"Lambda", "__lambda__", "TFSMLayer", "TorchModuleWrapper", "JaxLayer", "FlaxLayer"}
_MEMBERS = {"config.json", "metadata.json", "model.weights.h5"}


def require_harmless(path: Path, max_bytes: Any) -> None:
    """Refuse a `.keras` file that is none, is too large, is compressed, or brings along more than Keras' own layers."""
    require_size(path, max_bytes)
    try:
        with zipfile.ZipFile(path) as archive:
            if any(member.compress_type != zipfile.ZIP_STORED for member in archive.infolist()):
                raise ValueError("it is compressed, as Keras' own are not, and may be of any size once unpacked")
            names = archive.namelist()
            strange = set(names) - _MEMBERS
            if strange or len(set(names)) < len(names):
                raise ValueError(f"it holds more than a model: {', '.join(map(repr, sorted(strange or names)))}")
            config = json.loads(archive.read("config.json"))
            require_known_classes(config)
            brought = _n_numbers(archive.read("model.weights.h5"))
        described = n_weights(config)
        if described > brought:
            raise ValueError(f"its layers have {described:,} weights, and it brings {brought:,}")
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise ValueError(f"`path` must be a Keras model file. Got {path}, which is not loaded: {error}") from error


def require_runs(path: Path, max_bytes: Any) -> None:
    """Refuse a file of trainings that is no archive of NumPy's, or is larger than `max_bytes` as it is or unpacked."""
    require_size(path, max_bytes)
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except Exception as error:
        raise ValueError(f"`path` must be a file of trainings. Got {path}, which is none: {error}") from error
    if any(member.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for member in members):
        raise ValueError(
            f"`path` must be a file of trainings. Got {path}, which is compressed in another way than NumPy does, and "
            "may be of any size once unpacked."
        )
    require_size(path, max_bytes, sum(member.file_size for member in members))


def _n_numbers(content: bytes) -> int:
    """Count the numbers in a file of weights; arrays may not be larger than it, as compressed or unwritten ones are."""
    arrays: list[h5py.Dataset] = []
    with h5py.File(io.BytesIO(content)) as file:
        file.visititems(lambda _, item: arrays.append(item) if isinstance(item, h5py.Dataset) else None)
        if (size := sum(array.nbytes for array in arrays)) > len(content):
            raise ValueError(f"its weights would be {size:,} bytes, and their file has {len(content):,}")
        return int(sum(array.size for array in arrays))


def n_weights(config: dict[str, Any]) -> int:
    """Count the weights of the model that is described, without making room for them.

    It may only be described by classes that are known.
    """
    text = json.dumps(config)  # models within it may be compiled, too
    config = json.loads(text, object_hook=lambda part: {k: v for k, v in part.items() if k != "compile_config"})
    own = dict(filter(None, map(_registered, _parts(config))))

    def count() -> int:
        with keras.StatelessScope(initialize_variables=False):
            model = keras.saving.deserialize_keras_object(config, custom_objects=own)
            return sum(math.prod(weight.shape) for weight in model.weights)

    # Keras would give weights that were made within such a scope their values later, in the thread that made them.
    with ThreadPoolExecutor(1) as thread:
        try:
            return thread.submit(count).result()
        except Exception as error:
            if "in a stateless scope" not in str(error):
                raise
            raise ValueError(
                "its weights cannot be counted without making them, as where layers are stateful or make variables "
                f"from values: {error}"
            ) from error


def require_known_classes(config: Any) -> None:
    """Refuse the description of a model that holds a Lambda layer, or an object of a class that is not known here.

    Known are Keras' own classes and functions, and those that this process has registered itself. Keras would import
    others from wherever the description says in some versions, and refuse them in other words in the rest.
    """
    for part in _parts(config):
        name, module = str(part["class_name"]), str(part.get("module") or "keras")
        if name.rpartition(".")[2] in _CODE:
            raise ValueError(f"it holds a {name} layer, which is code: {str(part.get('config'))[:80]}")
        if not _registered(part) and module.partition(".")[0] not in ("keras", "builtins"):
            raise ValueError(
                f"it needs {name!r} of the module {module!r}, which is not Keras' own. Import your own classes, "
                "registered with keras.saving.register_keras_serializable, beforehand"
            )


def _registered(part: dict[str, Any]) -> tuple[str, Any] | None:
    """Return the name and the class or function that this process has registered for a part of a description."""
    name = part.get("config") if part["class_name"] == "function" else part.get("registered_name")
    known = keras.saving.get_registered_object(name) if isinstance(name, str) else None
    return None if known is None else (str(name), known)


def _parts(config: Any) -> Iterator[dict[str, Any]]:
    """Walk through all that a description says is an object."""
    if isinstance(config, dict):
        if "class_name" in config:
            yield config
        config = list(config.values())
    if isinstance(config, list):
        for part in config:
            yield from _parts(part)
