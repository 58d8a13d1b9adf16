import numpy as np
import pandas as pd
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

T, WAVE = cv.toy_series(300, start=10_000)


@pytest.mark.parametrize(
    ("shift", "role"), [(0, "crest"), (25, "falling"), (50, "trough"), (75, "rising"), (12, "crest"), (13, "falling")]
)
def test_a_bump_is_named_after_the_part_of_the_wave_that_it_stands_on(shift, role):
    crest = 10_025 + shift  # sin is highest a quarter of a period after it starts
    bumps = np.exp(8 * np.cos(2 * np.pi * (T - crest) / 100))[:, None]
    table = cv.channel_roles(bumps, T, WAVE, T, 100)
    assert table.role.tolist() == [role]
    assert table.phase[0] == pytest.approx(3.6 * shift, abs=1e-6)


def test_roles_do_not_depend_on_where_the_timeline_starts_or_on_a_part_of_a_period():
    bumps = np.maximum(0, -np.sin(2 * np.pi * T / 100))[:, None]
    for rows in (slice(0, 100), slice(37, 137), slice(50, 290)):
        assert cv.channel_roles(bumps[rows], T[rows], WAVE, T, 100).role.tolist() == ["trough"]


def test_silent_is_under_a_tenth_of_the_strongest():
    crest = np.maximum(0, WAVE)
    line = np.column_stack([crest, 0.101 * crest, 0.099 * crest, 0 * crest])
    table = cv.channel_roles(line, T, WAVE, T, 100)
    assert table.role.tolist() == ["crest", "crest", "silent", "silent"]
    assert table.response.tolist() == pytest.approx([1, 0.101, 0.099, 0])
    assert table.phase.isna().tolist() == [False, False, True, True]


def test_a_layer_without_any_response_is_all_silent():
    assert cv.channel_roles(np.zeros((100, 2)), T[:100], WAVE, T, 100).role.tolist() == ["silent", "silent"]


def test_a_channel_that_never_changes_is_steady():
    table = cv.channel_roles(np.column_stack([np.maximum(0, WAVE), np.full(300, 0.7)]), T, WAVE, T, 100)
    assert table.role.tolist() == ["crest", "steady"]
    assert np.isnan(table.phase[1])


def test_parts_of_a_period_and_negative_responses():
    line = np.column_stack([np.maximum(0, WAVE), np.minimum(0, -2 * WAVE)])
    table = cv.channel_roles(line[:170], T[:170], WAVE, T, 100)
    assert table.phase.tolist() == pytest.approx([0, 180], abs=1e-6)
    assert table.response.tolist() == pytest.approx([1, 2])


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_roles_of_a_layer_are_those_of_its_timelines(layer):
    model = cv.build_model(window=30, channels=5, kernel_size=4, seed=2)
    _, wave = cv.toy_series(130, start=7, period=25)
    x, _ = cv.sliding_windows(wave, 30, 2)
    acts, field = cv.layer_activations(model, x, layer), cv.receptive_field(model, layer)
    line = cv.diagonal_sum(acts, fill=None, reduce="mean")
    full = cv.coverage(*acts.shape[:2]) == 30
    time = np.arange(len(line)) + field.centre
    expected = cv.channel_roles(line[full], time[full], wave, np.arange(130), 25)
    pd.testing.assert_frame_equal(cv.layer_roles(model, wave, layer, 30, 25, horizon=2), expected, atol=1e-4)


def test_roles_of_a_layer_with_a_stride_in_a_series_of_two_features():
    inputs = keras.Input((24, 2))
    h = keras.layers.Conv1D(3, 5, padding="same", activation="relu", name="conv")(inputs)
    h = keras.layers.MaxPooling1D(2, name="pool")(h)
    model = keras.Model(inputs, keras.layers.GlobalMaxPooling1D()(keras.layers.Conv1D(1, 3)(h)))
    _, wave = cv.toy_series(100, period=20)
    series = np.column_stack([wave, np.roll(wave, 5)])
    acts, field = (
        cv.layer_activations(model, cv.sliding_windows(series, 24)[0], "pool"),
        cv.receptive_field(model, "pool"),
    )
    line = cv.diagonal_sum(acts, 2, fill=None, reduce="mean")
    full = cv.coverage(*acts.shape[:2], 2) == 12
    expected = cv.channel_roles(line[full], np.flatnonzero(full) + field.centre, wave, np.arange(100), 20)
    pd.testing.assert_frame_equal(cv.layer_roles(model, series, "pool", 24, 20), expected, atol=1e-4)


def test_a_series_too_short_for_roles():
    model = cv.build_model(window=20, channels=2, kernel_size=3, head_kernel_size=3, seed=0)
    with pytest.raises(
        ValueError, match=r"`series` must be longer: .* at least 20 of its times\. Got 57 samples.* see 18"
    ):
        cv.layer_roles(model, WAVE[:57], "conv1", 20, 20)
    assert len(cv.layer_roles(model, WAVE[:59], "conv1", 20, 20)) == 2


def test_without_a_period_channels_are_silent_or_active(model):
    rng = np.random.default_rng(0)
    series = rng.uniform(-1, 1, 45)
    known = cv.layer_roles(model, series, "conv1", 20, period=5)
    roles = cv.layer_roles(model, series, "conv1", 20, period=None)
    np.testing.assert_array_equal(roles["response"], known["response"])
    assert roles["phase"].isna().all()
    assert roles["role"].tolist() == ["silent" if role == "silent" else "active" for role in known["role"]]
    with pytest.raises(ValueError, match=r"`series` must be longer: .* at least 1 of its times\. Got 39 samples"):
        cv.layer_roles(model, series[:39], "conv1", 20, period=None)


def test_roles_of_timelines_without_a_period():
    line = np.array([[1.0, 0.01, 3.0], [2.0, 0.02, 3.0], [0.0, 0.0, 3.0]])
    roles = cv.channel_roles(line, np.arange(3), [5.0, 5.0], [0, 1], None)
    assert roles["role"].tolist() == ["active", "silent", "steady"]
