"""Shapley values of layers with too many channels for all subsets: an estimate from some orders of deletion."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz.ablation.cut import cut_behind, inputs_of, replacement_for
from conv1d_viz.ablation.losses import as_score
from conv1d_viz.ablation.study import scored
from conv1d_viz.checks import as_seed, as_size


class ShapleyEstimate(NamedTuple):
    """Mean and standard error over the orders that were tried."""

    values: Float[np.ndarray, " channel"]
    standard_errors: Float[np.ndarray, " channel"]


def estimate_shapley(
    model: Any,
    x: Any,
    y: Any,
    layer: Any,
    n_orders: Any = 200,
    replacement: str = "zero",
    seed: Any = None,
    progress: bool = False,
    *,
    loss: Any = None,
    output: Any = None,
) -> ShapleyEstimate:
    """Estimate the Shapley values of an ablation study for a layer with any number of channels.

    Channels are deleted one after the other until none is left, in random orders; a channel's value is the mean
    increase of the loss when its turn comes: `.values` and their `.standard_errors`, both (n_channels,). In every order
    these rises sum up to the loss with all channels deleted minus the baseline, so the values do too. The exact values
    need 2**n_channels deletions, these at most n_orders * n_channels. With many orders they are within two standard
    errors of the exact ones in about 95 % of the cases.

    Parameters
    ----------
    model, x, y, layer, replacement, loss, output
        As for `ablation_study`.
    n_orders : int
        Random orders; at least 2. Four times as many halve the standard errors.
    seed, progress : int or None, and bool
        Seed of the orders, and of "shuffle"; whether to show a progress bar.

    References
    ----------
    Castro, Gómez, Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers & Operations
    Research 36, 2009.
    """
    cut = cut_behind(model, layer, output)
    inputs = inputs_of(cut, x)
    _, score = as_score(cut, y, loss, len(inputs[0]))
    n_orders, seed, n_channels = as_size(n_orders, "n_orders", minimum=2), as_seed(seed), cut.n_channels
    # A stream of its own: `seed` itself draws the permutations of "shuffle", the same as in `ablation_study`.
    generator = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    orders = np.stack([generator.permutation(n_channels) for _ in range(n_orders)])
    with_what = replacement_for(cut, inputs, replacement, seed)
    deleted = [tuple(np.sort(order[:size]).tolist()) for order in orders for size in range(n_channels + 1)]
    deletions = list(dict.fromkeys(deleted))  # many orders pass through the same set of channels
    total = len(deletions) * len(inputs[0])
    with tqdm(total=total, desc="forecasts", unit_scale=True, disable=not progress) as bar:
        _, losses = scored(cut, inputs, deletions, with_what, score, False, bar.update)
    loss_of = dict(zip(deletions, losses, strict=True))
    scores = np.array([loss_of[channels] for channels in deleted]).reshape(n_orders, -1)
    rises = np.empty((n_orders, n_channels))
    np.put_along_axis(rises, orders, np.diff(scores), axis=1)
    return ShapleyEstimate(rises.mean(axis=0), rises.std(axis=0, ddof=1) / np.sqrt(n_orders))
