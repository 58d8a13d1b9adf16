import re
from pathlib import Path

import pytest

import conv1d_viz as cv

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
(EXAMPLE,) = re.findall(r"```python\n(.*?)```", README, re.S)


def test_the_example_is_short_and_runs_as_it_stands():
    assert len([line for line in EXAMPLE.splitlines() if line.strip()]) <= 12
    names = {}
    exec(EXAMPLE, names)
    assert names["line"].shape == (351 + 48, 6)
    assert names["study"].pair_matrix().shape == (6, 6)


def test_every_public_name_is_in_the_table():
    assert not [name for name in cv.__all__ if f"`{name}`" not in README]


def test_pictures_and_links_lead_somewhere():
    targets = re.findall(r"\]\(([^)]+)\)", README)
    assert len(targets) > 8
    assert not [t for t in targets if not t.startswith("http") and not (ROOT / t).is_file()]


@pytest.mark.parametrize("file", ["README.md", "constraints.txt", "pyproject.toml"])
def test_no_link_to_a_place_of_ones_own(file):
    assert not re.search(
        r"file://|/(home|root|tmp|Users)/|--index-url|localhost", (ROOT / file).read_text(encoding="utf-8")
    )


def test_constraints_pin_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
