"""One change of a control of each explorer, from its value to the picture and the words, at the study's size.

Run with `pytest tests/benchmarks/bench_explore.py`.
"""

import itertools

import pytest

import conv1d_viz as cv

MODEL = cv.build_model(seed=54)
TIME, SERIES = cv.toy_series(300)
X, Y = cv.sliding_windows(SERIES, 100)


def part(box, name):
    """The control of an explorer that has a class."""
    parts = [child for row in box.children for child in row.children]
    return next(child for child in parts if f"conv1d-{name}" in child._dom_classes)


def turn(control, values):
    """A function that gives a control the next value at each call."""
    following = itertools.cycle(values)

    def change():
        control.value = next(following)

    return change


@pytest.mark.parametrize(
    ("name", "values"),
    [("window", range(200)), ("step", range(100)), ("channel", range(8)), ("layer", ["conv2", "conv1"])],
)
def test_explore_channels(benchmark, name, values):
    benchmark.group = f"explorer of channels: another {name}"
    benchmark.extra_info.update(way="ours")
    box = cv.explore_channels(MODEL, SERIES, "conv1", 100, time=TIME)
    benchmark.pedantic(turn(part(box, name), values), rounds=40, warmup_rounds=4)


def test_a_layer_seen_for_the_first_time(benchmark):
    benchmark.group = "explorer of channels: a layer for the first time"
    benchmark.extra_info.update(way="ours")

    def fresh():
        return (part(cv.explore_channels(MODEL, SERIES, "conv1", 100, time=TIME), "layer"), ["conv2"]), {}

    benchmark.pedantic(lambda layer, values: turn(layer, values)(), setup=fresh, rounds=20, warmup_rounds=1)


@pytest.mark.parametrize("replacement", ["zero", "shuffle"])
def test_explore_deletions(benchmark, replacement):
    """All 256 sets, each for the first time."""
    benchmark.group = f"explorer of deletions: another set, {replacement}"
    benchmark.extra_info.update(way="ours")
    box = cv.explore_deletions(MODEL, X, Y, "conv1", time=TIME[100:])
    part(box, "replacement").value = replacement
    buttons = [part(box, f"delete-{channel}") for channel in range(8)]
    # Neighbours in this order (a Gray code) differ by one channel.
    turned = iter([(k & -k).bit_length() - 1 for k in range(1, 256)])

    def press():
        button = buttons[next(turned)]
        button.value = not button.value

    benchmark.pedantic(press, rounds=200, warmup_rounds=5)


def test_a_set_seen_before(benchmark):
    benchmark.group = "explorer of deletions: a set seen before"
    benchmark.extra_info.update(way="ours")
    box = cv.explore_deletions(MODEL, X, Y, "conv1", time=TIME[100:])
    benchmark.pedantic(turn(part(box, "delete-3"), [True, False]), rounds=60, warmup_rounds=4)
