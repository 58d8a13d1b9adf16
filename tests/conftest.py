"""Shapes in the signatures are checked in all tests; figures are closed after each."""

import sys

import matplotlib as mpl
import pytest
from hypothesis import settings
from jaxtyping import install_import_hook

# An int is fine where a float is asked for, as PEP 484 has it.
if not any("benchmarks" in argument for argument in sys.argv):  # there the checks would be measured too
    install_import_hook("conv1d_viz", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")
mpl.use("agg")
settings.register_profile("untimed", deadline=None)  # speed is the benchmarks' business
settings.load_profile("untimed")

import matplotlib.pyplot as plt  # noqa: E402

import conv1d_viz as cv  # noqa: E402
from conv1d_viz.network import graph as _graph  # noqa: E402
from conv1d_viz.network import layers as _models  # noqa: E402


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
def little_memory(model, monkeypatch):
    """A memory budget of a few windows of `model`."""
    monkeypatch.setattr(_models, "MEMORY_BUDGET", 7_000)
    graph = _graph.trace(model)
    assert 2 < len(_models.chunks(40, _graph.floats_per_window(graph, graph.calls, 20))) < 40
