"""The diagrams hold what a loop over windows and steps gives, and every frame of the animations draws."""

from collections import Counter

import matplotlib.pyplot as plt
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.animation import AbstractMovieWriter
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from PIL import Image

from conv1d_viz.diagrams import animate_kernel, animate_windows, draw_index_matrix, draw_model, draw_parallelogram
from conv1d_viz.diagrams._cells import ACCENT_TINT, TARGET_TINT, tint
from conv1d_viz.diagrams._geometry import Geometry
from conv1d_viz.diagrams._stage import PAUSE
from conv1d_viz.diagrams._text import text_width, wrap
from conv1d_viz.plotting.style import ACCENT, INK, TARGET

STUDY = [
    ("input", "", (100, 1), 0),
    ("conv1", "Conv1D, 8 filters of 10, relu", (100, 8), 88),
    ("conv2", "Conv1D, 1 filter of 8, tanh", (100, 1), 65),
    ("global_max", "GlobalMaxPooling1D", (1,), 0),
]
DEEP = [
    ("input_layer_1", "", (96, 3), 0),
    ("conv1d", "Conv1D, 16 filters of 10, relu", (96, 16), 496),
    ("max_pooling1d", "MaxPooling1D of 2", (48, 16), 0),
    ("conv1d_1", "Conv1D, 128 filters of 8, stride 2, relu", (24, 128), 16_512),
    ("batch_normalization", "BatchNormalization", (24, 128), 512),
    ("conv1d_2", "Conv1D, 32 filters of 3", (None, 32), 12_320),
    ("global_average_pooling1d", "GlobalAveragePooling1D", (32,), 0),
    ("dense", "Dense", (1,), 33),
]
NO_SIZES = [(0, ValueError), (-1, ValueError), (2.0, TypeError), (True, TypeError), ("3", TypeError), (None, TypeError)]


def cells_of(ax: Axes) -> dict[tuple[float, float], tuple[str, str, bool]]:
    """Every cell by its centre: text, colour, hatched."""
    texts = {text.get_position(): text.get_text() for text in ax.texts if text.get_visible()}
    found = {}
    for box in ax.patches:
        if hasattr(box, "get_x"):
            centre = (box.get_x() + 0.5, box.get_y() + 0.5)
            found[centre] = (texts.get(centre, ""), to_hex(box.get_facecolor()), bool(box.get_hatch()))
    return found


def shown_texts(ax: Axes) -> list[str]:
    return [text.get_text() for text in ax.texts if text.get_visible() and text.get_text()]


def overlaps(ax: Axes) -> list[tuple[str, str]]:
    """Pairs of visible texts that run into each other, and texts that run out of the figure."""
    figure = ax.get_figure(root=True)
    figure.draw_without_rendering()
    entries = ax.get_legend().get_texts() if ax.get_legend() else []
    candidates = [*ax.texts, *entries, ax.xaxis.label, *ax.get_xticklabels(), *ax.get_yticklabels()]
    texts = [text for text in (candidates if ax.axison else ax.texts) if text.get_visible() and text.get_text()]
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    # a pixel of slack, since neighbouring lines may touch
    pairs = [
        (a, b)
        for i, (a, one) in enumerate(boxes)
        for b, two in boxes[i + 1 :]
        if min(one.x1, two.x1) - max(one.x0, two.x0) > 1 and min(one.y1, two.y1) - max(one.y0, two.y0) > 1
    ]
    page = figure.bbox
    return pairs + [
        (text, "the edge")
        for text, box in boxes
        if box.x0 < page.x0 - 1 or box.x1 > page.x1 + 1 or box.y0 < page.y0 - 1 or box.y1 > page.y1 + 1
    ]


class Recorder(AbstractMovieWriter):
    """Takes down what each frame shows, in place of a file."""

    def setup(self, fig, outfile, dpi=None) -> None:
        super().setup(fig, outfile, dpi)
        self.frames: list[dict] = []

    def grab_frame(self, **_) -> None:
        ax = self.fig.axes[0]
        self.frames.append({"cells": cells_of(ax), "texts": shown_texts(ax), "overlaps": overlaps(ax)})

    def finish(self) -> None:
        pass


def record(animation) -> list[dict]:
    writer = Recorder()
    animation.save("unused", writer=writer)
    return writer.frames


# --- the model ---


def test_model_names_every_layer_its_detail_parameters_and_shape():
    ax = draw_model(STUDY)
    texts = " | ".join(shown_texts(ax)).replace("\n", " ")
    for name, detail, shape, _ in STUDY:
        assert name in texts
        assert detail in texts
        assert str(shape) in texts
    assert Counter(shown_texts(ax))["no parameters"] == 1
    assert "88 parameters" in texts
    assert "65 parameters" in texts
    assert "100 steps 8 channels" in texts
    assert "153 parameters" in ax.get_title(loc="left")


