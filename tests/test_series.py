"""Waves, windows, periods, and what a table is said to hold."""

import re
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.datasets import co2, elnino, sunspots

import conv1d_viz as cv

SHAPES = ("sine", "half_sine", "pulse", "harmonics")
RNG = np.random.default_rng(0)


def test_the_waves_are_what_they_are_said_to_be():
    t, sine = cv.toy_series(500, start=-100, period=50)
    x = 2 * np.pi * t / 50
    assert (len(t), t[0], t.dtype.kind) == (500, -100, "i")
    np.testing.assert_allclose(sine, np.sin(x), atol=1e-11)
    np.testing.assert_array_equal(cv.toy_series(500, -100, 50, shape="half_sine")[1], np.where(sine > 0, sine, 0))
    harmonics = cv.toy_series(500, -100, 50, shape="harmonics")[1]
    np.testing.assert_allclose(4 * harmonics, np.sin(x) + np.sin(3 * x) + np.cos(2 * x) + np.cos(4 * x), atol=1e-11)
    _, pulse = cv.toy_series(25, start=-5, period=10, shape="pulse")
    assert pulse.tolist() == [0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0]


@settings(max_examples=30)
@given(st.sampled_from(SHAPES), st.integers(-1000, 1000), st.integers(1, 200), st.floats(0.5, 300))
def test_waves_stay_within_one_and_start_anywhere(shape, start, n, period):
    t, wave = cv.toy_series(n, start=start, period=period, shape=shape)
    assert np.abs(wave).max() <= 1
    assert t.tolist() == list(range(start, start + n))
    np.testing.assert_array_equal(cv.toy_series(n + 10, start - 10, period, shape=shape)[1][10:], wave)


def test_noise_has_the_amplitude_asked_for_and_a_generator_of_its_own():
    state = np.random.get_state()[1].copy()  # noqa: NPY002
    noisy, again, other = (cv.toy_series(100_000, noise=0.05, seed=seed)[1] for seed in (1, 1, 2))
    np.testing.assert_array_equal(noisy, again)
    assert not np.array_equal(noisy, other)
    assert (noisy - cv.toy_series(100_000)[1]).std() == pytest.approx(0.05, rel=0.02)
    assert (np.random.get_state()[1] == state).all()  # noqa: NPY002


@given(st.data())
def test_windows_and_targets_against_loops(data):
    window, horizon = data.draw(st.integers(1, 8)), data.draw(st.integers(1, 4))
    time, features, target = data.draw(st.tuples(st.integers(1, 30), st.integers(1, 3), st.integers(0, 3)))
    series = np.arange(time * features, dtype=float).reshape(time, features)
    n = time - window - horizon + 1
    if n < 1 or target >= features:
        with pytest.raises(ValueError, match="`series`" if n < 1 else "`target`"):
            cv.sliding_windows(series, window, horizon, target)
        return
    x, y = cv.sliding_windows(series, window, horizon, target)
    assert x.tolist() == [series[b : b + window].tolist() for b in range(n)]
    assert y.tolist() == [series[b + window : b + window + horizon, target].tolist() for b in range(n)]


def test_windows_are_read_only_views():
    wave = np.arange(50.0)
    for part in cv.sliding_windows(wave, 10):
        assert (np.shares_memory(part, wave), part.flags.writeable) == (True, False)


DATES = pd.date_range("2020-01-01", periods=20)
FORMS = [list(range(20)), np.arange(20, dtype=np.int16), np.arange(20, dtype=np.float32), pd.Series(range(20), DATES)]
FORMS += [pd.Series(range(20), dtype="Int64"), np.arange(20.0)[:, None], pd.DataFrame({"a": range(20)}, DATES)]


def test_array_likes_give_the_same_windows():
    expected = cv.sliding_windows(np.arange(20.0), 7, 2)
    for series in FORMS:
        for part, same in zip(cv.sliding_windows(series, 7, 2), expected, strict=True):
            np.testing.assert_array_equal(part, same)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("period", [20, 33.3, 365.25])
def test_the_period_of_each_wave(shape, period):
    _, wave = cv.toy_series(3000, start=17, period=period, noise=0.3, shape=shape, seed=1)
    assert cv.find_period(pd.Series(wave)) == pytest.approx(period, rel=0.01)
    assert cv.find_period(1e6 + 30 * (wave + np.linspace(0, 5, 3000))) == pytest.approx(period, rel=0.01)


