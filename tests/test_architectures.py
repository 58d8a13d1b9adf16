"""Other people's architectures, built from their papers: every function works on them as they are."""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.ablation import cut as _cut
from conv1d_viz.network.backend import keras

L = keras.layers
WINDOW = 64


def fcn(kernels=(8, 5, 3), filters=(6, 8, 6)):
    """The fully convolutional network of Wang, Yan and Oates (2017): three blocks, then the mean over time."""
    h = inputs = keras.Input((WINDOW, 1))
    for k, (size, width) in enumerate(zip(kernels, filters, strict=True)):
        h = L.Conv1D(width, size, padding="same", name=f"conv{k}")(h)
        h = L.ReLU(name=f"relu{k}")(L.BatchNormalization(name=f"norm{k}")(h))
    return keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(h)), name="fcn")


def resnet(widths=(4, 6)):
    """The residual network of the same paper: blocks of three convolutions (8, 5, 3) with a shortcut around each."""
    h = inputs = keras.Input((WINDOW, 1))
    for k, width in enumerate(widths):
        shortcut = L.BatchNormalization()(L.Conv1D(width, 1, padding="same")(h)) if h.shape[-1] != width else h
        for n, size in enumerate((8, 5, 3)):
            h = L.BatchNormalization()(L.Conv1D(width, size, padding="same", name=f"block{k}_conv{n}")(h))
            h = L.ReLU(name=f"block{k}_relu{n}")(h) if n < 2 else h
        h = L.ReLU(name=f"block{k}")(L.Add(name=f"block{k}_add")([shortcut, h]))
    return keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(h)), name="resnet")


def wavenet(dilations=(1, 2, 4, 8)):
    """A stack as in WaveNet (van den Oord 2016): gated, dilated, causal, with residual and skip connections."""
    inputs = keras.Input((WINDOW, 1))
    h = L.Conv1D(4, 2, padding="causal", name="in")(inputs)
    skips = []
    for d in dilations:
        gate = L.Conv1D(4, 2, padding="causal", dilation_rate=d, activation="sigmoid", name=f"gate{d}")(h)
        value = L.Conv1D(4, 2, padding="causal", dilation_rate=d, activation="tanh", name=f"value{d}")(h)
        both = L.Multiply(name=f"gated{d}")([value, gate])
        skips.append(L.Conv1D(5, 1, name=f"skip{d}")(both))
        h = L.Add(name=f"res{d}")([h, L.Conv1D(4, 1, name=f"out{d}")(both)])
    top = L.ReLU(name="top")(L.Add(name="skips")(skips))
    last = L.Cropping1D((WINDOW - 1, 0))(L.Conv1D(1, 1, name="head")(top))
    return keras.Model(inputs, L.Flatten()(last), name="wavenet")


def pooled(width=60):
    """A deep model with poolings and a wide layer, and a dense head on all steps."""
    h = inputs = keras.Input((WINDOW, 2))
    h = L.MaxPooling1D(2, name="pool1")(L.Conv1D(8, 5, padding="same", activation="relu", name="conv1")(h))
    h = L.AveragePooling1D(2, name="pool2")(L.Conv1D(width, 3, padding="same", activation="relu", name="wide")(h))
    return keras.Model(inputs, L.Dense(3, name="head")(L.Flatten()(h)), name="pooled")


# size = 1 + sum of (kernel - 1) * dilation * stride before; "same" pads (kernel - 1) // 2 on the left.
FIELDS = [
    (fcn, "conv2", (14, 1, -6)),
    (resnet, "block0_relu1", (12, 1, -5)),
    (resnet, "block1", (27, 1, -12)),
    (wavenet, "gate8", (17, 1, -16)),
    (wavenet, "skips", (17, 1, -16)),
    (pooled, "wide", (10, 2, -4)),
    (pooled, "pool2", (12, 4, -4)),
]


@pytest.fixture(scope="module")
def built():
    """Each model once, with weights as after some training: none zero, norms that have seen data."""
    models = {}
    for make in (fcn, resnet, wavenet, pooled):
        keras.utils.set_random_seed(3)
        model = models[make] = make()
        generator = np.random.default_rng(0)
        for weights in model.weights:
            if weights.name in ("gamma", "beta", "bias", "moving_mean", "moving_variance"):
                weights.assign(generator.uniform(0.2, 0.8, size=weights.shape))
    return models


