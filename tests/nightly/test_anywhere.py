"""The package at work where little is allowed: an odd and read-only place, a C locale, no home, no network.

What a person may not do, root may, so root gives up the right to pass over permissions before it runs the code.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

FLOW = """
import os, sys
import numpy as np
import conv1d_viz as cv

assert cv.__file__.startswith(sys.argv[1]), ascii(cv.__file__)
for place in (os.getcwd(), os.path.dirname(cv.__file__)):
    try:
        open(os.path.join(place, "new"), "w")
        raise SystemExit("can be written to: " + ascii(place))
    except PermissionError:
        pass

out = sys.argv[2]
_, wave = cv.toy_series(80, period=20)
x, y = cv.sliding_windows(wave, 20)
model = cv.build_model(window=20, channels=3, kernel_size=5, head_kernel_size=4, seed=0)
cv.save_model(model, os.path.join(out, "wave.keras"), info={"unit": "\\u00b0C"})
acts = cv.layer_activations(cv.load_model(os.path.join(out, "wave.keras")), x, "conv1")
np.testing.assert_array_equal(acts, cv.layer_activations(model, x, "conv1"))
line = cv.diagonal_sum(acts, fill=None, reduce="mean")
strips = cv.plot_strips(line, np.arange(len(line)), wave=(np.arange(80), wave), title="H\\u00f6he")
cv.save_figure(strips, "strips")
print(sys.getfilesystemencoding(), ascii(cv.load_info(os.path.join(out, "wave.keras"))["unit"]))
"""

OFFLINE = """
import socket, sys
import conv1d_viz as cv

try:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).connect(("192.0.2.1", 9))  # sends nothing
    raise SystemExit("there is a network")
except OSError:
    pass
_, wave = cv.toy_series(150)
print(cv.layer_activations(cv.load_model(sys.argv[1]), cv.sliding_windows(wave, 100)[0], "conv1").shape)
"""

# Python turns the C locale into UTF-8 unless it is told not to. Then TensorFlow ends the process where sources have
# names that ASCII lacks, so there only what is written lies in a folder of such a name.
PLACES = {"an ö place": {}, "a place of ASCII": {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}}


def environment(**more):
    kept = {name: os.environ[name] for name in ("PATH", "KERAS_BACKEND") if name in os.environ}
    return {**kept, "LANG": "C", "HOME": "/nonexistent", "MPLBACKEND": "agg", **more}


def run(code, *arguments, cwd, prefix=(), **variables):
    if "PYTHONUTF8" in variables and not f"{sys.prefix}{ROOT}{cwd}".isascii():
        pytest.skip("TensorFlow cannot be imported from a path of letters that the locale lacks")
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=cwd, env=environment(**variables), capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-3000:]
    return done.stdout.decode("ascii").strip()


@pytest.fixture(scope="module")
def bound():
    """What a command begins with so that permissions bind it: nothing, except for root."""
    if os.geteuid() != 0:
        return ()
    prefix = ("setpriv", "--bounding-set=-dac_override,-dac_read_search,-fowner")
    if not works(*prefix, "true"):
        pytest.skip("root cannot give up its rights without setpriv")
    return prefix


@pytest.fixture
def offline():
    """What a command begins with so that it has no network."""
    prefix = ("unshare", "--net") if os.geteuid() == 0 else ("unshare", "--map-root-user", "--net")
    if not works(*prefix, "true"):
        pytest.skip("a process without a network needs unshare, and the right to use it")
    return prefix


def works(*command):
    return (
        shutil.which(command[0]) is not None
        and subprocess.run(command, check=False, capture_output=True).returncode == 0
    )


@pytest.fixture
def place(request, tmp_path):
    """A copy of the package that nobody may write to."""
    folder = tmp_path / request.param / "site packages"
    shutil.copytree(ROOT / "conv1d_viz", folder / "conv1d_viz", ignore=shutil.ignore_patterns("__pycache__"))
    tree = [folder, *folder.rglob("*")]
    for path in tree:
        path.chmod(0o555 if path.is_dir() else 0o444)
    yield folder
    for path in tree:
        path.chmod(0o755)


@pytest.mark.parametrize(("place", "variables"), PLACES.items(), indirect=["place"], ids=["UTF-8", "ASCII"])
def test_all_of_it_from_a_place_that_cannot_be_written_to(place, variables, bound, tmp_path):
    out = tmp_path / "ausgäbe ü"
    out.mkdir()
    printed = run(
        FLOW, place, out, cwd=place, prefix=bound, PYTHONPATH=str(place), CONV1D_VIZ_OUTPUT=str(out), **variables
    )
    if variables and sys.platform == "linux":
        assert printed == "ascii '\\xb0C'"
    made = sorted(file.relative_to(out).as_posix() for file in out.rglob("*") if file.is_file())
    assert made == ["figures/strips.png", "wave.json", "wave.keras"]


def test_no_network_is_needed(offline, tmp_path):
    model = ROOT / "models" / "sine_conv1d.keras"
    assert run(OFFLINE, model, cwd=tmp_path, prefix=offline, PYTHONPATH=str(ROOT)) == "(50, 100, 8)"


def test_pytest_finds_its_settings_and_the_notebooks_from_any_folder(tmp_path):
    options = ["--collect-only", "-q", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, str(ROOT / "notebooks")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    for name in ("01_train", "02_activations", "03_ablation"):
        assert f"{name}.ipynb::" in done.stdout
