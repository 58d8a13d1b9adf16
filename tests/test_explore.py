"""Live figures, as far as Python makes them: what is in the page, and its values, read as the script reads them."""

import base64
import json
import re
import zlib
from itertools import combinations

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
SERIES = cv.toy_series(60, period=20, noise=0.1, seed=2)[1]
HOSTILE = '"><script>alert(1)</script>'


def data_of(figure):
    """Facts and arrays, decoded from the page."""
    (text,) = re.findall(r'data-live="([^"]*)"', figure._repr_html_())
    data = zlib.decompress(base64.b64decode(text))
    place = 4 + int.from_bytes(data[:4], "little")
    facts, arrays = json.loads(data[4:place]), {}
    for name, about in facts["arrays"].items():
        values = np.frombuffer(data, "<u2", int(np.prod(about["shape"])), place)
        arrays[name] = about["step"] * (about["low"] + values.astype(float)).reshape(about["shape"])
        place += values.nbytes
    assert place == len(data)
    return facts, arrays


def close(found, expected, array=None):
    """Rounded to 16 bits of the range of the whole array, and zero where it is zero."""
    np.testing.assert_allclose(found, expected, atol=np.ptp(expected if array is None else array) / 65534 + 1e-6)
    assert (found[expected == 0] == 0).all()


@pytest.mark.parametrize("replacement", [0, 1, 2])
def test_every_subset_is_that_of_the_study(model, windows, replacement):
    facts, arrays = data_of(cv.explore_deletions(model, *windows, "conv1"))
    word = ("zero", "mean", "shuffle")[replacement]
    study = cv.ablation_study(model, *windows, "conv1", "all", word, seed=0)
    assert [tuple(deletion) for deletion in facts["sets"]] == study.deletions
    np.testing.assert_allclose(facts["losses"][replacement], study.loss, rtol=1e-6)
    close(arrays["forecasts"][replacement], study.predictions[:, :, 0], arrays["forecasts"])
    close(arrays["truth"], windows[1][:, 0])


def test_the_largest_sum_of_the_summands_is_each_forecast(model, windows):
    facts, arrays = data_of(cv.explore_deletions(model, *windows, "conv1", roles=["crest", "a", "", "<b>"]))
    assert facts["names"] == ["0 · crest", "1 · a", "2", "3 · <b>"]
    for k, deletion in enumerate(facts["sets"]):
        kept = [channel for channel in range(4) if channel not in deletion]
        forecast = np.tanh(facts["bias"] + arrays["summands"][kept].sum(axis=0)).max(axis=1)
        np.testing.assert_allclose(forecast, arrays["forecasts"][0, k], atol=1e-3)


@pytest.mark.parametrize("loss", ["sparse_categorical_crossentropy", "categorical_crossentropy", "mse"])
def test_a_classifier_shows_mean_outputs_by_class(loss):
    x, labels = cv.cylinder_bell_funnel(30, length=32, seed=0)
    inputs = keras.Input((32, 1))
    hidden = L.GlobalAveragePooling1D()(L.Conv1D(4, 5, activation="relu", name="conv")(inputs))
    network = keras.Model(inputs, L.Dense(3, activation="softmax")(hidden))
    targets = labels if loss.startswith("sparse") else np.eye(3)[labels]
    facts, arrays = data_of(cv.explore_deletions(network, x, targets, "conv", loss=loss))
    assert facts["rows"] == ["0", "1", "2"]
    prediction = cv.predict_ablated(network, x, "conv", (1, 2), "mean")
    expected = [prediction[labels == k].mean(axis=0) for k in range(3)]
    np.testing.assert_allclose(arrays["classes"][1, facts["sets"].index([1, 2])], expected, atol=1e-4)


def test_of_several_horizons_the_first_is_shown_whatever_the_loss():
    network = cv.build_model(window=20, channels=3, kernel_size=5, head_kernel_size=4, horizon=3, seed=1)
    x, y = cv.sliding_windows(SERIES, 20, horizon=3)
    figure = cv.explore_deletions(network, x, y, "conv1", loss="mae")
    facts, arrays = data_of(figure)
    forecasts = network.predict(x, verbose=0)
    close(arrays["truth"], y[:, 0])
    close(arrays["forecasts"][0, 0], forecasts[:, 0], arrays["forecasts"])
    np.testing.assert_allclose(facts["losses"][0][0], np.abs(forecasts - y).mean(), rtol=1e-5)
    assert "the first of 3 outputs" in figure._repr_html_()


