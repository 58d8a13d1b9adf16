"""Forecast with channels of a layer replaced: the network is cut behind the layer, and only the rest runs again.

Where a convolution or Dense sums up what it makes of each channel, each channel's share of the sum is computed once,
and deletions are rows of a matrix product. Elsewhere the layer's output is replaced and all behind it runs again.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from conv1d_viz.ablation.shares import n_channelwise, shares
from conv1d_viz.checks import as_array, as_items, as_seed, as_size, one_of
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Call, Graph, calls_behind, calls_between, run_calls, run_to, to_array, trace
from conv1d_viz.network.layers import Inputs, as_inputs, as_model, chunks, find_layer, longest, names_of
from conv1d_viz.timelines.activations import in_parts

Deletion = tuple[int, ...]
Deletions = list[Deletion]
Forecasts = Float[np.ndarray, "deletion window ..."]
Update = Callable[[int], Any] | None  # is told how many forecasts were made
REPLACEMENTS = ("zero", "mean", "shuffle")


def predict_ablated(
    model: Any,
    x: Any,
    layer: Any,
    channels: Any,
    replacement: str = "zero",
    seed: Any = None,
    cells: Any = None,
    *,
    output: Any = None,
) -> Float[np.ndarray, "window ..."]:
    """Forecast with some channels of a layer's output replaced.

    Parameters
    ----------
    model, x, layer
        As for `layer_activations`. The features of the "input" are deleted like channels.
    channels : iterable of int
        The channels to delete, from 0. No channels, or all of them, are fine too.
    replacement : {"zero", "mean", "shuffle"}
        What a deleted channel's values become: 0, which is far outside the data for features that are not scaled; the
        channel's mean over all windows and steps of `x`; its values from other windows, by a permutation for each
        channel, drawn from `seed`. Cutting before a BatchNormalization asks another question than cutting after it.
    seed : int or None
        Seed of "shuffle"; None draws new permutations at each call.
    cells : array-like of bool of shape (n_windows, n_steps) or None
        The cells of the layer's output in which the channels are deleted; None: in all of them.
    output : str, int or None
        Which output of a model with several: its key in a dict of outputs, else the name of its layer, else its index.

    Returns
    -------
    ndarray of shape (n_windows, horizon), or of the output's other shape
        The forecasts, float32.
    """
    cut = cut_behind(model, layer, output)
    inputs, deletion = inputs_of(cut, x), as_deletion(channels, "channels", cut.n_channels)
    with_what = replacement_for(cut, inputs, replacement, as_seed(seed), cells)
    return np.asarray(forecasts(cut, inputs, [deletion], with_what)[0])


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
    output: int
    output_name: str

    @property
    def seam(self) -> int:
        """The tensor that is put together anew for each deletion."""
        return self.summing.outputs[0] if self.summing else self.key

    @property
    def around(self) -> set[int]:
        """Tensors that go around the layer: they are computed once."""
        made = {self.seam, *(output for call in self.rest for output in call.outputs)}
        return {key for call in self.rest for key in call.inputs} - made

    def run_to(self, keys: set[int], inputs: Inputs, rows: Any) -> dict[int, Any]:
        """Run the model on some windows as far as these tensors need it."""
        return run_to(self.model, self.graph, keys, [array[rows] for array in inputs])


def cut_behind(model: Any, layer: Any, output: Any = None) -> Cut:
    """Cut a model behind a layer, on the way to one of its outputs."""
    model = as_model(model)
    if any(symbol.shape[0] is not None for symbol in model.inputs):
        way = "build it anew with `keras.Input(shape=...)` and `set_weights(model.get_weights())`"
        n_windows = model.inputs[0].shape[0]
        raise ValueError(f"`model` must take any number of windows at once: {way}. Got {n_windows} windows only.")
    graph = trace(model)
    path, key = find_layer(model, graph, layer)
    number, name = _as_output(model, output)
    wanted = graph.outputs[number]
    behind = calls_behind(graph, key, {wanted})
    if not behind:
        got = f"{path!r}, which {'is the output' if key == wanted else 'does not'}"
        raise ValueError(f"`layer` must lead to the model's output. Got {got}.")
    n = n_channelwise(graph, behind, key)
    channelwise, summing, rest = ([], None, behind) if n is None else (behind[:n], behind[n], behind[n + 1 :])
    return Cut(model, graph, path, key, graph.shapes[key][-1], channelwise, summing, rest, wanted, name)


def _as_output(model: Any, output: Any) -> tuple[int, str]:
    """Return number and name of the output that is meant."""
    names = names_of(model, "output")
    if output is None and len(names) == 1:
        return 0, names[0]
    if names.count(output) == 1:
        return names.index(output), output
    if isinstance(output, (int, np.integer)) and not isinstance(output, bool) and 0 <= output < len(names):
        return int(output), names[output]
    raise ValueError(f"`output` must be one of the model's outputs, {names}, or its index. Got {output!r}.")


def inputs_of(cut: Cut, x: Any) -> Inputs:
    """Return what the model is given; refuse a model that draws random numbers when it predicts."""
    inputs = as_inputs(cut.model, x)
    if not any(_may_draw(layer) for layer in cut.model._flatten_layers()):
        return inputs
    # The same window several times in one batch: a second run would reuse the seed, and two draws may agree by chance.
    same = to_array(cut.run_to({cut.output}, inputs, [0] * 8)[cut.output])
    if not np.allclose(same, same[:1], rtol=1e-3, atol=1e-5 * np.abs(same).max()):
        got = f"{cut.model.name!r}, which draws random numbers; build it without the layer that does"
        raise ValueError(f"`model` must give the same window the same forecast. Got {got}.")
    return inputs


def _may_draw(layer: Any) -> bool:
    """Tell whether a layer may draw random numbers when it predicts; Keras' own do so in training only."""
    kind = type(layer)
    return kind is keras.layers.Lambda or not kind.__module__.startswith("keras.")