def test_short_series_and_those_of_which_the_period_is_known():
    for period in (2.5, 4.4, 7.3):
        assert cv.find_period(cv.toy_series(500, period=period)[1]) == pytest.approx(period, rel=1e-3)
    _, wave = cv.toy_series(350)
    assert cv.find_period(wave) == pytest.approx(100, rel=0.02)
    assert cv.find_period(wave[:200]) is None  # two periods
    months = elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()
    assert cv.find_period(months) == pytest.approx(12, abs=0.05)
    assert cv.find_period(co2.load_pandas().data["co2"].interpolate()) == pytest.approx(365.25 / 7, rel=0.01)
    assert cv.find_period(sunspots.load_pandas().data["SUNACTIVITY"]) == pytest.approx(11, abs=0.5)


@pytest.mark.parametrize(("evening", "width"), [(1, 2), (0.7, 2), (1, 1)])
def test_a_day_with_two_rush_hours_is_a_day(evening, width):
    hours = np.arange(60 * 24) % 24
    morning, later = (np.exp(-0.5 * (((hours - at + 12) % 24 - 12) / width) ** 2) for at in (8, 18))
    traffic = morning + evening * later + 0.05 * np.random.default_rng(0).normal(size=len(hours))
    assert cv.find_period(traffic) == pytest.approx(24, rel=0.01)


@pytest.mark.parametrize("n", [82, 240, 487])
def test_a_period_that_the_spectrum_shows_only_in_parts_is_as_exact(n):
    t = 2 * np.pi * np.arange(n)
    assert cv.find_period(np.cos(t / 12) + np.cos(t / 8)) == pytest.approx(24, rel=0.005)


def test_series_without_a_period():
    walk = np.random.default_rng(0).standard_normal(300).cumsum()
    for series in (np.ones(100), np.arange(100), [1, 2, 1, 2], np.linspace(0, 3, 200) ** 2, walk):
        assert cv.find_period(series) is None


def test_noise_has_a_period_only_by_chance():
    rng = np.random.default_rng(1)
    found = [cv.find_period(rng.exponential(size=60)) for _ in range(300)]
    assert sum(period is not None for period in found) <= 12


def daily(n=60, freq="D"):
    return pd.Series(RNG.normal(size=n), pd.date_range("2020-01-01", periods=n, freq=freq), name="sea")


DAYS = daily().index
OFFSETS = pd.date_range("2020-03-28 12:00", periods=60, freq="h", tz="Europe/Berlin").map(str)


def column(values):
    return pd.DataFrame({"sea": values})


