"""Shapley values of layers with too many channels for all subsets: an estimate from some orders of deletion."""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from tqdm import tqdm

from conv1d_viz.ablation.cut import cut_behind, replacement_for
from conv1d_viz.ablation.study import errors, in_parallel
from conv1d_viz.checks import as_seed, as_size
from conv1d_viz.network.layers import as_targets, as_windows

_HELD = 2**24  # forecasts that are held at once


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
) -> ShapleyEstimate:
    """Estimate the Shapley values of an ablation study for a layer with any number of channels.

    Channels are deleted one after the other until none is left, in random orders; a channel's value is what the MSE
    rises by when it is its turn, on average. In every order these rises sum up to the MSE with all channels deleted
    minus the baseline, so the values do too. The exact values need 2**n_channels deletions, these n_orders *
    n_channels. With many orders they are within two standard errors of the exact ones in about 95 % of the cases.

    Parameters
    ----------
    model, x, y, layer, replacement
        As for `ablation_study`.
    n_orders : int
        Random orders; at least 2. Four times as many halve the standard errors.
    seed : int or None
        Seed of the orders, and of "shuffle". None draws new ones at each call.
    progress : bool
        Whether to show a progress bar.

    Returns
    -------
    ShapleyEstimate
        `.values` and `.standard_errors`, both (n_channels,).

    References
    ----------
    Castro, Gómez, Tejada, "Polynomial calculation of the Shapley value based on sampling", Computers & Operations
    Research 36, 2009.
    """
    cut = cut_behind(model, layer)
    x = as_windows(cut.model, x)
    y = as_targets(cut.model, y, len(x))
    n_orders, seed, n_channels = as_size(n_orders, "n_orders", minimum=2), as_seed(seed), cut.n_channels
    # A stream of its own: `seed` itself draws the permutations of "shuffle", the same as in `ablation_study`.
    generator = np.random.default_rng(np.random.SeedSequence(seed).spawn(1)[0])
    orders = np.stack([generator.permutation(n_channels) for _ in range(n_orders)])
    with_what = replacement_for(cut, x, replacement, seed, None)
    # All orders begin with no channel deleted and end with all of them.
    scores = np.empty((n_orders, n_channels + 1))
    scores[:, 0], scores[:, -1] = errors(in_parallel(cut, x, [(), tuple(range(n_channels))], with_what), y)
    places = [(k, size) for k in range(n_orders) for size in range(1, n_channels)]
    at_once = max(1, _HELD // y.size)
    with tqdm(total=len(places) * len(x), desc="forecasts", unit_scale=True, disable=not progress) as bar:
        for start in range(0, len(places), at_once):
            part = places[start : start + at_once]
            deletions = [tuple(orders[k, :size].tolist()) for k, size in part]
            scores[tuple(np.transpose(part))] = errors(in_parallel(cut, x, deletions, with_what, bar.update), y)
    rises = np.empty((n_orders, n_channels))
    np.put_along_axis(rises, orders, np.diff(scores), axis=1)
    return ShapleyEstimate(rises.mean(axis=0), rises.std(axis=0, ddof=1) / np.sqrt(n_orders))