def series_of(model):
    return np.random.default_rng(1).normal(size=(WINDOW + 90, model.inputs[0].shape[-1]))


@pytest.mark.parametrize(("make", "layer", "field"), FIELDS)
def test_receptive_fields(built, make, layer, field):
    assert cv.receptive_field(built[make], layer) == field


@pytest.mark.parametrize(("make", "layer", "field"), FIELDS)
def test_timelines(built, make, layer, field):
    model = built[make]
    series = series_of(model)
    acts = cv.layer_activations(model, cv.sliding_windows(series, WINDOW)[0], layer)
    expected = cv.diagonal_sum(acts, field[1])
    line = cv.series_timeline(model, series, layer, WINDOW)
    np.testing.assert_allclose(line, expected, rtol=0, atol=2e-6 * np.abs(expected).max())
    clean = ~cv.receptive_field(model, layer).sees_padding(acts.shape[1], WINDOW)
    if clean.any():
        reference = int(np.flatnonzero(clean)[0])
        deviation = cv.diagonal_deviation(acts, reference, field[1]).max(axis=1)
        assert deviation[clean].max() < 1e-4 < deviation[~clean].max()


def by_weights(model, layer, channels):
    """The forecast of a copy in which every layer behind `layer` that sums its channels ignores some of them."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    for behind in copy.layers:
        inputs = [t._keras_history.operation.name for t in behind._inbound_nodes[0].input_tensors]
        if layer in inputs:
            kernel, *bias = behind.get_weights()
            kernel[:, list(channels), :] = 0
            behind.set_weights([kernel, *bias])
    return copy


@pytest.mark.parametrize(
    ("make", "layer"),
    [
        (fcn, "relu0"),
        (fcn, "relu1"),
        (resnet, "block0_relu0"),
        (wavenet, "gated2"),
        (pooled, "pool1"),
    ],
)
@pytest.mark.parametrize("channels", [(1,), (0, 2), (0, 1, 2, 3)])
def test_deletions_equal_weights_of_zero(built, make, layer, channels):
    model = built[make]
    x, _ = cv.sliding_windows(series_of(model), WINDOW)
    expected = by_weights(model, layer, channels).predict(x, verbose=0)
    forecast = cv.predict_ablated(model, x, layer, channels)
    np.testing.assert_allclose(forecast, expected, atol=1e-5)
    assert np.abs(forecast - model.predict(x, verbose=0)).max() > 1e-4


@pytest.mark.parametrize("replacement", ["zero", "mean", "shuffle"])
@pytest.mark.parametrize(("make", "layer"), [(make, layer) for make, layer, _ in FIELDS])
def test_both_ways_of_deleting_agree(built, make, layer, replacement):
    model = built[make]
    x, _ = cv.sliding_windows(series_of(model), WINDOW)
    deletions = [(), (0,), (1, 3), (0, 1, 2, 3)]
    stand_in = _cut.stand_in(model, x, layer, replacement, seed=4)
    quick = _cut.forecasts(model, x, layer, deletions, stand_in)
    general = _cut.forecasts(model, x, layer, deletions, stand_in, by_shares=False)
    np.testing.assert_allclose(quick, general, atol=2e-5 * max(1, np.abs(general).max()))
    np.testing.assert_allclose(general[0], model.predict(x, verbose=0), atol=1e-5)


def test_sixty_channels(built):
    model = built[pooled]
    x, y = cv.sliding_windows(series_of(model), WINDOW, horizon=3)
    study = cv.ablation_study(model, x, y, "pool2", "pairs")
    assert len(study.deletions) == 60 + 1770
    assert study.pair_matrix().shape == (60, 60)
    row = study.deletions.index((7, 41))
    np.testing.assert_allclose(study.predictions[row], cv.predict_ablated(model, x, "pool2", (41, 7)), atol=1e-5)
    assert study.pair_matrix()[41, 7] == study.mse[row]
    with pytest.raises(
        ValueError, match=r'`deletions="all"` must mean at most 1,048,576 subsets\. Got 2\*\*60 = 1.15e'
    ):
        cv.ablation_study(model, x, y, "pool2", "all")
