"""What notebooks/further/06_your_series says, from the model that it made and keeps in models/."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from sklearn.linear_model import LinearRegression
from statsmodels.datasets import elnino

import conv1d_viz as cv

ROOT = Path(__file__).parents[2]
WINDOW, TEST = 24, slice(566, None)
table = pd.read_csv(ROOT / "notebooks" / "further" / "elnino.csv", index_col=0, parse_dates=True)
series = table.iloc[:, 0]
values = series.to_numpy()
x, y = cv.sliding_windows(table, WINDOW)
dates = series.index[WINDOW:][TEST]
when = np.arange(len(series))[WINDOW:][TEST]
month_mean = np.array([values[: when[0]][month::12].mean() for month in range(12)])
CHANNELS = range(8)


def near(value):
    """A number as the prose rounds it: half of its last digit, and a little for other processors."""
    digits = len(str(value).partition(".")[2])
    return pytest.approx(value, abs=0.55 * 10.0**-digits)


def rmse(errors, axis=None):
    return np.sqrt(np.mean(errors**2, axis=axis))


@pytest.fixture(scope="module")
def model():
    return cv.load_model(ROOT / "models" / "elnino_conv1d.keras")


@pytest.fixture(scope="module")
def errors(model):
    return pd.Series(model.predict(x[TEST], verbose=0)[:, 0] - y[TEST][:, 0], dates)


@pytest.fixture(scope="module")
def line(model):
    return cv.diagonal_sum(cv.layer_activations(model, x[TEST], "conv1"), fill=None, reduce="mean")


@pytest.fixture(scope="module")
def roles(model, line):
    seen = series.iloc[TEST.start :]
    time = np.arange(len(line)) + cv.receptive_field(model, "conv1").centre
    return cv.channel_roles(line, time, seen, np.arange(len(seen)), cv.find_period(series))


@pytest.fixture(scope="module")
def parts(model):
    """What each channel adds to each forecast, in °C."""
    unit = model.get_layer("to_unit")
    found = cv.channel_contributions(model, x[TEST], "conv1", units=[0])
    return unit.scale * found.values.sum(axis=1)[:, :, 0], unit.scale * found.bias[0] + unit.offset


@pytest.fixture(scope="module")
def study(model):
    return cv.ablation_study(model, x[TEST], y[TEST], "conv1", "all", "mean")


def test_what_was_read():
    months = elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()
    assert np.array_equal(values, months)
    assert len(table) == 732
    assert not table.isna().any().any()
    assert (values.min(), values.max()) == (18.95, 29.24)
    assert (str(table.index[0].date()), str(table.index[-1].date())) == ("1950-01-01", "2010-12-01")
    assert set(series.nlargest(2).index) == {pd.Timestamp("1998-03"), pd.Timestamp("1983-03")}
    assert cv.find_period(series) == pytest.approx(12, abs=0.005)
    trend = np.polynomial.Polynomial.fit(np.arange(732), values, 1)(np.arange(732))
    assert trend[-1] - trend[0] == near(0.73)
    assert (values - trend).std(ddof=1) == near(2.24)


def test_train(model):  # a tanh or a relu: tests/nightly/test_your_series.py, since six trainings take a minute
    info = cv.load_info(ROOT / "models" / "elnino_conv1d.keras")
    assert int(0.8 * len(x)) == TEST.start
    assert len(dates) == 142
    assert series.index[TEST.start] == pd.Timestamp("1997-03")
    assert when[0] // 12 == 49  # years before the test
    assert (dates[0], dates[-1]) == (pd.Timestamp("1999-03"), pd.Timestamp("2010-12"))
    assert model.count_params() == 209
    validation = info["validation"]
    assert np.argsort(validation).tolist() == [0, 2, 1]
    assert (validation[0], validation[2]) == (near(0.507), near(0.514))


def test_the_verdict(errors):
    regression = LinearRegression().fit(x[: TEST.start, :, 0], y[: TEST.start])
    rows = {
        "model": errors.to_numpy(),
        "linear regression": regression.predict(x[TEST][:, :, 0])[:, 0] - values[when],
        "mean of the month": month_mean[when % 12] - values[when],
        "last value": values[when - 1] - values[when],
        "same month": values[when - 12] - values[when],
    }
    found = [rmse(row) for row in rows.values()]
    assert found == sorted(found)
    assert found == [near(number) for number in (0.50, 0.50, 0.76, 1.17, 1.28)]
    assert (errors.abs() < 1).mean() > 0.94
    assert errors.abs().idxmax() == pd.Timestamp("1999-04")
    assert errors.max() == near(1.7)


def test_errors_by_month(errors):
    by_month = errors.groupby(dates.month)
    size = by_month.apply(rmse)
    assert (size.idxmax(), size.idxmin()) == (4, 2)
    assert (size.max(), size.min()) == (near(0.84), near(0.37))
    assert (by_month.mean()[1], by_month.mean()[4]) == (near(-0.24), near(0.31))
    assert (by_month.mean().idxmin(), by_month.mean().idxmax()) == (1, 4)


def test_what_each_channel_responds_to(model, line, roles):
    assert roles["role"].to_list() == ["trough", *["falling"] * 2, *["rising"] * 2, "crest", "rising", "other"]
    assert roles["phase"][5] == near(-45)
    assert (roles["explained"][3], roles["explained"][7]) == (near(0.92), near(0.50))
    assert roles["explained"].idxmin() == 7
    assert (roles["response"].idxmin(), roles["response"][0]) == (0, near(0.10))
    field = cv.receptive_field(model, "conv1")
    assert field.sees_padding(WINDOW - field.size + 1, WINDOW).sum() == 0
    time = np.arange(len(line)) + field.centre
    middles = series.index[TEST.start :][np.round(time).astype(int)]
    strips = pd.DataFrame(line[:, [5, 7]], middles, [5, 7])
    assert (strips.idxmax() == pd.Timestamp("1998-01")).all()
    assert strips.max().to_list() == [near(0.62), near(0.56)]
    assert strips["1999":].max().to_list() == [near(0.45), near(0.16)]
    assert (strips[7].idxmin().year, strips[7].min()) == (2007, near(-0.60))


def test_the_segments(model):
    segments, samples = cv.top_segments(model, x[::WINDOW], "conv1")
    mean = pd.DataFrame(samples[:, :, 0]).groupby(segments["channel"]).mean()
    assert (mean.loc[2, 0], mean.loc[2, 5]) == (near(27.1), near(22.0))
    assert (mean.loc[3, 0], mean.loc[3, 5]) == (near(19.9), near(26.2))
    seventh = segments[segments["channel"] == 7].iloc[:3]
    begin = series.index[seventh["window"] * WINDOW + seventh["start"]]
    assert set(begin[:2]) == {pd.Timestamp("1982-12"), pd.Timestamp("1998-01")}
    assert set(samples[seventh.index[:2]].max(axis=(1, 2))) == set(series.nlargest(2))
    assert seventh["value"].iloc[2] < 0.7 * seventh["value"].iloc[1]


def test_who_pushes_and_who_damps(model, parts):
    added, bias = parts
    forecast = model.predict(x[TEST], verbose=0)[:, 0]
    assert added.sum(axis=1) + bias == pytest.approx(forecast, abs=1e-4)
    assert forecast.mean() == near(23.1)
    swing = added.std(axis=0)
    assert np.argsort(-swing)[:2].tolist() == [3, 1]
    assert (swing[3], swing[1]) == (near(1.35), near(1.13))
    by_month = pd.DataFrame(added - added.mean(axis=0)).groupby(dates.month).mean()
    assert (by_month[3].idxmax(), by_month[1].idxmax()) == (3, 3)
    assert by_month.loc[4, [2, 7]].to_list() == [near(-0.7)] * 2
    assert by_month.loc[9, [2, 7]].to_list() == [near(0.6)] * 2
    with_sum = pd.DataFrame(added).corrwith(pd.Series(added.sum(axis=1)))
    assert with_sum[[2, 7]].max() < with_sum[5] < -0.4
    assert with_sum[[0, 1, 3, 4, 6]].min() > 0


def test_which_channels_matter(model, parts, roles, study):
    alone = study.loss_of((channel,) for channel in CHANNELS)
    assert len(study.deletions) == 256
    assert study.baseline_mse == near(0.25)
    assert (alone[3], alone[1], alone[0]) == (near(1.88), near(1.32), near(0.27))
    assert alone[3] > 7 * study.baseline_mse
    assert (alone.argmax(), alone.argmin()) == (3, 0)
    swing = parts[0].std(axis=0)
    assert spearmanr(swing, alone).statistic == near(1.0)
    assert (alone[3] - study.baseline_mse, swing[3] ** 2) == (near(1.63), near(1.8))
    assert (roles["response"].idxmax(), (alone > alone[5]).sum()) == (5, 5)
    assert alone[[2, 7]].min() > 2 * study.baseline_mse
    assert study.shapley_values()[[2, 7, 5]].tolist() == [near(-0.9), near(-0.9), near(-0.5)]
    shuffled = cv.ablation_study(model, x[TEST], y[TEST], "input", replacement="shuffle", repeats=20, seed=0)
    assert shuffled.mse[0] == near(9.2)
    assert y[TEST].var() == near(4.6)


def test_beyond_the_end(model):
    windows, later = cv.sliding_windows(table, WINDOW, 12)
    paths = np.concatenate([windows[TEST], table.to_numpy()[None, -WINDOW:]])
    for _ in range(12):
        paths = np.concatenate([paths, model.predict(paths[:, -WINDOW:], verbose=0)[:, :, None]], axis=1)
    paths = paths[:, WINDOW:, 0]
    residuals = later[TEST] - paths[:-1]
    then = when[: len(residuals), None] + np.arange(12)
    month = rmse(values[then] - month_mean[then % 12], axis=0)
    assert len(residuals) == 131
    assert rmse(residuals, axis=0)[:3].tolist() == [near(0.51), near(0.76), near(0.91)]
    assert month[:3].tolist() == [near(0.75)] * 3
    assert rmse(residuals, axis=0)[1] == pytest.approx(month[1], abs=0.03)
    assert (rmse(residuals, axis=0)[2:] > month[2:]).all()
    kept = pd.read_csv(ROOT / "models" / "elnino_conv1d.csv", index_col=0, parse_dates=True)
    assert kept["forecast"].to_numpy() == pytest.approx(paths[-1], abs=0.01)
    low, high = np.quantile(residuals, [0.1, 0.9], axis=0)
    assert kept["low"].to_numpy() == pytest.approx(paths[-1] + low, abs=0.01)
    assert kept["high"].to_numpy() == pytest.approx(paths[-1] + high, abs=0.01)
    assert kept.index.equals(pd.date_range("2011-01", periods=12, freq="MS"))
    assert kept.iloc[0, :3].tolist() == [near(23.9), near(23.3), near(24.5)]
    assert kept["forecast"].idxmax() == pd.Timestamp("2011-03")
    assert kept["forecast"].max() == near(26.3)
    assert kept["phase mean"].to_numpy() == pytest.approx(month_mean, abs=0.001)
    assert (kept["forecast"] - kept["phase mean"])["2011-04-01"] == near(0.6)
    assert kept["phase mean"].between(kept["low"], kept["high"]).all()
    assert (high - low)[[0, 11]].tolist() == [near(1.2), near(2.5)]
