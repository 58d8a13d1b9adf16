"""A deep classifier (FCN, 128 filters, 50 windows of 128 steps): each channel deleted alone, and who pushes and brakes.

Run with `pytest -n 0 tests/benchmarks/bench_channels.py`. Single deletions against running the layers behind once per
deletion; contributions to the first unit against gradient times input, which is the same there.
"""

import keras
import numpy as np
import pytest
import tensorflow as tf

import conv1d_viz as cv

L = keras.layers


def fcn():
    keras.utils.set_random_seed(0)
    h = inputs = keras.Input((128, 1))
    for name, filters, size in (("first", 128, 8), ("middle", 256, 5), ("last", 128, 3)):
        h = L.Conv1D(filters, size, padding="same", name=name)(h)
        h = L.Activation("relu")(L.BatchNormalization()(h))
    return keras.Model(inputs, L.Dense(3, name="top")(L.GlobalAveragePooling1D()(h)))


MODEL = fcn()
X, Y = np.random.default_rng(0).normal(size=(50, 128, 1)).astype(np.float32), np.zeros((50, 3))
TOP_ACTIVATION = MODEL.layers[-3].name


def rest_behind(layer):
    """The layers behind one, as a model, and what the layer gives it."""
    names = [item.name for item in MODEL.layers]
    h = hidden = keras.Input(MODEL.get_layer(layer).output.shape[1:])
    for item in MODEL.layers[names.index(layer) + 1 :]:
        h = item(h)
    return keras.Model(hidden, h), cv.layer_activations(MODEL, X, layer)


def one_by_one(forecast, acts):
    forecasts = []
    for channel in range(acts.shape[2]):
        left = acts.copy()
        left[..., channel] = 0
        forecasts.append(np.asarray(forecast(left)))
    return np.array(forecasts)


def keras_predict(layer):
    rest, acts = rest_behind(layer)
    return lambda: one_by_one(lambda left: rest.predict(left, verbose=0), acts)


def traced_loop(layer):
    rest, acts = rest_behind(layer)
    traced = tf.function(lambda left: rest(left, training=False))
    return lambda: one_by_one(traced, acts)


def ours(layer):
    return lambda: cv.ablation_study(MODEL, X, Y, layer, loss="mse").predictions


def plain(layer):
    rest, _ = rest_behind(layer)

    def gradient_times_input():
        hidden = tf.constant(cv.layer_activations(MODEL, X, layer))
        with tf.GradientTape() as tape:
            tape.watch(hidden)
            total = tf.reduce_sum(rest(hidden, training=False)[:, 0])
        return (tape.gradient(total, hidden) * hidden).numpy()

    return gradient_times_input


def contributions(layer):
    return lambda: cv.channel_contributions(MODEL, X, layer, units=[0]).values[..., 0]


@pytest.mark.parametrize("layer", ["last", "first"])
@pytest.mark.parametrize("way", [keras_predict, traced_loop, ours])
def test_single_deletions(benchmark, layer, way):
    benchmark.group = f"128 filters of an FCN's {layer} layer deleted"
    benchmark.extra_info.update(way=way.__name__)
    benchmark.pedantic(way(layer), rounds=1 if way is keras_predict else 3, warmup_rounds=1)


@pytest.mark.parametrize("way", [plain, contributions])
def test_contributions(benchmark, way):
    benchmark.group = "contributions of an FCN's 128 filters"
    benchmark.extra_info.update(way="ours" if way is contributions else "plain")
    benchmark.pedantic(way(TOP_ACTIVATION), rounds=30, warmup_rounds=1)


def test_the_results_are_the_same():
    assert keras.backend.backend() == "tensorflow"
    for layer in ("last", "first"):
        np.testing.assert_allclose(ours(layer)(), traced_loop(layer)(), atol=1e-5)
    np.testing.assert_allclose(contributions(TOP_ACTIVATION)(), plain(TOP_ACTIVATION)(), atol=1e-5)
