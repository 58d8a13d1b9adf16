"""Forecast with channels of a layer replaced: the network is cut behind the layer, and only the rest runs again."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from conv1d_viz.ablation._shares import Head, finish, linear_head, shares
from conv1d_viz.ablation.deletions import Deletion
from conv1d_viz.network._memory import zeros
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import (
    Call,
    Graph,
    calls_behind,
    calls_between,
    floats_of,
    floats_per_window,
    run_calls,
    to_array,
    to_tensor,
    trace,
)
from conv1d_viz.network.layers import chunks, find_layer

REPLACEMENTS = ("zero", "mean", "shuffle")


class StandIn(NamedTuple):
    """What deleted channels become: a level a channel, or the channel's values in other windows."""

    level: Float[np.ndarray, " channel"]
    order: Int[np.ndarray, "channel window"] | None = None


def stand_in(
    model: Any, x: Float[np.ndarray, "window step feature"], path: str, replacement: str, seed: int | None
) -> StandIn:
    """Work out what deleted channels become, once for all deletions."""
    graph = trace(model)
    _, key = find_layer(model, graph, path)
    n_channels = graph.shapes[key][2]
    level = np.zeros(n_channels)
    if replacement == "mean":
        calls = calls_between(graph, {graph.source}, {key})
        for rows in chunks(len(x), floats_per_window(graph, calls, x.shape[1])):
            acts = to_array(_run(model, graph, calls, x[rows])[key])
            level += acts.mean(axis=1, dtype=np.float64).sum(axis=0) / len(x)
    if replacement == "shuffle":
        generator = np.random.default_rng(seed)
        order = np.empty((n_channels, len(x)), dtype=np.int32 if len(x) < 2**31 else np.int64)
        for row in order:
            row[:] = generator.permutation(len(x))
        return StandIn(level, order)
    return StandIn(level)


def forecasts(
    model: Any,
    x: Float[np.ndarray, "window step feature"],
    path: str,
    deletions: list[Deletion],
    stand_in: StandIn,
    update: Callable[[int], Any] | None = None,
    cells: Bool[np.ndarray, "window step"] | None = None,
    *,
    by_shares: bool = True,
) -> Float[np.ndarray, "deletion window horizon"]:
    """Forecast with each of some deletions, as many windows and deletions at a time as the memory budget holds.

    Channels are deleted in all cells (window, step), or in `cells` alone.
    Where the layer's channels are summed up behind it, the sum is put together from the channels' shares; otherwise,
    or without `by_shares`, the layer's output is replaced and everything behind it runs again.
    """
    graph = trace(model)
    _, key = find_layer(model, graph, path)
    head = linear_head(graph, key) if by_shares else None
    behind = calls_behind(graph, key)
    rest = head.rest if head else behind
    cut = head.linear.outputs[0] if head else key
    # Tensors that go around the layer are computed once.
    made = {cut, *(output for call in rest for output in call.outputs)}
    around = {k for call in rest for k in call.inputs} - made
    before = calls_between(graph, {graph.source}, {key, *around})
    deleted = np.zeros((len(deletions), graph.shapes[key][2]), dtype=bool)
    for row, channels in zip(deleted, deletions, strict=True):
        row[list(channels)] = True

    predictions = empty_forecasts(model, len(deletions), len(x))
    # As they are and with all channels deleted: the layer and what treats channels apart, and the channels' shares.
    n_steps, apart = x.shape[1], head.channelwise if head else []
    floats = 2 * floats_per_window(graph, before + apart, n_steps)
    summed_up = floats_of(graph, {cut}, n_steps)
    if head:
        floats += 2 * deleted.shape[1] * summed_up
    for rows in chunks(len(x), floats):
        values = _run(model, graph, before, x[rows])
        hidden = values[key]
        substitute = _substitute(model, graph, key, x, rows, stand_in, hidden, np.any(deleted, axis=0))
        if cells is not None:
            gone = keras.ops.zeros_like(hidden) if substitute is None else substitute
            substitute = keras.ops.where(keras.ops.convert_to_tensor(cells[rows, :, None]), gone, hidden)
        parts = shares(head, hidden, substitute) if head else (hidden, substitute)
        n_windows = rows.stop - rows.start
        floats = n_windows * max(summed_up, floats_per_window(graph, rest, n_steps))
        for block in chunks(len(deletions), floats):
            summed = _ablated(head, deleted[block], *parts)
            n_deletions = block.stop - block.start
            tensors = {k: _tiled(values[k], n_deletions) for k in around}
            tensors[cut] = finish(head, summed) if head else summed
            if not head:
                _hand_on_mask(hidden, tensors[cut], n_deletions)
            run_calls(rest, tensors)
            predictions[block, rows] = to_array(tensors[graph.output]).reshape(n_deletions, n_windows, -1)
            if update is not None:
                update(n_deletions * n_windows)
    return predictions


