"""The committed models are what the script beside them makes, and nothing of them is trained again."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

import conv1d_viz as cv

MODELS = Path(__file__).parents[2] / "models"


def test_the_script_makes_all_of_them(tmp_path):
    environment = os.environ | {"CONV1D_VIZ_OUTPUT": str(tmp_path), "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, str(MODELS / "make.py"), "--epochs", "1", "--seeds", "2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    made = {path.name for path in (tmp_path / "models").iterdir() if path.suffix != ".lock"}
    by_notebooks = {f"sine_conv1d.{ending}" for ending in ("keras", "json")}
    by_notebooks |= {f"elnino_conv1d.{ending}" for ending in ("keras", "json", "csv")}
    committed = {path.name for path in MODELS.iterdir() if path.is_file() and path.suffix != ".lock"}
    assert made | by_notebooks | {"make.py"} == committed
    quick, committed = (cv.load_info(folder / "noisy_conv1d.keras") for folder in (tmp_path / "models", MODELS))
    assert quick["parameters"] == committed["parameters"] | {"epochs": 1}
    assert (quick["seed"], quick["wave"]) == (committed["seed"], committed["wave"])
    quick, committed = (cv.load_runs(folder / "sine_seeds.npz") for folder in (tmp_path / "models", MODELS))
    assert quick.seeds == [0, 1]
    assert committed.seeds == list(range(32))
    assert quick.settings == committed.settings | {"epochs": 1}
    assert quick.architecture == committed.architecture


def test_the_script_and_notebook_01_agree_on_the_study():
    made = cv.load_info(MODELS / "sine_conv1d.keras")
    script = runpy.run_path(str(MODELS / "make.py"))
    assert script["STUDY"] == made["parameters"]
    assert script["SEED"] == made["seed"]


def test_the_committed_info_makes_the_wave_with_a_noise_that_training_has_not_seen():
    for info in (cv.load_info(MODELS / f"{name}_conv1d.keras") for name in ("sine", "noisy")):
        wave = {name: info["parameters"][name] for name in ("period", "noise")}
        assert info["wave"] == wave | {"shape": "sine", "seed": info["seed"] + 2}
        assert len(cv.toy_series(300, start=10_000, **info["wave"])[1]) == 300


def test_the_kept_weights_forecast_as_well_as_their_history_says():
    runs = cv.load_runs(MODELS / "sine_seeds.npz")
    x, y = cv.sliding_windows(cv.toy_series(300, start=10_000)[1], 100)
    error = ((runs.model(31).predict(x, verbose=0) - y) ** 2).mean()
    # Validation windows are those of the same wave, so the best validation loss is the error on any of its periods.
    assert error == pytest.approx(min(runs.histories[31]["val_loss"]), rel=1e-3)


def test_a_model_for_the_shapes_of_the_windows_is_built_by_default_and_threads_share_the_trainings(tmp_path):
    x, y = cv.sliding_windows(np.random.default_rng(0).uniform(-0.5, 0.5, (60, 2)), 12, horizon=3)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        model = cv.train_many([5, 6], x, y, tmp_path / "runs.npz", epochs=1).model(1)
    assert (model.input_shape, model.output_shape, model.get_layer("conv1").filters) == ((None, 12, 2), (None, 3), 8)
