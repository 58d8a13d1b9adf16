"""Series from files: what comes back, what is refused, and the part of a series that belongs to a model."""

import re

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.io import wavfile

import conv1d_viz as cv

MONTHS = pd.date_range("1999-11-01", periods=5, freq="MS")


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def refused(path, *words, **options):
    with pytest.raises(ValueError, match=".*".join(map(re.escape, words))):
        cv.load_series(path, **options)


def test_dates_become_the_index(tmp_path):
    table = pd.DataFrame({"sea": [1.5, 2, 3, -4, 5], "air": [1, 2, 3, 4, 5]}, index=MONTHS)
    table.to_csv(tmp_path / "a.csv")
    read = cv.load_series(tmp_path / "a.csv")
    assert read.index.equals(MONTHS)
    assert read.to_numpy().tolist() == table.to_numpy().tolist()
    assert list(read.columns) == ["sea", "air"]
    assert set(read.dtypes) == {np.dtype(np.float64)}


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("index", [True, False])
def test_separators_and_sample_numbers_that_pandas_writes(tmp_path, separator, index):
    table = pd.DataFrame({"a": [1.0, 2.0], "b": [3.0, 4.0]})
    table.to_csv(tmp_path / "a.csv", sep=separator, index=index)
    read = cv.load_series(tmp_path / "a.csv")
    pd.testing.assert_frame_equal(read, table, check_index_type=False)


@pytest.mark.parametrize("text", ["1\n2\n3\n", "1\n2\n3", "\ufeff1\n2\n3\n\n\n", "value\r\n1\r\n2\r\n3\r\n"])
def test_a_single_column_with_and_without_a_heading(tmp_path, text):
    assert cv.load_series(write(tmp_path / "a.csv", text)).to_numpy().tolist() == [[1], [2], [3]]


def test_a_column_of_numbers_that_has_a_name_is_a_feature(tmp_path):
    path = write(tmp_path / "a.csv", "year,value\n1700,5\n1701,11\n")
    assert cv.load_series(path).shape == (2, 2)
    assert cv.load_series(path, "value").to_numpy().ravel().tolist() == [5, 11]
    assert cv.load_series(path, 1).columns.tolist() == ["value"]
    assert cv.load_series(path, ["value", "year"]).to_numpy().tolist() == [[5, 1700], [11, 1701]]
    for column in ("wave", 2, -1, True, ["value", None]):
        refused(path, "`column` must be among 'year', 'value'", "Got", column=column)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("v\n1\n\n3\n", "'' in row 1"),
        ("v\n1\nn/a\n3\n", "'n/a' in row 1"),
        ("v\n1\n2\ninf\n", "'inf' in row 2"),
        ("date,v\n2020-01-01,1\n2020-01-02,\n", "'' in row 1 (2020-01-02 00:00:00) of column 'v'"),
        ("a,b\n1,2\n3,x\n", "'x' in row 1 (1) of column 'b'"),
    ],
)
def test_gaps_and_text_are_refused_with_their_row(tmp_path, text, found):
    refused(write(tmp_path / "a.csv", text), "`path` must hold a finite number in each row. Got", found)


@pytest.mark.parametrize(
    ("dates", "words"),
    [
        (["2020-01-01", "2020-01-03", "2020-01-02"], ("dates that rise", "in row 2")),
        (["2020-01-01", "2020-01-01", "2020-01-02"], ("dates that rise", "in row 1")),
        (["2020-01-01", "soon", "2020-01-02"], ("a date in each row. Got 'soon' in row 1",)),
        (["2020-01-01", "2020-02-01", "2020-03-01", "2020-05-01"], ("leave out no dates", "in row 3")),
        (["2020-01-04", "2020-01-05", "2020-01-06", "2020-01-09"], ("leave out no dates", "in row 3")),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-15"], ("leave out no dates", "in row 3")),
    ],
)
def test_dates_that_do_not_run_evenly_are_refused(tmp_path, dates, words):
    refused(write(tmp_path / "a.csv", "date,v\n" + "".join(f"{date},1\n" for date in dates)), *words)


@pytest.mark.parametrize("freq", ["D", "MS", "QS", "YS", "h", "B", "W"])
def test_usual_dates_are_even_enough(tmp_path, freq):
    pd.Series(np.arange(60.0), pd.date_range("2019-12-30", periods=60, freq=freq)).to_csv(tmp_path / "a.csv")
    assert len(cv.load_series(tmp_path / "a.csv")) == 60


def test_working_days_with_a_holiday(tmp_path):
    days = pd.bdate_range("2024-03-25", "2024-04-12").drop(["2024-03-29", "2024-04-01"])  # Easter
    pd.Series(1.0, days).to_csv(tmp_path / "a.csv")
    assert cv.load_series(tmp_path / "a.csv").index.equals(pd.DatetimeIndex(days))