def test_model_draws_one_lane_a_channel_and_taller_blocks_for_more_steps():
    lanes = [box for box in draw_model(STUDY).patches if hasattr(box, "get_x")]
    by_color = Counter(to_hex(lane.get_facecolor()) for lane in lanes)
    assert by_color == {tint(INK, 0.75): 1, tint(ACCENT, 0.75): 8 + 1, tint(TARGET, 0.75): 1}
    heights = [lane.get_height() for lane in lanes]
    assert heights[:-1] == [heights[0]] * 10
    assert heights[-1] < heights[0] / 5


def test_model_caps_its_lanes():
    ax = draw_model([("in", "", (10, 5000), 0), ("out", "Dense", (1,), 1)])
    assert len([box for box in ax.patches if hasattr(box, "get_x")]) <= 60 + 1


@pytest.mark.parametrize("rows", [STUDY, DEEP, STUDY[:1], STUDY[:2]], ids=["study", "deep", "one", "two"])
def test_model_texts_keep_clear_of_each_other(rows):
    assert overlaps(draw_model(rows)) == []


def test_model_refuses_what_is_no_table():
    with pytest.raises(ValueError, match="at least one row"):
        draw_model([])
    with pytest.raises(ValueError, match=r"rows\[1\].*\(name, detail"):
        draw_model([STUDY[0], ("conv1", (100, 8), 88)])
    with pytest.raises(ValueError, match="output shape"):
        draw_model([("input", "", (1, 100, 1), 0)])
    with pytest.raises(ValueError, match="output shape"):
        draw_model([("input", "", 100, 0)])
    with pytest.raises(ValueError, match="output_shape"):
        draw_model([("input", "", (0, 1), 0)])
    with pytest.raises(TypeError, match="n_parameters"):
        draw_model([("input", "", (100, 1), 1.5)])


@given(st.text("abAB_1 ", max_size=40), st.floats(0.5, 3))
def test_wrap_keeps_every_letter_and_the_width_where_it_can(text, width):
    lines = wrap(text, width, 9).split("\n")
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    # only a part that cannot be broken may stick out
    assert all(text_width(line, 9) <= width or " " not in line.strip() for line in lines)


# --- the matrix and its diagonals ---


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 12), st.integers(1, 8), st.integers(1, 4), st.data())
def test_index_matrix_holds_the_samples_and_tints_one(n_windows, n_steps, stride, data):
    last = n_windows - 1 + (n_steps - 1) * stride
    looked_at = sorted({b + s * stride for b in range(n_windows) for s in range(n_steps)})
    highlight = data.draw(st.sampled_from(looked_at))
    cells = cells_of(draw_index_matrix(n_windows, n_steps, stride=stride, highlight=highlight))
    assert len(cells) == n_windows * n_steps
    for window in range(n_windows):
        for step in range(n_steps):
            text, color, _ = cells[window, step]
            assert text == str(window + step * stride)
            assert (color == ACCENT_TINT) == (window + step * stride == highlight)
    plt.close("all")
    with pytest.raises(ValueError, match=f"0 to {last}"):
        draw_index_matrix(n_windows, n_steps, stride=stride, highlight=last + 1)


@pytest.mark.parametrize(("n_windows", "n_steps", "stride"), [(12, 8, 1), (10, 5, 2), (3, 8, 1), (1, 1, 1)])
def test_index_matrix_highlights_a_sample_with_full_coverage(n_windows, n_steps, stride):
    ax = draw_index_matrix(n_windows, n_steps, stride=stride)
    tinted = [text for text, color, _ in cells_of(ax).values() if color == ACCENT_TINT]
    counts = Counter(b + s * stride for b in range(n_windows) for s in range(n_steps))
    assert len(set(tinted)) == 1
    assert len(tinted) == max(counts.values())
    assert f"Sample {tinted[0]} " in ax.get_title(loc="left")


def test_index_matrix_has_step_0_at_the_top():
    bottom, top = draw_index_matrix().get_ylim()
    assert top < 0 < bottom


