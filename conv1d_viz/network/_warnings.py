"""Warnings of others that a call turns into errors, or hides."""

import contextlib
import threading
import warnings
from collections.abc import Iterable, Iterator

# The filters belong to the process: of two threads that change them at once, one would leave its own behind.
_ONE_AT_A_TIME = threading.RLock()


@contextlib.contextmanager
def filtered(ignore: Iterable[str] = (), error: Iterable[str] = ()) -> Iterator[None]:
    """Hide warnings whose text begins with one of the patterns in `ignore`, and raise those in `error`."""
    with _ONE_AT_A_TIME, warnings.catch_warnings():
        for pattern in ignore:
            warnings.filterwarnings("ignore", pattern)
        for pattern in error:
            warnings.filterwarnings("error", pattern)
        yield