@given(values=hnp.arrays(np.float64, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.floats(-1e9, 1e9)))
def test_csv_and_npy_give_back_what_was_written(tmp_path_factory, values):
    folder = tmp_path_factory.mktemp("files")
    pd.DataFrame(values, columns=[f"f{k}" for k in range(values.shape[1])]).to_csv(folder / "a.csv", index=False)
    np.save(folder / "a.npy", values)
    for name in ("a.csv", "a.npy"):
        np.testing.assert_allclose(cv.load_series(folder / name).to_numpy(), values, rtol=1e-15)


@pytest.mark.parametrize("array", [np.zeros((2, 2, 2)), np.array(["a"]), np.zeros(3, complex), np.zeros(())])
def test_arrays_of_another_kind(tmp_path, array):
    np.save(tmp_path / "a.npy", array)
    refused(tmp_path / "a.npy", "`path` must be an array of numbers of shape (time,) or (time, feature)")


def test_a_pickle_is_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object), allow_pickle=True)
    refused(tmp_path / "a.npy", "`path` must be an array of numbers")


def test_an_array_with_a_gap(tmp_path):
    np.save(tmp_path / "a.npy", [1.0, np.nan, np.nan])
    refused(tmp_path / "a.npy", "Got 'nan' in row 1 (1) of column 0, and 1 more such")


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_files(tmp_path, dtype, channels):
    samples = np.arange(40).reshape(-1, channels).astype(dtype).squeeze()
    wavfile.write(tmp_path / "a.wav", 8000, samples)
    assert cv.load_series(tmp_path / "a.wav").to_numpy().tolist() == samples.reshape(-1, channels).tolist()


@pytest.mark.parametrize("name", ["a.wav", "a.npy"])
def test_damaged_files(tmp_path, name):
    (tmp_path / name).write_bytes(b"RIFF\xff\xff\xff\xffWAVEfmt " if name == "a.wav" else b"\x93NUMPY\x01")
    refused(tmp_path / name, "`path` must be")
    (tmp_path / name).write_bytes(b"")
    refused(tmp_path / name, "`path` must be")


def test_an_empty_table_and_a_binary_one(tmp_path):
    refused(write(tmp_path / "a.csv", ""), "`path` must be")
    refused(write(tmp_path / "a.csv", "v\n"), "`path` must hold samples")
    (tmp_path / "a.csv").write_bytes(b"v\n\xff\xfe\n")
    refused(tmp_path / "a.csv", "`path` must be a .csv file that can be read")
    refused(write(tmp_path / "a.csv", "a,b\n1,2\n1,2,3,4\n"), "`path` must be a .csv file that can be read")


def test_other_paths(tmp_path):
    with pytest.raises(FileNotFoundError, match="`path` must be a file"):
        cv.load_series(tmp_path / "none.csv")
    with pytest.raises(TypeError, match=r"`path` must be a path\. Got 3"):
        cv.load_series(3)
    refused(tmp_path / "a.xlsx", "`path` must end in .csv, .npy, .wav")
    refused(write(tmp_path / "a.csv", "1\n2\n"), "at most 3 bytes. Got 4", max_bytes=3)


STORY = {"period": 20, "noise": 0.1, "n_samples": 500}


def test_a_toy_series_goes_on_where_training_ended():
    part = cv.series_of({"seed": 7, "parameters": {"series": "pulse", **STORY}}, length=30)
    time, wave = cv.toy_series(30, 500, period=20, noise=0.1, shape="pulse", seed=9)
    assert part.time.tolist() == time.tolist()
    assert part.values.tolist() == wave[:, None].tolist()
    assert part.dates is None
    assert cv.series_of({"seed": 7, "parameters": {"series": "sine", **STORY}}, start=3, length=2).time.tolist() == [
        3,
        4,
    ]


def test_a_series_from_a_file_ends_where_the_file_ends(tmp_path):
    pd.DataFrame({"a": range(5), "b": range(5, 10)}, index=MONTHS).to_csv(tmp_path / "a.csv")
    info = {"seed": 0, "parameters": {**STORY, "series": str(tmp_path / "a.csv"), "column": "b"}}
    part = cv.series_of(info, length=3)
    assert part.time.tolist() == [2, 3, 4]
    assert part.values.tolist() == [[7], [8], [9]]
    assert part.dates.equals(MONTHS[2:])
    assert len(cv.series_of(info, length=100).values) == 5
    assert cv.series_of(info, start=1, length=2).values.tolist() == [[6], [7]]
    with pytest.raises(ValueError, match=r"`start` must be a sample of .*, below 5\. Got 5"):
        cv.series_of(info, start=5)
    np.save(tmp_path / "a.npy", np.ones((4, 2)))
    part = cv.series_of({"seed": 0, "parameters": {**STORY, "series": str(tmp_path / "a.npy")}})
    assert part.values.shape == (4, 2)
    assert part.dates is None
