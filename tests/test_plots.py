"""Figures of data hold the numbers that they were given, as their artists tell, and leave everything else alone."""

import inspect
import itertools

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

import conv1d_viz as cv

pytestmark = pytest.mark.filterwarnings("error")
TIME = np.arange(100.0, 130)
RNG = np.random.default_rng(0)
LINE = RNG.random((30, 5))
WAVE = (np.arange(98.0, 133), np.sin(np.arange(35) / 4))
ROLES = ["crest", "silent", "trough", "crest", "rising"]
PADDED = np.array([True, True, False, False, True, False, True])
SEES = PADDED[:5]
ACTS = RNG.random((12, 5))
A, B = np.array([9.0, 1.0, 3.0, 3.0]), np.array([-8.0, 2.0, 0.0, 5.0])
MEASURES = {"a": A, "b": B}
SEGMENTS = pd.DataFrame({"channel": [0, 0, 3], "rank": [0, 1, 0], "value": [4.0, 2.0, 1.0]})
SEEN = np.array([[np.nan, 1.0, 2.0], [9.0, 3.0, 4.0], [5.0, 6.0, 7.0]])[..., None] * [1, 10]  # of two features
CALLS = {
    "plot_channel_bars": {"values": {"response": LINE[0], "runs": RNG.random((5, 9))}, "errors": {"response": LINE[1]}},
    "plot_contributions": {"time": TIME, "values": LINE - LINE.mean()},
    "plot_diagonal_deviation": {"acts": RNG.random((20, 7, 2)), "padded": PADDED},
    "plot_forecast": {"time": TIME, "truth": LINE[:, 0], "forecast": LINE[:, 1]},
    "plot_forecast_panels": {"time": TIME, "truth": TIME, "predictions": LINE.T, "mse": LINE[0], "labels": ROLES},
    "plot_history": {"history": {"loss": [9, 5, 4.0], "val_loss": [8, 3, 6.0]}},
    "plot_kernels": {"weights": RNG.normal(size=(4, 1, 5)), "bias": LINE[0]},
    "plot_matrix": {"matrix": LINE[:5]},
    "plot_pair_grid": {"truth": LINE[:, 0], "predictions": RNG.random((5, 5, 30)), "mse": LINE[:5]},
    "plot_reads": {"time": WAVE[0], "values": WAVE[1], "picked": np.array([0, 6, 2, 5]), "n_steps": 7},
    "plot_segments": {"table": SEGMENTS, "samples": SEEN},
    "plot_series": {"time": TIME, "values": LINE[:, 0]},
    "plot_strip_columns": {"lines": {"a": LINE}, "time": TIME, "waves": {"a": WAVE}},
    "plot_strips": {"line": LINE, "time": TIME, "wave": WAVE, "roles": ROLES},
    "plot_subsets": {"n_kept": np.array([0, 1, 1, 2]), "mse": np.array([9.0, 4, 3, 1]), "curves": {"a": [9.0, 3, 1]}},
    "plot_window_map": {"acts": RNG.random((20, 7)), "padded": PADDED, "diagonal": 9},
}  # fmt: skip
NAMES = sorted(CALLS)


def figure_of(result) -> Figure:
    return result.get_figure(root=True) if isinstance(result, Axes) else result[0]


def as_lists(value):
    if isinstance(value, pd.DataFrame):  # which a table stays
        return value.copy()
    if isinstance(value, dict):
        return {key: as_lists(item) for key, item in value.items()}
    return tuple(map(as_lists, value)) if isinstance(value, tuple) else np.asarray(value).tolist()


def drawn(figure) -> list:
    lines = [line.get_xydata() for ax in figure.axes for line in ax.lines]
    images = [image.get_array() for ax in figure.axes for image in ax.images]
    return lines + images + [patch.get_extents().get_points() for ax in figure.axes for patch in ax.patches]


