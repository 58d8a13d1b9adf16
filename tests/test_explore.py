"""The explorers, driven as a reader drives them: by setting the values of their controls."""

import html
import io
import re
import subprocess
import sys

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
SERIES = cv.toy_series(60, period=20, noise=0.1, seed=2)[1]
TIME = np.arange(500.0, 560)


def part(box, name):
    """The only part of an explorer that has a class, found as a browser would find it."""
    found = [box] if f"conv1d-{name}" in box._dom_classes else []
    found += [part(child, name) for child in getattr(box, "children", ())]
    found = [item for item in found if item is not None]
    assert len(found) <= 1
    return found[0] if found else None


def words(box):
    """What a screen reader speaks."""
    return html.unescape(re.sub("<[^>]+>", "", part(box, "words").value.replace("</p>", " ")))


def numbers(box):
    return [float(n) for n in re.findall(r"[-+]?\d+(?:\.\d+)?(?:e[-+]\d+)?", words(box))]


def png(box):
    return bytes(part(box, "picture").value)


def choose(box, **values):
    for name, value in values.items():
        part(box, name).value = value


def count_pictures(box):
    seen = []
    part(box, "picture").observe(lambda change: seen.append(change), names="value")
    return seen


def lines(box, axes):
    return {line.get_label(): line for line in box.figure.axes[axes].lines}


@pytest.fixture
def channels(model):
    return cv.explore_channels(model, SERIES, "conv1", 20, time=TIME)


@pytest.fixture(scope="module")
def strided():
    """Two features, steps 4 samples apart, three samples ahead; every sample of a field changes what it gives."""
    inputs = keras.Input((24, 2))
    h = L.Conv1D(3, 5, strides=2, padding="same", name="every_second", kernel_initializer=_weights(1))(inputs)
    h = L.AveragePooling1D(2, name="every_fourth")(h)
    return keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(h)))


@pytest.fixture(scope="module")
def recurrent():
    inputs = keras.Input((None, 1))
    h = L.Conv1D(5, 4, padding="causal", name="causal")(inputs)
    h = L.LSTM(2, return_sequences=True, name="lstm<&>")(h)
    return keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(h)))


def _weights(seed):
    return keras.initializers.RandomUniform(0.1, 1.0, seed=seed)


TWO = np.stack([SERIES, SERIES[::-1] ** 2], axis=1)


@pytest.mark.parametrize(("b", "s"), [(0, 0), (7, 1), (23, 9), (39, 19)])
def test_words_and_marks_of_a_cell_are_those_of_a_count_by_hand(channels, model, b, s):
    choose(channels, window=b, step=s, channel=2)
    acts = cv.layer_activations(model, cv.sliding_windows(SERIES, 20)[0], "conv1")
    seen = np.arange(b + s - 2, b + s + 3)  # kernel 5, "same"
    padding = int(((seen < b) | (seen >= b + 20)).sum())
    same = [acts[b + s - other, other, 2] for other in range(20) if 0 <= b + s - other < 40]
    said = words(channels)
    assert f"Window {b} covers samples {500 + b} to {519 + b}." in said
    assert f"Step {s} sees samples {500 + seen[0]} to {500 + seen[-1]}" in said
    assert ("none of them padding" if not padding else f"of which {padding} ") in said
    value, mean = acts[b, s, 2], np.mean(same, dtype=np.float64)
    assert f"Channel 2 of layer conv1 gives {value:z.4g} there." in said
    if len(same) == 1:
        assert f"only cell of the same time, about sample {500 + b + s}, so the mean is {mean:z.4g}" in said
    else:
        assert f"over the {len(same)} cells of the same time, about sample {500 + b + s}, is {mean:z.4g}" in said
    inside = seen[(seen >= b) & (seen < b + 20)]
    np.testing.assert_array_equal(lines(channels, 0)["seen by the step"].get_xdata(), TIME[inside])
    np.testing.assert_array_equal(lines(channels, 0)["seen by the step"].get_ydata(), SERIES[inside])


