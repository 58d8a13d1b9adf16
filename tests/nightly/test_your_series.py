"""Notebook 06 with other series, which are written here: it must run, and its model beat what needs no training.

A series with missing rows must stop it. And the numbers that it gives for its choice of a tanh are computed anew.
"""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

FOLDER = Path(__file__).parents[2] / "notebooks" / "further"


def monthly(rng):
    """Thirty years with a trend and a season."""
    time = np.arange(360)
    season = 25 * np.sin(2 * np.pi * time / 12) + 8 * np.cos(4 * np.pi * time / 12)
    dates = pd.date_range("1990-01-01", periods=360, freq="MS", name="month")
    return pd.DataFrame({"sold": 200 + 0.6 * time + season + rng.normal(0, 5, 360)}, dates)


def half_hourly(rng):
    """Sixteen weeks with a day, a weekend and a slow noise."""
    dates = pd.date_range("2024-01-01", periods=16 * 336, freq="30min", name="time")
    time, weekend, slow = np.arange(len(dates)), dates.day_of_week >= 5, np.zeros(len(dates))
    for k, noise in enumerate(rng.normal(0, 0.4, len(dates) - 1)):
        slow[k + 1] = 0.9 * slow[k] + noise
    day = 10 * (1 - 0.4 * weekend) * np.sin(2 * np.pi * time / 48 - 1.8) + 4 * np.sin(4 * np.pi * time / 48)
    return pd.DataFrame({"load": 40 + day - 6 * weekend + slow}, dates)


def with_temperature(rng):
    """The half-hourly series and an input in addition to it."""
    table = half_hourly(rng)
    return table.assign(weekend=(table.index.day_of_week >= 5).astype(float))


def walk(rng):
    """A series with no period, every day."""
    dates = pd.date_range("2020-01-01", periods=900, name="day")
    return pd.DataFrame({"price": 100 + rng.normal(0, 1, 900).cumsum()}, dates)


QUICK = {"EPOCHS": 40, "PATIENCE": 8, "WINDOW": 96, "ERROR_BY": "hour", "AHEAD": 48}
# The series, its parameters, and its period.
SERIES = {
    "monthly": (monthly, {"DIFFERENCE": True}, 12),
    "half-hourly": (half_hourly, QUICK, 48),
    "two columns, three steps at once": (with_temperature, QUICK | {"HORIZON": 3}, 48),
    "no period": (walk, {"DIFFERENCE": True, "ERROR_BY": "day_of_week", "EPOCHS": 20}, None),
}


def run(folder, table, parameters):
    """Run the notebook on a table; return what came of it, and its outputs."""
    table.to_csv(folder / "series.csv")
    parameters = {"PATH": folder / "series.csv", "UNIT": "kW", "MODEL_NAME": "mine"} | parameters
    command = [sys.executable, "-m", "papermill", FOLDER / "06_your_series.ipynb", folder / "done.ipynb"]
    for name, value in parameters.items():
        command += ["-p", name, value]
    environment = os.environ | {"CONV1D_VIZ_OUTPUT": str(folder), "KERAS_BACKEND": "tensorflow"}
    options = {"cwd": FOLDER, "env": environment, "capture_output": True, "text": True, "check": False}
    done = subprocess.run([*map(str, command), "--no-progress-bar"], timeout=900, **options)
    cells = json.loads((folder / "done.ipynb").read_text(encoding="utf-8"))["cells"]
    return done, [output for cell in cells for output in cell.get("outputs", [])]


@pytest.mark.parametrize("key", SERIES)
def test_another_series_from_start_to_end(tmp_path, key):
    make, parameters, period = SERIES[key]
    done, outputs = run(tmp_path, make(np.random.default_rng(7)), parameters)
    assert done.returncode == 0, done.stderr[-2500:]
    assert not [o for o in outputs if o.get("name") == "stderr" or o["output_type"] == "error"]

    texts = ["".join(o["data"]["text/plain"]) for o in outputs if "text/plain" in o.get("data", {})]
    (facts,) = [text for text in texts if text.startswith("period")]
    found = float(facts.split()[1])
    assert np.isnan(found) if period is None else found == pytest.approx(period, abs=0.1), facts
    (verdict,) = [text for text in texts if "same phase" in text]
    rmse = {name: float(number) for name, number in re.findall(r"^(\w[\w ]*?) {2,}([\d.]+)", verdict, re.M)}
    assert len(rmse) == 5
    if period is not None:
        assert rmse["model"] < 0.75 * min(rmse["last value"], rmse["same phase"]), verdict

    kept = pd.read_csv(tmp_path / "models" / "mine.csv", index_col=0, parse_dates=True)
    series = make(np.random.default_rng(7)).iloc[:, 0]
    assert len(kept) == parameters.get("AHEAD", 12)
    assert kept.index[0] > series.index[-1]
    assert kept.index.equals(
        pd.date_range(kept.index[0], periods=len(kept), freq=pd.DatetimeIndex(series.index, freq="infer").freq)
    )
    assert (kept["low"] < kept["high"]).all()
    assert cv.load_model(tmp_path / "models" / "mine.keras").input_shape[1] == parameters.get("WINDOW", 24)
    assert len(list((tmp_path / "figures").glob("06_*.png"))) == 8


def test_missing_rows_stop_where_they_are_read(tmp_path):
    table = half_hourly(np.random.default_rng(7))
    done, outputs = run(tmp_path, table.drop(table.index[100:110]), QUICK)
    assert done.returncode != 0
    said, error = outputs  # of the cell that reads
    assert ".asfreq(" in "".join(said["text"])  # the line of pandas that mends it
    assert error["evalue"] == "Cannot shift with no freq"
    assert not (tmp_path / "models").exists()


@pytest.mark.parametrize(
    ("table", "error"),
    [
        (monthly(np.random.default_rng(7)).reset_index(drop=True), "'RangeIndex' object has no attribute 'month'"),
        (monthly(np.random.default_rng(7))[:70], "`series` must have"),  # 34 rows to test with
    ],
    ids=["no dates", "too short for the year ahead"],
)
def test_what_cannot_work_stops_before_any_training(tmp_path, table, error):
    done, outputs = run(tmp_path, table, {})
    assert done.returncode != 0
    assert outputs[-1]["evalue"].startswith(error)
    assert not (tmp_path / "models").exists()


def test_a_tanh_forecasts_better_than_a_relu_within_the_training_part():
    table = pd.read_csv(FOLDER / "elnino.csv", index_col=0, parse_dates=True)
    x, y = cv.sliding_windows(table, 24)

    def mse(activation, end):
        keras.utils.set_random_seed(0)
        conv = keras.layers.Conv1D(8, 6, activation=activation)
        inner = keras.Sequential([keras.Input((24, 1)), conv, keras.layers.Flatten(), keras.layers.Dense(1)])
        model = cv.with_scaling(inner, x[:end].min(axis=(0, 1)), x[:end].max(axis=(0, 1)))
        model.compile("adam", "mse", steps_per_execution=256)
        cv.train(model, x[:end], y[:end], 300, 30, 0.15, 0)
        return np.mean((model.predict(x[end : end + 60], verbose=0) - y[end : end + 60]) ** 2)

    tanh, relu = (np.mean([mse(kind, end) for end in (386, 446, 506)]) ** 0.5 for kind in ("tanh", "relu"))
    assert (tanh, relu) == (pytest.approx(0.44, abs=0.02), pytest.approx(0.79, abs=0.05))
