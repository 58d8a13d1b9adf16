"""Anything that is like an array gives what the plain array of float64 gives, and stays as it is.

Figures are compared in the same way in `test_plotting.py`.
"""

import jaxtyping
import numpy as np
import pandas as pd
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

MODEL = cv.build_model(window=20, channels=3, kernel_size=5, head_kernel_size=4, seed=1)
TIME = np.arange(100.0, 160.0)
WAVE = np.round(9 * np.sin(2 * np.pi * TIME / 20)) + np.random.default_rng(0).integers(-1, 2, 60)  # whole numbers
TWO = np.stack([WAVE, TIME], axis=1)
X, Y = (part.copy() for part in cv.sliding_windows(WAVE, 20))
ACTS = np.random.default_rng(1).integers(-9, 9, (40, 20, 3)).astype(float)
CELLS = np.arange(800).reshape(40, 20) % 3 == 0
NETWORK = {"model": MODEL, "x": X, "layer": "conv1"}
CALLS = {
    "ablation_study": NETWORK | {"y": Y, "deletions": "all", "replacement": "shuffle", "seed": 0, "cells": CELLS},
    "channel_roles": {"line": ACTS[:, 0], "line_time": TIME[:40], "wave": WAVE, "wave_time": TIME, "period": 20},
    "diagonal_deviation": {"acts": ACTS, "reference": 3},
    "diagonal_sum": {"acts": ACTS},
    "estimate_shapley": NETWORK | {"y": Y, "n_orders": 3, "seed": 0},
    "explore_channels": {"model": MODEL, "series": WAVE, "layer": "conv1", "window": 20, "time": TIME},
    "explore_deletions": NETWORK | {"y": Y, "time": TIME[:40]},
    "find_period": {"series": WAVE},
    "label_dates": {"dates": pd.date_range("2020", periods=60).to_numpy("datetime64[s]")},
    "layer_activations": NETWORK,
    "layer_roles": {"model": MODEL, "series": np.tile(WAVE, 2), "layer": "conv1", "window": 20, "period": 20},
    "predict_ablated": NETWORK | {"channels": np.array([0.0, 2.0]), "cells": CELLS, "replacement": "mean"},
    "seen_cells": {"picked": np.array([[0.0, 7.0], [3.0, 3.0]]), "field": cv.ReceptiveField(5, 1, -2), "n_steps": 9},
    "series_timeline": {"model": MODEL, "series": WAVE, "layer": "conv1", "window": 20},
    "sliding_windows": {"series": TWO, "window": 20, "target": 1},
    "with_scaling": {"minimum": np.array([-9.0]), "maximum": np.array([9.0])},
}
SPECIAL = {
    "explore_channels": lambda **options: drawn(cv.explore_channels(**options)),
    "explore_deletions": lambda **options: drawn(cv.explore_deletions(**options)),
    "label_dates": lambda dates: labels(dates),
    "with_scaling": lambda **options: cv.layer_activations(cv.with_scaling(MODEL, **options), X, "conv1"),
    "predict_ablated": lambda channels, **o: cv.predict_ablated(channels=np.asarray(channels).astype(int), **o),
}


def drawn(box):
    """What the lines and images of an explorer hold, and its words."""
    axes = box.figure.axes
    held = [line.get_xydata() for ax in axes for line in ax.lines] + [im.get_array() for ax in axes for im in ax.images]
    return [*held, box.children[-1].children[-1].value]


def labels(dates):
    ax = cv.label_dates(cv.plot_series(np.arange(60), WAVE), dates)
    return [ax.xaxis.get_major_formatter()(place) for place in range(60)]


def frozen(array):
    array = array.copy()
    array.setflags(write=False)
    return array


PANDAS = {1: lambda a: pd.Series(a, index=range(9, 9 + len(a))[::-1]), 2: pd.DataFrame, 3: list}
KINDS = {
    "lists": np.ndarray.tolist,
    "objects": lambda a: a.astype(object) if a.dtype != bool else a,
    "pandas": lambda a: PANDAS[a.ndim](a),
    "unmasked": np.ma.array,
    "read-only": frozen,
    "Fortran": np.asfortranarray,
    "strided": lambda a: np.repeat(a, 3, axis=0)[::3],
    "reversed": lambda a: a[::-1].copy()[::-1],
    "big-endian": lambda a: a.astype(a.dtype.newbyteorder(">")),
    "integers": lambda a: a.astype(np.int32) if a.dtype == float else a,
    "float32": lambda a: a.astype(np.float32) if a.dtype == float else a,
    "float16": lambda a: a.astype(np.float16) if a.dtype == float else a,
}


def parts(result):
    """The arrays of a result, in order."""
    if isinstance(result, cv.AblationStudy):
        return [result.predictions, result.mse, result.baseline_mse]
    return list(result) if isinstance(result, (tuple, list)) else [result]


def call(name, options):
    return parts(SPECIAL.get(name, getattr(cv, name))(**options))


@pytest.fixture(scope="module")
def plain():
    return {}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CALLS)
def test_the_same_result_as_of_the_plain_array(name, kind, plain, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as users call it
    if name not in plain:
        plain[name] = call(name, CALLS[name])
    options = {k: KINDS[kind](v) if isinstance(v, np.ndarray) else v for k, v in CALLS[name].items()}
    for found, wanted in zip(call(name, options), plain[name], strict=True):
        np.testing.assert_array_equal(found, wanted)
    for key, value in CALLS[name].items():
        if isinstance(value, np.ndarray):
            np.testing.assert_array_equal(np.asarray(options[key]), np.asarray(KINDS[kind](value)))


def test_training_on_what_is_like_an_array():
    losses = []
    for kind in ("reversed", "lists", "big-endian"):
        losses.append(
            cv.train(cv.build_model(20, channels=3, seed=1), KINDS[kind](X), KINDS[kind](Y), epochs=1)["loss"]
        )
    assert losses[0] == losses[1] == losses[2]


def test_a_series_of_booleans_is_one_of_zeros_and_ones():
    pulse = TIME % 20 < 4
    for found, wanted in zip(cv.sliding_windows(pulse, 20), cv.sliding_windows(pulse * 1.0, 20), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_float32_is_kept_and_all_else_becomes_float64():
    dtypes = {np.float32: np.float32, np.float64: np.float64, np.int8: np.float64, np.float16: np.float64}
    for given, wanted in dtypes.items():
        assert {part.dtype for part in cv.sliding_windows(WAVE.astype(given), 20)} == {np.dtype(wanted)}


def test_channels_of_a_deletion_come_in_any_iterable():
    plain = cv.predict_ablated(MODEL, X, "conv1", (0, 2))
    for channels in (
        [0, 2],
        {0, 2},
        range(0, 3, 2),
        np.array([2, 0]),
        pd.Series([0, 2]),
        iter([0, 2]),
        {0: "a", 2: ""},
    ):
        np.testing.assert_array_equal(cv.predict_ablated(MODEL, X, "conv1", channels), plain)
    tensor = keras.ops.convert_to_tensor(X)
    np.testing.assert_array_equal(cv.predict_ablated(MODEL, tensor, "conv1", (0, 2)), plain)