@pytest.mark.parametrize(("layer", "stride"), [("every_second", 2), ("every_fourth", 4)])
@pytest.mark.parametrize(("b", "s"), [(0, 0), (11, 3), (20, 5), (33, 0)])
def test_marks_are_right_behind_strides_and_poolings(strided, layer, stride, b, s):
    box = cv.explore_channels(strided, TWO, "every_second", 24, 3)
    choose(box, layer=layer, window=b, step=s, channel=1)
    x = np.array(cv.sliding_windows(TWO, 24, 3)[0])
    acts = cv.layer_activations(strided, x, layer)
    n_windows, n_steps = acts.shape[:2]
    changed = np.repeat(x[b][None], 24, axis=0)
    changed[np.arange(24), np.arange(24)] += 1
    moved = np.abs(cv.layer_activations(strided, changed, layer)[:, s, 1] - acts[b, s, 1]) > 1e-6
    np.testing.assert_array_equal(lines(box, 0)["seen by the step"].get_xdata(), b + np.flatnonzero(moved))

    cells = [(u, v) for v in range(n_steps) for u in range(n_windows) if u + v * stride == b + s * stride]
    np.testing.assert_array_equal(np.transpose(lines(box, 1)["same time"].get_data()), cells)
    mean = np.mean([acts[u, v, 1] for u, v in cells], dtype=np.float64)
    field = cv.receptive_field(strided, layer)
    now = box.figure.axes[2].lines[-1]
    np.testing.assert_allclose(np.ravel(now.get_data()), [b + s * stride + field.centre, mean], rtol=1e-6)
    assert numbers(box)[-1] == pytest.approx(mean, rel=1e-3)
    assert f"each {stride} samples later" in box.figure.axes[1].get_ylabel()


def test_the_picture_shows_series_map_and_timeline(channels, model):
    choose(channels, channel=3, window=5)
    series, heat, timeline = channels.figure.axes[:3]
    x, _ = cv.sliding_windows(SERIES, 20)
    acts = cv.layer_activations(model, x, "conv1")
    np.testing.assert_array_equal(series.lines[0].get_data(), [TIME, SERIES])
    np.testing.assert_array_equal(heat.images[0].get_array(), acts[..., 3].T)
    assert heat.images[0].get_clim()[1] == acts.max()
    line = cv.diagonal_sum(acts, fill=None, reduce="mean")[:, 3]
    np.testing.assert_allclose(timeline.lines[0].get_data(), [500.0 + np.arange(len(line)), line])
    (shade,) = series.patches
    assert (shade.get_x(), shade.get_width()) == (504.5, 20)
    (column,) = heat.patches
    assert (column.get_x(), column.get_width()) == (4.5, 1)
    hatched = [path.get_extents().intervaly.tolist() for path in heat.collections[0].get_paths()]
    assert hatched == [[-0.5, 1.5], [17.5, 19.5]]


def test_padding_is_marked_outside_the_window(channels):
    choose(channels, window=10, step=19)
    (padding,) = channels.figure.axes[0].collections
    assert [path.get_extents().intervalx.tolist() for path in padding.get_paths()] == [[529.5, 531.5]]
    choose(channels, step=9)
    assert not padding.get_paths()


def test_each_change_is_one_other_picture(channels):
    seen = count_pictures(channels)
    pictures = [png(channels)]
    for name, value in [("window", 9), ("step", 4), ("channel", 2), ("layer", "conv2")]:
        choose(channels, **{name: value})
        pictures.append(png(channels))
    assert len(seen) == 4
    assert len(set(pictures)) == 5
    image = Image.open(io.BytesIO(pictures[-1]))
    assert image.format == "PNG"
    assert image.width == 900
    assert 600 < image.height < 900


def test_the_way_to_a_cell_leaves_no_trace_in_its_picture(channels, model):
    choose(channels, layer="conv2", window=30, step=19)
    choose(channels, layer="conv1", channel=1, step=3, window=8)
    fresh = cv.explore_channels(model, SERIES, "conv1", 20, time=TIME)
    choose(fresh, channel=1, step=3, window=8)
    assert png(channels) == png(fresh)
    assert words(channels) == words(fresh)


