"""Series from files: what comes back, what is refused, and the part of a series that belongs to a model."""

import re
import tracemalloc

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
    path = write(tmp_path / "a.csv", "depth,value\n1700,5\n1701,11\n")
    assert cv.load_series(path).shape == (2, 2)
    assert cv.load_series(path, "value").to_numpy().ravel().tolist() == [5, 11]
    assert cv.load_series(path, 1).columns.tolist() == ["value"]
    assert cv.load_series(path, ("value", "depth")).to_numpy().tolist() == [[5, 1700], [11, 1701]]
    for column in ("wave", 2, -1, True, 1.0, ["value", None]):
        refused(path, "`column` must be among 'depth', 'value', or a number from 0 to 1. Got", column=column)
    refused(path, "`column` must be at least one column. Got []", column=[])
    np.save(tmp_path / "a.npy", np.eye(3))
    refused(tmp_path / "a.npy", "`column` must be among '0', '1', '2'", column=True)


def test_a_column_of_years_is_no_feature_unless_it_is_asked_for(tmp_path):
    path = write(tmp_path / "a.csv", "Year,value\n1700,5\n1701,11\n")
    assert cv.load_series(path).to_numpy().tolist() == [[5], [11]]
    assert cv.load_series(path, "Year").to_numpy().tolist() == [[1700], [1701]]
    falling = write(tmp_path / "b.csv", "time,value\n3,5\n2,11\n")
    assert cv.load_series(falling, ["time", "value"]).shape == (2, 2)
    refused(falling, "`path` must have a first column 'time' that rises evenly, or `column`", "Got 2 after 3 in row 1")
    for times in ("2000 2001 2001", "2000 2001 2002 2004", "2000 2001 2002 2010"):
        rows = "".join(f"{time},1\n" for time in times.split())
        refused(write(tmp_path / "c.csv", "year,v\n" + rows), f"Got {times.split()[-1]} after 200")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_a_sample_that_is_left_out_shows_in_the_numbers_that_pandas_writes(tmp_path, separator):
    table = pd.DataFrame({"v": [1, 2, np.nan, 4, 5]}).dropna()
    table.to_csv(tmp_path / "a.csv", sep=separator)
    refused(tmp_path / "a.csv", "that rises evenly, or `column` name the features. Got 3 after 1 in row 2")
    assert cv.load_series(tmp_path / "a.csv", "v").to_numpy().ravel().tolist() == [1, 2, 4, 5]
    assert cv.load_series(tmp_path / "a.csv", 0).index.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("times", ["12/30/2023 12/31/2023 01/01/2024", "00:00 01:00 02:00", "2024Q1 2024Q2 2024Q3"])
def test_times_in_another_form_are_refused_as_such(tmp_path, times):
    path = write(tmp_path / "a.csv", "date,v\n" + "".join(f"{time},1\n" for time in times.split()))
    refused(
        path, "`path` must have dates such as 2024-05-31", "first column 'date'", f"Got '{times.split()[0]}' in row 0"
    )


def test_compact_dates_are_dates_whatever_their_heading(tmp_path):
    text = "Datum;Wert\n20240130;5\n20240131;6\n20240201;7\n"
    table = cv.load_series(write(tmp_path / "a.csv", text))
    assert table.index.equals(pd.date_range("2024-01-30", periods=3, name="Datum"))
    assert table.to_numpy().tolist() == [[5], [6], [7]]
    refused(write(tmp_path / "b.csv", text + "20240209;8\n"), "`path` must leave out no dates. Got 2024-02-09")
    refused(write(tmp_path / "b.csv", text + "20240101;8\n"), "`path` must have dates that rise. Got 2024-01-01")
    refused(
        write(tmp_path / "b.csv", text + "20240132;8\n"),
        "`path` must have a date in each row",
        "Got '20240132' in row 3",
    )
    counts = "Datum;Wert\n12345678;5\n20240131;6\n23456789;7\n"  # one of them could be a date
    for other in (counts, text + "2024.5;1\n"):
        assert cv.load_series(write(tmp_path / "c.csv", other)).shape[1] == 2


@pytest.mark.parametrize(
    "text", ["2020-01-01,1\n2020-01-02,2\n2020-01-03,3\n", '"2020-01-01","1"\n2020-01-02,2\n2020-01-03,3\n']
)
def test_dates_without_a_heading(tmp_path, text):
    table = cv.load_series(write(tmp_path / "a.csv", text))
    assert table.index.equals(pd.date_range("2020-01-01", periods=3))
    assert table.to_numpy().tolist() == [[1], [2], [3]]


def test_quoted_numbers_without_a_heading(tmp_path):
    assert cv.load_series(write(tmp_path / "a.csv", '"1","2"\n"3","4"\n')).to_numpy().tolist() == [[1, 2], [3, 4]]


