"""Which cells of a layer the forecast is read from, where a global maximum picks one step a window."""

from typing import Any

import numpy as np
from jaxtyping import Bool

from conv1d_viz.checks import as_array, as_size
from conv1d_viz.timelines.fields import ReceptiveField


def field_between(earlier: Any, later: Any) -> ReceptiveField:
    """Work out which steps of an earlier layer a later one sees, from the receptive fields of both.

    Parameters
    ----------
    earlier, later : ReceptiveField
        Of two layers, the second of which sees the series through the first alone.

    Returns
    -------
    ReceptiveField
        In steps of the earlier layer in place of samples: step s of the later layer sees its steps
        start + s*stride … start + s*stride + size - 1.

    Raises
    ------
    ValueError
        If the later layer cannot see the series through the earlier one.
    TypeError
        If one of them is no ReceptiveField.

    Examples
    --------
    A kernel of 8 behind a kernel of 10, both with "same" padding, sees 3 steps before to 4 after its own.

    >>> field_between(ReceptiveField(10, 1, -4), ReceptiveField(17, 1, -7))
    ReceptiveField(size=8, stride=1, start=-3)
    """
    _require_field(earlier, "earlier")
    _require_field(later, "later")
    lengths = (later.size - earlier.size, later.stride, later.start - earlier.start)
    if later.size < earlier.size or any(length % earlier.stride for length in lengths):
        raise ValueError(f"`later` must see the series through `earlier`, {earlier}. Got {later}.")
    size, stride, start = (length // earlier.stride for length in lengths)
    return ReceptiveField(size + 1, stride, start)


def seen_cells(picked: Any, field: Any, n_steps: Any) -> Bool[np.ndarray, "window step"]:
    """Mark the cells of a layer that the picked steps of a later one see.

    Parameters
    ----------
    picked : array-like of int of shape (n_windows,) or (n_windows, n_picks)
        The steps of the later layer that are picked in each window, such as those of the maxima of its filters.
    field : ReceptiveField
        What the later layer sees, in steps of the layer: see `field_between`.
    n_steps : int
        Steps of the layer.

    Returns
    -------
    ndarray of bool of shape (n_windows, n_steps)
        Whether a picked step sees the cell; with dilation, all from the first that it sees to the last. Steps outside
        0..n_steps - 1, which are padding, have no cell.

    Raises
    ------
    TypeError, ValueError
        If the steps are not integers, or negative, or the field is none.

    Examples
    --------
    >>> seen_cells([0, 3], ReceptiveField(size=3, stride=1, start=-1), n_steps=4).astype(int).tolist()
    [[1, 1, 0, 0], [0, 0, 1, 1]]
    """
    _require_field(field, "field")
    n_steps, axes = as_size(n_steps, "n_steps"), "(n_windows,) or (n_windows, n_picks)"
    steps = as_array(picked, "picked", ndim=(1, 2), axes=axes, items="integers", minimum=0)
    step, seen = np.arange(n_steps), np.zeros((len(steps), n_steps), dtype=bool)
    for picks in steps.reshape(len(steps), -1).T:  # all of them at once would be as many such arrays
        first = field.start + picks[:, None] * field.stride
        seen |= (step >= first) & (step < first + field.size)
    return seen


def _require_field(field: Any, name: str) -> None:
    if not isinstance(field, ReceptiveField):
        raise TypeError(f"`{name}` must be a ReceptiveField. Got {field!r}.")
    as_size(field.size, f"{name}.size")
    as_size(field.stride, f"{name}.stride")
    as_size(field.start, f"{name}.start", minimum=-(2**53))
