"""The readers of the files that a series may come from: tables as they stand in them, with dates as index."""

import csv
import io
import struct
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from conv1d_viz.network._warnings import filtered

# No others: of 05/03/2024 no one can tell whether it is in March or in May.
_DATES = ("ISO8601", "%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S")
_GAPS = {"", "na", "n/a", "null", "none", "-", "?"}


def read_csv(path: Path) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig", newline="") as file:
        start = file.read(1 << 16)
    lines = start.splitlines()[:4]
    separator = _separator(lines)
    first, second = [*(_fields(line, separator) for line in lines), [], []][:2]
    headed = _is_heading(first)
    if len(second) > len(first):
        raise ValueError(
            f"`path` must have as many fields in each row. Got {len(second)} in row 0 below a heading of {len(first)}; "
            "decimal commas need semicolons or tabs between the columns."
        )
    table = pd.read_csv(
        path,
        sep=separator,
        header=0 if headed else None,
        dtype=str,
        keep_default_na=False,
        skip_blank_lines=False,
        skipinitialspace=True,
        encoding="utf-8-sig",
    )
    if not isinstance(table.index, pd.RangeIndex):
        raise ValueError(f"`path` must have as many fields in each row. Got rows longer than the first line of {path}.")
    table = table[: 1 + max(np.flatnonzero((table != "").any(axis=1)), default=-1)]  # no blank lines at the end
    if separator != ",":
        table = table.map(_with_point)
    if table.shape[1] < 2:
        return table
    dates = _as_dates(table.iloc[:, 0])
    if dates is not None:
        return table.iloc[:, 1:].set_index(pd.DatetimeIndex(dates, name=table.columns[0]))
    unnamed = headed and not any(letter.isalpha() for letter in str(table.columns[0]).removeprefix("Unnamed: "))
    return table.iloc[:, 1:].set_index(pd.Index(table.iloc[:, 0])) if unnamed else table


def _separator(lines: list[str]) -> str:
    """Return what parts the columns: as often in each of the first lines; a comma last, as it may be a decimal one."""
    counts = {mark: [len(_fields(line, mark)) for line in lines if line] for mark in ";\t,"}
    alike = [mark for mark, fields in counts.items() if len(set(fields)) == 1 and fields[0] > 1]
    return alike[0] if alike else max(",;\t", key=lambda mark: counts[mark][:1])


def _fields(line: str, separator: str) -> list[str]:
    fields = [field.strip() for field in next(csv.reader([line], delimiter=separator), [])]
    return fields if separator == "," else [_with_point(field) for field in fields]


def _with_point(text: str) -> str:
    return text.replace(",", ".") if text.count(",") == 1 and "." not in text else text


def _is_heading(fields: list[str]) -> bool:
    """Tell a heading from samples, which begin with a date, or are numbers and gaps that do not begin empty."""
    if not fields or not fields[0]:
        return True
    if len(fields) > 1 and _is_date(fields[0]) and not _is_number(fields[0]):
        return False
    return not all(_is_number(field) or field.lower() in _GAPS for field in fields)


def _as_dates(column: pd.Series) -> pd.Series | None:
    """Return a column of dates as such, in UTC where they have a time zone; None where it holds no dates."""
    if column.map(_is_number).any():
        dates = pd.to_datetime(column, errors="coerce", format="%Y%m%d")
        if not column.str.fullmatch(r"[12]\d{7}").all() or dates.isna().mean() > 0.5:  # other numbers are no dates
            return None
    else:
        forms = [pd.to_datetime(column, errors="coerce", format=form, utc=True) for form in _DATES]
        dates = min(forms, key=lambda parsed: parsed.isna().sum()).dt.tz_localize(None)
    if dates.isna().all():
        return None
    if dates.isna().any():
        row = int(np.argmax(dates.isna()))
        raise ValueError(
            f"`path` must have a date in each row, such as 2024-05-31 or 31.05.2024. Got {column.iloc[row]!r} in row "
            f"{row}, counted from 0."
        )
    return dates


def read_npy(path: Path) -> pd.DataFrame:
    try:
        with filtered(ignore=[""]):  # of a header that claims more than the file holds, or is no Python
            # `np.load` would open archives and pickles as well.
            array = np.lib.format.open_memmap(path, mode="r")
    except Exception as error:  # a false header raises errors of many kinds
        raise ValueError(f"`path` must be an array of numbers. Got {path}: {error}") from error
    if array.dtype.kind not in "fiub" or array.ndim not in (1, 2):
        raise ValueError(
            f"`path` must be an array of numbers of shape (time,) or (time, feature). Got {path} with dtype "
            f"{array.dtype} and shape {array.shape}."
        )
    return pd.DataFrame(np.array(array))


def read_wav(path: Path) -> pd.DataFrame:
    from scipy.io import wavfile  # needed for this kind of file alone

    try:
        # At an early end it would return the samples there are; chunks that it does not know stand beside them.
        with filtered(error=["Reached EOF prematurely"], ignore=["Chunk"]):
            # From memory: of a file SciPy makes room for as much as the header claims.
            content = path.read_bytes()
            _, samples = wavfile.read(io.BytesIO(content))
            _require_whole_samples(content)
    except Exception as error:  # a false header raises errors of many kinds
        raise ValueError(f"`path` must be a WAV file that can be read. Got {path}: {error}") from error
    return pd.DataFrame(samples)


def _require_whole_samples(content: bytes) -> None:
    """Refuse samples of up to 8 bits that are said to take more than a byte each: SciPy would make two of one."""
    form = f"{'>' if content[:4] == b'RIFX' else '<'}HLLHH"
    channels, _, _, size, bits = struct.unpack_from(form, content, content.index(b"fmt ") + 10)
    if bits <= 8 and size != channels:
        raise ValueError(f"its header says that {channels} samples of {bits} bits take {size} bytes")


def require_even(dates: pd.DatetimeIndex) -> None:
    """Refuse dates that do not rise, or that leave some out; months and working days are even enough."""
    steps: np.ndarray = np.diff(dates.to_numpy()) / np.timedelta64(1, "s")
    if len(steps) and steps.min() <= 0:
        row = int(np.argmax(steps <= 0)) + 1
        raise ValueError(f"`path` must have dates that rise. Got {dates[row]} after {dates[row - 1]} in row {row}.")
    if len(steps) > 1 and dates.day_of_week.max() < 5 and np.median(steps) == 86_400:
        days = dates.to_numpy().astype("datetime64[D]")
        steps, usual = np.busday_count(days[:-1], days[1:]), 3.0  # a holiday or two in a row
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


def _is_date(text: str) -> bool:
    return any(not pd.isna(pd.to_datetime(text, errors="coerce", format=form)) for form in _DATES)