def test_every_plot_is_called_here():
    assert {name for name in dir(cv) if name.startswith("plot_")} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_takes_lists_and_leaves_everything_else_alone(name, monkeypatch):
    for owner, method in ((plt, "show"), (Figure, "show"), (Figure, "savefig")):
        monkeypatch.setattr(owner, method, lambda *_args, **_options: pytest.fail("shown or saved"))
    settings, before = mpl.rcParams.copy(), as_lists(CALLS[name])
    figure = figure_of(getattr(cv, name)(**CALLS[name]))
    assert plt.get_fignums() == [figure.number]
    assert str(as_lists(CALLS[name])) == str(before)
    assert mpl.rcParams == settings
    for one, other in zip(drawn(figure), drawn(figure_of(getattr(cv, name)(**before))), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("name", [n for n in NAMES if "ax" in inspect.signature(getattr(cv, n)).parameters])
def test_draws_on_the_axes_given(name):
    figure, (given, other) = plt.subplots(1, 2)
    assert getattr(cv, name)(**CALLS[name], ax=given) is given
    assert plt.get_fignums() == [figure.number]
    assert not other.has_data()


@pytest.mark.parametrize("name", NAMES)
def test_titles_and_units(name):
    def words(**options):
        figure = figure_of(getattr(cv, name)(**CALLS[name], **options))
        texts = [text for ax in figure.axes for text in (ax.get_title(loc="left"), ax.get_xlabel(), ax.get_ylabel())]
        return [figure.get_suptitle(), figure.get_supylabel(), *texts]

    parameters = inspect.signature(getattr(cv, name)).parameters
    assert words(title="Seen here").count("Seen here") == 1
    assert words().count(parameters["title"].default) == (parameters["title"].default != "auto")
    assert parameters["title"].default not in words(title=None)
    if "unit" in parameters:
        assert words(unit="volts").count("volts") == 1


WIDE = {
    "plot_channel_bars": lambda line, words: {"values": {"a": line[3], "b": -line[5]}, "roles": words, "ranks": True},
    "plot_strips": lambda line, words: {"line": line, "time": TIME, "wave": WAVE, "roles": words},
    "plot_contributions": lambda line, _: {"time": TIME, "values": line[:, :12] - 0.5, "title": 60 * "."},
    "plot_matrix": lambda line, _: {"matrix": 0.5 - np.abs(np.subtract.outer(line[3], line[3]))},
    "plot_kernels": lambda line, words: {"weights": line[:10, None] - 0.5, "bias": line[0] - 0.5, "roles": words},
    "plot_segments": lambda line, words: {
        "table": pd.DataFrame({"channel": range(len(words)), "rank": 0, "value": line[0]}),
        "samples": line[:10].T[..., None] - 0.5,
        "roles": words,
    },
}


@pytest.mark.parametrize("n_channels", [1, 8, 60])
@pytest.mark.parametrize("name", WIDE)
def test_texts_of_layers_of_any_width_can_be_read(name, n_channels):
    line = np.abs(np.sin(np.outer(np.arange(30), np.arange(1, n_channels + 1))))
    figure = figure_of(getattr(cv, name)(**WIDE[name](line, ["rising"] * n_channels)))
    figure.canvas.draw()
    texts = []
    for ax in (ax for ax in figure.axes if ax.get_visible()):
        texts += [*ax.texts, ax._left_title, ax._right_title, ax.xaxis.label, ax.yaxis.label]
        texts += ax.legend_.get_texts() if ax.legend_ else []
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            texts += [t.label1 for t in axis.get_major_ticks() if low - 1e-9 <= t.get_loc() <= high + 1e-9]
    texts = [text for text in texts if text.get_visible() and text.get_text()]
    assert min(text.get_fontsize() for text in texts) >= 6
    boxes = [text.get_window_extent() for text in texts]
    low, high = np.array([box.min for box in boxes]), np.array([box.max for box in boxes])
    shared = np.minimum(high[:, None], high) - np.maximum(low[:, None], low)
    meet = np.argwhere((shared > 1).all(axis=2))
    assert [(texts[a].get_text(), texts[b].get_text()) for a, b in meet if a < b] == []
    assert ((low >= -1) & (high <= figure.bbox.max + 1)).all()


def lightness(rgb) -> np.ndarray:
    """CIE lightness of sRGB, for its own white."""
    rgb = rgb[..., :3]
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    luminance = linear @ [0.2126729, 0.7151522, 0.0721750]
    return np.where(luminance > 216 / 24389, 116 * np.cbrt(luminance) - 16, luminance * 24389 / 27)


def test_colour_maps_are_white_at_zero_and_even_in_lightness():
    rise, both = (cv.plot_matrix(matrix).images[0].get_cmap() for matrix in ([[1.0]], [[-1.0]]))
    values = lightness(rise(np.arange(256)))
    assert values[0] > 99.9
    assert np.abs(values - np.linspace(values[0], values[-1], 256)).max() < 1
    negative, positive = np.split(lightness(both(np.arange(256))), 2)
    assert min(negative[-1], positive[0]) > 99
    assert np.abs(negative[::-1] - positive).max() < 4


def test_a_channel_keeps_its_colour_in_every_figure():
    _, axes = cv.plot_kernels(np.ones((3, 1, 16)))
    colors = [to_hex(ax.containers[0][0].get_facecolor()) for ax in axes]
    assert len(set(colors[:8])) == 8
    assert colors[:8] == colors[8:]
    assert to_hex(cv.plot_channel_bars(MEASURES)[1][0].patches[3].get_facecolor()) == colors[3]


@pytest.mark.parametrize(("low", "limits"), [(0, (0, 3)), (2, (0, 3)), (-5, (-5, 5)), (-1, (-3, 3))])
def test_scales_start_at_zero_or_are_symmetric_about_it(low, limits):
    values = np.array([[low, 3.0], [3.0, 3.0]])
    for ax in (cv.plot_strips(values, [0, 1]), cv.plot_window_map(values), cv.plot_matrix(values)):
        assert {image.get_clim() for image in ax.images} == {limits}


def ticks(ax) -> dict[float, str]:
    ax.get_figure(root=True).draw_without_rendering()
    labels = [tick.label1.get_text() for tick in ax.xaxis.get_major_ticks()]
    return dict(zip(ax.get_xticks(), labels, strict=True))


def test_series():
    ax = cv.plot_series(TIME, LINE[:, 0])
    np.testing.assert_array_equal(ax.lines[0].get_xydata(), np.column_stack([TIME, LINE[:, 0]]))
    assert ax.get_xlim() == (100, 129)
    same = cv.plot_series(pd.Series(LINE[:, 0], index=TIME))
    np.testing.assert_array_equal(same.lines[0].get_xydata(), ax.lines[0].get_xydata())


def test_history_is_logarithmic_and_marks_the_best_epoch():
    ax = cv.plot_history({"loss": [4, 3, 2, 1], "val_loss": [8, 6, 3, 7], "lr": ["?"]})
    assert ax.get_yscale() == "log"
    assert [line.get_ydata().tolist() for line in ax.lines] == [[4, 3, 2, 1], [8, 6, 3, 7], [3]]
    assert (ax.get_xlabel(), ax.lines[2].get_xdata()) == ("epoch (best: 3.0e+00 after epoch 3)", [3])


def test_losses_of_0_are_drawn_on_a_linear_axis():
    history = cv.plot_history({"loss": [1, 0.5, 0.1], "val_loss": [1, 0, 0]}, unit="error rate")
    subsets = cv.plot_subsets([0, 1], [0.5, 0.0], {"best": [0.5, 0.0]}, loss_name="error rate")
    assert [(ax.get_yscale(), ax.get_ylabel()) for ax in (history, subsets)] == [("linear", "error rate")] * 2
    assert history.lines[2].get_xydata().tolist() == [[2, 0]]


def test_forecast_and_its_error():
    _, (upper, lower) = cv.plot_forecast(TIME, LINE[:, 0], LINE[:, 0] + 0.5)
    np.testing.assert_array_equal(upper.lines[1].get_xydata(), np.column_stack([TIME, LINE[:, 0] + 0.5]))
    np.testing.assert_allclose(lower.lines[-1].get_ydata(), 0.5)
    assert upper.get_xlim() == lower.get_xlim() == (100, 129)


@pytest.mark.parametrize("kind", ["index", "array", "list", "dates", "periods"])
def test_months_are_drawn_evenly_and_numbered_at_januaries(kind):
    index = pd.date_range("1950-07", periods=12 * 20, freq="MS")
    dates = {"index": index, "array": index.to_numpy(), "list": list(index.to_pydatetime())}
    dates |= {"dates": [day.date() for day in index], "periods": index.to_period()}
    ax = cv.plot_series(dates[kind], np.arange(240.0))
    assert ax.lines[0].get_xdata().tolist() == list(range(240))
    shown = ticks(ax)
    assert 4 <= len(shown) <= 12
    for place, text in shown.items():
        assert index[round(place)] == pd.Timestamp(f"{text}-01-01")
        assert place == pytest.approx(round(place), abs=1e-6)
    assert ax.get_xlabel() == "date"


def test_half_hours_are_numbered_at_midnights_in_local_time():
    index = pd.date_range("2024-03-28 05:00", periods=336, freq="30min", tz="Europe/London")  # clocks go forward
    ax = cv.plot_series(pd.Series(np.arange(336.0), index))
    local = index.tz_localize(None)
    for place, text in ticks(ax).items():
        assert text in (f"{local[round(place)]:%d}", f"{local[round(place)]:%b}")
        assert local[round(place)] == local[round(place)].normalize()
    assert ax.get_xlabel() == "date (2024-Mar to 2024-Apr)"
    april = cv.plot_series(pd.date_range("2024-04-02", periods=20), np.arange(20.0))
    assert april.get_xlabel() == "date (2024-Apr)"
    back = pd.date_range("2024-10-27 00:00", periods=12, freq="30min", tz="Europe/London")  # and back
    places = list(ticks(cv.plot_series(pd.Series(np.arange(12.0), back))))
    assert places == sorted(places)


def test_days_that_are_left_out_take_no_room():
    index = pd.bdate_range("2023-11-20", periods=120)
    shown = ticks(cv.plot_series(index, np.arange(120.0)))
    january = next(place for place, text in shown.items() if text == "2024")
    assert index.get_loc(pd.Timestamp("2024-01-01")) == january  # a Monday
    with pytest.raises(ValueError, match=r"^`time` must rise\. Got 2024-05-02 00:00:00 after 2024-05-03.*sort_index"):
        cv.plot_series(index[::-1], np.arange(120.0))


def test_dates_of_every_figure_with_time():
    index = pd.date_range("2000", periods=40, freq="D")
    wave = pd.Series(np.sin(np.arange(40)), index)
    line = np.abs(np.outer(np.arange(30), [1, 2])) / 30
    panels, _ = cv.plot_forecast_panels(index[:30], wave[:30], line.T, [0, 1], ["a", "b"])
    columns, _ = cv.plot_strip_columns({"a": line}, np.arange(30) + 4.5, waves={"a": wave})
    strips = cv.plot_strips(line, np.arange(30) + 4.5, wave=wave)
    reads = cv.plot_reads(index, wave, [0, 1, 2], 3)
    forecast = cv.plot_forecast(index, wave, wave)[1][1]
    labels = [ax.get_xlabel() for ax in (columns.axes[0], strips, reads, forecast)]
    assert all(label.startswith("date") for label in [*labels, panels.get_supxlabel()])
    assert strips.get_xlim() == (-0.5, 39.5)  # sample 0 is the wave's first
    assert 31 in ticks(strips)  # the first of February


@pytest.mark.parametrize("width", [2, 4, 9])
def test_dates_have_room(width):
    _, ax = plt.subplots(figsize=(width, 2))
    cv.plot_series(pd.date_range("2000-01-01", periods=400, freq="D"), np.arange(400), ax=ax)
    ax.get_figure().draw_without_rendering()
    boxes = [label.get_window_extent() for label in ax.get_xticklabels()]
    assert len(boxes) > 1
    assert all(one.x1 < other.x0 for one, other in itertools.pairwise(boxes))


@pytest.mark.parametrize("wave", [None, WAVE])
def test_strips(wave):
    ax = cv.plot_strips(LINE, TIME, wave=wave, roles=list("abcde"))
    for channel, image in enumerate(ax.images):
        np.testing.assert_array_equal(image.get_array(), LINE[None, :, channel])
        left, right, bottom, top = image.get_extent()
        assert (left, right, (top + bottom) / 2) == pytest.approx((99.5, 129.5, channel))
        assert (bottom - top == 1) == (wave is None)  # without a wave they touch
    assert {image.get_clim() for image in ax.images} == {(0, LINE.max())}
    assert ax.get_xlim() == ((99.5, 129.5) if wave is None else (97.5, 132.5))
    assert [(text.get_position()[1], text.get_text()) for text in ax.texts] == list(enumerate("abcde"))
    heights = np.array([line.get_ydata() for line in ax.lines]).reshape(-1, 35)
    assert len(heights) == (0 if wave is None else 5)
    for channel, height in enumerate(heights):
        assert np.corrcoef(channel - height, WAVE[1])[0, 1] == pytest.approx(1)  # the y axis points down


def test_one_channel_and_what_repeated_cells_do():
    one = cv.plot_strips(LINE[:, 0], TIME, wave=WAVE)
    assert (len(one.images), [label.get_text() for label in one.get_yticklabels()]) == (1, [""])
    both = cv.plot_strips(LINE[:, 0], TIME, repeated=2 * LINE[:, 0])
    np.testing.assert_array_equal([image.get_array()[0] for image in both.images], [LINE[:, 0], 2 * LINE[:, 0]])
    assert {image.get_clim() for image in both.images} == {(0, 2 * LINE[:, 0].max())}
    assert [label.get_text()[:12] for label in both.get_yticklabels()] == ["cells that e", "with repeate"]
    with pytest.raises(ValueError, match=r"^`repeated` must be one channel.*\(30, 5\)"):
        cv.plot_strips(LINE, TIME, repeated=LINE)


def test_strips_with_their_own_scales():
    line = LINE * [1, 10, 0.1, -1, 0]
    ax = cv.plot_strips(line, TIME, share_scale=False, roles=["a", "b", "c", "d", ""])
    high = np.abs(line).max(axis=0)
    assert [image.get_clim() for image in ax.images] == [*[(0, h) for h in high[:3]], (-high[3], high[3]), (0, 1)]
    assert [text.get_text() for text in ax.texts][3:] == [f"d, up to {high[3]:.2g}", "up to 0"]


@pytest.mark.parametrize(("centre", "xlim"), [(0.5, (-0.5, 9.5)), (-3, (-3.5, 9.5)), (4, (-0.5, 11.5))])
def test_no_cell_whose_centre_lies_beyond_the_wave_is_cut_off(centre, xlim):
    ax = cv.plot_strips(np.ones((8, 3)), np.arange(8) + centre, wave=(np.arange(10), np.full(10, 500.0)))
    assert tuple(ax.images[0].get_extent()[:2]) == (centre - 0.5, centre + 7.5)
    assert ax.get_xlim() == xlim
    assert ax.lines[0].get_ydata().tolist() == [0.0] * 10  # far from 0 a series is drawn about its middle


def test_columns_share_a_scale():
    lines, waves = {"a": LINE, "b": 2 * LINE}, {"b": WAVE, "a": WAVE}
    _, axes = cv.plot_strip_columns(lines, TIME, waves=waves)
    for ax, line in zip(axes, lines.values(), strict=True):
        np.testing.assert_array_equal([image.get_array()[0] for image in ax.images], line.T)
        assert {image.get_clim() for image in ax.images} == {(0, 2 * LINE.max())}


@pytest.mark.parametrize("stride", [1, 3])
def test_window_map(stride):
    time = 7
    marks = {"diagonal": time, "note": "one sample", "padded": SEES}
    ax = cv.plot_window_map(ACTS, stride=stride, **marks)
    np.testing.assert_array_equal(ax.images[0].get_array(), ACTS.T)
    assert (*ax.get_xlim(), *ax.get_ylim()) == (-0.5, 11.5, 4.5, -0.5)
    cells = [[b, s] for s in range(5) for b in range(12) if b + s * stride == time]
    assert ax.lines[0].get_xydata().tolist() == cells
    assert list(ax.texts[0].xy) in cells
    assert [(patch.get_y(), patch.get_height()) for patch in ax.patches] == [(-0.5, 2), (3.5, 1)]


@pytest.mark.parametrize(("stride", "sees", "reference"), [(1, SEES, 3), (2, SEES | True, 2), (2, SEES & False, 2)])
def test_deviation_from_a_step_that_sees_no_padding(stride, sees, reference):
    acts = RNG.random((12, 5, 3))
    ax = cv.plot_diagonal_deviation(acts, sees, stride=stride)
    for step, bar in enumerate(ax.containers[0]):
        pairs = [(b, b + (step - reference) * stride) for b in range(12)]
        brute = [abs(acts[b, step, c] - acts[k, reference, c]) for b, k in pairs if 0 <= k < 12 for c in range(3)]
        assert bar.get_height() == pytest.approx(max(brute))
    assert ("except" in ax.get_title(loc="left")) == sees.any()
    if sees is SEES:
        assert ax.get_legend().get_texts()[0].get_text() == "steps that see padding: 0–1, 4"
    with pytest.raises(ValueError, match=r"^`acts` must have over \d windows to compare with step \d\. Got 2"):
        cv.plot_diagonal_deviation(acts[:2], sees, stride=stride)


@pytest.mark.parametrize(("n_features", "start", "stride"), [(1, -4, 1), (2, 0.5, 2), (9, -1.5, 3)])
def test_kernels_are_bars_or_maps(n_features, start, stride):
    weights, samples = np.random.default_rng(2).normal(size=(4, n_features, 5)), start + stride * np.arange(4)
    _, axes = cv.plot_kernels(weights, [0, -0.001, 1, 2, 3], start=start, stride=stride)
    assert axes[1].get_title(loc="right") == "bias +0.00"  # never a zero with a minus
    assert axes[1].get_title(loc="left") == "channel 1"
    assert cv.plot_kernels(weights, roles=list("abcde"))[1][1].get_title(loc="left") == "channel 1, b"
    for channel, ax in enumerate(axes):
        if n_features == 1:
            assert [bar.get_center()[0] for bar in ax.containers[0]] == pytest.approx(samples)
            assert [bar.get_height() for bar in ax.containers[0]] == pytest.approx(weights[:, 0, channel])
        else:
            np.testing.assert_array_equal(ax.images[0].get_array(), weights[:, :, channel].T)
            assert tuple(ax.images[0].get_extent()) == (
                start - stride / 2,
                samples[-1] + stride / 2,
                n_features - 0.5,
                -0.5,
            )


def test_a_small_kernel_of_one_channel_has_its_weights_and_numbers_every_column():
    weights = np.round(RNG.normal(size=(8, 3, 1)), 2)
    _, (ax,) = cv.plot_kernels(weights, start=-3)
    written = {text.get_position(): float(text.get_text()) for text in ax.texts}
    assert written == {(step - 3, row): weights[step, row, 0] for step, row in np.ndindex(8, 3)}
    assert set(range(-3, 5)) <= set(ax.get_xticks())


def test_reads_lie_on_the_series_where_each_window_is_read():
    time, values, picked = np.arange(50.0, 90), np.arange(40.0), np.array([0, 9, 1, 8])
    ax = cv.plot_reads(time, values, picked, 10, offset=0.5)
    # Window b begins at sample b, and a step lies half a sample after its own.
    assert ax.lines[1].get_xydata().tolist() == [[50.5, 0.5], [53.5, 3.5]]
    assert ax.lines[2].get_xydata().tolist() == [[60.5, 10.5], [61.5, 11.5]]
    assert ax.get_legend().get_texts()[1].get_text() == "read in steps 8–9 (2 windows)"
    assert cv.plot_reads(time, values, picked, 10, stride=3).lines[2].get_xdata().tolist() == [78, 77]


def test_bars_errors_roles_and_numbers():
    _, axes = cv.plot_channel_bars(MEASURES, errors={"b": [1, 2, 3, 4]}, roles=list("wxyz"))
    for ax, values in zip(axes, (A, B), strict=True):
        assert [bar.get_width() for bar in ax.patches] == values.tolist()
        assert [float(text.get_text()) for text in ax.texts[:4]] == values.tolist()
    spans = [segment[:, 0].tolist() for segment in axes[1].collections[0].get_segments()]
    assert spans == [[b - e, b + e] for b, e in zip(B, [1, 2, 3, 4], strict=True)]
    assert [text.get_text() for text in axes[1].texts[4:]] == list("wxyz")
    assert axes[0].get_xlim() != axes[1].get_xlim()
    assert len({ax.get_xlim() for ax in cv.plot_channel_bars(MEASURES, share_scale=True)[1]}) == 1


@pytest.mark.parametrize(
    ("values", "written"), [([1.269, -0.0004], ["1.27", "0.00"]), ([123.4, 5.6], ["123", "6"]), ([3e-12], ["3.0e-12"])]
)
def test_numbers_have_three_digits_of_the_largest(values, written):
    assert [text.get_text() for text in cv.plot_channel_bars({"a": values})[1][0].texts if text.get_text()] == written


def test_ranks_put_the_largest_first_and_equal_ones_in_the_order_of_channels():
    _, axes = cv.plot_channel_bars({"a": A, "many": np.stack([B, B, B + 100]).T}, ranks=True)
    ranks = [[text.get_text() for text in ax.texts if text.get_weight() == "bold"] for ax in axes]
    assert ranks == [["1", "4", "2", "3"], ["4", "2", "3", "1"]]


@pytest.mark.parametrize("log", [False, True])
def test_several_values_are_points_with_quartiles_and_median(log):
    values = np.random.default_rng(0).lognormal(size=(4, 30))
    _, (ax,) = cv.plot_channel_bars({"a": values}, labels=["zero", "one", "two", "three"], log=log)
    for row in range(4):
        points, bar, middle = ax.lines[3 * row : 3 * row + 3]
        assert points.get_xdata().tolist() == values[row].tolist()
        assert (np.abs(points.get_ydata() - row) < 0.5).all()
        assert [*bar.get_xdata(), *middle.get_xdata()] == pytest.approx(np.quantile(values[row], [0.25, 0.75, 0.5]))
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["quartiles", "median"]
    assert [label.get_text() for label in ax.get_yticklabels()] == ["zero", "one", "two", "three"]
    assert (ax.get_ylabel(), ax.get_xscale()) == ("", "log" if log else "linear")


def test_forecast_panels_are_tinted_by_their_error():
    predictions, mse = RNG.random((6, 30)), np.array([4.0, 1, 0, 3, 2, 5])
    _, axes = cv.plot_forecast_panels(np.arange(30), np.zeros(30), predictions, mse, list("abcdef"), columns=4)
    for ax, forecast, score, label in zip(axes, predictions, mse, "abcdef", strict=True):
        np.testing.assert_array_equal([line.get_ydata() for line in ax.lines], [np.zeros(30), forecast])
        assert (ax.get_title(loc="left"), ax.get_title(loc="right")) == (label, f"loss {score:.3f}")
    assert (np.diff([sum(axes[k].get_facecolor()) for k in np.argsort(mse)]) < 0).all()
    assert [ax.xaxis.get_tick_params()["labelbottom"] for ax in axes] == [False] * 2 + [True] * 4


@pytest.mark.parametrize(("n_channels", "length"), [(3, 400), (13, 200), (13, 1001)])
def test_pair_grid_holds_every_forecast_in_its_cell(n_channels, length):
    predictions, mse = RNG.normal(size=(n_channels, n_channels, length)), RNG.random((n_channels, n_channels))
    ax = cv.plot_pair_grid(np.zeros(length), predictions, mse)
    np.testing.assert_array_equal(ax.images[0].get_array(), mse)
    ends, heights = [], []
    for (i, j), path in zip(np.ndindex(mse.shape), ax.collections[1].get_paths(), strict=True):
        across, down = (path.vertices - [j, i]).T
        assert (across[0], across[-1]) == pytest.approx((-0.42, 0.42))
        heights += [down.max(), down.min()]  # the y axis points down
        ends += [predictions[i, j].min(), predictions[i, j].max()]
    slope, offset = np.polyfit(ends, heights, 1)  # one scale for all
    np.testing.assert_allclose(heights, slope * np.array(ends) + offset, atol=1e-9)
    assert slope < 0
    assert len(ax.texts) == (9 if n_channels == 3 else 0)


@pytest.mark.parametrize("n_channels", [1, 12, 13, 60])
def test_values_are_written_into_matrices_of_up_to_twelve(n_channels):
    matrix = RNG.uniform(-4, 4, (n_channels, n_channels))
    ax = cv.plot_matrix(matrix, unit="difference")
    written = {text.get_position(): text.get_text() for text in ax.texts}
    assert written == ({(j, i): f"{v:z.2f}" for (i, j), v in np.ndenumerate(matrix)} if n_channels < 13 else {})
    assert ax.get_xticks().tolist() == list(range(0, n_channels, 1 if n_channels < 60 else 5))


def test_subsets_are_points_near_their_size_and_curves_at_it():
    n_kept, mse = np.array([0, 1, 1, 2]), np.array([9.0, 4, 3, 1])
    curves = {"best": np.array([9.0, 3, 1]), "greedy": np.array([9.0, 4, 1])}
    ax = cv.plot_subsets(n_kept, mse, curves, references={"last value": 2.0})
    reference, points, best, greedy = ax.lines
    assert np.abs(points.get_xdata() - n_kept).max() < 0.3
    assert points.get_xdata()[[0, 3]].tolist() == [0, 2]  # alone of their size
    assert best.get_xydata().tolist() == [[0, 9], [1, 3], [2, 1]]
    assert (greedy.get_label(), reference.get_ydata()[0], ax.get_yscale()) == ("greedy", 2.0, "log")


def test_contributions_are_stacked_up_and_down_to_their_sum():
    values = np.array([[1.0, -2.0, 0.5], [2.0, 1.0, -4.0]])
    ax = cv.plot_contributions([5, 6], values, bias=0.25, names=["a", "b", "c"])
    stacks = np.stack([area.get_paths()[0].vertices[:, 1] for area in ax.collections])
    assert stacks[:3].max() == 3.0  # 2 + 1
    assert stacks[3:].min() == -4.0
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [-0.25, -0.75])
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "c", "sum"]
    *channels, _ = cv.plot_contributions([5, 6], np.ones((2, 12))).get_legend().legend_handles
    assert len({(to_hex(patch.get_facecolor()), patch.get_hatch()) for patch in channels}) == 12


