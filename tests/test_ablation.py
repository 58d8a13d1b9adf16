import itertools
import re

import numpy as np
import pytest

import conv1d_viz as cv
from conv1d_viz.ablation import cut as _cut
from conv1d_viz.network.backend import keras

L = keras.layers


def without(model, channels):
    """A copy of the forecaster whose second convolution ignores some channels: an independent deletion."""
    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    kernel, bias = copy.get_layer("conv2").get_weights()
    kernel[:, list(channels), :] = 0
    copy.get_layer("conv2").set_weights([kernel, bias])
    return copy


def mse(forecast, y):
    return float(np.mean((forecast.astype(float) - y) ** 2))


@pytest.mark.parametrize("channels", [(), (0,), (2,), (3, 1), (0, 1, 2, 3)])
def test_deleting_equals_zeroing_the_next_kernel(model, windows, channels):
    x, _ = windows
    expected = without(model, channels).predict(x, verbose=0)
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv1", channels), expected, atol=1e-6)


def test_a_loaded_model_is_ablated_like_the_one_that_was_saved(model, windows, tmp_path):
    # Keras builds a sequential model several times while it loads it, and each build calls every layer again.
    x, y = windows
    loaded = cv.load_model(cv.save_model(model, tmp_path / "m.keras"))
    study, expected = (cv.ablation_study(m, x, y, "conv1") for m in (loaded, model))
    np.testing.assert_allclose(study.mse, expected.mse, rtol=1e-5)
    assert np.ptp(study.mse) > 1e-3


def test_study_of_pairs(model, windows):
    x, y = windows
    study = cv.ablation_study(model, x, y, "conv1")
    assert study.deletions == [(0,), (1,), (2,), (3,), (0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3)]
    assert study.predictions.shape == (10, 40, 1)
    assert study.baseline_mse == pytest.approx(mse(model.predict(x, verbose=0), y), rel=1e-5)
    for k, channels in enumerate(study.deletions):
        assert study.mse[k] == pytest.approx(mse(without(model, channels).predict(x, verbose=0), y), rel=1e-4)

    matrix, forecasts = study.pair_matrix(), study.pair_predictions()
    np.testing.assert_array_equal(matrix, matrix.T)
    np.testing.assert_array_equal(np.diag(matrix), study.mse[:4])
    for i, j in itertools.combinations(range(4), 2):
        assert matrix[i, j] == study.mse[study.deletions.index((i, j))]
        np.testing.assert_array_equal(forecasts[j, i], study.predictions[study.deletions.index((i, j))])

    table = study.to_frame()
    assert table.columns.tolist() == ["deleted", "n_deleted", "mse", "change"]
    assert table.deleted.tolist() == study.deletions
    assert table.n_deleted.tolist() == [1] * 4 + [2] * 6
    np.testing.assert_allclose(table.change, study.mse - study.baseline_mse)


def test_other_sets_of_deletions(model, windows):
    x, y = windows
    assert cv.ablation_study(model, x, y, "conv1", "single").deletions == [(0,), (1,), (2,), (3,)]
    keep = cv.ablation_study(model, x, y, "conv1", "keep_one")
    assert keep.deletions == [(1, 2, 3), (0, 2, 3), (0, 1, 3), (0, 1, 2)]
    own = cv.ablation_study(model, x, y, "conv1", (c for c in [[3, 0], (), (1,)]))
    assert own.deletions == [(3, 0), (), (1,)]
    assert own.mse[1] == own.baseline_mse
    np.testing.assert_array_equal(own.predictions[1], own.baseline_prediction)


def test_each_forecast_is_made_once(model, windows, monkeypatch):
    x, y = windows
    rows = {"conv1": 0, "global_max": 0}
    for kind in (L.Conv1D, L.GlobalMaxPooling1D):

        def counted(self, inputs, call=kind.call):
            if self.name in rows:
                rows[self.name] += inputs.shape[0]
            return call(self, inputs)

        monkeypatch.setattr(kind, "call", counted)
    cv.ablation_study(model, x, y, "conv1", "pairs")
    # The layer once; behind it the baseline, four single channels and six pairs.
    assert rows == {"conv1": 40, "global_max": 11 * 40}


