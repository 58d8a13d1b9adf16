"""A layer's timelines straight from a series of any length, without the activations of its windows.

All steps of a window that see no padding give the same value for the same sample. So all of them but one are cut out
of each window, which leaves a short window with the same edges: the "same" padding of every layer stays what it was,
since the length changes by a multiple of the layer's stride. Of a cut window the columns before and after the one
clean step are the edges of a whole window, and the clean step stands for all that were cut out.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz.checks import FLOAT32, as_array, as_size, one_of, require_finite
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Graph, calls_between, require_numbers, to_array, trace
from conv1d_viz.network.layers import as_model, find_steps, require_long_enough, rows_at_once
from conv1d_viz.series.windows import require_samples
from conv1d_viz.timelines.activations import activations_of
from conv1d_viz.timelines.diagonals import add_cells, cells_of, require_cells
from conv1d_viz.timelines.fields import as_convolution, follow, is_elementwise, is_plain_sum, source_of

_LARGEST_BLOCK = 2**15  # positions that are worked on at once, at most: more gains nothing and takes memory
_ONE_THREAD = 2**18  # multiplications below which linear algebra libraries do a product of matrices in one thread
_SMALL = 128  # samples of a cut window up to which a convolution is one product with a small matrix

Acts = Float[np.ndarray, "position step channel"]


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

    The same values as `diagonal_sum` over `sliding_windows(series, window, horizon)`, to rounding. Where a layer on
    the way does not treat all steps alike, such as a Dense over time, it goes window by window.

    Parameters
    ----------
    model, layer
        As for `receptive_field`.
    series : array-like of shape (time,) or (time, feature)
        The samples. A memory-mapped file, `numpy.load(path, mmap_mode="r")`, is read in pieces.
    window, horizon, fill, reduce
        As for `sliding_windows` and `diagonal_sum`.
    out : ndarray of float64 or None
        An array of the result's shape to write into; a memory-mapped one may be larger than memory. After an error in
        the network its content is undefined.
    progress, stride : bool, and int or None
        Whether to show a progress bar after two seconds; samples between two steps of the layer, which None works out.
        Where that is not possible, it has to be given unless the layer has one step for each step of the window.

    Returns
    -------
    ndarray of shape (n_windows + (n_steps - 1)*stride, n_channels)
        As `diagonal_sum` returns it; `out` if given.
    """
    model = as_model(model)
    graph = trace(model)
    _, key = find_steps(model, graph, layer)
    window, horizon = as_size(window, "window"), as_size(horizon, "horizon")
    one_of(fill, "fill", ("repeat", None))
    one_of(reduce, "reduce", ("sum", "mean"))
    samples = _as_samples(series, model, graph.shapes[source_of(graph, key)], window, horizon)
    n_windows = len(samples) - window - horizon + 1
    short = _shorten(model, graph, key, window, stride)
    n_steps, stride = short.n_steps, short.stride
    require_cells(n_windows, n_steps, stride, fill, "series")
    edge = (n_steps - 1) * stride
    line = _as_out(out, (n_windows + edge, graph.shapes[key][2]), samples)
    require_finite(samples, "series", FLOAT32)

    line[:] = 0
    removed = window - short.length  # samples that are cut out of each window
    n_positions, added = n_windows + removed, short.stride if short.has_no_edges else short.length
    # Each position adds so many samples to what is worked on at once.
    block = min(_LARGEST_BLOCK, rows_at_once(graph.floats_per_window(calls_between(graph, {key}), added, added)))
    acts_of = _acts_of(model, graph, key, short, samples)
    with tqdm(total=n_positions, desc="samples", unit_scale=True, disable=not progress, delay=2) as bar:
        for start in range(0, n_positions, block):
            stop = min(start + block, n_positions)
            acts = acts_of(start, stop)
            # As the beginning of the window at each position, as the end of the one `removed` samples before, and
            # as the clean step of all windows that see it there.
            early, late = acts[: max(n_windows - start, 0)], acts[max(removed - start, 0) :]
            _add(line, early[:, : short.begin], start, stride)
            _add(line, late[:, short.begin + 1 :], max(start - removed, 0) + short.end * stride, stride)
            if short.begin < short.end:
                shared = cells_of(np.arange(start, stop), n_windows, short.end - short.begin, stride)
                at = start + short.begin * stride
                line[at : at + len(acts)] += shared[:, None] * acts[:, short.begin]
            if fill == "repeat":
                first = early[: max(edge - start, 0), 0]
                time = start + np.arange(len(first))
                line[time] += (n_steps - cells_of(time, n_windows, n_steps, stride))[:, None] * first
                time = np.arange(max(start - removed + edge, n_windows), stop - removed + edge)
                last = acts[len(acts) - len(time) :, -1]
                line[time] += (n_steps - cells_of(time, n_windows, n_steps, stride))[:, None] * last
            bar.update(stop - start)
    for start in range(0, len(line), _LARGEST_BLOCK):
        part = line[start : start + _LARGEST_BLOCK]
        if reduce == "mean":
            number = cells_of(np.arange(start, start + len(part)), n_windows, n_steps, stride)[:, None]
            part /= n_steps if fill == "repeat" else number
        require_numbers(part, "series")
    return line


