"""A layer's output for a batch of windows, and the samples that each step of it sees."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool, Float

from conv1d_viz._checks import as_size
from conv1d_viz._graph import as_model, as_windows, layer_output, run, windows_per_call
from conv1d_viz._keras import keras


def layer_activations(model: Any, x: Any, layer: Any) -> Float[np.ndarray, "window step channel"]:
    """Return a layer's output for a batch of windows.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output. It is not changed.
    x : array-like of shape (n_windows, window, n_features)
        The windows; they need not fit into the memory of one call.
    layer : str, int or keras.layers.Layer
        A layer of the model by name, by index in `model.layers`, or the object.

    Returns
    -------
    ndarray of shape (n_windows, n_steps, n_channels)
        The activations, in inference mode.

    Raises
    ------
    TypeError, ValueError
        If the model has no graph, the layer is unknown (the message lists those there are) or has no channel axis,
        or the windows do not fit the model, or make it give NaN.
    """
    model = as_model(model)
    output = layer_output(model, layer)
    x = as_windows(model, x)
    # keras.Function walks the graph that is there; a second keras.Model on it would change the user's model.
    function = keras.Function(model.inputs, output)
    size = windows_per_call(model, x.shape[1])
    return np.concatenate([run(function, [x[start : start + size]]) for start in range(0, len(x), size)])


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

    def sees_padding(self, n_steps: int, window: int) -> Bool[np.ndarray, " step"]:
        """Return, for each of `n_steps` steps, whether it sees samples outside a window of `window` samples."""
        first = self.start + np.arange(n_steps) * self.stride
        return (first < 0) | (first + self.size > window)


# Layers that look at each step by itself, so that they change no receptive field.
_STEPWISE = ("Activation", "ReLU", "LeakyReLU", "PReLU", "ELU", "Dropout", "SpatialDropout1D",
             "GaussianNoise", "GaussianDropout", "Normalization", "Rescaling",
             "BatchNormalization", "InputLayer")  # fmt: skip


def receptive_field(model: Any, layer: Any, window: Any = None) -> ReceptiveField:
    """Work out which input samples each step of a layer sees.

    It follows a straight chain of Conv1D layers and of layers that act on each step alone.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output.
    layer : str, int or keras.layers.Layer
        A layer of the model.
    window : int or None
        Steps of the input; needed only where the model leaves them open and "same" padding with a stride depends on
        them.

    Returns
    -------
    ReceptiveField
        `.size`, `.stride`, `.start` and `.centre`, in samples.

    Raises
    ------
    TypeError, ValueError
        If the layer is unknown, has no steps, or lies behind a layer whose reach is not known.

    Examples
    --------
    Kernel 10, stride 1, "same": Keras pads 4 samples on the left and 5 on the right.

    >>> receptive_field(build_model(), "conv1")  # doctest: +SKIP
    ReceptiveField(size=10, stride=1, start=-4)
    """
    model = as_model(model)
    tensor = layer_output(model, layer)
    steps = model.inputs[0].shape[1]
    if window is not None:
        window = as_size(window, "window")
        if steps not in (None, window):
            raise ValueError(f"`window` must be the model's own, {steps}, or None. Got {window}.")
        steps = window

    size, stride, start = 1, 1, 0
    for part in _chain(model, tensor):
        if type(part) is keras.layers.Conv1D:  # a subclass may do anything
            reach = (part.kernel_size[0] - 1) * part.dilation_rate[0] + 1
            left, steps = _padding(part, reach, steps)
            size, start = size + (reach - 1) * stride, start - left * stride
            stride *= part.strides[0]
        elif type(part).__name__ not in _STEPWISE:
            raise ValueError(
                f"`layer` must be reached through Conv1D layers and layers that act on each step alone. "
                f"Got {type(part).__name__} {part.name!r} on the way."
            )
    return ReceptiveField(size, stride, start)


def _chain(model: Any, tensor: Any) -> list[Any]:
    """List the operations from the model's input to `tensor`, first to last."""
    operations = []
    while tensor is not model.inputs[0]:
        operation, node = tensor._keras_history[:2]
        inputs = operation._inbound_nodes[node].input_tensors
        if len(inputs) != 1:
            raise ValueError(f"`layer` must be reached along one path. {operation.name!r} joins {len(inputs)} tensors.")
        operations.append(operation)
        tensor = inputs[0]
    return operations[::-1]


def _padding(conv: Any, reach: int, steps: int | None) -> tuple[int, int | None]:
    """Zeros on the left of the input of a Conv1D that has `steps` steps, and the steps of its output."""
    stride = conv.strides[0]
    if conv.padding == "valid":
        return 0, None if steps is None else (steps - reach) // stride + 1
    if conv.padding == "causal":
        return reach - 1, None if steps is None else -(-steps // stride)
    if steps is None:
        if stride > 1:
            raise ValueError(f"`window` must be given: the padding of layer {conv.name!r} depends on it. Got None.")
        return (reach - 1) // 2, None
    out = -(-steps // stride)
    return max((out - 1) * stride + reach - steps, 0) // 2, out
