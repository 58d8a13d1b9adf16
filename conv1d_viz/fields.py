"""The samples of a window that each step of a layer sees."""

import math
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Bool

from conv1d_viz._checks import as_size
from conv1d_viz._graph import Call, Graph, calls_between, trace
from conv1d_viz._models import as_model, find_layer
from conv1d_viz._stencils import OpenLengthError, Stencil, stencil


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


class View(NamedTuple):
    """What the steps of a tensor see: step r of the first `len(first)` steps sees the samples first[r] … last[r].

    The next as many steps see the samples `shift` later, and so on. All have the same distance but behind UpSampling1D.
    """

    first: tuple[int, ...]
    last: tuple[int, ...]
    shift: int
    n_steps: int | None
    clean: tuple[int, int | None]  # the steps from … until before … that no padding reaches
    alike: bool  # whether all steps are computed with the same weights

    @property
    def stride(self) -> int:
        """Samples between two steps."""
        period = len(self.first)
        if self.shift % period:
            raise ValueError(
                "`layer` must have steps that lie apart by whole samples. "
                f"Got {period} steps in {self.shift} samples, behind an UpSampling1D."
            )
        return self.shift // period


class Way(NamedTuple):
    """The calls from the input of a model to a layer, what each looks at, and what the layer sees in the end."""

    calls: list[Call]
    stencils: list[Stencil]
    views: dict[int, View]
    view: View


def follow(model: Any, graph: Graph, key: int, window: int | None) -> Way:
    """Follow what each tensor on the way to `key` sees; ValueError names the layer that stops it and the reason."""
    steps = window or model.inputs[0].shape[1]
    views = {graph.source: View((0,), (0,), 1, steps, (0, steps), True)}
    calls = calls_between(graph, {graph.source}, {key})
    stencils = []
    for call in calls:
        try:
            inputs = [views[k] for k in call.inputs]
            joined = _join(inputs)
            step = stencil(call.operation, call.node, joined.n_steps)
        except OpenLengthError:
            raise ValueError(
                f"`window` must be given: the padding of layer {call.path!r} depends on it. Got None."
            ) from None
        except ValueError as reason:
            raise ValueError(
                f"`layer` must be reached through layers whose reach is known. "
                f"Got {type(call.operation).__name__} {call.path!r}, which {reason}."
            ) from None
        stencils.append(step)
        views.update(dict.fromkeys(call.outputs, _seen_through(joined, step)))
    return Way(calls, stencils, views, views[key])


def _seen_through(view: View, step: Stencil) -> View:
    """Return what the output steps of an operation see, from what its input steps see."""
    period = len(view.first)
    begin, end = view.clean
    if step.repeat > 1:
        first, last = (tuple(np.repeat(samples, step.repeat).tolist()) for samples in (view.first, view.last))
        clean = (begin * step.repeat, None if end is None else end * step.repeat)
        return View(first, last, view.shift, step.n_steps, clean, view.alike)

    def at(samples: tuple[int, ...], s: int) -> int:
        return samples[s % period] + s // period * view.shift

    new = period // math.gcd(period, step.stride)
    starts = [r * step.stride - step.left for r in range(new)]
    begin = max(0, -(-(begin + step.left) // step.stride))
    if end is not None:
        end = min(step.n_steps or 0, (end - step.size + step.left) // step.stride + 1)
    return View(
        tuple(at(view.first, s) for s in starts),
        tuple(at(view.last, s + step.size - 1) for s in starts),
        new * step.stride * view.shift // period,
        step.n_steps,
        (begin, end),
        view.alike and step.alike,
    )


def _join(views: list[View]) -> View:
    """Return what the steps of several tensors of equal length and stride see together."""
    if len(views) == 1:
        return views[0]
    if len({view.n_steps for view in views}) > 1:
        raise ValueError(f"joins branches of {' and '.join(str(view.n_steps) for view in views)} steps")
    if len({view.shift / len(view.first) for view in views}) > 1:
        strides = " and ".join(f"{view.shift / len(view.first):g}" for view in views)
        raise ValueError(f"joins branches whose strides are {strides} samples")
    period = math.lcm(*(len(view.first) for view in views))
    first, last = (
        [
            [samples[r % len(samples)] + r // len(samples) * view.shift for r in range(period)]
            for view, samples in zip(views, seen, strict=True)
        ]
        for seen in ([view.first for view in views], [view.last for view in views])
    )
    ends = [view.clean[1] for view in views if view.clean[1] is not None]  # where the length is open, none has one
    return View(
        tuple(map(min, *first)),
        tuple(map(max, *last)),
        views[0].shift * period // len(views[0].first),
        views[0].n_steps,
        (max(view.clean[0] for view in views), min(ends, default=None)),
        all(view.alike for view in views),
    )
