import numpy as np
import pytest

import conv1d_viz as cv

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
