"""What a pass over a long series is given: checked before any work, and without copies."""

from typing import Any

import numpy as np

from conv1d_viz.checks import as_array, as_size
from conv1d_viz.network._memory import zeros
from conv1d_viz.network.graph import Graph
from conv1d_viz.network.layers import require_long_enough
from conv1d_viz.timelines._views import follow


def as_samples(series: Any, model: Any, window: int, horizon: int) -> np.ndarray:
    """Return the samples as (time, feature), without a copy of an array of numbers: it may be larger than memory."""
    plain = isinstance(series, np.ndarray) and not isinstance(series, np.ma.MaskedArray)
    if not (plain and series.dtype.kind in "fiu" and series.ndim in (1, 2) and series.size):
        series = as_array(series, "series", ndim=(1, 2), axes="(time,) or (time, feature)", finite=False)
    samples: np.ndarray = series[:, None] if series.ndim == 1 else series
    shape = model.inputs[0].shape
    if len(shape) != 3:
        raise ValueError(f"`model` must take windows (window, step, feature). Got a model that takes {shape}.")
    if shape[1] not in (None, window):
        raise ValueError(f"`window` must be the number of steps that the model takes, {shape}. Got {window}.")
    if shape[2] not in (None, samples.shape[1]):
        raise ValueError(f"`series` must have as many features as the model takes, {shape[2]}. Got {samples.shape[1]}.")
    if len(samples) < window + horizon:
        raise ValueError(
            f"`series` must have at least window + horizon = {window} + {horizon} samples. Got {len(samples)} samples."
        )
    require_long_enough(model, (1, window, samples.shape[1]), "window")
    return samples


def as_out(out: Any, shape: tuple[int, int], samples: np.ndarray) -> np.ndarray:
    if out is None:
        return zeros(shape, np.float64, "series", "`out` takes a memory-mapped file")
    if not isinstance(out, np.ndarray):
        raise TypeError(f"`out` must be an array of float64 and shape {shape}. Got {type(out).__name__}.")
    if out.shape != shape or out.dtype != np.float64:
        raise ValueError(f"`out` must be an array of float64 and shape {shape}. Got {out.dtype} and {out.shape}.")
    if not out.flags.writeable:
        raise ValueError("`out` must be writeable. Got a read-only array.")
    if np.may_share_memory(out, samples):
        raise ValueError("`out` must lie apart from `series` in memory. Got an array within its bounds.")
    return out


def as_stride(stride: Any, model: Any, graph: Graph, key: int, window: int, n_steps: int) -> int:
    given = None if stride is None else as_size(stride, "stride")
    try:
        found = follow(model, graph, key, window).view.stride
    except ValueError as reason:
        if given is None and n_steps != window:
            raise ValueError(f"`stride` must be given. Got None, and {n_steps} steps: {reason}") from None
        return given or 1
    if given not in (None, found):
        raise ValueError(f"`stride` must be the layer's own, {found}, or None. Got {given}.")
    return found
