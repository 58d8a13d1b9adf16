"""Series → input windows and the samples that follow them; and what a table of samples holds, before that."""

from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float
from pandas.api.types import is_numeric_dtype as _numeric

from conv1d_viz.checks import as_series, as_size, counted


def sliding_windows(
    series: Any, window: Any, horizon: Any = 1, target: Any = 0
) -> tuple[Float[np.ndarray, "window step feature"], Float[np.ndarray, "window horizon"]]:
    """Cut a series into all windows of `window` consecutive samples and the `horizon` samples after each.

    Both results are read-only views. An array of floats is not copied, and a later change of it shows in them.

    Parameters
    ----------
    series : array-like, Series or DataFrame of shape (time,) or (time, feature)
        Finite numbers within ±1e150. float32 and float64 are kept, other numeric types become float64.
    window, horizon : int
        Samples in a window, and samples to predict after it. Windows without a full target are left out.
    target : int
        The feature that is predicted, counted from 0.

    Returns
    -------
    x : ndarray of shape (n_windows, window, n_features)
        Window b holds the samples b … b + window - 1; n_windows = time - window - horizon + 1.
    y : ndarray of shape (n_windows, horizon)
        The samples b + window … b + window + horizon - 1 of feature `target`.

    Examples
    --------
    >>> x, y = sliding_windows([0, 1, 2, 3, 4], window=3)
    >>> x[:, :, 0].tolist(), y.tolist()
    ([[0.0, 1.0, 2.0], [1.0, 2.0, 3.0]], [[3.0], [4.0]])
    """
    window, horizon, target = as_size(window, "window"), as_size(horizon, "horizon"), as_size(target, "target", 0)
    samples = as_series(series)
    time, n_features = samples.shape
    require_samples(time, window, horizon)
    if target >= n_features:
        raise ValueError(f"`target` must be a feature of the series, 0..{n_features - 1}. Got {target}.")
    view = np.lib.stride_tricks.sliding_window_view
    x = view(samples[:-horizon], window, axis=0).transpose(0, 2, 1)
    return x, view(samples[window:, target], horizon)


def require_samples(time: int, window: int, horizon: int) -> None:
    """Refuse a series too short for one window and its target."""
    if time < window + horizon:
        asked = f"at least window + horizon = {window} + {horizon} samples"
        raise ValueError(f"`series` must have {asked}. Got {time} samples.")


class SeriesReport(NamedTuple):
    """What a table holds: a summary of the columns, and notes worth reading before forecasting."""

    table: pd.DataFrame
    notes: list[str]

    def __repr__(self) -> str:  # noqa: D105
        return "\n".join([str(self.table), *(f"- {note}" for note in self.notes)])


def check_series(table: Any) -> SeriesReport:
    """Describe what a table of samples holds and what looks suspicious; nothing is refused or changed.

    `table` is a pandas Series or DataFrame, (time,) or (time, feature), whose index holds the dates, if there are any.
    The report has a `.table` with one row per column, and `.notes`, sentences: each suspicion comes with the line of
    pandas that mends it.
    """
    if not isinstance(table, (pd.Series, pd.DataFrame)):
        kind = type(table).__name__
        raise TypeError(f"`table` must be a pandas Series or DataFrame, such as `pd.Series(values)`. Got {kind}.")
    single, table = isinstance(table, pd.Series), pd.DataFrame(table)
    columns, blank = [column for _, column in table.items()], ["–", "–"]
    rows = [(c.dtype, c.count(), c.isna().sum(), *(c.agg(["min", "max"]) if _numeric(c) else blank)) for c in columns]
    summary = pd.DataFrame(rows, index=table.columns, columns=["dtype", "count", "missing", "min", "max"])
    index = table.index.dropna()
    notes = [counted(len(table), "row") + (f", from {index[0]} to {index[-1]}." if len(index) else ".")]
    head = table.head(1).to_csv(sep="|").splitlines()  # a name alone may hold a mark
    marks = [mark for mark in ";\t" if len(columns) < 2 and all(mark in line for line in head)]
    if not columns or marks:
        read = f"with `sep={marks[0]!r}`" if marks else "without `index_col`"
        return SeriesReport(summary, [*notes, f"The table has {counted(len(columns), 'column')}; read {read}."])
    notes += _on_rows(index, len(table) - len(index))
    return SeriesReport(summary, notes + [note for c in columns for note in _on_column(c, single)])


