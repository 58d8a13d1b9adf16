"""Saved models come back with their info; files that would do harm are refused with nothing run or unpacked."""

import io
import json
import os
import tracemalloc
import warnings
import zipfile

import h5py
import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def test_a_model_comes_back_with_its_info(model, windows, tmp_path):
    path = tmp_path / "new" / "wave.keras"
    info = {"seed": 3, "history": {"loss": [0.5, 0.25]}}
    assert cv.save_model(model, path, info=info) == path
    assert sorted(os.listdir(path.parent)) == ["wave.json", "wave.keras"]
    with warnings.catch_warnings():  # none of a model that was never trained
        warnings.simplefilter("error")
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        again = cv.load_model(str(path))
    np.testing.assert_array_equal(again.predict(windows[0], verbose=0), model.predict(windows[0], verbose=0))
    assert again.compiled
    read = cv.load_info(path)
    assert {name: read[name] for name in info} == info
    assert (read["versions"]["keras"], read["versions"]["conv1d_viz"]) == (keras.__version__, cv.__version__)


def test_an_existing_model_or_json_is_replaced_only_when_told_to(model, tmp_path):
    path = cv.save_model(model, tmp_path / "wave.keras", info={"run": 1})
    before = {file: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(FileExistsError, match=r"`overwrite` true.*wave\.keras"):
        cv.save_model(model, path)
    assert {file: file.read_bytes() for file in before} == before
    cv.save_model(model, path, overwrite=True, info={"run": 2})
    assert cv.load_info(path)["run"] == 2


@pytest.mark.parametrize("name", ["wave.keras", "wave.json"])
def test_a_save_that_fails_leaves_both_files(model, tmp_path, name, monkeypatch):
    path = cv.save_model(model, tmp_path / "wave.keras")
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.name != name}
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    with pytest.raises(IsADirectoryError, match=rf"`path` must be free for a file\. Got .*{name}"):
        cv.save_model(model, path, overwrite=True)
    (tmp_path / name).rmdir()
    monkeypatch.setattr(model, "save", lambda file: file.write_bytes(b"half") and 1 / 0)
    with pytest.raises(ZeroDivisionError):
        cv.save_model(model, path, overwrite=True)
    assert {file: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_info_of_nonsense_is_refused(tmp_path):
    for text in ("", "{", "[1]", "[" * 100_000, '{"a": NaN}', '{"a": 1e999}', "\0"):
        (tmp_path / "wave.json").write_text(text)
        with pytest.raises(ValueError, match=r"`path` must have a JSON .*Got .*wave\.json"):
            cv.load_info(tmp_path / "wave.keras")


@pytest.fixture(scope="module")
def members(tmp_path_factory, model):
    with zipfile.ZipFile(cv.save_model(model, tmp_path_factory.mktemp("whole") / "wave.keras")) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def layered(layer):
    """Change a description so that it holds this layer, too."""

    def change(members):
        config = json.loads(members["config.json"])
        config["config"]["layers"].insert(1, layer)
        return {"config.json": json.dumps(config)}

    return change


def unwritten(members):
    content = io.BytesIO(members["model.weights.h5"])
    with h5py.File(content, "r+") as file:
        file.create_dataset("more", (10**9,), "f4", chunks=(10**6,))
    return {"model.weights.h5": content.getvalue()}


def wide(members):
    return {"config.json": members["config.json"].replace(b'"kernel_size": [4]', b'"kernel_size": [200000000]')}


FOREIGN = {"module": "conv1d_trap", "class_name": "Layer", "config": {}, "registered_name": "Layer"}
LAMBDA = {"module": "keras.layers", "class_name": "Lambda", "config": {"function": {"class_name": "__lambda__"}}}
HARMFUL = {
    "a Lambda layer": (layered(LAMBDA), "ambda"),
    "a class of another module": (layered(FOREIGN), "conv1d_trap"),
    "a climbing member": (lambda _: {"../climbed": b"!"}, "and nothing else"),
    "a kernel beyond its weights": (wide, "its layers have [0-9,]+ weights, but the file holds"),
    "weights that were never written": (unwritten, "its weights would be 4,000,"),
    "nonsense": (lambda _: {"config.json": "[" * 100_000}, "not loaded"),
}


@pytest.mark.parametrize("kind", [*HARMFUL, "compressed", "truncated", "too large"])
def test_files_that_would_do_harm_are_refused(tmp_path, members, kind, monkeypatch):
    (tmp_path / "conv1d_trap.py").write_text("open('executed', 'w').close()")
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    change, reason = HARMFUL.get(kind, (lambda _: {}, ""))
    content = members | change(members)
    if kind == "compressed":
        content["config.json"], reason = bytes(4 * 10**8), "it is compressed"
    with zipfile.ZipFile("wave.keras", "w", zipfile.ZIP_DEFLATED if kind == "compressed" else 0) as archive:
        for name, part in content.items():
            archive.writestr(name, part)
    if kind == "truncated":
        os.truncate("wave.keras", os.path.getsize("wave.keras") // 2)
    del content
    tracemalloc.start()
    with pytest.raises(ValueError, match=rf"`path` must be a .*file.*Got .*wave\.keras.*{reason}"):
        cv.load_model("wave.keras", max_bytes=100 if kind == "too large" else 2**30)
    assert tracemalloc.get_traced_memory()[1] < 30e6
    tracemalloc.stop()
    assert sorted(set(os.listdir(tmp_path)) - {"__pycache__"}) == ["conv1d_trap.py", "wave.keras"]


def test_a_class_that_this_process_has_registered_is_loaded(tmp_path):
    @keras.saving.register_keras_serializable("ours")
    class Doubled(L.Layer):
        def call(self, x):
            return 2 * x

    inputs = keras.Input((5, 1))
    path = cv.save_model(keras.Model(inputs, Doubled()(inputs)), tmp_path / "own.keras")
    np.testing.assert_array_equal(cv.load_model(path)(np.ones((1, 5, 1))), 2 * np.ones((1, 5, 1)))