@pytest.mark.parametrize(
    "text", ["v\n1,5\n2,5\n", "Temperatur (°C)\n11,1\n12,2\n", "a,b\n1,2,3\n4,5,6\n", "date,t\n2020-01-01,11,1\n"]
)
def test_no_field_is_lost_silently(tmp_path, text):
    refused(write(tmp_path / "a.csv", text), "`path` must have as many fields in each row", "decimal commas")


def test_decimal_commas_beside_semicolons(tmp_path):
    table = cv.load_series(write(tmp_path / "a.csv", "Tag;T\n01.02.2020;1,5\n02.02.2020;-2,25\n"))
    assert table.index.tolist() == [pd.Timestamp("2020-02-01"), pd.Timestamp("2020-02-02")]
    assert table.to_numpy().tolist() == [[1.5], [-2.25]]
    refused(write(tmp_path / "b.csv", "a;b\n1;1.234,5\n"), "Got '1.234,5' in row 0")


@pytest.mark.parametrize("separator", [";", "\t"])
@pytest.mark.parametrize("dates", ["2023-12-31 2024-01-01 2024-01-02", "31.12.2023 01.01.2024 02.01.2024"])
@pytest.mark.parametrize("features", [1, 2, 3])
@pytest.mark.parametrize("heading", ["", "Datum;Temperatur, Grad;b;c", '"Datum";"T, innen";b;c'])
def test_decimal_commas_in_every_row(tmp_path, separator, dates, features, heading):
    rows = [[date, "2,5", "3,75", "-4,25"][: 1 + features] for date in dates.split()]
    head = [heading.split(";")[: 1 + features]] if heading else []
    path = write(tmp_path / "a.csv", "".join(separator.join(row) + "\n" for row in [*head, *rows]))
    table = cv.load_series(path)
    assert table.to_numpy().tolist() == [[2.5, 3.75, -4.25][:features]] * 3
    assert table.index.tolist() == pd.date_range("2023-12-31", periods=3).tolist()


def test_decimal_commas_without_dates_or_a_heading(tmp_path):
    assert cv.load_series(write(tmp_path / "a.csv", "2,5;3,5\n4,5;5,5\n")).to_numpy().tolist() == [
        [2.5, 3.5],
        [4.5, 5.5],
    ]


@pytest.mark.parametrize("gap", ["", "NA", "n/a", "null", "-", "?"])
def test_a_gap_in_the_first_row_is_no_heading(tmp_path, gap):
    refused(write(tmp_path / "a.csv", f"2024-01-01,{gap}\n2024-01-02,3\n"), f"Got {gap!r} in row 0 (2024-01-01")
    refused(write(tmp_path / "b.csv", f"1;{gap}\n2;3\n"), f"Got {gap!r} in row 0")
    refused(write(tmp_path / "c.csv", "2024-01-01,error\n2024-01-02,3\n"), "Got 'error' in row 0")


@pytest.mark.parametrize("text", ["d,v\n01/02/2020,1\n02/02/2020,2\n", "d,v\n00:00,1\n01:00,2\n"])
def test_dates_that_can_be_read_in_two_ways_are_text(tmp_path, text):
    refused(write(tmp_path / "a.csv", text), "`path` must hold a finite number in each row. Got '0")


def test_dates_with_a_time_zone_are_in_utc(tmp_path):
    hours = pd.date_range("2024-03-30 22:00", periods=6, freq="h", tz="UTC").tz_convert("Europe/Berlin")
    pd.Series(np.arange(6.0), hours, name="v").to_csv(tmp_path / "a.csv")  # across the change of the clocks
    index = cv.load_series(tmp_path / "a.csv").index
    assert index.tolist() == hours.tz_convert("UTC").tz_localize(None).tolist()


def test_spaces_around_headings_and_fields(tmp_path):
    table = cv.load_series(write(tmp_path / "a.csv", "a, b\n1, 2\n3, 4\n"), "b")
    assert table.to_numpy().tolist() == [[2], [4]]


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
        (["2020-01-01", "soon", "2020-01-02"], ("a date in each row", "Got 'soon' in row 1")),
        (["2020-01-01", "2020-02-01", "2020-03-01", "2020-05-01"], ("leave out no dates", "in row 3")),
        (["2020-01-04", "2020-01-05", "2020-01-06", "2020-01-09"], ("leave out no dates", "in row 3")),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-15"], ("leave out no dates", "in row 3")),
        (["2024-01-01", "2024-01-02", "2024-01-03", "2024-01-09"], ("leave out no dates", "in row 3")),
        (["2024-01-01", "2024-01-08", "2024-01-15", "2024-01-29"], ("leave out no dates", "in row 3")),
        (["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-06"], ("leave out no dates", "in row 3")),
    ],
)
def test_dates_that_do_not_run_evenly_are_refused(tmp_path, dates, words):
    refused(write(tmp_path / "a.csv", "date,v\n" + "".join(f"{date},1\n" for date in dates)), *words)


