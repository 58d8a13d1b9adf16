"""Long and wide work, each in a process of its own: memory stays flat, and within the budget that is stated.

Not part of plain `pytest`: `pytest tests/soak/run_soak.py -o addopts="" -s` prints what was measured, too.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from conv1d_viz.network import layers as _models

MEASURE = Path(__file__).with_name("measure.py")
MB = 2**20
SLACK = 64  # of the allocators


def measure(*arguments):
    command = [sys.executable, str(MEASURE), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2500:]
    print("\n", *arguments, done.stdout)
    return json.loads(done.stdout)


# TensorFlow's oneDNN keeps what it has prepared for a size of input, up to 1,024 of them; the calls have 371 sizes.
@pytest.mark.parametrize(("name", "warm"), [("calls", 400), ("explorers", 100)])
def test_a_thousand_of_them_leave_nothing_behind(name, warm):
    measured = measure(name, warm, 1000)
    before, after = measured["before"], measured["after"]
    assert after["memory"] - before["memory"] < 50
    assert after["traced"] <= before["traced"]
    assert after["figures"] == before["figures"] == 0
    assert after["objects"] - before["objects"] < 1000  # less than one a turn


@pytest.mark.parametrize(("name", "warm", "turns"), [("models", 20, 200), ("opened", 20, 100)])
def test_what_is_made_and_dropped_is_gone(name, warm, turns):
    measured = measure(name, warm, turns)
    before, after = measured["before"], measured["after"]
    assert measured.get("alive", 0) == 0
    assert after["memory"] - before["memory"] < 50
    assert after["traced"] <= before["traced"]
    assert after["figures"] == before["figures"] == 0


def test_wide_work_stays_within_the_budget():
    n_windows, n_channels = 100_000, 256
    for name, measured in measure("wide", n_windows, n_channels, 2).items():
        orders = 4 * n_windows * n_channels / MB if name == "shuffle" else 0
        assert measured["over"] < _models.MEMORY_BUDGET / MB + measured["result"] + orders + SLACK, name