def test_progress_counts_to_its_end_where_it_is_asked_for(model, windows, capsys):
    x, y = np.tile(windows[0], (10, 1, 1)), np.tile(windows[1], (10, 1))
    cv.ablation_study(model, x, y, "conv1", "single")
    assert not capsys.readouterr().err
    cv.ablation_study(model, x, y, "conv1", "single", progress=True)
    assert re.search(
        r"forecasts: 100%.* 2\.00k/2\.00k ", capsys.readouterr().err
    )  # 400 windows, 4 channels and the baseline


def test_nothing_is_changed(model, windows):
    x, y = windows
    weights, xs, ys = [w.copy() for w in model.get_weights()], x.copy(), y.copy()
    nodes = [len(layer._inbound_nodes) for layer in model.layers]
    first = cv.ablation_study(model, x, y, "conv1", "keep_one").mse
    cv.ablation_study(model, x, y, "conv1", "pairs")
    np.testing.assert_array_equal(cv.ablation_study(model, x, y, "conv1", "keep_one").mse, first)
    assert all((a == b).all() for a, b in zip(weights, model.get_weights(), strict=True))
    assert [len(layer._inbound_nodes) for layer in model.layers] == nodes
    np.testing.assert_array_equal(x, xs)
    np.testing.assert_array_equal(y, ys)


def rest_of(model, acts):
    """The forecaster behind its first convolution, from plain numpy activations."""
    out = keras.ops.convert_to_numpy(model.get_layer("conv2")(acts.astype(np.float32)))
    return out.max(axis=1)


def test_replacement_by_the_mean(model, windows):
    x, _ = windows
    acts = cv.layer_activations(model, x, "conv1").astype(float)
    acts[..., [0, 2]] = acts[..., [0, 2]].mean(axis=(0, 1))
    forecast = cv.predict_ablated(model, x, "conv1", (0, 2), "mean")
    np.testing.assert_allclose(forecast, rest_of(model, acts), atol=1e-6)


def test_replacement_by_a_shuffle_is_shared_by_all_deletions(model, windows):
    x, y = windows
    acts = cv.layer_activations(model, x, "conv1")
    generator = np.random.default_rng(9)
    order = [generator.permutation(len(x)) for _ in range(4)]
    for c in (1, 3):
        acts[..., c] = acts[order[c]][..., c]
    expected = rest_of(model, acts)
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv1", (3, 1), "shuffle", seed=9), expected, atol=1e-6)
    study = cv.ablation_study(model, x, y, "conv1", "pairs", "shuffle", seed=9)
    np.testing.assert_allclose(study.predictions[study.deletions.index((1, 3))], expected, atol=1e-6)


@pytest.mark.parametrize("replacement", ["zero", "mean", "shuffle"])
def test_chunks_give_the_same(model, windows, replacement, request):
    x, y = windows
    whole = cv.ablation_study(model, x, y, "conv1", "single", replacement, seed=1)
    request.getfixturevalue("little_memory")
    parts = cv.ablation_study(model, x, y, "conv1", "single", replacement, seed=1)
    np.testing.assert_allclose(parts.predictions, whole.predictions, atol=1e-6)


def test_paths_around_the_layer_are_kept():
    inputs = keras.Input((12, 2))
    first = L.Conv1D(3, 3, padding="same", name="first")(inputs)
    second = L.Conv1D(3, 3, padding="same", name="second")(first)
    joined = L.Concatenate()([inputs, L.Add()([first, second])])
    model = keras.Model(inputs, L.Dense(2)(L.GlobalMaxPooling1D()(joined)))
    x = np.random.default_rng(0).normal(size=(5, 12, 2))
    np.testing.assert_allclose(cv.predict_ablated(model, x, "second", ()), model.predict(x, verbose=0), atol=1e-6)
    first_out, second_out = (cv.layer_activations(model, x, name) for name in ("first", "second"))
    second_out[..., 1] = 0
    top = np.concatenate([x, first_out + second_out], axis=-1).max(axis=1)
    kernel, bias = model.layers[-1].get_weights()
    np.testing.assert_allclose(cv.predict_ablated(model, x, "second", [1]), top @ kernel + bias, atol=1e-5)


