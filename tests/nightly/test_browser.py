"""The notebooks in a real browser: Jupyter Lab runs each from top to bottom, and the explorers are driven as by hand.

Chromium of the system is used. Screenshots go to the folder that `CONV1D_VIZ_SCREENSHOTS` names, else to a temporary
one. Where `CONV1D_VIZ_BROWSER` is "required", as in CI, a missing browser fails the tests; elsewhere it skips them.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TOKEN = "conv1d"
MINUTES = 60_000  # milliseconds
SETTINGS = {
    # All cells are in the page, not only those that can be seen; no question about news covers them.
    "notebook-extension/tracker": {"windowingMode": "none"},
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
}

if CHROMIUM is None and os.environ.get("CONV1D_VIZ_BROWSER") != "required":
    pytest.skip(
        "needs Chromium: `apt-get install chromium` on Debian and Ubuntu, `brew install chromium` on macOS",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Jupyter Lab on a copy of the notebooks; its address."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "models"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    for file in (folder / "notebooks").glob("*.ipynb"):
        # Without what is stored: counts and pictures in the page can only come from cells that ran in it.
        notebook = nbformat.read(file, nbformat.NO_CONVERT)
        for cell in (cell for cell in notebook.cells if cell.cell_type == "code"):
            cell.update(execution_count=None, outputs=[])
        nbformat.write(notebook, file)
    shutil.copy(ROOT / "pyproject.toml", folder)
    for name, setting in SETTINGS.items():
        file = folder / "settings" / "@jupyterlab" / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(setting), encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "JUPYTERLAB_SETTINGS_DIR": str(folder / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "CONV1D_VIZ_OUTPUT": str(folder / "output"),
        "KERAS_BACKEND": "tensorflow",
    }
    environment.pop("MPLBACKEND", None)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={folder}"]
    log = (folder / "log").open("w")
    server = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
    address = f"http://127.0.0.1:{port}"
    for _ in range(120):
        try:
            urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=1)
            break
        except OSError:
            assert server.poll() is None, (folder / "log").read_text()
            time.sleep(0.5)
    else:
        server.kill()
        pytest.fail(f"Jupyter Lab did not start: {(folder / 'log').read_text()}")
    yield address
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
    log.close()


@pytest.fixture(scope="module")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        # A container's shared memory is too small for the pictures of a long page, and its network may be closed.
        options = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=options)
        yield browser
        browser.close()


@pytest.fixture
def run_all(lab, browser, tmp_path):
    """A function that opens a notebook, runs all of its cells and returns the page."""
    shots = Path(os.environ.get("CONV1D_VIZ_SCREENSHOTS", tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    pages = []

    def run(name):
        page = browser.new_page(viewport={"width": 1280, "height": 1000})
        pages.append((name, page))
        page.set_default_timeout(MINUTES)
        page.goto(f"{lab}/lab/tree/notebooks/{name}.ipynb?token={TOKEN}&reset")
        page.locator(".jp-CodeCell").first.wait_for()
        # The notebook's own mark says that it is idle before there is a kernel; the bar at the bottom knows. A kernel
        # that is restarted, or a cell that is run, before it is there is lost, or asks which one to use.
        page.locator(".jp-StatusBar-Widget, #jp-main-statusbar").get_by_text(re.compile(r"\| Idle$")).first.wait_for()
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        n_cells = page.locator(".jp-CodeCell").count()
        # The last cell gets the number of cells, once all before it are done.
        page.wait_for_function(
            """n => { const marks = [...document.querySelectorAll(".jp-CodeCell .jp-InputPrompt")];
                      return marks.length === n && marks.every((m, k) => m.textContent === `[${k + 1}]:`); }""",
            arg=n_cells,
            timeout=10 * MINUTES,
        )
        assert page.locator('[data-mime-type*="error"]').count() == 0
        assert page.locator('[data-mime-type*="stderr"]').count() == 0
        return page

    yield run
    for name, page in pages:
        page.screenshot(path=shots / f"{name}.png")
        page.close()


def words(page):
    return page.locator(".conv1d-words").inner_text()


def picture(page):
    return page.locator("img.conv1d-picture, .conv1d-picture img").get_attribute("src")


def wait_for_change(page, before):
    page.wait_for_function('w => document.querySelector(".conv1d-words").innerText !== w', arg=before)
    return words(page)


def test_training(run_all):
    page = run_all("01_train")
    assert page.locator(".jp-RenderedImage img").count() >= 5


def test_the_explorer_of_channels(run_all):
    page = run_all("02_activations")
    page.locator(".conv1d-words").scroll_into_view_if_needed()
    said, seen = words(page), picture(page)

    slider = page.locator(".conv1d-window [role=slider]").first
    slider.focus()
    slider.press("ArrowRight")
    moved = wait_for_change(page, said)
    before, after = (int(re.search(r"Window (\d+) covers", text).group(1)) for text in (said, moved))
    assert after == before + 1
    page.wait_for_function('s => document.querySelector("img.conv1d-picture, .conv1d-picture img").src !== s', arg=seen)
    slider.press("ArrowLeft")
    assert wait_for_change(page, moved) == said

    layer = page.locator(".conv1d-layer select")
    layer.select_option("conv2")
    assert "of layer conv2 gives" in wait_for_change(page, said)


def test_the_explorer_of_deletions(run_all):
    page = run_all("03_ablation")
    page.locator(".conv1d-words").scroll_into_view_if_needed()
    said, seen = words(page), picture(page)

    toggle = page.locator("button.conv1d-delete-5, .conv1d-delete-5 button").first
    toggle.click()
    one = wait_for_change(page, said)
    assert re.search(r"MSE: 1\.2[67]", one)  # without channel 5, as the notebook prints
    page.wait_for_function('s => document.querySelector("img.conv1d-picture, .conv1d-picture img").src !== s', arg=seen)

    page.locator("button.conv1d-delete-0, .conv1d-delete-0 button").first.focus()
    page.keyboard.press("Space")
    both = wait_for_change(page, one)
    assert re.search(r"MSE: 0\.14", both)
    assert re.search(r"Interaction: -1\.1", both)

    page.locator(".conv1d-replacement select").select_option("mean")
    assert "set to the channel's mean" in wait_for_change(page, both)
    page.locator(".conv1d-replacement select").select_option("zero")
    page.wait_for_function('w => document.querySelector(".conv1d-words").innerText === w', arg=both)
    toggle.click()
    assert re.search(r"MSE: 0\.0008", wait_for_change(page, both))  # without channel 0 alone