def _on_rows(index: Any, lost: int) -> list[str]:
    """Notes on the order of the rows and the steps between them; `lost` rows have no place in it."""
    index, way = (index.to_timestamp(), ".to_timestamp()") if isinstance(index, pd.PeriodIndex) else (index, "")
    notes, dates = [], isinstance(index, (pd.DatetimeIndex, pd.TimedeltaIndex))
    if not dates and not _numeric(index):  # pandas leaves texts where summer and winter time differ
        utc = ", utc=True" * (index.map(str).str.extract(r":[\d.]+([+-]\d\d:?\d\d)$")[0].nunique() > 1)
        return [f"The index holds no dates; if its texts are dates, `table.index = pd.to_datetime(table.index{utc})`."]
    if not dates and not (index.is_unique and (index.is_monotonic_increasing or index.is_monotonic_decreasing)):
        mend = "if they are data, read without `index_col`, else `table = table.reset_index(drop=True)` counts anew"
        return [f"The index holds numbers out of order or twice; {mend}."]
    if lost:
        notes = [f"The index is missing in {counted(lost, 'row')}; `table = table[table.index.notna()]` drops them."]
    if index.has_duplicates:
        again, first = index[index.duplicated()], "`table = table[~table.index.duplicated()]` keeps the first of each"
        notes.append(f"{counted(len(again), 'row')} with a date that was there before, such as {again[0]}; {first}.")
    if not index.is_monotonic_increasing:
        what = "The newest row is first" if index.is_monotonic_decreasing else "Rows are out of order"
        notes.append(f"{what}; `table = table.sort_index()` puts the oldest first.")
    index = index.unique().sort_values()
    freq = _frequency(index) if dates else None
    steps: Any = index.to_series().diff().iloc[1:]
    usual = steps.median()
    if isinstance(index, pd.DatetimeIndex) and index.day_of_week.max() < 5 and usual == pd.Timedelta(days=1):
        days = index.tz_localize(None).to_numpy().astype("datetime64[D]")
        steps, usual, freq = pd.Series(np.busday_count(days[:-1], days[1:])), 1, "B"  # weekends are no gaps
    odd = np.flatnonzero((steps > 1.5 * usual) | (steps < usual / 1.5))
    if not freq and dates and len(odd):
        stretch = index[max(np.split(np.arange(len(index)), odd + 1), key=len)]
        freq = _frequency(stretch) or pd.tseries.frequencies.to_offset(usual).freqstr
    notes += [f"The step is {freq or usual}{', with exceptions' if len(odd) else ''}."] if len(steps) else []
    if len(odd):
        what, evened = f"Gaps, or steps of another length: {len(odd)}", f".asfreq({freq!r}).interpolate()"
        if len(odd) > len(steps) / 10:
            what, evened = "The step changes", f".resample({freq!r}).mean()"
        evens = f"; `table = table{way}{evened}` evens them" if dates else ""
        if isinstance(index, pd.DatetimeIndex) and 1 < index.day.max() < 13 and steps.sum() > 2 * len(steps) * usual:
            evens += ", unless day and month were swapped when it was read: try `dayfirst=True`"
        notes.append(f"{what}, first from {index[odd[0]]} to {index[odd[0] + 1]}{evens}.")
    return notes


def _frequency(index: Any) -> str | None:
    return type(index)(index, freq="infer").freqstr if len(index) > 2 else None


def _on_column(column: pd.Series, single: bool) -> list[str]:
    """Notes on what one column, or a series alone, holds."""
    name, values, notes = column.name, column.dropna(), []
    dates, drop = f"`table.set_index({name!r})` if these are dates, else ", f"`table = table.drop(columns={name!r})`"
    if single:
        dates, drop = "", "check that this is the series you mean"
    if len(values) < len(column):
        missing = counted(len(column) - len(values), "row")
        notes.append(f"{name!r} has gaps in {missing}; `table = table.interpolate()` fills them.")
    if not _numeric(column):
        texts = values.astype(str)
        such = f"{name!r} holds texts such as {texts.iloc[0]!r}" if len(texts) else ""
        for mark, point in (",.", ".,"):
            number = rf"-?\d{{1,3}}(\{mark}\d{{3}})*(\{point}\d+)?"
            if texts.str.fullmatch(number).all() and texts.str.contains(mark, regex=False).any():
                read = f"read with `thousands={mark!r}, decimal={point!r}` if these are thousands marks"
                return [*notes, f"{such}; {read}."]
        if texts.str.contains(",").any() and pd.to_numeric(texts.str.replace(",", "."), errors="coerce").notna().all():
            return [*notes, f"{such}; read with `decimal=','`."]
        words = texts[pd.to_numeric(texts, errors="coerce").isna()]
        if len(words) == 0 < len(texts):
            return [*notes, f"{name!r} holds numbers as {column.dtype}; `.astype(float)` makes floats of them."]
        if 0 < len(words) < len(texts) / 2:
            return [*notes, f"{name!r} holds texts among numbers; read with `na_values={list(words.unique()[:3])}`."]
        return [*notes, f"{name!r} holds no numbers; {dates}{drop}."]
    numbers = values.to_numpy(dtype=float)
    if infinite := int(np.isinf(numbers).sum()):
        way = "`table = table.replace([np.inf, -np.inf], np.nan)` makes gaps of them"
        notes.append(f"{name!r} is infinite in {counted(infinite, 'row')}; {way}.")
        numbers = numbers[np.isfinite(numbers)]
    steps, ends = np.diff(numbers), np.unique([numbers.min(), numbers.max()]) if len(numbers) else numbers
    if len(ends) == 1:
        notes.append(f"{name!r} is constant, {ends[0]:g}; {drop}.")
    elif len(steps) > 1 and 0 < steps.max() <= 1.5 * steps.min():
        notes.append(f"{name!r} rises evenly, as a clock does; {dates}{drop}.")
    for end in ends:
        rest = numbers[numbers != end]
        if 1 < len(numbers) - len(rest) < len(numbers) and np.abs(rest - end).min() > 2 * np.ptp(rest) > 0:
            read = f"if it stands for a gap, read with `na_values=[{end:g}]`"
            notes.append(f"{name!r} holds {end:g} {(numbers == end).sum()} times, far outside all else; {read}.")
    return notes
