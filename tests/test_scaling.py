"""A model of a scaled series on the series itself, against scaling by hand with scikit-learn."""

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler

import conv1d_viz as cv
from conv1d_viz.network.backend import keras


@pytest.fixture(scope="module")
def series():
    return np.random.default_rng(0).uniform([-300, 10, 4], [500, 20, 4], (80, 3))


@pytest.fixture(scope="module")
def both(series):
    model = cv.build_model(20, 3, 4, 5, 3, horizon=2, seed=0)
    rng = np.random.default_rng(1)  # other weights than a clone would draw again
    model.set_weights([rng.normal(0, 0.3, weight.shape) for weight in model.get_weights()])
    scaler = MinMaxScaler((-0.9, 0.9)).fit(series[:50])
    return model, scaler, cv.with_scaling(model, scaler.data_min_, scaler.data_max_)


def test_activations_forecasts_and_errors(series, both):
    model, scaler, own = both
    x, y = cv.sliding_windows(series, 20, horizon=2)
    x_scaled, y_scaled = cv.sliding_windows(scaler.transform(series), 20, horizon=2)
    np.testing.assert_allclose(
        cv.layer_activations(own, x, "conv1"), cv.layer_activations(model, x_scaled, "conv1"), atol=1e-5
    )
    forecast = (model.predict(x_scaled, verbose=0) - scaler.min_[0]) / scaler.scale_[0]
    np.testing.assert_allclose(own.predict(x, verbose=0), forecast, rtol=1e-5, atol=1e-3)
    scaled = cv.ablation_study(model, x_scaled, y_scaled, "conv1", "all")
    np.testing.assert_allclose(
        cv.ablation_study(own, x, y, "conv1", "all").mse, scaled.mse / scaler.scale_[0] ** 2, rtol=1e-4
    )


def test_the_long_way_and_the_field(series, both):
    _, _, own = both
    assert cv.receptive_field(own, "conv1") == (5, 1, -2)
    acts = cv.layer_activations(own, cv.sliding_windows(series, 20)[0], "conv1")
    np.testing.assert_allclose(
        cv.series_timeline(own, series, "conv1", 20), cv.diagonal_sum(acts), rtol=1e-4, atol=1e-4
    )


def test_the_model_stays_as_it_is(both):
    model, _, own = both
    assert [layer.name for layer in own.layers] == ["to_scale", "conv1", "conv2", "global_max", "to_unit"]
    before = [weight.copy() for weight in model.get_weights()]
    own.set_weights([weight + 1 for weight in own.get_weights()])
    for weight, kept in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(weight, kept)
    own.set_weights(before)
    assert all(len(layer._inbound_nodes) == 1 for layer in model.layers)


def test_a_functional_model_keeps_its_layers_inside():
    inputs = keras.Input((None, 1))
    outputs = keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(1, 3, name="conv")(inputs))
    own = cv.with_scaling(keras.Model(inputs, outputs, name="yours"), 0, 100)
    assert cv.receptive_field(own, "yours/conv") == (3, 1, 0)


def test_a_feature_that_does_not_change_may_have_any_level(both):
    own = cv.with_scaling(both[0], [0, 0, 20_000], [1, 1, 20_000])
    assert np.isfinite(own.predict(np.full((1, 20, 3), 0.5), verbose=0)).all()


def test_what_a_layer_derives_from_its_weights_is_copied_too():
    data = np.random.default_rng(2).uniform(-0.9, 0.9, (9, 20, 1))
    normalize = keras.layers.Normalization()
    normalize.adapt(7 * data + 3)
    model = keras.Sequential([keras.Input((20, 1)), normalize, keras.layers.Conv1D(1, 5), keras.layers.Flatten()])
    np.testing.assert_allclose(
        cv.with_scaling(model, -0.9, 0.9).predict(data, verbose=0),
        (model.predict(data, verbose=0)),
        rtol=1e-4,
        atol=1e-5,
    )


def test_models_that_take_no_windows():
    flat = keras.Sequential([keras.Input((20,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match=r"`model` must take windows of \(window, step, feature\)\. Got"):
        cv.with_scaling(flat, 0, 1)


@pytest.mark.parametrize(
    ("minimum", "maximum", "match"),
    [
        (0, 1, r"`minimum` must have 3 values, one a feature\. Got 1"),
        ([0, 0, 0], [1, 1], r"`maximum` must have 3 values, one a feature\. Got 2"),
        ([0, 0, 2], [1, 1, 1], r"`maximum` must not lie below `minimum`"),
        ([0, 0, np.nan], [1, 1, 1], r"`minimum` must hold finite numbers"),
        ([[0, 0, 0]], [1, 1, 1], r"`minimum` must have the shape \(n_features,\)"),
        ([0, 0, 0], [1, 1, 1e-40], r"`minimum` and `maximum` must lie apart"),
        ([0, 0, -1e36], [1, 1, 1e39], r"`minimum` and `maximum` must lie apart"),
        ([0, 0, 1e6], [1, 1, 1e6 + 1], r"`minimum` and `maximum` must lie apart by at least a ten-thousandth"),
    ],
)
def test_bad_limits(both, minimum, maximum, match):
    with pytest.raises(ValueError, match=match):
        cv.with_scaling(both[0], minimum, maximum)
