"""One table of wrong calls: the message names the parameter and what came, and nothing is drawn or written before.

And what is not wrong: anything that is like an array gives what the plain array gives, and stays as it is.
"""

import inspect

import jaxtyping
import keras
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import conv1d_viz as cv

L = keras.layers
T = np.arange(60.0)
WAVE = np.sin(2 * np.pi * T / 20)
X, Y = cv.sliding_windows(WAVE, 20)
ACTS = np.ones((30, 5, 2))
LINE = np.stack([WAVE, -WAVE], axis=1)
HUGE, GAP, PAIRS = np.where(T == 7, 1e300, WAVE), np.where(T == 7, np.nan, WAVE), np.ones((3, 3))
MODEL = cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, seed=1)
SEGMENTS = pd.DataFrame({"channel": [0, 1], "rank": [0, 0], "value": [2.0, 1.0]})
NETWORK = {"model": MODEL, "x": X, "layer": "conv1"}
WIDE = cv.build_model(window=20, channels=200, kernel_size=5, head_kernel_size=4, seed=1)
GENRES = keras.Sequential([keras.Input((20, 1)), L.Conv1D(4, 5, name="conv1"), L.GlobalMaxPooling1D(), L.Dense(13)])

FORKED = keras.Model(MODEL.inputs, [MODEL.outputs[0], MODEL.outputs[0]])
SCALED = cv.with_scaling(MODEL, 0, 1)
PAIR = [keras.Input((20, 1), name=name) for name in "ab"]
JOINED = keras.Model(PAIR, L.GlobalMaxPooling1D()(L.Concatenate()(PAIR)))


def early(*_):
    raise AssertionError("a forecast was made before the arguments were checked")