def test_many_changes_add_no_artists_and_no_figures(channels):
    def artists():
        return len(channels.figure.findobj())

    before = artists()
    for k in range(200):
        choose(channels, window=k % 40, step=k % 20)
        if k % 40 == 0:
            choose(channels, layer="conv2")
            choose(channels, layer="conv1")
    assert artists() == before
    assert plt.get_fignums() == []


def test_layers_are_those_that_have_activations(model, strided, recurrent):
    for network, series, window in [(model, SERIES, 20), (strided, TWO, 24), (recurrent, SERIES, 20)]:
        box = cv.explore_channels(network, series, 1, window)
        names = part(box, "layer").options
        x, _ = cv.sliding_windows(series, window)
        assert part(box, "layer").value == network.layers[1].name
        for layer in network.layers:
            try:
                cv.layer_activations(network, x, layer)
            except ValueError:
                assert layer.name not in names
            else:
                assert layer.name in names


def test_a_smaller_layer_moves_the_sliders_back(strided):
    box = cv.explore_channels(strided, TWO, "every_second", 24, 3)
    choose(box, step=11, channel=2)
    seen = count_pictures(box)
    choose(box, layer="every_fourth")
    assert (part(box, "step").max, part(box, "step").value) == (5, 5)
    assert len(seen) == 1


def test_one_channel_is_no_choice(model):
    box = cv.explore_channels(model, SERIES, "conv2", 20)
    assert part(box, "channel").disabled
    choose(box, window=3)
    assert "Channel 0 of layer conv2" in words(box)


def test_without_a_receptive_field_nothing_is_marked_and_the_words_say_why(recurrent):
    box = cv.explore_channels(recurrent, SERIES, "lstm<&>", 20)
    choose(box, window=8, step=3, channel=1)
    acts = cv.layer_activations(recurrent, cv.sliding_windows(SERIES, 20)[0], "lstm<&>")
    said = words(box)
    assert "Window 8 covers samples 8 to 27." in said
    assert f"gives {acts[8, 3, 1]:z.4g} there" in said
    assert "sees samples that are not known" in said
    assert "LSTM 'lstm<&>'" in said
    assert "lstm<&>" not in part(box, "words").value
    _, heat, timeline, _ = box.figure.axes
    assert not lines(box, 0)["seen by the step"].get_visible()
    assert not lines(box, 1)["same time"].get_visible()
    assert not heat.collections[0].get_paths()
    assert not any(line.get_visible() for line in timeline.lines)
    assert "no timeline" in timeline.texts[0].get_text()
    choose(box, layer="causal")
    assert "Step 3 sees samples 8 to 11, none of them padding." in words(box)
    assert lines(box, 0)["seen by the step"].get_visible()
    assert timeline.lines[0].get_visible()
    assert timeline.texts[0].get_text() == ""


def test_too_few_windows_for_a_timeline(strided):
    box = cv.explore_channels(strided, TWO[:28], "every_fourth", 24, 3)
    choose(box, window=1, step=2)
    assert "There is no timeline" in words(box)
    assert not box.figure.axes[2].lines[0].get_visible()
    assert len(lines(box, 0)["seen by the step"].get_xdata()) > 0


def test_names_with_signs_stay_text():
    inputs = keras.Input((20, 1))
    h = L.Conv1D(2, 3, name="a$b<i>c$")(inputs)
    box = cv.explore_channels(keras.Model(inputs, L.GlobalMaxPooling1D()(h)), SERIES, 1, 20, unit="<m>")
    assert "layer a$b<i>c$ gives" in words(box)
    assert "<i>" not in part(box, "words").value


def test_controls_are_described_and_changes_are_spoken(channels, model, windows):
    named = {"layer": "Layer", "channel": "Channel", "window": "Window", "step": "Step"}
    deletions = cv.explore_deletions(model, *windows, "conv1")
    for box, names in [(channels, named), (deletions, {"replacement": "Replacement"})]:
        for name, description in names.items():
            assert part(box, name).description == description
            assert part(box, name).style.description_width == "initial"
        assert 'role="status" aria-live="polite"' in part(box, "words").value
        assert part(box, "picture").tooltip is None  # its view cannot take one


