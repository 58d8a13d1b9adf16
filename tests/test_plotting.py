"""The figures that show data hold the numbers that they were given: read from the artists, not from pixels."""

import inspect
import itertools
import re
import warnings

import jaxtyping
import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import Normalize, to_hex, to_rgb
from matplotlib.figure import Figure

import conv1d_viz as cv
from conv1d_viz import plotting
from conv1d_viz.plotting.style import (
    ACCENT,
    DIVERGING,
    INK,
    PAPER,
    SEQUENTIAL,
    TRUTH,
    channel_colors,
    ink_on,
    value_scale,
)

pytestmark = pytest.mark.filterwarnings("error")

N_TIMES, N_CHANNELS, N_STEPS, N_PANELS = 30, 5, 7, 6
TIME = np.arange(100.0, 100 + N_TIMES)
PADDED = np.array([True, True, False, False, True, False, True])


def whole(*shape, low=0):
    """Whole numbers, so that arrays of floats and of integers hold the same; the first two differ."""
    numbers = np.random.default_rng(len(shape)).integers(low, 9, shape).astype(float)
    numbers.flat[:2] = 9, max(low, 1)
    return numbers


WAVE = (np.arange(98.0, 133), whole(35, low=-8))
LINE = whole(N_TIMES, N_CHANNELS)
TRUTH_LINE = whole(N_TIMES, low=-8)
ROLES = ["crest", "silent", "trough", "crest", "rising"]
LABELS = [f"without {channel}" for channel in range(N_PANELS)]
CALLS = {
    "plot_channel_bars": {
        "values": {"response": whole(N_CHANNELS), "share of the error": whole(N_CHANNELS, low=-8)},
        "errors": {"share of the error": whole(N_CHANNELS)},
        "roles": ROLES,
    },
    "plot_diagonal_deviation": {"deviation": whole(N_STEPS), "padded": PADDED},
    "plot_fill": {
        "repeated": whole(N_TIMES) + 1,
        "existing": whole(N_TIMES),
        "coverage": np.minimum(np.arange(1.0, N_TIMES + 1), 12),
        "time": TIME,
    },
    "plot_forecast": {"time": TIME, "truth": TRUTH_LINE, "forecast": whole(N_TIMES)},
    "plot_forecast_panels": {
        "time": TIME,
        "truth": TRUTH_LINE,
        "predictions": whole(N_PANELS, N_TIMES),
        "mse": np.array([4.0, 1, 0, 3, 2, 5]),
        "labels": LABELS,
    },
    "plot_history": {"history": {"loss": [9, 5, 4, 3, 2, 1], "val_loss": [8, 6, 3, 7, 4, 5]}},
    "plot_kernels": {"weights": whole(4, 1, N_CHANNELS, low=-8), "bias": whole(N_CHANNELS, low=-8)},
    "plot_matrix": {"matrix": whole(N_CHANNELS, N_CHANNELS)},
    "plot_pair_grid": {
        "truth": TRUTH_LINE,
        "predictions": whole(N_CHANNELS, N_CHANNELS, N_TIMES),
        "mse": whole(N_CHANNELS, N_CHANNELS),
    },
    "plot_rankings": {"scores": {"zero": whole(N_CHANNELS), "mean": whole(N_CHANNELS)[::-1]}},
    "plot_reads": {"time": WAVE[0], "values": WAVE[1], "picked": whole(20) % N_STEPS, "n_steps": N_STEPS},
    "plot_series": {"time": TIME, "values": TRUTH_LINE},
    "plot_spread": {"values": {"crest": whole(9), "trough": whole(12, low=-8)}},
    "plot_strip": {"line": LINE[:, 0], "time": TIME, "wave": WAVE},
    "plot_strip_columns": {"lines": {"sine": LINE, "pulse": 2 * LINE}, "time": TIME, "waves": dict.fromkeys(
        ("sine", "pulse"), WAVE
    )},
    "plot_strips": {"line": LINE, "time": TIME, "wave": WAVE, "roles": ROLES},
    "plot_subsets": {
        "n_kept": np.array([0.0, 1, 1, 2]),
        "mse": np.array([9.0, 4, 3, 1]),
        "curves": {"best of its size": np.array([9.0, 3, 1]), "greedy": np.array([9.0, 4, 1])},
        "labels": ["none", "1", "0 1"],
        "references": {"last value": 2.0},
    },
    "plot_timeline_map": {"line": LINE, "time": TIME, "wave": WAVE},
    "plot_window_map": {"acts": whole(20, N_STEPS), "padded": PADDED, "diagonal": 9, "picked": whole(20) % N_STEPS},
}  # fmt: skip
NAMES = sorted(CALLS)
ON_AXES = [name for name in NAMES if "ax" in inspect.signature(getattr(cv, name)).parameters]


def call(name, **changes):
    return getattr(cv, name)(**(CALLS[name] | changes))


def figure_of(result) -> Figure:
    return result.figure if isinstance(result, Axes) else result[0]


def mapped(function, value):
    """The arguments with `function` applied to each of their arrays."""
    if isinstance(value, dict):
        return {key: mapped(function, item) for key, item in value.items()}
    if isinstance(value, tuple):
        return tuple(mapped(function, item) for item in value)
    return function(value) if isinstance(value, np.ndarray) else value


def content(figure: Figure) -> list:
    """What the artists of a figure hold."""
    held = []
    for ax in figure.axes:
        held += [image.get_array() for image in ax.images]
        held += [line.get_xydata() for line in ax.lines]
        held += [patch.get_path().vertices @ patch.get_patch_transform().get_matrix()[:2, :2] for patch in ax.patches]
        held += [path.vertices for collection in ax.collections for path in collection.get_paths()]
        held += [np.array([text.get_text()]) for text in ax.texts]
    return held


def texts(ax: Axes) -> dict[tuple[float, float], mpl.text.Text]:
    return {text.get_position(): text for text in ax.texts}


def hatched(ax: Axes, axis: int) -> list[tuple[float, float]]:
    """First and last edge of each hatched patch."""
    boxes = [patch.get_extents().transformed(ax.transData.inverted()) for patch in ax.patches if patch.get_hatch()]
    return [tuple(sorted(np.round((box.intervalx, box.intervaly)[axis], 9).tolist())) for box in boxes]


def runs(mask) -> list[tuple[float, float]]:
    """Edges of the runs of true values, by a walk over them."""
    edges, place = [], 0
    for value, group in itertools.groupby(mask):
        length = len(list(group))
        edges += [(place - 0.5, place + length - 0.5)] if value else []
        place += length
    return edges


# All functions


def test_every_function_is_called_here():
    assert (
        NAMES
        == sorted(set(plotting.__all__) - {"label_dates"})
        == sorted(name for name in dir(cv) if name.startswith("plot_"))
    )


@pytest.mark.parametrize("name", NAMES)
def test_makes_one_figure_and_leaves_everything_else_alone(name, monkeypatch):
    def forbidden(*_args, **_options):
        pytest.fail("a plot function showed or saved its figure")

    monkeypatch.setattr(plt, "show", forbidden)
    monkeypatch.setattr(Figure, "show", forbidden)
    monkeypatch.setattr(Figure, "savefig", forbidden)
    settings, before = mpl.rcParams.copy(), mapped(np.copy, CALLS[name])
    result = call(name)
    figure_of(result).canvas.draw()
    assert plt.get_fignums() == [figure_of(result).number]
    assert mpl.rcParams == settings
    np.testing.assert_equal(CALLS[name], before)
    if name not in ON_AXES:
        figure, axes = result
        assert axes.ndim == 1
        assert all(ax.figure is figure for ax in axes)


@pytest.mark.parametrize("name", ON_AXES)
def test_draws_on_the_axes_given(name):
    figure, (given, other) = plt.subplots(1, 2)
    assert call(name, ax=given) is given
    assert plt.get_fignums() == [figure.number]
    assert given.has_data()
    assert not other.has_data()
    alone = figure_of(call(name))
    assert len(given.images) == len(alone.axes[0].images)
    assert len(given.lines) == len(alone.axes[0].lines)


@pytest.mark.parametrize(
    "kind",
    [
        np.ndarray.tolist,
        lambda a: retyped(a, int),
        lambda a: retyped(a, np.float32),
        lambda a: retyped(a, ">f8"),
        lambda a: PANDAS[a.ndim](a),
        lambda a: np.asfortranarray(a[::-1])[::-1],
        lambda a: np.broadcast_to(a, (2, *a.shape))[1],
    ],
    ids=["lists", "integers", "float32", "big-endian", "pandas", "reversed", "read-only"],
)
@pytest.mark.parametrize("name", NAMES)
def test_accepts_what_is_like_an_array(name, kind, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)  # as users call it
    same = figure_of(getattr(cv, name)(**mapped(kind, CALLS[name])))
    for drawn, expected in zip(content(same), content(figure_of(call(name))), strict=True):
        if expected.dtype.kind == "U":
            assert drawn.tolist() == expected.tolist()
        else:
            np.testing.assert_allclose(drawn, expected, atol=1e-5)


def retyped(array, dtype):
    return array if array.dtype == bool else array.astype(dtype)


PANDAS = {1: lambda a: pd.Series(a, index=a[::-1]), 2: pd.DataFrame, 3: list}

