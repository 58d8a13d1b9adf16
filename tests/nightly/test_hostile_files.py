"""Files that someone else made to do harm: refused, with nothing executed, written, or unpacked beyond the limit."""

import json
import os
import re
import struct
import sys
import tracemalloc
import zipfile

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def members(tmp_path_factory, model):
    with zipfile.ZipFile(cv.save_model(model, tmp_path_factory.mktemp("whole") / "wave.keras")) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def refused(path, match="", load=cv.load_model, **options):
    before = {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in path.parent.rglob("*")}
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=rf"(?s)`path` must .*{re.escape(path.name)}.*{match}"):
            load(path, **options)
        assert tracemalloc.get_traced_memory()[1] < 90e6  # less than any bomb; Keras may import torch
    finally:
        tracemalloc.stop()
    assert {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in path.parent.rglob("*")} == before


def part(module, name, config=None):
    return {"module": module, "class_name": name, "config": config or {}, "registered_name": name}


@pytest.mark.parametrize("place", ["layer", "activation", "loss", "initializer", "model"])
def test_code_of_another_module_is_not_imported(folder, members, place):
    (folder / "conv1d_trap.py").write_text("open('executed', 'w').close()\nclass Layer: pass\ndef act(x): return x\n")
    config = json.loads(members["config.json"])
    layers, layer = config["config"]["layers"], part("conv1d_trap", "Layer")
    act = part("conv1d_trap", "function") | {"config": "act"}
    {
        "layer": lambda: layers.append(layer),
        "activation": lambda: layers[1]["config"].update(activation=act),
        "loss": lambda: config["compile_config"].update(loss=act),
        "initializer": lambda: layers[1]["config"].update(kernel_initializer=layer),
        "model": lambda: config.update(layer),
    }[place]()
    refused(packed(folder / "code.keras", {**members, "config.json": json.dumps(config)}))
    assert "conv1d_trap" not in sys.modules
    assert not (folder / "executed").exists()


CODE = [part("keras.layers", name, {"function": "relu", "module": "x"}) for name in ("Lambda", "TorchModuleWrapper")]
CODE += [part("keras.layers", "TFSMLayer", {"filepath": "model", "call_endpoint": "serve"}), part("os", "system")]
CODE += [part("keras.utils", "get_file", {"fname": "executed", "origin": "file:///etc/hostname"})]
CODE += [part("builtins.eval", "eval", {"source": "open('executed', 'w')"}), part("numpy", "save")]
CODE += [part("keras.layers", "JaxLayer", {"call_fn": part("os", "system"), "init_fn": part("os", "system")})]


@pytest.mark.parametrize("layer", CODE, ids=lambda layer: layer["class_name"])
def test_what_runs_code_is_no_layer(folder, members, layer):
    config = json.loads(members["config.json"])
    config["config"]["layers"].insert(1, layer)
    refused(packed(folder / "code.keras", {**members, "config.json": json.dumps(config)}))
    assert not (folder / "executed").exists()


NESTED = keras.Sequential([L.Conv1D(7, 3), L.Dense(7)])


@pytest.mark.parametrize(
    "layer", [L.Dense(7), L.Conv1D(1, 7, padding="same"), L.LSTM(7), L.TimeDistributed(L.Dense(7)), NESTED]
)
def test_layers_with_more_weights_than_their_file_are_not_made(folder, layer):
    path = cv.save_model(keras.Sequential([keras.Input((20, 1)), layer]), folder / "small.keras")
    with zipfile.ZipFile(path) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    config = re.sub(rb"(?<=[ \[])7(?=[,\]])", b"1000000000000", inside["config.json"])
    refused(packed(path, {**inside, "config.json": config}), "its layers have [0-9,]{17,} weights, but the file holds")


@pytest.mark.parametrize("claimed", [200_000_000, 3000])
@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused_whatever_size_it_claims(folder, members, name, claimed):
    path = packed(folder / "bomb.keras", {**members, name: bytes(200_000_000)}, zipfile.ZIP_DEFLATED)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 200_000_000), struct.pack("<L", claimed)))
    refused(path, "it is compressed")


def test_an_archive_that_is_damaged_anywhere_is_refused_or_read(folder, members):
    content = packed(folder / "wave.keras", members).read_bytes()
    for length in {0, 1, 4, 100, len(content) // 2, len(content) - 30, len(content) - 1}:
        (folder / "wave.keras").write_bytes(content[:length])
        refused(folder / "wave.keras")
    for config in ("", "{", "[]", "3", "null", '"a"', "[" * 100_000, '{"a":' * 100_000, "{}", b"\xff"):
        refused(packed(folder / "wave.keras", {**members, "config.json": config}))


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["../climbed", "/climbed", "assets/words.txt", "a\\..\\b", "config.json"])
def test_an_archive_with_a_path_of_its_own_is_refused(folder, members, name):
    (folder / "inner").mkdir()
    path = packed(folder / "inner" / "wave.keras", members)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(name, b"!")
    refused(path, "and nothing else")
    assert os.listdir(folder) == ["inner"]


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA, zipfile.ZIP_DEFLATED])
def test_trainings_that_unpack_to_more_than_they_may_are_refused(folder, method):
    path = packed(folder / "runs.npz", {"seeds.npy": bytes(100_000_000)}, method)
    refused(path, "it unpacks to more than", cv.load_runs, max_bytes=10**6)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 100_000_000), struct.pack("<L", 200)))
    refused(path, "", cv.load_runs, max_bytes=10**6)


def test_trainings_that_are_damaged_anywhere_are_refused_or_read(folder, windows):
    path = folder / "runs.npz"
    cv.train_many([0], *windows, path, lambda seed: cv.build_model(20, 1, 2, 3, 3, seed=seed), epochs=1)
    whole = np.frombuffer(path.read_bytes(), np.uint8)
    for place in range(0, len(whole), 7):
        path.write_bytes((whole ^ (np.arange(len(whole)) == place) * np.uint8(255)).tobytes())
        try:
            cv.load_runs(path)
        except ValueError as error:
            assert "`path` must be a file of trainings" in str(error)  # noqa: PT017
