"""How much of a long series is worked on at once."""

import math
from collections.abc import Iterator

from conv1d_viz.network import layers as _models
from conv1d_viz.network.graph import Graph, calls_between, floats_per_window
from conv1d_viz.timelines._steps import Steps, floats
from conv1d_viz.timelines._views import Way

# Windows that are worked on at once, at most: more gains nothing and takes memory.
LARGEST_BLOCK = 2**15


def block_of(graph: Graph, way: Way | None, key: int, parts: list[Steps], window: int) -> int:
    """How many windows one call may take within the memory budget."""
    if way is None:
        numbers = floats_per_window(graph, calls_between(graph, {graph.source}, {key}), window)
    else:
        numbers = sum(floats(graph, way, key, part) for part in parts)
    return min(LARGEST_BLOCK, _models.rows_at_once(numbers))


def clean_block_of(graph: Graph, way: Way | None) -> int:
    """How many samples one pass over the steps without padding may take within the memory budget."""
    if way is None:
        return LARGEST_BLOCK
    # A pass takes a window for each remainder by the stride. The kernel of a first convolution stands beside itself.
    numbers: int = way.view.stride * sum(math.prod(graph.shapes[key][2:]) for key in way.views)
    reach = way.stencils[0].size * math.prod(graph.shapes[way.calls[0].inputs[0]][2:]) if way.calls else 0
    return min(LARGEST_BLOCK, _models.rows_at_once(numbers + reach))


def split(total: int, size: int) -> Iterator[tuple[int, int]]:
    """Yield the blocks from … until before … of at most `size` that make up `total`."""
    for start in range(0, total, size):
        yield start, min(start + size, total)
