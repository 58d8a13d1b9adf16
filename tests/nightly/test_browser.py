"""Live figures in a real browser: exported pages from the disk, without a server, and one run in Jupyter Lab.

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
import numpy as np
import pytest
from nbconvert import HTMLExporter

import conv1d_viz as cv

ROOT = Path(__file__).parents[2]
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
TOKEN = "conv1d"
HOSTILE = '"><script>document.title = "broken into"</script>'
ELSEWHERE = ("mathjax_url", "require_js_url", "jquery_url", "mermaid_js_url")

if CHROMIUM is None and os.environ.get("CONV1D_VIZ_BROWSER") != "required":
    pytest.skip(
        "needs Chromium: `apt-get install chromium` on Debian and Ubuntu, `brew install chromium` on macOS",
        allow_module_level=True,
    )


@pytest.fixture(scope="module")
def study():
    """The study's model, its wave with sample numbers, and the windows."""
    model, info = cv.load_model("sine_conv1d"), cv.load_info("sine_conv1d")
    t, wave = cv.toy_series(300, start=10_000, **info["wave"])
    return model, t, wave, *cv.sliding_windows(wave, 100)


@pytest.fixture(scope="module")
def figures(study):
    model, t, wave, x, y = study
    roles = [HOSTILE, *"abcdefg"]
    return {
        "channels": cv.explore_channels(model, wave, "conv1", 100, time=t),
        "deletions": cv.explore_deletions(model, x, y, "conv1", time=t[100:], roles=roles),
    }


@pytest.fixture(scope="module")
def pages(figures, tmp_path_factory):
    """A page with both figures, and one with two copies of each, as nbconvert exports notebooks."""
    folder = tmp_path_factory.mktemp("pages")
    exporter = HTMLExporter(**dict.fromkeys(ELSEWHERE, ""))
    for name, times in (("once", 1), ("twice", 2)):
        outputs = [
            nbformat.v4.new_output("display_data", {"text/html": figure._repr_html_(), "text/plain": repr(figure)})
            for figure in figures.values()
        ]
        cells = [nbformat.v4.new_code_cell(outputs=[output]) for output in outputs * times]
        page, _ = exporter.from_notebook_node(nbformat.v4.new_notebook(cells=cells))
        (folder / f"{name}.html").write_text(page, encoding="utf-8")
    return folder


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
def visit(browser, pages, tmp_path, request):
    """A function that opens a page from the disk; no error is written to its console, and nothing asked for."""
    shots = Path(os.environ.get("CONV1D_VIZ_SCREENSHOTS", tmp_path))
    shots.mkdir(parents=True, exist_ok=True)
    opened, wrong = [], []

    def open_page(name="once", width=1000, **options):
        page = browser.new_page(viewport={"width": width, "height": 1000}, **options)
        opened.append(page)
        page.set_default_timeout(20_000)
        page.on("console", lambda message: wrong.append(message.text))
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("request", lambda asked: None if asked.url.startswith(("file:", "data:")) else wrong.append(asked.url))
        page.goto((pages / f"{name}.html").as_uri())
        page.wait_for_function(
            "[...document.querySelectorAll('.conv1d-live')].every(figure => figure.dataset.state === 'live')"
        )
        return page

    yield open_page
    for k, page in enumerate(opened):
        page.screenshot(path=shots / f"{request.node.name}-{k}.png", full_page=True)
        page.close()
    assert wrong == []


def live(page, kind, copy=0):
    return page.locator(f".conv1d-{kind}").nth(copy)


def said(figure):
    return figure.locator("output").inner_text().replace("−", "-")


def numbers(pattern, text):
    return [float(number) for number in re.search(pattern, text).groups()]


def test_the_keyboard_moves_a_cell_whose_values_are_numpys(visit, study):
    model, t, wave, x, _ = study
    figure = live(visit(), "channels")
    acts = cv.layer_activations(model, x, "conv1")
    line = cv.diagonal_sum(acts, fill=None, reduce="mean")
    forecast = model.predict(x, verbose=0)[:, 0]
    picked = cv.layer_activations(model, x, "conv2")[..., 0].argmax(axis=1)
    for name, key, times in (
        ("Channel", "Home", 1),
        ("Channel", "ArrowRight", 4),
        ("Step", "Home", 1),
        ("Step", "ArrowRight", 2),
    ):
        for _ in range(times):
            figure.get_by_role("slider", name=name).press(key)
    for b in (0, 1, 2):
        figure.get_by_role("slider", name="Window").press("ArrowRight" if b else "Home")
        words = said(figure)
        assert f"Window {b} covers samples {t[b]} to {t[b + 99]}. Step 2 of conv1 sees samples" in words
        assert "2 of them padding." in words
        found = numbers(r"Channel 4 gives (\S+) there; the mean of that time is (\S+)\. ", words)
        np.testing.assert_allclose(found, [acts[b, 2, 4], line[b + 2, 4]], atol=2e-3)
        found = numbers(rf"sample {t[b + 100]}: (\S+), read at step (\d+) of conv2; truth (\S+)\.", words)
        np.testing.assert_allclose(found, [forecast[b], picked[b], wave[b + 100]], atol=2e-3)
    figure.get_by_label("Layer").select_option("conv2")
    assert "Step 2 of conv2 sees" in said(figure)
    assert figure.get_by_role("slider", name="Channel").is_disabled()