# Calls that work, by name.
FINE = {
    "ablation_study": NETWORK | {"y": Y},
    "animate_kernel": {"window": 8, "kernel_size": 3},
    "animate_windows": {"n_samples": 9, "window": 3},
    "build_model": {"window": 20},
    "channel_roles": {"line": LINE, "line_time": T, "wave": WAVE, "wave_time": T, "period": 20},
    "check_series": {"table": pd.Series(WAVE)},
    "channel_contributions": NETWORK,
    "coverage": {"n_windows": 5, "n_steps": 3},
    "cylinder_bell_funnel": {"n": 9},
    "diagonal_sum": {"acts": ACTS},
    "draw_index_matrix": {"n_windows": 5, "n_steps": 3},
    "draw_model": {"model": MODEL},
    "draw_parallelogram": {"n_windows": 5, "n_steps": 3},
    "estimate_shapley": NETWORK | {"y": Y, "n_orders": 2},
    "explore_channels": {"model": MODEL, "series": WAVE, "layers": "conv1", "window": 20},
    "explore_deletions": NETWORK | {"y": Y},
    "find_period": {"series": WAVE},
    "layer_activations": NETWORK,
    "load_info": {"path": "wave.keras"},
    "load_model": {"path": "wave.keras"},
    "load_runs": {"path": "runs.npz"},
    "plot_channel_bars": {"values": {"a": [1.0, 2.0, 3.0]}},
    "plot_contributions": {"time": T, "values": LINE},
    "plot_diagonal_deviation": {"acts": ACTS, "padded": [True, False, False, False, True]},
    "plot_forecast": {"time": T, "truth": WAVE, "forecast": WAVE},
    "plot_forecast_panels": {"time": T, "truth": WAVE, "predictions": LINE.T, "mse": [0.0, 1.0], "labels": ["a", "b"]},
    "plot_history": {"history": {"loss": [3.0, 2.0], "val_loss": [3.0, 1.0]}},
    "plot_kernels": {"weights": np.ones((5, 1, 3))},
    "plot_matrix": {"matrix": PAIRS},
    "plot_pair_grid": {"truth": WAVE, "predictions": np.ones((3, 3, 60)), "mse": PAIRS},
    "plot_reads": {"time": T, "values": WAVE, "picked": [0, 4, 2], "n_steps": 5},
    "plot_segments": {"table": SEGMENTS, "samples": np.ones((2, 5, 1))},
    "plot_series": {"time": T, "values": WAVE},
    "plot_strip_columns": {"lines": {"a": LINE}, "time": T, "waves": {"a": (T, WAVE)}},
    "plot_strips": {"line": LINE, "time": T},
    "plot_subsets": {"n_kept": [0, 1, 2], "mse": [3.0, 2.0, 1.0], "curves": {"best": [3.0, 2.0, 1.0]}},
    "plot_window_map": {"acts": ACTS[..., 0]},
    "predict_ablated": NETWORK | {"channels": (0,)},
    "receptive_field": {"model": MODEL, "layer": "conv1"},
    "save_figure": {"figure": Figure(), "name": "wave"},
    "save_model": {"model": MODEL, "path": "new.keras"},
    "series_timeline": {"model": MODEL, "series": WAVE, "layer": "conv1", "window": 20},
    "sliding_windows": {"series": WAVE, "window": 20},
    "top_segments": NETWORK,
    "toy_series": {"n": 20},
    "train": {"model": MODEL, "x": X, "y": Y, "epochs": 1},
    "train_many": {"seeds": [0], "x": X, "y": Y, "path": "runs.npz", "epochs": 1},
    "with_scaling": {"model": MODEL, "minimum": -1.0, "maximum": 1.0},
}
SIZES = """
animate_kernel.window animate_kernel.kernel_size animate_windows.n_samples animate_windows.window
animate_windows.horizon build_model.window build_model.channels build_model.kernel_size coverage.n_windows
coverage.n_steps coverage.stride diagonal_sum.stride draw_index_matrix.n_windows draw_index_matrix.n_steps
draw_parallelogram.n_windows estimate_shapley.n_orders explore_channels.window
plot_kernels.stride plot_reads.n_steps plot_reads.stride plot_window_map.stride plot_window_map.diagonal
receptive_field.window series_timeline.window series_timeline.horizon sliding_windows.window sliding_windows.horizon
sliding_windows.target toy_series.n train.epochs train.patience
"""
WHERE = [size.split(".") for size in SIZES.split()]
LAYERED = [name for name, options in FINE.items() if "layer" in options]
# What a call changes of the one that works, and what it is told.
ROWS = [
    *[(name, {size: 2.5}, rf"`{size}` must be an integer\. Got 2\.5") for name, size in WHERE],
    *[(name, {size: -1}, rf"`{size}` must be at least \d\. Got -1") for name, size in WHERE],
    ("cylinder_bell_funnel", {"noise": -1.0}, r"`noise` must be a finite number of at least 0\. Got -1"),
    ("draw_model", {"window": np.ones(7)}, r"`x` must have .*20"),
    ("plot_kernels", {"roles": ["a"]}, r"`roles` must have 3 strings\. Got 1"),
    ("plot_contributions", {"names": ["a"]}, r"`names` must have 2 strings\. Got 1"),
    ("plot_segments", {"table": SEGMENTS[:0]}, r"`table` must hold a segment\. Got none"),
    ("plot_segments", {"samples": np.ones((3, 5, 1))}, r"`samples` must have one row per row of `table`, 2"),
    *[(name, {"layer": "conv3"}, r"`layer` must be one of .*1 'conv2'.* Got 'conv3'") for name in LAYERED],
    *[(name, {"model": "wave"}, "`model` must be a Keras model.* Got .*str") for name in FINE if "model" in FINE[name]],
    *[(name, {"seed": -1}, r"`seed` must be at least 0\. Got -1") for name in ("toy_series", "build_model", "train")],
    ("toy_series", {"seed": 2**32}, r"`seed` must be below 2\*\*32\. Got 4294967296"),
    ("toy_series", {"period": 0}, r"`period` must be a finite number above 0\. Got 0"),
    ("toy_series", {"noise": np.nan}, r"`noise` must be a finite number of at least 0\. Got nan"),
    ("toy_series", {"shape": "square"}, r"`shape` must be one of 'sine', .* Got 'square'"),
    ("sliding_windows", {"series": []}, r"`series` must .*not be empty\. Got shape \(0,\)"),
    ("sliding_windows", {"series": list("abc")}, r"`series` must be an array of numbers .* Got dtype <U1"),
    ("sliding_windows", {"series": HUGE}, r"`series` must hold numbers within .* Got 1e\+300 at index \(7,\)"),
    ("sliding_windows", {"series": GAP}, r"`series` must hold finite numbers only\. Got nan at index \(7,\)"),
    ("sliding_windows", {"series": pd.Series(GAP, T + 5)}, r"nan at row 12\.0 .*\.interpolate\(\)`.*`check_series`"),
    ("sliding_windows", {"series": np.ma.masked_less(WAVE, 0)}, r"`series` must have no masked values\. Got \d+"),
    ("sliding_windows", {"window": 60}, r"`series` must have at least window \+ horizon = .* Got 60"),
    ("check_series", {"table": WAVE}, r"`table` must be .*pd\.Series"),
    ("find_period", {"series": LINE}, r"`series` must have the shape \(time,\).* Got shape \(60, 2\)"),
    ("build_model", {"window": 20, "kernel_size": 21}, r"`kernel_size` must .* 20.* Got 21"),
    ("train", {"y": Y[1:]}, r"`y` must have the shape \(40, 1\).* Got \(39, 1\)"),
    (
        "train",
        {"model": cv.build_model(20, horizon=40), "y": WAVE[:40]},
        r"`y` must have the shape \(40, 40\).*Got \(40,",
    ),
    *[(name, {"model": FORKED}, r"`model` must have one output\. Got \[") for name in ("draw_model", "train")],
    ("draw_model", {"model": JOINED}, r"`model` must have one input\. Got \['a', 'b'\]"),
    ("train_many", {"y": Y[:, 0]}, r"`y` must have the shape \(n_windows, horizon\).* Got shape \(40,\)"),
    ("train_many", {"seeds": [1, 1]}, r"`seeds` must .* Got \[1, 1\]"),
    ("with_scaling", {"model": SCALED}, r"`model` must not be scaled already\. Got"),
    (
        "with_scaling",
        {"model": keras.Model(SCALED.inputs, SCALED.outputs)},
        r"`model` must not be scaled already\. Got",
    ),
    (
        "with_scaling",
        {"model": keras.Sequential([keras.Input((20, 1)), SCALED])},
        r"`model` must not be scaled already\. Got",
    ),
    ("with_scaling", {"model": FORKED}, r"`model` must have one output\. Got \["),
    ("with_scaling", {"maximum": -2.0}, r"`maximum` must .* Got"),
    ("save_model", {"path": "wave.h5"}, r"`path` must end in \.keras.* Got .*wave\.h5"),
    ("save_model", {"path": "wave.keras"}, r"wave\.keras"),  # which exists
    ("load_model", {"path": "wave.h5"}, r"`path` must end in \.keras.*wave\.h5'; `keras\.saving\.load_model` reads it"),
    ("load_info", {"path": "none.keras"}, r"`path` must be a file\. Got .*none"),
    ("load_model", {"path": "none.keras"}, r"`path` must be a file\. Got .*none\.keras"),
    ("load_runs", {"path": "wave.keras"}, r"`path` must end in \.npz.* Got .*wave\.keras"),
    ("save_figure", {"figure": "wave"}, r"`figure` must be a Figure, .* Got str"),
    ("save_figure", {"name": "../wave"}, r"`name` must be .* Got '\.\./wave'"),
    ("layer_activations", {"model": JOINED, "x": [X, X], "layer": "input"}, r"1 'b', .*(?<!'input')\. Got 'input'"),
    ("layer_activations", {"x": X[:, :19]}, r"`x` must have the shape .*20, 1\) .* Got shape \(40, 19, 1\)"),
    ("series_timeline", {"out": np.zeros((59, 4), "f4")}, r"`out` must be .* of float64 and shape \(59, 4\)\. Got"),
    ("diagonal_sum", {"acts": ACTS[0]}, r"`acts` must have the shape .* Got shape \(5, 2\)"),
    ("channel_roles", {"wave": np.ones(60)}, r"`wave` must vary, .*Got the constant 1"),
    ("predict_ablated", {"layer": -1}, r"`layer` must lead to .* Got 'global_max', which is the output"),
    ("predict_ablated", {"channels": (4,)}, r"`channels` must be among the layer's channels, 0\.\.3.* Got \(4,\)"),
    ("predict_ablated", {"channels": 2}, r"`channels` must be a tuple of channels\. Got 2"),
    ("predict_ablated", {"cells": X[..., 0]}, r"`cells` must be an array of booleans .* Got dtype float64"),
    ("ablation_study", {"deletions": (0, 1)}, r"`deletions` must be .* such as \[\(0,\), \(0, 1\)\]\. Got 0"),
    ("ablation_study", {"deletions": "triples"}, r"`deletions` must be one of 'single', .* Got 'triples'"),
    ("explore_channels", {"time": T[:3]}, r"`time` must have 60 values\. Got 3"),
    ("explore_deletions", {"model": FORKED}, r"`output` must be one of the model's outputs, \[.* Got None"),
    ("explore_deletions", {"time": T[:3], "loss": early}, r"`time` must have 40 values\. Got 3"),
    ("explore_deletions", {"model": WIDE, "loss": early}, r"`layer` must have few enough channels .* Got [\d,]+ numb"),
    ("explore_deletions", {"model": GENRES, "y": X[:, 0] > 0, "loss": early}, r"`model` must have at most 12.* Got 13"),
    ("plot_series", {"values": LINE}, r"`values` must have the shape \(time,\).* Got shape \(60, 2\)"),
    (
        "plot_history",
        {"history": {"loss": [1.0], "val_loss": [1.0, 1.0]}},
        r"`history\['val_loss'\]` must have 1 val.* 2",
    ),
    ("plot_history", {"history": keras.callbacks.History()}, r"`history` must be .*`history\.history`\. Got History"),
    ("plot_forecast", {"truth": GAP}, r"`truth` must hold finite numbers only\. Got nan at index \(7,\)"),
    ("plot_forecast_panels", {"labels": "ab"}, r"`labels` must be a sequence of strings\. Got 'ab'"),
    ("plot_channel_bars", {"values": {"a": GAP}}, r"`values\['a'\]` must hold finite numbers only\. Got nan"),
    ("plot_diagonal_deviation", {"acts": ACTS[:2]}, r"`acts` must .* Got 2"),
    ("plot_matrix", {"matrix": np.ones((2, 3))}, r"`matrix` must .* Got .*\(2, 3\)"),
    ("plot_pair_grid", {"mse": -PAIRS}, r"`mse` must hold numbers of at least 0\. Got -1"),
    ("plot_reads", {"picked": [0.5, 1]}, r"`picked` must hold integers\. Got 0\.5"),
    ("plot_strips", {"wave": pd.DataFrame(LINE)}, r"`wave` must be .*a Series such as `table\.iloc\[.* Got DataFrame"),
    ("plot_strips", {"line": np.ones((2, 3, 4))}, r"`line` must have the shape .* Got shape \(2, 3, 4\)"),
    ("plot_strip_columns", {"lines": {"a": WAVE}}, r"`lines\['a'\]` must have the shape .* Got shape \(60,\)"),
    ("plot_subsets", {"mse": GAP[6:9]}, r"`mse` must hold finite numbers only\. Got nan"),
]


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    cv.save_model(MODEL, folder / "wave.keras", info={})
    cv.train_many([0], X, Y, folder / "runs.npz", epochs=1)
    return folder


