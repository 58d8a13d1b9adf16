"""A live figure as one piece of HTML: its data, compressed into one attribute, and the script that draws it."""

import base64
import html
import json
import zlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import numpy as np

from conv1d_viz.plotting import style
from conv1d_viz.plotting.series import as_time

MOST_NUMBERS = 500_000  # of 16 bits: a third of a megabyte on a page where most of them repeat
FEWEST = 20  # windows below which a thinned figure shows too little
MOST_LABELS = 20_000  # samples, or forecasts


class LiveFigure:
    """A figure for the last line of a cell; it is live wherever scripts run."""

    def __init__(self, kind: str, title: str, facts: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> None:
        colors = {name: getattr(style, name.upper()) for name in ("ink", "truth", "accent", "target", "paper")}
        self._facts = {"kind": kind, "title": title, "colors": colors, **facts}
        self._arrays = dict(arrays)

    def __repr__(self) -> str:
        """Return the same text at every run, without an address."""
        return f"<live figure: {self._facts['title']}>"

    def _repr_html_(self) -> str:
        title, script = html.escape(self._facts["title"]), files(__package__).joinpath("live.js").read_text("utf-8")
        return (
            f'<div class="conv1d-live conv1d-{self._facts["kind"]}" data-live="{self._packed()}">'
            f"<p>{title}: a figure that is live where scripts run, such as in Jupyter once its cell has run.</p>"
            f"<script>\n{script}</script></div>"
        )

    def _packed(self) -> str:
        """All data in base64: the length of the facts, the facts, the arrays. No word of the user's stays readable."""
        places, parts = {}, []
        for name, array in self._arrays.items():
            low, step = 0, 1.0
            if array.dtype.kind == "f":
                step = float(np.ptp(array.astype(np.float64))) / 65534 or abs(float(array.flat[0])) or 1.0
                low = round(float(array.min()) / step)  # of whole steps, so that 0 stays 0
            places[name] = {"shape": array.shape, "low": low, "step": step}
            parts.append((np.round(array.astype(np.float64) / step) - low).astype("<u2").tobytes())
        facts = json.dumps({**self._facts, "arrays": places}).encode()
        facts += b" " * (len(facts) % 2)  # numbers of two bytes begin at even places
        packed = zlib.compress(len(facts).to_bytes(4, "little") + facts + b"".join(parts), 9)
        return base64.b64encode(packed).decode()


def thinned(n_windows: int, numbers: int, name: str) -> int:
    """Return n where every n-th window is shown, so that `numbers` for all of them fit on a page."""
    every = max(-(-numbers // MOST_NUMBERS), -(-n_windows // MOST_LABELS))
    if n_windows // every < min(n_windows, FEWEST):
        raise ValueError(
            f"`{name}` must have few enough channels for {FEWEST} windows within {MOST_NUMBERS:,} numbers, or the page "
            f"gets too large; static figures have no such limit. Got {numbers // n_windows:,} numbers per window."
        )
    return every


def labels_of(time: Any, length: int) -> list[str]:
    """Return what samples are called, which are numbers or dates; None counts them from 0."""
    places, dates = as_time(np.arange(length) if time is None else time, "time", length)
    if dates is not None:
        return [str(date).removesuffix(" 00:00:00").removesuffix(":00") for date in dates]
    return [f"{place:.15g}" for place in places.tolist()]  # 1950 may be a year: no comma
