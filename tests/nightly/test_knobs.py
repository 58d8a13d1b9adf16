"""The three notebooks with other parameters, from top to bottom, 02 and 03 on the model that 01 has just made.

Those marked `quick` also run on every change, in .ci/run. Two settings run at a time.
"""

import json
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

NOTEBOOKS = Path(__file__).parents[2] / "notebooks"
SHORT = {"EPOCHS": 3, "N_SAMPLES": 1500, "TRAIN_SIZE": 1000, "MODEL_NAME": "knobs"}

# For 01, then for 02 and 03.
QUICK = {
    "noise": ({"NOISE": 0.05}, {}),
    "harmonics of a fractional period": ({"SERIES": "harmonics", "PERIOD": 60.5, "SEED": 0}, {"CHANNEL": 7}),
    "kernels as long as the window": (dict.fromkeys(("WINDOW", "KERNEL_SIZE", "HEAD_KERNEL_SIZE", "PERIOD"), 30), {}),
    "one channel": ({"CHANNELS": 1, "KERNEL_SIZE": 1, "HEAD_KERNEL_SIZE": 1}, {"CHANNEL": 0}),
    "sixty channels": ({"CHANNELS": 60}, {"CHANNEL": 59}),
    "three samples ahead": ({"HORIZON": 3}, {}),
}
OTHERS = {
    "pulse, further ahead than its period": ({"SERIES": "pulse", "PERIOD": 25, "HORIZON": 30}, {"LENGTH": 240}),
    "half-wave, elsewhere and longer": ({"SERIES": "half_sine"}, {"START": 12_345, "LENGTH": 700}),
    "odd kernel, even head": ({"KERNEL_SIZE": 7, "HEAD_KERNEL_SIZE": 4, "CHANNELS": 3}, {}),
    "period longer than the window": ({"PERIOD": 250}, {"LENGTH": 500}),
    "short and quick": ({"N_SAMPLES": 400, "TRAIN_SIZE": 150, "EPOCHS": 1, "PATIENCE": 0}, {}),
}
SETTINGS = QUICK | OTHERS
# What notebook 03 refuses, since it deletes every subset.
REFUSED = {"sixty channels": r'`deletions="all"` must mean at most 20 channels.*Got 60'}
NOT_SUMMED = r"`layer` must lead to one sum over its channels\. Behind 'conv2', nothing sums up the channels"
# What cannot work, the notebook that it stops, and what its one sentence says.
WRONG = {
    "no window": ("01_train", {"WINDOW": 0}, r"`window` must be at least 1\. Got 0"),
    "kernel beyond the window": ("01_train", {"KERNEL_SIZE": 101}, r"`kernel_size` must"),
    "no epochs": ("01_train", {"EPOCHS": 0}, r"`epochs` must be at least 1\. Got 0"),
    "no such wave": ("01_train", {"SERIES": "square"}, r"`shape` must be one of 'sine'.* Got 'square'"),
    "too short a series": ("02_activations", {"LENGTH": 120}, r"`acts` must have over 50 windows"),
    "no such layer": ("02_activations", {"LAYER": "conv9"}, r"`layer` must be one of the model's layers.*Got 'conv9'"),
    "a layer that nothing sums up": ("02_activations", {"LAYER": "conv2"}, NOT_SUMMED),
    "deletions in a layer that nothing sums up": ("03_ablation", {"LAYER": "conv2"}, NOT_SUMMED),
    "a layer without weights": ("02_activations", {"LAYER": "input"}, r"No such layer: input\. Existing layers are"),
    "no such model": ("03_ablation", {"MODEL_NAME": "none"}, r"`path` must be a file\. Got .*none\.keras"),
}


def run(name, parameters, folder):
    """Run a notebook through papermill; return what came of it, or the error that stopped it."""
    command = [sys.executable, "-m", "papermill", NOTEBOOKS / f"{name}.ipynb", folder / f"{name}.ipynb"]
    for key, value in parameters.items():
        command += ["-p", key, value]
    environment = os.environ | {"CONV1D_VIZ_OUTPUT": str(folder), "KERAS_BACKEND": "tensorflow"}
    # Two settings share the processor.
    environment |= {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1"}
    # Figures are drawn and saved, and not drawn once more for the page, which no one looks at.
    environment |= {"MPLBACKEND": "agg", "MATPLOTLIBRC": str(folder.parent / "matplotlibrc")}
    options = {"cwd": NOTEBOOKS, "capture_output": True, "text": True, "check": False}
    done = subprocess.run([*map(str, command), "--no-progress-bar"], env=environment, timeout=900, **options)
    assert (folder / f"{name}.ipynb").is_file(), done.stderr
    cells = json.loads((folder / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    return done, [output for cell in cells for output in cell.get("outputs", [])]


@pytest.fixture(scope="module")
def outcomes(request, tmp_path_factory):
    """Start whatever was selected, two at a time; results are waited for where they are asked for."""
    root = tmp_path_factory.mktemp("knobs")
    (root / "matplotlibrc").write_text("figure.max_open_warning: 0", encoding="utf-8")

    def outcome(key):
        folder = root / re.sub(r"\W+", "_", key)
        folder.mkdir()
        if key in WRONG:
            name, parameters, _ = WRONG[key]
            return run(name, {"MODEL_NAME": "wrong"} | parameters if name == "01_train" else parameters, folder)
        first, later = SETTINGS[key]
        later = {"MODEL_NAME": "knobs"} | later
        results = {
            "01_train": run("01_train", SHORT | first, folder),
            "02_activations": run("02_activations", later, folder),
        }
        later.pop("CHANNEL", None)  # 03 looks at all of them
        results["03_ablation"] = run("03_ablation", later, folder)
        return results, folder / "figures"

    chosen = [item.callspec.params["key"] for item in request.session.items if "outcomes" in item.fixturenames]
    with ThreadPoolExecutor(2) as pool:
        yield {key: pool.submit(outcome, key) for key in chosen}


@pytest.mark.parametrize("key", [*(pytest.param(key, marks=pytest.mark.quick) for key in QUICK), *OTHERS])
def test_the_notebooks_run_and_read_right(outcomes, key):
    results, figures = outcomes[key].result()
    if key in REFUSED:
        done, outputs = results.pop("03_ablation")
        assert done.returncode != 0
        assert re.search(REFUSED[key], outputs[-1]["evalue"])
    for name, (done, outputs) in results.items():
        assert done.returncode == 0, f"{name}: {done.stderr[-2500:]}"
        assert not [o for o in outputs if o.get("name") == "stderr" or o["output_type"] == "error"], name
        said = "\n".join("".join(o["text"]) for o in outputs if o["output_type"] == "stream")
        assert not re.search(r"\bnan\b|\binf\b|Warning|None of", said), f"{name}: {said}"
        assert len(list(figures.glob(f"{name[:2]}_*.png"))) >= 7, name


@pytest.mark.parametrize("key", WRONG)
def test_what_cannot_work_stops_with_one_sentence(outcomes, key):
    done, outputs = outcomes[key].result()
    assert done.returncode != 0
    (error,) = [output for output in outputs if output["output_type"] == "error"]
    assert re.search(WRONG[key][2], error["evalue"]), error["evalue"]
    assert "\n" not in error["evalue"]