AXIS_LABELS = {
    "plot_channel_bars": ("response", "channel"),
    "plot_diagonal_deviation": ("step in the window", "largest difference\nin activation"),
    "plot_fill": ("sample", "cells"),
    "plot_forecast": ("sample", "forecast\n− truth"),
    "plot_forecast_panels": ("sample", "value"),
    "plot_history": ("epoch", "mean squared error"),
    "plot_kernels": ("sample, counted from the step", "weight"),
    "plot_matrix": ("channel j", "channel i"),
    "plot_pair_grid": ("channel j", "channel i"),
    "plot_rankings": ("", "rank by MSE"),
    "plot_reads": ("sample", "value"),
    "plot_series": ("sample", "value"),
    "plot_spread": ("value", ""),
    "plot_strip": ("sample", ""),
    "plot_strip_columns": ("sample", "channel"),
    "plot_strips": ("sample", "channel"),
    "plot_subsets": ("channels kept", "MSE"),
    "plot_timeline_map": ("sample", "channel"),
    "plot_window_map": ("window (each starts one sample later)", "step in the window"),
}


@pytest.mark.parametrize("name", NAMES)
def test_labels_and_titles(name):
    def written(title):
        result = call(name, **title)
        figure = figure_of(result)
        ax = result if isinstance(result, Axes) else result[1][1 if name in ("plot_fill", "plot_forecast") else 0]
        labels = (ax.get_xlabel() or figure.get_supxlabel(), ax.get_ylabel() or figure.get_supylabel())
        return labels, [figure.get_suptitle(), *[part.get_title(loc="left") for part in figure.axes]]

    labels, titles = written({"title": "Seen here"})
    assert labels == AXIS_LABELS[name]
    assert titles.count("Seen here") == 1
    default = inspect.signature(getattr(cv, name)).parameters["title"].default
    assert written({})[1].count(default) == 1
    assert default not in written({"title": None})[1]


@pytest.mark.parametrize("name", [name for name in NAMES if "unit" in inspect.signature(getattr(cv, name)).parameters])
def test_units(name):
    ax = figure_of(call(name, unit="volts")).axes[0 if name in ("plot_series", "plot_forecast", "plot_fill") else -1]
    words = ax.get_xlabel() if name == "plot_spread" else ax.get_ylabel() or figure_of(ax).get_supylabel()
    assert words.removeprefix("rank by ") == "volts"


WIDTHS = [1, 2, 17, 33, 60, 64]  # channels
FORMS = {
    "plot_channel_bars": lambda line: {
        "values": {"response": line[3], "MSE": 100 * line[4], "share": line[5] - 0.5},
        "errors": {"MSE": 9 * line[6]},
        "roles": ["falling"] * line.shape[1],
    },
    "plot_rankings": lambda line: {"scores": {name: line[3 + k] for k, name in enumerate(("zero", "mean", "shuffle"))}},
    "plot_strips": lambda line: {"line": line, "roles": ["falling"] * line.shape[1]},
    "plot_strips, own scales": lambda line: {"line": line, "roles": ["falling"] * line.shape[1], "share_scale": False},
    "plot_strip_columns": lambda line: {"lines": dict.fromkeys("abc", line), "waves": dict.fromkeys("abc", WAVE)},
    "plot_timeline_map": lambda line: {"line": line},
    "plot_matrix": lambda line: {"matrix": pairs_of(line)},
    "plot_matrix, two signs": lambda line: {"matrix": 0.5 - pairs_of(line)},
    "plot_pair_grid": lambda line: {"predictions": line.T * pairs_of(line)[..., None], "mse": pairs_of(line)},
    "plot_kernels": lambda line: {"weights": line[:10, None] - 0.5, "bias": line[0] - 0.5, "start": -4},
    "plot_kernels of maps": lambda line: {"weights": line[:9, None] - 0.1 * np.ones((20, 1)), "bias": -line[0]},
    "plot_forecast_panels": lambda line: {
        "predictions": line.T,
        "mse": 10 * line.sum(axis=0),
        "labels": [f"without {channel}" for channel in range(line.shape[1])],
    },
}


def wide(form, n_channels):
    """The figure that a function draws of a layer of that width."""
    line = np.abs(np.sin(np.outer(np.arange(N_TIMES), np.arange(1, n_channels + 1))))
    return figure_of(call(re.match(r"\w+", form)[0], **FORMS[form](line)))


def pairs_of(line):
    return np.abs(np.subtract.outer(line[3], line[3]))


def written(figure) -> list[mpl.text.Text]:
    """All texts that are seen, after the figure was drawn."""
    figure.canvas.draw()
    texts = [*figure.texts, *[label for label in (figure._suptitle, figure._supxlabel, figure._supylabel) if label]]
    for ax in (ax for ax in figure.axes if ax.get_visible()):
        texts += [*ax.texts, ax.title, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label]
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            seen = [tick for tick in axis.get_major_ticks() if low - 1e-9 <= tick.get_loc() <= high + 1e-9]
            texts += [label for tick in seen for label in (tick.label1, tick.label2)]
    return list({id(text): text for text in texts if text.get_visible() and text.get_text()}.values())


def overlaps(texts) -> list[tuple[str, str]]:
    """Pairs of texts that share more than a pixel in both directions."""
    boxes = [text.get_window_extent() for text in texts]
    low = np.array([box.min for box in boxes])
    high = np.array([box.max for box in boxes])
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    return [(texts[a].get_text(), texts[b].get_text()) for a, b in np.argwhere((shared > 1).all(axis=2)) if a < b]


@pytest.mark.parametrize("n_channels", WIDTHS)
@pytest.mark.parametrize("form", FORMS)
def test_layers_of_any_width_stay_readable(form, n_channels):
    figure = wide(form, n_channels)
    texts = written(figure)
    assert overlaps(texts) == []
    assert min(text.get_fontsize() for text in texts) >= 6
    width, height = figure.get_size_inches()
    assert width <= 9
    assert height <= 2.5 * width
    page = figure.bbox.padded(1)
    boxes = [text.get_window_extent() for text in texts]
    assert [
        text.get_text() for text, box in zip(texts, boxes, strict=True) if page.count_contains([box.min, box.max]) < 2
    ] == []


@pytest.mark.parametrize("name", NAMES)
def test_no_texts_overlap(name):
    if name == "plot_diagonal_deviation":  # its steps in CALLS lie closer than those of any layer
        figure = figure_of(call(name, deviation=np.ones(40), padded=np.arange(40) % 37 < 4))
    else:
        figure = figure_of(call(name))
    texts = written(figure)
    assert len(texts) > 5
    assert overlaps(texts) == []


def test_overlaps_are_found():
    figure, ax = plt.subplots()
    ax.set_title("title", loc="left")
    ax.set_xticks([0, 0.01, 1], ["zero", "near", "far"])
    assert overlaps(written(figure)) == [("zero", "near")]


STACKS = ["plot_strips", "plot_strip_columns", "plot_timeline_map"]


@pytest.mark.parametrize("n_channels", [1, 8, 21, 60, 64])
@pytest.mark.parametrize("name", STACKS)
def test_every_channel_has_its_number_beside_the_others(name, n_channels):
    figure = wide(name, n_channels)
    figure.canvas.draw()
    labels = figure.axes[0].get_yticklabels()
    assert [label.get_text() for label in labels] == [str(channel) for channel in range(n_channels)]
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.y0)
    assert all(low.y1 <= high.y0 + 1 for low, high in itertools.pairwise(boxes))


@pytest.mark.parametrize(("n_channels", "height", "every"), [(60, 3, 5), (30, 9, 1), (60, 1.2, 10), (2000, 3, 200)])
def test_where_there_is_no_room_numbers_and_roles_are_thinned_out(n_channels, height, every):
    _, ax = plt.subplots(figsize=(9, height))
    line = np.ones((N_TIMES, n_channels))
    roles = [f"role {channel}" for channel in range(n_channels)]
    cv.plot_strips(line, TIME, roles=roles, ax=ax)
    shown = list(range(0, n_channels, every))
    assert ax.get_yticks().tolist() == shown
    assert [text.get_text() for text in ax.texts] == [roles[channel] for channel in shown]
    assert [text.get_position()[1] for text in ax.texts] == shown
    assert len(ax.images) == n_channels
    assert overlaps([*ax.texts, *ax.get_yticklabels()]) == []


@pytest.mark.parametrize(("n_channels", "top"), [(8, False), (24, False), (25, True), (60, True)])
@pytest.mark.parametrize("name", STACKS)
def test_tall_stacks_number_the_samples_at_both_ends(name, n_channels, top):
    ax = wide(name, n_channels).axes[0]
    assert ax.xaxis.get_tick_params()["labeltop"] is top
    assert ax.xaxis.get_tick_params()["labelbottom"] is True


@pytest.mark.parametrize("name", STACKS)
def test_the_colour_bar_of_a_tall_stack_is_no_wider(name):
    figure = wide(name, 60)
    figure.canvas.draw()
    assert figure.axes[-1].get_window_extent().width <= 0.3 * figure.dpi


@pytest.mark.parametrize("n_channels", [1, 2, 3])
@pytest.mark.parametrize("name", STACKS)
def test_the_colour_bar_of_few_channels_is_as_long_as_its_label(name, n_channels):
    figure = wide(name, n_channels)
    figure.canvas.draw()
    bar = figure.axes[-1]
    assert bar.yaxis.label.get_window_extent().height <= bar.get_window_extent().height


