"""The explorers, driven as a reader drives them: by setting the values of their controls."""

import html
import re
import sys

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
SERIES = cv.toy_series(60, period=20, noise=0.1, seed=2)[1]
TIME = np.arange(500.0, 560)


def part(box, name):
    """The only part of an explorer that has a class, found as a browser would find it."""
    children = getattr(box, "children", ())
    return box if f"conv1d-{name}" in box._dom_classes else next(filter(None, (part(c, name) for c in children)), None)


def words(box):
    """What a screen reader speaks."""
    return html.unescape(re.sub("<[^>]+>", "", part(box, "words").value.replace("</p>", " ")))


def choose(box, **values):
    for name, value in values.items():
        part(box, name.replace("_", "-")).value = value


def lines(box, axes):
    return {line.get_label(): line for line in box.figure.axes[axes].lines}


@pytest.mark.parametrize(("b", "s"), [(0, 0), (7, 1), (23, 9), (39, 19)])
def test_words_and_marks_of_a_cell_are_those_of_a_count_by_hand(model, b, s):
    box = cv.explore_channels(model, SERIES, "conv1", 20, time=TIME)
    choose(box, window=b, step=s, channel=2)
    acts = cv.layer_activations(model, cv.sliding_windows(SERIES, 20)[0], "conv1")
    seen = np.arange(b + s - 2, b + s + 3)  # kernel 5, "same"
    inside = seen[(seen >= b) & (seen < b + 20)]
    same = [acts[b + s - other, other, 2] for other in range(20) if 0 <= b + s - other < 40]
    said = words(box)
    assert f"Window {b} covers samples {500 + b} to {519 + b}." in said
    assert f"Step {s} sees samples {500 + seen[0]} to {500 + seen[-1]}" in said
    assert ("none of them padding" if len(inside) == 5 else f"of which {5 - len(inside)} ") in said
    assert f"Channel 2 of layer conv1 gives {acts[b, s, 2]:z.4g} there." in said
    assert f"mean is {same[0]:z.4g}" in said if len(same) == 1 else f"{len(same)} cells of the same time" in said
    assert f" is {np.mean(same, dtype=np.float64):z.4g}." in said
    np.testing.assert_array_equal(lines(box, 0)["seen by the step"].get_data(), [TIME[inside], SERIES[inside]])
    np.testing.assert_array_equal(box.figure.axes[1].images[0].get_array(), acts[..., 2].T)


def test_marks_are_right_behind_a_stride_and_the_controls_follow_the_layer():
    two = np.stack([SERIES, SERIES[::-1] ** 2], axis=1)
    inputs = keras.Input((24, 2))
    h = L.Conv1D(3, 5, strides=2, padding="same", name="every_second")(inputs)
    h = L.AveragePooling1D(2, name="every_fourth")(h)
    network = keras.Model(inputs, L.Dense(3)(L.GlobalAveragePooling1D()(h)))
    box = cv.explore_channels(network, two, "every_second", 24, 3)
    assert part(box, "layer").options == (inputs._keras_history.operation.name, "every_second", "every_fourth")
    choose(box, step=11, channel=1)
    choose(box, layer="every_fourth")
    assert (part(box, "step").max, part(box, "step").value) == (5, 5)
    choose(box, window=20, step=4)
    acts = cv.layer_activations(network, cv.sliding_windows(two, 24, 3)[0], "every_fourth")
    field = cv.receptive_field(network, "every_fourth")
    cells = [(u, v) for v in range(6) for u in range(len(acts)) if u + 4 * v == 20 + 4 * 4]
    np.testing.assert_array_equal(np.transpose(lines(box, 1)["same time"].get_data()), cells)
    mean = np.mean([acts[u, v, 1] for u, v in cells], dtype=np.float64)
    now = box.figure.axes[2].lines[-1]
    np.testing.assert_allclose(np.ravel(now.get_data()), [36 + field.centre, mean], rtol=1e-6)


@pytest.mark.parametrize("replacement", ["zero", "mean", "shuffle"])
def test_scores_are_those_of_the_study(model, windows, replacement):
    box = cv.explore_deletions(model, *windows, "conv1")
    choose(box, replacement=replacement)
    study = cv.ablation_study(model, *windows, "conv1", [(1,), (3,), (1, 3)], replacement, seed=0)
    first, second, both = study.mse
    base = study.baseline_mse
    choose(box, delete_3=True)
    assert f"MSE: {second:.4g}. Change against the baseline {base:.4g}: {second - base:+.4g}." in words(box)
    choose(box, delete_1=True)
    assert f"MSE: {both:.4g}. " in words(box)
    assert f"Interaction: {both - first - second + base:+.4g}. " in words(box)
    forecast = cv.predict_ablated(model, windows[0], "conv1", (1, 3), replacement, seed=0)[:, 0]
    np.testing.assert_allclose(lines(box, 0)["with the chosen channels deleted"].get_ydata(), forecast, atol=1e-6)


def test_buttons_for_all_and_none_are_one_picture_each(model, windows):
    box = cv.explore_deletions(model, *windows, "conv1", roles=["crest", "silent", "trough", "<b>"])
    picture, pictures = part(box, "picture"), []
    nothing = bytes(picture.value)
    picture.observe(lambda change: pictures.append(change), names="value")
    part(box, "delete-all").click()
    assert "Deleted: all 4 channels, set to zero." in words(box)
    assert part(box, "delete-3").tooltip == "Channel 3 · <b>: deleted. Press to bring it back."
    part(box, "delete-none").click()
    assert bytes(picture.value) == nothing
    assert len(pictures) == 2


def test_without_ipywidgets_the_functions_say_what_to_install(model, windows, monkeypatch):
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    with pytest.raises(ImportError, match="pip install ipywidgets"):
        cv.explore_channels(model, SERIES, "conv1", 20)
    with pytest.raises(ImportError, match="pip install ipywidgets"):
        cv.explore_deletions(model, *windows, "conv1")
