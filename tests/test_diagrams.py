"""The diagrams hold what a loop over windows and steps gives, and every frame of the animations draws."""

from collections import Counter
from functools import partial

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.animation import PillowWriter
from matplotlib.colors import to_hex
from PIL import Image

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
BLUE, ORANGE = "#b2d5e8", "#f2cfb2"  # what is pointed at, and what is made up or to be predicted


def cells_of(ax):
    """Every cell by its centre: text, colour, hatched."""
    texts = {text.get_position(): text.get_text() for text in ax.texts if text.get_visible()}
    boxes = {(box.get_x() + 0.5, round(box.get_y() + 0.5, 6)): box for box in ax.patches if hasattr(box, "get_x")}
    return {p: (texts.get(p, ""), to_hex(box.get_facecolor()), bool(box.get_hatch())) for p, box in boxes.items()}


def texts_of(ax):
    return [text.get_text().replace("\n", " ") for text in ax.texts if text.get_visible() and text.get_text()]


def overlaps(ax):
    """Pairs of visible texts that run into each other, and texts that run out of the figure."""
    figure = ax.get_figure()
    figure.draw_without_rendering()
    entries = ax.get_legend().get_texts() if ax.get_legend() else []
    around = [*entries, ax.xaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()] if ax.axison else []
    shown = [text for text in (*ax.texts, *around) if text.get_visible() and text.get_text()]
    boxes = [text.get_window_extent().padded(-0.5) for text in shown]  # neighbouring lines may touch
    pairs = [(a, b) for j, b in enumerate(boxes) for a in boxes[:j] if a.overlaps(b)]
    return pairs + [box for box in boxes if (box.min < 0).any() or (box.max > figure.bbox.max).any()]


def record(animation, path, dpi):
    """The axes after the last frame, and the cells and texts of each frame in a small animated PNG."""
    writer, frames = PillowWriter(), []
    look = lambda *_: frames.append((cells_of(writer.fig.axes[0]), texts_of(writer.fig.axes[0])))  # noqa: E731
    animation.save(path / "movie.png", writer, dpi=dpi, progress_callback=look)
    assert (path / "movie.png").stat().st_size < 500_000
    with Image.open(path / "movie.png") as image:
        n_frames = getattr(image, "n_frames", 1)  # the pause is the last frame, shown for longer
    assert plt.get_fignums() == []
    return writer.fig.axes[0], frames[:n_frames]


def test_the_model_of_the_study():
    ax = cv.draw_model(cv.build_model(seed=0))
    shown = "input|conv1|Conv1D, 8 filters of 10, relu|88 parameters|(100, 8)|100 steps 8 channels|"
    shown += "conv2|Conv1D, 1 filter of 8, tanh|65 parameters|global_max|no parameters|(1,)|1 value"
    assert set(shown.split("|")) < set(texts_of(ax))
    assert ax.get_title(loc="left") == "From (100, 1) to (1,) with 153 parameters"
    assert list(Counter(color for _, color, _ in cells_of(ax).values()).values()) == [1, 8 + 1, 1]
    heights = [box.get_height() for box in ax.patches if hasattr(box, "get_height")]
    assert heights == pytest.approx([heights[0]] * 10 + [heights[0] / 100**0.5])  # by the root of the steps
    assert overlaps(ax) == []


def test_models_of_other_kinds():
    inputs = L.Input((None, 2))
    branch = L.Conv1D(3, 3, padding="same", name="one")(inputs)
    branch = L.Add(name="sum")([branch, L.Conv1D(3, 5, padding="same", name="two")(branch)])
    ax = cv.draw_model(keras.Model(inputs, L.Dense(5000, name="wide")(L.GlobalMaxPooling1D()(branch))))
    assert [text for text in texts_of(ax) if text in ("one", "two", "sum", "wide")] == ["one", "two", "sum", "wide"]
    assert "Add, from one and two" in texts_of(ax)
    assert texts_of(ax).count("any steps 3 channels") == 3
    assert len(cells_of(ax)) <= 2 + 3 * 3 + 3 + 60
    stack = [kind for _ in range(4) for kind in (L.Conv1D(16, 5, padding="same"), L.BatchNormalization(), L.ReLU())]
    assert overlaps(cv.draw_model(keras.Sequential([L.Input((96, 3)), *stack, L.GlobalAveragePooling1D()]))) == []