@pytest.mark.parametrize("n_channels", [24, 25, 60])
@pytest.mark.parametrize("form", ["plot_kernels", "plot_kernels of maps", "plot_forecast_panels"])
def test_many_panels_stand_in_five_columns(form, n_channels):
    columns = 4 if n_channels == 24 else 5
    figure = wide(form, n_channels)
    assert figure.axes[0].get_gridspec().get_geometry() == (n_channels // columns, columns)
    assert len(figure.axes) == n_channels + ("maps" in form)  # and the colour bar
    assert figure.get_figheight() <= 2 * figure.get_figwidth()


def test_panels_that_would_take_minutes_are_refused():
    many = np.ones(1770)
    with pytest.raises(ValueError, match=r"^`predictions` must hold at most 200 .* Got 1770; .* `plot_pair_grid`"):
        cv.plot_forecast_panels(TIME, TRUTH_LINE, np.ones((1770, N_TIMES)), many, ["pair"] * 1770)
    assert plt.get_fignums() == []


SCALED = {
    "plot_matrix": ("matrix", (4, 4)),
    "plot_strip": ("line", (N_TIMES,)),
    "plot_strips": ("line", (N_TIMES, 4)),
    "plot_timeline_map": ("line", (N_TIMES, 4)),
    "plot_window_map": ("acts", (20, N_STEPS)),
}


@pytest.mark.parametrize(
    ("first", "rest", "cmap", "clim"),
    [
        (0, 3, SEQUENTIAL, (0, 3)),
        (2, 3, SEQUENTIAL, (0, 3)),
        (3, 3, SEQUENTIAL, (0, 3)),
        (0, 0, SEQUENTIAL, (0, 1)),
        (-5, 3, DIVERGING, (-5, 5)),
        (-1, 3, DIVERGING, (-3, 3)),
        (-2, -2, DIVERGING, (-2, 2)),
    ],
)
@pytest.mark.parametrize("name", SCALED)
def test_zero_is_white_and_the_scale_fits_the_signs(name, first, rest, cmap, clim):
    parameter, shape = SCALED[name]
    values = np.full(shape, float(rest))
    values.flat[0] = first
    ax = call(name, **({parameter: values, "roles": None} if name == "plot_strips" else {parameter: values}))
    figure_of(ax).canvas.draw()
    assert all(image.get_cmap() == cmap for image in ax.images)
    assert {image.get_clim() for image in ax.images} == {clim}
    assert figure_of(ax).axes[-1].get_ylim() == clim


CONSTANT = {
    "plot_strips": {"line": np.zeros((N_TIMES, N_CHANNELS)), "wave": (TIME, 0 * TIME), "share_scale": False},
    "plot_pair_grid": {"mse": np.zeros((N_CHANNELS, N_CHANNELS))},
    "plot_forecast_panels": {"mse": np.zeros(N_PANELS), "predictions": np.zeros((N_PANELS, N_TIMES))},
    "plot_kernels": {"weights": np.zeros((3, 2, N_CHANNELS)), "bias": np.zeros(N_CHANNELS)},
    "plot_diagonal_deviation": {"deviation": np.zeros(N_STEPS), "padded": np.zeros(N_STEPS, bool)},
    "plot_fill": {"coverage": np.full(N_TIMES, 3)},
    "plot_series": {"values": np.full(N_TIMES, 2.0)},
    "plot_forecast": {"forecast": TRUTH_LINE},
    "plot_history": {"history": {"loss": [0.5], "val_loss": [0.5]}},
}


@pytest.mark.parametrize("name", CONSTANT)
def test_constant_values_draw_without_a_warning(name):
    figure_of(call(name, **CONSTANT[name])).canvas.draw()


@pytest.mark.parametrize("value", [0, 1, -3, 1e6])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_pair_grid_of_constant_forecasts_draws_flat_lines(value, dtype):
    flat = np.full((2, 2, 9), value, dtype)
    ax = call("plot_pair_grid", truth=flat[0, 0], predictions=flat, mse=np.zeros((2, 2)))
    heights = np.array([path.vertices[:, 1] for lines in ax.collections for path in lines.get_paths()])
    assert np.isfinite(heights).all()
    assert (np.ptp(heights, axis=1) == 0).all()


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("plot_matrix", {"matrix": np.array([[-0.001, 0.5], [-0.0, -0.004]])}),
        ("plot_kernels", {"weights": np.ones((3, 1, 3)), "bias": np.array([-0.001, -0.0, 0.004])}),
    ],
)
def test_zero_is_never_written_with_a_minus(name, changes):
    figure = figure_of(call(name, **changes))
    written = [text.get_text() for text in figure.findobj(mpl.text.Text)]
    assert any(re.search(r"0\.00", text) for text in written)
    assert [text for text in written if re.search(r"[-−]0\.0*(?!\d)", text)] == []


# Wrong calls

ARRAYS = [(name, key) for name in NAMES for key, value in CALLS[name].items() if isinstance(value, np.ndarray)]
LEADING = {"values", "deviation", "picked", "repeated", "predictions", "weights", "acts", "line", "matrix"}


def refused(name, parameter, match, **changes):
    with pytest.raises(ValueError, match=rf"^`{re.escape(parameter)}` must {match}"):
        call(name, **changes)
    assert plt.get_fignums() == []  # nothing is begun before all is checked


@pytest.mark.parametrize(("name", "parameter"), ARRAYS)
def test_arrays_with_gaps_and_of_other_dimensions_are_refused(name, parameter):
    good = CALLS[name][parameter]
    gap = good.astype(float)
    gap.flat[-1] = np.nan
    if good.dtype != bool:
        refused(name, parameter, "hold finite numbers only", **{parameter: gap})
    refused(name, parameter, r"have the shape \(.*Got shape", **{parameter: good[..., None]})
    refused(name, parameter, r"have the shape \(.*Got shape", **{parameter: good[0]})
    refused(name, parameter, "not be empty", **{parameter: good[:0]})


@pytest.mark.parametrize(
    ("name", "parameter"),
    [
        (name, key)
        for name, key in ARRAYS
        if key not in LEADING and (name, key) not in (("plot_forecast", "truth"), ("plot_subsets", "mse"))
    ],
)
def test_arrays_of_another_length_are_refused(name, parameter):
    good = CALLS[name][parameter]
    for bad in (good[:-1], np.concatenate((good, good[:1]))):
        refused(name, parameter, rf"have .*\d+.*Got .*{len(bad)}", **{parameter: bad})


SHORT = (WAVE[0][:-1], WAVE[1])
GAP = (WAVE[0], np.where(WAVE[0] == 101, np.nan, WAVE[1]))


@pytest.mark.parametrize("name", ["plot_strip", "plot_strips", "plot_timeline_map"])
@pytest.mark.parametrize(
    ("wave", "parameter", "match"),
    [
        (SHORT, "wave[1]", "have 34 values, one a time. Got 35"),
        (GAP, "wave[1]", "hold finite numbers only. Got nan"),
        (GAP[::-1], "wave[0]", "hold finite numbers only. Got nan"),
        (WAVE[1], "wave", "be a pair of times and values. Got ndarray"),
    ],
)
def test_waves_are_refused(name, wave, parameter, match, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    refused(name, parameter, match, wave=wave)


@pytest.mark.parametrize(
    ("name", "parameter", "match", "changes"),
    [
        ("plot_strips", "roles", "have 5 texts, one a channel. Got 4", {"roles": ["crest"] * 4}),
        ("plot_forecast_panels", "labels", "have 6 texts, one a forecast. Got 5", {"labels": LABELS[1:]}),
        ("plot_forecast_panels", "columns", "be at least 1. Got 0", {"columns": 0}),
        ("plot_kernels", "columns", "be at least 1. Got 0", {"columns": 0}),
        ("plot_kernels", "stride", "be at least 1. Got 0", {"stride": 0}),
        ("plot_kernels", "start", "be a finite number. Got nan", {"start": np.nan}),
        ("plot_diagonal_deviation", "stride", "be at least 1. Got -2", {"stride": -2}),
        ("plot_matrix", "matrix", r"have the shape \(5, 5\). Got \(5, 4\)", {"matrix": np.ones((5, 4))}),
        ("plot_pair_grid", "mse", r"have the shape \(5, 5\). Got \(5, 4\)", {"mse": np.ones((5, 4))}),
        ("plot_pair_grid", "predictions", "have the shape .*Got", {"predictions": np.ones((5, 4, N_TIMES))}),
        ("plot_strip_columns", "waves", r"have the names .* \['pulse', 'sine'\]. Got", {"waves": {"sine": WAVE}}),
        ("plot_strip_columns", "lines['sine']", "have the shape", {"lines": {"sine": TIME, "pulse": LINE}}),
        ("plot_strip_columns", "lines['pulse']", "have the shape", {"lines": {"sine": LINE, "pulse": LINE[1:]}}),
        ("plot_strip_columns", "waves", "have the names of", {"lines": {}, "waves": {}}),
        ("plot_strip_columns", "time", "have 30 values, one a time. Got 29", {"time": TIME[1:]}),
        ("plot_window_map", "diagonal", "be at least 0. Got -1", {"diagonal": -1}),
        ("plot_window_map", "diagonal", "be the time of a cell that is drawn. Got 26", {"diagonal": 26}),
        ("plot_window_map", "stride", "be at least 1. Got 0", {"stride": 0}),
        ("plot_window_map", "first_step", "be at least 0. Got -1", {"first_step": -1}),
        ("plot_history", "history['val_loss']", "have 2 values", {"history": {"loss": [1, 2], "val_loss": [1]}}),
        ("plot_history", "history['loss']", "hold finite", {"history": {"loss": [np.nan], "val_loss": [1]}}),
    ],
)  # fmt: skip
def test_wrong_calls_are_refused(name, parameter, match, changes):
    refused(name, parameter, match, **changes)


# Layers


@pytest.mark.parametrize("first_step", [0, 3])
@pytest.mark.parametrize("stride", [1, 2])
def test_window_map(first_step, stride):
    acts = CALLS["plot_window_map"]["acts"]
    ax = call("plot_window_map", first_step=first_step, stride=stride, note="sample 9")
    figure_of(ax).canvas.draw()
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), acts.T)
    edges = (-0.5, 19.5, first_step + N_STEPS - 0.5, first_step - 0.5)
    assert tuple(image.get_extent()) == (*ax.get_xlim(), *ax.get_ylim()) == edges
    assert hatched(ax, axis=1) == [(a + first_step, b + first_step) for a, b in runs(PADDED)]
    picks, diagonal = (line.get_xydata().tolist() for line in ax.lines)
    assert picks == [[window, step] for window, step in enumerate(CALLS["plot_window_map"]["picked"])]
    shown = range(first_step, first_step + N_STEPS)
    cells = [[window, step] for step in shown for window in range(20) if window + step * stride == 9]
    assert diagonal == cells
    (note,) = ax.texts
    assert note.get_text() == "sample 9"
    assert list(note.xy) in cells


