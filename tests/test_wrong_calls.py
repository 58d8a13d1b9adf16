"""A table of wrong calls of every public function: type of the error, the parameter that it names, and what came.

Each row changes a call that works in one place. Nothing may be drawn or written before the refusal.
"""

import inspect
import re
import shutil

import jaxtyping
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
T = np.arange(60.0)
WAVE = np.sin(2 * np.pi * T / 20)
X, Y = cv.sliding_windows(WAVE, 20)
ACTS = np.ones((30, 5, 2))
LINE = np.stack([WAVE, -WAVE], axis=1)
PAIRS = np.ones((3, 3))
FIELD = cv.ReceptiveField(5, 1, -2)
MODEL = cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, seed=1)
NO_LOSS = keras.Sequential([keras.Input((20, 1)), L.GlobalMaxPooling1D()])
NO_LOSS.compile(optimizer="adam")
NO_OPTIMIZER = keras.Sequential([keras.Input((20, 1)), L.GlobalMaxPooling1D()])
NO_OPTIMIZER.compile(None, "mse")
STUDY = cv.AblationStudy([(0,), (1,)], np.zeros((2, 9, 1)), np.ones(2), np.zeros((9, 1)), 0.5, 2, "zero")
RUNS = cv.TrainingRuns([7], [{"loss": [1.0], "val_loss": [1.0]}], [MODEL.get_weights()], {}, MODEL.to_json())
INFO = {"parameters": {"series": "sine", "n_samples": 90, "period": 20, "noise": 0.0}, "seed": 0}

# Calls that work, by the name of what is called.
FINE = {
    "AblationStudy.mse_of": {"self": STUDY, "deletions": [(0,), ()]},
    "ReceptiveField.sees_padding": {"self": FIELD, "n_steps": 20, "window": 20},
    "TrainingRuns.model": {"self": RUNS, "k": 0},
    "TrainingRuns.of": {"self": RUNS, "seeds": [7]},
    "ablation_study": {"model": MODEL, "x": X, "y": Y, "layer": "conv1", "deletions": "single"},
    "animate_kernel": {"window": 8, "kernel_size": 3},
    "animate_windows": {"n_samples": 9, "window": 3},
    "build_model": {"window": 20},
    "channel_roles": {"line": LINE, "line_time": T, "wave": WAVE, "wave_time": T, "period": 20},
    "check_parameters": {"n_samples": 300, "window": 50},
    "coverage": {"n_windows": 5, "n_steps": 3},
    "diagonal_deviation": {"acts": ACTS, "reference": 2},
    "diagonal_sum": {"acts": ACTS},
    "draw_index_matrix": {"n_windows": 5, "n_steps": 3},
    "draw_model": {"rows": [("input", "", (20, 1), 0), ("conv1", "Conv1D", (20, 4), 24)]},
    "draw_parallelogram": {"n_windows": 5, "n_steps": 3},
    "estimate_shapley": {"model": MODEL, "x": X, "y": Y, "layer": "conv1", "n_orders": 2},
    "explore_channels": {"model": MODEL, "series": WAVE, "layer": "conv1", "window": 20},
    "explore_deletions": {"model": MODEL, "x": X, "y": Y, "layer": "conv1"},
    "field_between": {"earlier": FIELD, "later": cv.ReceptiveField(8, 1, -3)},
    "find_model": {"name": "wave"},
    "find_period": {"series": WAVE},
    "label_dates": {"figure": Figure(), "dates": pd.date_range("2020", periods=60)},
    "layer_activations": {"model": MODEL, "x": X, "layer": "conv1"},
    "layer_roles": {"model": MODEL, "series": np.tile(WAVE, 2), "layer": "conv1", "window": 20, "period": 20},
    "layer_rows": {"model": MODEL},
    "load_info": {"path": "wave.keras"},
    "load_model": {"path": "wave.keras"},
    "load_runs": {"path": "runs.npz"},
    "load_series": {"path": "wave.csv"},
    "model_path": {"name": "wave"},
    "plot_channel_bars": {"values": {"a": [1.0, 2.0, 3.0]}},
    "plot_diagonal_deviation": {"deviation": np.ones(5), "padded": [True, False, False, False, True]},
    "plot_fill": {"repeated": WAVE, "existing": WAVE, "coverage": np.ones(60), "time": T},
    "plot_forecast": {"time": T, "truth": WAVE, "forecast": WAVE},
    "plot_forecast_panels": {"time": T, "truth": WAVE, "predictions": LINE.T, "mse": [0.0, 1.0], "labels": ["a", "b"]},
    "plot_history": {"history": {"loss": [3.0, 2.0], "val_loss": [3.0, 1.0]}},
    "plot_kernels": {"weights": np.ones((5, 1, 3))},
    "plot_matrix": {"matrix": PAIRS},
    "plot_pair_grid": {"truth": WAVE, "predictions": np.ones((3, 3, 60)), "mse": PAIRS},
    "plot_rankings": {"scores": {"a": [1.0, 2.0], "b": [2.0, 1.0]}},
    "plot_reads": {"time": T, "values": WAVE, "picked": [0, 4, 2], "n_steps": 5},
    "plot_series": {"time": T, "values": WAVE},
    "plot_spread": {"values": {"a": [1.0, 2.0]}},
    "plot_strip": {"line": WAVE, "time": T},
    "plot_strip_columns": {"lines": {"a": LINE}, "time": T, "waves": {"a": (T, WAVE)}},
    "plot_strips": {"line": LINE, "time": T},
    "plot_subsets": {"n_kept": [0, 1, 2], "mse": [3.0, 2.0, 1.0], "curves": {"best": [3.0, 2.0, 1.0]}},
    "plot_timeline_map": {"line": LINE, "time": T},
    "plot_window_map": {"acts": np.ones((30, 5))},
    "predict_ablated": {"model": MODEL, "x": X, "layer": "conv1", "channels": (0,)},
    "receptive_field": {"model": MODEL, "layer": "conv1"},
    "save_figure": {"figure": Figure(), "name": "wave"},
    "save_model": {"model": MODEL, "path": "new.keras"},
    "seen_cells": {"picked": [0, 3], "field": FIELD, "n_steps": 5},
    "series_of": {"info": INFO, "length": 30},
    "series_timeline": {"model": MODEL, "series": WAVE, "layer": "conv1", "window": 20},
    "sliding_windows": {"series": WAVE, "window": 20},
    "toy_series": {"n": 20},
    "train": {"model": MODEL, "x": X, "y": Y, "epochs": 1},
    "train_many": {"seeds": [0], "x": X, "y": Y, "path": "runs.npz", "epochs": 1},
    "with_scaling": {"model": MODEL, "minimum": -1.0, "maximum": 1.0},
}


