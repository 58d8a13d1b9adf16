"""Training at the study's settings: ours against a plain `fit` of the same model.

Run with `pytest -n 0 tests/benchmarks/bench_training.py`. Each round trains 10 epochs; the first, which compiles,
is not counted.
"""

import keras
import numpy as np
import pytest

import conv1d_viz as cv

EPOCHS, SEED = 10, 54
_, WAVE = cv.toy_series(10_000)
X, Y = (np.asarray(part[:8_000], dtype=np.float32) for part in cv.sliding_windows(WAVE, 100))


def ours(model, epochs=EPOCHS):
    return cv.train(model, X, Y, epochs=epochs, seed=SEED)


def plain(model, epochs=EPOCHS):
    keras.utils.set_random_seed(SEED)
    stop = keras.callbacks.EarlyStopping(patience=5)
    return model.fit(X, Y, epochs=epochs, validation_split=0.1, callbacks=[stop], verbose=0).history


def compiled_for(way):
    model = cv.build_model(seed=SEED)
    if way is plain:
        model.compile(optimizer="adam", loss="mse")
    return model


@pytest.mark.parametrize("way", [plain, ours])
def test_ten_epochs(benchmark, way):
    benchmark.group = "training, 10 epochs of 7,200 windows"
    benchmark.extra_info.update(way=way.__name__)
    model = compiled_for(way)
    weights = model.get_weights()
    way(model)  # compiles
    model.set_weights(weights)
    benchmark.pedantic(way, (model,), rounds=5)


def test_the_losses_are_the_same_at_first_and_small_at_the_end():
    whole = {way: way(compiled_for(way), epochs=100) for way in (plain, ours)}
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(whole[ours][name][:EPOCHS], whole[plain][name][:EPOCHS], rtol=1e-5)
        assert max(losses[name][-1] for losses in whole.values()) <= 1e-4
