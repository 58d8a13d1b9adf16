"""The estimate of Shapley values from some orders, against the exact values."""

import numpy as np
import pytest

import conv1d_viz as cv


@pytest.fixture(scope="module")
def exact(model, windows):
    study = cv.ablation_study(model, *windows, "conv1", "all")
    return study.shapley_values(), study.mse[-1] - study.baseline_mse


def test_the_estimate_is_near_the_exact_values_by_its_own_measure(model, windows, exact):
    values, total = exact
    estimate = cv.estimate_shapley(model, *windows, "conv1", n_orders=400, seed=0)
    assert (estimate.standard_errors > 0).all()
    assert (estimate.standard_errors < 0.1 * np.abs(values).max()).all()
    assert (np.abs(estimate.values - values) < 3.5 * estimate.standard_errors).all()
    assert estimate.values.sum() == pytest.approx(total, rel=1e-5)


def test_standard_errors_are_the_spread_of_estimates(model, windows):
    estimates = [cv.estimate_shapley(model, *windows, "conv1", n_orders=12, seed=seed) for seed in range(60)]
    spread = np.std([e.values for e in estimates], axis=0, ddof=1)
    stated = np.sqrt(np.mean([e.standard_errors**2 for e in estimates], axis=0))
    np.testing.assert_allclose(stated, spread, rtol=0.35)


def test_the_estimate_is_mean_and_standard_error_of_the_rises(model, windows):
    study = cv.ablation_study(model, *windows, "conv1", "all")
    n, n_orders = study.n_channels, 9
    estimate = cv.estimate_shapley(model, *windows, "conv1", n_orders=n_orders, seed=5)
    generator = np.random.default_rng(np.random.SeedSequence(5).spawn(1)[0])
    rises = np.empty((n_orders, n))
    for row in rises:
        order = generator.permutation(n).tolist()
        for k, channel in enumerate(order):
            before, after = study.mse_of([order[:k], order[: k + 1]])
            row[channel] = after - before
    np.testing.assert_allclose(estimate.values, rises.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(estimate.standard_errors, rises.std(axis=0, ddof=1) / 3, rtol=1e-4)


def test_seeds(model, windows):
    first, again, other = (
        cv.estimate_shapley(model, *windows, "conv1", n_orders=5, replacement="shuffle", seed=seed)
        for seed in (3, 3, 4)
    )
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.allclose(first.values, other.values)


def test_orders_in_blocks_give_the_same(model, windows, monkeypatch):
    from conv1d_viz import shapley

    whole = cv.estimate_shapley(model, *windows, "conv1", n_orders=7, seed=1)
    monkeypatch.setattr(shapley, "_HELD", 2 * 4 * 40)  # two orders of four channels
    parts = cv.estimate_shapley(model, *windows, "conv1", n_orders=7, seed=1)
    np.testing.assert_allclose(parts.values, whole.values, rtol=1e-4, atol=1e-7)


def test_a_layer_with_too_many_channels_for_all_subsets():
    _, wave = cv.toy_series(80, period=20)
    x, y = cv.sliding_windows(wave, 20)
    wide = cv.build_model(window=20, channels=30, kernel_size=3, head_kernel_size=3, seed=0)
    ends = cv.ablation_study(wide, x, y, "conv1", [tuple(range(30))])
    estimate = cv.estimate_shapley(wide, x, y, "conv1", n_orders=4, seed=0)
    assert estimate.values.shape == estimate.standard_errors.shape == (30,)
    assert estimate.values.sum() == pytest.approx(ends.mse[0] - ends.baseline_mse, rel=1e-4)


def test_one_channel_gets_it_all():
    _, wave = cv.toy_series(60, period=20)
    x, y = cv.sliding_windows(wave, 20)
    narrow = cv.build_model(window=20, channels=1, kernel_size=3, head_kernel_size=3, seed=0)
    study = cv.ablation_study(narrow, x, y, "conv1", "all")
    estimate = cv.estimate_shapley(narrow, x, y, "conv1", n_orders=2, seed=0)
    np.testing.assert_allclose(estimate.values, study.shapley_values(), rtol=1e-5)
    assert estimate.standard_errors.tolist() == [0.0]


def test_progress_counts_to_its_end(model, windows, capsys):
    cv.estimate_shapley(model, *windows, "conv1", n_orders=3, seed=0, progress=True)
    assert "100%" in capsys.readouterr().err


@pytest.mark.parametrize(("n_orders", "error"), [(1, ValueError), (0, ValueError), (2.5, TypeError), ("9", TypeError)])
def test_bad_numbers_of_orders(model, windows, n_orders, error):
    with pytest.raises(error, match=r"`n_orders` must be .*Got"):
        cv.estimate_shapley(model, *windows, "conv1", n_orders=n_orders)


@pytest.mark.parametrize("replacement", ["mean", "shuffle"])
def test_other_replacements(model, windows, replacement):
    study = cv.ablation_study(model, *windows, "conv1", "all", replacement, seed=5)
    estimate = cv.estimate_shapley(model, *windows, "conv1", n_orders=300, replacement=replacement, seed=5)
    assert estimate.values.sum() == pytest.approx(study.mse[-1] - study.baseline_mse, rel=1e-4)
    assert (np.abs(estimate.values - study.shapley_values()) < 4 * estimate.standard_errors + 1e-7).all()
