"""What public functions check before any work: messages name the parameter, what it must be and what came."""

import operator
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np

LARGEST = 1e150  # the squares of larger numbers are infinite


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
    try:
        number = float(value)
    except OverflowError:  # an integer that no float holds
        number = LARGEST * 2
    if LARGEST < abs(number) < np.inf:
        raise ValueError(f"`{name}` must lie within ±{LARGEST:g}. Got {value!r}.")
    if not np.isfinite(number) or number < minimum or (above and number == minimum):
        raise ValueError(f"`{name}` must be a finite number{bound(minimum, above)}. Got {value!r}.")
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


def bound(minimum: float, above: bool) -> str:
    """Word a lower bound for a message."""
    return f" {'above' if above else 'of at least'} {minimum:g}" if np.isfinite(minimum) else ""
