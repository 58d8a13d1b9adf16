import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def test_the_studys_model_has_153_parameters():
    model = cv.build_model()
    assert [layer.name for layer in model.layers] == ["conv1", "conv2", "global_max"]
    assert [layer.count_params() for layer in model.layers] == [88, 65, 0]
    assert model.count_params() == 153
    assert model.input_shape == (None, 100, 1)
    assert [tuple(layer.output.shape) for layer in model.layers] == [(None, 100, 8), (None, 100, 1), (None, 1)]
    assert [layer.activation.__name__ for layer in model.layers[:2]] == ["relu", "tanh"]
    assert (model.loss, type(model.optimizer).__name__) == ("mse", "Adam")
    assert float(model.optimizer.learning_rate) == pytest.approx(0.001)


def test_every_size_reaches_the_model():
    model = cv.build_model(window=30, n_features=2, channels=5, kernel_size=3, head_kernel_size=7, horizon=4)
    assert model.input_shape == (None, 30, 2)
    assert model.output_shape == (None, 4)
    assert [w.shape for w in model.get_weights()] == [(3, 2, 5), (5,), (7, 5, 4), (4,)]


def test_the_seed_fixes_the_weights_and_no_global_generator_is_touched():
    import random

    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first, again, other, free = (cv.build_model(seed=s).get_weights() for s in (3, 3, 4, None))
    assert states == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], free[0])
    limit = np.sqrt(6 / (10 + 80))  # Glorot and Bengio (2010)
    assert 0.8 * limit < np.abs(first[0]).max() <= limit


def data(n=200, window=20):
    _, wave = cv.toy_series(n + window, period=window)
    return cv.sliding_windows(wave, window)


def test_training_equals_plain_keras_and_repeats_to_the_bit():
    x, y = data()
    histories, weights = [], []
    for _ in range(2):
        model = cv.build_model(window=20, seed=5)
        histories.append(cv.train(model, x, y, epochs=4, seed=6))
        weights.append(model.get_weights())
    assert histories[0] == histories[1]
    assert all((a == b).all() for a, b in zip(*weights, strict=True))

    plain = cv.build_model(window=20, seed=5)
    plain.compile(loss="mse", optimizer="adam")
    keras.utils.set_random_seed(6)
    fitted = plain.fit(np.array(x), np.array(y), epochs=4, validation_split=0.1, verbose=0)
    # torch draws the order of later epochs from a generator that Keras' own validation uses too.
    same = 1 if keras.backend.backend() == "torch" else 4
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(histories[0][name][:same], fitted.history[name][:same], rtol=1e-5)


def test_training_stops_early_and_keeps_the_best_weights():
    x, y = data()
    model = cv.build_model(window=20, seed=0)
    model.optimizer.learning_rate = 0.3  # too fast, so that the loss goes up again
    history = cv.train(model, x, y, epochs=50, patience=3)
    best = int(np.argmin(history["val_loss"]))
    assert len(history["loss"]) == len(history["val_loss"]) == best + 1 + 3 < 50
    assert model.evaluate(x[180:], y[180:], verbose=0) == pytest.approx(history["val_loss"][best], rel=1e-4)


def test_the_best_weights_are_kept_at_the_last_epoch_too():
    x, y = data()
    model = cv.build_model(window=20, seed=0)
    model.optimizer.learning_rate = 0.3
    history = cv.train(model, x, y, epochs=6, patience=50)
    assert len(history["loss"]) == 6
    assert model.evaluate(x[180:], y[180:], verbose=0) == pytest.approx(min(history["val_loss"]), rel=1e-4)


def test_reports_bound_the_validation_loss():
    x, y = data()
    lines = []
    history = cv.train(cv.build_model(window=20, seed=1), x, y, epochs=25, report=lines.append)
    epochs = [*range(3, 25, 3), 25]
    assert len(lines) == len(epochs)
    for epoch, line in zip(epochs, lines, strict=True):
        assert line.startswith(f"epoch {epoch:2d} of 25: ")
        bound = float(line.split()[-1])
        assert bound / 10 <= history["val_loss"][epoch - 1] <= bound


def test_layer_rows_describe_the_model():
    assert cv.layer_rows(cv.build_model()) == [
        ("input", "", (100, 1), 0),
        ("conv1", "Conv1D, 8 filters of 10, relu", (100, 8), 88),
        ("conv2", "Conv1D, 1 filter of 8, tanh", (100, 1), 65),
        ("global_max", "GlobalMaxPooling1D", (1,), 0),
    ]


def test_layer_rows_of_a_functional_model_are_those_of_a_sequential_one():
    kinds = [L.Conv1D(3, 5, name="conv"), L.GlobalMaxPooling1D(name="max"), L.Dense(2, name="out")]
    inputs = h = keras.Input((20, 2), name="series")
    for layer in kinds:
        h = layer(h)
    expected = cv.layer_rows(keras.Sequential([keras.Input((20, 2)), *kinds]))
    assert cv.layer_rows(keras.Model(inputs, h)) == expected
    assert [row[0] for row in expected] == ["input", "conv", "max", "out"]


def test_a_training_that_diverges_says_so():
    x, y = data()
    model = cv.build_model(window=20, seed=0)
    model.compile(optimizer=keras.optimizers.SGD(1e30), loss="mse")
    model.layers[1].activation = keras.activations.linear
    with pytest.raises(FloatingPointError, match=r"training of `model` diverged in epoch \d: loss"):
        cv.train(model, x, y, epochs=5)
    assert all(np.isfinite(weights).all() for weights in model.get_weights())


def test_a_training_that_diverges_later_leaves_its_best_weights():
    x, y = data()
    model = cv.build_model(window=20, seed=0)
    rates = keras.optimizers.schedules.PiecewiseConstantDecay([3 * (-(-int(len(x) * 0.9) // 32))], [1e-2, 1e35])
    model.compile(optimizer=keras.optimizers.SGD(rates), loss="mse")
    model.layers[1].activation = keras.activations.linear
    with pytest.raises(FloatingPointError, match=r"diverged in epoch [45]:") as caught:
        cv.train(model, x, y, epochs=9)
    losses = model.history.history["val_loss"]
    assert f"those of epoch {1 + int(np.argmin(losses))} with" in caught.value.__notes__[0]
    assert np.isfinite(cv.predict_ablated(model, x, "conv1", ())).all()


def test_a_perfect_forecast_is_reported_without_a_logarithm():
    inputs = keras.Input((20, 1))
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(inputs))
    model.compile(loss="mse")
    lines = []
    cv.train(model, np.ones((40, 20, 1)), np.ones((40, 1)), epochs=1, report=lines.append)
    assert lines == ["epoch 1 of 1: validation loss at most 0"]


def test_validation_in_chunks_scores_all_windows(request):
    x, y = data(203)
    whole = cv.train(cv.build_model(window=20, seed=1), x, y, epochs=3)
    request.getfixturevalue("little_memory")
    model = cv.build_model(window=20, seed=1)
    parts = cv.train(model, x, y, epochs=3)
    np.testing.assert_allclose(parts["val_loss"], whole["val_loss"], rtol=1e-5)
    n_train = int(0.9 * 203)
    assert min(parts["val_loss"]) == pytest.approx(model.evaluate(x[n_train:], y[n_train:], verbose=0), rel=1e-4)


def test_rows_of_a_layer_whose_activation_is_a_layer():
    model = keras.Sequential([keras.Input((9, 1)), L.Conv1D(3, 3, activation=L.PReLU()), L.GlobalMaxPooling1D()])
    assert cv.layer_rows(model)[1][1] == "Conv1D, 3 filters of 3, PReLU"