@pytest.mark.parametrize("stride", [2, 3])
@pytest.mark.parametrize("time", [0, 1, 7, 24, 25])
def test_the_diagonal_of_a_stride_joins_the_cells_of_one_time(stride, time):
    n_windows, n_steps = 12, 5
    cells = [[b, s] for s in range(n_steps) for b in range(n_windows) if b + s * stride == time]
    acts = np.zeros((n_windows, n_steps))
    if not cells:
        refused("plot_window_map", "diagonal", f".*Got {time}", acts=acts, padded=None, picked=None, diagonal=time)
        return
    ax = cv.plot_window_map(acts, diagonal=time, stride=stride, note="n", padded=[True, False, False, False, True])
    (diagonal,) = ax.lines
    assert diagonal.get_xydata().tolist() == cells
    assert diagonal.get_marker() == ("o" if len(cells) == 1 else "None")  # a line of one point is not seen
    assert hatched(ax, axis=1) == [(-0.5, 0.5), (3.5, 4.5)]
    assert ax.get_ylabel() == f"step in the window (each {stride} samples later)"
    line = cv.diagonal_sum(np.ones((n_windows, n_steps, 1)), stride, fill=None)
    assert line[time, 0] == len(cells)  # the timeline's row is about the same cells


@pytest.mark.parametrize(
    ("diagonal", "stride", "first_step"), [(2, 1, 3), (3, 5, 0), (4, 5, 0), (18, 5, 0), (9, 5, 2), (23, 5, 2)]
)
def test_diagonals_without_a_cell_are_refused(diagonal, stride, first_step):
    options = {"diagonal": diagonal, "stride": stride, "first_step": first_step, "padded": None, "picked": None}
    refused("plot_window_map", "diagonal", f"be the time of a cell.*Got {diagonal}", acts=np.ones((3, 4)), **options)


@pytest.mark.parametrize("diagonal", [2, 10, 50, 90, 99, 107])
def test_the_note_stays_inside_the_axes(diagonal):
    ax = cv.plot_window_map(np.ones((90, 7)), diagonal=diagonal, stride=3, note="cells that look at one sample")
    figure_of(ax).canvas.draw()
    note = ax.texts[0].get_window_extent()
    assert ax.bbox.x0 <= note.x0
    assert note.x1 <= ax.bbox.x1


@pytest.mark.parametrize("n_steps", [1, 2, 3, 5])
def test_few_steps_are_numbered_whole(n_steps):
    drawn = cv.plot_window_map(np.ones((3, n_steps)))
    bars = cv.plot_diagonal_deviation(np.ones(n_steps), np.zeros(n_steps, bool))
    for ticks in (drawn.get_yticks(), drawn.get_xticks(), bars.get_xticks()):
        assert (ticks == np.round(ticks)).all()


def test_a_bare_window_map_holds_the_image_only():
    ax = cv.plot_window_map(whole(20, N_STEPS))
    assert (len(ax.images), len(ax.lines), len(ax.patches), len(ax.texts)) == (1, 0, 0, 0)


@pytest.mark.parametrize("padded", [PADDED, ~PADDED, PADDED & False, PADDED | True])
def test_diagonal_deviation(padded):
    deviation = CALLS["plot_diagonal_deviation"]["deviation"]
    ax = call("plot_diagonal_deviation", padded=padded)
    assert hatched(ax, axis=0) == runs(padded)
    bars = ax.containers[0]
    assert [bar.get_height() for bar in bars] == deviation.tolist()
    assert [bar.get_center()[0] for bar in bars] == pytest.approx(range(N_STEPS))
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [ACCENT if p else INK for p in padded]
    spans = [(int(first + 0.5), int(last - 0.5)) for first, last in runs(padded)]
    assert [text.get_text() for text in ax.texts] == [
        f"steps {first}–{last} see padding" if last > first else f"step {first} sees padding" for first, last in spans
    ]
    assert ax.get_xlabel() == "step in the window"


@pytest.mark.parametrize(("first", "last"), [(1, 1), (3, 3), (20, 0), (0, 20), (11, 12), (14, 15), (16, 16), (25, 3)])
def test_padding_is_named_inside_the_axes(first, last):
    padded = np.arange(32)
    padded = (padded < first) | (padded >= 32 - last)
    ax = cv.plot_diagonal_deviation(padded * 1.0, padded, stride=2)
    figure_of(ax).canvas.draw()
    assert overlaps(ax.texts) == []
    frame = ax.get_window_extent()
    assert len(ax.texts) == len(runs(padded))
    assert all(frame.count_contains(text.get_window_extent().get_points()) == 2 for text in ax.texts)
    assert ax.get_xlabel() == "step in the window (each 2 samples later)"


@pytest.mark.parametrize("start", [-4, 0, 2])
def test_kernels_of_one_feature_are_bars(start):
    weights, bias = CALLS["plot_kernels"].values()
    figure, axes = call("plot_kernels", start=start, columns=3)
    assert len(axes) == N_CHANNELS
    assert [ax.get_visible() for ax in figure.axes] == [True] * N_CHANNELS + [False]
    assert len({ax.get_ylim() for ax in axes}) == len({ax.get_xlim() for ax in axes}) == 1
    for channel, (ax, color) in enumerate(zip(axes, channel_colors(N_CHANNELS), strict=True)):
        bars = ax.containers[0]
        assert [bar.get_center()[0] for bar in bars] == pytest.approx(range(start, start + 4))
        assert [bar.get_height() for bar in bars] == weights[:, 0, channel].tolist()
        assert {to_hex(bar.get_facecolor()) for bar in bars} == {color}
        assert ax.get_title(loc="left") == f"channel {channel}"
        assert ax.get_title(loc="right") == f"bias {bias[channel]:+.2f}"


@pytest.mark.parametrize("stride", [1, 2, 3])
@pytest.mark.parametrize(("n_features", "start"), [(1, -4), (2, 0.5), (9, -1.5)])
def test_kernels_behind_a_pooling_see_every_few_samples(n_features, start, stride):
    weights = whole(4, n_features, 3, low=-8)
    _, axes = cv.plot_kernels(weights, start=start, stride=stride)
    samples = [start, start + stride, start + 2 * stride, start + 3 * stride]
    for ax in axes:
        if n_features == 1:
            assert [bar.get_center()[0] for bar in ax.containers[0]] == pytest.approx(samples)
            assert {round(bar.get_width() / stride, 9) for bar in ax.containers[0]} == {0.75}
        elif n_features == 2:
            assert ax.lines[-1].get_xdata().tolist() == samples
        else:
            assert tuple(ax.images[0].get_extent()[:2]) == (samples[0] - stride / 2, samples[-1] + stride / 2)


def test_kernels_of_many_features_are_maps_on_one_scale():
    weights = whole(4, 60, 7, low=-8)
    figure, axes = cv.plot_kernels(weights, np.arange(7), start=-2)
    assert len(figure.axes) == 8 + 1  # one is hidden, the last is the colour bar
    for channel, ax in enumerate(axes):
        (image,) = ax.images
        np.testing.assert_array_equal(image.get_array(), weights[:, :, channel].T)
        assert (*ax.get_xlim(), *ax.get_ylim()) == (-2.5, 1.5, 59.5, -0.5)
        assert (image.get_cmap(), image.get_clim()) == (DIVERGING, (-9, 9))
        assert ax.get_title(loc="left") == f"channel {channel}"
    assert (figure.get_supylabel(), figure.axes[-1].get_ylabel()) == ("feature", "weight")


def test_kernels_of_more_features_are_lines():
    weights = whole(4, 3, 2)
    _, axes = cv.plot_kernels(weights, start=5)
    for channel, ax in enumerate(axes):
        lines = [line.get_xydata() for line in ax.lines if len(line.get_xdata()) == 4]
        np.testing.assert_array_equal([line[:, 0] for line in lines], [[5, 6, 7, 8]] * 3)
        np.testing.assert_array_equal([line[:, 1] for line in lines], weights[:, :, channel].T)
        assert ax.get_title(loc="right") == ""


# Series, training and forecast


def test_series():
    ax = call("plot_series")
    (line,) = ax.lines
    np.testing.assert_array_equal(line.get_xydata(), np.column_stack((TIME, TRUTH_LINE)))
    assert ax.get_xlim() == (TIME[0], TIME[-1])


