"""Arrays for results, which the caller has asked for: refused before the work where memory cannot hold them."""

import contextlib
import os
from pathlib import Path
from typing import Any

import numpy as np

# What a container may have; the second file is that of older kernels.
_LIMITS = (Path("/sys/fs/cgroup/memory.max"), Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"))


def memory() -> int:
    """Return how many bytes of memory the machine has, or the container where that is less."""
    sizes = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")] if hasattr(os, "sysconf") else []
    for file in _LIMITS:
        with contextlib.suppress(OSError, ValueError):  # no such file, or "max"
            sizes.append(int(file.read_text(encoding="ascii")))
    return min(sizes, default=2**62)


def zeros(shape: tuple[int, ...], dtype: Any, name: str, instead: str) -> np.ndarray:
    """Return an array of zeros for a result; `name` is what makes it large, and `instead` what does with less."""
    require_room(shape, dtype, name, instead)
    return np.zeros(shape, dtype)


def require_room(shape: tuple[int, ...], dtype: Any, name: str, instead: str) -> None:
    """Refuse a result of this shape where memory does not hold it, as `zeros` does."""
    size, limit = int(np.prod(shape, dtype=object)) * np.dtype(dtype).itemsize, memory()
    if size > limit:
        raise ValueError(
            f"`{name}` must be few enough for a result that memory holds, {limit / 1e9:.3g} GB. "
            f"Got a result of shape {shape}, {size / 1e9:.3g} GB; {instead}."
        )
