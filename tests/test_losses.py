"""Losses of deletions: what a model was compiled with, any other of Keras', or a function, against Keras itself."""

import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L, losses = keras.layers, keras.losses
X = np.random.default_rng(0).normal(size=(24, 12, 2)).astype(np.float32)
BINARY = (X[:, :, 0].mean(axis=1) > 0).astype(int)
CLASSES = np.random.default_rng(1).integers(0, 3, 24)
ONE_HOT = np.eye(3)[CLASSES]
WAVE = np.random.default_rng(2).normal(size=24)


def net(units, activation=None, loss=None, seed=0):
    keras.utils.set_random_seed(seed)
    layers = [keras.Input((12, 2)), L.Conv1D(4, 3, activation="tanh", name="conv"), L.GlobalAveragePooling1D()]
    model = keras.Sequential([*layers, L.Dense(units, activation)])
    if loss is not None:
        model.compile("adam", loss)
    return model


def score(loss, y, prediction):
    """What Keras makes of a whole batch; targets (n,) of outputs (n, 1) with their axis, as `fit` gives it to them."""
    y = y[:, None] if y.ndim == 1 and prediction.shape[1:] == (1,) else y
    return float(np.mean(keras.ops.convert_to_numpy(losses.get(loss)(y, prediction))))


@pytest.mark.parametrize(
    ("units", "activation", "loss", "y", "name"),
    [
        (1, None, losses.BinaryCrossentropy(from_logits=True), BINARY, "binary_crossentropy"),
        (1, "sigmoid", "binary_crossentropy", BINARY[:, None], "binary_crossentropy"),
        (3, "softmax", "sparse_categorical_crossentropy", CLASSES, "sparse_categorical_crossentropy"),
        (3, "softmax", losses.categorical_crossentropy, ONE_HOT, "categorical_crossentropy"),
        (1, None, "mae", WAVE, "mae"),
        (1, None, losses.Huber(), WAVE[:, None], "huber_loss"),
        (1, None, "hinge", BINARY, "hinge"),  # the bare function would broadcast (n,) against (n, 1)
        (1, None, losses.hinge, 2 * BINARY - 1, "hinge"),
        (1, None, "mse", WAVE, "mse"),
    ],
)
def test_losses_are_those_of_keras_compiled_or_given(units, activation, loss, y, name):
    compiled, plain = (net(units, activation, compiled) for compiled in (loss, None))
    study = cv.ablation_study(compiled, X, y, "conv")
    assert study.loss_name == name
    expected = [score(loss, y, prediction) for prediction in study.predictions]
    np.testing.assert_allclose(study.loss, expected, rtol=1e-6)
    assert study.baseline_loss == pytest.approx(score(loss, y, compiled.predict(X, verbose=0)), rel=1e-5)
    dropped = cv.ablation_study(plain, X, y, "conv", loss=loss, keep_predictions=False)
    np.testing.assert_array_equal(dropped.loss, study.loss)
    assert dropped.predictions is None
    assert list(study.to_frame()) == ["deleted", "n_deleted", name, "change"]
    assert study.loss_of([(2,), ()]).tolist() == [study.loss[2], study.baseline_loss]
    if name == "mse":
        assert (study.mse is study.loss, study.baseline_mse) == (True, study.baseline_loss)
    else:
        with pytest.raises(AttributeError, match=repr(name)):
            _ = study.mse


def test_a_function_is_a_loss_such_as_the_error_rate():
    model = net(3, "softmax", "sparse_categorical_crossentropy")
    study = cv.ablation_study(model, X, CLASSES, "conv", loss=lambda y, p: 1 - accuracy_score(y, p.argmax(axis=1)))
    assert study.loss_name == "loss"
    wrong = [np.mean(prediction.argmax(axis=1) != CLASSES) for prediction in study.predictions]
    np.testing.assert_allclose(study.loss, wrong)

    def deleted(_, prediction):  # the name of another column
        return float(np.mean(prediction))

    table = cv.ablation_study(model, X, CLASSES, "conv", loss=deleted).to_frame()
    assert list(table) == ["deleted", "n_deleted", "loss", "change"]


def test_mean_squared_errors_are_exact_in_float64():
    model = net(1)
    y = 1000 + 1e-5 * WAVE
    study = cv.ablation_study(model, X, y, "conv", [(0,), (1, 3)])
    for prediction, mse in zip(study.predictions, study.mse, strict=True):
        squares = [(float(p) - t) ** 2 for p, t in zip(prediction[:, 0], y, strict=True)]
        assert mse == pytest.approx(math.fsum(squares) / len(y), rel=1e-14)