@pytest.mark.parametrize(("validation", "best"), [([8, 6, 3, 7, 4, 3], 3), ([1, 2, 3, 4, 5, 6], 1), ([2, 1], 2)])
def test_history_is_logarithmic_and_marks_the_best_epoch(validation, best):
    loss = list(range(len(validation), 0, -1))
    ax = cv.plot_history({"loss": loss, "val_loss": validation, "lr": ["?"]})
    assert ax.get_yscale() == "log"
    epochs = range(1, len(loss) + 1)
    drawn = [[tuple(point) for point in line.get_xydata()] for line in ax.lines]
    assert drawn == [list(zip(epochs, loss)), list(zip(epochs, validation)), [(best, min(validation))]]  # noqa: B905
    assert ax.lines[2].get_marker() == "o"
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["training", "validation"]
    (note,) = ax.texts
    assert note.get_text() == f"best: {min(validation):.1e} after epoch {best}"
    assert note.xy == (best, min(validation))


def test_forecast_and_its_error():
    forecast = CALLS["plot_forecast"]["forecast"]
    _, (upper, lower) = call("plot_forecast")
    drawn = {line.get_label(): line.get_xydata() for line in upper.lines}
    np.testing.assert_array_equal(drawn["truth"], np.column_stack((TIME, TRUTH_LINE)))
    np.testing.assert_array_equal(drawn["forecast"], np.column_stack((TIME, forecast)))
    (error,) = (line.get_xydata() for line in lower.lines if len(line.get_xdata()) == N_TIMES)
    np.testing.assert_array_equal(error, np.column_stack((TIME, forecast - TRUTH_LINE)))
    assert upper.get_xlim() == lower.get_xlim() == (TIME[0], TIME[-1])
    assert [text.get_text() for text in upper.get_legend().get_texts()] == ["truth", "forecast"]


# Timelines


def test_strips():
    ax = call("plot_strips")
    for channel, image in enumerate(ax.images):
        np.testing.assert_array_equal(image.get_array(), LINE[None, :, channel])
        left, right, bottom, top = image.get_extent()
        assert (left, right) == (99.5, 129.5)
        assert channel - 0.5 < top < channel < bottom < channel + 0.5
    assert len({image.get_clim() for image in ax.images}) == 1
    assert ax.get_xlim() == (97.5, 132.5)
    assert ax.get_ylim() == (N_CHANNELS - 0.5, -0.5)
    assert ax.get_yticks().tolist() == list(range(N_CHANNELS))
    heights = np.array([line.get_ydata() for line in ax.lines])
    shape = (np.arange(N_CHANNELS)[:, None] - heights) / (np.abs(heights[0]).max())
    np.testing.assert_allclose(shape, np.tile(WAVE[1] / np.abs(WAVE[1]).max(), (N_CHANNELS, 1)) * shape.max())
    assert 0.2 < np.abs(heights[0]).max() < 0.43
    np.testing.assert_array_equal([line.get_xdata() for line in ax.lines], [WAVE[0]] * N_CHANNELS)
    roles = sorted(ax.texts, key=lambda text: text.get_position()[1])
    assert [text.get_text() for text in roles] == CALLS["plot_strips"]["roles"]
    assert [text.get_position()[1] for text in roles] == list(range(N_CHANNELS))
    assert all(text.get_position()[0] > 1 for text in roles)


def test_strips_with_their_own_scales():
    line = LINE * [1, 10, 0.1, -1, 0]
    ax = call("plot_strips", line=line, share_scale=False, roles=["a", "b", "c", "d", ""])
    high = np.abs(line).max(axis=0)
    limits = [(0, high[0]), (0, high[1]), (0, high[2]), (-high[3], high[3]), (0, 1)]
    assert [image.get_clim() for image in ax.images] == limits
    assert [image.get_cmap() for image in ax.images] == [*[SEQUENTIAL] * 3, DIVERGING, SEQUENTIAL]
    ends = [f"a, up to {high[0]:.2g}", f"b, up to {high[1]:.2g}", f"c, up to {high[2]:.2g}", f"d, up to {high[3]:.2g}"]
    assert [text.get_text() for text in ax.texts] == [*ends, "up to 0"]
    assert len(figure_of(ax).axes) == 1  # no colour bar


@pytest.mark.parametrize(("time", "edges"), [([7], (6.5, 7.5)), ([4, 6, 8], (3, 9)), ([0.5, 1.5], (0, 2))])
def test_a_strip_spans_its_cells(time, edges):
    ax = cv.plot_strip(np.ones(len(time)), time)
    assert tuple(ax.images[0].get_extent()[:2]) == ax.get_xlim() == edges
    assert len(ax.lines) == 0


def test_strip():
    ax = call("plot_strip")
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), LINE[None, :, 0])
    assert ax.get_yticks().size == 0
    np.testing.assert_array_equal(ax.lines[0].get_xdata(), WAVE[0])


@pytest.mark.parametrize(
    ("centre", "xlim"),
    [
        (0, (-0.5, 9.5)),
        (0.5, (-0.5, 9.5)),
        (-0.5, (-0.5, 9.5)),
        (-3, (-3.5, 9.5)),
        (-2.5, (-3, 9.5)),
        (4, (-0.5, 11.5)),
    ],
)
@pytest.mark.parametrize("name", ["plot_strip", *STACKS])
def test_timelines_lie_at_the_centre_and_no_cell_is_cut_off(name, centre, xlim):
    time, wave = np.arange(8) + centre, (np.arange(10), np.ones(10))
    line = np.ones((8, 3))
    changes = {"line": line[:, 0] if name == "plot_strip" else line, "wave": wave}
    if name == "plot_strips":
        changes["roles"] = None
    if name == "plot_strip_columns":
        changes = {"lines": {"a": line}, "waves": {"a": wave}}
    ax = figure_of(call(name, time=time, **changes)).axes[0]
    assert {tuple(image.get_extent()[:2]) for image in ax.images} == {(centre - 0.5, centre + 7.5)}
    assert ax.get_xlim() == xlim