def test_the_names_of_many_branches_leave_a_window_its_room():
    inputs = L.Input((64, 1))
    branches = [L.Conv1D(3, k, padding="same", name=f"block0_branch_kernel{k}")(inputs) for k in (5, 10, 20, 40)]
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Concatenate(name="block0_concatenate")(branches)))
    ax = cv.draw_model(model, window=np.arange(64))
    ax.figure.canvas.draw()
    assert ax.get_position().width > 0.9
    assert "block0_concatenate: Concatenate, from 4 layers" in texts_of(ax)


def test_one_window_on_its_way_through_a_model():
    inputs = L.Input((24, 2))
    steps = L.Conv1D(3, 5, strides=2, padding="same", activation="relu", name="conv")(inputs)
    model = keras.Model(inputs, L.Dense(2, name="out")(L.GlobalMaxPooling1D(name="top")(steps)))
    window = np.random.default_rng(3).normal(size=(24, 2))
    ax = cv.draw_model(model, window=window)
    acts = cv.layer_activations(model, window[None], "conv")[0]
    np.testing.assert_allclose([image.get_array()[0] for image in ax.images], acts.T, rtol=1e-6)
    assert all(image.get_extent()[:2] == [-0.5, 23.5] for image in ax.images)
    lines = [line.get_xydata() for line in ax.lines]
    for feature, line in enumerate(lines[:2]):  # the input, upside down since y points down
        assert np.corrcoef(line[:, 1], -window[:, feature])[0, 1] == pytest.approx(1)
    assert lines[2][:, 0] == pytest.approx(2 * acts.argmax(axis=0) + 0.5)  # a step is two samples wide
    for image, y in zip(ax.images, lines[2][:, 1], strict=True):
        assert image.get_extent()[3] < y < image.get_extent()[2]
    numbers = ", ".join(f"{value:z.3f}" for value in model.predict(window[None], verbose=0)[0])
    assert {"input: 24 samples", "conv: Conv1D, 3 filters of 5, relu", numbers} <= set(texts_of(ax))
    assert ax.get_title(loc="left") == "One window on its way through the model"
    assert [label.get_text() for label in ax.get_yticklabels()][2:] == ["0", "1", "2"]


@pytest.mark.parametrize(("n_windows", "n_steps"), [(12, 8), (3, 8), (36, 5)])
def test_index_matrix(n_windows, n_steps):
    ax = cv.draw_index_matrix(n_windows, n_steps)
    sample = {(b, s): b + s for b in range(n_windows) for s in range(n_steps)}
    cells = cells_of(ax)
    assert {place: int(text) for place, (text, *_) in cells.items()} == sample
    tinted = [text for text, color, _ in cells.values() if color == BLUE]
    assert tinted == tinted[:1] * max(cv.coverage(n_windows, n_steps))
    assert f"Sample {tinted[0]} " in ax.get_title(loc="left")
    assert (ax.yaxis_inverted(), overlaps(ax)) == (True, [])


@pytest.mark.parametrize(("n_windows", "n_steps"), [(9, 5), (30, 4), (1, 1)])
def test_parallelogram(n_windows, n_steps):
    ax = cv.draw_parallelogram(n_windows, n_steps)
    cells = cells_of(ax)
    real = {(b + s, s): b for b in range(n_windows) for s in range(n_steps)}
    n_times = n_windows + n_steps - 1
    for time, step in np.ndindex(n_times, n_steps):
        window = real.get((time, step), real.get((time, 0), real.get((time, n_steps - 1))))
        assert cells.pop((time, step)) == (str(window), *((BLUE, False) if (time, step) in real else (ORANGE, True)))
    assert [int(cells[place][0]) for place in sorted(cells)] == list(cv.coverage(n_windows, n_steps))
    assert ax.get_title(loc="left").startswith(f"{n_times * n_steps - len(real)} of {n_times * n_steps} cells")
    assert overlaps(ax) == []


