"""Drag a window along a series, and look at any cell of a layer: what it sees, and where that is on the time axis."""

from typing import Any

import numpy as np

from conv1d_viz.ablation.cut import predict_ablated
from conv1d_viz.ablation.shares import is_channelwise
from conv1d_viz.checks import as_items, as_series, as_size
from conv1d_viz.explore.page import MOST_LABELS, LiveFigure, labels_of, thinned
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import calls_behind, trace
from conv1d_viz.network.layers import as_model, as_windows, find_steps
from conv1d_viz.plotting.style import runs_of, value_scale
from conv1d_viz.series.windows import sliding_windows
from conv1d_viz.timelines.activations import layer_activations
from conv1d_viz.timelines.fields import receptive_field
from conv1d_viz.timelines.long_series import series_timeline


def explore_channels(
    model: Any, series: Any, layers: Any, window: Any, horizon: Any = 1, *, time: Any = None, unit: str = "value"
) -> LiveFigure:
    """Drag a window along a series, and see what the channels of some layers give, step by step.

    One cell (window, step) of a channel is marked everywhere: on the series the window and the samples that the step
    sees; on strips, which show the window's own activations over the mean of all windows; on the channel's map
    (window, step) with the cells of the same time and the steps that see padding; and on its timeline. Where the model
    takes a global maximum, the step that it picks and the forecast move along.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input.
    series : array-like of shape (time,) or (time, feature)
        From window + horizon to 20,000 samples; feature 0 is drawn. Of many windows every second, third and so on is
        shown; the means are those of all.
    layers : str, int, keras.layers.Layer, or iterable of these
        The layers, with outputs (window, step, channel). If one is given, the layer whose global maximum the model
        takes, if any, is shown as well.
    window, horizon : int
        As for `sliding_windows`: window b begins at sample b of the series.
    time : array-like of shape (time,) or None
        What the samples are called, numbers or dates; None: 0, 1, and so on.
    unit : str
        Unit of the series.

    Returns
    -------
    LiveFigure
        For the last line of a cell. Values on the page are rounded to a 65,534th of their range.

    Examples
    --------
    >>> explore_channels(build_model(window=100), toy_series(300)[1], "conv1", window=100)
    <live figure: What conv1 and conv2 make of a window>
    """
    model, window, horizon = as_model(model), as_size(window, "window"), as_size(horizon, "horizon")
    graph, samples, open_end = trace(model), as_series(series), model.inputs[0].shape[1]
    pools = [call for call in graph.calls if type(call.operation).__name__ == "GlobalMaxPooling1D"]
    peaks = [path for path, _, outputs in graph.places if len(pools) == 1 and outputs == pools[0].inputs][:1]
    # Only where each number of the forecast comes from one channel is its step the one that is read.
    behind = [call for pool in pools for call in calls_behind(graph, pool.outputs[0], set(graph.outputs))]
    read = all(is_channelwise(call) for call in behind)
    single = isinstance(layers, (str, int, np.integer, keras.layers.Layer))
    wanted = [layers, *peaks] if single else as_items(layers, "layers", "a layer, or an iterable of some")
    paths = list(dict.fromkeys(find_steps(model, graph, layer)[0] for layer in wanted))
    if not paths:
        raise ValueError("`layers` must be at least one layer. Got none.")
    if open_end not in (None, window):
        raise ValueError(f"`window` must be the number of steps that the model takes, {open_end}. Got {window}.")
    if len(samples) > MOST_LABELS:
        raise ValueError(f"`series` must have at most {MOST_LABELS:,} samples; show a part. Got {len(samples):,}.")
    x = as_windows(model, sliding_windows(samples, window, horizon)[0])
    facts = {"window": window, "unit": str(unit), "labels": labels_of(time, len(samples))}
    sizes = [layer_activations(model, x[:1], path).shape[1:] for path in paths]
    numbers = sum((len(x) * n_steps + len(samples)) * n_channels for n_steps, n_channels in sizes)
    facts["every"] = every = thinned(len(x), numbers, "layers")

    arrays, described = {"series": samples[:, 0].astype(np.float64)}, []
    for k, path in enumerate(paths):
        acts = layer_activations(model, x[::every], path)
        arrays[f"acts{k}"] = acts.transpose(2, 0, 1)  # rows that repeat one sample later are stored small
        field, reason = None, ""
        try:
            field = receptive_field(model, path, window)
            line = series_timeline(model, samples, path, window, horizon, fill=None, reduce="mean")
            arrays[f"line{k}"] = line[::every].T
        except ValueError as error:  # no known reach, or fewer windows than samples between two steps
            reason = str(error)
        if path in peaks and read:
            arrays[f"picked{k}"] = acts.argmax(axis=1).T
        cmap, norm = value_scale(acts)
        shades = cmap(np.linspace(0, 1, 128), bytes=True).view("<u4").ravel().tolist()  # as a canvas takes them
        layer = {"path": path, "known": field is not None, "reason": reason, "shades": shades}
        (size, stride, start), centre = field or (1, 1, 0), 0.0 if field is None else field.centre
        layer |= {"length": size, "stride": stride, "start": start, "centre": centre, "limits": (norm.vmin, norm.vmax)}
        described.append(layer | {"padded": runs_of(field.sees_padding(acts.shape[1], window)) if field else []})
    if len(model.outputs) == 1 and model.outputs[0].shape[1:] == (horizon,):
        arrays["forecast"] = predict_ablated(model, x[::every], paths[0], ())[:, 0]
    return LiveFigure("channels", f"What {' and '.join(paths)} make of a window", facts | {"layers": described}, arrays)