@pytest.mark.parametrize("name", ["plot_strip", *STACKS])
@pytest.mark.parametrize(
    ("time", "steps"), [(TIME[::-1], "-1 to -1"), (TIME**2, "201 to 257"), (0 * TIME, "0 to 0"), (TIME // 2, "0 to 1")]
)
def test_times_that_strips_cannot_show_are_refused(name, time, steps):
    refused(name, "time", f"rise in equal steps. Got steps from {steps}", time=time)


def test_a_wave_far_from_zero_is_drawn_about_its_middle():
    near, far = (call("plot_strips", wave=(WAVE[0], WAVE[1] + level)).lines[0].get_ydata() for level in (0, 500))
    np.testing.assert_allclose(far - far.mean(), near - near.mean(), atol=0.05)
    low, high = far.min(), far.max()
    assert low + high == pytest.approx(0, abs=1e-9)


def test_strip_columns_share_one_scale():
    figure, axes = call("plot_strip_columns")
    assert [ax.get_title(loc="left") for ax in axes] == ["sine", "pulse"]
    for ax, line in zip(axes, CALLS["plot_strip_columns"]["lines"].values(), strict=True):
        np.testing.assert_array_equal([image.get_array()[0] for image in ax.images], line.T)
        assert {image.get_clim() for image in ax.images} == {(0, 2 * LINE.max())}
        assert ax.get_xlim() == (97.5, 132.5)
    assert len(figure.axes) == 3  # the third is the colour bar


def test_times_without_a_value_are_hatched():
    gone = np.zeros(len(TIME), dtype=bool)
    gone[[0, 1, 5]] = True
    refused("plot_strip_columns", "missing", "have names of `lines`", missing={"harmonics": gone})
    refused("plot_strip_columns", "missing['sine']", "have 30 values", missing={"sine": gone[1:]})
    _, axes = call("plot_strip_columns", missing={"pulse": gone})
    assert not axes[0].patches
    spans = [(patch.get_x(), patch.get_x() + patch.get_width()) for patch in axes[1].patches]
    assert spans == [(TIME[0] - 0.5, TIME[1] + 0.5), (TIME[5] - 0.5, TIME[5] + 0.5)]
    assert all(patch.get_hatch() for patch in axes[1].patches)


def test_timeline_map():
    ax = call("plot_timeline_map")
    (image,) = ax.images
    np.testing.assert_array_equal(image.get_array(), LINE.T)
    assert tuple(image.get_extent()) == (99.5, 129.5, N_CHANNELS - 0.5, -0.5)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (97.5, 132.5, N_CHANNELS - 0.5, -0.5)
    assert ax.get_yticks().tolist() == list(range(N_CHANNELS))
    (wave,) = ax.lines
    assert np.corrcoef(wave.get_ydata(), WAVE[1])[0, 1] == pytest.approx(-1)  # the y axis points down
    assert N_CHANNELS * 0.8 < 2 * np.abs(wave.get_ydata() - (N_CHANNELS - 1) / 2).max() < N_CHANNELS


def test_fill_marks_where_cells_are_missing():
    repeated, existing, coverage, _ = CALLS["plot_fill"].values()
    _, (upper, lower) = call("plot_fill")
    for line, values in zip((*upper.lines, *lower.lines), (repeated, existing, coverage), strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack((TIME, values)))
    for ax in (upper, lower):
        (shade,) = (c for c in ax.collections if to_hex(c.get_facecolor()[0]) == PAPER)
        times = np.concatenate([path.vertices[:, 0] for path in shade.get_paths()])
        assert (times.min(), times.max()) == (TIME[0], TIME[coverage < 12][-1])
    assert lower.get_ylim()[0] == 0
    assert upper.get_xlim() == lower.get_xlim()


# Ablation


@pytest.mark.parametrize(("columns", "grid"), [(4, (2, 4)), (3, (2, 3)), (9, (1, 6)), (1, (6, 1))])
def test_forecast_panels(columns, grid):
    predictions, mse = CALLS["plot_forecast_panels"]["predictions"], CALLS["plot_forecast_panels"]["mse"]
    figure, axes = call("plot_forecast_panels", columns=columns)
    assert figure.axes[0].get_gridspec().get_geometry() == grid
    assert list(axes) == figure.axes[:N_PANELS]
    assert not any(ax.get_visible() for ax in figure.axes[N_PANELS:])
    for ax, forecast, score, label in zip(axes, predictions, mse, LABELS, strict=True):
        drawn = {line.get_color(): line.get_xydata() for line in ax.lines}
        np.testing.assert_array_equal(drawn[TRUTH], np.column_stack((TIME, TRUTH_LINE)))
        np.testing.assert_array_equal(drawn[INK], np.column_stack((TIME, forecast)))
        assert (ax.get_title(loc="left"), ax.get_title(loc="right")) == (label, f"MSE {score:.3f}")
    assert len({(ax.get_xlim(), ax.get_ylim()) for ax in axes}) == 1
    tints = [lightness(axes[panel].get_facecolor()) for panel in np.argsort(mse)]
    assert tints[0] > 99
    assert (np.diff(tints) < -1).all()


def test_the_lowest_panel_of_each_column_has_numbers():
    figure, axes = call("plot_forecast_panels", columns=4)
    figure.canvas.draw()
    assert [ax.xaxis.get_tick_params()["labelbottom"] for ax in axes] == [False, False, True, True, True, True]


def test_pair_grid_holds_every_forecast_in_its_cell():
    predictions, mse = CALLS["plot_pair_grid"]["predictions"], CALLS["plot_pair_grid"]["mse"]
    ax = call("plot_pair_grid")
    np.testing.assert_array_equal(ax.images[0].get_array(), mse)
    values, heights = [], []
    for color, lines in ((TRUTH, np.broadcast_to(TRUTH_LINE, predictions.shape)), (INK, predictions)):
        (drawn,) = (c for c in ax.collections if to_hex(c.get_edgecolor()[0]) == color)
        segments = iter(path.vertices for path in drawn.get_paths())
        for i in range(N_CHANNELS):
            for j in range(N_CHANNELS):
                across, down = next(segments).T - [[j], [i]]
                np.testing.assert_allclose(np.diff(across), (across[-1] - across[0]) / (N_TIMES - 1))
                assert across[0] == -across[-1] < -0.4
                values.append(lines[i, j])
                heights.append(down)
        assert next(segments, None) is None
    values, heights = np.ravel(values), np.ravel(heights)
    slope, offset = np.polyfit(values, heights, 1)  # one scale for all, and the y axis points down
    np.testing.assert_allclose(heights, slope * values + offset, atol=1e-12)
    assert slope < 0
    assert np.abs(heights).max() < 0.5
    frames = [patch for patch in ax.patches if not patch.get_fill()]
    assert [frame.get_center() for frame in frames] == pytest.approx(np.repeat(np.arange(N_CHANNELS), 2).reshape(-1, 2))
    assert {to_hex(frame.get_edgecolor()) for frame in frames} == {INK}
    assert all(0.8 < frame.get_width() == frame.get_height() < 1 for frame in frames)


@pytest.mark.parametrize("n_channels", [13, 60])
def test_a_wide_pair_grid_is_one_axes_with_a_scale_for_its_tint(n_channels):
    scores = np.random.default_rng(1).uniform(0, 7, (n_channels, n_channels))
    forecasts = np.random.default_rng(2).normal(size=(n_channels, n_channels, 200))
    ax = cv.plot_pair_grid(np.zeros(200), forecasts, scores)
    assert len(figure_of(ax).axes) == 2
    bar = figure_of(ax).axes[1]
    assert (bar.get_ylabel(), bar.get_ylim()) == ("MSE", (0, scores.max()))
    np.testing.assert_array_equal(ax.images[0].get_array(), scores)
    truth, drawn = ax.collections
    assert [to_hex(lines.get_edgecolor()[0]) for lines in (truth, drawn)] == [TRUTH, INK]
    assert len(truth.get_paths()) == len(drawn.get_paths()) == n_channels**2
    assert truth.get_linewidth()[0] > drawn.get_linewidth()[0]
    heights = np.array([path.vertices[:, 1] for path in drawn.get_paths()]).reshape(forecasts.shape)
    heights -= np.arange(n_channels)[:, None, None]
    slope, offset = np.polyfit(forecasts.ravel(), heights.ravel(), 1)
    np.testing.assert_allclose(heights, slope * forecasts + offset, atol=1e-9)
    frames = [patch for patch in ax.patches if not patch.get_fill()]
    assert len(frames) == n_channels
    assert min(frame.get_zorder() for frame in frames) > max(line.get_zorder() for line in ax.lines)


@pytest.mark.parametrize("length", [300, 301, 1000, 5003])
def test_long_forecasts_keep_their_extremes_in_small_cells(length):
    rng = np.random.default_rng(length)
    forecasts = np.zeros((13, 13, length))
    places = rng.integers(length, size=(13, 13))
    np.put_along_axis(forecasts, places[..., None], rng.choice([-1, 1], (13, 13, 1)), axis=2)
    ax = cv.plot_pair_grid(np.zeros(length), forecasts, np.ones((13, 13)))
    for (i, j), path in zip(np.ndindex(13, 13), ax.collections[1].get_paths(), strict=True):
        across, down = path.vertices.T - [[j], [i]]
        assert len(across) == min(length, 300)
        assert (across[0], across[-1]) == pytest.approx((-0.42, 0.42))
        (spike,) = np.flatnonzero(np.abs(down) > 0.3)
        assert np.sign(down[spike]) == -forecasts[i, j, places[i, j]]  # the y axis points down
        assert across[spike] == pytest.approx(places[i, j] / (length - 1) * 0.84 - 0.42, abs=0.84 / 149)


def test_pair_grid_tint_grows_with_the_mse_and_stays_light():
    ax = call("plot_pair_grid", mse=np.arange(25.0).reshape(5, 5))
    (image,) = ax.images
    tints = [lightness(image.to_rgba(value)) for value in range(25)]
    assert tints[0] > 99
    assert (np.diff(tints) < 0).all()
    assert contrast(image.to_rgba(24), to_rgb(INK)) > 4.5


@pytest.mark.parametrize("n_channels", [1, 12, 13, 60])
def test_values_are_written_up_to_twelve_channels(n_channels):
    scores = np.random.default_rng(3).uniform(-4, 4, (n_channels, n_channels))
    cubes = np.random.default_rng(4).normal(size=(n_channels, n_channels, 5))
    every = 1 if n_channels <= 30 else 5
    for ax, form in (
        (cv.plot_matrix(scores), "{:.2f}"),
        (cv.plot_pair_grid(np.arange(5), cubes, scores**2), "{:.3f}"),
    ):
        shown = scores if form == "{:.2f}" else scores**2
        assert len(ax.texts) == (n_channels**2 if n_channels <= 12 else 0)
        cells = {(round(x), round(y)): text.get_text() for (x, y), text in texts(ax).items()}
        for (j, i), text in cells.items():
            assert text == form.format(shown[i, j])
        assert ax.get_xticks().tolist() == ax.get_yticks().tolist() == list(range(0, n_channels, every))


@pytest.mark.parametrize("low", [0, -1])
def test_values_contrast_with_their_cell(low):
    ax = cv.plot_matrix(np.linspace(low, 1, 144).reshape(12, 12))
    np.testing.assert_array_equal(ax.images[0].get_array(), np.linspace(low, 1, 144).reshape(12, 12))
    cells = [(text.get_color(), ax.images[0].to_rgba(value)) for text, value in zip(
        ax.texts, ax.images[0].get_array().ravel(), strict=True
    )]  # fmt: skip
    assert min(contrast(to_rgb(ink), cell) for ink, cell in cells) > 3
    assert cells[-1][0] == "white"
    assert {ink for ink, cell in cells if lightness(cell) > 90} == {INK}


# Colours, by formulas of their own

XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)
DEUTERANOPIA = np.array(
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
)  # Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB
NOTICEABLE = 2.3  # distance in CIE Lab that is just noticed (Mahy, Van Eycken and Oosterlinck, 1994)


def linear(rgb) -> np.ndarray:
    rgb = np.asarray(rgb)[..., :3]
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(light) -> np.ndarray:
    """CIE Lab of linear RGB, for the white of sRGB."""
    relative = light @ XYZ.T / XYZ.sum(axis=1)
    x, y, z = np.moveaxis(np.where(relative > 216 / 24389, np.cbrt(relative), relative * 841 / 108 + 4 / 29), -1, 0)
    return np.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), axis=-1)


def lightness(rgb) -> np.ndarray:
    return lab(linear(rgb))[..., 0]


def contrast(one, other) -> float:
    dark, light = sorted(float(linear(rgb) @ XYZ[1]) for rgb in (one, other))
    return (light + 0.05) / (dark + 0.05)


def test_lightness_falls_evenly_along_the_sequential_map():
    values = lightness(SEQUENTIAL(np.arange(256)))
    assert (np.diff(values) < 0).all()
    assert values[0] > 99.9
    assert values[-1] < 15
    assert np.abs(values - np.linspace(values[0], values[-1], 256)).max() < 1


