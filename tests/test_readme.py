import re
from pathlib import Path

import pytest
import yaml

import conv1d_viz as cv

ROOT = Path(__file__).parent.parent
PAGES = ["README.md", "tests/README.md", "tests/benchmarks/README.md"]
TEXTS = {page: (ROOT / page).read_text(encoding="utf-8") for page in PAGES}
README = TEXTS["README.md"]
OWN_MODEL, OWN_SERIES = re.findall(r"```python\n(.*?)```", README, re.S)


def test_it_is_short_and_begins_with_what_to_run():
    lines = README.splitlines()
    assert len(lines) <= 130
    assert len(README.split()) <= 1400
    assert lines.index("python3 -m venv .venv &&") < 35
    assert README.count("![") == 3  # two pictures and an animation


def test_the_example_of_a_model_is_short_and_runs_as_it_stands():
    assert len([line for line in OWN_MODEL.splitlines() if line.strip()]) <= 12
    names = {}
    exec(OWN_MODEL, names)
    assert names["line"].shape == (399, 6)
    assert names["study"].pair_matrix().shape == (6, 6)


def test_the_example_of_a_series_takes_the_place_of_the_lines_above_the_model(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    names = {"cv": cv}
    exec(OWN_SERIES + OWN_MODEL[OWN_MODEL.index("model =") :], names)
    assert names["period"] == pytest.approx(12, rel=0.01)
    assert names["line"].shape == (len(names["table"]) - 1, 6)
    assert "share" in capsys.readouterr().out


def test_names_that_are_in_the_text_are_in_the_package():
    used = {name for text in TEXTS.values() for name in re.findall(r"\bcv\.(\w+)", text)}
    assert used
    assert used <= set(cv.__all__)


def test_every_check_is_run_on_a_change_or_at_night():
    rows = TEXTS["tests/README.md"].partition("<!-- checks -->")[2].partition("\n## ")[0]
    commands = re.findall(r"^\| [^|]+ \| `([^`]+)` \|$", rows, re.M)
    assert len(commands) == rows.count("\n| ") - 1  # the first row holds the headings
    workflow = yaml.safe_load((ROOT / ".github/workflows/nightly.yml").read_text(encoding="utf-8"))
    nightly = [leg["command"] for leg in workflow["jobs"]["heavy"]["strategy"]["matrix"]["include"]]
    assert nightly == commands[3:]
    changes = (ROOT / ".ci/run").read_text(encoding="utf-8")
    assert all(f"\n{command}\n" in changes for command in commands[:3])


@pytest.mark.parametrize("page", PAGES)
def test_pictures_and_links_lead_somewhere(page):
    targets = re.findall(r"\]\(([^)]+)\)", TEXTS[page])
    assert targets
    assert not [t for t in targets if not t.startswith("http") and not (ROOT / page).parent.joinpath(t).exists()]


@pytest.mark.parametrize("file", [*PAGES, "constraints.txt", "pyproject.toml", "CITATION.cff"])
def test_no_link_to_a_place_of_ones_own(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    assert not re.search(r"file://|/(home|root|tmp|Users)/|--index-url|localhost", text)


def test_the_citation_is_of_this_version():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["version"] == cv.__version__


def test_constraints_pin_names_and_versions_only():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
