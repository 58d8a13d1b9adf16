"""Series of the user's own, from CSV, NPY and WAV files."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from conv1d_viz.project import as_plain_path, require_size
from conv1d_viz.readers._files import read_csv, read_npy, read_wav, require_even

ENDINGS = (".csv", ".npy", ".wav")
_CLOCKS = {"date", "time", "datetime", "timestamp", "year", "month", "day", "hour", "index", "id", "sample", "t"}


def load_series(path: Any, column: Any = None, max_bytes: Any = 2**30) -> pd.DataFrame:
    """Read a series from a file: samples in the order of time, a column a feature.

    Parameters
    ----------
    path : path-like
        A ".csv" file with commas, semicolons or tabs; beside the latter two numbers may have decimal commas. Its first
        column becomes the index if it holds dates, such as 2024-05-31, 31.05.2024 or 20240531, those with a time zone
        in UTC. A first line of numbers, or one that begins with a date, is data. A ".npy" file of shape (time,) or
        (time, feature). A ".wav" file, a feature a channel, in the numbers that SciPy reads from it.
    column : str, int or list of them, or None
        The heading of the feature to read, or its number from 0; of several the first is what is forecast. None: all,
        but for a first column without a name, or with one such as "year" or "time", whose numbers must rise evenly.
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
    path = _as_file(path)
    require_size(path, max_bytes)
    read = {".csv": read_csv, ".npy": read_npy, ".wav": read_wav}[path.suffix.lower()]
    try:
        table = _choose(read(path), column)
    except (OSError, EOFError, UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"`path` must be a {path.suffix} file that can be read. Got {path}: {error}") from error
    if not table.size:
        raise ValueError(f"`path` must hold samples. Got {path} with a table of shape {table.shape}.")
    known = table.apply(pd.to_numeric, errors="coerce").notna()
    numbers: pd.DataFrame = table.where(known).astype(np.float64)  # pandas' own reading may miss the last digits
    missing = np.argwhere(~np.isfinite(numbers.to_numpy()))
    if len(missing):
        row, feature = missing[0]
        found = str(table.iat[row, feature]).strip()
        raise ValueError(
            f"`path` must hold a finite number in each row. Got {found!r} in row {row} ({table.index[row]}) of column "
            f"{str(table.columns[feature])!r}, and {len(missing) - 1} more such. Rows are counted from 0."
        )
    if isinstance(table.index, pd.DatetimeIndex):
        require_even(table.index)
    return numbers


def _as_file(path: Any) -> Path:
    file = as_plain_path(path)
    if file.suffix.lower() not in ENDINGS:
        raise ValueError(f"`path` must end in {', '.join(ENDINGS)}. Got {str(file)!r}.")
    if not file.is_file():
        raise FileNotFoundError(f"`path` must be a file. Got {str(file)!r}, which is none.")
    return file


def _require_clock(times: pd.Series) -> None:
    """Refuse what is no number, and numbers that do not rise, or that leave some out."""
    numbers = pd.to_numeric(times, errors="coerce")
    if numbers.isna().any():
        row = int(np.argmax(numbers.isna()))
        raise ValueError(
            f"`path` must have dates such as 2024-05-31 or 31.05.2024, or numbers, in its first column {times.name!r}, "
            f"or `column` name the features. Got {times.iloc[row]!r} in row {row}, counted from 0."
        )
    steps = np.diff(numbers)
    rising = steps[steps > 0]
    even = (steps > 0) & (steps < 1.5 * np.median(rising)) if len(rising) else steps > 0
    if not even.all():
        row = int(np.argmin(even)) + 1
        raise ValueError(
            f"`path` must have a first column {times.name!r} that rises evenly, or `column` name the features. "
            f"Got {times.iloc[row]} after {times.iloc[row - 1]} in row {row}, counted from 0."
        )


def _choose(table: pd.DataFrame, column: Any) -> pd.DataFrame:
    names = list(table.columns)
    if not isinstance(table.index, (pd.RangeIndex, pd.DatetimeIndex)):  # a first column without a name
        if column is None:
            _require_clock(table.index.to_series())
        table = table.reset_index(drop=True)
    if column is None:
        if len(names) < 2 or str(names[0]).strip().lower() not in _CLOCKS:
            return table
        _require_clock(table.iloc[:, 0])
        return table.iloc[:, 1:]
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