def as_deletion(channels: Any, name: str, n_channels: int) -> Deletion:
    """Return channels as a tuple of ints, each in range and named once."""
    deletion = tuple(as_size(channel, name, minimum=0) for channel in as_items(channels, name, "a tuple of channels"))
    if any(channel >= n_channels for channel in deletion) or len(set(deletion)) < len(deletion):
        allowed = f"among the layer's channels, 0..{n_channels - 1}, each once"
        raise ValueError(f"`{name}` must be {allowed}. Got {deletion}.")
    return deletion


class Replacement(NamedTuple):
    """What deleted channels become, and where."""

    level: Float[np.ndarray, " channel"]
    order: Int[np.ndarray, "channel window"] | None  # the windows that values come from in place of a level
    cells: Bool[np.ndarray, "window step"] | None


def replacement_for(
    cut: Cut, inputs: Inputs, replacement: str, seed: int | np.random.Generator | None, cells: Any = None
) -> Replacement:
    """Work out what deleted channels become, once for all deletions; a generator gives other permutations each time."""
    one_of(replacement, "replacement", REPLACEMENTS)
    n_windows, level, order = len(inputs[0]), np.zeros(cut.n_channels), None
    generator = np.random.default_rng(seed)
    if cells is not None:
        shape = cut.run_to({cut.key}, inputs, slice(1))[cut.key].shape
        cells = as_array(cells, "cells", ndim=2, axes="(window, step) of the layer", items="booleans")
        if len(shape) != 3 or cells.shape != (n_windows, shape[1]):
            expected = f"(window, step) of a layer (window, step, channel), here {(n_windows, *shape[1:])}"
            raise ValueError(f"`cells` must have the shape {expected}. Got {cells.shape}.")
    if replacement == "mean":
        for _, acts in in_parts(cut.model, cut.graph, cut.key, inputs):
            between = tuple(range(1, acts.ndim - 1))
            level += acts.mean(axis=between, dtype=np.float64).sum(axis=0) / n_windows
    if replacement == "shuffle":
        order = np.empty((cut.n_channels, n_windows), dtype=np.int32)  # filled in place: a list would hold it twice
        for row in order:
            row[:] = generator.permutation(n_windows)
    return Replacement(level, order, cells)