WRONG = [
    (cv.explore_channels, {"time": TIME[1:]}, ValueError, "`time` must have 60 values, one a sample. Got 59."),
    (cv.explore_channels, {"time": TIME**2}, ValueError, "`time` must rise in equal steps"),
    (cv.explore_channels, {"layer": "nothing"}, ValueError, "`layer` must be one of the model's layers"),
    (cv.explore_channels, {"layer": "global_max"}, ValueError, "`layer` must have an output of shape"),
    (cv.explore_channels, {"window": 19}, ValueError, "`window` must be the number of steps that the model takes, 20"),
    (cv.explore_channels, {"window": 2.5}, TypeError, "`window` must be an integer"),
    (cv.explore_channels, {"horizon": 0}, ValueError, "`horizon` must be at least 1"),
    (cv.explore_channels, {"series": TWO}, ValueError, "`series` must have as many features as the model takes, 1"),
    (cv.explore_channels, {"series": SERIES[:15]}, ValueError, "`series` must have at least window"),
    (cv.explore_channels, {"model": 3}, TypeError, "`model` must be a Keras model"),
    (cv.explore_deletions, {"time": TIME}, ValueError, "`time` must have 40 values, one a window. Got 60."),
    (cv.explore_deletions, {"roles": ["crest"]}, ValueError, "`roles` must have 4 texts, one a channel. Got 1."),
    (
        cv.explore_deletions,
        {"roles": "wave"},
        TypeError,
        "`roles` must be a sequence of texts, one a channel. Got 'wave'.",
    ),
    (cv.explore_deletions, {"y": np.zeros((39, 1))}, ValueError, "`y` must have the shape"),
    (cv.explore_deletions, {"layer": 9}, ValueError, "`layer` must be one of"),
]


@pytest.mark.parametrize(("function", "change", "error", "message"), WRONG)
def test_wrong_input_is_named(model, windows, function, change, error, message):
    fine = {"model": model, "layer": "conv1"}
    if function is cv.explore_channels:
        fine |= {"series": SERIES, "window": 20}
    else:
        fine |= dict(zip("xy", windows, strict=True))
    with pytest.raises(error, match=re.escape(message)):
        function(**(fine | change))


def said_score(box):
    """MSE, baseline, change and, where there is one, the interaction."""
    found = re.search(
        r"MSE.*?: (\S+)\. Change against the baseline (\S+): (\S+)\.(?: Interaction: (\S+)\.)?", words(box)
    )
    return [float(group) for group in found.groups() if group]


@pytest.mark.parametrize("replacement", ["zero", "mean", "shuffle"])
def test_scores_are_those_of_the_study(model, windows, replacement):
    box = cv.explore_deletions(model, *windows, "conv1")
    study = cv.ablation_study(model, *windows, "conv1", "all", replacement, seed=0)
    choose(box, replacement=replacement)
    base = study.baseline_mse
    np.testing.assert_allclose(said_score(box), [base, base, 0], rtol=1e-3)
    pressed = []
    for channel in (3, 1, 0):
        choose(box, **{f"delete-{channel}": True})
        pressed.append(channel)
        (mse,) = study.mse_of([pressed])
        expected = [mse, base, mse - base]
        if len(pressed) == 2:
            expected.append(study.interaction_matrix()[1, 3])
        if len(pressed) == 3:
            expected.append(mse - base - sum(study.mse_of([(c,)])[0] - base for c in pressed))
        np.testing.assert_allclose(said_score(box), expected, rtol=1e-3, atol=1e-6)
        forecast = cv.predict_ablated(model, windows[0], "conv1", pressed, replacement, seed=0)[:, 0]
        np.testing.assert_allclose(lines(box, 0)["with the chosen channels deleted"].get_ydata(), forecast, atol=1e-6)


def test_lines_are_truth_and_forecasts_of_the_first_step():
    model = cv.build_model(window=20, channels=4, kernel_size=5, head_kernel_size=4, horizon=3, seed=1)
    x, y = cv.sliding_windows(SERIES, 20, 3)
    box = cv.explore_deletions(model, x, y, "conv1", time=np.arange(len(x)) + 20)
    choose(box, **{"delete-2": True})
    drawn = lines(box, 0)
    np.testing.assert_array_equal(drawn["truth"].get_data(), [np.arange(len(x)) + 20, y[:, 0]])
    np.testing.assert_allclose(
        drawn["with all channels"].get_ydata(), cv.predict_ablated(model, x, "conv1", ())[:, 0], atol=1e-6
    )
    assert "over the 3 steps of the horizon" in words(box)
    assert said_score(box)[0] == pytest.approx(cv.ablation_study(model, x, y, "conv1", [(2,)]).mse[0], rel=1e-3)


