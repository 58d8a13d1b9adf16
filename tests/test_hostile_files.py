"""Files that someone else made to do harm: refused, with nothing executed, written, or unpacked beyond the limit."""

import io
import json
import os
import pickle
import re
import struct
import sys
import tracemalloc
import zipfile

import h5py
import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder to work in, which holds the same files after the test as the test itself has put there."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def members(tmp_path_factory, model):
    path = cv.save_model(model, tmp_path_factory.mktemp("whole") / "wave.keras")
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def refused(path, match, load=cv.load_model, **options):
    before = _state(path.parent)
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=match) as caught:
            load(path, **options)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "`path` must" in str(caught.value)
    assert path.name in str(caught.value)
    assert _state(path.parent) == before
    assert peak < 20e6


def _state(folder):
    return {file: (file.stat().st_size, file.stat().st_mtime_ns) for file in folder.rglob("*")}


def packed(path, members, method=zipfile.ZIP_STORED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def changed(members, change):
    """Return the members with a model's description that `change` has worked on."""
    config = json.loads(members["config.json"])
    change(config)
    return {**members, "config.json": json.dumps(config)}


@pytest.fixture
def trap(folder):
    """A module that leaves a mark when it is imported, or when its function or class is used."""
    mark = folder / "executed"
    (folder / "conv1d_trap.py").write_text(
        f"open({str(mark)!r}, 'w').close()\n"
        "import keras\n"
        "def act(x): return x\n"
        "class Layer(keras.layers.Layer):\n"
        "    pass\n"
    )
    yield "conv1d_trap"
    assert not mark.exists()
    assert "conv1d_trap" not in sys.modules


@pytest.mark.parametrize("name", ["layers.Lambda", "Lambda", "TFSMLayer", "TorchModuleWrapper"])
def test_layers_that_are_code_are_refused_by_whatever_name(folder, members, name):
    layer = {"module": "keras", "class_name": name, "config": {"function": "relu"}, "registered_name": None}
    path = packed(folder / "code.keras", changed(members, lambda config: config["config"]["layers"].append(layer)))
    refused(path, f"holds a {name} layer, which is code")


def test_a_lambda_layer_is_refused(folder):
    inputs = keras.Input((5, 1))
    model = keras.Model(inputs, L.Lambda(lambda v: open("executed", "w") and v)(inputs))  # noqa: SIM115
    model.save(folder / "code.keras")
    (folder / "executed").unlink(missing_ok=True)  # Keras calls it once to learn the shape
    refused(folder / "code.keras", "Lambda layer, which is code")
    assert not (folder / "executed").exists()


@pytest.mark.parametrize("place", ["layer", "activation", "loss", "initializer", "model"])
def test_code_of_another_module_is_not_imported(folder, members, trap, place):
    layer = {"module": trap, "class_name": "Layer", "config": {}, "registered_name": "Layer"}
    act = {"module": trap, "class_name": "function", "config": "act", "registered_name": "act"}

    def change(config):
        layers = config["config"]["layers"]
        match place:
            case "layer":
                layers.append(layer)
            case "activation":
                layers[1]["config"]["activation"] = act
            case "loss":
                config["compile_config"]["loss"] = act
            case "initializer":
                layers[1]["config"]["kernel_initializer"] = layer
            case "model":
                config.update(layer)

    path = packed(folder / "code.keras", changed(members, change))
    refused(path, f"needs '(Layer|function)' of the module '{trap}', which is not Keras' own")


@pytest.mark.parametrize("module", ["os", "builtins.eval", "kerasx", "numpy", "conv1d_viz.network.forecaster"])
def test_only_keras_is_keras(folder, members, module):
    def change(config):
        config["config"]["layers"][1].update(module=module, class_name="system")

    refused(packed(folder / "code.keras", changed(members, change)), "must be a Keras model file")


def test_functions_of_keras_that_are_no_part_of_a_model_are_not_called(folder, members):
    def change(config):
        config["config"]["layers"].insert(
            1,
            {
                "module": "keras.utils",
                "class_name": "get_file",
                "config": {"fname": str(folder / "executed"), "origin": (folder / "wave.csv").as_uri()},
                "registered_name": None,
            },
        )

    (folder / "wave.csv").write_text("1\n")
    refused(packed(folder / "code.keras", changed(members, change)), "must be a Keras model file")


def own_classes(path, register):
    """Save a model with a layer and a function of one's own that leave ones as they are; return these."""

    @register
    class Doubled(L.Layer):
        def call(self, x):
            return 2 * x

    @register
    def halved(x):
        return x / 2

    inputs = keras.Input((5, 1))
    cv.save_model(keras.Model(inputs, L.Activation(halved)(Doubled()(inputs))), path)
    return {"Doubled": Doubled, "halved": halved}


ONES = np.ones((1, 5, 1))


def test_a_class_that_this_process_has_registered_is_loaded(folder):
    own_classes(folder / "own.keras", keras.saving.register_keras_serializable("hostile"))
    np.testing.assert_array_equal(cv.load_model(folder / "own.keras")(ONES), ONES)


def test_a_class_within_a_scope_of_custom_objects_is_loaded(folder):
    own = own_classes(folder / "own.keras", lambda part: part)
    refused(folder / "own.keras", "Import your own classes")
    with keras.saving.custom_object_scope(own):
        np.testing.assert_array_equal(cv.load_model(folder / "own.keras")(ONES), ONES)


@pytest.mark.parametrize(
    ("layer", "weights"),
    [
        (L.Dense(7), "2,000,000,000,000"),
        (L.Conv1D(7, 3), "4,000,000,000,000"),
        (L.Conv1D(1, 7, padding="same"), "1,000,000,000,001"),
        (L.LSTM(7), "4,000,000,000,008,000,000,000,000"),
        (L.TimeDistributed(L.Dense(7)), "2,000,000,000,000"),
        (keras.Sequential([L.Conv1D(7, 3), L.Dense(7)]), "1,000,000,000,005,000,000,000,000"),
    ],
)
def test_layers_with_more_weights_than_their_file_are_not_made(folder, layer, weights):
    path = cv.save_model(keras.Sequential([keras.Input((20, 1)), layer]), folder / "small.keras")
    with zipfile.ZipFile(path) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    config = re.sub(rb"(?<=[ \[])7(?=[,\]])", b"1000000000000", inside["config.json"])
    refused(packed(path, {**inside, "config.json": config}), f"its layers have {weights} weights, and it brings")


def test_models_that_hold_compiled_ones_are_loaded(folder, model):
    outer = keras.Sequential([keras.Input(model.input_shape[1:]), model])
    outer.compile(loss="mse")
    x = np.random.default_rng(0).normal(size=(2, *model.input_shape[1:]))
    loaded = cv.load_model(cv.save_model(outer, folder / "outer.keras"))
    np.testing.assert_array_equal(loaded.predict(x, verbose=0), outer.predict(x, verbose=0))


def test_weights_that_cannot_be_counted_are_refused(folder):
    model = keras.Sequential([keras.Input((20, 1), batch_size=3), L.LSTM(2, stateful=True)])
    refused(cv.save_model(model, folder / "a.keras"), "its weights cannot be counted without making them")


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        (b'"Conv1D"', b'"Conv7D"', "Conv7D"),
        (b'"filters": 4', b'"filters": -3', "filters"),
        (b'"activation": "tanh"', b'"activation": "nonsense"', "nonsense"),
    ],
)
def test_a_damaged_description_is_refused_for_its_own_reason(folder, members, old, new, reason):
    config = members["config.json"]
    assert old in config
    path = packed(folder / "a.keras", {**members, "config.json": config.replace(old, new)})
    with pytest.raises(ValueError, match=reason) as caught:
        cv.load_model(path)
    assert "counted" not in str(caught.value)