def empty_forecasts(model: Any, n_deletions: int, n_windows: int) -> Float[np.ndarray, "deletion window horizon"]:
    shape = (n_deletions, n_windows, model.outputs[0].shape[1])
    return zeros(shape, np.float32, "deletions", "fewer windows, or a part of the deletions at a time, do with less")


def _run(model: Any, graph: Graph, calls: list[Call], x: Float[np.ndarray, "window step feature"]) -> dict[int, Any]:
    values = {graph.source: to_tensor(x, model)}
    run_calls(calls, values)
    return values


def _tiled(tensor: Any, times: int) -> Any:
    tiled = keras.ops.tile(tensor, (times, *[1] * (len(tensor.shape) - 1)))
    _hand_on_mask(tensor, tiled, times)
    return tiled


def _hand_on_mask(tensor: Any, copy: Any, times: int) -> None:
    """Give a tensor that takes the place of another its mask, which Keras keeps as an attribute."""
    mask = getattr(tensor, "_keras_mask", None)
    if mask is not None:
        copy._keras_mask = keras.ops.tile(mask, (times, *[1] * (len(mask.shape) - 1)))


def _substitute(
    model: Any,
    graph: Graph,
    key: int,
    x: Float[np.ndarray, "window step feature"],
    rows: slice,
    stand_in: StandIn,
    hidden: Any,
    wanted: np.ndarray,
) -> Any:
    """Return what `hidden` is with all channels deleted, None for zeros; of shuffled ones those that are `wanted`."""
    ops, dtype = keras.ops, keras.backend.standardize_dtype(hidden.dtype)
    if stand_in.order is None:
        if not stand_in.level.any():
            return None
        return ops.broadcast_to(ops.convert_to_tensor(stand_in.level, dtype=dtype), hidden.shape)
    calls = calls_between(graph, {graph.source}, {key})
    columns = [
        _run(model, graph, calls, x[order[rows]])[key][..., c] if deleted else hidden[..., c]
        for c, (order, deleted) in enumerate(zip(stand_in.order, wanted, strict=True))
    ]
    return ops.stack(columns, axis=-1)


def _ablated(head: Head | None, deleted: np.ndarray, kept: Any, gone: Any) -> Any:
    """Return the cut tensor for each deletion and window, deletions after each other along the windows' axis.

    With a head, `kept` and `gone` are what each channel adds to it as it is and once deleted, channel first; else the
    layer's output as it is and with all channels deleted. `gone` is None for zeros.
    """
    ops = keras.ops
    if head is None:
        mask = ops.convert_to_tensor(deleted[:, None, None, :])
        stacked = ops.where(mask, ops.zeros_like(kept[None]) if gone is None else gone[None], kept[None])
        return ops.reshape(stacked, (-1, *kept.shape[1:]))
    # What is left is summed up: to take the deleted from the sum of all would lose digits where they are large.
    rows, shares = ~deleted, kept
    if gone is not None:
        rows, shares = np.concatenate([~deleted, deleted], axis=1), ops.concatenate([kept, gone])
    flat = ops.reshape(shares, (shares.shape[0], -1))
    # Not `ops.matmul`, which makes float32 of float64 with PyTorch.
    summed = ops.cast(ops.convert_to_tensor(rows), flat.dtype) @ flat
    return ops.reshape(summed, (-1, *kept.shape[2:]))