def row(name, error, got, parameter=None, /, **change):
    """A row of the table: the message must name `parameter`, by default the one that is changed."""
    parameter = parameter or next(iter(change))
    return pytest.param(name, change, error, parameter, got, id=f"{name}-{parameter}-{got}"[:60])


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


ONE, TWO = keras.Input((20, 1)), keras.Input((20, 1))
JOINED = keras.Model([ONE, TWO], L.Add()([ONE, TWO]))
WITH_MODEL = [name for name in FINE if "model" in FINE[name] and name != "save_model"]
WITH_AXES = [name for name in FINE if "ax" in inspect.signature(getattr(cv, name.partition(".")[0])).parameters]
MASKED = np.ma.masked_greater(WAVE, 0.9)
DATES = pd.date_range("2020", periods=60)
HUGE = np.where(T == 7, 1e300, WAVE)  # its square is no number
GAPS = pd.Series([None, *WAVE[1:]], dtype=object)
BOOLS = np.ones((40, 20), dtype=bool)

ROWS = [
    # Studies and fields
    row("AblationStudy.mse_of", TypeError, "3", deletions=3),
    row("AblationStudy.mse_of", TypeError, "'single'", deletions="single"),
    row("AblationStudy.mse_of", TypeError, "0", deletions=[0, 1]),
    row("AblationStudy.mse_of", TypeError, "True", deletions=[(True,)]),
    row("AblationStudy.mse_of", ValueError, "(2,)", deletions=[(2,)]),
    row("ReceptiveField.sees_padding", TypeError, "2.5", n_steps=2.5),
    row("ReceptiveField.sees_padding", ValueError, "0", window=0),
    row("TrainingRuns.model", ValueError, "1", k=1),
    row("TrainingRuns.model", ValueError, "-1", k=-1),
    row("TrainingRuns.model", TypeError, "True", k=True),
    row("TrainingRuns.model", TypeError, "'7'", k="7"),
    row("TrainingRuns.of", ValueError, "8", seeds=[7, 8]),
    # Deletions
    row("ablation_study", TypeError, "float64", "cells", cells=np.ones((40, 20))),
    row("ablation_study", TypeError, "list", "cells", cells=[[True], [True, False]]),
    row("ablation_study", ValueError, "of them", "cells", cells=np.ma.array(BOOLS, mask=X[..., 0] > 0.99)),
    row("ablation_study", ValueError, "(0, 20)", "cells", cells=BOOLS[:0]),
    row("ablation_study", ValueError, "1e+300", y=np.where(Y > 0.9, 1e300, Y)),
    row("ablation_study", ValueError, "inf", y=np.where(Y > 0.9, np.inf, Y)),
    row("ablation_study", TypeError, "complex128", y=Y * 1j),
    row("ablation_study", TypeError, "array(1)", deletions=np.array(1)),
    row("ablation_study", TypeError, "0.0", deletions=[(0.0,)]),
    row("ablation_study", TypeError, "'0'", deletions=["0"]),
    row("ablation_study", ValueError, "None", replacement=None),
    row("ablation_study", TypeError, "'yes'", progress="yes"),
    row("ablation_study", ValueError, "b'zero'", replacement=b"zero"),
    row("predict_ablated", TypeError, "array(1)", channels=np.array(1)),
    row("predict_ablated", TypeError, "'1'", channels=["1"]),
    row("predict_ablated", TypeError, "0.0", channels=np.zeros(1)),
    row("predict_ablated", TypeError, "True", channels=np.array([True, False])),
    row("predict_ablated", TypeError, "nan", channels=[np.nan]),
    row("predict_ablated", ValueError, "4", channels=range(5)),
    row("predict_ablated", TypeError, "object", "cells", cells=np.where(BOOLS, True, None)),
    row("predict_ablated", TypeError, "int64", "cells", cells=BOOLS.astype(int)),
    row("predict_ablated", ValueError, "-1", "seed", replacement="shuffle", seed=-1),
    row("estimate_shapley", ValueError, "1", n_orders=1),
    row("estimate_shapley", ValueError, "(1000000000000, 4)", n_orders=10**12),
    row("estimate_shapley", TypeError, "1", "progress", progress=1),
    row("estimate_shapley", TypeError, "2.0", n_orders=2.0),
    row("estimate_shapley", ValueError, "-3e+200", y=Y * 0 - 3e200),
    row("estimate_shapley", ValueError, "'noise'", replacement="noise"),
    row("estimate_shapley", ValueError, "-1", seed=-1),
    # Windows and layers of a network
    row("layer_activations", ValueError, "1e+300", x=np.where(X > 0.9, 1e300, X)),
    row("layer_activations", ValueError, "-1e+39", x=np.full(X.shape, -1e39)),
    row("layer_activations", TypeError, "datetime64", x=DATES.to_numpy()[:, None, None]),
    row("layer_activations", TypeError, "function", x=lambda: X),
    row("layer_activations", ValueError, "()", x=np.array(1.0)),
    row("layer_activations", ValueError, "1", x=np.ma.masked_where(np.arange(X.size).reshape(X.shape) == 0, X)),
    row("layer_activations", ValueError, "7", layer=7),
    row("layer_activations", TypeError, "['conv1']", layer=["conv1"]),
    row("layer_activations", TypeError, "None", layer=None),
    row("receptive_field", ValueError, "'dense'", layer=L.Dense(1, name="dense")),
    row("receptive_field", TypeError, "1.5", layer=1.5),
    row("receptive_field", ValueError, "21", "window", window=21),
    row("receptive_field", TypeError, "'20'", "window", window="20"),
    row("field_between", TypeError, "(5, 1, -2)", earlier=(5, 1, -2)),
    row("field_between", TypeError, "'conv2'", later="conv2"),
    row("field_between", ValueError, "0", "earlier.stride", earlier=cv.ReceptiveField(5, 0, 0)),
    row("field_between", TypeError, "8.5", "later.size", later=cv.ReceptiveField(8.5, 1, 0)),
    row("field_between", ValueError, "size=3", later=cv.ReceptiveField(3, 1, 0)),
    row("seen_cells", TypeError, "0.5", picked=[0, 0.5]),
    row("seen_cells", TypeError, "bool", picked=[True, False]),
    row("seen_cells", TypeError, "<U1", picked=["0"]),
    row("seen_cells", ValueError, "nan", picked=[0, np.nan]),
    row("seen_cells", ValueError, "1", picked=np.ma.masked_equal([0, 3], 3)),
    row("seen_cells", ValueError, "1e+30", picked=[0, 1e30]),
    row("seen_cells", TypeError, "None", field=None),
    row("seen_cells", ValueError, "0", n_steps=0),
    row("with_scaling", TypeError, "list", minimum=[[1.0], [1.0, 2.0]]),
    row("with_scaling", TypeError, "<U1", minimum="a"),
    row("with_scaling", ValueError, "1", maximum=np.ma.masked_equal([1.0], 1.0)),
    row("with_scaling", ValueError, "-2.0", maximum=-2.0),
    row("with_scaling", ValueError, "nan", maximum=np.nan),
    row("with_scaling", ValueError, "2", minimum=[0.0, 0.0]),
    # Training
    row("build_model", TypeError, "[20]", window=[20]),
    row("build_model", TypeError, "nan", "channels", channels=np.nan),
    row("build_model", TypeError, "8.0", "kernel_size", kernel_size=np.float64(8)),
    row("build_model", TypeError, "'7'", "seed", seed="7"),
    row("check_parameters", TypeError, "300.0", n_samples=300.0),
    row("check_parameters", ValueError, "300", window=300),
    row("check_parameters", TypeError, "True", "epochs", epochs=True),
    row("check_parameters", ValueError, "-1", "patience", patience=-1),
    row("check_parameters", ValueError, "9", "train_size", train_size=9),
    row("check_parameters", ValueError, "60", "kernel_size", kernel_size=60),
    row("check_parameters", ValueError, "inf", "period", period=np.inf),
    row("check_parameters", TypeError, "'a'", "seed", seed="a"),
    row("train", ValueError, "1e+300", y=np.where(Y > 0.9, 1e300, Y)),
    row("train", ValueError, "1e+39", x=np.full(X.shape, 1e39)),
    row("train", ValueError, "without a loss", "model", model=NO_LOSS),
    row("train_many", ValueError, "without a loss", "build", build=lambda _: NO_LOSS),
    row("train", ValueError, "without a loss", "model", model=NO_OPTIMIZER),
    row("train_many", ValueError, "without a loss", "build", build=lambda _: NO_OPTIMIZER),
    row("train", ValueError, "nan", "validation_split", validation_split=np.nan),
    row("train", ValueError, "2", "validation_split", validation_split=2),
    row("train", TypeError, "'print'", "report", report="print"),
    row("train", TypeError, "None", epochs=None),
    row("train_many", TypeError, "3", seeds=3),
    row("train_many", TypeError, "None", progress=None),
    row("train_many", TypeError, "array(1)", seeds=np.array(1)),
    row("train_many", TypeError, "'forecaster'", "build", build=lambda _: "forecaster"),
    row("train_many", ValueError, "[1, 1]", seeds=[1, 1]),
    row("train_many", TypeError, "0.5", seeds=[0.5]),
    row("train_many", ValueError, "-1", seeds=[-1]),
    row("train_many", ValueError, "runs.csv", path="runs.csv"),
    row("train_many", TypeError, "'sine'", "build", build="sine"),
    row("train_many", ValueError, "(40,)", y=Y[:, 0]),
    row("train_many", ValueError, "(40, 20)", x=X[..., 0]),
    # Series
    row("toy_series", ValueError, "1e+200", "noise", noise=1e200),
    row("toy_series", ValueError, str(10**400), "period", period=10**400),
    row("toy_series", TypeError, "array", "period", period=np.array([20.0])),
    row("toy_series", TypeError, "1j", "noise", noise=1j),
    row("toy_series", TypeError, "[20]", n=[20]),
    row("coverage", ValueError, "(100000000000002,)", n_windows=10**14),
    row("find_period", TypeError, "too large", "series", series=[10**400, *WAVE]),
    row("with_scaling", ValueError, "to_unit", "model", model=cv.with_scaling(MODEL, 0, 10)),
    row("toy_series", ValueError, "(2, 100000000000000)", n=10**14),
    row("toy_series", ValueError, str(2**60), "start", n=2**60),
    row("toy_series", ValueError, "['sine']", "shape", shape=["sine"]),
    row("sliding_windows", ValueError, "1e+300 at index (7,)", series=HUGE),
    row("sliding_windows", ValueError, str(np.ma.count_masked(MASKED)), series=MASKED),
    row("sliding_windows", ValueError, "nan at index (0,)", series=GAPS),
    row("sliding_windows", TypeError, "something else", series=pd.Series(list("12") * 30, dtype=object)),
    row("sliding_windows", ValueError, "nan", series=pd.Series(WAVE).where(T != 3)),
    row("sliding_windows", TypeError, "dict", series={"a": WAVE}),
    row("sliding_windows", TypeError, "set", series={1.0, 2.0}),
    row("sliding_windows", TypeError, "generator", series=(v for v in WAVE)),
    row("sliding_windows", TypeError, "datetime64", series=DATES),
    row("sliding_windows", TypeError, "timedelta64", series=DATES - DATES[0]),
    row("sliding_windows", TypeError, "NoneType", series=None),
    row("sliding_windows", ValueError, "()", series=3.0),
    row("sliding_windows", ValueError, "(60, 1, 1)", series=WAVE[:, None, None]),
    row("sliding_windows", ValueError, "-1", "target", target=-1),
    row("sliding_windows", ValueError, "60 samples", "series", window=60),
    row("find_period", ValueError, "1e+300", series=HUGE),
    row("find_period", TypeError, "complex128", series=WAVE + 0j),
    row("find_period", ValueError, "(60, 2)", series=LINE),
    row("find_period", ValueError, "(0,)", series=[]),
    row("series_of", ValueError, "{}", info={}),
    row("series_of", ValueError, "'wave'", info="wave"),
    row("series_of", ValueError, "parameters", info={"parameters": INFO["parameters"]}),
    row("series_of", ValueError, "{'series': 'sine'}", info={"parameters": {"series": "sine"}, "seed": 0}),
    row("series_of", TypeError, "1.5", "start", start=1.5),
    row("series_of", ValueError, "0", length=0),
    # Timelines
    row("coverage", TypeError, "3.0", n_steps=3.0),
    row("coverage", ValueError, "-1", "stride", stride=-1),
    row("diagonal_sum", ValueError, "1e+308", acts=np.full(ACTS.shape, 1e308)),
    row("diagonal_sum", TypeError, "list", acts=[[[1.0], [2.0, 3.0]]]),
    row("diagonal_sum", ValueError, "(30, 5)", acts=ACTS[..., 0]),
    row("diagonal_sum", TypeError, "1.0", "stride", stride=1.0),
    row("diagonal_sum", ValueError, "'repeat '", "fill", fill="repeat "),
    row("diagonal_sum", ValueError, "<function", "reduce", reduce=np.mean),
    row("diagonal_deviation", ValueError, "-inf", acts=ACTS * -np.inf),
    row("diagonal_deviation", ValueError, "5", reference=5),
    row("diagonal_deviation", TypeError, "'2'", reference="2"),
    row("diagonal_deviation", ValueError, "0", "stride", stride=0),
    row("series_timeline", TypeError, "array", progress=np.array([True])),
    row("series_timeline", ValueError, "1e+300 at index (7, 0)", series=HUGE),
    row("series_timeline", ValueError, str(np.ma.count_masked(MASKED)), series=MASKED),
    row("series_timeline", TypeError, "datetime64", series=DATES),
    row("series_timeline", ValueError, "()", series=np.float64(3)),
    row("series_timeline", TypeError, "None", layer=None),
    row("series_timeline", TypeError, "str", "out", out="line.npy"),
    # Roles
    row("channel_roles", ValueError, "116. 118.", line_time=2 * T),
    row("channel_roles", ValueError, "[59. 58.", wave_time=T[::-1]),
    row("channel_roles", ValueError, "nan", line_time=np.where(T == 9, np.nan, T)),
    row("channel_roles", TypeError, "'20'", period="20"),
    row("channel_roles", ValueError, "1e+300", wave=HUGE),
    row("channel_roles", ValueError, "(60,)", line=WAVE),
    row("channel_roles", ValueError, "constant 2", wave=np.full(60, 2.0)),
    row("layer_roles", ValueError, "nan", period=np.nan),
    row("layer_roles", ValueError, "'sine'", layer="sine"),
    row("layer_roles", ValueError, "50 samples", series=WAVE[:50]),
    row("layer_roles", ValueError, "(2, 3, 1)", series=np.ones((2, 3, 1))),
    # Files
    row("build_model", ValueError, "1000000000000 channels", channels=10**12),
    row("find_model", TypeError, "None", name=None),
    row("find_model", ValueError, "'a/b'", name="a/b"),
    row("find_model", ValueError, "''", name=""),
    row("find_model", ValueError, "'a\\x00b'", name="a\0b"),
    row("find_model", ValueError, "3", ending=3),
    row("model_path", ValueError, "'.h5'", ending=".h5"),
    row("model_path", TypeError, "b'wave'", name=b"wave"),
    row("model_path", ValueError, "'/wave'", name="/wave"),
    row("save_figure", TypeError, "str", figure="wave"),
    row("save_figure", TypeError, "ndarray", figure=np.ones((3, 3))),
    row("save_figure", ValueError, "in no figure", figure=Line2D([0], [1])),
    row("save_figure", ValueError, "'../wave'", name="../wave"),
    row("save_figure", TypeError, "7", name=7),
    row("save_model", TypeError, "str", model="wave"),
    row("save_model", TypeError, "'no'", overwrite="no"),
    row("save_model", ValueError, r"'a\x00.keras'", "path", path="a\0.keras"),
    row("save_model", ValueError, "'~nobody-of-this-name/a.keras'", "path", path="~nobody-of-this-name/a.keras"),
    row("load_model", TypeError, "True", max_bytes=True),
    row("load_model", ValueError, "-1", max_bytes=-1),
    row("load_info", TypeError, "1.5", max_bytes=1.5),
    row("load_runs", TypeError, "None", max_bytes=None),
    row("save_model", FileExistsError, "wave.keras", path="wave.keras"),
    row("save_model", ValueError, "wave.h5", path="wave.h5"),
    row("save_model", TypeError, "None", path=None),
    row("save_model", TypeError, "{'a': array", "info", info={"a": WAVE}),
    row("load_model", FileNotFoundError, "none.keras", path="none.keras"),
    row("load_model", ValueError, "wave.csv", path="wave.csv"),
    row("load_model", TypeError, "['wave.keras']", path=["wave.keras"]),
    row("load_info", FileNotFoundError, "none.json", path="none.keras"),
    row("load_info", ValueError, "wave.json", path="wave.json"),
    row("load_runs", FileNotFoundError, "none.npz", path="none.npz"),
    row("load_runs", ValueError, "wave.npz", path="wave.npz"),
    row("load_runs", ValueError, "wave.keras", path="wave.keras"),
    row("load_series", FileNotFoundError, "none.csv", path="none.csv"),
    row("load_series", ValueError, "wave.keras", path="wave.keras"),
    row("load_series", TypeError, "None", path=None),
    row("load_series", ValueError, "'tide'", "column", column="tide"),
    row("load_series", ValueError, "2", "column", column=2),
    row("load_series", ValueError, "True", "column", column=True),
    row("load_series", ValueError, "0", "max_bytes", max_bytes=0),
    # Figures of the series and of the training
    row("plot_series", ValueError, "59", time=T[1:]),
    row("plot_series", ValueError, "58 after 59", time=T[::-1]),
    row("plot_series", ValueError, "0 after 0", time=0 * T),
    row("plot_series", ValueError, "1e+300", values=HUGE),
    row("plot_series", TypeError, "datetime64", time=DATES),
    row("plot_series", ValueError, "(60, 2)", values=LINE),
    row("plot_series", TypeError, "function", values=lambda t: t),
    row("plot_history", TypeError, "[3.0]", history=[3.0]),
    row("plot_history", ValueError, "['loss']", history={"loss": [1.0]}),
    row("plot_history", ValueError, "0", "history['loss']", history={"loss": [1.0, 0.0], "val_loss": [1.0, 1.0]}),
    row("plot_history", ValueError, "-1", "history['val_loss']", history={"loss": [1.0], "val_loss": [-1.0]}),
    row("plot_history", ValueError, "(0,)", "history['loss']", history={"loss": [], "val_loss": []}),
    row("plot_forecast", ValueError, "30 after 30", time=np.minimum(T, 30)),
    row("plot_forecast", ValueError, "inf", forecast=WAVE + np.inf),
    row("plot_forecast", TypeError, "<U32", truth=WAVE.astype(str)),
    row("plot_forecast_panels", TypeError, "None", labels=None),
    row("plot_forecast_panels", TypeError, "'ab'", labels="ab"),
    row("plot_forecast_panels", TypeError, "[1, 2]", labels=[1, 2]),
    row("plot_forecast_panels", ValueError, "3", labels=["a", "b", "c"]),
    row("plot_forecast_panels", ValueError, "-1", mse=[1.0, -1.0]),
    row("plot_forecast_panels", ValueError, "5 after 10", time=np.where(T == 11, 5, T)),
    row("plot_forecast_panels", TypeError, "2.0", "columns", columns=2.0),
    # Figures of channels
    row("plot_channel_bars", TypeError, "'x'", share_scale="x"),
    row("plot_channel_bars", TypeError, "array", "errors", errors=np.ones(3)),
    row("plot_channel_bars", ValueError, "-1", "errors['a']", errors={"a": [1.0, -1.0, 1.0]}),
    row("plot_channel_bars", ValueError, "['b']", "errors", errors={"b": [1.0, 1.0, 1.0]}),
    row("plot_channel_bars", TypeError, "'abc'", "roles", roles="abc"),
    row("plot_channel_bars", TypeError, "[1, 2, 3]", "roles", roles=[1, 2, 3]),
    row("plot_channel_bars", TypeError, "3", "roles", roles=3),
    row("plot_channel_bars", TypeError, "NaN", "roles", roles=pd.Series(["crest", None, "rising"]).fillna(np.nan)),
    row("plot_rankings", TypeError, "[[1.0]", scores=[[1.0], [2.0]]),
    row("plot_rankings", ValueError, "nan", "scores['b']", scores={"a": [1.0, 2.0], "b": [1.0, np.nan]}),
    row("plot_rankings", ValueError, "1", "scores['b']", scores={"a": [1.0, 2.0], "b": [1.0]}),
    row("plot_spread", TypeError, "10", log=10),
    row("plot_spread", TypeError, "(1, 2, 3)", "intervals", intervals=(1, 2, 3)),
    row("plot_spread", ValueError, "[3.0, 2.0, 1.0]", "intervals['a']", intervals={"a": (3, 2, 1)}),
    row("plot_spread", ValueError, "0 in 'a'", "values", values={"a": [0.0, 1.0]}, log=True),
    row("plot_spread", ValueError, "(2, 1)", "values['a']", values={"a": [[1.0], [2.0]]}),
    row("plot_subsets", TypeError, "bool", n_kept=[True, False, True]),
    row("plot_subsets", TypeError, "1.5", n_kept=[0, 1.5, 2]),
    row("plot_subsets", ValueError, "-1", n_kept=[-1, 1, 2]),
    row("plot_subsets", ValueError, "3", n_kept=[0, 1, 3]),
    row("plot_subsets", ValueError, "2", n_kept=[0, 1]),
    row("plot_subsets", ValueError, "0", mse=[1.0, 0.0, 1.0]),
    row("plot_subsets", ValueError, "0", "curves['best']", curves={"best": [1.0, 0.0, 1.0]}),
    row("plot_subsets", TypeError, "[1.0", curves=[1.0, 1.0, 1.0]),
    row("plot_subsets", TypeError, "1.0", "references", references=1.0),
    row("plot_subsets", TypeError, "'one'", "references['last']", references={"last": "one"}),
    row("plot_subsets", TypeError, "'abc'", "labels", labels="abc"),
    row("plot_kernels", TypeError, "'0'", "start", start="0"),
    row("plot_kernels", ValueError, "2", "bias", bias=[0.0, 1.0]),
    row("plot_kernels", ValueError, "(5, 3)", weights=np.ones((5, 3))),
    row("plot_kernels", TypeError, "1.5", "stride", stride=1.5),
    row("plot_matrix", ValueError, "(2, 3)", matrix=np.ones((2, 3))),
    row("plot_matrix", ValueError, "-1e+200", matrix=PAIRS * -1e200),
    row("plot_matrix", TypeError, "type", matrix=float),
    row("plot_pair_grid", ValueError, "-1", mse=-PAIRS),
    row("plot_pair_grid", ValueError, "nan", mse=PAIRS * np.nan),
    row("plot_pair_grid", ValueError, "59", truth=WAVE[1:]),
    # Figures of activations and timelines
    row("plot_window_map", TypeError, "bool", "picked", picked=np.ones(30, bool)),
    row("plot_window_map", TypeError, "0.5", "picked", picked=np.full(30, 0.5)),
    row("plot_window_map", ValueError, "29", "picked", picked=np.zeros(29, int)),
    row("plot_window_map", TypeError, "int64", "padded", padded=[0, 1, 0, 0, 1]),
    row("plot_window_map", ValueError, "2", "padded", padded=[True, False]),
    row("plot_window_map", TypeError, "9.5", "diagonal", diagonal=9.5),
    row("plot_diagonal_deviation", TypeError, "float64", padded=np.ones(5)),
    row("plot_diagonal_deviation", ValueError, "()", padded=True),
    row("plot_diagonal_deviation", TypeError, "'1'", "stride", stride="1"),
    row("plot_reads", TypeError, "0.5", picked=[0.5, 1]),
    row("plot_reads", TypeError, "bool", picked=[True, False]),
    row("plot_reads", ValueError, "5", picked=[0, 5]),
    row("plot_reads", ValueError, "58 after 59", time=T[::-1]),
    row("plot_reads", TypeError, "'middle'", "offset", offset="middle"),
    row("plot_fill", ValueError, "58 after 59", time=T[::-1]),
    row("plot_fill", ValueError, "-1", coverage=np.full(60, -1)),
    row("plot_fill", TypeError, "NoneType", existing=None),
    row("plot_strip", ValueError, "from 1 to 5", time=np.where(T > 30, T + 4, T)),
    row("plot_strip", ValueError, "1 after 1", "wave[0]", wave=(np.ones(60), WAVE)),
    row("plot_strip", ValueError, "ndarray", "wave", wave=WAVE),
    row("plot_strips", TypeError, "0", share_scale=0),
    row("plot_strips", TypeError, "'up'", "roles", roles="up"),
    row("plot_strips", ValueError, "1", "roles", roles=["crest"]),
    row("plot_strips", ValueError, "59", "wave[1]", wave=(T, WAVE[1:])),
    row("plot_strips", ValueError, "1e+300", line=np.stack([HUGE, WAVE], axis=1)),
    row("plot_timeline_map", ValueError, "-1 to -1", time=T[::-1]),
    row("plot_timeline_map", ValueError, "(60,)", line=WAVE),
    row("plot_timeline_map", TypeError, "<U2", "wave[0]", wave=("ab", "cd")),
    row("plot_strip_columns", TypeError, "array", lines=LINE),
    row("plot_strip_columns", TypeError, "(array", waves=(T, WAVE)),
    row("plot_strip_columns", TypeError, "array", "missing", missing=T > 9),
    row("plot_strip_columns", TypeError, "float64", "missing['a']", missing={"a": T}),
    row("plot_strip_columns", ValueError, "['b']", "missing", missing={"b": T > 9}),
    row("label_dates", TypeError, "ndarray", figure=np.array([Figure()])),
    row("label_dates", TypeError, "<U10", dates=["2020-01-01"]),
    row("label_dates", TypeError, "list", dates=[[DATES[0]], [DATES[0], DATES[1]]]),
    row("label_dates", TypeError, "0.5", "first", first=0.5),
    # Diagrams
    row("animate_kernel", TypeError, "8.0", window=8.0),
    row("animate_kernel", ValueError, "0", kernel_size=0),
    row("animate_windows", ValueError, "3", n_samples=3),
    row("animate_windows", TypeError, "None", window=None),
    row("draw_index_matrix", ValueError, "7", "highlight", highlight=7),
    row("draw_index_matrix", TypeError, "'5'", n_windows="5"),
    row("draw_parallelogram", ValueError, "1", n_windows=1),
    row("draw_parallelogram", TypeError, "True", "stride", stride=True),
    row("draw_model", TypeError, "3", rows=3),
    row("draw_model", ValueError, "'a'", "rows[0]", rows="abc"),
    row("draw_model", TypeError, "(None, '', (20, 1), 0)", "rows[0]", rows=[(None, "", (20, 1), 0)]),
    # Explorers
    row("explore_channels", ValueError, "59", "time", time=T[1:]),
    row("explore_channels", ValueError, "1e+300", series=HUGE),
    row("explore_channels", TypeError, "20.0", window=20.0),
    row("explore_deletions", ValueError, "38 after 39", "time", time=T[39::-1]),
    row("explore_deletions", TypeError, "'four'", "roles", roles="four"),
    row("explore_deletions", ValueError, "1e+300", y=np.full(Y.shape, 1e300)),
    # What all functions of a model, and all that draw on an axes, refuse
    *[row(name, TypeError, "str", model="wave.keras") for name in WITH_MODEL],
    *[row(name, TypeError, "Conv1D", model=L.Conv1D(4, 5)) for name in WITH_MODEL],
    *[row(name, ValueError, "Subclassed", model=Subclassed()) for name in WITH_MODEL],
    *[row(name, ValueError, "2 and 1", model=JOINED) for name in WITH_MODEL],
    *[row(name, TypeError, "Figure", "ax", ax=Figure()) for name in WITH_AXES],
    *[row(name, TypeError, "ndarray", "ax", ax=np.array([Figure().add_subplot()])) for name in WITH_AXES],
]


