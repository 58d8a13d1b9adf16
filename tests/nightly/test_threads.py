"""Threads that work on one model at once get, to the bit, what each gets alone."""

import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import keras
import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

import conv1d_viz as cv

L = keras.layers
SERIES = cv.toy_series(60, period=20, noise=0.1, seed=2)[1]
X, Y = cv.sliding_windows(SERIES, 20)
CELLS = np.random.default_rng(0).random((40, 20)) < 0.5

WORK = {
    "pairs": lambda m: cv.ablation_study(m, X, Y, "conv1", "pairs").predictions,
    "mean": lambda m: cv.ablation_study(m, X, Y, "conv2", "single", "mean").predictions,
    "shuffle": lambda m: cv.ablation_study(m, X, Y, "conv1", "all", "shuffle", seed=5).predictions,
    "cells": lambda m: cv.ablation_study(m, X[::-1], Y, "conv1", [(0,), (1, 3)], cells=CELLS).predictions,
    "predict": lambda m: cv.predict_ablated(m, X[3:30], "conv1", [2], "shuffle", seed=1),
    "activations": lambda m: cv.layer_activations(m, X, "conv2"),
    "timeline": lambda m: cv.series_timeline(m, SERIES, "conv1", 20),
    "shapley": lambda m: cv.estimate_shapley(m, X, Y, "conv1", 3, seed=2).values,
}


def residual():
    """A model of open length, with a path around the layer and a nested model."""
    nested = keras.Sequential([keras.Input((None, 4)), L.Dense(4, activation="tanh"), L.Dropout(0.3)], name="nested")
    inputs = keras.Input((None, 1))
    h = L.Conv1D(4, 3, padding="same", name="conv1")(inputs)
    h = L.Add()([nested(h), L.BatchNormalization()(L.Conv1D(4, 1)(inputs))])
    h = L.Conv1D(2, 3, padding="same", activation="relu", activity_regularizer="l2", name="conv2")(h)
    return keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(h)))


def plain():
    return cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, seed=1)


def at_once(functions):
    """Call all of them at the same time, each in a thread of its own."""
    barrier = Barrier(len(functions))

    def wait_and_call(function):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return [future.result() for future in [pool.submit(wait_and_call, function) for function in functions]]


@pytest.mark.parametrize("build", [plain, residual])
def test_eight_threads_on_one_fresh_model(build):
    model = build()
    weights = [weight.copy() for weight in model.get_weights()]

    def several(first):
        names = list(WORK)[first:] + list(WORK)[:first]
        return {name: WORK[name](model) for name in names}

    together = at_once([lambda first=first: several(first) for first in range(8)])
    for name, work in WORK.items():
        alone = work(model)
        for results in together:
            np.testing.assert_array_equal(results[name], alone, err_msg=name)
    assert all(np.array_equal(one, other) for one, other in zip(weights, model.get_weights(), strict=True))


def test_an_error_in_one_thread_is_that_threads_own(model):
    alone = cv.layer_activations(model, X, "conv1")

    def wrong():
        with pytest.raises(ValueError, match="`layer` must be one of the model's layers"):
            cv.layer_activations(model, X, "none")

    results = at_once([wrong if k % 2 else lambda: cv.layer_activations(model, X, "conv1") for k in range(8)])
    for acts in results[::2]:
        np.testing.assert_array_equal(acts, alone)


def test_models_are_built_and_looked_into_at_once():
    def made():
        model = plain()
        return cv.ablation_study(model, X, Y, "conv1", "single").mse

    alone = made()
    for scores in at_once([made] * 8):
        np.testing.assert_array_equal(scores, alone)


def test_models_are_loaded_at_once_and_warnings_are_filtered_as_before(model, tmp_path):
    cv.save_model(model, tmp_path / "a.keras")
    before = list(warnings.filters)
    weights = model.get_weights()
    for loaded in at_once([lambda: cv.load_model(tmp_path / "a.keras")] * 4):
        assert all(np.array_equal(one, other) for one, other in zip(loaded.get_weights(), weights, strict=True))
    assert warnings.filters == before


def test_figures_of_their_own_are_drawn_at_once(model):
    acts = cv.layer_activations(model, X, "conv1")
    line = cv.diagonal_sum(acts, reduce="mean")

    def drawn(k):
        figure = Figure(figsize=(5, 3))
        canvas = FigureCanvasAgg(figure)
        if k % 2:
            cv.plot_window_map(acts[..., k % 4], title=f"Channel {k}", ax=figure.add_subplot())
        else:
            cv.plot_strips(line[:, k % 4], np.arange(len(line)), ax=figure.add_subplot())
        canvas.draw()
        return np.array(canvas.buffer_rgba())

    alone = [drawn(k) for k in range(8)]
    for picture, expected in zip(at_once([lambda k=k: drawn(k) for k in range(8)]), alone, strict=True):
        np.testing.assert_array_equal(picture, expected)


COLD = """
import threading
import conv1d_viz as cv
names = ["ablation_study", "layer_activations", "build_model", "plot_strips", "series_timeline", "load_model",
         "explore_channels", "sliding_windows"]
barrier, found = threading.Barrier(8), []
def ask(name):
    barrier.wait()
    found.append(callable(getattr(cv, name)))
threads = [threading.Thread(target=ask, args=(name,)) for name in names]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert found == [True] * 8, found
"""


def test_the_first_use_may_be_in_eight_threads_at_once():
    done = subprocess.run([sys.executable, "-c", COLD], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
