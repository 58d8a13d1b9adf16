"""Forecast with channels of a layer replaced: the network is cut behind the layer, and only the rest runs again.

Behind a layer, a convolution or Dense sums up what it makes of each channel. Without some channels the sum is that of
the others' shares, up to the first function that is not linear. So each channel's share is computed once, and
deletions are rows of a matrix product. Poolings and other layers in between that treat each channel by itself change
nothing of that. Where something else comes first, the layer's output is replaced and all behind it runs again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from conv1d_viz.checks import as_array, as_items, as_seed, as_size, one_of
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import (
    Call,
    Graph,
    calls_behind,
    calls_between,
    floats_of,
    floats_per_window,
    run_call,
    run_calls,
    to_array,
    to_tensor,
    trace,
)
from conv1d_viz.network.layers import as_model, as_windows, chunks, find_layer
from conv1d_viz.timelines.fields import as_convolution, is_elementwise, is_plain_sum

Deletion = tuple[int, ...]
Forecasts = Float[np.ndarray, "deletion window horizon"]
REPLACEMENTS = ("zero", "mean", "shuffle")


def predict_ablated(
    model: Any,
    x: Any,
    layer: Any,
    channels: Any,
    replacement: str = "zero",
    seed: Any = None,
    cells: Any = None,
) -> Float[np.ndarray, "window horizon"]:
    """Forecast with some channels of a layer's output replaced.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and the forecast (n_windows, horizon) as output. It is not changed.
    x : array-like of shape (n_windows, window, n_features)
        Input windows.
    layer : str, int or keras.layers.Layer
        A layer with an output (window, step, channel); one inside a nested model by its path, such as
        "encoder/conv1".
    channels : iterable of int
        The channels to delete, from 0. None of them, or all, may be deleted.
    replacement : {"zero", "mean", "shuffle"}
        What a deleted channel's values become: 0; the channel's mean over all windows and steps of `x`; its values
        from other windows, by a permutation of the windows for each channel, drawn from `seed`.
    seed : int or None
        Seed of "shuffle"; None draws new permutations at each call.
    cells : array-like of bool of shape (n_windows, n_steps) or None
        The cells of the layer's output in which the channels are deleted; None: in all of them.

    Returns
    -------
    ndarray of shape (n_windows, horizon)
        The forecasts, float32.
    """
    cut = cut_behind(model, layer)
    x, deletion = as_windows(cut.model, x), as_deletion(channels, "channels", cut.n_channels)
    with_what = replacement_for(cut, x, replacement, seed, cells)
    forecast: np.ndarray = forecasts(cut, x, [deletion], with_what)[0]
    return forecast


class Cut(NamedTuple):
    """A model, cut behind one of its layers: made once for all that is asked of it."""

    model: Any
    graph: Graph
    path: str
    key: int  # the layer's output
    n_channels: int
    channelwise: list[Call]  # the calls behind it, up to the one that sums over channels
    summing: Call | None  # None where another layer or a branch comes before the channels are summed
    rest: list[Call]  # all calls behind that one, or behind the layer

    @property
    def seam(self) -> int:
        """The tensor that is put together anew for each deletion."""
        return self.summing.outputs[0] if self.summing else self.key

    @property
    def around(self) -> set[int]:
        """Tensors that go around the layer: they are computed once."""
        made = {self.seam, *(output for call in self.rest for output in call.outputs)}
        return {key for call in self.rest for key in call.inputs} - made

    def run_to(self, keys: set[int], x: np.ndarray) -> dict[int, Any]:
        """Run the model on some windows as far as these tensors need it."""
        values = {self.graph.source: to_tensor(x, self.model)}
        run_calls(calls_between(self.graph, {self.graph.source}, keys), values)
        return values


def cut_behind(model: Any, layer: Any) -> Cut:
    """Cut a model that forecasts (n_windows, horizon) behind a layer."""
    model = as_model(model)
    shape = model.outputs[0].shape
    if len(shape) != 2 or shape[1] is None:
        raise ValueError(f"`model` must forecast (n_windows, horizon). Got outputs of shape {shape}.")
    if model.inputs[0].shape[0] is not None:
        raise ValueError(f"`model` must take any number of windows at once. Got {model.inputs[0].shape[0]} only.")
    graph = trace(model)
    path, key = find_layer(model, graph, layer)
    behind = calls_behind(graph, key)
    if not behind:
        raise ValueError(f"`layer` must lead to the model's output. Got {path!r}, which does not.")
    n, n_channels = _n_channelwise(graph, behind, key), graph.shapes[key][2]
    if n is None:
        return Cut(model, graph, path, key, n_channels, [], None, behind)
    return Cut(model, graph, path, key, n_channels, behind[:n], behind[n], behind[n + 1 :])


def as_deletion(channels: Any, name: str, n_channels: int) -> Deletion:
    """Return channels as a tuple of ints, each in range and named once."""
    deletion = tuple(as_size(channel, name, minimum=0) for channel in as_items(channels, name, "a tuple of channels"))
    if any(channel >= n_channels for channel in deletion) or len(set(deletion)) < len(deletion):
        raise ValueError(
            f"`{name}` must be among the layer's channels, 0..{n_channels - 1}, each once. Got {deletion}."
        )
    return deletion


class Replacement(NamedTuple):
    """What deleted channels become, and where."""

    level: Float[np.ndarray, " channel"]
    order: Int[np.ndarray, "channel window"] | None  # the windows that values come from in place of a level
    cells: Bool[np.ndarray, "window step"] | None


def replacement_for(cut: Cut, x: np.ndarray, replacement: str, seed: Any, cells: Any) -> Replacement:
    """Work out what deleted channels become, once for all deletions."""
    one_of(replacement, "replacement", REPLACEMENTS)
    generator = np.random.default_rng(as_seed(seed))
    if cells is not None:
        expected = (len(x), cut.run_to({cut.key}, x[:1])[cut.key].shape[1])
        cells = as_array(cells, "cells", ndim=2, axes=str(expected), items="booleans")
        if cells.shape != expected:
            raise ValueError(f"`cells` must have the shape {expected}, (window, step). Got {cells.shape}.")
    level, order = np.zeros(cut.n_channels), None
    if replacement == "mean":
        calls = calls_between(cut.graph, {cut.graph.source}, {cut.key})
        for rows in chunks(len(x), floats_per_window(cut.graph, calls, x.shape[1])):
            acts = to_array(cut.run_to({cut.key}, x[rows])[cut.key])
            level += acts.mean(axis=1, dtype=np.float64).sum(axis=0) / len(x)
    if replacement == "shuffle":
        order = np.stack([generator.permutation(len(x)) for _ in range(cut.n_channels)])
    return Replacement(level, order, cells)


def forecasts(
    cut: Cut,
    x: Float[np.ndarray, "window step feature"],
    deletions: list[Deletion],
    replacement: Replacement,
    update: Callable[[int], Any] | None = None,
) -> Forecasts:
    """Forecast with each of some deletions, as many windows and deletions at a time as the memory budget holds."""
    deleted = np.zeros((len(deletions), cut.n_channels), dtype=bool)
    for row, channels in zip(deleted, deletions, strict=True):
        row[list(channels)] = True
    predictions = np.empty((len(deletions), len(x), cut.model.outputs[0].shape[1]), dtype=np.float32)
    # As they are and with all channels deleted: the layer, what treats channels apart, and the channels' shares.
    n_steps = x.shape[1]
    around = cut.around
    wanted = {cut.key, *around}
    before = calls_between(cut.graph, {cut.graph.source}, wanted)
    seam = floats_of(cut.graph, {cut.seam}, n_steps)
    floats = 2 * floats_per_window(cut.graph, before + cut.channelwise, n_steps)
    floats += 2 * cut.n_channels * seam if cut.summing else 0
    rest = max(seam, floats_per_window(cut.graph, cut.rest, n_steps))
    for rows in chunks(len(x), floats):
        values = cut.run_to(wanted, x[rows])
        hidden, n_windows = values[cut.key], rows.stop - rows.start
        gone = _deleted(cut, x, rows, replacement, hidden, np.any(deleted, axis=0))
        parts = _shares(cut, hidden, gone) if cut.summing else (hidden, gone)
        for block in chunks(len(deletions), n_windows * rest):
            n_deletions = block.stop - block.start
            tensors = {key: _tiled(values[key], n_deletions) for key in around}
            tensors[cut.seam] = _put_together(cut, deleted[block], *parts)
            if not cut.summing:
                _hand_on_mask(hidden, tensors[cut.seam], n_deletions)
            run_calls(cut.rest, tensors)
            predictions[block, rows] = to_array(tensors[cut.graph.output]).reshape(n_deletions, n_windows, -1)
            if update is not None:
                update(n_deletions * n_windows)
    return predictions


def _deleted(
    cut: Cut, x: np.ndarray, rows: slice, replacement: Replacement, hidden: Any, wanted: Bool[np.ndarray, " channel"]
) -> Any:
    """Return what `hidden` is with all channels deleted, None for zeros; of shuffled ones those that are `wanted`."""
    ops, dtype = keras.ops, keras.backend.standardize_dtype(hidden.dtype)
    gone = None
    if replacement.order is not None:
        columns = [
            cut.run_to({cut.key}, x[order[rows]])[cut.key][..., c] if wanted[c] else hidden[..., c]
            for c, order in enumerate(replacement.order)
        ]
        gone = ops.stack(columns, axis=-1)
    elif replacement.level.any():
        gone = ops.broadcast_to(ops.convert_to_tensor(replacement.level, dtype=dtype), hidden.shape)
    if replacement.cells is None:
        return gone
    cells = ops.convert_to_tensor(replacement.cells[rows, :, None])
    return ops.where(cells, ops.zeros_like(hidden) if gone is None else gone, hidden)


def _put_together(cut: Cut, deleted: Bool[np.ndarray, "deletion channel"], kept: Any, gone: Any) -> Any:
    """Return the tensor at the seam for each deletion and window, deletions after each other along the windows' axis.

    `kept` and `gone` are what each channel adds to the sum as it is and once deleted, channel first; or, without a
    summing layer, the layer's output as it is and with all channels deleted. `gone` is None for zeros.
    """
    ops = keras.ops
    if cut.summing is None:
        mask = ops.convert_to_tensor(deleted[:, None, None, :])
        stacked = ops.where(mask, ops.zeros_like(kept[None]) if gone is None else gone[None], kept[None])
        return ops.reshape(stacked, (-1, *kept.shape[1:]))
    # What is left is summed up: to take the deleted from the sum of all would lose digits where they are large.
    rows, shares = ~deleted, kept
    if gone is not None:
        rows, shares = np.concatenate([~deleted, deleted], axis=1), ops.concatenate([kept, gone])
    flat = ops.reshape(shares, (shares.shape[0], -1))
    # Not `ops.matmul`, which makes float32 of float64 with PyTorch.
    summed = ops.reshape(ops.cast(ops.convert_to_tensor(rows), flat.dtype) @ flat, (-1, *kept.shape[2:]))
    layer = cut.summing.operation
    biased = summed + layer.bias if layer.use_bias else summed
    return biased if layer.activation is None else layer.activation(biased)


def _shares(cut: Cut, hidden: Any, gone: Any) -> tuple[Any, Any]:
    """Return what the summing layer makes of each channel as it is and once it is deleted, channel first.

    `gone`, and what becomes of it, may be None for zeros.
    """
    assert cut.summing is not None
    layer, ops = cut.summing.operation, keras.ops
    apart = _convolve_apart if isinstance(layer, keras.layers.Conv1D) else _multiply_apart
    if gone is None and not cut.channelwise:
        return apart(layer, ops.cast(hidden, layer.compute_dtype), cut.n_channels), None
    gone = ops.zeros_like(hidden) if gone is None else gone
    for call in cut.channelwise:
        (hidden,), (gone,) = run_call(call, [hidden]), run_call(call, [gone])
    kept, gone = (apart(layer, ops.cast(x, layer.compute_dtype), cut.n_channels) for x in (hidden, gone))
    return kept, gone


def _convolve_apart(layer: Any, x: Any, n_channels: int) -> Any:
    """Return what a convolution makes of each channel: (channel, window, step, filter)."""
    x, options = as_convolution(layer, x)
    # A depthwise convolution keeps the channels apart: (window, step, channel * filter).
    parts = keras.ops.depthwise_conv(x, layer.kernel, **options)
    return keras.ops.moveaxis(keras.ops.reshape(parts, (*parts.shape[:2], n_channels, layer.filters)), 2, 0)


def _multiply_apart(layer: Any, x: Any, n_channels: int) -> Any:
    """Return what a Dense makes of each channel: (channel, window, unit) or (channel, window, step, unit)."""
    ops, kernel = keras.ops, keras.ops.convert_to_tensor(layer.kernel)
    if x.shape[-1] != n_channels:  # flattened: (window, step * channel)
        x = ops.reshape(x, (x.shape[0], -1, n_channels))
        return ops.einsum("nsc,scu->cnu", x, ops.reshape(kernel, (-1, n_channels, layer.units)))
    spread = (n_channels, *[1] * (len(x.shape) - 1), layer.units)
    return ops.moveaxis(x, -1, 0)[..., None] * ops.reshape(kernel, spread)


def _tiled(tensor: Any, times: int) -> Any:
    tiled = keras.ops.tile(tensor, (times, *[1] * (len(tensor.shape) - 1)))
    _hand_on_mask(tensor, tiled, times)
    return tiled


def _hand_on_mask(tensor: Any, copy: Any, times: int) -> None:
    """Give a tensor that takes the place of another its mask, which Keras keeps as an attribute."""
    mask = getattr(tensor, "_keras_mask", None)
    if mask is not None:
        copy._keras_mask = keras.ops.tile(mask, (times, *[1] * (len(mask.shape) - 1)))


# Layers whose output channel c depends on input channel c alone.
_CHANNELWISE = {
    "ReLU", "LeakyReLU", "PReLU", "ELU", "Identity", "Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianNoise",
    "GaussianDropout", "ActivityRegularization", "Rescaling", "Normalization", "BatchNormalization",
    "MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D",
    "ZeroPadding1D", "Cropping1D", "UpSampling1D", "Flatten",
}  # fmt: skip


def _n_channelwise(graph: Graph, behind: list[Call], key: int) -> int | None:
    """Count the calls that treat channels apart before one sums over them; None where something else comes first."""
    if any(_makes_masks(call.operation) for call in graph.calls):
        return None
    for k, call in enumerate(behind):
        if len(call.inputs) > 1 or any(key in other.inputs for other in behind[k + 1 :]):  # a branch, or a mask
            return None
        if is_plain_sum(call.operation):
            return k
        if not (call.node is None or _is_channelwise(call.operation)):
            return None
        (key,) = call.outputs
    return None


def _is_channelwise(layer: Any) -> bool:
    kind = type(layer)
    if not kind.__module__.startswith("keras.src.layers.") or getattr(layer, "data_format", None) == "channels_first":
        return False
    return is_elementwise(layer.activation) if kind.__name__ == "Activation" else kind.__name__ in _CHANNELWISE


def _makes_masks(layer: Any) -> bool:
    """Tell whether a layer, or one inside it, may give its output a mask that later layers heed."""
    inside = layer._flatten_layers() if isinstance(layer, keras.layers.Layer) else ()
    own = [part for part in inside if not type(part).__module__.startswith("keras.")]
    named = any(type(part).__name__ in ("Masking", "Embedding") for part in inside)
    return named or any(type(part).compute_mask is not keras.layers.Layer.compute_mask for part in own)
