"""Which input steps one layer or operation looks at, layer by layer."""

from typing import Any, NamedTuple

import numpy as np

from conv1d_viz.network.backend import keras


class Stencil(NamedTuple):
    """Output step s sees the input steps `s*stride - left` … `s*stride - left + size - 1`; those there are not, padded.

    With `repeat` above 1 it sees input step `s // repeat`.
    """

    size: int = 1
    stride: int = 1
    left: int = 0
    repeat: int = 1
    n_steps: int | None = None  # of the output, where that of the input is known
    alike: bool = True  # whether all steps are computed with the same weights


# Layers that look at each step by itself. Those with an axis are looked at more closely.
_STEPWISE = {
    "Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Softmax", "Identity", "Dense", "TimeDistributed",
    "Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianNoise", "GaussianDropout", "ActivityRegularization",
    "Rescaling", "Normalization", "BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization",
    "Add", "Subtract", "Multiply", "Average", "Maximum", "Minimum", "Concatenate",
}  # fmt: skip
# Operations of `keras.ops` that act on each number by itself, such as `a + b` between two tensors.
_ELEMENTWISE = {
    "Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Maximum", "Minimum", "Negative", "Absolute", "Abs",
    "Square", "Sqrt", "Exp", "Log", "Tanh", "Sigmoid", "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Gelu", "Silu",
    "Softplus", "Softsign", "HardSigmoid", "HardTanh", "Mish", "Clip", "Cast",
}  # fmt: skip
# Activations that act on the channels of each step together.
_MIXING = {"softmax", "log_softmax", "sparsemax", "glu"}


class OpenLengthError(ValueError):
    """The padding depends on the number of steps, which the model leaves open."""


def stencil(operation: Any, node: Any, n_steps: int | None) -> Stencil:
    """Return which steps of an input of `n_steps` steps an operation looks at, for each of its output steps.

    Raises ValueError with the reason, as the end of a sentence about the operation, where that is not known.
    """
    if node is None:
        return Stencil(n_steps=n_steps)
    kind = type(operation).__name__
    origin = type(operation).__module__
    if any(len(tensor.shape) != 3 for tensor in (*node.input_tensors, *node.outputs)):
        raise ValueError("takes or gives tensors that are not (window, step, channel)")
    function = getattr(operation, "activation", None)
    if not (function is None or is_elementwise(function) or _mixes_channels_alone(function)):
        raise ValueError("has an activation function that is not Keras' own, which might mix steps")
    if origin.startswith("keras.src.ops.") and kind in _ELEMENTWISE:
        if not all(np.ndim(value) == 0 for value in _constants(node)):
            raise ValueError("takes arrays that may differ from step to step")
        return Stencil(n_steps=n_steps)
    if not origin.startswith("keras.src.layers."):  # a subclass may do anything
        raise ValueError("is not among the layers whose reach is known")

    match kind:
        case "Conv1D" | "DepthwiseConv1D" | "SeparableConv1D":
            size = (operation.kernel_size[0] - 1) * operation.dilation_rate[0] + 1
            return _sliding(size, operation.strides[0], operation.padding, n_steps)
        case "MaxPooling1D" | "AveragePooling1D":
            return _sliding(operation.pool_size[0], operation.strides[0], operation.padding, n_steps)
        case "ZeroPadding1D" | "Cropping1D":
            sign = 1 if kind == "ZeroPadding1D" else -1
            left, right = (sign * n for n in (getattr(operation, "padding", None) or operation.cropping))
            return Stencil(left=left, n_steps=None if n_steps is None else n_steps + left + right)
        case "UpSampling1D":
            return Stencil(repeat=operation.size, n_steps=None if n_steps is None else n_steps * operation.size)
        case _ if kind in _STEPWISE:
            return Stencil(n_steps=n_steps, alike=_alike(operation, kind))
    raise ValueError("is not among the layers whose reach is known")


def _sliding(size: int, stride: int, padding: str, n_steps: int | None) -> Stencil:
    """Return the stencil of a convolution or pooling; `size` counts the holes of a dilation."""
    if padding == "valid":
        n_out = None if n_steps is None else (n_steps - size) // stride + 1
        if n_out is not None and n_out < 1:
            raise ValueError(f"needs at least {size} steps and gets {n_steps}")
        return Stencil(size, stride, 0, n_steps=n_out)
    n_out = None if n_steps is None else -(-n_steps // stride)
    if padding == "causal":
        return Stencil(size, stride, size - 1, n_steps=n_out)
    if n_steps is None or n_out is None:
        if stride > 1:
            raise OpenLengthError
        return Stencil(size, 1, (size - 1) // 2)
    return Stencil(size, stride, max((n_out - 1) * stride + size - n_steps, 0) // 2, n_steps=n_out)


def _alike(operation: Any, kind: str) -> bool:
    """Tell whether a layer that looks at each step by itself treats them alike; refuse one that mixes steps."""
    axes = {axis % 3 for axis in np.atleast_1d(getattr(operation, "axis", None) or []).tolist()}
    if kind in ("Softmax", "LayerNormalization", "RMSNormalization", "UnitNormalization", "Concatenate"):
        if axes != {2}:
            raise ValueError(f"works along axis {operation.axis} and not along the channels alone")
    elif kind in ("Normalization", "BatchNormalization"):
        return 1 not in axes
    elif kind == "PReLU":
        return 1 in (operation.shared_axes or ())
    elif kind == "Rescaling":
        return np.ndim(operation.scale) < 2 and np.ndim(operation.offset) < 2
    return True


def _constants(node: Any) -> list[Any]:
    flat = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
    return [value for value in flat if not isinstance(value, (keras.KerasTensor, str, type(None)))]


def is_elementwise(function: Any) -> bool:
    """Tell whether an activation is known to act on each number by itself: a function or plain layer of Keras' own."""
    if isinstance(function, keras.layers.Layer):
        return type(function) in (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.ELU)
    return _is_kerass_own(function) and function.__name__ not in _MIXING


def _mixes_channels_alone(function: Any) -> bool:
    return _is_kerass_own(function) and function.__name__ in _MIXING


def _is_kerass_own(function: Any) -> bool:
    return hasattr(function, "__name__") and str(function.__module__).startswith("keras.src.activations.")
