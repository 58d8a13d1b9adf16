"""Series of the user's own: CSV, NPY and WAV files, and the part of a series that a saved model is looked at with."""

import csv
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from conv1d_viz._checks import as_size
from conv1d_viz.signals import SHAPES, toy_series

_ENDINGS = (".csv", ".npy", ".wav")
# No others: of 05/03/2024 no one can tell whether it is in March or in May.
_DATES = ("ISO8601", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")
_CLOCKS = {"date", "time", "datetime", "timestamp", "year", "month", "day", "hour", "index", "id", "sample", "t"}


def load_series(path: Any, column: Any = None, max_bytes: Any = 2**30) -> pd.DataFrame:
    """Read a series from a file: samples in the order of time, a column a feature.

    Parameters
    ----------
    path : path-like
        A ".csv" file with commas, semicolons or tabs; beside the latter two numbers may have decimal commas. Its first
        column becomes the index if it holds dates, such as 2024-05-31 or 31.05.2024, those with a time zone in UTC. A
        first line of numbers is data. A ".npy" file of shape (time,) or (time, feature). A ".wav" file, a feature a
        channel, in the numbers that SciPy reads from it.
    column : str, int or list of them, or None
        The heading of the feature to read, or its number from 0; of several the first is what is forecast. None: all,
        but for a first column without a name, or with one such as "year" or "time" and rising numbers.
    max_bytes : int
        Files larger than this are refused.

    Returns
    -------
    DataFrame
        float64, (time, feature). The index holds the dates where there are any, else the sample numbers from 0.

    Raises
    ------
    FileNotFoundError
        If there is no such file.
    TypeError, ValueError
        If the file has another ending, is too large or damaged, a column is unknown, a row has a gap, text, an
        infinity or no date, or the dates do not rise or leave some out; the message names the first such row.

    Examples
    --------
    >>> load_series("temperature.csv", column="sea")  # doctest: +SKIP
    """
    path, max_bytes = _as_file(path), as_size(max_bytes, "max_bytes")
    if path.stat().st_size > max_bytes:
        raise ValueError(f"`path` must be a file of at most {max_bytes:,} bytes. Got {path.stat().st_size:,}.")
    read = {".csv": _read_csv, ".npy": _read_npy, ".wav": _read_wav}[path.suffix.lower()]
    try:
        table = _choose(read(path), column)
    except (OSError, EOFError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"`path` must be a {path.suffix} file that can be read. Got {path}: {error}") from error
    if not table.size:
        raise ValueError(f"`path` must hold samples. Got {path} with a table of shape {table.shape}.")
    numbers = table.apply(pd.to_numeric, errors="coerce").astype(np.float64)
    missing = np.argwhere(~np.isfinite(numbers.to_numpy()))
    if len(missing):
        row, feature = missing[0]
        found = str(table.iat[row, feature]).strip()
        raise ValueError(
            f"`path` must hold a finite number in each row. Got {found!r} in row {row} ({table.index[row]}) of column "
            f"{str(table.columns[feature])!r}, and {len(missing) - 1} more such. Rows are counted from 0."
        )
    if isinstance(table.index, pd.DatetimeIndex):
        _require_even(table.index)
    return numbers


class SeriesPart(NamedTuple):
    """Part of a series: sample numbers, values, and their dates or None."""

    time: Int[np.ndarray, " time"]
    values: Float[np.ndarray, "time feature"]
    dates: pd.Index | None


def series_of(info: Any, start: int | None = None, length: int = 300) -> SeriesPart:
    """Return a part of the series that a saved model was trained on, made or read again from its story.

    Parameters
    ----------
    info : dict
        What notebook 1 wrote beside the model, as `load_info` reads it.
    start : int or None
        First sample. None: of a toy series the first one after training; of a file the last `length` samples.
    length : int
        Samples; of a file as many of them as there are.

    Returns
    -------
    SeriesPart
        `.time` (time,), `.values` (time, feature) in the series' own unit, `.dates`, None where the series has none.

    Raises
    ------
    ValueError
        If the story names no series, or the file has no such samples.
    """
    made, length = info.get("parameters") if isinstance(info, dict) else None, as_size(length, "length")
    if not isinstance(made, dict) or "series" not in made:
        raise ValueError(f"`info` must name a series among its parameters, as notebook 1 writes it. Got {info!r:.80}.")
    if made["series"] in SHAPES:
        start = made["n_samples"] if start is None else start
        options = {"period": made["period"], "noise": made["noise"], "shape": made["series"]}
        time, wave = toy_series(length, start, seed=info["seed"] + 2, **options)  # a noise that no training has seen
        return SeriesPart(time, wave[:, None], None)
    table = load_series(made["series"], made.get("column"))
    first = max(len(table) - length, 0) if start is None else as_size(start, "start", minimum=0)
    if first >= len(table):
        raise ValueError(f"`start` must be a sample of {made['series']}, below {len(table)}. Got {first}.")
    part = table.iloc[first : first + length]
    dates = part.index if isinstance(part.index, pd.DatetimeIndex) else None
    return SeriesPart(np.arange(first, first + len(part)), part.to_numpy(), dates)


def _as_file(path: Any) -> Path:
    try:
        path = Path(path).expanduser()
    except TypeError:
        raise TypeError(f"`path` must be a path. Got {path!r}.") from None
    if path.suffix.lower() not in _ENDINGS:
        raise ValueError(f"`path` must end in {', '.join(_ENDINGS)}. Got {str(path)!r}.")
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Got {str(path)!r}, which is none.")
    return path


def _read_csv(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(1 << 16)
    separator = max(",;\t", key=start.partition("\n")[0].count)
    rows = [[field.strip() for field in row] for row in csv.reader(start.splitlines()[:2], delimiter=separator)]
    first, second = [*rows, [], []][:2]
    # A table without a heading begins with numbers, or with a date and numbers.
    headed = not (first and all(map(_is_number, first[1:] or first)) and _is_datum(first[0]))
    if len(second) > len(first):
        raise ValueError(
            f"`path` must have as many fields in each row. Got {len(second)} in row 0 below a heading of {len(first)}; "
            "decimal commas need semicolons or tabs between the columns."
        )
    options = {"dtype": str, "keep_default_na": False, "skip_blank_lines": False, "skipinitialspace": True}
    table = pd.read_csv(path, sep=separator, header=0 if headed else None, encoding="utf-8-sig", **options)
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError(f"`path` must have as many fields in each row. Got rows longer than the first line of {path}.")
    table = table[: 1 + max(np.flatnonzero((table != "").any(axis=1)), default=-1)]  # no blank lines at the end
    if separator != ",":
        table = table.map(lambda text: text.replace(",", ".") if text.count(",") == 1 and "." not in text else text)
    if table.shape[1] < 2:
        return table
    dates = _as_dates(table.iloc[:, 0])
    if dates is not None:
        return table.iloc[:, 1:].set_index(pd.DatetimeIndex(dates, name=table.columns[0]))
    unnamed = headed and not any(letter.isalpha() for letter in str(table.columns[0]).removeprefix("Unnamed: "))
    return table.iloc[:, 1:] if unnamed else table


def _as_dates(column: pd.Series) -> pd.Series | None:
    """Return a column of dates as such, in UTC where they have a time zone; None where it holds no dates."""
    if column.map(_is_number).any():
        return None
    forms = [pd.to_datetime(column, errors="coerce", format=form, utc=True) for form in _DATES]
    dates = min(forms, key=lambda parsed: parsed.isna().sum())
    if dates.isna().all():
        return None
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        raise ValueError(
            f"`path` must have a date in each row, such as 2024-05-31 or 31.05.2024. Got {column.iloc[row]!r} in row "
            f"{row}, counted from 0."
        )
    return dates.dt.tz_localize(None)


def _read_npy(path: Path) -> pd.DataFrame:
    try:
        array = np.load(path, allow_pickle=False, mmap_mode="r")  # a header may claim more than the file holds
    except ValueError as error:
        raise ValueError(f"`path` must be an array of numbers. Got {path}: {error}") from None
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
        found = f"dtype {array.dtype} and shape {array.shape}" if isinstance(array, np.ndarray) else "several arrays"
        raise ValueError(
            f"`path` must be an array of numbers of shape (time,) or (time, feature). Got {path} with {found}."
        )
    return pd.DataFrame(np.array(array))


def _read_wav(path: Path) -> pd.DataFrame:
    from scipy.io import wavfile  # needed for this kind of file alone

    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", "Reached EOF prematurely")  # it would return the samples there are
            warnings.filterwarnings("ignore", "Chunk")  # of a kind that SciPy does not know, beside the samples
            _, samples = wavfile.read(path)
    except Exception as error:  # a false header raises errors of many kinds
        raise ValueError(f"`path` must be a WAV file that can be read. Got {path}: {error}") from error
    return pd.DataFrame(samples)


def _choose(table: pd.DataFrame, column: Any) -> pd.DataFrame:
    names = list(table.columns)
    if column is None:
        clock = len(names) > 1 and str(names[0]).strip().lower() in _CLOCKS
        numbers = pd.to_numeric(table.iloc[:, 0], errors="coerce") if clock else None
        return table.iloc[:, 1:] if clock and (np.diff(numbers) > 0).all() else table
    chosen = []
    for item in column if isinstance(column, (list, tuple)) else [column]:
        if isinstance(item, str) and item in names:
            chosen.append(names.index(item))
        elif isinstance(item, (int, np.integer)) and not isinstance(item, bool) and 0 <= item < len(names):
            chosen.append(int(item))
        else:
            known = ", ".join(repr(str(name)) for name in names)
            raise ValueError(f"`column` must be among {known}, or a number from 0 to {len(names) - 1}. Got {item!r}.")
    if not chosen:
        raise ValueError(f"`column` must be at least one column. Got {column!r}.")
    return table.iloc[:, chosen]


def _require_even(dates: pd.DatetimeIndex) -> None:
    """Refuse dates that do not rise, or that leave some out; months and working days are even enough."""
    steps = np.diff(dates.to_numpy()) / np.timedelta64(1, "s")
    if len(steps) and steps.min() <= 0:
        row = int(np.argmax(steps <= 0)) + 1
        raise ValueError(f"`path` must have dates that rise. Got {dates[row]} after {dates[row - 1]} in row {row}.")
    if len(steps) > 1 and dates.day_of_week.max() < 5 and np.median(steps) == 86_400:
        days = dates.to_numpy().astype("datetime64[D]")
        steps, usual = np.busday_count(days[:-1], days[1:]), 3  # a holiday or two in a row
    else:
        usual = 1.5 * np.median(steps) if len(steps) else 0
    if len(steps) and steps.max() > usual:
        row = int(np.argmax(steps > usual)) + 1
        raise ValueError(
            f"`path` must leave out no dates. Got {dates[row]} after {dates[row - 1]} in row {row}, counted from 0."
        )


def _is_number(text: Any) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _is_datum(text: str) -> bool:
    """Tell a number or a date from a heading."""
    return _is_number(text) or any(not pd.isna(pd.to_datetime(text, errors="coerce", format=form)) for form in _DATES)