def call(name, change):
    options = FINE[name] | change
    if "self" in options:
        return getattr(options.pop("self"), name.partition(".")[2])(**options)
    return getattr(cv, name)(**options)


@pytest.fixture(scope="session")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("files")
    cv.save_model(MODEL, folder / "wave.keras", info=INFO)
    cv.train_many([0], X, Y, folder / "runs.npz", epochs=1)
    pd.DataFrame({"wave": WAVE}).to_csv(folder / "wave.csv", index=False)
    np.savez(folder / "wave.npz", WAVE)
    return folder


@pytest.fixture(autouse=True)
def folder(files, tmp_path, monkeypatch):
    """Let the package's own checks speak, in a folder with a model, trainings and a series."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    monkeypatch.delenv("CONV1D_VIZ_OUTPUT", raising=False)
    folder = shutil.copytree(files, tmp_path / "files")
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("name", FINE)
def test_the_calls_are_fine_but_for_what_a_row_changes(name):
    call(name, {})


@pytest.mark.parametrize(("name", "change", "error", "parameter", "got"), ROWS)
def test_a_wrong_call_is_refused_before_any_work(name, change, error, parameter, got, folder):
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    with pytest.raises(error) as caught:
        call(name, change)
    said, _, received = str(caught.value).partition(" Got ")
    assert caught.type is error
    assert f"`{parameter}" in said
    assert re.search(rf"(?<![\d-])(?<!\d\.){re.escape(got)}(?!\d|\.\d)", received)  # not part of another number
    assert plt.get_fignums() == []
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_the_table_has_every_public_name_that_takes_arguments():
    wanted = set()
    for name in cv.__all__:
        item = getattr(cv, name)
        methods = vars(item).items() if inspect.isclass(item) else [(None, item)]
        for method, function in methods:
            if inspect.isfunction(function) and not str(method).startswith("_"):
                takes = set(inspect.signature(function).parameters) - {"self"}
                wanted |= {f"{name}.{method}" if method else name} if takes else set()
    assert set(FINE) == {value.values[0] for value in ROWS} == wanted
    assert len(ROWS) > 200