def test_the_diverging_map_is_white_in_the_middle_and_balanced():
    values = lightness(DIVERGING(np.arange(256)))
    negative, positive = values[127::-1], values[128:]
    assert negative[0] > 99
    assert positive[0] > 99
    assert np.abs(negative - positive).max() < 4
    assert (np.diff(negative) < 0).all()
    assert (np.diff(positive) < 0).all()
    ends = lab(linear(DIVERGING([64, 191])))[:, 1:]
    assert np.linalg.norm(ends[0] - ends[1]) > 20 * NOTICEABLE


def test_channel_colors_differ_for_deuteranopes():
    light = linear([to_rgb(color) for color in channel_colors(8)])
    seen = lab(np.clip(light @ DEUTERANOPIA.T, 0, 1))
    closest = min(np.linalg.norm(one - other) for one, other in itertools.combinations(seen, 2))
    assert closest > 3 * NOTICEABLE  # it is 8.7, between the blue and the purple


@pytest.mark.parametrize("n_channels", [1, 5, 8, 9, 60])
def test_a_channel_keeps_its_colour_however_many_there_are(n_channels):
    colors = channel_colors(n_channels)
    assert len(colors) == n_channels
    assert colors == channel_colors(64)[:n_channels]
    assert all(len(set(colors[first : first + 8])) == min(8, n_channels - first) for first in range(n_channels))
    assert max(lightness([to_rgb(color) for color in colors])) < 85
    _, axes = cv.plot_kernels(np.ones((3, 1, n_channels)))
    assert [to_hex(ax.containers[0][0].get_facecolor()) for ax in axes] == colors


def test_value_scale_covers_all_arrays():
    cmap, norm = value_scale(np.array([1.0, 2]), np.array([[-3.0]]))
    assert (cmap, norm.vmin, norm.vmax) == (DIVERGING, -3, 3)


def test_ink_on_dark_cells_is_white():
    norm = Normalize(0, 1)
    assert [ink_on(SEQUENTIAL, norm, value) for value in (0, 0.2, 0.8, 1)] == [INK, INK, "white", "white"]


# Channels, subsets, trainings


def test_channel_bars_hold_the_measures_and_their_errors():
    _, axes = call("plot_channel_bars")
    values, errors = CALLS["plot_channel_bars"]["values"], CALLS["plot_channel_bars"]["errors"]
    for ax, (name, measure) in zip(axes, values.items(), strict=True):
        assert [bar.get_width() for bar in ax.patches] == measure.tolist()
        assert [bar.get_y() + bar.get_height() / 2 for bar in ax.patches] == pytest.approx(range(N_CHANNELS))
        assert [to_hex(bar.get_facecolor()) for bar in ax.patches] == channel_colors(N_CHANNELS)
        numbers = [text.get_text() for text in ax.texts if text.get_text() not in ROLES]
        assert [float(number) for number in numbers] == measure.tolist()
        low, high = ax.get_xlim()
        span = errors.get(name, np.zeros(N_CHANNELS))
        assert low <= (measure - span).min()
        assert high >= (measure + span).max()
    lines = axes[1].collections[0].get_segments()
    span, measure = errors["share of the error"], values["share of the error"]
    np.testing.assert_allclose([line[:, 0] for line in lines], np.column_stack([measure - span, measure + span]))
    assert axes[0].get_ylim() == (N_CHANNELS - 0.5, -0.5)
    assert [text.get_text() for text in axes[-1].texts if text.get_text() in ROLES] == ROLES


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([1.269, 0.0584, 0.0004], ["1.27", "0.06", "0.00"]),
        ([0.0818, -0.00001], ["0.0818", "0.0000"]),
        ([123.4, 5.6], ["123", "6"]),
        ([3e-12, 0.0], ["3.0e-12", "0.0e+00"]),
        ([2e9, 1.0], ["2.0e+09", "1.0e+00"]),
        ([0.0, 0.0], ["0.00", "0.00"]),
    ],
)
def test_numbers_beside_bars(values, written):
    _, axes = cv.plot_channel_bars({"a": values})
    assert [text.get_text() for text in axes[0].texts] == written


def test_channel_bars_on_one_scale():
    _, axes = call("plot_channel_bars", share_scale=True)
    assert axes[0].get_xlim() == axes[1].get_xlim()
    assert axes[0].get_xlim()[0] < -8
    written = [text.get_text() for ax in axes for text in ax.texts if text.get_text() not in ROLES]
    assert len({len(number.split(".")[1]) for number in written}) == 1
    _, axes = call("plot_channel_bars")
    assert axes[0].get_xlim() != axes[1].get_xlim()


def test_what_is_written_as_zero_stands_where_zero_stands():
    _, (ax,) = cv.plot_channel_bars({"a": [1.0, -1e-6, -0.5]})
    assert [text.get_ha() for text in ax.texts] == ["left", "left", "right"]


@pytest.mark.parametrize(
    ("changes", "error", "match"),
    [
        ({"values": {}}, ValueError, r"`values` must have at least one measure\. Got none"),
        ({"values": [1, 2]}, TypeError, r"`values` must be a mapping of names to values\. Got \[1, 2\]"),
        ({"values": {"a": [1.0], "b": [1.0, 2.0]}}, ValueError, r"`values\['b'\]` must have 1 values, one a ch.*Got 2"),
        ({"errors": {"a": np.ones(5)}}, ValueError, r"`errors` must belong to some of .*Got \['a'\]"),
        ({"errors": {"response": np.ones(4)}}, ValueError, r"`errors\['response'\]` must have 5 values.*Got 4"),
        (
            {"errors": {"response": -np.ones(5)}},
            ValueError,
            r"`errors\['response'\]` must hold numbers of at least 0\. Got -1",
        ),
        ({"roles": ["crest"]}, ValueError, r"`roles` must have 5 texts, one a channel\. Got 1"),
    ],
)
def test_bad_channel_bars(changes, error, match, monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(error, match=match):
        call("plot_channel_bars", **changes)
    assert plt.get_fignums() == []


def test_rankings_put_the_largest_on_top_and_equal_ones_in_the_order_of_channels():
    ax = call("plot_rankings", scores={"zero": [0.1, 3.0, 0.1, 2.0], "mean": [4.0, 3.0, 2.0, 1.0]})
    lines = [line.get_ydata().tolist() for line in ax.lines]
    assert lines == [[3, 1], [1, 2], [4, 3], [2, 4]]
    assert [line.get_color() for line in ax.lines] == channel_colors(4)
    assert [label.get_text() for label in ax.get_xticklabels()] == ["zero", "mean"]
    assert ax.yaxis_inverted()
    beside = {text.xy: text.get_text() for text in ax.texts if "." in text.get_text()}
    assert beside[0, 1] == "3.000"
    assert beside[1, 4] == "1.000"
    inside = {text.xy: text.get_text() for text in ax.texts if "." not in text.get_text()}
    assert inside[0, 1] == inside[1, 2] == "1"
    with pytest.raises(ValueError, match=r"`scores` must be at least two measures\. Got 1"):
        call("plot_rankings", scores={"zero": [1.0]})


@pytest.mark.parametrize(("high", "numbers"), [(5.5, {"2", "5"}), (900, {"$\\mathdefault{10^{1}}$"})])
def test_a_logarithmic_axis_has_numbers_however_short_it_is(high, numbers):
    ax = call("plot_subsets", mse=np.geomspace(1.9, high, 4), curves={"best": [high, 2.5, 2]}, labels=None)
    ax.get_figure().draw_without_rendering()
    low, top = ax.get_ylim()
    ticks = zip(ax.get_yticks(), ax.get_yticklabels(), strict=True)
    assert numbers <= {label.get_text() for place, label in ticks if low <= place <= top}


def test_titles_and_legends_do_not_meet():
    title = "A title that takes more than half of the width that there is for it"
    labels = {"curves": {"one of the curves": [3.0, 2, 1], "another of the curves": [3.0, 2.5, 1]}}
    for name, changes in {"plot_subsets": labels, "plot_reads": {}, "plot_history": {}}.items():
        for text in ("Short", title):
            ax = call(name, title=text, **changes)
            ax.get_figure().draw_without_rendering()
            boxes = [artist.get_window_extent() for artist in (ax.get_legend(), ax._left_title)]
            assert not boxes[0].overlaps(boxes[1])
            assert boxes[1].y1 <= ax.get_figure().bbox.y1
            assert ax._left_title.get_fontweight() == "bold"


def test_subsets_are_points_near_their_size_and_curves_at_it():
    ax = call("plot_subsets")
    given = CALLS["plot_subsets"]
    points, best, greedy = ax.lines[-3:]
    assert points.get_ydata().tolist() == given["mse"].tolist()
    aside = np.abs(points.get_xdata() - given["n_kept"])
    assert aside.max() < 0.3
    alone = [list(given["n_kept"]).count(kept) == 1 for kept in given["n_kept"]]
    assert not aside[alone].any()
    for line, name in ((best, "best of its size"), (greedy, "greedy")):
        assert line.get_xydata().tolist() == [[k, v] for k, v in enumerate(given["curves"][name])]
        assert line.get_label() == name
    assert ax.get_yscale() == "log"
    below = {text.xy: text.get_text() for text in ax.texts}
    assert [below[k, v] for k, v in enumerate(given["curves"]["best of its size"])] == given["labels"]
    assert ax.lines[0].get_ydata()[0] == given["references"]["last value"]
    assert "last value" in below.values()


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"mse": np.array([1.0, 2, 0, 3])}, r"`mse` must hold numbers above 0\. Got 0"),
        ({"curves": {}}, r"`curves` must be 1 to 3 named curves\. Got 0"),
        ({"curves": {"a": [1.0, 2.0], "b": [1.0]}}, r"`curves\['b'\]` must have 2 errors\. Got 1"),
        ({"curves": {"a": [1.0, -2.0]}}, r"`curves\['a'\]` must hold numbers above 0.*Got -2"),
        ({"n_kept": np.array([0.0, 1, 1, 3])}, r"`n_kept` must be within 0\.\.2\. Got 3"),
        ({"labels": ["one"]}, r"`labels` must have 3 texts, one a size\. Got 1"),
        ({"references": {"none": 0.0}}, r"`references\['none'\]` must be a finite number above 0\. Got 0"),
    ],
)
def test_bad_subsets(changes, match):
    with pytest.raises(ValueError, match=match):
        call("plot_subsets", **changes)
    assert plt.get_fignums() == []