@pytest.mark.parametrize("top", [L.GlobalAveragePooling1D, lambda: L.LSTM(3)])
def test_masks_are_kept(top):
    inputs = keras.Input((12, 2))
    h = L.Dense(3, bias_initializer="ones", name="dense")(L.Masking()(inputs))
    model = keras.Model(inputs, L.Dense(2)(top()(h)))
    x = np.random.default_rng(0).normal(size=(5, 12, 2))
    x[:, :4] = 0
    np.testing.assert_allclose(cv.predict_ablated(model, x, "dense", ()), model.predict(x, verbose=0), atol=1e-6)
    kernel, bias = model.get_layer("dense").get_weights()
    kernel[:, 1], bias[1] = 0, 0
    deleted = cv.predict_ablated(model, x, "dense", (1,))
    model.get_layer("dense").set_weights([kernel, bias])
    np.testing.assert_allclose(deleted, model.predict(x, verbose=0), atol=1e-6)


def test_features_of_the_input_can_be_deleted():
    inputs = keras.Input((6, 3), name="series")
    model = keras.Model(inputs, L.Dense(1)(L.GlobalAveragePooling1D()(inputs)))
    x = np.random.default_rng(0).normal(size=(4, 6, 3))
    gone = x.copy()
    gone[..., 1] = 0
    expected = model.predict(gone, verbose=0)
    np.testing.assert_allclose(cv.predict_ablated(model, x, "series", (1,)), expected, atol=1e-6)


def test_a_layer_shared_with_another_model_is_cut_in_the_one_given(windows):
    x, _ = windows
    shared = L.Conv1D(2, 3, padding="same", activation="relu", name="shared")
    models = []
    for scale in (1.0, 3.0):
        inputs = keras.Input((20, 1))
        models.append(keras.Model(inputs, L.GlobalMaxPooling1D()(L.Rescaling(scale)(shared(inputs)))))
    for m, scale in zip(models, (1.0, 3.0), strict=True):
        acts = cv.layer_activations(m, x, "shared")
        acts[..., 0] = 0
        np.testing.assert_allclose(cv.predict_ablated(m, x, "shared", (0,)), scale * acts.max(axis=1), atol=1e-6)


def test_a_study_without_the_rows_of_a_matrix_says_what_it_needs(model, windows):
    x, y = windows
    for deletions in ("single", [(0,), (1,), (2,), (3,), (0, 1)]):
        study = cv.ablation_study(model, x, y, "conv1", deletions)
        for method in (study.pair_matrix, study.pair_predictions):
            with pytest.raises(ValueError, match=r'`deletions` must be "pairs".*without \(0, [12]\)'):
                method()


@pytest.mark.parametrize("layer", [L.BatchNormalization, lambda: L.Dropout(0.5)])
def test_layers_that_were_called_for_training_run_as_in_a_forecast(layer, windows):
    x, _ = windows
    inputs = keras.Input((20, 1))
    h = layer()(L.Conv1D(3, 3, name="conv")(inputs), training=True)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    before = [w.copy() for w in model.get_weights()]
    np.testing.assert_allclose(cv.predict_ablated(model, x, "conv", ()), model.predict(x, verbose=0), atol=1e-6)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("function", [keras.ops.normalize, L.Softmax()])
def test_functions_that_mix_channels_are_not_taken_apart(function, windows):
    x, _ = windows
    inputs = keras.Input((20, 1))
    h = L.Activation(function)(L.Conv1D(4, 3, name="conv", bias_initializer="ones")(inputs))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Conv1D(2, 3)(h)))
    forecast = cv.predict_ablated(model, x, "conv", (1,))
    kernel, bias = model.get_layer("conv").get_weights()
    kernel[..., 1], bias[1] = 0, 0
    model.get_layer("conv").set_weights([kernel, bias])
    np.testing.assert_allclose(forecast, model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float16"])
def test_inputs_of_another_dtype_are_taken_as_predict_takes_them(dtype):
    inputs = keras.Input((12, 1), dtype=dtype)
    h = L.Conv1D(3, 3, name="conv")(L.Rescaling(0.1)(inputs))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    x = np.random.default_rng(0).uniform(0, 9, size=(5, 12, 1))
    np.testing.assert_allclose(
        cv.predict_ablated(model, x, "conv", ()), model.predict(x.astype(dtype), verbose=0), atol=1e-6
    )


def test_precisions_that_change_on_the_way(windows):
    x, _ = windows
    inputs = keras.Input((20, 1))
    h = L.Conv1D(4, 3, dtype="mixed_bfloat16", name="half")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Conv1D(2, 3, name="whole")(h)))
    acts = cv.layer_activations(model, x, "half")
    acts[..., 2] = 0
    kernel, bias = model.get_layer("whole").get_weights()
    expected = (keras.ops.convert_to_numpy(keras.ops.conv(acts, kernel)) + bias).max(axis=1)
    np.testing.assert_allclose(cv.predict_ablated(model, x, "half", (2,)), expected, atol=1e-5)


