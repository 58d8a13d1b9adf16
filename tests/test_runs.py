"""Many trainings in one file: taken up where they stopped, whatever trains them."""

import contextlib

import joblib
import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network import many as module
from conv1d_viz.network.backend import keras


def small(seed):
    return cv.build_model(20, 1, 2, 3, 3, seed=seed)


def wide(seed):
    return cv.build_model(20, 1, 3, 3, 3, seed=seed)


@pytest.fixture
def trained(monkeypatch):
    """The seeds that were trained in this process."""
    seen = []

    def noted(model, x, y, epochs, patience, split, seed, call=module.train):
        seen.append(seed)
        return call(model, x, y, epochs, patience, split, seed)

    monkeypatch.setattr(module, "train", noted)
    return seen


def test_each_run_is_what_training_with_its_seed_alone_gives(windows, tmp_path):
    x, y = windows
    runs = cv.train_many([4, 1], x, y, tmp_path / "runs.npz", small, epochs=3, patience=1)
    assert runs.seeds == [4, 1]
    for k, seed in enumerate(runs.seeds):
        model = small(seed)
        history = cv.train(model, x, y, epochs=3, patience=1, seed=seed)
        assert runs.histories[k] == history
        assert all((a == b).all() for a, b in zip(runs.weights[k], model.get_weights(), strict=True))
        np.testing.assert_allclose(runs.model(k).predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
    assert not np.allclose(runs.weights[0][0], runs.weights[1][0])


def test_what_was_done_is_read_and_not_trained_again(windows, tmp_path, trained):
    x, y = windows
    path = tmp_path / "runs.npz"
    first = cv.train_many([0, 2], x, y, path, small, epochs=2)
    more = cv.train_many([2, 1, 0], x, y, path, small, epochs=2)
    assert trained == [0, 2, 1]
    assert more.seeds == [2, 1, 0]
    assert more.histories[0] == first.histories[1]
    assert cv.load_runs(path).seeds == [0, 1, 2]
    before = path.read_bytes()
    cv.train_many([1], x, y, path, small, epochs=2)
    assert path.read_bytes() == before
    path.unlink()
    cv.train_many([1, 2, 0], x, y, path, small, epochs=2)
    assert path.read_bytes() == before  # in whatever order they were trained


def test_an_uncompiled_model_is_that_of_build(windows, tmp_path):
    bare = keras.Sequential([keras.Input((20, 1)), keras.layers.Conv1D(1, 20), keras.layers.Flatten()])
    with pytest.raises(ValueError, match=r"`build` must return a compiled model\. Got"):
        cv.train_many([0], *windows, tmp_path / "runs.npz", lambda _: bare)


def test_an_interrupted_call_keeps_what_was_done_and_is_taken_up(windows, tmp_path, trained):
    x, y = windows
    path = tmp_path / "runs.npz"

    def interrupted(seed):
        if seed == 2:
            raise KeyboardInterrupt
        return small(seed)

    with pytest.raises(KeyboardInterrupt, match=r"done are in .*runs\.npz; the same call trains the others"):
        cv.train_many(range(4), x, y, path, interrupted, epochs=2)
    assert cv.load_runs(path).seeds == [0, 1]
    assert [p.name for p in tmp_path.iterdir()] == ["runs.npz"]
    assert cv.train_many(range(4), x, y, path, small, epochs=2).seeds == [0, 1, 2, 3]
    assert trained == [0, 1, 2, 3]


@pytest.mark.parametrize("place", ["file/runs.npz", "file/a/runs.npz", "folder.npz"])
def test_where_nothing_can_be_written_nothing_is_trained(windows, tmp_path, trained, place):
    (tmp_path / "file").write_text("a file", encoding="utf-8")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(OSError, match=place.partition("/")[0]) as caught:
        cv.train_many([0], *windows, tmp_path / place, small, epochs=1)
    assert place in " ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert trained == []
    assert sorted(file.name for file in tmp_path.iterdir()) == ["file", "folder.npz"]


def test_a_seed_that_diverges_does_not_end_the_others(windows, tmp_path):
    x, y = windows
    path = tmp_path / "runs.npz"

    def build(seed):
        model = keras.Sequential([keras.Input((20, 1)), keras.layers.Conv1D(1, 20), keras.layers.Flatten()])
        model.compile(keras.optimizers.SGD(1e30 if seed in (0, 2) else 1e-3), "mse")
        return model

    with pytest.raises(FloatingPointError, match=r"2 of `seeds` failed, \[0, 2\]; seed 0: .*diverged"):
        cv.train_many(range(4), x, y, path, build, epochs=2)
    assert cv.load_runs(path).seeds == [1, 3]


def test_trainings_that_stop_early_have_shorter_histories(windows, tmp_path):
    x, y = windows
    path = tmp_path / "runs.npz"

    def build(seed):
        model = small(seed)
        if seed == 1:
            model.optimizer.learning_rate = 0.0  # nothing gets better
        return model

    runs = cv.train_many([0, 1], x, y, path, build, epochs=5, patience=1)
    lengths = [len(history["val_loss"]) for history in runs.histories]
    assert lengths[1] == 2 < lengths[0]
    assert cv.load_runs(path).histories == runs.histories


def test_a_model_for_the_shapes_of_the_windows_is_built_by_default(tmp_path):
    series = np.random.default_rng(0).uniform(-0.5, 0.5, (60, 2))
    x, y = cv.sliding_windows(series, 12, horizon=3)
    runs = cv.train_many([5], x, y, tmp_path / "runs.npz", epochs=1)
    model = runs.model(0)
    assert (model.input_shape, model.output_shape, model.get_layer("conv1").filters) == ((None, 12, 2), (None, 3), 8)


@pytest.mark.parametrize("backend", ["threading", "loky"])
def test_workers_give_the_same(windows, tmp_path, backend):
    x, y = windows
    alone = cv.train_many(range(3), x, y, tmp_path / "alone.npz", small, epochs=2)
    with joblib.parallel_config(backend=backend, n_jobs=2):
        shared = cv.train_many(range(3), x, y, tmp_path / "shared.npz", small, epochs=2)
    for a, b in zip(alone.weights, shared.weights, strict=True):
        np.testing.assert_allclose(a[0], b[0], atol=1e-6)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"epochs": 3}, "whose epochs are 2 and not 3"),
        ({"patience": 1}, "whose patience are 5 and not 1"),
        ({"validation_split": 0.3}, "whose validation_split are 0.1 and not 0.3"),
        ({"x": slice(30)}, r"whose windows are \[40, 20, 1\] and not \[30, 20, 1\]"),
        ({"x": -1}, "whose data are"),
        ({"build": wide}, "whose weights are"),
    ],
)
def test_a_file_of_other_trainings_is_left_alone(windows, tmp_path, change, match):
    x, y = windows
    path = tmp_path / "runs.npz"
    options = {"build": small, "epochs": 2}
    cv.train_many([0], x, y, path, **options)
    before = path.read_bytes()
    rows = change.get("x", slice(None))
    x, y = (x[rows], y[rows]) if isinstance(rows, slice) else (x * rows, y)
    options |= {name: value for name, value in change.items() if name != "x"}
    with pytest.raises(ValueError, match=f"`path` must be new, or hold trainings of the same .*{match}"):
        cv.train_many([1], x, y, path, **options)
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("seeds", "error", "match"),
    [
        ([], ValueError, r"`seeds` must be at least one seed, each of them once\. Got \[\]"),
        ([1, 1], ValueError, r"`seeds` must be .*Got \[1, 1\]"),
        ([0.5], TypeError, r"`seeds` must be an integer\. Got 0\.5"),
        ([-1], ValueError, r"`seeds` must be at least 0\. Got -1"),
        ([0, 2**32], ValueError, r"`seeds` must be below 2\*\*32\. Got 4294967296"),
        (3, TypeError, r"`seeds` must be an iterable of integers\. Got 3"),
    ],
)
def test_bad_seeds(windows, tmp_path, seeds, error, match):
    with pytest.raises(error, match=match):
        cv.train_many(seeds, *windows, tmp_path / "runs.npz", small)


