"""Memory: what is computed in parts takes no more than the budget, and a result that cannot be held is refused."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz import checks as _arrays
from conv1d_viz.ablation import cut as _cut
from conv1d_viz.ablation import shapley
from conv1d_viz.network import _memory
from conv1d_viz.network import layers as _models
from conv1d_viz.network.backend import keras

MEASURE = Path(__file__).with_name("soak") / "measure.py"
MB = 2**20


def test_10000_windows_and_64_channels_stay_within_the_budget():
    command = [sys.executable, str(MEASURE), "wide", "10000", "64", "0"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2500:]
    measured = json.loads(done.stdout)
    slack = 64 + (200 if keras.backend.backend() == "jax" else 0)  # of the allocators, and what JAX has compiled
    for name, figures in measured.items():
        assert figures["over"] < _models.MEMORY_BUDGET / MB + figures["result"] + slack, name
    assert (
        measured["layer_activations"]["result"] == 10_000 * 100 * 64 * 4 / MB
    )  # more than budget and slack: held once


@pytest.fixture
def small_machine(monkeypatch):
    monkeypatch.setattr(_memory, "memory", lambda: 12_000)


@pytest.mark.usefixtures("small_machine")
@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("cv.layer_activations(model, x, 'conv1')", r"`x` must be few .*shape \(40, 20, 4\), .*series_timeline"),
        (
            "cv.ablation_study(model, np.tile(x, (6, 1, 1)), np.tile(y, (6, 1)), 'conv1', 'all')",
            "`deletions` must be few",
        ),
        ("cv.series_timeline(model, np.ones(400), 'conv1', 20)", "`series` must be few .*`out` takes"),
    ],
)
def test_a_result_larger_than_memory_is_refused(model, windows, call, message):
    x, y = windows
    with pytest.raises(ValueError, match=message):
        eval(call, {"cv": cv, "np": np, "model": model, "x": x, "y": y})


@pytest.mark.usefixtures("small_machine")
def test_what_fits_is_computed_and_a_file_takes_what_does_not(model, windows, tmp_path):
    x, y = windows
    assert cv.layer_activations(model, x[:30], "conv1").shape == (30, 20, 4)
    assert len(cv.ablation_study(model, x, y, "conv1", "all").mse) == 16
    out = np.lib.format.open_memmap(tmp_path / "line.npy", "w+", np.float64, (399, 4))
    assert cv.series_timeline(model, np.ones(400), "conv1", 20, out=out) is out


def test_a_training_that_memory_does_not_hold_is_refused_before_it_begins(windows, monkeypatch):
    x, y = windows
    monkeypatch.setattr(_memory, "memory", lambda: 4 * x.size - 1)
    with pytest.raises(ValueError, match=r"`x` must be few enough .*; training holds all windows at once"):
        cv.train(cv.build_model(20, 1, 2, 3, 3), x, y, epochs=1)
    monkeypatch.setattr(_memory, "memory", lambda: 4 * x.size)
    cv.train(cv.build_model(20, 1, 2, 3, 3), x, y, epochs=1)


@pytest.mark.parametrize("shape", [(2**32, 2**32), (2**21, 2**21, 2**22)])
def test_sizes_that_no_integer_of_64_bits_holds_are_refused(shape):
    with pytest.raises(ValueError, match="`x` must be few enough"):
        _memory.require_room(shape, np.float32, "x", "")


def test_memory_is_that_of_the_machine_or_of_its_container(tmp_path, monkeypatch):
    monkeypatch.setattr(_memory, "_LIMITS", ())
    machine = _memory.memory()
    assert machine > 10**8
    for text, expected in [("max\n", machine), ("5000000\n", 5_000_000), (f"{2**63}\n", machine)]:
        (tmp_path / "limit").write_text(text, encoding="ascii")
        monkeypatch.setattr(_memory, "_LIMITS", (tmp_path / "none", tmp_path / "limit"))
        assert _memory.memory() == expected


def test_windows_and_deletions_are_split_by_what_they_hold(model, windows, monkeypatch):
    whole = cv.ablation_study(model, *windows, "conv1", "all", "mean")
    blocks, finish = [], _cut.finish

    def noted(head, summed):
        blocks.append(summed.shape[0])
        return finish(head, summed)

    monkeypatch.setattr(_cut, "finish", noted)
    monkeypatch.setattr(_models, "MEMORY_BUDGET", 40_000)
    parts = cv.ablation_study(model, *windows, "conv1", "all", "mean")
    assert sum(blocks) == 17 * 40  # deletions and baseline, times windows
    assert 4 * 20 * max(blocks) * _models._STAGES <= 40_000
    np.testing.assert_allclose(parts.predictions, whole.predictions, atol=1e-6)


@pytest.mark.parametrize("held", [1, 3, 7])
def test_an_order_is_split_where_its_forecasts_are_too_many(model, windows, held, monkeypatch):
    whole = cv.estimate_shapley(model, *windows, "conv1", 5, seed=0)
    monkeypatch.setattr(shapley, "_HELD", held * 40)
    sizes, in_parallel = [], shapley.in_parallel

    def noted(model, x, path, deletions, *args, **options):
        sizes.append(len(deletions))
        return in_parallel(model, x, path, deletions, *args, **options)

    monkeypatch.setattr(shapley, "in_parallel", noted)
    parts = cv.estimate_shapley(model, *windows, "conv1", 5, seed=0)
    assert max(sizes[1:]) <= held  # the first are none and all of the channels
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize("at_once", [1, 5, 7, 1000])
def test_the_first_number_that_is_none_is_found_in_any_part(at_once, monkeypatch):
    monkeypatch.setattr(_arrays, "_CHECKED", at_once)
    for row in range(9):
        array = np.zeros((9, 2, 3))
        array[row, 1, 2] = np.nan
        array[-1, 1, 2] = np.inf
        with pytest.raises(ValueError, match=rf"at index \({row}, 1, 2\)"):
            _arrays.require_finite(array, "x")
    _arrays.require_finite(np.zeros((9, 2, 3)), "x")
