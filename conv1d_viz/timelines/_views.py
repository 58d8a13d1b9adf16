"""What the steps of each tensor see, followed from the input of a model to a layer."""

import math
from typing import Any, NamedTuple

import numpy as np

from conv1d_viz.network.graph import Call, Graph, calls_between
from conv1d_viz.timelines._stencils import OpenLengthError, Stencil, stencil


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
