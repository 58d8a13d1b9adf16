"""Deletions that are shared out among processes give what one process gives."""

import joblib
import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.ablation import _ablation as ablation


@pytest.fixture
def blocks(monkeypatch):
    """The numbers of deletions in each call in this process."""
    seen = []
    forecasts = ablation.forecasts

    def noted(model, x, path, deletions, *args):
        seen.append(len(deletions))
        return forecasts(model, x, path, deletions, *args)

    monkeypatch.setattr(ablation, "forecasts", noted)
    return seen


@pytest.mark.parametrize("replacement", ["zero", "shuffle"])
def test_threads(model, windows, blocks, replacement):
    x, y = windows
    alone = cv.ablation_study(model, x, y, "conv1", "pairs", replacement, seed=3)
    with joblib.parallel_config(backend="threading", n_jobs=3):
        shared = cv.ablation_study(model, x, y, "conv1", "pairs", replacement, seed=3)
    assert blocks == [11, 4, 4, 3]
    assert shared.deletions == alone.deletions
    np.testing.assert_allclose(shared.predictions, alone.predictions, atol=1e-6)
    np.testing.assert_allclose(shared.mse, alone.mse, rtol=1e-5)


def test_a_dask_cluster_of_two_workers(model, windows, blocks, tmp_path):
    distributed = pytest.importorskip("distributed")
    x, y = windows
    alone = cv.ablation_study(model, x, y, "conv1", "pairs", "mean")
    assert blocks == [11]
    cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address=None, local_directory=str(tmp_path)
    )
    with cluster, distributed.Client(cluster), joblib.parallel_config(backend="dask"):
        assert joblib.effective_n_jobs(None) == 2
        shared = cv.ablation_study(model, x, y, "conv1", "pairs", "mean")
    assert blocks == [11]  # none of the shared ones in this process
    np.testing.assert_allclose(shared.predictions, alone.predictions, atol=1e-6)
    assert shared.baseline_mse == pytest.approx(alone.baseline_mse, rel=1e-5)


def test_cells_are_handed_to_the_workers(model, windows):
    x, y = windows
    cells = np.random.default_rng(0).random((40, 20)) < 0.5
    alone = cv.ablation_study(model, x, y, "conv1", "single", cells=cells)
    with joblib.parallel_config(backend="threading", n_jobs=2):
        shared = cv.ablation_study(model, x, y, "conv1", "single", cells=cells)
    np.testing.assert_allclose(shared.mse, alone.mse, rtol=1e-5)
    assert np.abs(alone.mse - cv.ablation_study(model, x, y, "conv1", "single").mse).max() > 1e-4


def test_progress_of_both_workers_is_counted(model, windows, blocks, capsys):
    x, y = windows
    with joblib.parallel_config(backend="threading", n_jobs=2):
        cv.ablation_study(model, x, y, "conv1", "single", progress=True)
    assert sorted(blocks) == [2, 3]
    assert "200/200" in capsys.readouterr().err