def test_losses_may_be_sums_over_windows_and_take_class_numbers_under_any_name():
    model, summed = net(1), losses.MeanSquaredError(reduction="sum")
    study = cv.ablation_study(model, X, WAVE, "conv", loss=summed)
    assert study.loss_name == "mean_squared_error"
    assert study.baseline_loss == pytest.approx(score(summed, WAVE, model.predict(X, verbose=0)), rel=1e-5)
    for loss in (losses.SparseCategoricalCrossentropy(name="miss"), losses.CategoricalGeneralizedCrossEntropy()):
        assert cv.ablation_study(net(3, "softmax"), X, CLASSES, "conv", loss=loss).baseline_loss > 0


def test_targets_that_do_not_fit_are_refused_with_a_way_out():
    model = net(3, "softmax")
    with pytest.raises(
        ValueError, match=r"`y` must have the shape \(n_windows, 3\) of the model's output for this `loss`"
    ):
        cv.ablation_study(model, X, CLASSES, "conv")
    for loss in ("mae", "huber", losses.MeanAbsoluteError(), "kl_divergence", "categorical_crossentropy"):
        for y in (WAVE, WAVE[:, None]):  # most would broadcast (n, 1) against (n, 3)
            with pytest.raises(ValueError, match="`y` must have the shape"):
                cv.ablation_study(model, X, y, "conv", loss=loss)
    for loss in ("sparse_categorical_crossentropy", losses.CategoricalGeneralizedCrossEntropy()):
        with pytest.raises(ValueError, match=r"`y` must hold class numbers, 0\.\.2\. Got 3"):
            cv.ablation_study(model, X, CLASSES + 1, "conv", loss=loss)
    with pytest.raises(ValueError, match=r"`y` must hold class numbers, 0\.\.2\. Got 0\.5"):
        cv.ablation_study(model, X, CLASSES * 0.5, "conv", loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="`y` must have a target for each of 24 windows"):
        cv.ablation_study(model, X, CLASSES[:5], "conv", loss="sparse_categorical_crossentropy")
    with pytest.raises(ValueError, match="`loss` must give finite numbers"):
        cv.ablation_study(model, X, ONE_HOT, "conv", loss=lambda *_: math.nan)


def test_repeats_are_the_mean_over_permutations_and_its_standard_error():
    model, repeats = net(1, None, "mae"), 10
    options = {"seed": 4, "repeats": repeats, "names": ["load", "wind"]}
    study = cv.ablation_study(model, X, WAVE, "input", "pairs", "shuffle", **options)
    generator, scores, first = np.random.default_rng(4), [], None
    for _ in range(repeats):
        mixed = np.stack([X[generator.permutation(24), :, c] for c in range(2)], axis=-1)
        changed = [np.where(np.isin([0, 1], list(d)), mixed, X) for d in [(0,), (1,), (0, 1)]]
        predictions = [model.predict(x, verbose=0) for x in changed]
        scores.append([score("mae", WAVE, prediction) for prediction in predictions])
        first = predictions if first is None else first
    np.testing.assert_allclose(study.predictions, first, atol=1e-6)
    np.testing.assert_allclose(study.loss, np.mean(scores, axis=0), rtol=1e-5)
    np.testing.assert_allclose(study.loss_error, np.std(scores, axis=0, ddof=1) / np.sqrt(repeats), rtol=1e-4)
    assert study.to_frame()["deleted"].tolist() == [("load",), ("wind",), ("load", "wind")]
    np.testing.assert_array_equal(study.to_frame()["loss_error"], study.loss_error)
    with pytest.raises(ValueError, match="`repeats` must be 1"):
        cv.ablation_study(model, X, WAVE, "input", repeats=2)


def test_shapley_values_of_a_classifier_with_one_logit_are_not_reversed():
    # Class 1 has +1 on feature 0. By the squared error of a logit of ±10, accuracy seemed to rise without it.
    generator = np.random.default_rng(0)
    y = np.arange(200) % 2
    x = generator.normal(size=(200, 60, 2)).astype(np.float32)
    x[:, :, 0] += y[:, None]
    keras.utils.set_random_seed(0)
    layers = [L.Conv1D(8, 5, activation="tanh"), L.GlobalAveragePooling1D(), L.Dense(1)]
    model = keras.Sequential([keras.Input((60, 2)), *layers])
    model.compile(keras.optimizers.Adam(0.02), losses.BinaryCrossentropy(from_logits=True))
    model.fit(x, y, epochs=15, batch_size=50, verbose=0)
    assert np.mean((model.predict(x, verbose=0)[:, 0] > 0) == y) == 1
    study = cv.ablation_study(model, x, y, "input", "all", "mean")
    accuracy = [np.mean((p[:, 0] > 0) == y) for p in study.predictions]  # of {}, {0}, {1}, {0, 1}
    assert accuracy[1] < 0.6 < 0.98 < accuracy[2]
    estimate = cv.estimate_shapley(model, x, y, "input", 4, "mean", seed=0).values
    for needed, idle in (study.shapley_values(), estimate):
        assert needed > 0.3
        assert abs(idle) < 0.05 * needed
    assert cv.ablation_study(model, x, y, "input", "all", "mean", loss="mse").shapley_values()[0] < 0