def test_segments_of_each_channel_with_their_mean_and_strengths():
    _, axes = cv.plot_segments(SEGMENTS, SEEN, roles=["crest", "trough", "falling", "silent"])
    assert axes.shape == (2, 2)
    np.testing.assert_array_equal(axes[0, 0].lines[-1].get_ydata(), [np.nan, 2, 3])
    np.testing.assert_array_equal(axes[1, 0].lines[-1].get_ydata(), [5, 6, 7])
    assert [bar.get_height() for bar in axes[0, 1].patches] == [4, 2]
    assert [axes[row, 0].get_ylabel() for row in (0, 1)] == ["0", "3"]
    assert [axes[row, 1].texts[0].get_text() for row in (0, 1)] == ["crest", "silent"]
    second = cv.plot_segments(SEGMENTS, SEEN[..., 1:])[1][1, 0]
    assert [line.get_ydata().tolist() for line in second.lines] == [[50, 60, 70]] * 2
    assert cv.plot_segments(SEGMENTS, SEEN[:, :2])[1][0, 0].lines[-1].get_marker() == "o"  # known in one place


def test_names_in_place_of_numbers_and_sorted_bars():
    ax = cv.plot_matrix(np.eye(3), names=["x", "y", "z"])
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["x", "y", "z"]
    _, (ax,) = cv.plot_channel_bars({"loss": [1.0, 3.0, 2.0]}, sort=True)
    assert [bar.get_width() for bar in ax.patches] == [3, 2, 1]
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["1", "2", "0"]