class _Short(NamedTuple):
    """A window of `n_steps` steps with all clean steps but one, `begin` … `end` - 1, cut out of it."""

    length: int  # samples that are left
    n_steps: int
    stride: int
    begin: int
    end: int

    @property
    def has_no_edges(self) -> bool:
        return self.begin == 0 and self.end == self.n_steps


def _shorten(model: Any, graph: Graph, key: int, window: int, stride: Any) -> _Short:
    given = None if stride is None else as_size(stride, "stride")
    try:
        view = follow(graph, key, window)
    except ValueError as reason:
        one = np.zeros((1, window, graph.shapes[source_of(graph, key)][2]))
        n_steps = activations_of(model, graph, key, one).shape[1]
        if given is None and n_steps != window:
            raise ValueError(f"`stride` must be given. Got None, and {n_steps} steps: {reason}") from None
        return _Short(window, n_steps, given or 1, n_steps, n_steps)
    n_steps, (begin, end), stride = view.n_steps or 0, view.clean, view.field.stride
    if given not in (None, stride):
        raise ValueError(f"`stride` must be the layer's own, {stride}, or None. Got {given}.")
    if not view.alike or end is None or end <= begin:
        return _Short(window, n_steps, stride, n_steps, n_steps)
    return _Short(window - (end - begin - 1) * stride, n_steps, stride, begin, end)


