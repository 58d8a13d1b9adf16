"""What public functions check before any work: messages name the parameter, what it must be and what came."""

import operator
from collections.abc import Iterable
from numbers import Real
from typing import Any

import numpy as np
from jaxtyping import Float


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
    number = float(value)
    if not np.isfinite(number) or number < minimum or (above and number == minimum):
        bound = f" {'above' if above else 'of at least'} {minimum:g}" if np.isfinite(minimum) else ""
        raise ValueError(f"`{name}` must be a finite number{bound}. Got {value!r}.")
    return number


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
    values: Any, name: str, *, ndim: int | tuple[int, ...], axes: str, finite: bool = True
) -> Float[np.ndarray, "..."]:
    """Return `values` as a finite floating-point array of `ndim` dimensions, without a copy where it is one already.

    `axes` words the expected shape in messages, such as "(window, step, channel)". float32 and float64 are kept;
    everything else that is numeric becomes float64. Without `finite` the caller looks for NaN and infinities itself.
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        raise ValueError(f"`{name}` must have no masked values. Got {np.ma.count_masked(values)} of them.")
    try:
        array = np.asarray(values)
        if array.dtype == object:  # pandas columns with gaps, ragged lists
            array = array.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise TypeError(f"`{name}` must be an array of numbers of shape {axes}. Got {_kind(values)}: {error}") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"`{name}` must be an array of numbers of shape {axes}. Got dtype {array.dtype}.")
    if array.ndim not in np.atleast_1d(ndim):
        raise ValueError(f"`{name}` must have the shape {axes}. Got shape {array.shape}.")
    if array.size == 0:
        raise ValueError(f"`{name}` must not be empty. Got shape {array.shape}.")
    if array.dtype not in (np.float32, np.float64):
        array = array.astype(np.float64)
    if finite:
        require_finite(array, name)
    return array


def require_finite(array: np.ndarray, name: str, offset: int = 0) -> None:
    """Refuse NaN and infinities, with the index of the first; the array begins at index `offset` of `name`."""
    if not np.isfinite(array).all():
        first = tuple(int(i) for i in np.argwhere(~np.isfinite(array))[0])
        index = (first[0] + offset, *first[1:])
        raise ValueError(f"`{name}` must hold finite numbers only. Got {array[first]} at index {index}.")


def as_series(values: Any, name: str = "series") -> Float[np.ndarray, "time feature"]:
    """Return a series of shape (time,) or (time, feature) with its feature axis, as `as_array` does."""
    array = as_array(values, name, ndim=(1, 2), axes="(time,) or (time, feature)")
    return array[:, None] if array.ndim == 1 else array


def _kind(values: Any) -> str:
    return f"{type(values).__module__}.{type(values).__qualname__}".removeprefix("builtins.")
