"""The samples of a window that each step of a layer sees."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from conv1d_viz.checks import as_size
from conv1d_viz.network.graph import trace
from conv1d_viz.network.layers import as_model, find_layer
from conv1d_viz.timelines._views import follow


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
        """Return, for each of `n_steps` steps, whether it sees samples outside a window of `window` samples.

        Zeros that take the place of samples which a Cropping1D has cut off are not counted.
        """
        n_steps, window = as_size(n_steps, "n_steps"), as_size(window, "window")
        first = self.start + np.arange(n_steps) * self.stride
        padded: np.ndarray = (first < 0) | (first + self.size > window)
        return padded


def receptive_field(model: Any, layer: Any, window: Any = None) -> ReceptiveField:
    """Work out which input samples each step of a layer sees.

    It follows convolutions (Conv1D, DepthwiseConv1D, SeparableConv1D), poolings, ZeroPadding1D, Cropping1D and
    UpSampling1D, layers that act on each step alone, and branches that are added, multiplied or concatenated.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, with one input and one output.
    layer : str, int or keras.layers.Layer
        A layer of the model; one inside a nested model by its path, such as "encoder/conv1".
    window : int or None
        Steps of the input; needed only where the model leaves them open and "same" padding with a stride depends on
        them.

    Returns
    -------
    ReceptiveField
        `.size`, `.stride`, `.start` and `.centre`, in samples. After an UpSampling1D several steps see the same
        samples; the field is then the smallest that holds what each step sees.

    Raises
    ------
    TypeError, ValueError
        If the layer is unknown, has no steps, or lies behind a layer whose reach is not known; the message names that
        layer and the reason. Also if branches with different strides meet, or the steps lie apart by no whole number
        of samples.

    Examples
    --------
    Kernel 10, stride 1, "same": Keras pads 4 samples on the left and 5 on the right.

    >>> receptive_field(build_model(), "conv1")  # doctest: +SKIP
    ReceptiveField(size=10, stride=1, start=-4)

    References
    ----------
    Araujo, Norris, Sim, "Computing receptive fields of convolutional neural networks", Distill, 2019.
    """
    model = as_model(model)
    graph = trace(model)
    _, key = find_layer(model, graph, layer)
    if window is not None:
        window = as_size(window, "window")
        steps = model.inputs[0].shape[1]
        if steps not in (None, window):
            raise ValueError(f"`window` must be the model's own, {steps}, or None. Got {window}.")
    view = follow(model, graph, key, window).view
    stride = view.stride
    start = min(first - r * stride for r, first in enumerate(view.first))
    last = max(last - r * stride for r, last in enumerate(view.last))
    return ReceptiveField(last - start + 1, stride, start)
