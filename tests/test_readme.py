import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

import conv1d_viz as cv

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OWN_SERIES, OWN_MODEL, TOUCHED = re.findall(r"```python\n(.*?)```", README, re.S)


def test_the_examples_are_short_and_run_as_they_stand():
    assert len([line for line in OWN_MODEL.splitlines() if line.strip()]) <= 12
    names = {}
    exec(OWN_MODEL, names)
    assert names["line"].shape == (351 + 48, 6)
    assert names["study"].pair_matrix().shape == (6, 6)
    exec(TOUCHED, names)


def test_the_example_of_a_series_from_a_file(tmp_path, monkeypatch):
    days = pd.date_range("2020-01-01", periods=100, name="day")
    pd.Series(np.sin(np.arange(100) * 2 * np.pi / 7), days, name="sea").to_csv(tmp_path / "temperature.csv")
    monkeypatch.chdir(tmp_path)
    names = {}
    exec(OWN_SERIES, names)
    assert names["period"] == pytest.approx(7, rel=0.01)
    assert names["x"].shape == (76, 24, 1)


def test_every_public_name_is_in_the_table():
    assert not [name for name in cv.__all__ if f"`{name}`" not in README]


def test_every_check_is_run_on_a_change_or_at_night():
    rows = README.partition("<!-- checks -->")[2].partition("\n## ")[0]
    commands = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", rows, re.M)
    assert len(commands) == rows.count("\n| ") - 1  # beside the heading
    workflow = yaml.safe_load((ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8"))
    nightly = [leg["command"] for leg in workflow["jobs"]["heavy"]["strategy"]["matrix"]["include"]]
    assert nightly == commands[2:]
    changes = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert all(command in changes for command in commands[:2])


def test_pictures_and_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert len(targets) > 8
    assert not [t for t in targets if not t.startswith(("http", "#")) and not (ROOT / t).is_file()]
    headings = {re.sub(r"[^\w-]", "", h.lower().replace(" ", "-")) for h in re.findall(r"^#+ (.+)$", README, re.M)}
    assert {t.removeprefix("#") for t in targets if t.startswith("#")} <= headings


@pytest.mark.parametrize("file", ["README.md", "constraints.txt", "pyproject.toml"])
def test_no_link_to_a_place_of_ones_own(file):
    assert not re.search(
        r"file://|/(home|root|tmp|Users)/|--index-url|localhost", (ROOT / file).read_text(encoding="utf-8")
    )


def test_constraints_pin_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
