"""Sets of channels to delete: what may be asked for, checked and spelled out."""

import itertools
from typing import Any

from conv1d_viz.checks import as_items, as_size, one_of

Deletion = tuple[int, ...]

MOST_SUBSETS = 2**20


def as_deletion(channels: Any, name: str, n_channels: int) -> Deletion:
    """Return channels as a tuple of ints, each in range and named once."""
    deletion = tuple(as_size(channel, name, minimum=0) for channel in as_items(channels, name, "a tuple of channels"))
    if any(channel >= n_channels for channel in deletion):
        raise ValueError(f"`{name}` must be among the layer's channels, 0..{n_channels - 1}. Got {deletion}.")
    if len(set(deletion)) < len(deletion):
        raise ValueError(f"`{name}` must name each channel once. Got {deletion}.")
    return deletion


def as_deletions(deletions: Any, n_channels: int) -> list[Deletion]:
    """Spell out a word such as "pairs", or check the tuples given."""
    channels = range(n_channels)
    single: list[Deletion] = [(channel,) for channel in channels]
    if isinstance(deletions, str):
        match one_of(deletions, "deletions", ("single", "keep_one", "pairs", "all")):
            case "single":
                return single
            case "keep_one":
                return [tuple(other for other in channels if other != kept) for kept in channels]
            case "pairs":
                return single + list(itertools.combinations(channels, 2))
            case _:
                return _all_subsets(n_channels)
    rows = as_rows(deletions, n_channels, "a word or an iterable of tuples of channels")
    if not rows:
        raise ValueError("`deletions` must hold at least one tuple of channels. Got none.")
    seen: set[frozenset[int]] = set()
    for row in rows:
        if frozenset(row) in seen:
            raise ValueError(f"`deletions` must hold each set of channels once. Got {row} twice.")
        seen.add(frozenset(row))
    return rows


def as_rows(deletions: Any, n_channels: int, kind: str = "an iterable of tuples of channels") -> list[Deletion]:
    """Return each of some sets of channels as a tuple of ints."""
    return [as_deletion(channels, "deletions", n_channels) for channels in as_items(deletions, "deletions", kind)]


def _all_subsets(n_channels: int) -> list[Deletion]:
    if n_channels > MOST_SUBSETS.bit_length() - 1:
        raise ValueError(
            f'`deletions="all"` must mean at most {MOST_SUBSETS:,} subsets. Got 2**{n_channels} = {2**n_channels:.3g} '
            f'for {n_channels} channels; "pairs", or an iterable of the subsets of interest, does with fewer.'
        )
    return [subset for size in range(n_channels + 1) for subset in itertools.combinations(range(n_channels), size)]
