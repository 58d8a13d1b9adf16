"""A layer's timeline straight from a series of any length, without the activations of its windows."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz import _models
from conv1d_viz._arrays import FLOAT32, as_array, require_finite
from conv1d_viz._checks import as_flag, as_size, one_of
from conv1d_viz._graph import Graph, calls_between, floats_per_window, require_numbers, trace
from conv1d_viz._memory import zeros
from conv1d_viz._models import as_model, find_layer, require_long_enough
from conv1d_viz._pieces import Cells, by_convolution, by_steps, by_windows, pass_over, way_apart
from conv1d_viz._steps import Steps, floats
from conv1d_viz._views import Way, follow
from conv1d_viz.timeline import add_cells, cells_of, require_cells

# Windows that are worked on at once, at most: more gains nothing and takes memory.
_BLOCK = 2**15
# Samples that are looked through for NaN at once.
_CHECKED = 2**20


def series_timeline(
    model: Any,
    series: Any,
    layer: Any,
    window: Any,
    horizon: Any = 1,
    fill: str | None = "repeat",
    reduce: str = "sum",
    out: Any = None,
    progress: bool = False,
    stride: Any = None,
) -> Float[np.ndarray, "time channel"]:
    """Collapse a layer's activations for all windows of a series onto the time axis, without making the windows.

    The same values as `diagonal_sum` over `sliding_windows(series, window, horizon)`, to rounding. All steps of a
    window that see no padding give the same value for the same sample, so one pass over the series serves them all;
    only the steps that see padding are computed for each window, from the few samples that they see. Where a layer on
    the way does not treat all steps alike, such as a Dense over time, the windows are worked on in blocks instead.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output.
    series : array-like of shape (time,) or (time, feature)
        The samples. A memory-mapped file, `numpy.load(path, mmap_mode="r")`, is read in pieces.
    layer : str, int or keras.layers.Layer
        A layer with an output (window, step, channel).
    window, horizon : int
        As for `sliding_windows`: samples of a window, and samples after it that a forecast would be compared with.
    fill, reduce
        As for `diagonal_sum`.
    out : ndarray of float64 or None
        An array of the result's shape to write into; a memory-mapped one may be larger than memory. After an error in
        the network its content is undefined.
    progress : bool
        Whether to show a progress bar where it takes longer than two seconds.
    stride : int or None
        Samples between two steps of the layer; None works it out. It has to be given where that is not possible and
        the layer has not one step for each step of the window.

    Returns
    -------
    ndarray of shape (n_windows + (n_steps - 1)*stride, n_channels)
        float64, `out` if given. Row t is about time t, counted in samples from the first step of the first window;
        add the centre of the layer's receptive field to place it on the series.

    Raises
    ------
    TypeError, ValueError
        As `sliding_windows`, `layer_activations` and `diagonal_sum`; also if `out` has another shape or dtype, or
        without it the result would be larger than memory.

    Examples
    --------
    >>> model = build_model(window=100)
    >>> series_timeline(model, np.sin(np.arange(1000) / 16), "conv1", window=100).shape  # doctest: +SKIP
    (999, 8)
    """
    model = as_model(model)
    graph = trace(model)
    _, key = find_layer(model, graph, layer)
    window, horizon = as_size(window, "window"), as_size(horizon, "horizon")
    one_of(fill, "fill", ("repeat", None))
    one_of(reduce, "reduce", ("sum", "mean"))
    progress = as_flag(progress, "progress")
    samples = _as_samples(series, model, window, horizon)
    n_windows = len(samples) - window - horizon + 1
    way = way_apart(model, graph, key, window)
    quick = None if way is None else by_convolution(way, samples)
    cells: Cells
    if way is None:
        cells = whole = by_windows(model, graph, key, samples, window)
        n_steps = whole(0, 1, None).shape[1]
        begin, end = n_steps, n_steps
    else:
        cells = quick or by_steps(model, graph, way, key, samples)
        n_steps, (begin, end) = way.view.n_steps, way.view.clean
    stride = _as_stride(stride, model, graph, key, window, n_steps)
    require_cells(n_windows, n_steps, stride, fill, "series")
    edge = (n_steps - 1) * stride
    line = _as_out(out, (n_windows + edge, graph.shapes[key][2]), samples)
    for start, stop in _split(len(samples), _CHECKED):
        require_finite(samples[start:stop], "series", start, FLOAT32)

    if out is not None:
        line[:] = 0
    parts = [(first, last) for first, last in ((0, begin), (end, n_steps)) if first < last]
    n_clean = n_windows + (end - begin - 1) * stride if begin < end else 0
    block = _block(graph, way, key, parts, window)
    with tqdm(total=n_windows + n_clean, desc="samples", unit_scale=True, disable=not progress, delay=2) as bar:
        for start, stop in _split(n_windows, block):
            for first, last in parts:
                at, reach = start + first * stride, stop - start + (last - first - 1) * stride
                add_cells(line[at : at + reach], cells(start, stop, (first, last)), stride)
            bar.update(stop - start)
        for start, stop in _split(n_clean, _clean_block(graph, way)):
            # Each sample has one value, and as many windows as have it at a step without padding share it.
            number = cells_of(np.arange(start, stop), n_windows, end - begin, stride)
            at = start + begin * stride
            if quick is not None:
                values = quick(start, stop, (begin, begin + 1))[:, 0]
            else:
                assert way is not None  # or no step would be known to see no padding
                values = pass_over(model, graph, way, key, samples, (at, at + stop - start))
            line[at : at + stop - start] += number[:, None] * values
            bar.update(stop - start)

    if fill == "repeat":
        for start, stop in _split(edge, block):
            time = np.arange(start, stop)
            missing = (n_steps - cells_of(time, n_windows, n_steps, stride))[:, None]
            line[start:stop] += missing * cells(start, stop, (0, 1))[:, 0]
            missing = (n_steps - cells_of(n_windows + time, n_windows, n_steps, stride))[:, None]
            late = n_windows - edge
            last = cells(late + start, late + stop, (n_steps - 1, n_steps))[:, 0]
            line[n_windows + start : n_windows + stop] += missing * last
    for start, stop in _split(len(line), _BLOCK):
        if reduce == "mean":
            number = cells_of(np.arange(start, stop), n_windows, n_steps, stride)[:, None]
            line[start:stop] /= n_steps if fill == "repeat" else number
        require_numbers(line[start:stop], "series")
    return line


def _as_samples(series: Any, model: Any, window: int, horizon: int) -> np.ndarray:
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


def _as_out(out: Any, shape: tuple[int, int], samples: np.ndarray) -> np.ndarray:
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


def _as_stride(stride: Any, model: Any, graph: Graph, key: int, window: int, n_steps: int) -> int:
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


def _block(graph: Graph, way: Way | None, key: int, parts: list[Steps], window: int) -> int:
    """How many windows one call may take within the memory budget."""
    if way is None:
        numbers = floats_per_window(graph, calls_between(graph, {graph.source}, {key}), window)
    else:
        numbers = sum(floats(graph, way, key, part) for part in parts)
    return min(_BLOCK, _models.rows_at_once(numbers))


def _clean_block(graph: Graph, way: Way | None) -> int:
    """How many samples one pass over the steps without padding may take within the memory budget."""
    if way is None:
        return _BLOCK
    # A pass takes a window for each remainder by the stride. The kernel of a first convolution stands beside itself.
    numbers: int = way.view.stride * sum(math.prod(graph.shapes[key][2:]) for key in way.views)
    reach = way.stencils[0].size * math.prod(graph.shapes[way.calls[0].inputs[0]][2:]) if way.calls else 0
    return min(_BLOCK, _models.rows_at_once(numbers + reach))


def _split(total: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks from … until before … of at most `size` that make up `total`."""
    for start in range(0, total, size):
        yield start, min(start + size, total)