@pytest.mark.parametrize("freq", ["D", "MS", "QS", "YS", "h", "B", "W"])
def test_usual_dates_are_even_enough(tmp_path, freq):
    pd.Series(np.arange(60.0), pd.date_range("2019-12-30", periods=60, freq=freq)).to_csv(tmp_path / "a.csv")
    assert len(cv.load_series(tmp_path / "a.csv")) == 60


@pytest.mark.parametrize("dates", [["2024-01-01", "2024-01-11", "2024-01-21", "2024-02-04"], ["2024-01-01"]])
def test_dates_that_are_even_enough(tmp_path, dates):
    path = write(tmp_path / "a.CSV", "date,v\n" + "".join(f"{date},1\n" for date in dates))
    assert cv.load_series(path, max_bytes=path.stat().st_size).index.tolist() == [pd.Timestamp(d) for d in dates]
    assert cv.load_series(path).index.name == "date"


def test_a_path_from_the_home_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    write(tmp_path / "a.csv", "1\n2\n")
    assert len(cv.load_series("~/a.csv")) == 2


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int64, np.float32])
def test_arrays_of_all_kinds_of_numbers(tmp_path, dtype):
    np.save(tmp_path / "a.npy", np.array([0, 1, 1], dtype=dtype))
    assert cv.load_series(tmp_path / "a.npy").to_numpy().tolist() == [[0], [1], [1]]


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


class Spiteful:
    def __reduce__(self):
        return pytest.fail, ("a pickle was opened",)


def test_a_pickle_is_not_opened(tmp_path):
    np.save(tmp_path / "a.npy", np.array([Spiteful()], dtype=object), allow_pickle=True)
    refused(tmp_path / "a.npy", "`path` must be an array of numbers")


def test_arrays_that_are_not_what_they_claim(tmp_path):
    with (tmp_path / "a.npy").open("wb") as file:
        np.lib.format.write_array_header_1_0(file, {"descr": "<f8", "fortran_order": False, "shape": (10**13,)})
    refused(tmp_path / "a.npy", "`path` must be an array of numbers")
    np.savez(tmp_path / "b.npz", np.ones(3))
    (tmp_path / "b.npz").rename(tmp_path / "b.npy")
    refused(tmp_path / "b.npy", "`path` must be an array of numbers", "Got", "magic string")


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04", b"\x93NUMPY\x01\x00\x2d\x00{'descr': '<f8', 'fortran_order': F12, 2), }\n"]
)
def test_an_array_whose_beginning_is_damaged(tmp_path, content):
    (tmp_path / "a.npy").write_bytes(content)
    refused(tmp_path / "a.npy", "`path` must be an array of numbers")


def test_an_array_with_a_gap(tmp_path):
    np.save(tmp_path / "a.npy", [1.0, np.nan, np.nan])
    refused(tmp_path / "a.npy", "Got 'nan' in row 1 (1) of column '0', and 1 more such")


@pytest.mark.parametrize("dtype", [np.int16, np.float32, np.uint8])
@pytest.mark.parametrize("channels", [1, 2])
def test_wav_files(tmp_path, dtype, channels):
    samples = np.arange(40).reshape(-1, channels).astype(dtype).squeeze()
    wavfile.write(tmp_path / "a.wav", 8000, samples)
    assert cv.load_series(tmp_path / "a.wav").to_numpy().tolist() == samples.reshape(-1, channels).tolist()


def test_a_wav_file_that_was_cut_off(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, np.arange(100, dtype=np.int16))
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content[:-40])
    refused(tmp_path / "a.wav", "`path` must be a WAV file that can be read")


def test_a_wav_file_that_claims_more_than_it_holds_takes_no_memory(tmp_path):
    wavfile.write(tmp_path / "a.wav", 8000, np.arange(100, dtype=np.int16))
    content = (tmp_path / "a.wav").read_bytes()
    (tmp_path / "a.wav").write_bytes(content.replace(b"data\xc8\x00\x00\x00", b"data\xc8\x00\x00\x10"))
    tracemalloc.start()
    assert len(cv.load_series(tmp_path / "a.wav")) == 100  # all that the file as a whole claims
    taken = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert taken < 2**24


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
    refused(write(tmp_path / "a.csv", "1\n2\n"), "at most 3 bytes", "Got", "with 4", max_bytes=3)


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


@pytest.mark.parametrize("info", [{}, None, {"parameters": {}}, {"parameters": 3}])
def test_a_story_without_a_series(info):
    with pytest.raises(ValueError, match=r"`info` must name a series among its parameters"):
        cv.series_of(info)


def test_a_series_that_is_neither_made_nor_a_file():
    with pytest.raises(ValueError, match=r"`info` must name a toy series, sine.*, or a file, \.csv.*Got 'elnino'"):
        cv.series_of({"seed": 0, "parameters": {**STORY, "series": "elnino"}})


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
