"""What deletions cost, computed once each, and said in words."""

import html
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

import conv1d_viz as cv
from conv1d_viz.ablation.cut import REPLACEMENTS
from conv1d_viz.explore._canvas import number, spoken, strong

Deletion = tuple[int, ...]

_SEED = 0  # of "shuffle"
_DONE = {"zero": "set to zero", "mean": "set to the channel's mean", "shuffle": "shuffled between windows"}


class Forecast(NamedTuple):
    """The forecast of the first step of the horizon, and the MSE over all of its steps."""

    values: Float[np.ndarray, " window"]
    mse: float


class Costs:
    """Forecasts without sets of channels: singles from the start, other sets from when they are first asked for."""

    def __init__(self, model: Any, x: Any, y: Any, path: str, n_channels: int) -> None:
        self._data = (model, x, y, path)
        self._known: dict[tuple[str, Deletion], Forecast] = {}
        for replacement in REPLACEMENTS:
            singles = [(channel,) for channel in range(n_channels)]
            everything = [tuple(range(n_channels))] if n_channels > 1 else []
            self.baseline = self._compute(replacement, singles + everything)

    def of(self, replacement: str, deletion: Deletion) -> Forecast:
        """Forecast without some channels, which are in order; without none of them it is the baseline."""
        if not deletion:
            return self.baseline
        if (replacement, deletion) not in self._known:
            self._compute(replacement, [deletion])
        return self._known[replacement, deletion]

    def interaction(self, replacement: str, deletion: Deletion) -> float:
        """Return by how much the MSE rises more than by the sum of what each of the channels costs alone."""
        base = self.baseline.mse
        alone = sum(self.of(replacement, (channel,)).mse - base for channel in deletion)
        return self.of(replacement, deletion).mse - base - alone

    def span(self) -> tuple[float, float]:
        """The smallest and the largest value of any forecast so far; at first the singles', and that without all."""
        known = [self.baseline, *self._known.values()]
        return min(float(f.values.min()) for f in known), max(float(f.values.max()) for f in known)

    def _compute(self, replacement: str, deletions: list[Deletion]) -> Forecast:
        study = cv.ablation_study(*self._data, deletions, replacement, _SEED, loss="mse")
        assert study.predictions is not None
        assert study.baseline_prediction is not None
        for deletion, prediction, mse in zip(study.deletions, study.predictions, study.mse, strict=True):
            self._known[replacement, deletion] = Forecast(prediction[:, 0].copy(), float(mse))
        return Forecast(study.baseline_prediction[:, 0].copy(), study.baseline_mse)


def describe(costs: Costs, replacement: str, deletion: Deletion, names: list[str], horizon: int) -> str:
    """Say in words, as HTML, what is deleted and what that costs."""
    forecast, base = costs.of(replacement, deletion), costs.baseline.mse
    steps = f" over the {horizon} steps of the horizon" if horizon > 1 else ""
    sentences = [
        _deleted(replacement, deletion, names),
        f"MSE{steps}: {strong(number(forecast.mse))}.",
        f"Change against the baseline {number(base)}: {strong(number(forecast.mse - base, '+'))}.",
    ]
    if len(deletion) > 1:
        interaction = costs.interaction(replacement, deletion)
        more = "more" if interaction >= 0 else "less"
        sentences.append(
            f"Interaction: {strong(number(interaction, '+'))}. So much {more} do they cost together than one by one "
            "(MSE − baseline − the sum of what each costs alone)."
        )
    return spoken(*sentences)


def _deleted(replacement: str, deletion: Deletion, names: list[str]) -> str:
    if not deletion:
        return f"Deleted: {strong('none')} of {len(names)} channels."
    if len(deletion) == len(names) > 1:
        return f"Deleted: {strong(f'all {len(names)} channels')}, {_DONE[replacement]}."
    return f"Deleted: {strong(', '.join(html.escape(names[channel]) for channel in deletion))}, {_DONE[replacement]}."
