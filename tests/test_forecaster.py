"""The study's model, and models in the unit of a series against scaling by hand with scikit-learn."""

import random

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers


def test_the_studys_model_has_153_parameters():
    model = cv.build_model()
    assert [(layer.name, layer.count_params()) for layer in model.layers] == [
        ("conv1", 88), ("conv2", 65), ("global_max", 0)
    ]  # fmt: skip
    assert (model.count_params(), model.input_shape) == (153, (None, 100, 1))
    assert [tuple(layer.output.shape) for layer in model.layers] == [(None, 100, 8), (None, 100, 1), (None, 1)]
    assert [layer.activation.__name__ for layer in model.layers[:2]] == ["relu", "tanh"]
    assert (model.loss, type(model.optimizer).__name__) == ("mse", "Adam")


def test_every_size_reaches_the_model():
    model = cv.build_model(window=30, n_features=2, channels=5, kernel_size=30, head_kernel_size=7, horizon=4)
    assert (model.input_shape, model.output_shape) == ((None, 30, 2), (None, 4))
    assert [w.shape for w in model.get_weights()] == [(30, 2, 5), (5,), (7, 5, 4), (4,)]
    for name in ("kernel_size", "head_kernel_size"):
        with pytest.raises(ValueError, match=rf"`{name}` must be at most the window, 20 samples\. Got 21"):
            cv.build_model(20, **{name: 21})


def test_the_seed_fixes_the_weights_and_no_global_generator_is_touched():
    states = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    first, again, other, free = (cv.build_model(seed=s).get_weights() for s in (3, 3, 4, None))
    assert states == (random.getstate(), np.random.get_state()[1].tolist())  # noqa: NPY002
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert not np.array_equal(first[0], other[0])
    assert not np.array_equal(first[0], free[0])
    limit = np.sqrt(6 / (10 + 80))  # Glorot and Bengio (2010)
    assert 0.8 * limit < np.abs(first[0]).max() <= limit


def test_activations_and_forecasts_are_those_of_scaling_by_hand():
    series = np.random.default_rng(0).uniform([-300, 10, 4], [500, 20, 4], (80, 3))
    model = cv.build_model(20, 3, 4, 5, 3, horizon=2, seed=0)
    rng = np.random.default_rng(1)  # other weights than a clone would draw again
    model.set_weights([rng.normal(0, 0.3, weight.shape) for weight in model.get_weights()])
    scaler = MinMaxScaler((-0.9, 0.9)).fit(series[:50])
    own = cv.with_scaling(model, scaler.data_min_, scaler.data_max_)
    x, x_scaled = (cv.sliding_windows(values, 20)[0] for values in (series, scaler.transform(series)))
    acts = [cv.layer_activations(m, windows, "conv1") for m, windows in ((own, x), (model, x_scaled))]
    np.testing.assert_allclose(*acts, atol=1e-5)
    forecast = (model.predict(x_scaled, verbose=0) - scaler.min_[0]) / scaler.scale_[0]
    np.testing.assert_allclose(own.predict(x, verbose=0), forecast, rtol=1e-5, atol=1e-3)
    assert [layer.name for layer in own.layers] == ["to_scale", "conv1", "conv2", "global_max", "to_unit"]
    before = [weight.copy() for weight in model.get_weights()]
    own.set_weights([weight + 1 for weight in own.get_weights()])
    assert all((weight == kept).all() for weight, kept in zip(model.get_weights(), before, strict=True))


def test_functional_models_and_what_a_layer_derives_from_its_weights():
    inputs = keras.Input((None, 1))
    outputs = L.GlobalMaxPooling1D()(L.Conv1D(1, 3, name="conv")(inputs))
    own = cv.with_scaling(keras.Model(inputs, outputs, name="yours"), 0, 100)
    assert cv.layer_activations(own, np.ones((2, 9, 1)), "yours/conv").shape == (2, 7, 1)

    windows = np.random.default_rng(2).uniform(-0.9, 0.9, (9, 20, 1))
    normalize = L.Normalization()
    normalize.adapt(7 * windows + 3)
    model = keras.Sequential([keras.Input((20, 1)), normalize, L.Conv1D(1, 5), L.Flatten()])
    scaled = cv.with_scaling(model, -0.9, 0.9).predict(windows, verbose=0)
    np.testing.assert_allclose(scaled, model.predict(windows, verbose=0), rtol=1e-4, atol=1e-5)


def test_limits_that_do_not_fit_are_refused():
    model = cv.build_model(20, 3)
    for minimum, maximum, match in [
        (0, 1, r"`minimum` must have 3 values, one per feature\. Got 1"),
        ([0, 0, -1e36], [1, 1, 1e39], r"`minimum` and `maximum` must lie apart"),
        ([0, 0, 1e6], [1, 1, 1e6 + 1], r"`minimum` and `maximum` must lie apart by at least a ten-thousandth"),
    ]:
        with pytest.raises(ValueError, match=match):
            cv.with_scaling(model, minimum, maximum)
    flat = keras.Sequential([keras.Input((20,)), L.Dense(1)])
    with pytest.raises(ValueError, match=r"`model` must take windows of \(window, step, feature\)\. Got"):
        cv.with_scaling(flat, 0, 1)