def test_what_was_computed_is_not_computed_again(model, windows, monkeypatch):
    from conv1d_viz.explore import _costs

    calls, study = [], _costs.ablation_study
    monkeypatch.setattr(_costs, "ablation_study", lambda *args: calls.append(args[4]) or study(*args))
    box = cv.explore_deletions(model, *windows, "conv1")
    calls.clear()
    for pressed in (True, False, True):
        choose(box, **{"delete-0": pressed})
    choose(box, replacement="mean")
    assert calls == []  # single channels are there from the start
    choose(box, **{"delete-2": True})
    choose(box, **{"delete-2": False})
    choose(box, **{"delete-2": True})
    assert calls == [[(0, 2)]]


def test_all_and_none_are_one_picture_each(model, windows):
    box = cv.explore_deletions(model, *windows, "conv1", roles=["crest", "silent", "trough", "rising"])
    nothing, seen = png(box), count_pictures(box)
    part(box, "delete-all").click()
    assert [part(box, f"delete-{c}").value for c in range(4)] == [True] * 4
    assert "Deleted: all 4 channels, set to zero." in words(box)
    assert png(box) != nothing
    part(box, "delete-all").click()
    part(box, "delete-none").click()
    assert not any(part(box, f"delete-{c}").value for c in range(4))
    assert len(seen) == 2
    assert png(box) == nothing


def test_buttons_say_their_channel_and_state(model, windows):
    box = cv.explore_deletions(model, *windows, "conv1", roles=["crest", "silent", "trough", "<b>"])
    button = part(box, "delete-3")
    assert button.description == "3 · <b>"
    assert button.tooltip == "Channel 3 · <b>: kept. Press to delete it."
    button.value = True
    assert button.tooltip == "Channel 3 · <b>: deleted. Press to bring it back."
    assert button.icon == "times"
    assert "Deleted: 3 · <b>, set to zero." in words(box)
    assert "<b>3 · <b>" not in part(box, "words").value


def test_sixty_channels_and_only_one():
    x, y = cv.sliding_windows(SERIES, 20)
    for n_channels in (60, 1):
        model = cv.build_model(window=20, channels=n_channels, kernel_size=5, head_kernel_size=4, seed=3)
        box = cv.explore_deletions(model, x, y, "conv1")
        choose(box, **{f"delete-{n_channels - 1}": True})
        alone = cv.ablation_study(model, x, y, "conv1", "single")
        assert said_score(box)[0] == pytest.approx(alone.mse[-1], rel=1e-3)
        assert box.children[0].layout.flex_flow == "row wrap"
        part(box, "delete-all").click()
        title = box.figure.axes[0].get_title(loc="left")
        assert title.startswith("60 of 60 channels deleted" if n_channels > 1 else "Channel 0 deleted")


def test_many_deletions_add_no_artists_and_no_figures(model, windows):
    box = cv.explore_deletions(model, *windows, "conv1")
    before = len(box.figure.findobj())
    for k in range(200):
        choose(box, **{f"delete-{k % 4}": k % 8 < 4})
    assert len(box.figure.findobj()) == before
    assert plt.get_fignums() == []
    image = Image.open(io.BytesIO(png(box)))
    assert image.format == "PNG"
    assert image.size == (900, 360)


def test_without_ipywidgets_the_functions_say_what_to_install(model, windows, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match="pip install ipywidgets"):
        cv.explore_channels(model, SERIES, "conv1", 20)
    with pytest.raises(ImportError, match="pip install ipywidgets"):
        cv.explore_deletions(model, *windows, "conv1")


def test_widgets_are_imported_when_an_explorer_is_made():
    code = "import sys, conv1d_viz as cv; cv.explore_channels; print('ipywidgets' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