def test_drawings_use_the_axes_and_the_title_given_and_no_setting(model):
    settings = mpl.rcParams.copy()
    for draw in (partial(cv.draw_model, model), cv.draw_index_matrix, cv.draw_parallelogram):
        _, (ax, other) = plt.subplots(1, 2, figsize=(12, 3.5), layout="constrained")
        assert draw(ax=ax, title="Half as wide") is ax
        assert (ax.get_title(loc="left"), overlaps(ax), len(other.patches)) == ("Half as wide", [], 0)
        assert draw(title=None).get_title(loc="left") == ""
    assert mpl.rcParams == settings


@pytest.mark.parametrize("sizes", [(14, 5, 1), (9, 3, 3), (7, 6, 1), (2, 1, 1)])
def test_windows_fill_their_matrices(sizes, tmp_path):
    n_samples, window, horizon = sizes
    x, y = cv.sliding_windows(np.arange(n_samples), window, horizon)
    rows = np.hstack([x[..., 0], y]).astype(int).astype(str).tolist()
    ax, frames = record(cv.animate_windows(*sizes), tmp_path, dpi=110 if n_samples == 14 else 30)
    for now, (cells, texts) in enumerate(frames):
        assert any(text.startswith(f"window {now}: sample") for text in texts)
        assert {f"x: ({len(x)}, {window})", f"y: ({len(x)}, {horizon})"} < set(texts)
        assert [i for i in range(n_samples) if cells[i, 0][1] == BLUE] == x[now, :, 0].tolist()
        assert [i for i in range(n_samples) if cells[i, 0][1] == ORANGE] == y[now].tolist()
        below = sorted({height for _, height in cells if height != 0})
        shown = [[cells[place][0] for place in sorted(cells) if place[1] == height] for height in below]
        assert shown == rows[: now + 1] + [[""] * (window + horizon)] * (len(x) - now - 1)
    assert (len(frames), overlaps(ax)) == (len(x), [])


@pytest.mark.parametrize("sizes", [(16, 10), (8, 3), (2, 7), (1, 1)])
def test_a_kernel_sees_what_a_convolution_sees(sizes, tmp_path):
    window, kernel_size = sizes
    ones, each = np.ones((kernel_size, 1, 1), "float32"), np.eye(window, dtype="float32")[..., None]
    seen = keras.ops.convert_to_numpy(keras.ops.conv(each, ones, 1, "same"))[..., 0] > 0
    missing = (kernel_size - seen.sum(axis=0)).tolist()
    ax, frames = record(cv.animate_kernel(*sizes), tmp_path, dpi=110 if window == 16 else 30)
    for step, (cells, texts) in enumerate(frames):
        rows = sorted({y for _, y in cells})
        weights, inputs, outputs = ({x: cells[x, y] for x, y in sorted(cells) if y == row} for row in rows)
        assert list(weights) == [x for x, cell in inputs.items() if cell[1] == BLUE]
        assert [x for x in weights if 0 <= x < window] == np.flatnonzero(seen[:, step]).tolist()
        assert all(int(cell[0]) == x and cell[2] == (not 0 <= x < window) for x, cell in inputs.items())
        shown = [(str(i), n > 0) if i <= step else ("", False) for i, n in enumerate(missing)]
        assert [(cell[0], cell[2]) for cell in outputs.values()] == shown
        (caption,) = (text for text in texts if text.startswith(f"step {step} sees sample"))
        assert (f": {missing[step]} of {kernel_size} cell" if missing[step] else ": none is padding") in caption
    assert (len(frames), overlaps(ax)) == (len(missing), [])
