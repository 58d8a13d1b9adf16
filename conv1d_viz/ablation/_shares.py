"""Deletions as rows of a matrix product: what each channel adds to the layer behind, computed once.

Behind a layer, a convolution or Dense sums what it makes of each channel. Without some channels it is the sum of the
others' shares, up to the first function that is not linear. Poolings and other layers in between that treat each
channel by itself change nothing of that.
"""

from typing import Any, NamedTuple

from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Call, Graph, calls_behind, run_call
from conv1d_viz.timelines._stencils import is_elementwise

# Layers whose output channel c depends on input channel c alone.
_CHANNELWISE = {
    "ReLU", "LeakyReLU", "PReLU", "ELU", "Identity", "Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianNoise",
    "GaussianDropout", "ActivityRegularization", "Rescaling", "Normalization", "BatchNormalization",
    "MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D",
    "ZeroPadding1D", "Cropping1D", "UpSampling1D", "Flatten",
}  # fmt: skip


class Head(NamedTuple):
    """The layers behind a cut up to the first that sums over channels."""

    channelwise: list[Call]
    linear: Call
    rest: list[Call]


def linear_head(graph: Graph, key: int) -> Head | None:
    """Return the head behind a tensor, or None where another layer or a branch comes before the channels are summed."""
    behind = calls_behind(graph, key)
    if any(makes_masks(call.operation) for call in graph.calls):
        return None
    channelwise: list[Call] = []
    for k, call in enumerate(behind):
        alone = len(call.inputs) == 1 and not any(key in other.inputs for other in behind[k + 1 :])
        if not alone:  # a branch, or a mask
            return None
        if _is_linear(call.operation):
            return Head(channelwise, call, behind[k + 1 :])
        if not (call.node is None or _is_channelwise(call.operation)):
            return None
        channelwise.append(call)
        (key,) = call.outputs
    return None


def makes_masks(layer: Any) -> bool:
    """Tell whether a layer, or one inside it, may give its output a mask that later layers heed."""
    inside = layer._flatten_layers() if isinstance(layer, keras.layers.Layer) else ()
    own = [part for part in inside if not type(part).__module__.startswith("keras.")]
    named = any(type(part).__name__ in ("Masking", "Embedding") for part in inside)
    return named or any(type(part).compute_mask is not keras.layers.Layer.compute_mask for part in own)


def _is_channelwise(layer: Any) -> bool:
    if not type(layer).__module__.startswith("keras.src.layers.") or _channels_first(layer):
        return False
    if type(layer).__name__ == "Activation":
        return is_elementwise(layer.activation)
    return type(layer).__name__ in _CHANNELWISE


def _is_linear(layer: Any) -> bool:
    kind = type(layer)
    plain = kind is keras.layers.Dense or (kind is keras.layers.Conv1D and layer.groups == 1)
    # A layer that computes in another precision than its weights are kept in rounds in ways of its own.
    return (
        plain
        and layer.compute_dtype == layer.variable_dtype
        and layer.compute_dtype in ("float32", "float64")
        and layer.quantization_mode is None
        and not _channels_first(layer)
    )


def _channels_first(layer: Any) -> bool:
    return getattr(layer, "data_format", None) == "channels_first"


def shares(head: Head, hidden: Any, substitute: Any) -> tuple[Any, Any]:
    """Return what the linear layer makes of each channel as it is and once it is deleted, channel first.

    `hidden` and `substitute`, (window, step, channel), hold the two; zeros, and what becomes of them, may be None.
    """
    ops, layer = keras.ops, head.linear.operation
    n_channels = hidden.shape[-1]
    make = _convolve_apart if isinstance(layer, keras.layers.Conv1D) else _multiply_apart

    def apart(x: Any) -> Any:
        return make(layer, ops.cast(x, layer.compute_dtype), n_channels)

    if substitute is None and not head.channelwise:
        return apart(hidden), None
    kept, deleted = hidden, ops.zeros_like(hidden) if substitute is None else substitute
    for call in head.channelwise:
        (kept,), (deleted,) = run_call(call, [kept]), run_call(call, [deleted])
    return apart(kept), apart(deleted)


def _convolve_apart(layer: Any, x: Any, n_channels: int) -> Any:
    """Return what a convolution makes of each channel: (channel, window, step, filter)."""
    ops, padding = keras.ops, layer.padding
    if padding == "causal":
        x = ops.pad(x, [[0, 0], [(layer.kernel_size[0] - 1) * layer.dilation_rate[0], 0], [0, 0]])
        padding = "valid"
    # A depthwise convolution keeps the channels apart: (window, step, channel * filter).
    options = {"strides": layer.strides[0], "padding": padding, "dilation_rate": layer.dilation_rate[0]}
    options["data_format"] = "channels_last"  # whatever the user's default is
    parts = ops.depthwise_conv(x, layer.kernel, **options)
    return ops.moveaxis(ops.reshape(parts, (*parts.shape[:2], n_channels, layer.filters)), 2, 0)


def _multiply_apart(layer: Any, x: Any, n_channels: int) -> Any:
    """Return what a Dense makes of each channel: (channel, window, unit) or (channel, window, step, unit)."""
    ops, kernel = keras.ops, keras.ops.convert_to_tensor(layer.kernel)
    if x.shape[-1] != n_channels:  # flattened: (window, step * channel)
        x = ops.reshape(x, (x.shape[0], -1, n_channels))
        return ops.einsum("nsc,scu->cnu", x, ops.reshape(kernel, (-1, n_channels, layer.units)))
    spread = (n_channels, *[1] * (len(x.shape) - 1), layer.units)
    return ops.moveaxis(x, -1, 0)[..., None] * ops.reshape(kernel, spread)


def finish(head: Head, summed: Any) -> Any:
    """Add the linear layer's bias to the sum of its channels' shares, and apply its activation."""
    layer = head.linear.operation
    biased = summed + layer.bias if layer.use_bias else summed
    return biased if layer.activation is None else layer.activation(biased)
