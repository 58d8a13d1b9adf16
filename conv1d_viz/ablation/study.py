"""Many deletions and their scores: which channels a forecast needs, alone and together."""

import itertools
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
import pandas as pd
from jaxtyping import Float, Int
from tqdm import tqdm

from conv1d_viz.ablation.cut import (
    Cut,
    Deletion,
    Forecasts,
    Replacement,
    as_deletion,
    cut_behind,
    forecasts,
    replacement_for,
)
from conv1d_viz.checks import as_items, one_of
from conv1d_viz.network.layers import as_targets, as_windows

_MOST_SUBSETS = 20  # channels up to which all subsets are deleted: about a million


def ablation_study(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    deletions: Any = "pairs",
    replacement: str = "zero",
    seed: Any = None,
    progress: bool = False,
    cells: Any = None,
) -> "AblationStudy":
    """Forecast with each of many deletions, once each, and score the forecasts.

    Within `joblib.parallel_config(...)` the deletions are shared out among its workers; for other processes the model
    is pickled, and they must be able to import its own classes. In addition to the arguments and the result, 4 bytes
    per deletion, window and step of the horizon, a call takes about 256 MB in each worker, and with "shuffle" 8 bytes
    per channel and window.

    Parameters
    ----------
    model, x, layer, replacement, seed, cells
        As for `predict_ablated`. The permutations of "shuffle" are shared by all deletions.
    y : array-like of shape (n_windows, horizon)
        What the forecasts are compared with.
    deletions : {"single", "keep_one", "pairs", "all"} or iterable of tuples of int
        Every channel alone; all but one; every channel alone and then every pair; every subset, by size and then by
        index, from none to all of up to 20 channels; or these very sets of channels.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    AblationStudy
        `.deletions`, `.predictions` (n_deletions, n_windows, horizon), `.mse` (n_deletions,), `.baseline_mse` and
        `.baseline_prediction` with nothing deleted, `.mse_of(deletions)`, `.to_frame()`; from pairs `.pair_matrix()`,
        `.pair_predictions()` and `.interaction_matrix()`; from all subsets `.shapley_values()`,
        `.best_of_each_size()` and `.greedy_removal()`.
    """
    cut = cut_behind(model, layer)
    x = as_windows(cut.model, x)
    y = as_targets(cut.model, y, len(x))
    rows = _as_deletions(deletions, cut.n_channels)
    with_what = replacement_for(cut, x, replacement, seed, cells)
    with tqdm(total=(len(rows) + 1) * len(x), desc="forecasts", unit_scale=True, disable=not progress) as bar:
        predictions = in_parallel(cut, x, [(), *rows], with_what, bar.update)
    mse = errors(predictions, y)
    return AblationStudy(rows, predictions[1:], mse[1:], predictions[0], float(mse[0]), cut.n_channels, replacement)


def in_parallel(
    cut: Cut,
    x: Float[np.ndarray, "window step feature"],
    deletions: list[Deletion],
    replacement: Replacement,
    update: Callable[[int], Any] | None = None,
) -> Forecasts:
    """Share the deletions out among the workers of joblib's present configuration: by default this process alone."""
    workers = min(joblib.effective_n_jobs(None), len(deletions))
    if workers < 2:
        return forecasts(cut, x, deletions, replacement, update)
    x = np.array(x)  # windows that share a series become an array of their own, once for all workers
    jobs = [(cut.model, cut.path, x, deletions[k::workers], replacement) for k in range(workers)]
    parts = joblib.Parallel(return_as="generator")(joblib.delayed(_in_a_worker)(*job) for job in jobs)
    predictions = np.empty((len(deletions), len(x), cut.model.outputs[0].shape[1]), dtype=np.float32)
    for k, part in enumerate(parts):
        predictions[k::workers] = part
        if update is not None:
            update(len(part) * len(x))
    return predictions


