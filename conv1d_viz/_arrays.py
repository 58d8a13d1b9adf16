"""Arrays that public functions are given: messages name the parameter, what it must be and what came."""

from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

from conv1d_viz.checks import LARGEST, bound

FLOAT32 = float(np.finfo(np.float32).max)  # larger numbers are infinite to a network
_KINDS = {"numbers": "fiub", "integers": "fiu", "booleans": "b"}  # by NumPy's letters

# Numbers that are looked through for NaN at once.
_CHECKED = 2**22


def as_array(
    values: Any,
    name: str,
    *,
    ndim: int | tuple[int, ...],
    axes: str,
    items: str = "numbers",
    finite: bool = True,
    limit: float = LARGEST,
    minimum: float = -np.inf,
    above: bool = False,
) -> Shaped[np.ndarray, "..."]:
    """Return `values` as an array of `ndim` dimensions that is not empty, without a copy where it is one already.

    `axes` words the expected shape in messages, such as "(window, step, channel)". Of `items` "numbers" float32 and
    float64 are kept, everything else that is numeric becomes float64, booleans 0 and 1; "integers", which may be
    floats, become int64; "booleans" stay. Values are within ±`limit` and at least `minimum` (`above`: greater than it).
    Without `finite` the caller looks at them itself.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"`{name}` must have no masked values. Got {np.ma.count_masked(values)} of them.")
    try:
        array = np.asarray(values)
        if array.dtype == object and items != "booleans":  # pandas columns with gaps
            if array.ndim == 0 or any(isinstance(item, (str, bytes)) for item in array.flat):
                raise TypeError("it holds something else")
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:  # ragged lists, and integers that no float holds, too
        raise TypeError(f"`{name}` must be an array of {items} of shape {axes}. Got {_kind(values)}: {error}") from None
    if array.size == 0:
        raise ValueError(f"`{name}` must not be empty. Got shape {array.shape}.")
    if array.dtype.kind not in _KINDS[items]:
        raise TypeError(f"`{name}` must be an array of {items} of shape {axes}. Got dtype {array.dtype}.")
    if array.ndim not in np.atleast_1d(ndim):
        raise ValueError(f"`{name}` must have the shape {axes}. Got shape {array.shape}.")
    if finite:
        require_finite(array, name, limit=2**53 if items == "integers" else limit)
    if items == "integers":
        if (array % 1).any():
            raise TypeError(f"`{name}` must hold integers. Got {array[array % 1 > 0][0]}.")
        array = array.astype(np.int64)
    elif items == "numbers" and array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    smallest = array.min() if minimum > -np.inf else np.inf
    if smallest < minimum or (above and smallest == minimum):
        raise ValueError(f"`{name}` must hold {items}{bound(minimum, above)}. Got {smallest:g}.")
    return array


def as_series(values: Any, name: str = "series") -> Float[np.ndarray, "time feature"]:
    """Return a series of shape (time,) or (time, feature) with its feature axis, as `as_array` does."""
    array = as_array(values, name, ndim=(1, 2), axes="(time,) or (time, feature)")
    return array[:, None] if array.ndim == 1 else array


def require_finite(array: np.ndarray, name: str, limit: float = LARGEST) -> None:
    """Refuse NaN, infinities and numbers beyond ±`limit`, with the index of the first."""
    array = np.atleast_1d(array)
    rows = max(1, _CHECKED * len(array) // array.size)
    for start in range(0, len(array), rows):  # windows that share a series are far more numbers than memory holds
        part = array[start : start + rows]
        if -limit <= float(part.min()) and float(part.max()) <= limit:
            continue
        first = tuple(int(i) for i in np.argwhere(~(np.abs(part) <= np.float64(limit)))[0])
        index = (first[0] + start, *first[1:])
        wanted = f"numbers within ±{limit:.3g}" if np.isfinite(part[first]) else "finite numbers"
        raise ValueError(f"`{name}` must hold {wanted} only. Got {part[first]} at index {index}.")


def _kind(values: Any) -> str:
    return f"{type(values).__module__}.{type(values).__qualname__}".removeprefix("builtins.")
