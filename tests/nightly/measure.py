"""What long and wide work takes, measured in a process of its own: `python tests/nightly/measure.py NAME NUMBER…`.

Prints one JSON object. Memory is in MB; test_soak.py says how much may be.
"""

import gc
import json
import pathlib
import re
import resource
import sys
import time
import weakref

import matplotlib as mpl
import numpy as np
import psutil

mpl.use("agg")
import matplotlib.pyplot as plt

import conv1d_viz as cv
from conv1d_viz.network.backend import keras  # without TensorFlow's words

L = keras.layers
MB = 2**20
REPLACEMENTS = ("zero", "mean", "shuffle")


def held():
    """What may not grow: memory, functions that a backend or Keras has compiled, open figures, and all objects."""
    gc.collect()
    kinds = [type(item).__name__ for item in gc.get_objects()]
    return {
        "memory": psutil.Process().memory_info().rss / MB,
        "traced": sum("ConcreteFunction" in kind or kind in ("PolymorphicFunction", "Function") for kind in kinds),
        "figures": len(plt.get_fignums()),
        "objects": len(kinds),
    }


def peak():
    """The most memory that this process has held so far."""
    status = pathlib.Path("/proc/self/status")
    if status.exists():  # what `getrusage` says on Linux includes what the parent had held
        return int(re.search(r"VmHWM:\s+(\d+) kB", status.read_text())[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024) / MB


def repeat(turn, n_warm, n_turns):
    """Take turns; return what is held after the warm-up and after all of them."""
    for k in range(n_warm):
        turn(k)
    before, start = held(), time.perf_counter()
    for k in range(n_warm, n_warm + n_turns):
        turn(k)
    seconds = time.perf_counter() - start
    return {"before": before, "after": held(), "seconds": seconds}


def residual():
    """A model with a path around its first convolution, so that nothing behind it can be summed up by shares."""
    inputs = keras.Input((None, 1))
    h = L.Conv1D(5, 3, padding="same", activation="tanh", name="conv1")(inputs)
    h = L.Conv1D(5, 3, padding="same", name="conv2")(L.Add()([h, L.Conv1D(5, 1)(inputs)]))
    return keras.Model(inputs, L.Dense(2)(L.GlobalAveragePooling1D()(h)))


def calls(n_warm, n_turns):
    """Calls of the functions that run parts of networks, with models, layers, replacements and sizes mixed."""
    wave = cv.toy_series(400, period=20, noise=0.1, seed=0)[1]
    models = [cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, seed=1), residual()]

    def turn(k):
        model = models[k % 2]
        x, y = cv.sliding_windows(wave[: 30 + 13 * k % 371], 20, 1 + k % 2)
        layer, replacement = ("conv1", "conv2")[k // 2 % 2], REPLACEMENTS[k // 4 % 3]
        match k // 12 % 3:
            case 0:
                cv.ablation_study(model, x, y, layer, "single", replacement, seed=k)
            case 1:
                cv.predict_ablated(model, x, layer, [0], replacement, seed=k)
            case _:
                cv.layer_activations(model, x, layer)

    return repeat(turn, n_warm, n_turns)


def opened(n_warm, n_turns):
    """Live figures that are made and dropped, as a cell that is run again and again does."""
    wave = cv.toy_series(120, period=20, noise=0.1, seed=0)[1]
    model = cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, seed=1)

    def turn(k):
        if k % 2:
            cv.explore_channels(model, wave, "conv1", 20)._repr_html_()
        else:
            cv.explore_deletions(model, *cv.sliding_windows(wave, 20), "conv1")._repr_html_()

    return repeat(turn, n_warm, n_turns)


def models(n_warm, n_turns):
    """Models that are each made, looked into, and dropped."""
    wave = cv.toy_series(60, period=20, noise=0.1, seed=0)[1]
    x, y = cv.sliding_windows(wave, 20)
    made = []

    def turn(k):
        model = cv.build_model(window=20, channels=2 + k % 7, kernel_size=1 + k % 9, head_kernel_size=4, seed=k)
        made.append(weakref.ref(model))
        cv.ablation_study(model, x, y, "conv1", "single", REPLACEMENTS[k % 3], seed=k)
        cv.layer_activations(model, x, "conv2")
        cv.series_timeline(model, wave, "conv1", 20)

    measured = repeat(turn, n_warm, n_turns)
    return measured | {"alive": sum(reference() is not None for reference in made)}


def wide(n_windows, n_channels, n_orders):
    """Calls with many windows of 100 samples and many channels: most memory beyond that before, and their results'."""
    series = cv.toy_series(n_windows + 100, noise=0.1, seed=0)[1].astype(np.float32)
    model = cv.build_model(channels=n_channels, seed=0)
    x, y = cv.sliding_windows(series, 100)
    picked = np.random.default_rng(0).integers(0, 100, (n_windows, 16))
    seen = cv.receptive_field(model, "conv2").within(cv.receptive_field(model, "conv1")).seen
    work = {
        "predict_ablated": lambda: cv.predict_ablated(model, x, "conv1", [1, 2]),
        "seen": lambda: seen(picked, 100),
        "series_timeline": lambda: cv.series_timeline(model, series, "conv1", 100),
        "estimate_shapley": lambda: cv.estimate_shapley(model, x, y, "conv1", n_orders, seed=0).values,
        "shuffle": lambda: cv.ablation_study(model, x, y, "conv1", [(0,), (1, 2)], "shuffle", seed=0).predictions,
        "ablation_study": lambda: cv.ablation_study(model, x, y, "conv1", "single", "mean").predictions,
        "layer_activations": lambda: cv.layer_activations(model, x, "conv1"),
    }
    if not n_orders:
        del work["estimate_shapley"]
    cv.ablation_study(model, x[:50], y[:50], "conv1", "single")
    base, measured = held()["memory"], {}
    for name, function in work.items():  # by the size of results, for where the peak cannot be reset
        if (clear := pathlib.Path("/proc/self/clear_refs")).exists():
            clear.write_text("5")
        start = time.perf_counter()
        result = function().nbytes / MB
        measured[name] = {"over": peak() - base, "result": result, "seconds": time.perf_counter() - start}
    return measured


if __name__ == "__main__":
    print(json.dumps(globals()[sys.argv[1]](*map(int, sys.argv[2:]))))