def _in_a_worker(model: Any, path: str, x: Any, deletions: list[Deletion], replacement: Replacement) -> Forecasts:
    return forecasts(cut_behind(model, path), x, deletions, replacement)


def errors(predictions: Forecasts, y: Float[np.ndarray, "window horizon"]) -> Float[np.ndarray, " deletion"]:
    """Return the mean squared error of each deletion's forecasts."""
    return np.array([np.mean((forecast.astype(np.float64) - y) ** 2) for forecast in predictions])


def _as_deletions(deletions: Any, n_channels: int) -> list[Deletion]:
    """Spell out a word such as "pairs", or check the tuples given."""
    channels = range(n_channels)
    single: list[Deletion] = [(channel,) for channel in channels]
    if not isinstance(deletions, str):
        rows = _as_rows(deletions, n_channels)
        if not rows or len(set(map(frozenset, rows))) < len(rows):
            raise ValueError(f"`deletions` must be at least one set of channels, each of them once. Got {rows!r:.80}.")
        return rows
    match one_of(deletions, "deletions", ("single", "keep_one", "pairs", "all")):
        case "single":
            return single
        case "keep_one":
            return [tuple(other for other in channels if other != kept) for kept in channels]
        case "pairs":
            return single + list(itertools.combinations(channels, 2))
    if n_channels > _MOST_SUBSETS:
        raise ValueError(
            f'`deletions="all"` must mean at most {_MOST_SUBSETS} channels. Got {n_channels}, and {2**n_channels:.3g} '
            'subsets; "pairs", or an iterable of the subsets of interest, does with fewer, and so does '
            "`estimate_shapley`."
        )
    return [subset for size in range(n_channels + 1) for subset in itertools.combinations(channels, size)]


def _as_rows(deletions: Any, n_channels: int) -> list[Deletion]:
    kind = "an iterable of tuples of channels"
    return [as_deletion(channels, "deletions", n_channels) for channels in as_items(deletions, "deletions", kind)]


