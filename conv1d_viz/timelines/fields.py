"""Receptive fields: the samples of a window that each step of a layer sees."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from conv1d_viz.checks import as_array, as_size
from conv1d_viz.network.backend import keras
from conv1d_viz.network.graph import Call, Graph, calls_between, trace
from conv1d_viz.network.layers import as_model, find_steps


class ReceptiveField(NamedTuple):
    """Step s sees the input samples `start + s*stride` … `start + s*stride + size - 1` of its window.

    Samples outside the window are padding. With dilation the field reaches from the first to the last sample seen.
    """

    size: int
    stride: int
    start: int

    @property
    def centre(self) -> float:
        """The middle of what step 0 sees, in samples; half samples occur."""
        return self.start + (self.size - 1) / 2

    def sees_padding(self, n_steps: Any, window: Any) -> Bool[np.ndarray, " step"]:
        """Tell for each of `n_steps` steps whether it sees samples outside a window of `window` samples.

        Zeros that take the place of samples which a Cropping1D has cut off are not counted.
        """
        n_steps, window = as_size(n_steps, "n_steps"), as_size(window, "window")
        first = self.start + np.arange(n_steps) * self.stride
        return np.asarray((first < 0) | (first + self.size > window))

    def within(self, earlier: "ReceptiveField") -> "ReceptiveField":
        """Return this field in steps of an earlier layer, through which alone this one sees the series.

        Of a kernel of 8 behind a kernel of 10, both with "same" padding: size 8, stride 1, start -3.
        """
        lengths = (self.size - earlier.size, self.stride, self.start - earlier.start)
        if self.size < earlier.size or any(length % earlier.stride for length in lengths):
            raise ValueError(f"`earlier` must be a layer that {self} sees the series through. Got {earlier}.")
        size, stride, start = (length // earlier.stride for length in lengths)
        return ReceptiveField(size + 1, stride, start)

    def seen(self, picked: Any, n_steps: Any) -> Bool[np.ndarray, "window step"]:
        """Mark which of `n_steps` steps some picked steps see.

        `picked`, (n_windows,) or (n_windows, n_picks), are steps of the layer that this field belongs to, such as the
        ones that a global maximum picks; `n_steps` the samples of a window or, of a field `within` an earlier layer,
        the steps of that layer. With dilation, all from the first to the last that is seen count; padding has no entry.
        """
        n_steps, axes = as_size(n_steps, "n_steps"), "(n_windows,) or (n_windows, n_picks)"
        picks = as_array(picked, "picked", ndim=(1, 2), axes=axes, items="integers", minimum=0)
        step, seen = np.arange(n_steps), np.zeros((len(picks), n_steps), dtype=bool)
        for column in picks.reshape(len(picks), -1).T:  # all of them at once would be as many such arrays
            first = self.start + column[:, None] * self.stride
            seen |= (step >= first) & (step < first + self.size)
        return seen


def receptive_field(model: Any, layer: Any, window: Any = None) -> ReceptiveField:
    """Work out which input samples each step of a layer sees.

    It follows convolutions (Conv1D, DepthwiseConv1D, SeparableConv1D), poolings, ZeroPadding1D, Cropping1D, layers
    that act on each step alone, and branches that are added, multiplied or concatenated.

    Parameters
    ----------
    model, layer
        As for `layer_activations`. Of several inputs, the layer must see exactly one.
    window : int or None
        Samples of a window; needed only where the model leaves them open and "same" padding with a stride depends on
        them.

    Returns
    -------
    ReceptiveField
        `.size`, `.stride`, `.start` and `.centre` in samples; `.sees_padding(n_steps, window)`, `.within(earlier)`
        and `.seen(picked, n_steps)`. Behind a layer whose reach is not known the error names it and the reason.

    Examples
    --------
    Kernel 10, stride 1, "same": Keras pads 4 samples on the left and 5 on the right.

    >>> receptive_field(build_model(), "conv1")
    ReceptiveField(size=10, stride=1, start=-4)

    References
    ----------
    Araujo, Norris, Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019.
    """
    model = as_model(model)
    graph = trace(model)
    _, key = find_steps(model, graph, layer)
    if window is not None:
        window, steps = as_size(window, "window"), graph.shapes[source_of(graph, key)][1]
        if steps not in (None, window):
            raise ValueError(f"`window` must be the model's own, {steps}, or None. Got {window}.")
    return follow(graph, key, window).field


class View(NamedTuple):
    """What the steps of a tensor see."""

    field: ReceptiveField
    n_steps: int | None  # None where the model leaves the length open
    clean: tuple[int, int | None]  # the steps from … until before … that no padding reaches
    alike: bool  # whether all steps are computed with the same weights


class Stencil(NamedTuple):
    """Output step s sees the input steps `s*stride - left` … `s*stride - left + size - 1`; missing ones are padding."""

    size: int = 1
    stride: int = 1
    left: int = 0
    n_steps: int | None = None  # of the output, where that of the input is known
    alike: bool = True


def source_of(graph: Graph, key: int) -> int:
    """Return the one input of the model that a tensor sees; refuse one that sees several."""
    seen = {k for call in calls_between(graph, {key}) for k in call.inputs}.union({key}).intersection(graph.sources)
    if len(seen) != 1 or len(graph.shapes[min(seen)]) != 3:
        shapes = [graph.shapes[k] for k in sorted(seen)]
        raise ValueError(f"`layer` must see one input of the model, (window, step, feature), alone. Got {shapes}.")
    return min(seen)


def follow(graph: Graph, key: int, window: int | None) -> View:
    """Follow what each tensor on the way to `key` sees; ValueError names the layer that stops it and the reason."""
    source = source_of(graph, key)
    steps = window or graph.shapes[source][1]
    views = {source: View(ReceptiveField(1, 1, 0), steps, (0, steps), True)}
    for call in calls_between(graph, {key}):
        try:
            joined = _join([views[k] for k in call.inputs])
            view = _seen_through(joined, stencil(call, joined.n_steps))
        except ValueError as reason:
            got = f"{type(call.operation).__name__} {call.path!r}, which {reason}"
            raise ValueError(f"`layer` must be reached through layers whose reach is known. Got {got}.") from None
        views.update(dict.fromkeys(call.outputs, view))
    return views[key]


def _seen_through(view: View, step: Stencil) -> View:
    """Return what the output steps of an operation see, from what its input steps see."""
    size, stride, start = view.field
    field = ReceptiveField(size + (step.size - 1) * stride, stride * step.stride, start - step.left * stride)
    begin, end = view.clean
    begin = max(0, -(-(begin + step.left) // step.stride))
    if end is not None:
        end = min(step.n_steps or 0, (end - step.size + step.left) // step.stride + 1)
    return View(field, step.n_steps, (begin, end), view.alike and step.alike)


def _join(views: list[View]) -> View:
    """Return what the steps of several tensors of equal length and stride see together."""
    if len({view.n_steps for view in views}) > 1:
        raise ValueError(f"joins branches of {' and '.join(str(view.n_steps) for view in views)} steps")
    if len({view.field.stride for view in views}) > 1:
        raise ValueError(f"joins branches whose strides are {' and '.join(str(v.field.stride) for v in views)} samples")
    start = min(view.field.start for view in views)
    last = max(view.field.start + view.field.size for view in views)
    ends = [view.clean[1] for view in views if view.clean[1] is not None]  # where the length is open, none has one
    clean = (max(view.clean[0] for view in views), min(ends, default=None))
    field = ReceptiveField(last - start, views[0].field.stride, start)
    return View(field, views[0].n_steps, clean, all(view.alike for view in views))


# Layers that look at each number, or each step, by itself. Those with an axis are looked at more closely.
NUMBERWISE = {
    "ReLU", "LeakyReLU", "PReLU", "ELU", "Identity", "Dropout", "SpatialDropout1D", "AlphaDropout", "GaussianNoise",
    "GaussianDropout", "ActivityRegularization", "Rescaling", "Normalization", "BatchNormalization",
}  # fmt: skip
_STEPWISE = NUMBERWISE | {
    "Activation", "Softmax", "Dense", "TimeDistributed", "LayerNormalization", "RMSNormalization", "UnitNormalization",
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


def stencil(call: Call, n_steps: int | None) -> Stencil:
    """Return which of `n_steps` input steps an operation looks at, for each of its output steps.

    Where that is not known, the reason is the end of a sentence about the operation.
    """
    operation, node = call.operation, call.node
    if node is None:  # the input of a nested model, handed on
        return Stencil(n_steps=n_steps)
    kind, origin = type(operation).__name__, type(operation).__module__
    if any(len(tensor.shape) != 3 for tensor in (*node.input_tensors, *node.outputs)):
        raise ValueError("takes or gives tensors that are not (window, step, channel)")
    function = getattr(operation, "activation", None)
    if not (function is None or is_elementwise(function) or _is_own(function)):
        raise ValueError("has an activation function that is not Keras' own, which might mix steps")
    if origin.startswith("keras.src.ops.") and kind in _ELEMENTWISE:
        flat = keras.tree.flatten((node.arguments.args, node.arguments.kwargs))
        if any(np.ndim(value) for value in flat if not isinstance(value, (keras.KerasTensor, str, type(None)))):
            raise ValueError("takes arrays that may differ from step to step")
        return Stencil(n_steps=n_steps)
    if origin.startswith("keras.src.layers."):  # a subclass may do anything
        match kind:
            case "Conv1D" | "DepthwiseConv1D" | "SeparableConv1D":
                size = (operation.kernel_size[0] - 1) * operation.dilation_rate[0] + 1
                return sliding(size, operation.strides[0], operation.padding, n_steps)
            case "MaxPooling1D" | "AveragePooling1D":
                return sliding(operation.pool_size[0], operation.strides[0], operation.padding, n_steps)
            case "ZeroPadding1D" | "Cropping1D":
                sign = 1 if kind == "ZeroPadding1D" else -1
                left, right = (sign * n for n in (getattr(operation, "padding", None) or operation.cropping))
                return Stencil(left=left, n_steps=None if n_steps is None else n_steps + left + right)
            case _ if kind in _STEPWISE:
                return Stencil(n_steps=n_steps, alike=_treats_alike(operation, kind))
    raise ValueError("is not among the layers whose reach is known")


def sliding(size: int, stride: int, padding: str, n_steps: int | None) -> Stencil:
    """Return the stencil of a convolution or pooling; `size` counts the holes of a dilation."""
    if padding == "valid":
        n_out = None if n_steps is None else (n_steps - size) // stride + 1
        if n_out is not None and n_out < 1:
            raise ValueError(f"needs at least {size} steps and gets {n_steps}")
        return Stencil(size, stride, 0, n_out)
    n_out = None if n_steps is None else -(-n_steps // stride)
    if padding == "causal":
        return Stencil(size, stride, size - 1, n_out)
    if n_steps is None and stride > 1:
        raise ValueError("pads by the length of the windows: `window` must be given")
    left = (size - 1) // 2 if n_steps is None else max(((n_out or 0) - 1) * stride + size - n_steps, 0) // 2
    return Stencil(size, stride, left, n_out)


def _treats_alike(operation: Any, kind: str) -> bool:
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


def is_elementwise(function: Any) -> bool:
    """Tell whether an activation is known to act on each number by itself: a function or plain layer of Keras' own."""
    if isinstance(function, keras.layers.Layer):
        return type(function) in (keras.layers.ReLU, keras.layers.LeakyReLU, keras.layers.ELU)
    return _is_own(function) and function.__name__ not in _MIXING


def _is_own(function: Any) -> bool:
    return hasattr(function, "__name__") and str(function.__module__).startswith("keras.src.activations.")


def is_plain_sum(layer: Any) -> bool:
    """Tell whether a layer is a Dense or Conv1D whose sums can be put together from parts, in its own precision."""
    if type(layer) not in (keras.layers.Dense, keras.layers.Conv1D) or layer.quantization_mode is not None:
        return False
    exact = layer.compute_dtype == layer.variable_dtype and layer.compute_dtype in ("float32", "float64")
    return exact and getattr(layer, "groups", 1) == 1 and getattr(layer, "data_format", None) != "channels_first"


def as_convolution(layer: Any, x: Any) -> tuple[Any, dict[str, Any]]:
    """Return input and options with which `keras.ops.conv` does what a Conv1D does before bias and activation."""
    padding, dilation = layer.padding, layer.dilation_rate[0]
    if padding == "causal":
        x, padding = keras.ops.pad(x, [[0, 0], [(layer.kernel_size[0] - 1) * dilation, 0], [0, 0]]), "valid"
    options = {"strides": layer.strides[0], "padding": padding, "dilation_rate": dilation}
    return x, options | {"data_format": "channels_last"}  # whatever the user's default is