def _acts_of(model: Any, graph: Graph, key: int, short: _Short, samples: np.ndarray) -> Callable[[int, int], Acts]:
    """Return a function that computes a layer's output for the cut windows from position `start` until `stop`."""
    calls = calls_between(graph, {key})

    def run(windows: Float[np.ndarray, "window feature sample"]) -> Acts:
        return activations_of(model, graph, key, windows.transpose(0, 2, 1))

    def by_windows(start: int, stop: int) -> Acts:
        piece = np.asarray(samples[start : stop - 1 + short.length])
        return run(np.lib.stride_tricks.sliding_window_view(piece, short.length, axis=0))

    def by_long_pass(start: int, stop: int) -> Acts:
        """Without edges: one long window for each remainder of the position by the stride."""
        n_steps = -(-(stop - start) // short.stride)
        length = short.length + (n_steps - 1) * short.stride
        piece = np.asarray(samples[start : start + length + short.stride - 1])
        # What is missing is of positions that are cut off below.
        piece = np.pad(piece, ((0, length + short.stride - 1 - len(piece)), (0, 0)), mode="edge")
        acts = run(np.lib.stride_tricks.sliding_window_view(piece, length, axis=0))
        return acts.transpose(1, 0, 2).reshape(n_steps * short.stride, 1, -1)[: stop - start]

    if len(calls) == 1 and short.length <= _SMALL and type(calls[0].operation) is keras.layers.Conv1D:
        layer = calls[0].operation
        if is_plain_sum(layer) and is_elementwise(layer.activation):
            return _by_matrix(layer, short, samples)
    return by_long_pass if short.has_no_edges else by_windows


def _by_matrix(layer: Any, short: _Short, samples: np.ndarray) -> Callable[[int, int], Acts]:
    """Return a function that computes a convolution right behind the input as one product, several times as fast.

    Windows are the last axis in memory, so that all passes over them are along many numbers.
    """
    kernel = keras.ops.convert_to_numpy(layer.kernel)
    bias = keras.ops.convert_to_numpy(layer.bias) if layer.use_bias else np.zeros(layer.filters, kernel.dtype)
    # A convolution is linear: its matrix is what it makes of each unit vector.
    units = np.eye(short.length * kernel.shape[1], dtype=kernel.dtype).reshape(-1, short.length, kernel.shape[1])
    padded, options = as_convolution(layer, keras.ops.convert_to_tensor(units))
    matrix = keras.ops.convert_to_numpy(keras.ops.conv(padded, layer.kernel, **options))
    n_steps = matrix.shape[1]
    matrix, bias = matrix.reshape(len(units), -1).T, np.tile(bias, n_steps)[:, None]
    size = max(1, _ONE_THREAD // matrix.size)

    def by_matrix(start: int, stop: int) -> Acts:
        piece = np.asarray(samples[start : stop - 1 + short.length]).astype(kernel.dtype, copy=False)
        rows = np.lib.stride_tricks.sliding_window_view(piece, stop - start, axis=0).reshape(len(units), -1)
        summed = np.empty((len(matrix), stop - start), dtype=kernel.dtype)
        for at in range(0, stop - start, size):  # as one product it would wait for threads that other work keeps busy
            np.matmul(matrix, rows[:, at : at + size], out=summed[:, at : at + size])
        summed += bias
        if layer.activation is keras.activations.relu:
            np.maximum(summed, 0, out=summed)
        else:
            summed = to_array(layer.activation(keras.ops.convert_to_tensor(summed)))
        return summed.reshape(n_steps, layer.filters, -1).transpose(2, 0, 1)

    return by_matrix


def _add(line: Float[np.ndarray, "time channel"], acts: Acts, at: int, stride: int) -> None:
    """Add the cells of some steps to a timeline, those of the first position and step at time `at`."""
    if acts.size:
        add_cells(line[at : at + len(acts) + (acts.shape[1] - 1) * stride], acts, stride)


def _as_samples(series: Any, model: Any, shape: tuple[Any, ...], window: int, horizon: int) -> np.ndarray:
    """Return the samples as (time, feature), without a copy of an array of numbers: it may be larger than memory."""
    plain = isinstance(series, np.ndarray) and not isinstance(series, np.ma.MaskedArray)
    if not (plain and series.dtype.kind in "fiu" and series.ndim in (1, 2) and series.size):
        series = as_array(series, "series", ndim=(1, 2), axes="(time,) or (time, feature)")
    samples: np.ndarray = series[:, None] if series.ndim == 1 else series
    if shape[1] not in (None, window) or shape[2] not in (None, samples.shape[1]):
        got = f"{samples.shape[1]} features and a window of {window}"
        raise ValueError(f"`series` and `window` must fit the model, which takes {shape}. Got {got}.")
    require_samples(len(samples), window, horizon)
    if len(model.inputs) == 1:
        require_long_enough(model, [(1, window, samples.shape[1])], "window")
    return samples


def _as_out(out: Any, shape: tuple[int, int], samples: np.ndarray) -> np.ndarray:
    if out is None:
        return np.empty(shape)
    if not isinstance(out, np.ndarray) or out.shape != shape or out.dtype != np.float64 or not out.flags.writeable:
        raise ValueError(f"`out` must be a writeable array of float64 and shape {shape}. Got {out!r:.80}.")
    if np.may_share_memory(out, samples):
        raise ValueError("`out` must not share memory with `series`. Got an array within its bounds.")
    return out
