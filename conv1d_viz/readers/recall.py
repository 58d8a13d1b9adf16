"""The part of a series that a saved model is looked at with."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from conv1d_viz.checks import as_size
from conv1d_viz.readers.reading import ENDINGS, load_series
from conv1d_viz.series.waves import SHAPES, toy_series


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
        missing = {"n_samples", "period", "noise"} - set(made) or {"seed"} - set(info)
        if missing:
            raise ValueError(f"`info` must hold {sorted(missing)} of its toy series. Got {info!r:.80}.")
        start = made["n_samples"] if start is None else start
        options = {"period": made["period"], "noise": made["noise"], "shape": made["series"]}
        time, wave = toy_series(length, start, seed=info["seed"] + 2, **options)  # a noise that no training has seen
        return SeriesPart(time, wave[:, None], None)
    if Path(str(made["series"])).suffix.lower() not in ENDINGS:
        raise ValueError(
            f"`info` must name a toy series, {', '.join(SHAPES)}, or a file, {', '.join(ENDINGS)}. "
            f"Got {made['series']!r}, which is neither."
        )
    table = load_series(made["series"], made.get("column"))
    first = max(len(table) - length, 0) if start is None else as_size(start, "start", minimum=0)
    if first >= len(table):
        raise ValueError(f"`start` must be a sample of {made['series']}, below {len(table)}. Got {first}.")
    part = table.iloc[first : first + length]
    dates = part.index if isinstance(part.index, pd.DatetimeIndex) else None
    return SeriesPart(np.arange(first, first + len(part)), part.to_numpy(), dates)