@pytest.fixture(autouse=True)
def _as_users_call_it(files, monkeypatch):
    monkeypatch.chdir(files)
    monkeypatch.setenv("CONV1D_VIZ_OUTPUT", str(files))
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # the package's own checks speak


@pytest.mark.parametrize("name", FINE)
def test_the_calls_are_fine_but_for_what_a_row_changes(name):
    getattr(cv, name)(**FINE[name])


@pytest.mark.parametrize(("name", "change", "message"), ROWS)
def test_a_wrong_call_is_refused_before_any_work(name, change, message, files):
    before = {path: path.stat().st_mtime_ns for path in files.rglob("*")}
    with pytest.raises((TypeError, ValueError, OSError), match=message):
        getattr(cv, name)(**FINE[name] | change)
    assert plt.get_fignums() == []
    assert {path: path.stat().st_mtime_ns for path in files.rglob("*")} == before


def test_the_table_has_every_public_name_that_takes_arguments():
    wanted = {name for name in cv.__all__ if inspect.signature(getattr(cv, name)).parameters}
    assert set(FINE) == {name for name, _, _ in ROWS} == wanted


WHOLE = np.round(9 * WAVE)
CALLS = {
    "ablation_study": lambda v: cv.ablation_study(MODEL, *cv.sliding_windows(v, 20), "conv1", "single").predictions,
    "channel_roles": lambda v: cv.channel_roles(LINE, T, v, T, 20),
    "find_period": lambda v: cv.find_period(v),
    "plot_series": lambda v: cv.plot_series(T, v).lines[0].get_ydata(),
    "series_timeline": lambda v: cv.series_timeline(MODEL, v, "conv1", 20),
    "sliding_windows": lambda v: cv.sliding_windows(v, 20)[0],
}
KINDS = {
    "list": np.ndarray.tolist,
    "pandas": lambda v: pd.Series(v, pd.date_range("2020", periods=60)),
    "objects": lambda v: v.astype(object),
    "integers": lambda v: v.astype(np.int16),
    "reversed view": lambda v: v[::-1].copy()[::-1],
    "big-endian": lambda v: v.astype(">f8"),
}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
def test_what_is_like_an_array_gives_what_the_array_gives_and_stays_as_it_is(name, kind):
    given = KINDS[kind](WHOLE)
    np.testing.assert_array_equal(CALLS[name](given), CALLS[name](WHOLE))
    np.testing.assert_array_equal(np.asarray(given), KINDS[kind](WHOLE))
