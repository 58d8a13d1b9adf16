"""The rows of a model's table, checked."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from conv1d_viz.checks import as_size

Shape = tuple[int | None, ...]


class Tensor(NamedTuple):
    """A layer, or the input, and what comes out of it."""

    name: str
    detail: str
    shape: Shape
    n_parameters: int

    @property
    def steps(self) -> int | None:
        """Length along the series; None is open, and plain values have one step."""
        return self.shape[0] if len(self.shape) > 1 else 1

    @property
    def channels(self) -> int:
        """Values at each step."""
        return self.shape[-1] or 1


def as_tensors(rows: Any) -> list[Tensor]:
    """Check every row and its sizes."""
    if not isinstance(rows, Iterable):
        raise TypeError(f"`rows` must be a sequence of rows. Got {rows!r}.")
    tensors = []
    for i, row in enumerate(rows):
        if not isinstance(row, Sequence) or len(row) != 4:
            raise ValueError(f"`rows[{i}]` must be (name, detail, output_shape, n_parameters). Got {row!r}.")
        name, detail, shape, n_parameters = row
        if not isinstance(name, str) or not isinstance(detail, str):
            raise TypeError(f"`rows[{i}]` must begin with two texts, name and detail. Got {row!r}.")
        if not isinstance(shape, Sequence) or len(shape) not in (1, 2):
            raise ValueError(f"`rows[{i}]` must have an output shape (steps, channels) or (values,). Got {shape!r}.")
        sizes = tuple(None if n is None else as_size(n, f"rows[{i}] output_shape") for n in shape)
        tensors.append(Tensor(name, detail, sizes, as_size(n_parameters, f"rows[{i}] n_parameters", minimum=0)))
    if not tensors:
        raise ValueError("`rows` must have at least one row. Got none.")
    return tensors