def test_the_mouse_drags_the_window_and_presses_strips_and_the_map(visit):
    page = visit()
    figure = live(page, "channels")
    canvas = figure.locator("canvas")
    canvas.scroll_into_view_if_needed()
    place = canvas.bounding_box()
    left, wide = place["x"] + 62, place["width"] - 74

    def at(sample, y):
        return left + (sample + 0.5) / 300 * wide, place["y"] + y

    figure.get_by_role("slider", name="Window").press("Home")
    page.mouse.move(*at(30, 90))
    page.mouse.down()
    page.mouse.move(*at(50, 90), steps=4)
    assert 19 <= numbers(r"Window (\d+) covers", said(figure))[0] <= 21
    page.mouse.up()
    page.mouse.move(*at(150, 90))  # the window stays when it is let go
    assert 19 <= numbers(r"Window (\d+) covers", said(figure))[0] <= 21
    page.mouse.click(*at(60, 206 + 22 * 6 + 11))
    assert "Channel 6 gives" in said(figure)
    page.mouse.click(*at(77, 206 + 22 * 9 + 64 + 95))
    window, step = numbers(r"Window (\d+) .* Step (\d+) of", said(figure))
    assert abs(window - 77) <= 1
    assert abs(step - 50) <= 1


def test_deletions_by_mouse_and_keyboard_are_those_of_the_study(visit, study):
    model, t, _, x, y = study
    page = visit()
    figure = live(page, "deletions")
    subsets = cv.ablation_study(model, x, y, "conv1", [(0,), (5,), (0, 5), tuple(range(8))])
    one, other, both, everything = subsets.loss
    figure.get_by_role("button", name="0 · ").click()
    assert figure.get_by_role("button", name="0 · ").get_attribute("aria-pressed") == "true"
    figure.get_by_role("button", name="5 · ").focus()
    page.keyboard.press("Space")
    words = said(figure)
    np.testing.assert_allclose(
        numbers(r"MSE (\S+), baseline (\S+), change", words), [both, subsets.baseline_loss], rtol=2e-3
    )
    np.testing.assert_allclose(
        numbers(r"Interaction (\S+):", words), both - one - other + subsets.baseline_loss, rtol=2e-3
    )
    figure.get_by_role("slider", name="Forecast of sample").press("Home")
    figure.get_by_role("slider", name="Forecast of sample").press("ArrowRight")
    found = numbers(rf"Sample {t[101]}: truth (\S+), forecast (\S+), without the deleted (\S+)\. ", said(figure))
    expected = [y[1, 0], subsets.baseline_prediction[1, 0], subsets.predictions[2, 1, 0]]
    np.testing.assert_allclose(found, expected, atol=1e-3)
    total = numbers(r"the sum is (\S+);", said(figure))
    np.testing.assert_allclose(np.tanh(total), subsets.predictions[2, 1], atol=2e-3)
    figure.get_by_label("Replacement").select_option("mean")
    mean = cv.ablation_study(model, x, y, "conv1", [(0, 5)], "mean").loss
    np.testing.assert_allclose(numbers(r"MSE (\S+),", said(figure)), mean, rtol=2e-3)
    figure.get_by_label("Replacement").select_option("zero")
    figure.get_by_role("button", name="Delete all").click()
    np.testing.assert_allclose(numbers(r"MSE (\S+),", said(figure)), everything, rtol=2e-3)
    figure.get_by_role("button", name="Delete none").click()
    assert "Deleted: none of 8 channels." in said(figure)
    assert HOSTILE in figure.get_by_role("button", name="0 · ").inner_text()
    assert page.title() != "broken into"


def test_copies_on_a_page_do_not_disturb_each_other(visit):
    page = visit("twice")
    first, second = (live(page, "deletions", k) for k in (0, 1))
    second.get_by_role("button", name="3 · ").click()
    assert "none of 8" in said(first)
    assert "Deleted: 3" in said(second)


TIME_EACH = """async ([figure, control]) => {
    const own = [], next = [];
    for (let k = 0; k < 100; k++) {
        const start = performance.now();
        if (control.type === "range") {
            control.value = k;
            control.dispatchEvent(new Event("input", { bubbles: true }));
        } else control.click();
        own.push(performance.now() - start);
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        next.push(performance.now() - start);
    }
    return [own, next].map((times) => times.sort((a, b) => a - b)[50]);
}"""


