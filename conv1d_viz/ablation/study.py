"""Many deletions and their scores: which channels a forecast needs, alone and together."""

import itertools
import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
import pandas as pd
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz.ablation.cut import (
    Cut,
    Deletions,
    Forecasts,
    Replacement,
    Update,
    as_deletion,
    cut_behind,
    forecasts,
    inputs_of,
    replacement_for,
)
from conv1d_viz.ablation.losses import Score, as_score
from conv1d_viz.checks import as_items, as_seed, as_size, as_texts, one_of
from conv1d_viz.network.layers import Inputs, chunks, longest

_MOST_SUBSETS, _MOST_KEPT = 20, 16  # channels up to which all subsets are deleted, and their forecasts kept


def ablation_study(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    deletions: Any = "single",
    replacement: str = "zero",
    seed: Any = None,
    progress: bool = False,
    cells: Any = None,
    *,
    loss: Any = None,
    output: Any = None,
    names: Any = None,
    repeats: Any = 1,
    keep_predictions: bool = True,
) -> "AblationStudy":
    """Make and score one forecast per deletion.

    Within `joblib.parallel_config(...)` the deletions are shared out among its workers; for other processes the model
    is pickled, and they must be able to import its own classes. In addition to the arguments and the result, 4 bytes
    per deletion and number of the output, a call takes about 256 MB in each worker, and with "shuffle" twice what the
    layer gives of the channels that are deleted, for all windows.

    Parameters
    ----------
    model, x, layer, replacement, seed, cells, output
        As for `predict_ablated`. The permutations of "shuffle" are shared by all deletions.
    y : array-like of shape (n_windows, ...)
        What the forecasts are compared with, as the loss takes it; (n,) becomes (n, 1) if that is the output's shape.
    deletions : {"single", "keep_one", "pairs", "all"} or iterable of tuples of int
        Every channel alone; all but one; every channel alone and then every pair; every subset, by size and then by
        index, from none to all of up to 20 channels; or exactly these sets of channels.
    loss : str, keras.losses.Loss, callable or None
        What `keras.losses.get` takes, or a function (y, prediction) -> float, smaller is better, such as the error rate
        `lambda y, p: 1 - sklearn.metrics.accuracy_score(y, p.argmax(axis=1))`; both its arguments are (n, 1) where the
        model gives one number. None: the loss that the model was compiled with, else the mean squared error, which is
        exact in float64.
    names : sequence of str or None
        What the channels are called in the table, such as `table.columns` for the features of the input.
    repeats : int
        Permutations of "shuffle", over which the losses are averaged; predictions are those of the first.
    keep_predictions, progress : bool
        Whether to keep the forecasts, which may be more than memory holds ("all" keeps those of up to 16 channels),
        and whether to show a progress bar.

    Returns
    -------
    AblationStudy
        `.deletions`, `.predictions` (n_deletions, n_windows, ...), `.loss` (n_deletions,), `.loss_error`, its standard
        error over several permutations, `.loss_name`, `.baseline_loss` and `.baseline_prediction` with nothing
        deleted, `.loss_of(deletions)`, `.to_frame()`; `.mse` and `.baseline_mse` where that is the loss; from pairs
        `.pair_matrix()`, `.pair_predictions()` and `.interaction_matrix()`; from all subsets `.shapley_values()`,
        `.best_of_each_size()` and `.greedy_removal()`.
    """
    cut = cut_behind(model, layer, output)
    inputs = inputs_of(cut, x)
    loss_name, score = as_score(cut, y, loss, len(inputs[0]))
    rows = _as_deletions(deletions, cut.n_channels, keep_predictions)
    names = None if names is None else as_texts(names, "names", cut.n_channels)
    repeats, generator = as_size(repeats, "repeats"), np.random.default_rng(as_seed(seed))
    if repeats > 1 and replacement != "shuffle":
        raise ValueError(f'`repeats` must be 1 unless `replacement` is "shuffle". Got {repeats} with {replacement!r}.')
    predictions, losses, total = None, [], repeats * (len(rows) + 1) * len(inputs[0])
    with tqdm(total=total, desc="forecasts", unit_scale=True, disable=not progress) as bar:
        for k in range(repeats):
            with_what = replacement_for(cut, inputs, replacement, generator, cells)
            made, scores = scored(cut, inputs, [(), *rows], with_what, score, keep_predictions and k == 0, bar.update)
            losses.append(scores)
            predictions = predictions if made is None else made
    mean = np.mean(losses, axis=0)
    error = np.std(losses, axis=0, ddof=1)[1:] / np.sqrt(repeats) if repeats > 1 else None
    kept, baseline = (None, None) if predictions is None else (predictions[1:], predictions[0])
    return AblationStudy(rows, kept, mean[1:], baseline, float(mean[0]), loss_name, error, cut.n_channels, names)