def test_of_several_outputs_one_is_chosen(model, windows):
    both = keras.Model(model.inputs, [*model.outputs, L.Rescaling(-1.0, name="negated")(model.outputs[0])])
    negated, plain = (data_of(cv.explore_deletions(both, *windows, "conv1", output=k))[1] for k in ("negated", 0))
    close(negated["forecasts"], -plain["forecasts"])


def test_of_many_channels_one_or_two_are_deleted(windows):
    network = cv.build_model(window=20, channels=11, kernel_size=5, head_kernel_size=4, seed=1)
    facts, arrays = data_of(cv.explore_deletions(network, windows[0], np.full((40, 1), 18.3), "conv1"))
    np.testing.assert_allclose(arrays["truth"], 18.3)  # a constant is no range to be cut into steps
    assert not facts["all"]
    assert facts["sets"] == [list(c) for size in range(3) for c in combinations(range(11), size)]


def test_activations_timelines_picks_and_forecasts_are_those_of_the_model(model, windows):
    facts, arrays = data_of(cv.explore_channels(model, SERIES, "conv1", 20, time=np.arange(1950, 2010)))
    assert [layer["path"] for layer in facts["layers"]] == ["conv1", "conv2"]  # whose maximum is the forecast
    assert facts["labels"][:2] == ["1950", "1951"]  # years, without a comma
    for k, layer in enumerate(facts["layers"]):
        acts = cv.layer_activations(model, windows[0], layer["path"])
        close(arrays[f"acts{k}"], acts.transpose(2, 0, 1))
        close(arrays[f"line{k}"], cv.diagonal_sum(acts, fill=None, reduce="mean").T)
    assert facts["layers"][0]["padded"] == [[0, 1], [18, 19]]
    np.testing.assert_array_equal(arrays["picked1"][0], acts[..., 0].argmax(axis=1))
    close(arrays["forecast"], model.predict(windows[0], verbose=0)[:, 0])


def test_hours_of_dates_are_short(model, windows):
    time = np.datetime64("2024-01-01T23:00") + np.arange(len(windows[0])) * np.timedelta64(1, "h")
    facts, _ = data_of(cv.explore_deletions(model, *windows, "conv1", time=time))
    assert facts["labels"][:2] == ["2024-01-01 23:00", "2024-01-02"]


def test_long_series_are_thinned_and_too_much_is_refused():
    network = cv.build_model(window=20, channels=8, kernel_size=5, head_kernel_size=4, seed=1)
    wave = cv.toy_series(8_000, period=20, seed=0)[1]
    facts, arrays = data_of(cv.explore_channels(network, wave, ["conv1"], 20))
    acts = cv.layer_activations(network, cv.sliding_windows(wave, 20)[0][:: facts["every"]], "conv1")
    assert facts["every"] == 3
    close(arrays["acts0"], acts.transpose(2, 0, 1))
    with pytest.raises(ValueError, match=r"`series` must have at most 20,000 samples; show a part\. Got 20,001"):
        cv.explore_channels(network, np.zeros(20_001), "conv1", 20)
    wide = cv.build_model(window=100, channels=400, seed=1)
    with pytest.raises(ValueError, match=r"`layers` must have few enough channels .* Got [\d,]+ numbers per window"):
        cv.explore_channels(wide, wave[:300], "conv1", 100)


def test_the_page_says_the_same_at_every_run_and_takes_words_as_words(model, windows):
    inputs = keras.Input((20, 1))
    conv = L.Conv1D(2, 3, padding="same", name=HOSTILE.replace("/", "|"))
    network = keras.Sequential([inputs, conv, L.GlobalMaxPooling1D(), L.Dense(1)])
    for make in (
        lambda: cv.explore_deletions(network, *windows, 0, roles=[HOSTILE, "b"], unit=HOSTILE),
        lambda: cv.explore_channels(network, SERIES, 0, 20, unit=HOSTILE),
    ):
        page = make()._repr_html_()
        assert page == make()._repr_html_()
        assert page.count("<script>") == page.count("</script>") == page.count("<div") == 1
        assert "alert(" not in page.split("<p>")[0]
        assert " at 0x" not in repr(make())
    assert len(cv.explore_deletions(model, *windows, "conv1")._repr_html_()) < 60_000
