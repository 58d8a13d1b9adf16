"""The result of an ablation study: forecasts and scores of many deletions, and what follows from them."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from jaxtyping import Float, Int

from conv1d_viz.ablation.deletions import Deletion, as_rows


@dataclass(frozen=True, eq=False)
class AblationStudy:
    """Forecasts and scores of a set of deletions; row k of each array belongs to `deletions[k]`."""

    deletions: list[Deletion]
    predictions: Float[np.ndarray, "deletion window horizon"]
    mse: Float[np.ndarray, " deletion"]
    baseline_prediction: Float[np.ndarray, "window horizon"]
    baseline_mse: float
    n_channels: int
    replacement: str

    def mse_of(self, deletions: Iterable[Iterable[int]]) -> Float[np.ndarray, " chosen"]:
        """Return the MSE of chosen deletions, in their order; the order of the channels within one is no matter.

        Raises
        ------
        TypeError, ValueError
            If one is no set of channels, or the study lacks it. Nothing deleted, (), is the baseline.

        Examples
        --------
        The single channels of any study that holds them: `study.mse_of((c,) for c in range(study.n_channels))`.
        """
        known = {frozenset(channels): mse for channels, mse in zip(self.deletions, self.mse, strict=True)}
        known[frozenset()] = self.baseline_mse
        chosen = as_rows(deletions, self.n_channels)
        for channels in chosen:
            if frozenset(channels) not in known:
                raise ValueError(f"`deletions` must be some of the study's own. Got {channels}.")
        return np.array([known[frozenset(channels)] for channels in chosen])

    def pair_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return the MSE with channels i and j deleted, (n_channels, n_channels); on the diagonal that of i alone.

        Raises
        ------
        ValueError
            If the study lacks a single channel or a pair.
        """
        matrix: np.ndarray = self.mse[self._pair_rows()]
        return matrix

    def pair_predictions(self) -> Float[np.ndarray, "channel channel window horizon"]:
        """Return the forecasts with channels i and j deleted, (n_channels, n_channels, n_windows, horizon).

        Raises
        ------
        ValueError
            If the study lacks a single channel or a pair.
        """
        forecasts: np.ndarray = self.predictions[self._pair_rows()]
        return forecasts

    def interaction_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return by how much deleting a pair costs more than its two channels one by one, (n_channels, n_channels).

        The MSE of the pair, minus those of its two channels alone, plus the baseline; 0 on the diagonal. Negative where
        losing one channel makes up for losing the other. Errors are squares: where two deletions shift the forecast
        the same way, it is positive even if the shifts merely add up, by twice the mean of their product.

        Raises
        ------
        ValueError
            If the study lacks a single channel or a pair.
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

        Raises
        ------
        ValueError
            If the study lacks a subset of the channels.

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
        """Return, for 0, 1, … deleted channels, those whose deletion costs least: n_channels + 1 deletions.

        Raises
        ------
        ValueError
            If the study lacks a subset of the channels.
        """
        self._subset_rows()
        costliest_first = np.argsort(self.mse, kind="stable")[::-1]
        best = {len(self.deletions[k]): self.deletions[k] for k in costliest_first}
        return [best[size] for size in range(self.n_channels + 1)]

    def greedy_removal(self) -> list[Deletion]:
        """Delete channel after channel, each time the one that costs least: n_channels + 1 deletions, each in order.

        Row k holds the first k channels that go. Unlike the best of each size, it never takes a channel back.

        Raises
        ------
        ValueError
            If the study lacks a subset of the channels.
        """
        scores = self.mse[self._subset_rows()]
        path: list[Deletion] = [()]
        for _ in range(self.n_channels):
            longer = [(*path[-1], channel) for channel in range(self.n_channels) if channel not in path[-1]]
            path.append(min(longer, key=lambda channels: scores[_code(channels)]))
        return path

    def _pair_rows(self) -> Int[np.ndarray, "channel channel"]:
        channels = range(self.n_channels)
        codes = [[_code({i, j}) for j in channels] for i in channels]
        return self._rows(codes, "pairs", "every single channel and every pair")

    def _subset_rows(self) -> Int[np.ndarray, " subset"]:
        """Return the row of every subset; in its number's binary digits channel 0 is the last."""
        # Of too many channels not all subsets can be there, nor counted one by one.
        n_subsets = 2 ** min(self.n_channels, len(self.deletions).bit_length())
        return self._rows(range(n_subsets), "all", "every subset of the channels")

    def _rows(self, codes: Any, word: str, meaning: str) -> Int[np.ndarray, "..."]:
        row = {_code(channels): k for k, channels in enumerate(self.deletions)}
        try:
            rows: np.ndarray = np.vectorize(row.__getitem__, otypes=[int])(np.array(codes, dtype=object))
            return rows
        except KeyError as missing:
            lacking = tuple(channel for channel in range(self.n_channels) if missing.args[0] >> channel & 1)
            raise ValueError(
                f'`deletions` must be "{word}", {meaning}, for this. Got a study without {lacking}.'
            ) from None

    def to_frame(self) -> pd.DataFrame:
        """Return a table with a row a deletion: the channels, how many, the MSE and its change from the baseline."""
        return pd.DataFrame(
            {
                "deleted": self.deletions,
                "n_deleted": [len(channels) for channels in self.deletions],
                "mse": self.mse,
                "change": self.mse - self.baseline_mse,
            }
        )


def _code(channels: Iterable[int]) -> int:
    """Return a set of channels as one number, with a binary digit a channel."""
    return sum(1 << channel for channel in channels)
