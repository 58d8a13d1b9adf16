"""The committed models are what the script beside them makes, and what notebook 03 says they are."""

import os
import runpy
import subprocess
import sys
from pathlib import Path

import pytest

import conv1d_viz as cv

MODELS = Path(__file__).parent.parent / "models"


def test_the_script_makes_all_of_them(tmp_path):
    environment = os.environ | {"CONV1D_VIZ_OUTPUT": str(tmp_path), "KERAS_BACKEND": "tensorflow"}
    command = [sys.executable, str(MODELS / "make.py"), "--epochs", "1", "--seeds", "2"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    made = {path.name for path in (tmp_path / "models").iterdir()}
    assert made | {"sine_conv1d.keras", "sine_conv1d.json", "make.py"} == {path.name for path in MODELS.iterdir()}
    for name in ("noisy_conv1d", "elnino_conv1d"):
        quick, committed = (cv.load_info(folder / f"{name}.keras") for folder in (tmp_path / "models", MODELS))
        assert quick["parameters"] == committed["parameters"] | {"epochs": 1}
        assert {key: quick[key] for key in quick if key in ("seed", "scaler")} == {
            key: committed[key] for key in committed if key in ("seed", "scaler")
        }
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


@pytest.mark.parametrize("seed", [0, 31])
def test_the_kept_weights_forecast_as_well_as_their_history_says(seed):
    runs = cv.load_runs(MODELS / "sine_seeds.npz")
    _, wave = cv.toy_series(300, start=10_000)
    x, y = cv.sliding_windows(wave, 100)
    error = ((runs.model(seed).predict(x, verbose=0) - y) ** 2).mean()
    # Validation windows are those of the same wave, so the best validation loss is the error on any of its periods.
    assert error == pytest.approx(min(runs.histories[seed]["val_loss"]), rel=1e-3)
