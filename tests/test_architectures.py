"""Other people's architectures, built from their papers: every function works on them as they are."""

import numpy as np
import pytest
from stacks import chain, forecast

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
WINDOW = 64


def conv(filters, size, name, **options):
    return L.Conv1D(filters, size, name=name, **{"padding": "same", "bias_initializer": "normal"} | options)


def wavenet(h):
    """A stack as in WaveNet (van den Oord 2016): gated, dilated, causal, with residual and skip connections."""
    h, skips = conv(4, 2, "in", padding="causal")(h), []
    for d in (1, 2, 4, 8):
        options = {"padding": "causal", "dilation_rate": d}
        gate = conv(4, 2, f"gate{d}", activation="sigmoid", **options)(h)
        both = L.Multiply(name=f"gated{d}")([conv(4, 2, f"value{d}", activation="tanh", **options)(h), gate])
        skips.append(conv(5, 1, f"skip{d}")(both))
        h = L.Add(name=f"res{d}")([h, conv(4, 1, f"out{d}")(both)])
    top = conv(1, 1, "head")(L.ReLU(name="top")(L.Add(name="skips")(skips)))
    return L.Flatten()(L.Cropping1D((WINDOW - 1, 0))(top))


def pooled(h):
    """A deep model with poolings and a wide layer, and a dense head on all steps."""
    h = L.MaxPooling1D(2, name="pool1")(conv(8, 5, "conv1", activation="relu")(h))
    h = L.AveragePooling1D(2, name="pool2")(conv(60, 3, "wide", activation="relu")(h))
    return L.Dense(3, name="dense")(L.Flatten()(h))


@pytest.fixture(scope="module")
def built():
    keras.utils.set_random_seed(3)
    return {make: chain(make, window=WINDOW) for make in (wavenet, pooled)}


SERIES = np.random.default_rng(1).normal(size=WINDOW + 90)


# size = 1 + sum of (kernel - 1) * dilation * stride before; "same" pads (kernel - 1) // 2 on the left.
@pytest.mark.parametrize(
    ("make", "layer", "field"),
    [
        (wavenet, "gate8", (17, 1, -16)), (wavenet, "skips", (17, 1, -16)),
        (pooled, "wide", (10, 2, -4)), (pooled, "pool2", (12, 4, -4)),
    ],
)  # fmt: skip
def test_receptive_fields_and_timelines(built, make, layer, field):
    assert cv.receptive_field(built[make], layer) == field
    acts = cv.layer_activations(built[make], cv.sliding_windows(SERIES, WINDOW)[0], layer)
    expected = cv.diagonal_sum(acts, field[1])
    line = cv.series_timeline(built[make], SERIES, layer, WINDOW)
    np.testing.assert_allclose(line, expected, rtol=0, atol=2e-6 * np.abs(expected).max())
    # Steps that see no padding give what the step before gives a stride of windows later; others differ.
    clean = ~cv.receptive_field(built[make], layer).sees_padding(acts.shape[1], WINDOW)
    deviation, both = np.abs(acts[field[1] :, :-1] - acts[: -field[1], 1:]).max(axis=(0, 2)), clean[:-1] & clean[1:]
    assert deviation[both].max(initial=0) < 1e-4 < deviation[~both].max()


@pytest.mark.parametrize(
    ("make", "layer", "behind"),
    [(wavenet, "gated2", ["skip2", "out2"]), (pooled, "pool1", ["wide"])],
)
def test_deletions_equal_weights_of_zero_in_the_layers_behind(built, make, layer, behind):
    x, _ = cv.sliding_windows(SERIES, WINDOW)
    kept, whole = built[make].get_weights(), forecast(built[make], x)
    for channels in [(1,), (0, 1, 2, 3)]:
        deleted = cv.predict_ablated(built[make], x, layer, channels)
        for name in behind:
            kernel, bias = built[make].get_layer(name).get_weights()
            kernel[:, list(channels)] = 0
            built[make].get_layer(name).set_weights([kernel, bias])
        np.testing.assert_allclose(deleted, forecast(built[make], x), atol=1e-5)
        assert np.abs(deleted - whole).max() > 1e-4
        built[make].set_weights(kept)


def test_sixty_channels(built):
    x, y = cv.sliding_windows(SERIES[:100], WINDOW, horizon=3)
    study = cv.ablation_study(built[pooled], x, y, "pool2", "pairs")
    assert len(study.deletions) == 60 + 1770
    row = study.deletions.index((7, 41))
    expected = cv.predict_ablated(built[pooled], x, "pool2", (41, 7))
    np.testing.assert_allclose(study.predictions[row], expected, atol=1e-5)
    assert study.pair_matrix()[41, 7] == study.mse[row]
