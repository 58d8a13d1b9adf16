"""Training at the study's settings: ours against a plain `fit` of the same model.

Run with `pytest tests/benchmarks/bench_training.py`. Each round trains 10 epochs; the first, which compiles, is not
counted.
"""

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz._keras import keras

EPOCHS, SEED = 10, 54
_, WAVE = cv.toy_series(10_000)
X, Y = (np.asarray(part[:8_000], dtype=np.float32) for part in cv.sliding_windows(WAVE, 100))
LOSSES = {}


def ours(model):
    return cv.train(model, X, Y, epochs=EPOCHS, seed=SEED)


def plain(model):
    keras.utils.set_random_seed(SEED)
    stop = keras.callbacks.EarlyStopping(patience=5)
    return model.fit(X, Y, epochs=EPOCHS, validation_split=0.1, callbacks=[stop], verbose=0).history


@pytest.mark.parametrize("way", [plain, ours])
def test_ten_epochs(benchmark, way):
    model = cv.build_model(seed=SEED)
    if way is plain:
        model.compile(optimizer="adam", loss="mse")
    weights = model.get_weights()
    LOSSES[way] = way(model)
    model.set_weights(weights)
    benchmark.pedantic(way, (model,), rounds=5)


def test_the_losses_are_the_same():
    for name in ("loss", "val_loss"):
        np.testing.assert_allclose(LOSSES[ours][name], LOSSES[plain][name], rtol=1e-5)