def test_other_bad_input_writes_nothing(windows, tmp_path):
    x, y = windows
    path = tmp_path / "runs.npz"
    for error, match, call in [
        (ValueError, r"`path` must end in \.npz", lambda: cv.train_many([0], x, y, tmp_path / "runs.keras")),
        (ValueError, r"`x` must have the shape", lambda: cv.train_many([0], x[0], y, path)),
        (ValueError, r"`y` must have the shape", lambda: cv.train_many([0], x, y[:5], path, small)),
        (ValueError, r"`epochs` must be at least 1", lambda: cv.train_many([0], x, y, path, small, epochs=0)),
        (ValueError, r"`validation_split` must", lambda: cv.train_many([0], x, y, path, small, validation_split=2)),
        (TypeError, r"`build` must return a Keras model", lambda: cv.train_many([0], x, y, path, lambda seed: seed)),
        (TypeError, r"`build` must be a function", lambda: cv.train_many([0], x, y, path, 5)),
    ]:
        with pytest.raises(error, match=match):
            call()
    assert not list(tmp_path.iterdir())


def test_models_of_another_kind_for_another_seed_are_refused_and_the_others_kept(windows, tmp_path):
    def build(seed):
        return cv.build_model(20, 1, 2 + seed, 3, 3, seed=seed)

    with pytest.raises(ValueError, match=r"`build` must return the same model for all seeds\. Got .* seed 1"):
        cv.train_many([0, 1], *windows, tmp_path / "runs.npz", build, epochs=1)
    assert cv.load_runs(tmp_path / "runs.npz").seeds == [0]


