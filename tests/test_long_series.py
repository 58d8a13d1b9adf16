import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stacks import build, layers

import conv1d_viz as cv
from conv1d_viz import checks as _arrays
from conv1d_viz.network import graph as _graph
from conv1d_viz.network import layers as _models
from conv1d_viz.network.backend import keras
from conv1d_viz.timelines import _blocks, _pieces, _steps, long_series

L = keras.layers


def by_windows(model, series, layer, window, stride=1, horizon=1, **options):
    x, _ = cv.sliding_windows(series, window, horizon)
    return cv.diagonal_sum(cv.layer_activations(model, x, layer), stride, **options)


def close(line, expected):
    np.testing.assert_allclose(line, expected, rtol=0, atol=2e-6 * max(1, np.abs(expected).max()))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_equals_the_timeline_over_all_windows(data):
    window, features = data.draw(st.integers(24, 40)), data.draw(st.integers(1, 2))
    model = build(data.draw(st.lists(layers, min_size=1, max_size=4)), window, features)
    horizon, reduce = data.draw(st.integers(1, 3)), data.draw(st.sampled_from(["sum", "mean"]))
    series = np.random.default_rng(0).normal(size=(window + 150 + data.draw(st.integers(0, 9)), features))
    n_steps = model.get_layer("last").output.shape[1]
    try:
        stride = cv.receptive_field(model, "last").stride
    except ValueError:  # behind an UpSampling1D, steps lie apart by no whole number of samples
        with pytest.raises(ValueError, match=r"`stride` must be given|whole samples"):
            cv.series_timeline(model, series, "last", window, stride=None if n_steps != window else "a")
        return
    fill = data.draw(st.sampled_from(["repeat", None]))
    if (n_steps - 1) * stride > len(series) - window - horizon + 1:
        fill = None
    expected = by_windows(model, series, "last", window, stride, horizon, fill=fill, reduce=reduce)
    close(cv.series_timeline(model, series, "last", window, horizon, fill, reduce), expected)


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_first_convolution(data):
    kernel, window = data.draw(st.integers(1, 9)), data.draw(st.integers(30, 33))
    options = {
        "padding": data.draw(st.sampled_from(["same", "valid", "causal"])),
        "strides": data.draw(st.integers(1, 3)),
        "activation": data.draw(st.sampled_from(["relu", "tanh", None, "softmax"])),
    }
    features = data.draw(st.integers(1, 2))
    inputs = keras.Input((window, features))
    h = L.Conv1D(3, kernel, name="conv", bias_initializer="normal", **options)(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    series = np.random.default_rng(1).normal(size=(140, features))
    stride = options["strides"]
    close(cv.series_timeline(model, series, "conv", window), by_windows(model, series, "conv", window, stride))


def test_the_quick_ways_are_taken(model, monkeypatch):
    used = []
    for module, name in ((_pieces, "by_convolution"), (_pieces, "pass_over"), (_steps, "at_steps")):
        call = getattr(module, name)

        def noted(*args, call=call, name=name, **options):
            result = call(*args, **options)
            used.append(name if result is not None else f"no {name}")
            return result

        for place in (module, _pieces, long_series):
            if hasattr(place, name):
                monkeypatch.setattr(place, name, noted)
    _, series = cv.toy_series(200, noise=0.1, seed=0)
    close(cv.series_timeline(model, series, "conv1", 20), by_windows(model, series, "conv1", 20))
    assert set(used) == {"by_convolution"}
    used.clear()
    close(cv.series_timeline(model, series, "conv2", 20), by_windows(model, series, "conv2", 20))
    assert set(used) == {"no by_convolution", "at_steps", "pass_over"}


@pytest.mark.parametrize(
    "layer",
    [
        L.Conv1D(3, 5, use_bias=False, name="first"),
        L.Conv1D(4, 5, groups=2, name="first"),
        L.Conv1D(3, 5, dilation_rate=2, name="first"),
        L.SeparableConv1D(3, 5, name="first"),
        L.DepthwiseConv1D(5, use_bias=False, padding="same", name="first"),
    ],
)
def test_first_layers_of_other_kinds(layer):
    model = keras.Sequential([keras.Input((40, 2)), layer, L.GlobalMaxPooling1D()])
    series = np.random.default_rng(4).normal(size=(120, 2))
    close(cv.series_timeline(model, series, "first", 40), by_windows(model, series, "first", 40))


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
@pytest.mark.parametrize("block", [1, 7, 64])
def test_blocks_give_the_same(model, layer, block, monkeypatch):
    _, series = cv.toy_series(150, noise=0.1, seed=0)
    whole = cv.series_timeline(model, series, layer, 20)
    monkeypatch.setattr(_blocks, "LARGEST_BLOCK", block)
    close(cv.series_timeline(model, series, layer, 20), whole)


def test_layers_that_do_not_treat_all_steps_alike_are_looked_at_window_by_window(monkeypatch):
    inputs = keras.Input((20, 1))
    weighted = L.PReLU(alpha_initializer="normal", name="weighted")(L.Conv1D(2, 3, padding="same")(inputs))
    turned = L.Permute((2, 1))(L.Dense(20)(L.Permute((2, 1))(weighted)))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Conv1D(2, 3, padding="same", name="conv")(turned)))
    series = np.random.default_rng(0).normal(size=90)
    monkeypatch.setattr(_models, "MEMORY_BUDGET", 40_000)
    for layer in ("weighted", "conv"):
        close(cv.series_timeline(model, series, layer, 20), by_windows(model, series, layer, 20))