def test_spread_holds_each_value_and_the_quartiles():
    ax = call("plot_spread")
    groups = CALLS["plot_spread"]["values"]
    lines = [line for line in ax.lines if line.get_alpha() != 0.3]
    for row, group in enumerate(groups.values()):
        points, span, middle = lines[3 * row : 3 * row + 3]
        assert points.get_xdata().tolist() == group.tolist()
        assert (np.abs(points.get_ydata() - row) < 0.5).all()
        low, centre, high = np.quantile(group, [0.25, 0.5, 0.75])
        assert span.get_xdata().tolist() == [low, high]
        assert middle.get_xdata().tolist() == [centre]
    assert [label.get_text() for label in ax.get_yticklabels()] == list(groups)


def test_spread_on_a_logarithmic_axis():
    ax = call("plot_spread", values={"a": [1.0, 10.0, 1000.0]}, log=True)
    assert ax.get_xscale() == "log"
    assert ax.lines[0].get_xdata().tolist() == [1.0, 10.0, 1000.0]
    at = {place: ax.transData.transform((place, 0))[0] for place in (1, 10, 100)}
    assert at[10] - at[1] == pytest.approx(at[100] - at[10])


def test_spread_with_intervals_of_ones_own(monkeypatch):
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    ax = call("plot_spread", values={"a": [1.0, 2.0]}, intervals={"a": (0.5, 1.5, 4.0)})
    assert ax.lines[1].get_xdata().tolist() == [0.5, 4.0]
    for intervals, match in [
        ({"b": (1, 2, 3)}, r"`intervals` must have the names of `values`, \['a'\]\. Got \['b'\]"),
        ({"a": (1, 2)}, r"`intervals\['a'\]` must be lower end, middle and upper end\. Got \[1.0, 2.0\]"),
        ({"a": (2, 1, 3)}, r"`intervals\['a'\]` must be lower end"),
    ]:
        with pytest.raises(ValueError, match=match):
            call("plot_spread", values={"a": [1.0, 2.0]}, intervals=intervals)
    with pytest.raises(TypeError, match=r"`values` must be a mapping of names to values\. Got \[1\]"):
        call("plot_spread", values=[1])
    with pytest.raises(ValueError, match=r"`values` must have at least one group\. Got none"):
        call("plot_spread", values={}, intervals=None)


def test_reads_lie_on_the_series_where_each_window_is_read():
    time, values = np.arange(50.0, 90), np.arange(40.0)
    picked = np.array([0, 9, 1, 8])
    ax = cv.plot_reads(time, values, picked, 10, offset=0.5)
    first, last = ax.lines[1:]
    # Window b begins at sample b, and a step lies half a sample after its own.
    assert first.get_xydata().tolist() == [[50.5, 0.5], [53.5, 3.5]]
    assert last.get_xydata().tolist() == [[60.5, 10.5], [61.5, 11.5]]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert labels == ["read in steps 0–1 (2 windows)", "read in steps 8–9 (2 windows)"]
    same = cv.plot_reads(time, values, np.zeros(4, dtype=int), 10)
    assert [text.get_text() for text in same.get_legend().get_texts()] == ["read in step 0 (4 windows)"]
    wide = cv.plot_reads(time, values, picked, 10, stride=3)
    assert wide.lines[2].get_xdata().tolist() == [50 + 1 + 27, 50 + 3 + 24]


@pytest.mark.parametrize(
    ("picked", "match"),
    [
        ([0, 10], r"`picked` must be steps, 0\.\.9\. Got 10"),
        ([-1, 0], r"`picked` must hold integers of at least 0\. Got -1"),
        ([0] * 41, r"`picked` must have a step a window, at most 40\. Got 41"),
    ],
)
def test_bad_reads(picked, match):
    with pytest.raises(ValueError, match=match):
        cv.plot_reads(np.arange(40.0), np.arange(40.0), picked, 10)


# Dates, and numbers of any size


def labels_of(ax):
    ax.get_figure(root=True).draw_without_rendering()
    low, high = ax.get_xlim()
    ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
    return {place: label.get_text() for place, label in ticks if low <= place <= high}


@pytest.mark.parametrize(("freq", "form"), [("MS", "%Y-%m"), ("D", "%Y-%m-%d"), ("h", "%Y-%m-%d %H:%M"), ("s", None)])
def test_dates_in_place_of_samples(freq, form):
    dates = pd.date_range("1999-11-29", periods=40, freq=freq)
    ax = cv.plot_series(np.arange(200, 240), np.arange(40.0))
    assert cv.label_dates(ax, dates, first=200) is ax
    labels = labels_of(ax)
    assert len(labels) > 1
    for place, label in labels.items():
        assert place % 1 == 0
        row = int(place) - 200
        assert label == (dates[row].strftime(form or "%Y-%m-%d %H:%M:%S") if 0 <= row < 40 else "")
    assert ax.get_xlabel() == "date"


def test_dates_do_not_run_into_each_other():
    dates = pd.date_range("2000-01-01", periods=400, freq="D")
    _, axes = call("plot_strip_columns", lines=dict.fromkeys("abcd", LINE), waves=dict.fromkeys("abcd", WAVE))
    cv.label_dates(axes[0], dates)
    axes[0].get_figure().draw_without_rendering()
    boxes = []
    for ax in axes:
        ticks = zip(ax.get_xticks(), ax.get_xticklabels(), strict=True)
        boxes += [label.get_window_extent() for place, label in ticks if 97.5 <= place <= 132.5]
    assert len(boxes) >= 4
    for one, other in itertools.pairwise(sorted(boxes, key=lambda box: box.x0)):
        assert one.x1 < other.x0 + 1


def test_dates_on_every_axes_that_shows_time_and_on_no_other():
    dates = pd.date_range("2000-01-01", periods=400, freq="D")
    for name in ("plot_forecast", "plot_fill", "plot_forecast_panels", "plot_strip_columns"):
        figure, axes = call(name)
        cv.label_dates(figure, dates.to_numpy())
        words = figure.get_supxlabel() + "".join(ax.get_xlabel() for ax in figure.axes)
        assert "date" in words
        assert "sample" not in words
        assert {type(ax.xaxis.get_major_formatter()).__name__ for ax in axes} == {"FuncFormatter"}
    ax = cv.label_dates(cv.plot_series(np.arange(-20, 20), np.arange(40.0)), dates, first=-20)
    assert labels_of(ax)[0] == "2000-01-21"
    figure, axes = call("plot_forecast")  # of which the lower axes alone is labelled
    cv.label_dates(figure, dates)
    assert axes[0].xaxis.get_major_formatter() is axes[1].xaxis.get_major_formatter()
    assert axes[0].get_xticks().tolist() == axes[1].get_xticks().tolist()
    ax = cv.label_dates(call("plot_series"), dates.tz_localize("Europe/Berlin"))
    assert set(labels_of(ax).values()) <= {"", *dates.strftime("%Y-%m-%d")}
    ax = call("plot_matrix")
    cv.label_dates(ax.get_figure(), dates)
    assert ax.get_xlabel() == "channel j"


def test_dates_that_are_none(monkeypatch):
    ax = call("plot_series")
    with pytest.raises(TypeError, match=r"`dates` must be an array of datetimes\. Got dtype int64 and shape \(3,\)"):
        cv.label_dates(ax, [1, 2, 3])
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
    with pytest.raises(TypeError, match=r"`figure` must be a Figure or an Axes\. Got str"):
        cv.label_dates("figure", pd.date_range("2000", periods=2))
    assert cv.label_dates(ax, None) is ax
    assert ax.get_xlabel() == "sample"


@pytest.mark.parametrize(
    ("largest", "written"),
    [(1.41, "1.41"), (0.05, "0.05"), (0.004, "4e-03"), (12.3, "12.30"), (123.4, "123.4"), (1234, "1234"), (0, "0.00")],
)
def test_numbers_where_there_is_little_room(largest, written):
    ax = cv.plot_matrix([[largest, 0.0], [0.0, 0.0]])
    assert ax.texts[0].get_text() == written
    assert len(cv.plot_matrix([[123456.0]]).texts[0].get_text()) < 8


def test_a_single_sample_is_filled_without_a_warning():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cv.plot_fill([1.0], [1.0], [1], [0])


def test_picked_steps_beyond_a_map_leave_its_axes_as_they_are():
    maps = [cv.plot_window_map(np.ones((5, 4)), picked=picked) for picked in (None, [0, 9, 9, 3, 9])]
    assert maps[0].get_ylim() == maps[1].get_ylim() == (3.5, -0.5)
