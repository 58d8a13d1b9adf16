"""Training: as plain Keras, stopped early, and ended with the best weights however it ends."""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras


def data(n=200, window=20):
    _, wave = cv.toy_series(n + window, period=window)
    return cv.sliding_windows(wave, window)


def eager(rate=0.001, seed=3):
    """A small model that is quick to compile."""
    model = cv.build_model(20, 1, 2, 3, 3, seed=seed)
    model.compile(keras.optimizers.Adam(rate), "mse", run_eagerly=True)
    return model


def test_training_equals_plain_keras_and_repeats_to_the_bit():
    x, y = data()
    models = [cv.build_model(window=20, seed=5) for _ in range(2)]
    histories = [cv.train(model, x, y, epochs=4, seed=6) for model in models]
    assert histories[0] == histories[1]
    assert all((a == b).all() for a, b in zip(*(model.get_weights() for model in models), strict=True))
    plain = cv.build_model(window=20, seed=5)
    plain.compile(loss="mse", optimizer="adam")
    keras.utils.set_random_seed(6)
    fitted = plain.fit(np.array(x), np.array(y), epochs=4, validation_split=0.1, verbose=0)
    # torch draws the order of later epochs from a generator that Keras' own validation uses too.
    same = 1 if keras.backend.backend() == "torch" else 4
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(histories[0][name][:same], fitted.history[name][:same], rtol=1e-5)


@pytest.mark.parametrize(
    ("units", "loss", "y"),
    [(3, "sparse_categorical_crossentropy", np.arange(40) % 3), (1, "mse", np.linspace(-1, 1, 40))],
)
def test_targets_without_their_last_axis_are_taken_as_keras_takes_them(windows, units, loss, y, tmp_path):
    def build(seed):
        keras.utils.set_random_seed(seed)
        layers = [
            keras.Input((20, 1)),
            keras.layers.Flatten(),
            keras.layers.Dense(units, "softmax" if units > 1 else None),
        ]
        model = keras.Sequential(layers)
        model.compile("adam", loss, run_eagerly=True)
        return model

    x, _ = windows
    plain = build(4)
    keras.utils.set_random_seed(4)
    fitted = plain.fit(np.array(x), y, epochs=1, validation_split=0.1, verbose=0).history
    history = cv.train(build(4), x, y, epochs=1, seed=4)
    assert cv.train_many([4], x, y, tmp_path / "runs.npz", build, epochs=1).histories == [history]
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(history[name], fitted[name], rtol=1e-5)


@pytest.mark.parametrize(("epochs", "patience"), [(30, 2), (30, 0), (6, 50)])
def test_training_stops_early_and_keeps_the_best_weights(epochs, patience):
    x, y = data()
    model = eager(0.3)  # so that its loss soon goes up again
    history = cv.train(model, x, y, epochs=epochs, patience=patience)
    best = int(np.argmin(history["val_loss"]))
    expected = min(best + 1 + max(patience, 1), epochs)
    assert len(history["loss"]) == len(history["val_loss"]) == expected
    assert model.evaluate(x[180:], y[180:], verbose=0) == pytest.approx(history["val_loss"][best], rel=1e-4)


def test_validation_in_chunks_scores_all_windows(request):
    x, y = data(203)
    whole = cv.train(eager(), x, y, epochs=2, validation_split=0.5)
    request.getfixturevalue("little_memory")
    parts = cv.train(eager(), x, y, epochs=2, validation_split=0.5)
    np.testing.assert_allclose(parts["val_loss"], whole["val_loss"], rtol=1e-5)


def test_reports_bound_the_validation_loss():
    lines: list[str] = []
    history = cv.train(eager(), *data(40), epochs=25, patience=25, report=lines.append)
    for epoch, line in zip([*range(3, 25, 3), 25], lines, strict=True):
        assert line.startswith(f"epoch {epoch:2d} of 25: ")
        bound = float(line.split()[-1])
        assert bound / 10 <= history["val_loss"][epoch - 1] <= bound
    inputs = keras.Input((20, 1))
    perfect = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(inputs))
    perfect.compile("sgd", "mse", run_eagerly=True)
    cv.train(perfect, np.ones((40, 20, 1)), np.ones((40, 1)), epochs=1, report=lines.append)
    assert lines[-1] == "epoch 1 of 1: validation loss at most 0"


@pytest.mark.parametrize("split", [1e-20, 0.999, 1.5])
def test_sizes_that_leave_nothing_are_refused_before_any_work(windows, split):
    with pytest.raises(ValueError, match=r"`validation_split` must be a share .* Got \S+ of 40 windows"):
        cv.train(eager(), *windows, validation_split=split)


@pytest.mark.parametrize("later", [False, True])
def test_a_training_that_diverges_says_so_and_leaves_its_best_weights(later):
    x, y = data()
    model = cv.build_model(window=20, seed=0)
    rate = keras.optimizers.schedules.PiecewiseConstantDecay([18], [1e-2, 1e35]) if later else 1e30
    model.compile(keras.optimizers.SGD(rate), "mse", run_eagerly=True)
    model.layers[1].activation = keras.activations.linear
    with pytest.raises(FloatingPointError, match=r"training of `model` diverged in epoch \d: loss") as caught:
        cv.train(model, x, y, epochs=9)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())
    losses = (model.history.history if later else {}).get("val_loss", [])
    said = f"those of epoch {1 + int(np.argmin(losses))} with" if later else "in its first epoch"
    assert said in caught.value.__notes__[0]


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_a_report_that_ends_a_training_leaves_the_best_weights_and_all_losses(windows, error):
    model, weights = eager(), []

    def report(_):
        weights.append(model.get_weights())
        if len(weights) == 3:
            raise error("enough")

    with pytest.raises(error) as caught:
        cv.train(model, *windows, epochs=10, report=report)
    losses = model.history.history["val_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == 3
    said = " ".join([str(caught.value), *getattr(caught.value, "__notes__", [])])
    assert f"of epoch {best + 1} with a validation loss of {losses[best]:.3g}." in said
    assert all((a == b).all() for a, b in zip(model.get_weights(), weights[best], strict=True))
