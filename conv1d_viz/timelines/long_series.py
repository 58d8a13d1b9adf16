"""A layer's timeline straight from a series of any length, without the activations of its windows."""

from typing import Any

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz.checks import FLOAT32, as_size, one_of, require_finite
from conv1d_viz.network.graph import require_numbers, trace
from conv1d_viz.network.layers import as_model, find_layer
from conv1d_viz.timelines import _blocks
from conv1d_viz.timelines._blocks import block_of, clean_block_of, split
from conv1d_viz.timelines._pieces import Cells, by_convolution, by_steps, by_windows, pass_over, way_apart
from conv1d_viz.timelines._series import as_out, as_samples, as_stride
from conv1d_viz.timelines.diagonals import add_cells, cells_of, require_cells


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
    progress = bool(progress)
    samples = as_samples(series, model, window, horizon)
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
    stride = as_stride(stride, model, graph, key, window, n_steps)
    require_cells(n_windows, n_steps, stride, fill, "series")
    edge = (n_steps - 1) * stride
    line = as_out(out, (n_windows + edge, graph.shapes[key][2]), samples)
    require_finite(samples, "series", FLOAT32)

    if out is not None:
        line[:] = 0
    parts = [(first, last) for first, last in ((0, begin), (end, n_steps)) if first < last]
    n_clean = n_windows + (end - begin - 1) * stride if begin < end else 0
    block = block_of(graph, way, key, parts, window)
    with tqdm(total=n_windows + n_clean, desc="samples", unit_scale=True, disable=not progress, delay=2) as bar:
        for start, stop in split(n_windows, block):
            for first, last in parts:
                at, reach = start + first * stride, stop - start + (last - first - 1) * stride
                add_cells(line[at : at + reach], cells(start, stop, (first, last)), stride)
            bar.update(stop - start)
        for start, stop in split(n_clean, clean_block_of(graph, way)):
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
        for start, stop in split(edge, block):
            time = np.arange(start, stop)
            missing = (n_steps - cells_of(time, n_windows, n_steps, stride))[:, None]
            line[start:stop] += missing * cells(start, stop, (0, 1))[:, 0]
            missing = (n_steps - cells_of(n_windows + time, n_windows, n_steps, stride))[:, None]
            late = n_windows - edge
            last = cells(late + start, late + stop, (n_steps - 1, n_steps))[:, 0]
            line[n_windows + start : n_windows + stop] += missing * last
    for start, stop in split(len(line), _blocks.LARGEST_BLOCK):
        if reduce == "mean":
            number = cells_of(np.arange(start, stop), n_windows, n_steps, stride)[:, None]
            line[start:stop] /= n_steps if fill == "repeat" else number
        require_numbers(line[start:stop], "series")
    return line
