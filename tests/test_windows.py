import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import conv1d_viz as cv


@given(st.data())
def test_windows_and_targets_against_loops(data):
    window, horizon = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
    time, features = data.draw(st.integers(window + horizon, 30)), data.draw(st.integers(1, 3))
    target = data.draw(st.integers(0, features - 1))
    series = np.arange(time * features, dtype=float).reshape(time, features)
    x, y = cv.sliding_windows(series, window, horizon, target)
    n = time - window - horizon + 1
    assert x.shape == (n, window, features)
    assert y.shape == (n, horizon)
    for b in range(n):
        for s in range(window):
            assert (x[b, s] == series[b + s]).all()
        for h in range(horizon):
            assert y[b, h] == series[b + window + h, target]


def test_the_studys_shapes():
    _, wave = cv.toy_series(10_000)
    x, y = cv.sliding_windows(wave, 100)
    assert x.shape == (9_900, 100, 1)
    assert y.shape == (9_900, 1)
    assert len(cv.sliding_windows(wave[:300], 100)[0]) == 200


def test_windows_are_read_only_views():
    wave = np.arange(50.0)
    x, y = cv.sliding_windows(wave, 10)
    assert np.shares_memory(x, wave)
    assert np.shares_memory(y, wave)
    assert not x.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        x[0, 0, 0] = 1.0


@pytest.mark.parametrize(
    "series",
    [
        list(range(20)),
        np.arange(20, dtype=np.int16),
        np.arange(20, dtype=np.float32),
        np.arange(40.0)[::2] / 2,
        pd.Series(range(20)),
        pd.Series(range(20), dtype="Int64"),
        np.arange(20.0)[:, None],
    ],
)
def test_array_likes_give_the_same_windows(series):
    x, y = cv.sliding_windows(series, 7, 2)
    expected = cv.sliding_windows(np.arange(20.0), 7, 2)
    np.testing.assert_array_equal(x, expected[0])
    np.testing.assert_array_equal(y, expected[1])
