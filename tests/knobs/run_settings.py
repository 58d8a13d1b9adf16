"""The three notebooks with other parameters, from top to bottom, 02 and 03 on the model that 01 has just made.

Not part of plain `pytest`: `pytest tests/knobs/run_settings.py -o addopts=""`. Two settings run at a time.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.io import wavfile
from statsmodels.datasets import elnino

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHORT = {"N_SAMPLES": 1500, "TRAIN_SIZE": 1000}

# For 01, then for 02 and 03, and what both of these must say. "FOLDER" stands for a folder with series from files.
SETTINGS = {
    "noise": ({"NOISE": 0.05}, {}, "period of 100 samples"),
    "pulse of a short period": ({"SERIES": "pulse", "PERIOD": 25}, {"LENGTH": 120}, "period of 25 samples"),
    "harmonics of a fractional period": (
        {"SERIES": "harmonics", "PERIOD": 60.5, "SEED": 0},
        {"CHANNEL": 7},
        "period of 60.5 samples",
    ),
    "half-wave, elsewhere and longer": ({"SERIES": "half_sine"}, {"START": 12_345, "LENGTH": 700}, r"t = 12,\d{3}"),
    "kernels as long as the window": (
        {"WINDOW": 30, "KERNEL_SIZE": 30, "HEAD_KERNEL_SIZE": 30, "PERIOD": 30},
        {},
        r"x: \(\d+, 30, 1\)",
    ),
    "odd kernel, even head": ({"KERNEL_SIZE": 7, "HEAD_KERNEL_SIZE": 4, "CHANNELS": 3}, {}, r"forecasts: \(3, |, 3\)"),
    "one channel, kernels of one sample": (
        {"CHANNELS": 1, "KERNEL_SIZE": 1, "HEAD_KERNEL_SIZE": 1},
        {},
        r"forecasts: \(1, |, 1\)",
    ),
    "sixty channels": ({"CHANNELS": 60}, {"CHANNEL": 59}, r"forecasts: \(60, |, 60\)"),
    "three samples ahead, second layer": (
        {"HORIZON": 3},
        {"LAYER": "conv2", "CHANNEL": 2},
        r"y: \(\d+, 3\)",
    ),
    "period longer than the window": ({"PERIOD": 250}, {}, "period of 250 samples"),
    "short and quick": ({"N_SAMPLES": 400, "TRAIN_SIZE": 150, "EPOCHS": 1, "PATIENCE": 0}, {}, r"t = (400|500)\.\."),
    "months with dates": (
        {"SERIES": "FOLDER/months.csv", "WINDOW": 24, "UNIT": "°C"},
        {},
        r"period of (12|11\.99\d*) samples",
    ),
    "two features, no period": (
        {"SERIES": "FOLDER/walks.npy", "WINDOW": 40, "HORIZON": 2},
        {},
        "silent or active, since no period is known",
    ),
    "a column, its period given": (
        {"SERIES": "FOLDER/days.csv", "COLUMN": "load", "FILE_PERIOD": 7, "WINDOW": 28},
        {"START": 100},
        "period of 7 samples",
    ),
    "sound": (
        {"SERIES": "FOLDER/tone.wav", "WINDOW": 64, "TRAIN_SIZE": 900},
        {"LENGTH": 500},
        r"period of 36\.[34]\d* samples",
    ),
}
# What cannot work, the notebook that it stops, and what its one sentence says.
WRONG = {
    "no window": ("01_train", {"WINDOW": 0}, r"`window` must be at least 1\. Got 0"),
    "kernel beyond the window": ("01_train", {"KERNEL_SIZE": 101}, r"`kernel_size` must be at most the window, 100"),
    "nothing left to test": ("01_train", {"TRAIN_SIZE": 9_900}, r"`train_size` must be from 10 to 9899 of the 9900"),
    "no epochs": ("01_train", {"EPOCHS": 0}, r"`epochs` must be at least 1\. Got 0"),
    "no such wave": ("01_train", {"SERIES": "square"}, r"`shape` must be one of 'sine'.* Got 'square'"),
    "no such file": ("01_train", {"SERIES": "none.csv"}, r"`path` must be a file\. Got 'none.csv'"),
    "no channels": ("01_train", {"CHANNELS": 0}, r"`channels` must be at least 1\. Got 0"),
    "text in the file": (
        "01_train",
        {"SERIES": "FOLDER/text.csv"},
        r"a finite number in each row\. Got 'high' in row 2",
    ),
    "too few windows": ("01_train", {"SERIES": "FOLDER/days.csv", "WINDOW": 250}, r"`window` must leave at least 250"),
    "nothing that varies": ("01_train", {"SERIES": "FOLDER/flat.npy", "WINDOW": 20}, r"SERIES must vary"),
    "a level that float32 cannot hold": ("01_train", {"SERIES": "FOLDER/high.npy", "WINDOW": 20}, r"must lie apart"),
    "no such layer": ("02_activations", {"LAYER": "conv9"}, r"`layer` must be one of the model's layers.*Got 'conv9'"),
    "a text for a window": ("01_train", {"WINDOW": "wide"}, r"`window` must be an integer\. Got 'wide'"),
    "a text for a flag": ("01_train", {"OVERWRITE": "false"}, r"OVERWRITE must be True or False\. Got 'false'"),
    "a layer without kernels": ("02_activations", {"LAYER": "input"}, r"No such layer: input"),
    "half a channel": ("02_activations", {"CHANNEL": 1.5}, r"CHANNEL and LENGTH must be integers\. Got 1\.5"),
    "a model of another series": ("03_ablation", {"NOISY_NAME": "elnino_conv1d"}, r"NOISY_NAME must be of a sine"),
    "no such model": ("03_ablation", {"MODEL_NAME": "none"}, r"`path` must be a file\. Got .*none\.keras"),
}


def series_files(folder):
    """Write the series that some settings read."""
    months = elnino.load_pandas().data.drop(columns="YEAR").to_numpy().ravel()[:360]
    dates = pd.date_range("1950-01-01", periods=len(months), freq="MS", name="month")
    pd.Series(months, dates, name="sea").to_csv(folder / "months.csv")
    generator = np.random.default_rng(0)
    np.save(folder / "walks.npy", 500 + generator.standard_normal((600, 2)).cumsum(axis=0))
    days = pd.date_range("2021-03-01", periods=400, name="day")
    load = 40 + 9 * np.sin(2 * np.pi * np.arange(400) / 7) + generator.standard_normal(400)
    pd.DataFrame({"rain": generator.uniform(0, 9, 400), "load": load}, days).to_csv(folder / "days.csv", sep=";")
    wavfile.write(folder / "tone.wav", 8000, (9000 * np.sin(2 * np.pi * np.arange(2000) / 36.4)).astype(np.int16))
    (folder / "matplotlibrc").write_text("figure.max_open_warning: 0", encoding="utf-8")
    np.save(folder / "flat.npy", np.full(100, 3.0))
    np.save(folder / "high.npy", 1e6 + np.sin(np.arange(100.0)))
    (folder / "text.csv").write_text("v\n1\n2\nhigh\n", encoding="utf-8")


def run(name, parameters, folder):
    """Run a notebook through papermill; return what came of it, or the error that stopped it."""
    command = [sys.executable, "-m", "papermill", NOTEBOOKS / f"{name}.ipynb", folder / f"{name}.ipynb"]
    for key, value in parameters.items():
        command += ["-p", key, str(value).replace("FOLDER", str(folder.parent / "series"))]
    environment = os.environ | {"CONV1D_VIZ_OUTPUT": str(folder), "KERAS_BACKEND": "tensorflow"}
    # Two settings share the processor.
    environment |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    # Figures are drawn and saved, and not drawn once more for the page, which no one looks at.
    environment |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": str(folder.parent / "series" / "matplotlibrc")}
    options = {"cwd": NOTEBOOKS, "capture_output": True, "text": True, "check": False}
    done = subprocess.run([*map(str, command), "--no-progress-bar"], env=environment, timeout=900, **options)
    assert (folder / f"{name}.ipynb").is_file(), done.stderr
    cells = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return done, [cell for cell in cells if cell["cell_type"] == "code"]


@pytest.fixture(scope="session")
def outcomes(request, tmp_path_factory):
    """Start whatever was selected, two at a time; results are waited for where they are asked for."""
    root = tmp_path_factory.mktemp("knobs")
    (root / "series").mkdir()
    series_files(root / "series")

    def all_three(key):
        folder = root / re.sub(r"\W+", "_", key)
        folder.mkdir()
        first, later, _ = SETTINGS[key]
        named = {"MODEL_NAME": "knobs"}
        results = {"01_train": run("01_train", {"EPOCHS": 3, **SHORT, **named, **first}, folder)}
        known = {"02_activations": {"CHANNEL"}, "03_ablation": set()}
        for name, own in known.items():
            others = {k: v for k, v in later.items() if k != "CHANNEL" or k in own}
            results[name] = run(name, named | others, folder)
        return results, folder / "figures"

    def stopped(key):
        folder = root / re.sub(r"\W+", "_", key)
        folder.mkdir()
        name, parameters, _ = WRONG[key]
        return run(name, ({"MODEL_NAME": "wrong"} if name == "01_train" else {}) | parameters, folder)

    chosen = [item.callspec.params["key"] for item in request.session.items if "outcomes" in item.fixturenames]
    with ThreadPoolExecutor(2) as pool:
        yield {key: pool.submit(all_three if key in SETTINGS else stopped, key) for key in chosen}


@pytest.mark.parametrize("key", SETTINGS)
def test_the_notebooks_run_and_read_right(outcomes, key):
    results, figures = outcomes[key].result()
    for name, (done, cells) in results.items():
        assert done.returncode == 0, f"{name}: {done.stderr[-2500:]}"
        outputs = [output for cell in cells for output in cell["outputs"]]
        assert not [o for o in outputs if o.get("name") == "stderr" or o["output_type"] == "error"], name
        said = "\n".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
        assert not re.search(r"\bnan\b|\binf\b|Warning|None of", said), f"{name}: {said}"
        assert len(list(figures.glob(f"{name[:2]}_*.png"))) >= (7 if name == "01_train" else 18), name
        assert name == "01_train" or re.search(SETTINGS[key][2], said), f"{name}: {said}"


@pytest.mark.parametrize("key", WRONG)
def test_what_cannot_work_stops_in_the_first_cells_with_one_sentence(outcomes, key):
    done, cells = outcomes[key].result()
    assert done.returncode != 0
    (stopped,) = [k for k, cell in enumerate(cells) if any(o["output_type"] == "error" for o in cell["outputs"])]
    assert stopped <= (13 if "level" in key else 5)  # papermill adds a cell; the level needs the model
    (error,) = [o for o in cells[stopped]["outputs"] if o["output_type"] == "error"]
    assert re.search(WRONG[key][2], error["evalue"]), error["evalue"]
    assert "\n" not in error["evalue"]