def test_arrays_that_are_larger_than_their_file_together_are_refused(folder, members):
    content = io.BytesIO(members["model.weights.h5"])
    with h5py.File(content, "a") as file:  # unwritten ones take no room
        for k in range(8):
            file.create_dataset(f"more_{k}", (len(members["model.weights.h5"]) // 8,), "f4", chunks=(64,))
    refused(packed(folder / "a.keras", {**members, "model.weights.h5": content.getvalue()}), "its weights would be")


def test_a_truncated_archive_is_refused_wherever_it_ends(folder, members):
    whole = packed(folder / "wave.keras", members)
    assert cv.load_model(whole).name == "forecaster"
    content = whole.read_bytes()
    whole.unlink()
    path = folder / "cut.keras"
    for length in {0, 1, 4, 100, len(content) // 2, len(content) - 30, len(content) - 1}:
        path.write_bytes(content[:length])
        refused(path, "must be a Keras model file")


def test_weights_that_are_cut_or_flipped_are_refused(folder, members):
    weights = members["model.weights.h5"]
    for content in (weights[: len(weights) // 2], b"", weights[:500] + bytes(200) + weights[700:]):
        refused(packed(folder / "w.keras", {**members, "model.weights.h5": content}), "must be a Keras model file")


@pytest.mark.parametrize("name", ["../climbed", "/climbed", "assets/../../climbed", "assets/words.txt", "a\\..\\b"])
def test_an_archive_with_a_path_of_its_own_is_refused(folder, members, name):
    inner = folder / "inner"
    inner.mkdir()
    refused(packed(inner / "wave.keras", {**members, name: b"!"}), "holds more than a model")
    assert os.listdir(folder) == ["inner"]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_two_members_of_one_name_are_refused(folder, members):
    path = packed(folder / "wave.keras", members)
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("config.json", members["config.json"])
    refused(path, "holds more than a model")


@pytest.mark.parametrize("claimed", [200_000_000, 3000])
@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_small_file_that_unpacks_to_a_large_one_is_refused_whatever_size_it_claims(folder, members, name, claimed):
    path = packed(folder / "bomb.keras", {**members, name: bytes(200_000_000)}, zipfile.ZIP_DEFLATED)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 200_000_000), struct.pack("<L", claimed)))
    assert path.stat().st_size < 500_000
    refused(path, "it is compressed")


@pytest.mark.parametrize("how", [{"chunks": (10**6,), "compression": "gzip"}, {"chunks": (10**6,)}, {}])
def test_weights_that_claim_to_be_larger_than_their_file_are_not_read(folder, members, how):
    """Compressed, in chunks that were never written, or in one piece that was not."""
    content = io.BytesIO(members["model.weights.h5"])
    with h5py.File(content, "r+") as file:
        name = next(name for name in ("layers/conv1d/vars/0", "layers/conv1/vars/0") if name in file)
        del file[name]
        data = file.create_dataset(name, shape=(10**9,), dtype="f4", **how)
        if how:
            data[:1000] = 1
    path = packed(folder / "bomb.keras", {**members, "model.weights.h5": content.getvalue()})
    assert path.stat().st_size < 5_000_000
    refused(path, "its weights would be 4,000,")


@pytest.mark.parametrize("config", ["", "{", "[]", "3", "null", '"a"', "[" * 100_000, '{"a":' * 100_000, "{}", b"\xff"])
def test_a_description_of_nonsense_is_refused(folder, members, config):
    refused(packed(folder / "wave.keras", {**members, "config.json": config}), "must be a Keras model file")


LOADERS = {".keras": cv.load_model, ".npz": cv.load_runs, ".npy": cv.load_series, ".csv": cv.load_series}


@pytest.mark.parametrize(("ending", "load"), LOADERS.items())
def test_a_file_above_the_limit_is_not_opened(folder, ending, load):
    path = folder / f"large{ending}"
    with path.open("wb") as file:
        file.truncate(2**31)
    refused(path, "at most 1,073,741,824 bytes.*Got .* with 2,147,483,648", load)
    refused(path, "at most 10 bytes", load, max_bytes=10)
    path.unlink()


def test_a_story_above_the_limit_is_not_opened(folder):
    (folder / "wave.json").write_bytes(b" " * 2**25)
    with pytest.raises(ValueError, match=r"at most 16,777,216 bytes.*Got .*wave\.json with 33,554,432"):
        cv.load_info(folder / "wave.keras")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[1]",
        "3",
        "null",
        "[" * 100_000,
        '{"a": NaN}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        b"\xff\xfe",
        "{'a': 1}",
        "\0",
    ],
)
def test_a_story_of_nonsense_is_refused(folder, text):
    (folder / "wave.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ValueError, match=r"`path` must have a JSON .*Got .*wave\.json"):
        cv.load_info(folder / "wave.keras")


class Trap:
    def __reduce__(self):
        return open, ("executed", "w")


@pytest.mark.parametrize("name", ["wave.npy", "wave.npz", "wave.csv", "wave.wav"])
def test_pickled_objects_are_not_unpickled(folder, name):
    for content in (pickle.dumps(Trap()), _saved(np.array([Trap(), 1.0], dtype=object))):
        (folder / name).write_bytes(content)
        refused(folder / name, "must be", cv.load_runs if name.endswith("npz") else cv.load_series)
    assert not (folder / "executed").exists()


def _saved(array):
    file = io.BytesIO()
    np.save(file, array, allow_pickle=True)
    return file.getvalue()


@pytest.fixture(scope="module")
def trainings(tmp_path_factory, windows):
    path = tmp_path_factory.mktemp("runs") / "runs.npz"
    cv.train_many([0], *windows, path, lambda seed: cv.build_model(20, 1, 2, 3, 3, seed=seed), epochs=1)
    with np.load(path) as file:
        return dict(file)


def test_a_file_of_trainings_that_brings_code_along_is_refused(folder, trainings, trap):
    path = folder / "runs.npz"
    for module, name in ((trap, "Layer"), ("keras.layers", "Lambda")):
        config = json.loads(str(trainings["architecture"]))
        config["config"]["layers"].append({"module": module, "class_name": name, "config": {}})
        np.savez(path, **{**trainings, "architecture": json.dumps(config)})
        refused(path, "it needs 'Layer' of the module|it holds a Lambda layer", cv.load_runs)
    np.savez(path, **{**trainings, "weights_0": np.array([Trap()], dtype=object)})
    refused(path, "must be a file of trainings", cv.load_runs)
    assert not (folder / "executed").exists()


def test_a_model_larger_than_its_trained_weights_is_not_made(folder, trainings):
    architecture = re.sub(r'"kernel_size": \[\d+', f'"kernel_size": [{10**12}', str(trainings["architecture"]), count=1)
    np.savez(folder / "runs.npz", **{**trainings, "architecture": architecture})
    runs = cv.load_runs(folder / "runs.npz")
    with pytest.raises(ValueError, match=r"must describe a model of the \d+ weights. Got one of 2,000,000,000,0"):
        runs.model(0)


@pytest.mark.parametrize(
    "change",
    [
        {"architecture": "[]"},
        {"architecture": "{}"},
        {"seeds": [-5]},
        {"weights_0": np.ones((1, 9))},
        {"weights_0": np.full((1, 3, 1, 2), np.nan)},
        {"loss": np.array([[np.nan, 1.0]])},
        {"val_loss": np.array([[np.inf]])},
    ],
)
def test_a_file_of_trainings_that_do_not_go_together_is_refused(folder, trainings, change):
    np.savez(folder / "runs.npz", **{**trainings, **change})
    refused(folder / "runs.npz", "must be a file of trainings", cv.load_runs)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_trainings_that_unpack_to_more_than_they_claim_are_refused(folder, method):
    path = packed(folder / "runs.npz", {"seeds.npy": bytes(100_000_000)}, method)
    path.write_bytes(path.read_bytes().replace(struct.pack("<L", 100_000_000), struct.pack("<L", 200)))
    refused(path, "compressed in another way", cv.load_runs)


def test_a_file_of_trainings_that_unpacks_to_a_large_one_is_refused(folder, trainings):
    path = folder / "runs.npz"
    np.savez_compressed(path, **{**trainings, "weights_0": np.zeros((1, 3, 1, 10**7))})
    assert path.stat().st_size < 500_000
    refused(path, "at most 100,000,000 bytes.*Got .* with 240,", cv.load_runs, max_bytes=100_000_000)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("shape", [(10**15,), (2**62,), (10**9, 10**9)])
def test_an_array_that_claims_to_be_larger_than_its_file_is_refused(folder, shape):
    content = _saved(np.zeros(4)).replace(b"(4,), }", f"{shape}, }}".encode()[:50])
    header = content[10:128].split(b"\n")[0].rstrip()
    path = folder / "wave.npy"
    path.write_bytes(content[:8] + struct.pack("<H", 118) + header.ljust(117) + b"\n" + bytes(32))
    refused(path, "must be an array of numbers", cv.load_series)


@pytest.mark.parametrize("field", ["riff", "data", "channels", "bits", "format", "rate"])
@pytest.mark.parametrize("value", [0, 1, 3, 0xFFFF])
def test_a_sound_with_a_false_header_is_refused_or_read_within_its_file(folder, field, value):
    fields = {"riff": 36 + 20, "format": 1, "channels": 1, "rate": 8000, "bits": 16, "data": 20} | {field: value}
    head = struct.pack("<4sL8sLHHLLHH", b"RIFF", fields["riff"], b"WAVEfmt ", 16, fields["format"], fields["channels"],
                       fields["rate"], 16_000, 2, fields["bits"])  # fmt: skip
    path = folder / "wave.wav"
    path.write_bytes(head + struct.pack("<4sL", b"data", fields["data"]) + np.arange(10, dtype="<i2").tobytes())
    try:
        table = cv.load_series(path)
    except ValueError as error:
        assert "`path` must" in str(error)  # noqa: PT017
    else:
        assert table.size <= 10
        assert np.isin(table.to_numpy(), np.arange(10)).all()