def scored(
    cut: Cut, inputs: Inputs, deletions: Deletions, replacement: Replacement, score: Score, keep: bool, update: Update
) -> tuple[Forecasts | None, Float[np.ndarray, " deletion"]]:
    """Return the forecasts of some deletions, if they are to be kept, and their losses."""
    if keep:
        predictions = _in_parallel(cut, inputs, deletions, replacement, update)
        return predictions, np.array([score(prediction) for prediction in predictions])
    blocks = chunks(len(deletions), cut.graph.floats_of({cut.output}, longest(inputs)) * len(inputs[0]))
    losses = [scored(cut, inputs, deletions[block], replacement, score, True, update)[1] for block in blocks]
    return None, np.concatenate(losses)


def _in_parallel(cut: Cut, inputs: Inputs, deletions: Deletions, replacement: Replacement, update: Update) -> Forecasts:
    """Share the deletions out among the workers of joblib's present configuration: by default this process alone."""
    workers = min(joblib.effective_n_jobs(None), len(deletions))
    if workers < 2:
        return forecasts(cut, inputs, deletions, replacement, update)
    arrays = tuple(np.array(array) for array in inputs)  # windows that share a series become arrays of their own
    place = cut.model, cut.path, cut.graph.outputs.index(cut.output), arrays
    jobs = (joblib.delayed(_in_a_worker)(*place, deletions[k::workers], replacement) for k in range(workers))
    predictions = None
    for k, part in enumerate(joblib.Parallel(return_as="generator")(jobs)):
        if predictions is None:
            predictions = np.empty((len(deletions), *part.shape[1:]), dtype=np.float32)
        predictions[k::workers] = part
        if update is not None:
            update(len(part) * len(inputs[0]))
    assert predictions is not None  # there are at least two workers
    return predictions


def _in_a_worker(
    model: Any, path: str, output: int, inputs: Inputs, deletions: Deletions, replacement: Replacement
) -> Forecasts:
    return forecasts(cut_behind(model, path, output), inputs, deletions, replacement)


def _as_deletions(deletions: Any, n_channels: int, keep: bool) -> Deletions:
    """Spell out a word such as "pairs", or check the tuples given."""
    channels = range(n_channels)
    single: Deletions = [(channel,) for channel in channels]
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
    if n_channels > (_MOST_KEPT if keep else _MOST_SUBSETS):
        most = f"{_MOST_SUBSETS} channels with `keep_predictions=False`, else {_MOST_KEPT}"
        way_out = "Name the subsets of interest, or see `estimate_shapley`"
        raise ValueError(f'`deletions="all"` must mean at most {most}. Got {n_channels}. {way_out}.')
    return [subset for size in range(n_channels + 1) for subset in itertools.combinations(channels, size)]


def _as_rows(deletions: Any, n_channels: int) -> Deletions:
    kind = "an iterable of tuples of channels, such as [(0,), (0, 1)]"
    rows = [as_items(channels, "deletions", kind) for channels in as_items(deletions, "deletions", kind)]
    return [as_deletion(channels, "deletions", n_channels) for channels in rows]