@dataclass(frozen=True, eq=False)
class AblationStudy:
    """Forecasts and scores of a set of deletions; row k of each array belongs to `deletions[k]`."""

    deletions: list[Deletion]
    predictions: Forecasts
    mse: Float[np.ndarray, " deletion"]
    baseline_prediction: Float[np.ndarray, "window horizon"]
    baseline_mse: float
    n_channels: int
    replacement: str

    def mse_of(self, deletions: Any) -> Float[np.ndarray, " chosen"]:
        """Return the MSE of chosen deletions, in their order; nothing deleted, (), is the baseline.

        Examples
        --------
        The single channels of any study that holds them: `study.mse_of((c,) for c in range(study.n_channels))`.
        """
        known = {frozenset(channels): mse for channels, mse in zip(self.deletions, self.mse, strict=True)}
        known[frozenset()] = self.baseline_mse
        chosen = _as_rows(deletions, self.n_channels)
        for channels in chosen:
            if frozenset(channels) not in known:
                raise ValueError(f"`deletions` must be some of the study's own. Got {channels}.")
        return np.array([known[frozenset(channels)] for channels in chosen])

    def pair_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return the MSE with channels i and j deleted, (n_channels, n_channels); on the diagonal that of i alone."""
        matrix: np.ndarray = self.mse[self._pair_rows()]
        return matrix

    def pair_predictions(self) -> Float[np.ndarray, "channel channel window horizon"]:
        """Return the forecasts with channels i and j deleted, (n_channels, n_channels, n_windows, horizon)."""
        matrix: np.ndarray = self.predictions[self._pair_rows()]
        return matrix

    def interaction_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return by how much deleting a pair costs more than its two channels one by one, (n_channels, n_channels).

        The MSE of the pair, minus those of its two channels alone, plus the baseline; 0 on the diagonal. Negative where
        losing one channel makes up for losing the other. Errors are squares: where two deletions shift the forecast
        the same way, it is positive even if the shifts merely add up, by twice the mean of their product.
        """
        pairs = self.pair_matrix()
        cost = pairs.diagonal() - self.baseline_mse
        interaction = pairs - self.baseline_mse - np.add.outer(cost, cost)
        np.fill_diagonal(interaction, 0.0)
        return interaction

    def shapley_values(self) -> Float[np.ndarray, " channel"]:
        """Return each channel's fair share of the error that deleting all channels adds, (n_channels,).

        The mean, over all orders in which channels can be deleted one after the other, of what the MSE rises by when it
        is this channel's turn. The shares sum up to the MSE with all channels deleted minus the baseline. A negative
        share is that of a channel without which the forecast is better on average.

        References
        ----------
        Shapley, "A value for n-person games", Contributions to the Theory of Games II, 1953.
        """
        n = self.n_channels
        scores = self.mse[self._subset_rows()].reshape((2,) * n).T  # axis c: channel c kept or deleted
        before = np.indices((2,) * (n - 1)).sum(axis=0)  # how many other channels are gone when it is a channel's turn
        orders = np.array([1 / (n * math.comb(n - 1, size)) for size in range(n)])  # that have just these before it
        return np.array([(orders[before] * np.diff(scores, axis=c).squeeze(c)).sum() for c in range(n)])

    def best_of_each_size(self) -> list[Deletion]:
        """Return, for 0, 1, … deleted channels, those whose deletion costs least: n_channels + 1 deletions."""
        self._subset_rows()
        costliest_first = np.argsort(self.mse, kind="stable")[::-1]
        best = {len(self.deletions[k]): self.deletions[k] for k in costliest_first}
        return [best[size] for size in range(self.n_channels + 1)]

    def greedy_removal(self) -> list[Deletion]:
        """Delete channel after channel, each time the one that costs least: n_channels + 1 deletions, each in order.

        Row k holds the first k channels that go. Unlike the best of each size, it never takes a channel back.
        """
        scores = self.mse[self._subset_rows()]
        path: list[Deletion] = [()]
        for _ in range(self.n_channels):
            longer = [(*path[-1], channel) for channel in range(self.n_channels) if channel not in path[-1]]
            path.append(min(longer, key=lambda channels: scores[_code(channels)]))
        return path

    def to_frame(self) -> pd.DataFrame:
        """Return one row per deletion: its channels, how many they are, the MSE and its change from the baseline."""
        return pd.DataFrame(
            {
                "deleted": self.deletions,
                "n_deleted": [len(channels) for channels in self.deletions],
                "mse": self.mse,
                "change": self.mse - self.baseline_mse,
            }
        )

    def _pair_rows(self) -> Int[np.ndarray, "channel channel"]:
        channels = range(self.n_channels)
        return self._rows([[{i, j} for j in channels] for i in channels], '"pairs"')

    def _subset_rows(self) -> Int[np.ndarray, " subset"]:
        """Return the row of every subset; in its number's binary digits channel 0 is the last."""
        # Of too many channels not all subsets can be there, nor counted one by one.
        n = min(self.n_channels, len(self.deletions).bit_length())
        return self._rows([{c for c in range(n) if code >> c & 1} for code in range(2**n)], '"all"')

    def _rows(self, wanted: list[Any], word: str) -> Int[np.ndarray, "..."]:
        row = {_code(channels): k for k, channels in enumerate(self.deletions)}
        try:
            codes = np.vectorize(_code, otypes=[object])(np.array(wanted, dtype=object))
            rows: np.ndarray = np.vectorize(row.__getitem__, otypes=[int])(codes)
            return rows
        except KeyError:
            raise ValueError(f"`deletions` must be {word} for this. Got a study that lacks some of these.") from None


def _code(channels: Iterable[int]) -> int:
    """Return a set of channels as one number, with one binary digit per channel."""
    return sum(1 << channel for channel in channels)
