"""The stretches of data that excite a channel most."""

from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float

from conv1d_viz.checks import FLOAT32, as_array, as_size
from conv1d_viz.network.graph import calls_between, trace
from conv1d_viz.network.layers import as_model, chunks, find_steps
from conv1d_viz.timelines.activations import activations_of
from conv1d_viz.timelines.fields import ReceptiveField, follow, source_of


def top_segments(
    model: Any, x: Any, layer: Any, n: Any = 9, window: Any = None
) -> tuple[pd.DataFrame, Float[np.ndarray, "row sample feature"]]:
    """Find, for each channel of a layer, the segments of the data that it responds to most strongly.

    The largest values count, not the largest absolute ones; among equals, the earliest. No two segments of a channel
    overlap, and a channel that gives the same number everywhere has none.

    Parameters
    ----------
    model, layer
        As for `receptive_field`.
    x : array-like of shape (n_samples, steps, n_features), or (time,) or (time, feature)
        Independent samples, as the model takes them, or one series, in which all windows are looked at.
    n, window : int, and int or None
        Segments per channel, at most; for a series, the samples in a window, where None means as many as the model
        takes, or the whole series if it takes any number.

    Returns
    -------
    table : DataFrame
        One row per segment: "channel", "rank" (from 0), "window" (which of the samples; 0 of a series), "start" (the
        first sample seen; negative where that is padding), "value" (the response), "padded" (whether padding is seen).
    samples : ndarray of shape (n_rows, size, n_features)
        What the receptive field saw in each row: NaN where that was padding.

    References
    ----------
    Zeiler and Fergus, "Visualizing and understanding convolutional networks", ECCV 2014, for images; for series Lee,
    Chung, Choi, "Interpreting deep temporal neural networks by selective visualization of internally activated nodes",
    2020.
    """
    model, n = as_model(model), as_size(n, "n")
    graph = trace(model)
    _, key = find_steps(model, graph, layer)
    shape = graph.shapes[source_of(graph, key)]
    data = as_array(x, "x", ndim=(1, 2, 3), axes="(n_samples, steps, n_features) or (time, feature)", limit=FLOAT32)
    if data.ndim == 3 and window is not None:
        raise ValueError(f"`window` must be None for independent samples. Got {window}.")
    is_series, windows = data.ndim < 3, data
    if is_series:
        series = data[:, None] if data.ndim == 1 else data
        length = as_size(window, "window") if window is not None else shape[1] or len(series)
        if length > len(series):
            raise ValueError(f"`x` must have at least {length} samples, as a window has. Got {len(series)}.")
        windows = np.lib.stride_tricks.sliding_window_view(series, length, axis=0).transpose(0, 2, 1)
    if any(e not in (None, size) for e, size in zip(shape, windows.shape, strict=True)):
        raise ValueError(f"`x` must have windows of the shape {shape} that the model takes. Got {windows.shape}.")
    view = follow(graph, key, windows.shape[1])
    field, padded = view.field, view.field.sees_padding(view.n_steps, windows.shape[1])

    # Of a series, the largest response at each time, whatever the window; of samples, all of them.
    n_windows, n_steps, n_channels = len(windows), len(padded), graph.shapes[key][2]
    n_rows, n_places = (1, n_windows + (n_steps - 1) * field.stride) if is_series else (n_windows, n_steps)
    value = np.full((n_rows, n_places, n_channels), -np.inf, dtype=np.float32)
    step = np.zeros(value.shape, dtype=np.int32)
    calls = calls_between(graph, {key})
    for rows in chunks(n_windows, graph.floats_per_window(calls, windows.shape[1])):
        acts = activations_of(model, graph, key, windows[rows])
        if not is_series:
            value[rows], step[rows] = acts, np.arange(n_steps)[:, None]
            continue
        for s in reversed(range(n_steps)):  # of equals the earliest window, in whatever parts they are computed
            places = slice(rows.start + s * field.stride, rows.stop + s * field.stride)
            better = acts[:, s] > value[0, places]
            value[0, places] = np.where(better, acts[:, s], value[0, places])
            step[0, places] = np.where(better, s, step[0, places])

    found, seen = [], []
    spacing = 1 if is_series else field.stride  # samples between two places
    reach = -(-field.size // spacing)  # places that see some of the same samples
    for channel in range(n_channels):
        left = value[:, :, channel].copy()
        if left[np.isfinite(left)].min() == left.max():
            continue
        for rank in range(n):
            row, place = np.unravel_index(np.argmax(left), left.shape)
            best, its_step = float(left[row, place]), int(step[row, place, channel])
            if best == -np.inf:
                break
            left[row, max(place - reach + 1, 0) : place + reach] = -np.inf
            first = int(place) - its_step * field.stride if is_series else 0  # sample of the window that saw it
            start = first + its_step * field.stride + field.start
            found.append((channel, rank, int(row), start, best, bool(padded[its_step])))
            seen.append(_seen(windows[first if is_series else row], start - first, field))
    table = pd.DataFrame(found, columns=["channel", "rank", "window", "start", "value", "padded"])
    return table, np.stack(seen) if seen else np.empty((0, field.size, windows.shape[2]))


def _seen(window: np.ndarray, start: int, field: ReceptiveField) -> np.ndarray:
    """Return what a receptive field that begins at sample `start` sees of a window, NaN where that is padding."""
    samples = np.full((field.size, window.shape[1]), np.nan)
    inside = slice(max(start, 0), min(start + field.size, len(window)))
    samples[inside.start - start : inside.stop - start] = window[inside]
    return samples