def test_a_layer_without_known_strides_needs_one():
    inputs = keras.Input((20, 1))
    halves = L.Reshape((10, 2), name="halves")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(halves))
    series = np.random.default_rng(0).normal(size=90)
    with pytest.raises(ValueError, match=r"`stride` must be given\. Got None, and 10 steps: .*Reshape 'halves'"):
        cv.series_timeline(model, series, "halves", 20)
    close(cv.series_timeline(model, series, "halves", 20, stride=2), by_windows(model, series, "halves", 20, 2))


def test_an_open_length_and_other_precisions():
    for dtype in ("float32", "float64", "mixed_bfloat16"):
        inputs = keras.Input((None, 1), dtype="float64" if dtype == "float64" else "float32")
        h = L.Conv1D(3, 4, padding="same", activation="relu", dtype=dtype, name="conv")(inputs)
        h = L.Conv1D(3, 4, padding="same", strides=2, dtype=dtype, name="half")(h)
        model = keras.Model(inputs, L.GlobalMaxPooling1D(dtype=dtype)(h))
        series = np.random.default_rng(0).normal(size=120)
        for layer, stride in (("conv", 1), ("half", 2)):
            close(cv.series_timeline(model, series, layer, 31), by_windows(model, series, layer, 31, stride))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_memory_mapped_files_in_and_out(model, tmp_path, dtype):
    series = (100 * np.random.default_rng(0).normal(size=200)).astype(dtype)
    np.save(tmp_path / "series.npy", series)
    mapped = np.load(tmp_path / "series.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(tmp_path / "line.npy", mode="w+", dtype=np.float64, shape=(199, 4))
    out[:] = 7
    assert cv.series_timeline(model, mapped, "conv1", 20, out=out) is out
    close(out, by_windows(model, series, "conv1", 20))
    np.testing.assert_array_equal(mapped, series)


def test_a_mapped_file_is_never_read_as_a_whole(model, monkeypatch):
    class Pieces(np.ndarray):
        longest = 0

        def __getitem__(self, index):
            piece = super().__getitem__(index)
            if isinstance(index, slice):
                Pieces.longest = max(Pieces.longest, len(piece))
            return piece

    series = np.random.default_rng(0).normal(size=500).view(Pieces)
    monkeypatch.setattr(_blocks, "LARGEST_BLOCK", 50)
    monkeypatch.setattr(_arrays, "_CHECKED", 60)
    close(cv.series_timeline(model, series, "conv2", 20), by_windows(model, np.asarray(series), "conv2", 20))
    assert 50 <= Pieces.longest < 100


def test_blocks_are_as_long_as_what_they_hold_lets_them_be(monkeypatch):
    inputs = keras.Input((20, 2))
    h = L.Conv1D(5, 2, name="conv2")(L.Conv1D(3, 4, strides=2)(inputs))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    graph = _graph.trace(model)
    _, key = _models.find_layer(model, graph, "conv2")
    way = _pieces.way_apart(model, graph, key, 20)
    monkeypatch.setattr(_models, "rows_at_once", lambda numbers: numbers)
    # A pass: for two remainders by the stride the 2 + 3 + 5 channels, beside the first kernel's 4 steps of 2 features.
    assert _blocks.clean_block_of(graph, way) == 2 * (2 + 3 + 5) + 4 * 2
    # A step of the layer: 2 steps of the first one, 6 samples; of two parts the sum.
    one = _blocks.block_of(graph, way, key, [(0, 1)], 20)
    assert one >= 5 + 2 * 3 + 6 * 2
    assert _blocks.block_of(graph, way, key, [(0, 1), (1, 2)], 20) == 2 * one


def test_a_progress_bar_only_where_it_takes_long(model, capsys):
    _, series = cv.toy_series(150)
    cv.series_timeline(model, series, "conv1", 20, progress=True)
    assert capsys.readouterr() == ("", "")


def test_the_input_itself():
    inputs = keras.Input((20, 2), name="series")
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(inputs))
    series = np.random.default_rng(0).normal(size=(90, 2)).astype(np.float32)
    close(cv.series_timeline(model, series, "series", 20, reduce="mean", fill=None), series[:89])


@pytest.mark.parametrize("activation", [L.PReLU(), L.Softmax(axis=1), L.ReLU()])
def test_layers_as_activations(activation):
    inputs = keras.Input((20, 1))
    h = L.Conv1D(3, 3, padding="same", activation=activation, name="conv")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    series = np.random.default_rng(0).normal(size=90)
    close(cv.series_timeline(model, series, "conv", 20), by_windows(model, series, "conv", 20))
    if not isinstance(activation, L.ReLU):
        with pytest.raises(ValueError, match="'conv', which has an activation function"):
            cv.receptive_field(model, "conv")


