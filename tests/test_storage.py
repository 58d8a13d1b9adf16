import json
import os
import warnings
import zipfile

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras


def test_a_model_comes_back_with_its_story(model, windows, tmp_path):
    x, _ = windows
    path = tmp_path / "new" / "wave.keras"
    info = {"seed": 3, "history": {"loss": [0.5, 0.25]}}
    assert cv.save_model(model, path, info=info) == path
    assert sorted(file.name for file in path.parent.iterdir()) == ["wave.json", "wave.keras"]
    again = cv.load_model(str(path))
    np.testing.assert_array_equal(again.predict(x, verbose=0), model.predict(x, verbose=0))
    story = cv.load_info(path)
    assert {name: story[name] for name in info} == info
    assert story["versions"]["keras"] == keras.__version__
    assert story["versions"]["conv1d_viz"] == cv.__version__


def test_an_existing_model_is_replaced_only_when_told_to(model, tmp_path):
    path = tmp_path / "wave.keras"
    cv.save_model(model, path, info={"run": 1})
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite"):
        cv.save_model(model, path, info={"run": 2})
    assert path.read_bytes() == before
    assert cv.load_info(path)["run"] == 1
    cv.save_model(model, path, overwrite=True, info={"run": 2})
    assert cv.load_info(path)["run"] == 2


def test_a_json_file_of_that_name_is_not_replaced_either(model, tmp_path):
    (tmp_path / "wave.json").write_text("precious")
    with pytest.raises(FileExistsError, match=r"wave\.json"):
        cv.save_model(model, tmp_path / "wave.keras")
    assert [file.read_text() for file in tmp_path.iterdir()] == ["precious"]


def test_the_model_is_moved_into_place_before_its_story(model, tmp_path, monkeypatch):
    moved = []
    replace = os.replace
    monkeypatch.setattr(os, "replace", lambda old, new: (moved.append(new.name), replace(old, new)))
    cv.save_model(model, tmp_path / "wave.keras")
    assert moved == ["wave.keras", "wave.json"]


def test_a_model_that_was_never_trained_is_loaded_without_a_warning(tmp_path):
    path = cv.save_model(cv.build_model(window=20, channels=2, kernel_size=3, head_kernel_size=3), tmp_path / "a.keras")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # TensorFlow's variables, with the first NumPy 2.
        warnings.filterwarnings("ignore", "__array__ implementation", DeprecationWarning)
        assert cv.load_model(path).compiled


def test_a_model_whose_optimizer_is_not_as_it_was_is_loaded_with_a_warning(tmp_path):
    model = keras.Sequential([keras.Input((20, 1)), keras.layers.Conv1D(1, 20, use_bias=False), keras.layers.Flatten()])
    model.compile("adam", "mse")
    cv.train(model, *cv.sliding_windows(cv.toy_series(60, period=20)[1], 20), epochs=1)
    path = cv.save_model(model, tmp_path / "a.keras")
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content.replace(b'"amsgrad": false', b'"amsgrad": true'))
    with pytest.warns(UserWarning, match="Skipping variable loading for optimizer.* has 4 variables"):
        cv.load_model(path)


@pytest.mark.parametrize("name", ["wave.keras", "wave.json"])
def test_a_folder_in_place_of_a_file_leaves_the_other_one(model, tmp_path, name):
    path = cv.save_model(model, tmp_path / "wave.keras")
    (tmp_path / name).unlink()
    (tmp_path / name).mkdir()
    before = {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()}
    with pytest.raises(IsADirectoryError, match=rf"`path` must be free for a file\. Got .*{name}"):
        cv.save_model(model, path, overwrite=True)
    assert {file: file.read_bytes() for file in tmp_path.iterdir() if file.is_file()} == before


def test_the_home_is_meant_by_a_tilde(model, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cv.save_model(model, "~/wave.keras") == tmp_path / "wave.keras"
    assert cv.load_model("~/wave.keras").name == model.name


def test_an_interrupted_save_leaves_the_old_files(model, tmp_path, monkeypatch):
    path = tmp_path / "wave.keras"
    cv.save_model(model, path, info={"run": 1})
    before = path.read_bytes()

    def stop(temporary, *_):
        temporary.write_bytes(b"half a mod")
        raise KeyboardInterrupt

    monkeypatch.setattr(model, "save", stop)
    with pytest.raises(KeyboardInterrupt):
        cv.save_model(model, path, overwrite=True, info={"run": 2})
    assert path.read_bytes() == before
    assert cv.load_info(path)["run"] == 1
    assert len(list(tmp_path.iterdir())) == 2


def test_info_that_json_cannot_hold_is_refused_before_anything_is_written(model, tmp_path):
    for info in ({"a": np.zeros(2)}, {"a": float("nan")}):
        with pytest.raises((TypeError, ValueError), match="`info`"):
            cv.save_model(model, tmp_path / "wave.keras", info=info)
    assert list(tmp_path.iterdir()) == []


def test_a_missing_model_names_the_notebook_that_makes_it(tmp_path):
    for load in (cv.load_model, cv.load_info):
        with pytest.raises(FileNotFoundError, match=r"01_train\.ipynb"):
            load(tmp_path / "none.keras")


@pytest.mark.parametrize("content", [b"", b"no model", b"PK\x05\x06" + bytes(18)])
def test_a_file_that_is_no_model_is_refused(tmp_path, content):
    path = tmp_path / "wave.keras"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"`path` must be a Keras model file\. Got .*wave\.keras"):
        cv.load_model(path)


def test_a_model_that_brings_code_along_is_refused(tmp_path):
    inputs = keras.Input((5, 1))
    model = keras.Model(inputs, keras.layers.Lambda(lambda v: v + 1)(inputs))
    model.save(tmp_path / "code.keras")
    with pytest.raises(ValueError, match="`path` must be a Keras model file"):
        cv.load_model(tmp_path / "code.keras")


@pytest.mark.parametrize("text", ["{", json.dumps([1])])
def test_a_story_that_is_none_is_refused(model, tmp_path, text):
    path = cv.save_model(model, tmp_path / "wave.keras")
    path.with_suffix(".json").write_text(text)
    with pytest.raises(ValueError, match="`path` must have a JSON"):
        cv.load_info(path)