@settings(deadline=None, max_examples=15)
@given(st.integers(1, 6), st.integers(1, 3), st.integers(0, 6))
def test_parallelogram_equals_a_loop_over_its_cells(n_steps, stride, extra):
    n_windows = max(1, (n_steps - 1) * stride + extra)
    n_times = n_windows + (n_steps - 1) * stride
    cells = cells_of(draw_parallelogram(n_windows, n_steps, stride=stride))
    coverage = [0] * n_times
    real = {}
    for window in range(n_windows):
        for step in range(n_steps):
            real[window + step * stride, step] = window
            coverage[window + step * stride] += 1
    for time in range(n_times):
        for step in range(n_steps):
            text, color, hatched = cells.pop((time, step))
            if (time, step) in real:
                assert (text, color, hatched) == (str(real[time, step]), ACCENT_TINT, False)
            else:
                edge = time if (time, 0) in real else real[time, n_steps - 1]
                assert (text, color, hatched) == (str(edge), TARGET_TINT, True)
    assert [cells[key][0] for key in sorted(cells)] == [str(count) for count in coverage]
    plt.close("all")


def test_parallelogram_of_the_default_sizes():
    ax = draw_parallelogram()
    hatched = [key for key, cell in cells_of(ax).items() if cell[2]]
    assert len(hatched) == 20 == 13 * 5 - 9 * 5
    assert "20 of 65 cells" in ax.get_title(loc="left")
    rows = {y for _, y in cells_of(ax)}
    counts = [cells_of(ax)[time, max(rows)][0] for time in range(13)]
    assert counts == list("1234555554321")


def test_parallelogram_needs_enough_windows():
    draw_parallelogram(8, 5, stride=2)
    with pytest.raises(ValueError, match=r"n_windows.*\(n_steps - 1\) \* stride = 8.*Got 7"):
        draw_parallelogram(7, 5, stride=2)


@pytest.mark.parametrize("draw", [draw_index_matrix, draw_parallelogram])
def test_matrix_texts_keep_clear_of_each_other(draw):
    assert overlaps(draw()) == []
    assert overlaps(draw(40, 10)) == []
    _, (ax, _) = plt.subplots(1, 2, figsize=(12, 3.5), layout="constrained")
    assert overlaps(draw(6, 4, ax=ax, title="Half as wide")) == []


# --- the animations ---


@pytest.mark.parametrize(("n_samples", "window", "horizon"), [(14, 5, 1), (12, 3, 3), (7, 6, 1), (2, 1, 1), (30, 3, 1)])
def test_windows_fill_their_matrices(n_samples, window, horizon):
    n_windows = sum(1 for i in range(n_samples) if i + window + horizon <= n_samples)
    frames = record(animate_windows(n_samples, window, horizon))
    assert len(frames) == n_windows + PAUSE
    for now, frame in enumerate(frames[:n_windows]):
        assert frame["overlaps"] == []
        assert f"x: ({n_windows}, {window})" in frame["texts"]
        assert f"y: ({n_windows}, {horizon})" in frame["texts"]
        series = {x: cell for (x, y), cell in frame["cells"].items() if y == 0}
        assert [series[i][0] for i in range(n_samples)] == [str(i) for i in range(n_samples)]
        assert [i for i in series if series[i][1] == ACCENT_TINT] == list(range(now, now + window))
        targets = list(range(now + window, now + window + horizon))
        assert [i for i in series if series[i][1] == TARGET_TINT] == targets
        below = sorted({y for _, y in frame["cells"] if y != 0})
        assert len(below) == n_windows
        for row, y in enumerate(below):
            texts = [text for (_, height), (text, *_) in sorted(frame["cells"].items()) if height == y]
            written = [str(row + j) for j in range(window + horizon)]
            assert texts == (written if row <= now else [""] * (window + horizon))
    assert all(frame == frames[-1] for frame in frames[n_windows - 1 :])


@settings(max_examples=300)
@given(st.integers(1, 40), st.integers(1, 15), st.integers(1, 5), st.integers(1, 4))
def test_kernel_geometry_covers_the_padded_window(window, kernel_size, stride, dilation):
    kernel = Geometry(window, kernel_size, stride, dilation)
    before, after = kernel.padding
    assert kernel.n_outputs == int(np.ceil(window / stride))
    assert 0 <= after - before <= 1
    assert kernel.seen(0)[0] == -before
    assert kernel.seen(kernel.n_outputs - 1)[-1] <= window + after - 1
    if before + after:
        assert kernel.seen(kernel.n_outputs - 1)[-1] == window + after - 1
    for step in range(kernel.n_outputs):
        seen = [step * stride - before + k * dilation for k in range(kernel_size)]
        assert kernel.seen(step) == seen
        assert kernel.n_padding_seen(step) == len([i for i in seen if i not in range(window)])


def test_a_kernel_of_10_is_padded_by_4_and_5():
    assert Geometry(100, 10, 1, 1).padding == (4, 5)
    assert Geometry(100, 10, 1, 1).seen(0) == list(range(-4, 6))


