"""Shapes in the signatures are checked in all tests; figures are closed after each."""

import os
import sys
from collections import defaultdict

import matplotlib as mpl
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook
from matplotlib import pyplot as plt

import conv1d_viz as cv  # its modules are imported when they are first used: behind the hook

# An int is fine where a float is asked for, as PEP 484 has it.
if not any("benchmarks" in argument for argument in sys.argv):  # there the checks would be measured too
    install_import_hook("conv1d_viz", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
mpl.use("agg")
examples = int(os.environ.get("FUZZ_EXAMPLES", "100"))
settings.register_profile("untimed", deadline=None, max_examples=examples)  # speed is the benchmarks' business
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def _close_figures():
    yield
    plt.close("all")


@pytest.fixture(scope="session")
def model():
    """A forecaster with the study's layers, small and untrained."""
    return cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, seed=1)


@pytest.fixture(scope="session")
def windows():
    """Windows of 20 samples and their targets, with noise so that no two are alike."""
    _, wave = cv.toy_series(60, period=20, noise=0.1, seed=2)
    return cv.sliding_windows(wave, 20)


@pytest.fixture
def little_memory(monkeypatch):
    """A memory budget of a few windows of `model`."""
    monkeypatch.setattr("conv1d_viz.network.layers.MEMORY_BUDGET", 7_000)


@pytest.fixture
def batches(monkeypatch):
    """The sizes of the batches that some kinds of layers are called with, by name of the layer."""
    from conv1d_viz.network.backend import keras

    sizes = defaultdict(list)
    for kind in (keras.layers.Conv1D, keras.layers.Dense):

        def noted(self, inputs, call=kind.call):
            sizes[self.name].append(inputs.shape[0])
            return call(self, inputs)

        monkeypatch.setattr(kind, "call", noted)
    return sizes
