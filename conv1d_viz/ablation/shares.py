"""What each channel adds to the sum that the next layer makes of them.

Behind a layer, a convolution or Dense sums up what it makes of each channel. Without some channels the sum is that of
the others' shares, up to the first function that is not linear. Poolings and other layers in between that treat each
channel by itself change nothing of that.
"""

from typing import Any

from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Call, Graph, run_call
from conv1d_viz.timelines.fields import NUMBERWISE, as_convolution, is_elementwise, is_plain_sum

# Layers that treat each channel by itself, but not each step.
ACROSS_STEPS = {
    "MaxPooling1D", "AveragePooling1D", "GlobalMaxPooling1D", "GlobalAveragePooling1D", "ZeroPadding1D", "Cropping1D",
    "UpSampling1D", "Flatten",
}  # fmt: skip


def n_channelwise(graph: Graph, behind: list[Call], key: int) -> int | None:
    """Count the calls that treat channels apart before one sums over them; None where something else comes first."""
    if any(_makes_masks(call.operation) for call in graph.calls):
        return None
    for k, call in enumerate(behind):
        if len(call.inputs) > 1 or any(key in other.inputs for other in behind[k + 1 :]):  # a branch, or a mask
            return None
        if is_plain_sum(call.operation):
            return k
        if not is_channelwise(call):
            return None
        (key,) = call.outputs
    return None


def is_channelwise(call: Call) -> bool:
    """Tell whether a call of Keras' own makes each output channel from one input channel alone."""
    layer, kind = call.operation, type(call.operation)
    if call.node is None:  # the input of a nested model, handed on
        return True
    if not kind.__module__.startswith("keras.src.layers.") or getattr(layer, "data_format", None) == "channels_first":
        return False
    known = kind.__name__ in NUMBERWISE | ACROSS_STEPS
    return is_elementwise(layer.activation) if kind.__name__ == "Activation" else known


def _makes_masks(layer: Any) -> bool:
    """Tell whether a layer, or one inside it, may give its output a mask that later layers respect."""
    inside = layer._flatten_layers() if isinstance(layer, keras.layers.Layer) else ()
    own = [part for part in inside if not type(part).__module__.startswith("keras.")]
    named = any(type(part).__name__ in ("Masking", "Embedding") for part in inside)
    return named or any(type(part).compute_mask is not keras.layers.Layer.compute_mask for part in own)


def shares(channelwise: list[Call], summing: Call, hidden: Any, gone: Any) -> tuple[Any, Any]:
    """Return what the summing layer makes of each channel as it is and once it is deleted, channel first.

    `gone`, and what becomes of it, may be None for zeros.
    """
    layer, n_channels = summing.operation, hidden.shape[-1]
    if gone is None and not channelwise:
        return apart(layer, hidden, layer.kernel, n_channels), None
    gone = keras.ops.zeros_like(hidden[:1]) if gone is None else gone
    for call in channelwise:
        (hidden,), (gone,) = run_call(call, [hidden]), run_call(call, [gone])
    return apart(layer, hidden, layer.kernel, n_channels), apart(layer, gone, layer.kernel, n_channels)


def apart(layer: Any, x: Any, kernel: Any, n_channels: int) -> Any:
    """Return what a convolution or Dense with a kernel makes of each channel: (channel, window, ..., unit)."""
    ops = keras.ops
    x, kernel = ops.cast(x, layer.compute_dtype), ops.convert_to_tensor(kernel)
    if isinstance(layer, keras.layers.Conv1D):
        x, options = as_convolution(layer, x)
        # A depthwise convolution keeps the channels apart: (window, step, channel * unit).
        parts = ops.depthwise_conv(x, kernel, **options)
        return ops.moveaxis(ops.reshape(parts, (*parts.shape[:2], n_channels, kernel.shape[-1])), 2, 0)
    if x.shape[-1] != n_channels:  # flattened: (window, step * channel)
        x = ops.reshape(x, (x.shape[0], -1, n_channels))
        return ops.einsum("nsc,scu->cnu", x, ops.reshape(kernel, (-1, n_channels, kernel.shape[-1])))
    return ops.moveaxis(x, -1, 0)[..., None] * ops.reshape(kernel, (n_channels, *[1] * (len(x.shape) - 1), -1))