@dataclass(frozen=True, eq=False)
class AblationStudy:
    """Forecasts and losses of a set of deletions; row k of each array belongs to `deletions[k]`."""

    deletions: Deletions = field(repr=False)  # arrays and long lists would flood a page
    predictions: Forecasts | None = field(repr=False)
    loss: Float[np.ndarray, " deletion"] = field(repr=False)
    baseline_prediction: Float[np.ndarray, "window ..."] | None = field(repr=False)
    baseline_loss: float
    loss_name: str
    loss_error: Float[np.ndarray, " deletion"] | None = field(repr=False)
    n_channels: int
    names: list[str] | None

    @property
    def mse(self) -> Float[np.ndarray, " deletion"]:
        """The losses, where they are mean squared errors."""
        self._require_mse()
        return self.loss

    @property
    def baseline_mse(self) -> float:
        """The baseline, where it is a mean squared error."""
        self._require_mse()
        return self.baseline_loss

    def _require_mse(self) -> None:
        if self.loss_name != "mse":
            raise AttributeError(f"the loss of this study is {self.loss_name!r}: see `loss` and `baseline_loss`")

    def loss_of(self, deletions: Any) -> Float[np.ndarray, " chosen"]:
        """Return the losses of chosen deletions, in their order; nothing deleted, (), is the baseline.

        Those of the single channels: `study.loss_of((c,) for c in range(study.n_channels))`.
        """
        losses: np.ndarray = np.append(self.loss, self.baseline_loss)[self._rows(_as_rows(deletions, self.n_channels))]
        return losses

    def pair_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return the loss with channels i and j deleted, (n_channels, n_channels); on the diagonal that of i alone."""
        return self.loss[self._pair_rows()].reshape(self.n_channels, self.n_channels)

    def pair_predictions(self) -> Float[np.ndarray, "channel channel window ..."]:
        """Return the forecasts with channels i and j deleted, (n_channels, n_channels, n_windows, ...)."""
        if self.predictions is None:
            raise ValueError("`keep_predictions` must be true for this. Got a study without its forecasts.")
        n, shape = self.n_channels, self.predictions.shape[1:]
        return self.predictions[self._pair_rows()].reshape(n, n, *shape)

    def interaction_matrix(self) -> Float[np.ndarray, "channel channel"]:
        """Return how much more a pair costs than its two channels one by one, (n_channels, n_channels).

        The loss of the pair, minus those of its two channels alone, plus the baseline; 0 on the diagonal. Negative
        where losing one channel makes up for losing the other. For squared errors, two deletions that shift the
        forecast the same way make it positive even if the shifts merely add up: by twice the mean of their product.
        """
        pairs = self.pair_matrix()
        cost = pairs.diagonal() - self.baseline_loss
        interaction = pairs - self.baseline_loss - np.add.outer(cost, cost)
        np.fill_diagonal(interaction, 0.0)
        return interaction

    def shapley_values(self) -> Float[np.ndarray, " channel"]:
        """Return each channel's fair share of the loss that deleting all of them adds, (n_channels,).

        The mean, over all orders in which channels can be deleted one after the other, of the increase of the loss
        when its turn comes. The shares sum up to the loss with all channels deleted minus the baseline. A
        negative share is that of a channel without which the forecast is better on average.

        References
        ----------
        Shapley, "A value for n-person games", Contributions to the Theory of Games II, 1953.
        """
        n = self.n_channels
        scores = self._all_losses().reshape((2,) * n).T  # axis c: channel c kept or deleted
        before = np.indices((2,) * (n - 1)).sum(axis=0)  # how many other channels are gone when it is a channel's turn
        orders = np.array([1 / (n * math.comb(n - 1, size)) for size in range(n)])  # that have just these before it
        return np.array([(orders[before] * np.diff(scores, axis=c).squeeze(c)).sum() for c in range(n)])

    def best_of_each_size(self) -> Deletions:
        """Return, for 0, 1, … deleted channels, those whose deletion costs least: n_channels + 1 deletions."""
        self._all_losses()
        costliest_first = np.argsort(self.loss, kind="stable")[::-1]
        best = {0: ()} | {len(self.deletions[k]): self.deletions[k] for k in costliest_first}
        return [best[size] for size in range(self.n_channels + 1)]

    def greedy_removal(self) -> Deletions:
        """Delete channel after channel, each time the one that costs least: n_channels + 1 deletions, each in order.

        Row k holds the first k channels that go. Unlike the best of each size, it never takes a channel back.
        """
        scores = self._all_losses()
        path: Deletions = [()]
        for _ in range(self.n_channels):
            longer = [(*path[-1], channel) for channel in range(self.n_channels) if channel not in path[-1]]
            path.append(min(longer, key=lambda channels: scores[sum(1 << channel for channel in channels)]))
        return path

    def to_frame(self) -> pd.DataFrame:
        """Return one row per deletion: its channels, how many they are, the loss and its change from the baseline."""
        names = self.names or range(self.n_channels)
        table = pd.DataFrame({"deleted": [tuple(names[c] for c in channels) for channels in self.deletions]})
        table["n_deleted"] = table["deleted"].map(len)
        name = "loss" if self.loss_name in (*table, "change", "loss_error") else self.loss_name
        table[name], table["change"] = self.loss, self.loss - self.baseline_loss
        return table if self.loss_error is None else table.assign(loss_error=self.loss_error)

    def _pair_rows(self) -> list[int]:
        return self._rows(itertools.product(range(self.n_channels), repeat=2))

    def _all_losses(self) -> Float[np.ndarray, " subset"]:
        """Return the loss of every subset; in its number's binary digits channel 0 is the last."""
        subsets = ([c for c in range(self.n_channels) if code >> c & 1] for code in range(2**self.n_channels))
        losses: np.ndarray = np.append(self.loss, self.baseline_loss)[self._rows(subsets)]
        return losses

    def _rows(self, wanted: Iterable[Iterable[int]]) -> list[int]:
        """Return the rows of some sets of channels; that of nothing deleted, if it has none, is one after the last."""
        rows = {frozenset[int](): len(self.deletions)}
        rows |= {frozenset(channels): k for k, channels in enumerate(self.deletions)}
        try:
            return [rows[frozenset(channels)] for channels in wanted]
        except KeyError as error:
            got = f"a study without {tuple(sorted(error.args[0]))}"
            raise ValueError(f"`deletions` must hold all sets that this asks for. Got {got}.") from None
