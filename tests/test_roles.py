"""Roles of channels, against waves whose phase and variance are known."""

from pathlib import Path

import numpy as np
import pytest

import conv1d_viz as cv

T, WAVE = cv.toy_series(300, start=10_000)


def wave_of(period):
    return np.sin(2 * np.pi * T / period)


@pytest.mark.parametrize(
    ("shift", "role"), [(0, "crest"), (25, "falling"), (50, "trough"), (75, "rising"), (12, "crest"), (13, "falling")]
)
def test_a_bump_is_named_after_the_part_of_the_wave_that_it_stands_on(shift, role):
    crest = 10_025 + shift  # sin is highest a quarter of a period after it starts
    bumps = np.exp(8 * np.cos(2 * np.pi * (T - crest) / 100))[:, None]
    table = cv.channel_roles(bumps, T, WAVE, T, 100)
    assert table.role.tolist() == [role]
    assert table.phase[0] == pytest.approx(3.6 * shift, abs=1e-6)


@pytest.mark.parametrize("period", [8, 16, 40])
def test_every_shift_of_a_cosine_has_its_phase_also_on_the_border_of_two_quarters(period):
    t, shift = np.arange(2 * period), np.arange(period)
    wave = np.cos(2 * np.pi * t / period)
    table = cv.channel_roles(np.cos(2 * np.pi * (t[:, None] - shift) / period), t, wave, t, period)
    assert table.phase.between(-45, 315, inclusive="left").all()
    np.testing.assert_allclose(np.cos(np.radians(table.phase - 360 * shift / period)), 1)
    inside = (shift + period / 8) % (period / 4) > 0  # at a border rounding decides between the two
    expected = np.array(["crest", "falling", "trough", "rising"])[(8 * shift // period + 1) // 2 % 4]
    assert (table.role == expected)[inside].all()


def test_neither_the_start_nor_a_part_of_a_period_matters():
    for rows in (slice(0, 100), slice(37, 137), slice(50, 290)):
        table = cv.channel_roles(np.maximum(0, -WAVE)[rows, None], T[rows], WAVE, T, 100)
        assert table.role.tolist() == ["trough"]


@pytest.mark.parametrize(("level", "slope"), [(1013, 0), (0, 0.5), (-50, -3)])
def test_neither_the_level_of_the_series_nor_its_trend_matters(level, slope):
    t = np.arange(90)
    wave = np.cos(2 * np.pi * t / 23.967)  # not a whole number of samples, as `find_period` gives it
    line, series = np.column_stack([np.maximum(0, wave), np.maximum(0, -wave)]), level + slope * t + wave
    assert cv.channel_roles(line, t, series, t, 23.967).role.tolist() == ["crest", "trough"]
    for responses in (line, line + slope * t[:, None]):
        phase = cv.channel_roles(responses, t, series, t, 23.967).phase
        assert np.cos(np.radians(phase - [0, 180])).min() > np.cos(np.radians(3))


def test_what_responds_twice_per_period_has_no_part_of_the_wave():
    noise = 0.02 * np.random.default_rng(0).normal(size=(300, 2))
    line = noise + np.column_stack([1 + np.cos(4 * np.pi * T / 100), np.abs(WAVE)])
    table = cv.channel_roles(line, T, WAVE, T, 100)
    assert table.explained.min() > 0.9
    assert table.role.tolist() == ["other"] * 2


@pytest.mark.parametrize("start", [0, 10_000])
def test_two_samples_per_period_have_a_phase(start):
    t = np.arange(start, start + 60)
    wave, noise = (-1.0) ** t, 0.1 * np.random.default_rng(0).normal(size=(60, 2))
    line = np.column_stack([1 + wave, 1 - wave]) + noise
    assert cv.channel_roles(line, t, wave, t, 2).role.tolist() == ["crest", "trough"]


def test_nothing_is_explained_where_whole_periods_show_no_change():
    t = np.arange(250)  # two and a half periods
    late = np.maximum(0, np.cos(2 * np.pi * t / 100)) * (t >= 200)
    table = cv.channel_roles(np.column_stack([late, 0.7 + late]), t, WAVE[:250], t, 100)
    assert table.explained.tolist() == pytest.approx([0, 0], abs=1e-6)
    assert table.role.tolist() == ["other"] * 2


def test_silent_is_under_a_tenth_of_the_strongest_and_steady_what_never_changes():
    crest = np.maximum(0, WAVE)
    line = np.column_stack([crest, 0.101 * crest, 0.099 * crest, 0 * crest, np.full(300, 0.7), np.minimum(0, -WAVE)])
    table = cv.channel_roles(line, T, WAVE, T, 100)
    assert table.role.tolist() == ["crest", "crest", "silent", "silent", "steady", "trough"]
    assert table.response.tolist() == pytest.approx([1, 0.101, 0.099, 0, 0.7, 1])
    for name in ("phase", "explained"):
        assert table[name].isna().tolist() == [False, False, True, True, True, False]
    assert table.index.name == "channel"
    assert cv.channel_roles(0 * line, T, WAVE, T, 100).role.tolist() == ["silent"] * 6


def test_the_share_of_the_variance_that_the_period_explains():
    # Over whole periods waves of different lengths add up their variances.
    sine, faster = wave_of(100), wave_of(20)
    line = np.column_stack([sine, sine + 0.5 * faster, sine + 0.99 * faster, sine + 1.01 * faster, faster])
    table = cv.channel_roles(5 + line, T, WAVE, T, 100)
    expected = [1, 1 / 1.25, 1 / (1 + 0.99**2), 1 / (1 + 1.01**2), 0]
    assert table.explained.tolist() == pytest.approx(expected, abs=1e-9)
    assert table.role.tolist() == ["crest"] * 3 + ["other"] * 2  # below a half
    # Its half and its third belong to the period, as in a narrow bump; what is longer does not.
    whole = np.column_stack([wave_of(100 / k) for k in (1, 2, 3)]).sum(axis=1)
    table = cv.channel_roles(np.column_stack([whole, whole + wave_of(300)]), T, WAVE, T, 100)
    assert table.explained.tolist() == pytest.approx([1, 3 / 4], abs=1e-9)


def test_noise_and_a_trend_are_not_explained():
    t, wave = cv.toy_series(20_000)
    noise = np.random.default_rng(0).normal(size=len(t))
    # The variance of a sine is a half, that of a line from -1 to 1 a third.
    line = np.column_stack([wave + 0.5 * noise, wave + 2 * noise, wave + np.linspace(-1, 1, len(t))])
    table = cv.channel_roles(line, t, wave, t, 100)
    assert table.explained.tolist() == pytest.approx([0.5 / 0.75, 0.5 / 4.5, 0.5 / (0.5 + 1 / 3)], abs=0.01)
    assert table.role.tolist() == ["crest", "other", "crest"]


def test_without_a_period_channels_are_silent_steady_or_active():
    line = np.array([[1.0, 0.01, 3.0], [2.0, 0.02, 3.0], [0.0, 0.0, 3.0]])
    roles = cv.channel_roles(line, np.arange(3), [5.0, 5.0], [0, 1], None)
    assert roles["role"].tolist() == ["active", "silent", "steady"]
    assert roles[["phase", "explained"]].isna().all(axis=None)


def test_no_channel_of_the_32_random_starts_responds_to_something_else_than_the_wave():
    runs = cv.load_runs(Path(__file__).parents[1] / "models" / "sine_seeds.npz")
    model, silent = runs.model(0), 0
    field = cv.receptive_field(model, "conv1")
    for weights in runs.weights:
        model.set_weights(weights)
        line = cv.series_timeline(model, WAVE, "conv1", 100, fill=None, reduce="mean")
        full, time = slice(99, -99), np.arange(len(line)) + field.centre
        table = cv.channel_roles(line[full], time[full], WAVE, np.arange(300), 100)
        assert set(table.role) <= {"silent", "crest", "falling", "trough", "rising"}
        # The phase of one period, by hand: the wave's crest is at a quarter of it.
        turns = np.exp(2j * np.pi * time[full][:100] / 100) @ line[full][:100]
        quarters = np.round((np.degrees(np.angle(turns)) - 90) % 360 / 90) % 4
        named = table.role.map({"crest": 0, "falling": 1, "trough": 2, "rising": 3})
        assert (named.isna() | (named == quarters)).all()
        silent += (table.role == "silent").sum()
    assert 32 * 8 - silent == 222


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"line": WAVE[:99, None], "line_time": T[:99]}, r"`line_time` must span at least one period of 100 samples"),
        ({"wave_time": 2 * T}, r"`wave_time` must have 300 times, one sample apart\. Got 300"),
    ],
)
def test_what_has_no_phase_is_refused(options, match):
    with pytest.raises(ValueError, match=match):
        cv.channel_roles(
            **{"line": WAVE[:, None], "line_time": T, "wave": WAVE, "wave_time": T, "period": 100} | options
        )
