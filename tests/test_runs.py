"""Many trainings in one file: taken up where they stopped, whatever trains them."""

import json
from pathlib import Path

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

MODELS = Path(__file__).parent.parent / "models"


def small(seed, channels=2, rate=0.001, activation=None):
    model = cv.build_model(20, 1, channels, 3, 3, seed=seed)
    model.layers[0].activation = keras.activations.get(activation or "relu")
    model.compile(keras.optimizers.Adam(rate), "mse", run_eagerly=True)  # quick to compile
    return model


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new" / "runs.npz"


def test_each_run_is_what_training_with_its_seed_alone_gives_and_is_not_trained_again(windows, path):
    built = []

    def build(seed):
        built.append(seed)
        return small(seed, rate=0.0 if seed == 1 else 0.001)  # where nothing gets better, training stops early

    runs = cv.train_many([4, 1], *windows, path, build, epochs=3, patience=1)
    assert runs.seeds == [4, 1]
    assert [len(history["val_loss"]) for history in runs.histories] == [3, 2]
    model = small(4)
    assert cv.train(model, *windows, epochs=3, patience=1, seed=4) == runs.histories[0]
    assert all((a == b).all() for a, b in zip(runs.weights[0], model.get_weights(), strict=True))
    np.testing.assert_allclose(runs.model(0).predict(windows[0]), model.predict(windows[0]), atol=1e-6)
    before = path.read_bytes()
    built.clear()
    assert cv.train_many([1, 4], *windows, path, build, epochs=3, patience=1).histories == runs.histories[::-1]
    assert (built, path.read_bytes()) == ([1], before)  # a model to compare with what the file holds
    assert cv.load_runs(path).seeds == [1, 4]
    assert {file.name for file in path.parent.iterdir()} <= {"runs.npz", ".runs.npz.lock"}


def test_the_committed_trainings_are_read_and_none_is_trained_again(tmp_path):
    copy = tmp_path / "sine_seeds.npz"
    copy.write_bytes((MODELS / copy.name).read_bytes())
    x, y = cv.sliding_windows(cv.toy_series(10_000)[1], 100)
    assert cv.train_many(range(32), x[:8000], y[:8000], copy).seeds == list(range(32))
    assert copy.read_bytes() == (MODELS / copy.name).read_bytes()


def test_an_interrupted_call_keeps_what_was_done_and_is_taken_up(windows, path):
    def interrupted(seed):
        if seed == 2:
            raise KeyboardInterrupt
        return small(seed)

    with pytest.raises(KeyboardInterrupt, match=r"done are in .*runs\.npz; the same call trains the others"):
        cv.train_many(range(4), *windows, path, interrupted, epochs=1)
    assert cv.load_runs(path).seeds == [0, 1]
    assert cv.train_many(range(4), *windows, path, small, epochs=1).seeds == [0, 1, 2, 3]


def test_a_seed_that_diverges_does_not_end_the_others(windows, path):
    def build(seed):
        model = keras.Sequential([keras.Input((20, 1)), keras.layers.Conv1D(1, 20), keras.layers.Flatten()])
        model.compile(keras.optimizers.SGD(1e30 if seed == 0 else 1e-3), "mse", run_eagerly=True)
        return model  # whose layers Keras numbers through

    with pytest.raises(FloatingPointError, match=r"1 of `seeds` failed, \[0\]; seed 0: .*diverged"):
        cv.train_many([0, 1], *windows, path, build, epochs=2)
    assert cv.load_runs(path).seeds == [1]


def test_a_file_of_other_trainings_is_left_alone(windows, path):
    x, y = windows
    cv.train_many([0], x, y, path, small, epochs=2)
    cv.train_many([0], x.astype(np.float32), y.astype(np.float32), path, small, epochs=2)  # the same in other digits
    before = path.read_bytes()
    for args, epochs, match in [
        ((x, y, path, small), 3, "whose epochs are 2 and not 3"),
        ((x[:30], y[:30], path, small), 2, r"whose windows are \[40, 20, 1\] and not \[30, 20, 1\]"),
        ((x[::-1], y[::-1], path, small), 2, "whose data are"),
        ((x, y, path, lambda seed: small(seed, 3)), 2, "whose weights are"),
        ((x, y, path, lambda seed: small(seed, activation="elu")), 2, "whose model is another"),
    ]:
        with pytest.raises(ValueError, match=f"`path` must be new, or hold trainings of the same .*{match}"):
            cv.train_many([1], *args, epochs)
    assert path.read_bytes() == before


def test_what_could_not_be_kept_is_refused_before_any_training(windows, tmp_path):
    def code(seed):
        model = keras.Sequential([keras.Input((20, 1)), keras.layers.Lambda(lambda x: x), *small(seed).layers])
        model.compile("adam", "mse")
        return model

    with pytest.raises(ValueError, match="Lambda"):
        cv.train_many([0], *windows, tmp_path / "runs.npz", code, epochs=1)
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="file"):
        cv.train_many([0], *windows, tmp_path / "file" / "runs.npz", small, epochs=1)
    bare = keras.Sequential([keras.Input((20, 1)), keras.layers.Flatten(), keras.layers.Dense(1)])
    for build in (lambda _: bare, str):
        with pytest.raises(TypeError, match="`build` must return a Keras model with a loss"):
            cv.train_many([0], *windows, tmp_path / "runs.npz", build)
    assert [file.name for file in tmp_path.iterdir()] == ["file"]


def test_files_of_something_else_or_of_harm_are_refused(windows, path):
    cv.train_many([0], *windows, path, small, epochs=1)
    with np.load(path) as file:
        whole = dict(file)
    foreign = json.loads(str(whole["architecture"]))
    foreign["config"]["layers"].append({"module": "os", "class_name": "system", "config": {"command": "false"}})
    for change in [
        {"seeds": np.array([{}], dtype=object)},  # pickled
        {"seeds": [0, 0]},
        {"architecture": json.dumps(foreign)},
        {"architecture": str(whole["architecture"]).replace('"filters": 2', '"filters": 200000000')},
        {"weights_0": np.zeros((1, 3, 1, 10**7))},
        {"settings": "[]"},
    ]:
        np.savez_compressed(path, **{**whole, **change})
        with pytest.raises(ValueError, match=r"`path` must be a file of trainings\. Got .*which is none"):
            cv.load_runs(path, max_bytes=10**8)
