"""Deletions and trainings that a Dask cluster shares out give what one process gives."""

import distributed
import joblib
import numpy as np
import pytest

import conv1d_viz as cv


@pytest.fixture(scope="module")
def cluster(tmp_path_factory):
    """Two workers, which joblib's Dask backend finds by the client that is open."""
    folder = str(tmp_path_factory.mktemp("dask"))
    options = {"threads_per_worker": 1, "dashboard_address": None, "local_directory": folder}
    with distributed.LocalCluster(n_workers=2, **options) as cluster, distributed.Client(cluster):
        yield cluster


def on_workers(function):
    with joblib.parallel_config(backend="dask"):
        assert joblib.effective_n_jobs(None) == 2
        return function()


@pytest.mark.parametrize("replacement", ["mean", "shuffle"])
@pytest.mark.usefixtures("cluster")
def test_deletions(model, windows, replacement):
    def study():
        return cv.ablation_study(model, *windows, "conv1", "pairs", replacement, seed=3)

    alone, shared = study(), on_workers(study)
    np.testing.assert_allclose(shared.predictions, alone.predictions, atol=1e-6)
    assert shared.baseline_mse == pytest.approx(alone.baseline_mse, rel=1e-5)


@pytest.mark.usefixtures("cluster")
def test_trainings(windows, tmp_path):
    alone = cv.train_many(range(3), *windows, tmp_path / "alone.npz", epochs=2)
    shared = on_workers(lambda: cv.train_many(range(3), *windows, tmp_path / "shared.npz", epochs=2))
    assert shared.seeds == alone.seeds
    for one, other in zip(alone.weights, shared.weights, strict=True):
        np.testing.assert_allclose(one[0], other[0], atol=1e-6)
