"""Running the notebooks again changes nothing: twice in a copy, every file compared byte by byte.

The first run starts without figures and without the model that notebook 1 makes. What may differ is the date in a saved
model, and the addresses by which Keras tells the objects in its description apart.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMAND = re.search(r"bin/jupyter (nbconvert --execute .*) notebooks/\*\.ipynb", README)[1].split()
PARTS = ["notebooks", "models", "figures", "pyproject.toml"]
DRAWN = [file for file in (ROOT / "figures").iterdir() if file.name != "live.png"]  # recorded by hand
MADE = [*DRAWN, *(ROOT / "models").glob("sine_conv1d.*")]


@pytest.fixture(scope="module")
def states(tmp_path_factory):
    """The copy's files after the first and after the second run."""
    copy = tmp_path_factory.mktemp("copy") / "a plåce"
    for part in PARTS:
        from_, to = ROOT / part, copy / part
        to.parent.mkdir(exist_ok=True)
        shutil.copytree(from_, to) if from_.is_dir() else shutil.copy2(from_, to)
    for file in MADE:
        (copy / file.relative_to(ROOT)).unlink()
    environment = {name: value for name, value in os.environ.items() if name != "CONV1D_VIZ_OUTPUT"}
    environment["KERAS_BACKEND"] = "tensorflow"  # what the notebooks use, whatever the unit tests do
    states = []
    for _ in range(2):
        notebooks = sorted(map(str, (copy / "notebooks").rglob("*.ipynb")))
        subprocess.run([sys.executable, "-m", "jupyter", *COMMAND, *notebooks], check=True, env=environment, cwd=copy)
        states.append({str(file.relative_to(copy)): _comparable(file) for file in copy.rglob("*") if _counts(file)})
    return states


def _counts(file):
    return file.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(file.parts)


def _comparable(file):
    """Return a file's bytes, or what of them must not differ."""
    if file.suffix == ".keras":
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        config = re.sub(rb'"shared_object_id": \d+', b"", members["config.json"])
        return members | {"config.json": config, "metadata.json": None}
    if file.suffix == ".ipynb":
        return json.loads(file.read_text(encoding="utf-8"))
    return file.read_bytes()


def test_the_notebooks_make_the_files_that_are_kept_and_no_others(states):
    kept = {str(file.relative_to(ROOT)) for part in PARTS for file in (ROOT / part).rglob("*") if _counts(file)}
    assert states[0].keys() - {"pyproject.toml"} == states[1].keys() - {"pyproject.toml"} == kept


def test_every_file_is_the_same(states):
    first, second = states
    assert [name for name in first if first[name] != second[name]] == []


@pytest.mark.parametrize("figure", sorted(file.name for file in DRAWN))
def test_the_figures_that_are_kept_are_those_that_the_notebooks_draw(states, figure):
    """Another processor changes a few grey levels and digits; a figure of older code changes much more."""
    drawn = Image.open(io.BytesIO(states[0][f"figures/{figure}"])).convert("L")
    kept = Image.open(ROOT / "figures" / figure).convert("L")
    assert drawn.size == kept.size
    assert (np.abs(np.subtract(drawn, kept, dtype=float)) > 32).mean() < 0.02
