"""What arguments must be, and the wording of errors: the parameter, what was expected and what was received."""

import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

LARGEST = 1e150  # the squares of larger numbers are infinite
FLOAT32 = float(np.finfo(np.float32).max)  # larger numbers are infinite to a network
_KINDS = {"numbers": "fiub", "integers": "fiu", "booleans": "b"}  # NumPy's kinds of dtype


def counted(n: int, noun: str) -> str:
    """Return a number and its noun, such as "1 step" or "1,000 steps"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def as_size(value: Any, name: str, minimum: int = 1) -> int:
    """Return `value` as an int of at least `minimum`; booleans and fractions are refused."""
    try:
        size = operator.index(value)
    except TypeError:
        size = None
    if size is None or isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be an integer. Got {value!r:.80}.")
    if size < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}. Got {size}.")
    return size


def as_number(value: Any, name: str, minimum: float = -np.inf, *, above: bool = False) -> float:
    """Return `value` as a finite float of at least `minimum` (`above`: greater than it)."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"`{name}` must be a number. Got {value!r:.80}.")
    try:
        number = float(value)
    except OverflowError:  # an integer that no float holds
        number = np.inf
    if not abs(number) <= LARGEST or number < minimum or (above and number == minimum):
        raise ValueError(f"`{name}` must be a finite number{_bound(minimum, above)}. Got {value!r:.80}.")
    return number


def as_seed(value: Any, name: str = "seed") -> int | None:
    """Return `value` as an int from 0 to 2**32 - 1, or None."""
    if value is None:
        return None
    seed = as_size(value, name, minimum=0)
    if seed >= 2**32:
        raise ValueError(f"`{name}` must be below 2**32. Got {seed}.")
    return seed


def one_of(value: Any, name: str, allowed: Iterable[Any]) -> Any:
    """Return `value` if it is among `allowed`."""
    allowed = tuple(allowed)
    if not any(value is item or (isinstance(value, str) and value == item) for item in allowed):
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Got {value!r:.80}.")
    return value


def as_items(values: Any, name: str, kind: str) -> tuple[Any, ...]:
    """Return the items of an iterable; a string is refused. `kind` says in messages what was expected."""
    try:
        if not isinstance(values, str):
            return tuple(values)
    except TypeError:  # also an array without an axis
        pass
    raise TypeError(f"`{name}` must be {kind}. Got {values!r:.80}.")


def as_texts(values: Any, name: str, length: int) -> list[str]:
    """Return `length` strings, such as the names of channels."""
    texts = as_items(values, name, "a sequence of strings")
    if len(texts) != length:
        raise ValueError(f"`{name}` must have {length} strings. Got {len(texts)}.")
    return [str(text) for text in texts]


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

    `axes` is the expected shape as messages write it. With `items="numbers"` float32 and float64 stay, other numbers
    and booleans become float64; "integers", which may be floats, become int64. Values are within ±`limit` and at least
    `minimum` (`above`: greater than it). With `finite=False` the caller checks for NaN and infinity.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"`{name}` must have no masked values. Got {np.ma.count_masked(values)} of them.")
    if hasattr(values, "as_numpy_iterator"):
        way_out = "np.concatenate([x for x, y in dataset.as_numpy_iterator()])"
        raise TypeError(f"`{name}` must be an array, such as `{way_out}`. Got a Dataset.")
    try:
        array = np.asarray(values)
        if array.dtype == object and items != "booleans":  # columns of pandas with gaps; never texts
            if array.ndim == 0 or any(isinstance(item, (str, bytes)) for item in array.flat):
                raise TypeError("it holds other things than numbers")
            array = array.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:  # ragged lists, and integers that no float holds, too
        kind = type(values).__name__
        raise TypeError(f"`{name}` must be an array of {items} of shape {axes}. Got {kind}: {error}") from None
    if array.dtype.kind not in _KINDS[items]:
        raise TypeError(f"`{name}` must be an array of {items} of shape {axes}. Got dtype {array.dtype}.")
    if array.ndim not in np.atleast_1d(ndim) or array.size == 0:
        raise ValueError(f"`{name}` must have the shape {axes} and not be empty. Got shape {array.shape}.")
    if finite:
        require_finite(array, name, 2**53 if items == "integers" else limit, getattr(values, "index", None))
    if items == "integers":
        if (array % 1).any():
            raise TypeError(f"`{name}` must hold integers. Got {array[array % 1 > 0][0]}.")
        array = array.astype(np.int64)
    elif items == "numbers" and array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    smallest = array.min() if minimum > -np.inf else np.inf
    if smallest < minimum or (above and smallest == minimum):
        raise ValueError(f"`{name}` must hold {items}{_bound(minimum, above)}. Got {smallest:g}.")
    return array


def as_series(values: Any, name: str = "series") -> Float[np.ndarray, "time feature"]:
    """Return a series of shape (time,) or (time, feature) with its feature axis, as `as_array` does."""
    array = as_array(values, name, ndim=(1, 2), axes="(time,) or (time, feature)")
    return array[:, None] if array.ndim == 1 else array


def require_finite(array: np.ndarray, name: str, limit: float = LARGEST, index: Any = None) -> None:
    """Refuse NaN, infinities and numbers beyond ±`limit`; `index` is that of the pandas object they come from."""
    if -limit <= float(array.min()) and float(array.max()) <= limit:
        return
    array = np.atleast_1d(array)
    # Row by row: windows that share a series may be more numbers than memory holds.
    row = next(k for k, part in enumerate(array) if not (np.abs(part) <= np.float64(limit)).all())
    rest = np.argwhere(~(np.abs(array[row]) <= np.float64(limit)))
    place = (row, *(int(k) for k in rest[0]))
    wanted = f"numbers within ±{limit:.3g}" if np.isfinite(array[place]) else "finite numbers"
    where, way_out = f"index {place}", ""
    if index is not None and not callable(index):  # lists have a method of that name
        where = f"row {index[row]} (number {row})"
        way_out = f"; `{name} = {name}.interpolate()` fills gaps, and `check_series` finds missing rows"
    raise ValueError(f"`{name}` must hold {wanted} only. Got {array[place]} at {where}{way_out}.")


def _bound(minimum: float, above: bool) -> str:
    return f" {'above' if above else 'of at least'} {minimum:g}" if np.isfinite(minimum) else ""