SUSPICIOUS = [
    (daily()[::-1], "newest row is first; `table = table.sort_index"),
    (daily().sample(frac=1, random_state=0), "out of order; `table = table.sort_index"),
    (
        pd.concat([daily(), daily()[-1:]]),
        "1 row with a date that was there before, such as 2020-02-29.*index.duplicated",
    ),
    (daily().drop(DATES[[5, 6, 9]]), r"length: 2, first from 2020-01-05 .* to 2020-01-08 .*asfreq\('D'\)"),
    (daily(60, "MS").drop(["2021-03-01"]), r"length: 1, first from 2021-02-01 .* `table = table.asfreq\('MS'\)"),
    (daily(24).set_axis([pd.Timestamp(2020 + k // 12, 1, k % 12 + 1) for k in range(24)]), r"even.*`dayfirst=True`"),
    (daily(99, "B").drop(["2020-02-12"]), r"length: 1, first from 2020-02-11 .* `table = table.asfreq\('B'\)"),
    (pd.concat([daily(), daily(9, "h").shift(freq="60D")]), r"The step changes, first from 2020-03-0.*resample"),
    (daily().to_frame().assign(flat=3), r"'flat' is constant, 3; `table = table.drop\(columns='flat'\)`"),
    (pd.Series(np.ones(60), DAYS), r"0 is constant, 1; check that this is the series you mean\."),
    (daily().to_frame().assign(t=np.arange(60) * 60 + 1.6e9), r"'t' rises evenly, as a clock.*set_index\('t'\)"),
    (daily().where(np.arange(60) % 20 != 1, -9999), r"'sea' holds -9999 3 .*na_values=\[-9999\]"),
    (daily().where(np.arange(60) != 1), "'sea' has gaps in 1 row; `table = table.interpolate"),
    (column(["1.234", "567", "2.001"]), r"'sea' holds texts such as '1.234'; read with `thousands='.', decimal=','`"),
    (column(["1,234.5", "567"]), "thousands=',', decimal='.'`"),
    (column(["1,5", "12", "-1000,25"]), r"texts such as '1,5'; read with `decimal=','`"),
    (daily().where(np.arange(60) % 30 != 1, -np.inf), r"'sea' is infinite in 2 rows; .*replace\(\[np\.inf, -np\.inf\]"),
    (daily().set_axis([pd.NaT, *DAYS[1:]]), r"index is missing in 1 row; `table = table\[table\.index\.notna\(\)\]`"),
    (daily().set_axis(DAYS - DAYS[0]).drop(DAYS[[7]] - DAYS[0]), r"length: 1, first from 6 days .*asfreq\('D'\)"),
    (daily(60, "MS").to_period().drop("2021-03"), r"`table = table\.to_timestamp\(\)\.asfreq\('MS'\)"),
    (column(["1", "2", "3", "?"]), r"texts among numbers; read with `na_values=\['\?'\]`"),
    (column(["2020-01-01", "2020-01-02"]), r"'sea' holds no numbers; `table.set_index\('sea'\)` if these are dates"),
    (daily().set_axis(DATES.strftime("%d.%m.%Y").repeat(3)), r"index holds no dates; .*pd.to_datetime\(table.index\)"),
    (daily().set_axis(OFFSETS), r"index holds no dates; .*pd.to_datetime\(table.index, utc=True\)`"),
    (
        daily().set_axis(RNG.normal(size=60).round(1)),
        "index holds numbers .* if they are data, read without `index_col`",
    ),
    (daily().astype(str), r"'sea' holds numbers as (object|str); `\.astype\(float\)`"),
    (daily().to_frame()[[]], "has 0 columns; read without `index_col`"),
    (pd.read_csv(StringIO("time;v\n2020-01-01;1,5"), index_col=0), "has 1 column; read with `sep=';'`"),
    (pd.read_csv(StringIO("time\tv\n2020-01-01\t1.5"), index_col=0), r"has 0 columns; read with `sep='\\t'`"),
]


@pytest.mark.parametrize(("table", "expected"), SUSPICIOUS)
@pytest.mark.filterwarnings("error")
def test_what_is_suspicious_is_said_with_the_line_that_mends_it(table, expected):
    before = table.copy()
    report = cv.check_series(table)
    assert len([note for note in report.notes if re.search(expected, note)]) == 1, report
    assert len(report.notes) <= 3, report
    assert table.equals(before)


def test_nothing_is_said_of_what_is_fine():
    tables = [daily(), daily(40, "MS"), daily(40, "MS").to_period(), daily(80, "B"), daily(48, "h").tz_localize("UTC")]
    for table in (*tables, pd.Series([])):
        assert len(cv.check_series(table).notes) <= 2  # the rows and their step


@pytest.mark.parametrize("name", [r"$\theta$", "sea; °C", "sea\t"])
def test_a_name_alone_does_not_look_like_another_separator(name):
    for index in (DAYS, DAYS.to_period(), range(60)):
        assert not any("sep=" in note for note in cv.check_series(pd.Series(range(60), index, name=name)).notes)


@pytest.mark.parametrize(
    "dates", [pd.date_range("2020-01-15", periods=9), pd.timedelta_range("0h", periods=9, freq="h")]
)
def test_a_long_gap_alone_does_not_look_like_exchanged_days_and_months(dates):
    notes = cv.check_series(pd.Series(range(18), dates.append(dates + pd.Timedelta(days=700)))).notes
    assert not any("dayfirst" in note for note in notes)


def test_the_report_counts_rows_and_can_be_read():
    sea = daily().where(np.arange(60) > 3)
    report = cv.check_series(sea.to_frame().assign(ship="Vega"))
    assert report.table.loc["sea"].to_dict() == {
        "dtype": float, "count": 56, "missing": 4, "min": sea.min(), "max": sea.max()
    }  # fmt: skip
    assert report.table.loc["ship", ["min", "max"]].tolist() == ["–", "–"]
    assert repr(report).startswith(
        f"{report.table}\n- 60 rows, from 2020-01-01 00:00:00 to 2020-02-29 00:00:00.\n- The step is D.\n"
    )


def test_cylinder_bell_and_funnel_against_their_definition():
    x, labels = cv.cylinder_bell_funnel(60, noise=0.0, seed=1)
    assert x.shape == (60, 128, 1)
    assert np.bincount(labels).tolist() == [20, 20, 20]
    for sample, label in zip(x[..., 0], labels, strict=True):
        event = np.flatnonzero(sample)
        begin, end = (event[0] - (label == 1), event[-1] + (label == 2))  # a bell begins at 0, a funnel ends there
        assert 16 <= begin <= 32
        assert 32 <= end - begin <= 96
        t = np.arange(begin, end + 1)
        shape = [np.ones(len(t)), (t - begin) / (end - begin), (end - t) / (end - begin)][label]
        np.testing.assert_allclose(sample[begin : end + 1], np.abs(sample).max() * np.sign(sample.sum()) * shape)
    again, _ = cv.cylinder_bell_funnel(60, noise=0.0, seed=1)
    noisy, _ = cv.cylinder_bell_funnel(60, noise=0.5, seed=1)
    np.testing.assert_array_equal(again, x)
    assert abs((noisy - x).std() - 0.5) < 0.02