def forecasts(
    cut: Cut, inputs: Inputs, deletions: Deletions, replacement: Replacement, update: Update = None
) -> Forecasts:
    """Forecast with each of some deletions, as many windows and deletions at a time as the memory budget holds."""
    deleted = np.zeros((len(deletions), cut.n_channels), dtype=bool)
    for row, channels in zip(deleted, deletions, strict=True):
        row[list(channels)] = True
    # As they are and with all channels deleted: the layer, what treats channels apart, and the channels' shares, which
    # are made in one stage where `chunks` counts six, and may take half of the memory.
    n_steps, around, wanted = longest(inputs), cut.around, {cut.key, *cut.around}
    copies = 2 if replacement.order is None and replacement.cells is None else 3  # two where one window stands for all
    floats = cut.graph.floats_per_window(calls_between(cut.graph, wanted) + cut.channelwise, n_steps)
    floats += cut.n_channels * cut.graph.floats_of({cut.seam}, n_steps) // 3 if cut.summing else 0
    rest = max(cut.graph.floats_of({cut.seam}, n_steps), cut.graph.floats_per_window(cut.rest, n_steps) // 2)
    predictions, pool, wanted_channels = None, None, np.flatnonzero(np.any(deleted, axis=0))
    if replacement.order is not None:  # values come from any window
        for rows, acts in in_parts(cut.model, cut.graph, cut.key, inputs):
            shape = (len(inputs[0]), *acts[0][..., wanted_channels].shape)
            pool = np.empty(shape, acts.dtype) if pool is None else pool
            pool[rows] = acts[..., wanted_channels]
    for rows in chunks(len(inputs[0]), copies * floats):
        values = cut.run_to(wanted, inputs, rows)
        hidden, n_windows = values[cut.key], rows.stop - rows.start
        gone = _deleted(hidden, rows, replacement, pool, wanted_channels)
        parts = shares(cut.channelwise, cut.summing, hidden, gone) if cut.summing else (hidden, gone)
        for block in chunks(len(deletions), n_windows * rest):
            n_deletions = block.stop - block.start
            tensors = {key: _tiled(values[key], n_deletions) for key in around}
            tensors[cut.seam] = _put_together(cut, deleted[block], *parts)
            if not cut.summing:
                _hand_on_mask(hidden, tensors[cut.seam], n_deletions)
            run_calls(cut.rest, tensors)
            part = to_array(tensors[cut.output])
            if predictions is None:
                predictions = np.empty((len(deletions), len(inputs[0]), *part.shape[1:]), dtype=np.float32)
            predictions[block, rows] = part.reshape(n_deletions, n_windows, *part.shape[1:])
            if update is not None:
                update(n_deletions * n_windows)
    assert predictions is not None  # there is at least one window
    return predictions


def _deleted(hidden: Any, rows: slice, replacement: Replacement, pool: np.ndarray | None, channels: np.ndarray) -> Any:
    """Return what `hidden` is with all channels deleted: None for zeros, one window where it is the same for all.

    Shuffled values come from a `pool` of windows, which holds some `channels` alone; the others stay as they are.
    """
    ops, dtype = keras.ops, keras.backend.standardize_dtype(hidden.dtype)
    gone = None
    if replacement.order is not None and pool is not None:
        mixed = np.array(to_array(hidden))
        for k, channel in enumerate(channels):
            mixed[..., channel] = pool[replacement.order[channel, rows], ..., k]
        gone = ops.convert_to_tensor(mixed, dtype=dtype)
    elif replacement.level.any():
        gone = ops.broadcast_to(ops.convert_to_tensor(replacement.level, dtype=dtype), (1, *hidden.shape[1:]))
    if replacement.cells is None:
        return gone
    return ops.where(ops.convert_to_tensor(replacement.cells[rows, :, None]), 0 if gone is None else gone, hidden)


def _put_together(cut: Cut, deleted: Bool[np.ndarray, "deletion channel"], kept: Any, gone: Any) -> Any:
    """Return the tensor at the seam for each deletion and window, deletions after each other along the windows' axis.

    `kept` and `gone` are what each channel adds to the sum as it is and once deleted, channel first; or, without a
    summing layer, the layer's output as it is and with all channels deleted. `gone` is None for zeros.
    """
    ops = keras.ops
    if cut.summing is None:
        mask = ops.convert_to_tensor(deleted.reshape(len(deleted), *[1] * (len(kept.shape) - 1), -1))
        stacked = ops.where(mask, 0 if gone is None else gone[None], kept[None])
        return ops.reshape(stacked, (-1, *kept.shape[1:]))

    def added(rows: Bool[np.ndarray, "deletion channel"], shares: Any) -> Any:
        flat = ops.reshape(shares, (shares.shape[0], -1))
        # Not `ops.matmul`, which makes float32 of float64 with PyTorch.
        return ops.reshape(ops.cast(ops.convert_to_tensor(rows), flat.dtype) @ flat, (-1, *shares.shape[1:]))

    # What is left is summed up: to take the deleted from the sum of all would lose digits where they are large.
    summed = added(~deleted, kept) if gone is None else added(~deleted, kept) + added(deleted, gone)
    summed, layer = ops.reshape(summed, (-1, *kept.shape[2:])), cut.summing.operation
    biased = summed + layer.bias if layer.use_bias else summed
    return biased if layer.activation is None else layer.activation(biased)


def _tiled(tensor: Any, times: int) -> Any:
    tiled = keras.ops.tile(tensor, (times, *[1] * (len(tensor.shape) - 1)))
    _hand_on_mask(tensor, tiled, times)
    return tiled


def _hand_on_mask(tensor: Any, copy: Any, times: int) -> None:
    """Give a tensor that takes the place of another its mask, which Keras keeps as an attribute."""
    mask = getattr(tensor, "_keras_mask", None)
    if mask is not None:
        copy._keras_mask = keras.ops.tile(mask, (times, *[1] * (len(mask.shape) - 1)))