@pytest.mark.parametrize(
    ("window", "kernel_size", "stride", "dilation"),
    [(16, 10, 1, 1), (16, 3, 2, 1), (9, 3, 1, 3), (2, 7, 1, 1), (1, 1, 1, 1)],
)
def test_kernel_frames_show_what_it_sees(window, kernel_size, stride, dilation):
    kernel = Geometry(window, kernel_size, stride, dilation)
    before, after = kernel.padding
    frames = record(animate_kernel(window, kernel_size, stride, dilation))
    assert len(frames) == kernel.n_outputs + PAUSE
    for step, frame in enumerate(frames[: kernel.n_outputs]):
        assert frame["overlaps"] == []
        top, middle, bottom = sorted({y for _, y in frame["cells"]})
        rows = {
            y: {x: cell for (x, height), cell in frame["cells"].items() if height == y} for y in (top, middle, bottom)
        }
        inputs, outputs = rows[middle], rows[bottom]
        assert [inputs[x][0] for x in sorted(inputs)] == [str(i) for i in range(-before, window + after)]
        assert sum(hatched for *_, hatched in inputs.values()) == before + after
        seen = {before + i for i in kernel.seen(step)}
        assert set(rows[top]) == seen == {x for x, cell in inputs.items() if cell[1] == ACCENT_TINT}
        for i in range(kernel.n_outputs):
            text, color, hatched = outputs[before + i * stride]
            assert text == (str(i) if i <= step else "")
            assert (color == ACCENT_TINT) == (i == step)
            assert hatched == (i <= step and kernel.n_padding_seen(i) > 0)
    assert all(frame == frames[-1] for frame in frames[kernel.n_outputs - 1 :])


def test_kernel_captions_count_the_padding():
    frames = record(animate_kernel())
    assert "step 3 sees samples -1..8: 1 of 10 cells is padding" in frames[3]["texts"]
    assert "step 4 sees samples 0..9: none is padding" in frames[4]["texts"]
    assert "step 15 sees samples 11..20: 5 of 10 cells are padding" in frames[15]["texts"]
    assert any("4 zeros on the left and 5 on the right" in text for text in frames[0]["texts"])


@pytest.mark.parametrize("animate", [animate_windows, animate_kernel])
def test_animations_save_small_and_leave_pyplot_alone(animate, tmp_path):
    path = tmp_path / "movie.gif"
    animation = animate()
    assert plt.get_fignums() == []
    animation.save(path, writer="pillow")
    assert path.stat().st_size < 500_000
    with Image.open(path) as image:
        assert 800 <= image.width <= 900
        n_frames = image.n_frames
        image.seek(n_frames - 1)
        assert image.info["duration"] == (PAUSE + 1) * 600
    assert n_frames == {animate_windows: 9, animate_kernel: 16}[animate]


# --- arguments ---


@pytest.mark.parametrize(("value", "error"), NO_SIZES)
@pytest.mark.parametrize(
    ("function", "name"),
    [
        *((draw_index_matrix, name) for name in ("n_windows", "n_steps", "stride")),
        *((draw_parallelogram, name) for name in ("n_windows", "n_steps", "stride")),
        *((animate_windows, name) for name in ("n_samples", "window", "horizon")),
        *((animate_kernel, name) for name in ("window", "kernel_size", "stride", "dilation")),
    ],
)
def test_sizes_are_checked(function, name, value, error):
    with pytest.raises(error, match=f"`{name}` must be"):
        function(**{name: value})


def test_impossible_combinations_are_refused():
    with pytest.raises(ValueError, match=r"window \+ horizon = 7\. Got 6"):
        animate_windows(6, window=5, horizon=2)
    with pytest.raises(ValueError, match="dilation"):
        animate_kernel(stride=2, dilation=2)
    with pytest.raises(ValueError, match="highlight"):
        draw_index_matrix(highlight=-1)


@pytest.mark.parametrize("draw", [lambda **o: draw_model(STUDY, **o), draw_index_matrix, draw_parallelogram])
def test_drawings_use_the_axes_and_the_title_given(draw):
    _, (left, right) = plt.subplots(1, 2, figsize=(16, 3))
    assert draw(ax=left, title="Given") is left
    assert left.get_title(loc="left") == "Given"
    assert len(right.patches) == len(right.texts) == 0
    assert draw(title="").get_title(loc="left") == ""


def test_global_settings_stay_as_they_are():
    before = dict(plt.rcParams)
    draw_model(STUDY)
    draw_index_matrix()
    draw_parallelogram()
    record(animate_kernel(4, 2))
    record(animate_windows(5, 2))
    assert dict(plt.rcParams) == before
