"""The estimate of Shapley values from some orders, against the exact values."""

import numpy as np
import pytest

import conv1d_viz as cv


def test_the_estimate_is_mean_and_standard_error_of_the_rises(model, windows):
    study = cv.ablation_study(model, *windows, "conv1", "all")
    estimate = cv.estimate_shapley(model, *windows, "conv1", n_orders=9, seed=5)
    generator = np.random.default_rng(np.random.SeedSequence(5).spawn(1)[0])
    rises = np.empty((9, 4))
    for row in rises:
        order = generator.permutation(4)
        row[order] = np.diff(study.loss_of([order[:k] for k in range(5)]))
    np.testing.assert_allclose(estimate.values, rises.mean(axis=0), atol=1e-6)
    np.testing.assert_allclose(estimate.standard_errors, rises.std(axis=0, ddof=1) / 3, rtol=1e-4)


@pytest.mark.parametrize("replacement", ["zero", "mean", "shuffle"])
def test_the_estimate_is_near_the_exact_values_by_its_own_measure(model, windows, replacement):
    study = cv.ablation_study(model, *windows, "conv1", "all", replacement, seed=5)
    values = study.shapley_values()
    estimate = cv.estimate_shapley(model, *windows, "conv1", 300, replacement, seed=5)
    assert (estimate.standard_errors < 0.1 * np.abs(values).max()).all()
    assert (np.abs(estimate.values - values) < 4 * estimate.standard_errors + 1e-7).all()
    assert estimate.values.sum() == pytest.approx(study.mse[-1] - study.baseline_mse, rel=1e-4)


def test_seeds(model, windows):
    found = [cv.estimate_shapley(model, *windows, "conv1", 5, "shuffle", seed).values for seed in (3, 3, 4)]
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.allclose(found[0], found[2])


def test_a_layer_with_too_many_channels_for_all_subsets_and_one_with_a_single_channel(capsys):
    x, y = cv.sliding_windows(cv.toy_series(60, period=20)[1], 20)
    wide, narrow = (cv.build_model(20, 1, channels, 3, 3, seed=0) for channels in (30, 1))
    ends = cv.ablation_study(wide, x, y, "conv1", [range(30)])
    estimate = cv.estimate_shapley(wide, x, y, "conv1", n_orders=4, seed=0, progress=True)
    assert "100%" in capsys.readouterr().err
    assert estimate.values.shape == estimate.standard_errors.shape == (30,)
    assert estimate.values.sum() == pytest.approx(ends.mse[0] - ends.baseline_mse, rel=1e-4)
    for n_channels, keep in ((17, True), (21, False)):
        model = cv.build_model(20, 1, n_channels, 3, 3, seed=0)
        match = rf"at most 20 channels with `keep_predictions=False`, else 16\. Got {n_channels}\..*`estimate_shapley`"
        with pytest.raises(ValueError, match=match):
            cv.ablation_study(model, x, y, "conv1", "all", keep_predictions=keep)

    exact = cv.ablation_study(narrow, x, y, "conv1", "all").shapley_values()
    estimate = cv.estimate_shapley(narrow, x, y, "conv1", n_orders=2, seed=0)
    np.testing.assert_allclose(estimate.values, exact, rtol=1e-5)
    assert estimate.standard_errors.tolist() == [0.0]