def test_weights_that_differ_from_step_to_step():
    inputs = keras.Input((20, 1))
    tapered = L.Rescaling(np.hanning(20)[:, None], name="tapered")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(L.Conv1D(2, 3, name="conv")(tapered)))
    series = np.random.default_rng(0).normal(size=90)
    close(cv.series_timeline(model, series, "conv", 20), by_windows(model, series, "conv", 20))


@pytest.mark.parametrize("layer", ["conv1", "conv2"])
def test_networks_that_give_no_numbers(model, layer):
    broken = keras.models.clone_model(model)
    broken.set_weights([w * np.nan for w in model.get_weights()])
    with pytest.raises(ValueError, match=r"`model` must give finite numbers for `(series|x)`\. Got NaN"):
        cv.series_timeline(broken, np.ones(90), layer, 20)


def test_the_users_default_order_of_axes_does_not_matter(model, windows):
    series = np.random.default_rng(0).normal(size=90)
    expected = {layer: cv.series_timeline(model, series, layer, 20) for layer in ("conv1", "conv2")}
    forecast = cv.predict_ablated(model, windows[0], "conv1", (1,))
    keras.config.set_image_data_format("channels_first")
    try:
        for layer, line in expected.items():
            np.testing.assert_array_equal(cv.series_timeline(model, series, layer, 20), line)
        np.testing.assert_array_equal(cv.predict_ablated(model, windows[0], "conv1", (1,)), forecast)
    finally:
        keras.config.set_image_data_format("channels_last")


def through_windows(model, series, layer, window, **options):
    stride = cv.receptive_field(model, layer).stride
    acts = cv.layer_activations(model, cv.sliding_windows(series, window)[0], layer)
    return cv.diagonal_sum(acts, stride, **options)


def test_a_model_of_doubles_with_padding_of_its_own():
    inputs = keras.Input((40, 1), dtype="float64")
    h = L.Conv1D(30, 3, padding="same", dtype="float64")(inputs)
    side = L.ZeroPadding1D(4, dtype="float64")(h)
    main = L.Conv1D(7, 3, dtype="float64", name="last")(side)
    model = keras.Model(inputs, L.GlobalMaxPooling1D(dtype="float64")(main))
    series = np.random.default_rng(0).normal(size=120)
    expected = through_windows(model, series, "last", 40)
    atol = 1e-5 if keras.backend.backend() == "jax" else 1e-10  # where doubles are switched off
    np.testing.assert_allclose(cv.series_timeline(model, series, "last", 40), expected, atol=atol)


def test_repeated_steps_and_a_normalisation_by_step():
    series = np.random.default_rng(0).normal(size=120)
    inputs = keras.Input((20, 1))
    repeated = L.Conv1D(2, 3, padding="same", name="last")(L.UpSampling1D(2)(L.MaxPooling1D(2)(inputs)))
    by_step = L.BatchNormalization(axis=1, name="last")(L.Conv1D(2, 3, padding="same")(inputs))
    for h in (repeated, by_step):
        model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
        last = model.get_layer("last")
        if isinstance(last, L.BatchNormalization):
            last.moving_mean.assign(np.linspace(-3, 3, 20))
        expected = through_windows(model, series, "last", 20)
        np.testing.assert_allclose(cv.series_timeline(model, series, "last", 20), expected, atol=1e-4)


def test_a_small_memory_budget_splits_the_pass_too(model, monkeypatch):
    series = np.random.default_rng(0).normal(size=400)
    lengths = []
    whole = cv.series_timeline(model, series, "conv2", 20)
    pass_over = long_series.pass_over

    def noted(*args):
        lengths.append(args[-1][1] - args[-1][0])
        return pass_over(*args)

    monkeypatch.setattr(long_series, "pass_over", noted)
    monkeypatch.setattr(_models, "MEMORY_BUDGET", 2_000)
    np.testing.assert_allclose(cv.series_timeline(model, series, "conv2", 20), whole, atol=1e-5)
    assert len(lengths) > 3
    assert max(lengths) * 4 * (4 + 1 + 1) <= 2_000


def test_progress_counts_to_its_end(model, monkeypatch):
    bars = []

    class Noted(long_series.tqdm):
        def close(self):
            bars.append((self.n, self.total, self.disable))
            super().close()

    monkeypatch.setattr(long_series, "tqdm", Noted)
    cv.series_timeline(model, np.sin(np.arange(90.0)), "conv2", 20, progress=True)
    assert bars
    assert bars[0][0] == bars[0][1] > 0
    assert bars[0][2] is False


def test_a_model_without_a_feature_axis_is_refused():
    inputs = keras.Input((40,))
    h = L.Conv1D(2, 3, name="conv")(L.Reshape((40, 1))(inputs))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(h))
    with pytest.raises(ValueError, match=r"`model` must take windows \(window, step, feature\)\. Got .*\(None, 40\)"):
        cv.series_timeline(model, np.ones(90), "conv", 40)