def test_a_model_that_keeps_a_state_is_refused():
    inputs = keras.Input(batch_shape=(5, 12, 1))
    h = L.LSTM(2, stateful=True, name="memory")(L.Conv1D(3, 3, name="conv")(inputs))
    with pytest.raises(ValueError, match=r"`model` must keep no state between calls\. Got the stateful layer 'memory'"):
        cv.predict_ablated(keras.Model(inputs, h), np.zeros((5, 12, 1)), "conv", (0,))


@pytest.mark.parametrize("replacement", ["zero", "mean", "shuffle"])
def test_channels_deleted_in_some_cells_only(model, windows, replacement):
    x, y = windows
    cells = np.random.default_rng(3).random((40, 20)) < 0.4
    acts = cv.layer_activations(model, x, "conv1")
    generator = np.random.default_rng(9)
    order = [generator.permutation(len(x)) for _ in range(4)]
    gone = {
        "zero": np.zeros_like(acts),
        "mean": np.broadcast_to(acts.mean(axis=(0, 1)), acts.shape),
        "shuffle": np.stack([acts[order[c]][..., c] for c in range(4)], axis=-1),
    }[replacement]
    replaced = acts.copy()
    replaced[..., [1, 2]] = np.where(cells[..., None], gone, acts)[..., [1, 2]]
    expected = rest_of(model, replaced)
    forecast = cv.predict_ablated(model, x, "conv1", (1, 2), replacement, 9, cells=cells)
    np.testing.assert_allclose(forecast, expected, atol=1e-6)
    study = cv.ablation_study(model, x, y, "conv1", [(1, 2), ()], replacement, 9, cells=cells.tolist())
    np.testing.assert_allclose(study.predictions[0], expected, atol=1e-6)
    assert study.mse[1] == study.baseline_mse


def test_all_and_no_cells(model, windows):
    x, _ = windows
    everywhere = cv.predict_ablated(model, x, "conv1", (0, 3), cells=np.ones((40, 20), dtype=bool))
    np.testing.assert_allclose(everywhere, cv.predict_ablated(model, x, "conv1", (0, 3)), atol=1e-6)
    nowhere = cv.predict_ablated(model, x, "conv1", (0, 3), cells=np.zeros((40, 20), dtype=bool))
    np.testing.assert_allclose(nowhere, model.predict(x, verbose=0), atol=1e-6)


@pytest.mark.usefixtures("little_memory")
def test_cells_in_chunks_and_in_the_general_way(model, windows):
    x, _ = windows
    cells = np.random.default_rng(3).random((40, 20)) < 0.5
    acts = cv.layer_activations(model, x, "conv1")
    acts[..., 2] = np.where(cells, 0, acts[..., 2])
    for options in ({}, {"by_shares": False}):
        forecast = _cut.forecasts(
            model, x, "conv1", [(2,)], _cut.stand_in(model, x, "conv1", "zero", None), cells=cells, **options
        )
        np.testing.assert_allclose(forecast[0], rest_of(model, acts), atol=1e-6)


@pytest.mark.parametrize(
    ("cells", "error", "match"),
    [
        (np.ones((40, 20)), TypeError, r"`cells` must be an array of booleans of shape \(40, 20\)\. Got dtype float64"),
        (np.ones((20, 40), dtype=bool), ValueError, r"`cells` must have the shape \(40, 20\).*Got \(20, 40\)"),
        (np.ones(20, dtype=bool), ValueError, r"`cells` must have the shape \(40, 20\).*Got shape \(20,\)"),
    ],
)
def test_bad_cells(model, windows, cells, error, match):
    x, y = windows
    with pytest.raises(error, match=match):
        cv.predict_ablated(model, x, "conv1", (0,), cells=cells)
    with pytest.raises(error, match=match):
        cv.ablation_study(model, x, y, "conv1", "single", cells=cells)


def test_a_model_with_a_fixed_number_of_windows_is_refused():
    inputs = keras.Input(batch_shape=(5, 12, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Conv1D(3, 3, name="conv")(inputs)))
    with pytest.raises(ValueError, match=r"`model` must take any number of windows at once\. Got 5 only"):
        cv.predict_ablated(model, np.zeros((5, 12, 1)), "conv", (0,))