@pytest.mark.parametrize(
    ("kind", "control"),
    [
        ("channels", "input >> nth=2"),
        ("channels", "input >> nth=1"),
        ("deletions", "fieldset button >> nth=1"),
        ("deletions", "input"),
    ],
)
def test_an_event_takes_4_ms_and_the_next_frame_comes_within_20(visit, kind, control):
    page = visit()
    figure = live(page, kind)
    figure.scroll_into_view_if_needed()
    handles = [figure.element_handle(), figure.locator(control).first.element_handle()]
    own, frame = page.evaluate(TIME_EACH, handles)
    print(f"{kind}, {control}: {own:.1f} ms, next frame {frame:.1f} ms")
    assert own <= 4
    assert frame <= 20


@pytest.mark.parametrize("kind", ["channels", "deletions"])
def test_a_narrow_dark_page_with_little_motion(visit, kind):
    page = visit(width=420, color_scheme="dark", reduced_motion="reduce")
    figure = live(page, kind)
    wide = page.evaluate(
        "f => [f.scrollWidth, f.clientWidth, f.getBoundingClientRect().right]", figure.element_handle()
    )
    assert wide[0] <= wide[1] <= wide[2] <= 420
    colors = page.evaluate(
        "f => [getComputedStyle(f).backgroundColor, getComputedStyle(f).color]", figure.element_handle()
    )
    assert colors == ["rgb(255, 255, 255)", "rgb(27, 42, 58)"]
    assert figure.get_by_role("button", name="Play").count() == 0
    button = figure.locator("button, select").first
    button.focus()
    page.keyboard.press("Shift")  # a key, so that the focus is seen
    assert page.evaluate("b => getComputedStyle(b).outlineStyle", button.element_handle()) == "solid"


def test_play_slides_the_window_and_speaks_when_it_stops(visit):
    page = visit()
    figure = live(page, "channels")
    before = said(figure)
    figure.get_by_role("button", name="Play").click()
    start = figure.get_by_role("slider", name="Window").input_value()
    page.wait_for_timeout(500)
    assert said(figure) == before
    figure.get_by_role("button", name="Pause").click()
    assert figure.get_by_role("slider", name="Window").input_value() != start
    assert said(figure) != before


def test_pages_are_small_and_keep_a_sentence_without_scripts(browser, pages, figures):
    for figure in figures.values():
        assert len(json.dumps(figure._repr_html_())) < 650_000
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((pages / "once.html").as_uri())
    assert "live where scripts run" in page.locator(".conv1d-live p").first.inner_text()
    context.close()


CELL = """
import conv1d_viz as cv
model, info = cv.load_model("sine_conv1d"), cv.load_info("sine_conv1d")
t, wave = cv.toy_series(300, start=10_000, **info["wave"])
x, y = cv.sliding_windows(wave, 100)
"""


@pytest.fixture
def lab(tmp_path):
    """Jupyter Lab on a notebook with both figures, and its address."""
    shutil.copytree(ROOT / "models", tmp_path / "models")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    lines = [CELL, "cv.explore_channels(model, wave, 'conv1', 100)", "cv.explore_deletions(model, x, y, 'conv1')"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(line) for line in lines])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / "live.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
        "JUPYTER_CONFIG_DIR": "config",
        "CONV1D_VIZ_OUTPUT": "output",
    }
    environment = os.environ | {name: str(tmp_path / folder) for name, folder in settings.items()}
    environment["PYTHONPATH"] = str(ROOT)
    environment.pop("MPLBACKEND", None)
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    command += ["--ip=127.0.0.1", f"--IdentityProvider.token={TOKEN}", f"--ServerApp.root_dir={tmp_path}"]
    address = f"http://127.0.0.1:{port}"
    with (tmp_path / "log").open("w") as log:
        server = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=log)
        for _ in range(120):
            try:
                urllib.request.urlopen(f"{address}/api?token={TOKEN}", timeout=1)
                break
            except OSError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                time.sleep(0.5)
        yield address
        server.terminate()
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()


def test_jupyter_lab_shows_them_once_their_cells_have_run(lab, browser):
    page = browser.new_page(viewport={"width": 1280, "height": 1000})
    page.set_default_timeout(60_000)
    page.goto(f"{lab}/lab/tree/live.ipynb?token={TOKEN}&reset")
    # A cell that is run before the kernel is there is lost.
    page.locator(".jp-StatusBar-Widget, #jp-main-statusbar").get_by_text(re.compile(r"\| Idle$")).first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    page.locator(".conv1d-live[data-state=live]").nth(1).wait_for()
    figure = live(page, "deletions")
    figure.get_by_role("button", name="5", exact=True).click()
    assert re.search(r"Deleted: 5, set to zero\. MSE 1\.2[67]", said(figure))
    figure = live(page, "channels")
    figure.get_by_role("slider", name="Window").press("Home")
    assert "Window 0 covers samples 0 to 99." in said(figure)
    shots = os.environ.get("CONV1D_VIZ_SCREENSHOTS")
    if shots:
        page.screenshot(path=Path(shots) / "lab.png")
    page.close()
