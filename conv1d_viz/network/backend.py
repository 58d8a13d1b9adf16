"""Keras, imported quietly: every other module takes it from here.

TensorFlow writes lines to file descriptor 2 while it is first imported. A notebook would store them, and they differ
from run to run. They are of no use to a reader, so the descriptor points at the null device during that import only.
This is the one place of the package that touches the environment.
"""

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def _no_standard_error() -> Iterator[None]:
    try:
        kept = os.dup(2)
    except OSError:  # a process without a standard error has nothing to silence
        yield
        return
    null = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(null, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(null)
        os.close(kept)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
with _no_standard_error():
    import keras

__all__ = ["keras"]
