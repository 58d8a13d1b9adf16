"""Long and wide work, each in a process of its own: memory stays flat, and within the budget that is stated.

`pytest tests/nightly/test_soak.py -n 0 -s` also prints what was measured.
"""

import json
import subprocess
import sys
from pathlib import Path

import keras
import pytest

MEASURE = Path(__file__).with_name("measure.py")
BUDGET = 256  # MB, as tests/README.md states it
SLACK = 64 + (200 if keras.backend.backend() == "jax" else 0)  # of the allocators, and what JAX has compiled


def measure(*arguments):
    command = [sys.executable, str(MEASURE), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2500:]
    print("\n", *arguments, done.stdout)
    return json.loads(done.stdout)


# TensorFlow's oneDNN keeps what it has prepared for a size of input, up to 1,024 of them; the calls have 371 sizes.
@pytest.mark.parametrize(
    ("name", "warm", "turns"),
    [("calls", 400, 1000), ("models", 20, 200), ("opened", 20, 100)],
)
def test_nothing_is_left_behind(name, warm, turns):
    measured = measure(name, warm, turns)
    before, after = measured["before"], measured["after"]
    assert measured.get("alive", 0) == 0
    assert after["memory"] - before["memory"] < 50
    assert after["traced"] <= before["traced"]
    assert after["figures"] == before["figures"] == 0
    if turns == 1000:
        assert after["objects"] - before["objects"] < turns


@pytest.mark.parametrize(("windows", "channels", "orders"), [(10_000, 64, 0), (100_000, 256, 2)])
def test_wide_work_stays_within_the_budget(windows, channels, orders):
    for name, measured in measure("wide", windows, channels, orders).items():
        shuffled = 4 * windows * channels / 2**20 if name == "shuffle" else 0  # the orders of the windows
        assert measured["over"] < BUDGET + measured["result"] + shuffled + SLACK, name