def test_another_activation_is_another_model_and_other_names_are_not(windows, tmp_path):
    def build(_seed, activation="relu"):
        layers = [keras.Input((20, 1)), keras.layers.Conv1D(2, 3, activation=activation)]
        model = keras.Sequential([*layers, keras.layers.GlobalMaxPooling1D(), keras.layers.Dense(1)])
        model.compile("adam", "mse")
        return model

    path = tmp_path / "runs.npz"
    cv.train_many([0, 1], *windows, path, build, epochs=1)  # whose layers Keras numbers through
    assert cv.train_many([2], *windows, path, build, epochs=1).seeds == [2]
    with pytest.raises(ValueError, match=r"`path` must be new, or hold trainings of the model that `build` returns"):
        cv.train_many([3], *windows, path, lambda seed: build(seed, "tanh"), epochs=1)


def test_models_that_could_not_be_read_back_are_refused_before_any_training(windows, tmp_path, trained):
    def half(seed):
        model = small(seed)
        return keras.models.clone_model(
            model, clone_function=lambda layer: layer.__class__.from_config(layer.get_config() | {"dtype": "bfloat16"})
        )

    def own(seed):
        model = keras.Sequential([keras.Input((20, 1)), keras.layers.Lambda(lambda x: x), *small(seed).layers])
        model.compile("adam", "mse")
        return model

    for build in (half, own):
        with pytest.raises(ValueError, match=r"`build` must return a model (whose weights NumPy|that Keras can build)"):
            cv.train_many([0], *windows, tmp_path / "runs.npz", build, epochs=1)
    assert trained == []
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    "other", [lambda x, y: (x, y[::-1]), lambda x, y: (1.01 * x, y), lambda x, y: (x[::-1], y), lambda x, y: (x, -y)]
)
def test_other_data_are_told_apart_and_other_precisions_are_not(windows, tmp_path, other):
    x, y = windows
    for scale in (1e-8, 1.0, 200.0):
        path = tmp_path / f"{scale}.npz"
        cv.train_many([0], scale * x, scale * y, path, small, epochs=1)
        cv.train_many([0], (scale * x).astype(np.float32), (scale * y).astype(np.float32), path, small, epochs=1)
        with pytest.raises(ValueError, match="whose data are"):
            cv.train_many([0], *(scale * part for part in other(x, y)), path, small, epochs=1)


def test_a_damaged_file_is_refused_wherever_the_damage_is(windows, tmp_path):
    path = tmp_path / "runs.npz"
    cv.train_many([0], *windows, path, small, epochs=1)
    whole = path.read_bytes()
    path.write_bytes(b"")
    with pytest.raises(ValueError, match=r"`path` must be a file of trainings"):
        cv.load_runs(path)
    for place in range(0, len(whole), 7):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 0xFF]) + whole[place + 1 :])
        with contextlib.suppress(ValueError):  # and nothing else; some bytes do not matter
            cv.load_runs(path)


def test_progress_is_shown_for_what_is_trained(windows, tmp_path, capsys):
    cv.train_many([0, 1], *windows, tmp_path / "runs.npz", small, epochs=1, progress=True)
    assert "2/2" in capsys.readouterr().err
    cv.train_many([0, 1], *windows, tmp_path / "runs.npz", small, epochs=1, progress=True)
    assert capsys.readouterr().err == ""


def test_a_file_of_something_else(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"`path` must be a file.*`train_many` makes such files"):
        cv.load_runs(tmp_path / "none.npz")
    other = tmp_path / "other.npz"
    np.savez(other, a=np.ones(3))
    text = tmp_path / "text.npz"
    text.write_text("no archive")
    pickled = tmp_path / "pickled.npz"
    np.savez(pickled, seeds=np.array([{}], dtype=object))
    for path in (other, text, pickled):
        with pytest.raises(ValueError, match=r"`path` must be a file of trainings\. Got .*which is none"):
            cv.load_runs(path)
