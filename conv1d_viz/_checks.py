"""What public functions check before any work: messages name the parameter, what it must be and what came."""

import operator
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from jaxtyping import Float, Shaped

LARGEST = 1e150  # the squares of larger numbers are infinite
FLOAT32 = float(np.finfo(np.float32).max)  # larger numbers are infinite to a network
_KINDS = {"numbers": "fiub", "integers": "fiu", "booleans": "b"}  # by NumPy's letters

# Numbers that are looked through for NaN at once.
_CHECKED = 2**22


def as_size(value: Any, name: str, minimum: int = 1) -> int:
    """Return `value` as an int of at least `minimum`; booleans and fractions are refused."""
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be an integer. Got {value!r}.")
    try:
        size = operator.index(value)
    except TypeError:
        raise TypeError(f"`{name}` must be an integer. Got {value!r}.") from None
    if size < minimum:
        raise ValueError(f"`{name}` must be at least {minimum}. Got {size}.")
    return size


def as_number(value: Any, name: str, minimum: float = -np.inf, *, above: bool = False) -> float:
    """Return `value` as a finite float of at least `minimum` (`above`: greater than it)."""
    if isinstance(value, (bool, np.bool_)) or not isinstance(value, Real):
        raise TypeError(f"`{name}` must be a number. Got {value!r}.")
    magnitude: Any = abs(value)
    if LARGEST < magnitude < np.inf:
        raise ValueError(f"`{name}` must lie within ±{LARGEST:g}. Got {value!r}.")
    number = float(value)
    if not np.isfinite(number) or number < minimum or (above and number == minimum):
        raise ValueError(f"`{name}` must be a finite number{_bound(minimum, above)}. Got {value!r}.")
    return number


def as_flag(value: Any, name: str) -> bool:
    """Return `value` as a bool; what is merely true or false, such as a text, is refused."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"`{name}` must be True or False. Got {value!r:.80}.")
    return bool(value)


def as_seed(value: Any, name: str = "seed") -> int | None:
    """Return `value` as a non-negative int, or None."""
    return None if value is None else as_size(value, name, minimum=0)


def one_of(value: Any, name: str, allowed: Iterable[Any]) -> Any:
    """Return `value` if it is among `allowed`."""
    allowed = tuple(allowed)
    if not any(value is item or (isinstance(value, str) and value == item) for item in allowed):
        raise ValueError(f"`{name}` must be one of {', '.join(map(repr, allowed))}. Got {value!r}.")
    return value


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
    except (TypeError, ValueError) as error:  # ragged lists, too
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
        raise ValueError(f"`{name}` must hold {items}{_bound(minimum, above)}. Got {smallest:g}.")
    return array


def as_items(values: Any, name: str, kind: str) -> tuple[Any, ...]:
    """Return the items of an iterable; a text is none."""
    try:
        if not isinstance(values, str):
            return tuple(values)
    except TypeError:  # an array without an axis, too
        pass
    raise TypeError(f"`{name}` must be {kind}. Got {values!r:.80}.")


def as_texts(values: Any, name: str, length: int, meaning: str) -> list[str]:
    """Return a list of `length` texts; `meaning` says what they stand for. One text is no sequence of its letters."""
    kind = f"a sequence of texts, {meaning}"
    texts = [*as_items(values, name, kind)]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError(f"`{name}` must be {kind}. Got {values!r:.80}.")
    if len(texts) != length:
        raise ValueError(f"`{name}` must have {length} texts, {meaning}. Got {len(texts)}.")
    return texts


def as_mapping(values: Any, name: str) -> dict[str, Any]:
    """Return a mapping of names, such as a dict, as a dict."""
    if not isinstance(values, Mapping):
        raise TypeError(f"`{name}` must be a mapping of names to values. Got {values!r:.60}.")
    return dict(values)


def require_finite(array: np.ndarray, name: str, offset: int = 0, limit: float = LARGEST) -> None:
    """Refuse NaN, infinities and numbers beyond ±`limit`, with the index of the first.

    The array begins at index `offset` of `name`.
    """
    array = np.atleast_1d(array)
    rows = max(1, _CHECKED * len(array) // array.size)
    for start in range(0, len(array), rows):  # windows that share a series are far more numbers than memory holds
        part = array[start : start + rows]
        if -limit <= float(part.min()) and float(part.max()) <= limit:
            continue
        first = tuple(int(i) for i in np.argwhere(~(np.abs(part) <= np.float64(limit)))[0])
        index = (first[0] + start + offset, *first[1:])
        wanted = f"numbers within ±{limit:.3g}" if np.isfinite(part[first]) else "finite numbers"
        raise ValueError(f"`{name}` must hold {wanted} only. Got {part[first]} at index {index}.")


def as_series(values: Any, name: str = "series") -> Float[np.ndarray, "time feature"]:
    """Return a series of shape (time,) or (time, feature) with its feature axis, as `as_array` does."""
    array = as_array(values, name, ndim=(1, 2), axes="(time,) or (time, feature)")
    return array[:, None] if array.ndim == 1 else array


def _bound(minimum: float, above: bool) -> str:
    return f" {'above' if above else 'of at least'} {minimum:g}" if np.isfinite(minimum) else ""


def _kind(values: Any) -> str:
    return f"{type(values).__module__}.{type(values).__qualname__}".removeprefix("builtins.")
