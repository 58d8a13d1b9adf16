"""Wrong calls: the message names the parameter, and what was received."""

import jaxtyping
import numpy as np
import pandas as pd
import pytest

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
WAVE = np.sin(np.arange(60.0))
ACTS = np.ones((8, 5, 2))
APART = np.ones((8, 5, 2))
APART[1:] = -1  # both signs on a diagonal


@pytest.fixture(autouse=True)
def _unchecked(monkeypatch):
    """Let the package's own checks speak, not those that the tests put around every function."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)


def refused(error, match, function, *args, **options):
    with pytest.raises(error, match=match):
        function(*args, **options)


SIZES = [(0, ValueError), (-3, ValueError), (2.5, TypeError), (True, TypeError), ("7", TypeError), (None, TypeError)]


@pytest.mark.parametrize(("value", "error"), SIZES)
def test_sizes(value, error, model, windows):
    x, y = windows
    calls = [
        ("n", lambda v: cv.toy_series(v)),
        ("window", lambda v: cv.sliding_windows(WAVE, v)),
        ("horizon", lambda v: cv.sliding_windows(WAVE, 10, v)),
        ("stride", lambda v: cv.diagonal_sum(ACTS, v)),
        ("n_windows", lambda v: cv.coverage(v, 3)),
        ("n_steps", lambda v: cv.coverage(3, v)),
        ("stride", lambda v: cv.coverage(3, 3, v)),
        ("stride", lambda v: cv.diagonal_deviation(ACTS, 2, v)),
        ("epochs", lambda v: cv.train(model, x, y, epochs=v)),
        *[
            (name, lambda v, name=name: cv.build_model(**{name: v}))
            for name in ("window", "n_features", "channels", "kernel_size", "head_kernel_size", "horizon")
        ],
    ]
    for name, call in calls:
        with pytest.raises(error, match=rf"`{name}` must be (an integer|at least 1)\. Got {value!r}"):
            call(value)


@pytest.mark.parametrize(("value", "error"), [(-1, ValueError), (1.0, TypeError), (True, TypeError)])
def test_indices(value, error):
    match = rf"` must be (an integer|at least 0)\. Got {value}"
    refused(error, "`target" + match, cv.sliding_windows, WAVE, 10, target=value)
    refused(error, "`reference" + match, cv.diagonal_deviation, ACTS, value)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"start": 1.5}, TypeError, r"`start` must be an integer\. Got 1\.5"),
        ({"period": 0}, ValueError, r"`period` must be a finite number above 0\. Got 0"),
        ({"period": "100"}, TypeError, r"`period` must be a number\. Got '100'"),
        ({"noise": -0.1}, ValueError, r"`noise` must be a finite number of at least 0\. Got -0\.1"),
        ({"noise": np.nan}, ValueError, r"`noise` must be a finite number.*Got nan"),
        ({"noise": True}, TypeError, r"`noise` must be a number\. Got True"),
        ({"shape": "square"}, ValueError, r"`shape` must be one of 'sine', .*Got 'square'"),
        ({"shape": None}, ValueError, r"`shape` must be one of .*Got None"),
        ({"start": 2**53}, ValueError, r"`start` must leave all times below 2\*\*53.*Got 9007199254740992"),
        ({"seed": -1}, ValueError, r"`seed` must be at least 0\. Got -1"),
        ({"seed": 1.0}, TypeError, r"`seed` must be an integer\. Got 1\.0"),
    ],
)
def test_toy_series(options, error, match):
    refused(error, match, cv.toy_series, 10, **options)


@pytest.mark.parametrize(
    ("series", "error", "match"),
    [
        (np.ones((3, 4, 5)), ValueError, r"`series` must have the shape .*Got shape \(3, 4, 5\)"),
        (3.0, ValueError, r"`series` must have the shape .*Got shape \(\)"),
        ([], ValueError, r"`series` must not be empty\. Got shape \(0,\)"),
        (list("abcdefgh"), TypeError, r"`series` must be an array of numbers .*Got dtype <U1"),
        ([1.0, "a", None], TypeError, r"`series` must be an array of numbers"),
        ([[1, 2], [3]], TypeError, r"`series` must be an array of numbers"),
        (np.ones(9) + 1j, TypeError, r"`series` must be an array of numbers .*Got dtype complex128"),
        (pd.Series(pd.date_range("2020", periods=9)), TypeError, r"`series` must be an array of numbers .*datetime64"),
        ([0.0, np.nan, 2.0], ValueError, r"`series` must hold finite numbers only\. Got nan at index \(1,\)"),
        (np.array([[0, 1], [2, -np.inf]]), ValueError, r"`series` .*Got -inf at index \(1, 1\)"),
        (pd.Series([1, None, 3], dtype="Int64"), (TypeError, ValueError), "`series` must"),
        (np.ma.masked_equal([1.0, 2.0, 3.0], 2.0), ValueError, r"`series` must have no masked values\. Got 1"),
        ([1, 2, 3], ValueError, r"`series` must have at least window \+ horizon = 3 \+ 1 samples\. Got 3 samples"),
    ],
)
def test_series(series, error, match):
    refused(error, match, cv.sliding_windows, series, 3)


@pytest.mark.parametrize("target", [1, 5])
def test_target_that_is_no_feature(target):
    refused(
        ValueError,
        rf"`target` must be a feature of the series, 0\.\.0\. Got {target}",
        cv.sliding_windows,
        WAVE,
        5,
        target=target,
    )


@pytest.mark.parametrize(
    ("acts", "options", "error", "match"),
    [
        (
            ACTS[0],
            {},
            ValueError,
            r"`acts` must have the shape \(n_windows, n_steps, n_channels\)\. Got shape \(5, 2\)",
        ),
        (ACTS * np.nan, {}, ValueError, r"`acts` must hold finite numbers only\. Got nan at index \(0, 0, 0\)"),
        (ACTS, {"reduce": "max"}, ValueError, r"`reduce` must be one of 'sum', 'mean'\. Got 'max'"),
        (ACTS, {"fill": "zero"}, ValueError, r"`fill` must be one of 'repeat', None\. Got 'zero'"),
        (APART * np.inf, {}, ValueError, r"`acts` must hold finite numbers only\. Got inf at index \(0, 0, 0\)"),
        (np.abs(APART) * 1e308, {}, ValueError, r"`acts` must hold numbers within .*Got 1e\+308 at index \(0, 0, 0\)"),
        (
            ACTS[:3],
            {},
            ValueError,
            r'`fill="repeat"` must have at least .* = 4 windows in `acts`\. Got 3; `fill=None` ',
        ),
        (ACTS, {"stride": 3}, ValueError, r'`fill="repeat"` must have at least .* = 12 windows .*Got 8'),
        (ACTS[:2, :2], {"stride": 3, "fill": None}, ValueError, r"`stride` must be at most .* windows, 2, .*Got 3"),
        (ACTS, {"stride": 9, "fill": None}, ValueError, r"`stride` must be at most the number of windows, 8, .*Got 9"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_diagonal_sum(acts, options, error, match):
    refused(error, match, cv.diagonal_sum, acts, **options)


@pytest.mark.parametrize(
    ("acts", "reference", "match"),
    [
        (ACTS[0], 0, r"`acts` must have the shape \(n_windows, n_steps, n_channels\)\. Got shape \(5, 2\)"),
        (ACTS * np.nan, 0, r"`acts` must hold finite numbers only\. Got nan at index \(0, 0, 0\)"),
        (ACTS, 5, r"`reference` must be a step, 0\.\.4\. Got 5"),
        (ACTS[:4], 0, r"`acts` must have more than 4 windows to reach each step\. Got 4"),
    ],
)
def test_diagonal_deviation(acts, reference, match):
    refused(ValueError, match, cv.diagonal_deviation, acts, reference)


T = np.arange(100.0)
LINE = np.ones((100, 2))


@pytest.mark.parametrize(
    ("args", "match"),
    [
        ((LINE, T, WAVE, T[:60], 1), r"`period` must be a finite number above 1\. Got 1"),
        ((LINE, T[:50], WAVE, T[:60], 20), r"`line_time` must have 100 times, one a value\. Got 50"),
        ((LINE[:15], T[:15], WAVE, T[:60], 20), r"`line_time` must span at least one period of 20 samples\. Got 15"),
        ((LINE, T, WAVE[:9], T[:9], 20), r"`wave_time` must span at least one period of 20 samples\. Got 9"),
        ((LINE, T, np.ones(60), T[:60], 20), r"`wave` must vary, .*Got the constant 1"),
    ],
)
def test_channel_roles(args, match):
    refused(ValueError, match, cv.channel_roles, *args)


def study(model, x, y, **options):
    return cv.ablation_study(model, x, y, options.pop("layer", "conv1"), **options)


def test_layers(model, windows):
    x, y = windows
    calls = [
        lambda layer: cv.layer_activations(model, x, layer),
        lambda layer: cv.receptive_field(model, layer),
        lambda layer: cv.predict_ablated(model, x, layer, (0,)),
        lambda layer: study(model, x, y, layer=layer),
    ]
    for call in calls:
        refused(
            ValueError, r"`layer` must be one of .*0 'conv1', 1 'conv2', 2 'global_max'\. Got 'conv3'", call, "conv3"
        )
        refused(ValueError, r"`layer` must be one of .*Got 3", call, 3)
        refused(ValueError, r"`layer` must be one of .*Got -4", call, -4)
        refused(ValueError, r"`layer` must be one of .*Got 'other'", call, L.Conv1D(1, 1, name="other"))
        refused(TypeError, r"`layer` must be a name, an index or a layer.*Got 1\.0", call, 1.0)
        refused(TypeError, r"`layer` must be a name, an index or a layer.*Got True", call, True)
        refused(
            ValueError,
            r"`layer` must have an output of shape \(window, step, channel\)\. Layer 'global_max' gives \(None, 1\)",
            call,
            "global_max",
        )


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (
            lambda x: x[:, :, 0],
            ValueError,
            r"`x` must have the shape \(n_windows, window, n_features\)\. Got shape \(40, 20\)",
        ),
        (lambda x: x[:, :19], ValueError, r"`x` must have the shape \(n_windows, 20, 1\) .*Got shape \(40, 19, 1\)"),
        (lambda x: np.repeat(x, 2, axis=2), ValueError, r"`x` must have the shape .*Got shape \(40, 20, 2\)"),
        (lambda x: x[:0], ValueError, r"`x` must not be empty\. Got shape \(0, 20, 1\)"),
        (lambda x: x * np.inf, ValueError, r"`x` must hold finite numbers only"),
        (lambda x: x.astype(str), TypeError, r"`x` must be an array of numbers"),
        (lambda _: "windows", TypeError, r"`x` must be an array of numbers"),
    ],
)
def test_windows(model, windows, change, error, match):
    x, y = windows
    bad = change(x)
    refused(error, match, cv.layer_activations, model, bad, "conv1")
    refused(error, match, cv.predict_ablated, model, bad, "conv1", (0,))
    refused(error, match, cv.train, model, bad, y)


@pytest.mark.parametrize(
    ("change", "error", "match"),
    [
        (lambda y: y[1:], ValueError, r"`y` must have the shape \(40, 1\) .*Got \(39, 1\)"),
        (lambda y: y[:, 0], ValueError, r"`y` must have the shape \(n_windows, horizon\)\. Got shape \(40,\)"),
        (lambda y: np.repeat(y, 2, axis=1), ValueError, r"`y` must have the shape \(40, 1\) .*Got \(40, 2\)"),
        (lambda y: y * np.nan, ValueError, r"`y` must hold finite numbers only"),
    ],
)
def test_targets(model, windows, change, error, match):
    x, y = windows
    refused(error, match, study, model, x, change(y))
    refused(error, match, cv.train, model, x, change(y))


@pytest.mark.parametrize(
    ("channels", "error", "match"),
    [
        ((4,), ValueError, r"`channels` must be among the layer's channels, 0\.\.3\. Got \(4,\)"),
        ((-1,), ValueError, r"`channels` must be at least 0\. Got -1"),
        ((1, 2, 1), ValueError, r"`channels` must name each channel once\. Got \(1, 2, 1\)"),
        ((0.5,), TypeError, r"`channels` must be an integer\. Got 0\.5"),
        ((True,), TypeError, r"`channels` must be an integer\. Got True"),
        (2, TypeError, r"`channels` must be a tuple of channels\. Got 2"),
        ("0", TypeError, r"`channels` must be a tuple of channels\. Got '0'"),
    ],
)
def test_channels(model, windows, channels, error, match):
    x, y = windows
    refused(error, match, cv.predict_ablated, model, x, "conv1", channels)
    refused(error, match.replace("channels`", "deletions`", 1), study, model, x, y, deletions=[(0,), channels])


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        (
            {"deletions": "triples"},
            ValueError,
            r"`deletions` must be one of 'single', 'keep_one', 'pairs', 'all'\. Got 'triples'",
        ),
        ({"deletions": []}, ValueError, r"`deletions` must hold at least one tuple of channels\. Got none"),
        ({"deletions": 3}, TypeError, r"`deletions` must be a word or an iterable .*Got 3"),
        ({"deletions": [(0, 1), (1, 0)]}, ValueError, r"`deletions` must hold each set .*Got \(1, 0\) twice"),
        ({"replacement": "noise"}, ValueError, r"`replacement` must be one of 'zero', 'mean', 'shuffle'\. Got 'noise'"),
        ({"seed": -2}, ValueError, r"`seed` must be at least 0\. Got -2"),
    ],
)
def test_studies(model, windows, options, error, match):
    x, y = windows
    refused(error, match, study, model, x, y, **options)


def test_models_that_cannot_be_looked_into(windows):
    x, y = windows
    one = keras.Input((20, 1))
    forked = keras.Model(one, [L.Conv1D(1, 1)(one), L.Conv1D(1, 1)(one)])
    steps = keras.Model(one, L.Conv1D(1, 1, name="conv1")(one))
    twice = L.Conv1D(1, 1, name="twice")
    repeated = keras.Model(one, L.GlobalMaxPooling1D()(twice(twice(one))))
    inner = keras.Sequential([keras.Input((20, 1)), L.Conv1D(2, 3, name="hidden")], name="encoder")
    nested = keras.Model(one, L.GlobalMaxPooling1D()(inner(one)))
    for call in (
        lambda model, layer="conv1": cv.layer_activations(model, x, layer),
        lambda model, layer="conv1": cv.predict_ablated(model, x, layer, (0,)),
    ):
        refused(ValueError, r"`model` must be a Sequential or functional", call, keras.Sequential([L.Conv1D(1, 1)]))
        refused(ValueError, r"`model` must have one input and one output\. Got 1 and 2", call, forked)
        refused(
            ValueError, r"`layer` must be called once by the model.*'twice' is called 2 times", call, repeated, "twice"
        )
        refused(ValueError, r"`layer` must be .*'encoder'.*'encoder/hidden'.*Got 'hidden'", call, nested, "hidden")
        refused(ValueError, r"`layer` must be one of .*Got 'stranger'", call, nested, L.Conv1D(1, 1, name="stranger"))
    refused(ValueError, r"`model` must forecast \(n_windows, horizon\)\. Got .*\(None, 20, 1\)", study, steps, x, y)


def test_networks_that_give_no_numbers(windows):
    x, y = windows
    model = cv.build_model(window=20, channels=2, kernel_size=3, seed=0)
    broken = keras.models.clone_model(model)
    broken.set_weights([w * np.nan for w in model.get_weights()])
    strong = keras.models.clone_model(model)
    strong.set_weights([1e30 * w for w in model.get_weights()])
    for network, series in ((strong, 1e10 * x), (broken, x)):
        for call in (
            lambda m, v: cv.layer_activations(m, v, "conv1"),
            lambda m, v: cv.predict_ablated(m, v, "conv1", ()),
            lambda m, v: study(m, v, y),
        ):
            refused(ValueError, r"`model` must give finite numbers for `x`\. Got NaN", call, network, series)


def test_channels_first(windows):
    inputs = keras.Input((20, 1))
    conv = L.Conv1D(3, 1, data_format="channels_first", name="turned")(inputs)
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(conv))
    match = "`layer` .*'turned'.*channels first"
    refused(ValueError, match, cv.layer_activations, model, windows[0], "turned")
    refused(ValueError, match, cv.predict_ablated, model, windows[0], "turned", (0,))
    refused(ValueError, match, cv.receptive_field, model, "turned")


def test_receptive_fields_that_are_not_known(model):
    inputs = keras.Input((20, 1))

    def named(reason, *layers):
        h = inputs
        for layer in layers:
            h = layer(h)
        match = rf"`layer` must be reached through .*Got {reason}"
        refused(ValueError, match, cv.receptive_field, keras.Model(inputs, h), -1)

    class Own(L.Conv1D):
        pass

    def halves(_):
        return [L.MaxPooling1D(2)(inputs), L.Cropping1D(5)(inputs)]

    named("Permute 'turned', which is not among", L.Permute((2, 1), name="turned"), L.Dense(20), L.Permute((2, 1)))
    named("LSTM 'lstm', which is not among", L.LSTM(2, return_sequences=True, name="lstm"))
    named("Own 'own', which is not among", Own(2, 3, name="own"))
    named("GroupNormalization 'group', which is not among", L.GroupNormalization(1, name="group"))
    named("Flatten 'flat', which takes or gives tensors", L.Flatten(name="flat"), L.Reshape((20, 1)))
    named(r"LayerNormalization 'norm', which works along", L.LayerNormalization(axis=[1, 2], name="norm"))
    named("Concatenate 'sum', which works along axis 1", lambda h: [h, L.ReLU()(h)], L.Concatenate(axis=1, name="sum"))
    named("Add 'sum', which joins branches whose strides are 2 and 1 samples", halves, L.Add(name="sum"))
    named("Activation 'own', which has an activation", L.Activation(lambda v: v[:, ::-1], name="own"))
    wide = keras.Model(inputs, L.UpSampling1D(2, name="up")(inputs))
    match = r"`layer` must have steps that lie apart by whole samples\. Got 2 steps in 1 samples"
    refused(ValueError, match, cv.receptive_field, wide, "up")
    refused(ValueError, r"`window` must be the model's own, 20, or None\. Got 30", cv.receptive_field, model, 0, 30)
    open_length = keras.Input((None, 1))
    valid = keras.Model(open_length, L.Conv1D(1, 9, name="long")(open_length))
    refused(ValueError, r"Conv1D 'long', which needs at least 9 steps and gets 8", cv.receptive_field, valid, "long", 8)


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        (
            {"series": np.zeros(20)},
            ValueError,
            r"`series` must have at least window \+ horizon = 20 \+ 1 samples\. Got 20",
        ),
        ({"series": np.zeros((90, 2))}, ValueError, r"`series` must have as many features as .* takes, 1\. Got 2"),
        ({"series": np.zeros((9, 9, 1))}, ValueError, r"`series` must have the shape .*Got shape \(9, 9, 1\)"),
        ({"series": []}, ValueError, r"`series` must not be empty"),
        ({"series": "wave.npy"}, (TypeError, ValueError), r"`series` must"),
        (
            {"series": np.array([0.0] * 80 + [np.nan] * 10)},
            ValueError,
            r"`series` .*finite.*Got nan at index \(80, 0\)",
        ),
        ({"series": np.ma.masked_equal([0.0] * 89 + [1.0], 1.0)}, ValueError, r"`series` must have no masked values"),
        ({"window": 21}, ValueError, r"`window` must be the number of steps that the model takes, .*20.*Got 21"),
        ({"window": 20.0}, TypeError, r"`window` must be an integer\. Got 20\.0"),
        ({"horizon": 0}, ValueError, r"`horizon` must be at least 1\. Got 0"),
        ({"layer": "conv3"}, ValueError, r"`layer` must be one of .*Got 'conv3'"),
        ({"layer": "global_max"}, ValueError, r"`layer` must have an output of shape"),
        ({"fill": "zero"}, ValueError, r"`fill` must be one of 'repeat', None\. Got 'zero'"),
        ({"reduce": "max"}, ValueError, r"`reduce` must be one of 'sum', 'mean'\. Got 'max'"),
        (
            {"series": np.zeros(38)},
            ValueError,
            r'`fill="repeat"` must have at least .* = 19 windows in `series`.*Got 18',
        ),
        ({"stride": 2}, ValueError, r"`stride` must be the layer's own, 1, or None\. Got 2"),
        ({"stride": 0}, ValueError, r"`stride` must be at least 1\. Got 0"),
        ({"out": [[0.0]]}, TypeError, r"`out` must be an array of float64 and shape \(89, 4\)\. Got list"),
        ({"out": np.zeros((88, 4))}, ValueError, r"`out` must .* shape \(89, 4\)\. Got float64 and \(88, 4\)"),
        ({"out": np.zeros((89, 4), np.float32)}, ValueError, r"`out` must .* Got float32 and \(89, 4\)"),
        ({"out": np.broadcast_to(0.0, (89, 4))}, ValueError, r"`out` must be writeable"),
    ],
)
def test_timelines_of_a_series(model, options, error, match):
    options = {"series": np.zeros(90), "layer": "conv1", "window": 20, **options}
    refused(error, match, cv.series_timeline, model, **options)


def test_nothing_is_written_before_all_is_checked(model):
    shared, series = np.full((90, 4), 7.0), np.zeros(90)
    out = shared[:89]
    series[85] = np.inf
    refused(ValueError, r"Got inf at index \(85, 0\)", cv.series_timeline, model, series, "conv1", 20, out=out)
    refused(ValueError, r"apart from `series`", cv.series_timeline, model, shared[:, 0], "conv1", 20, out=out)
    assert (out == 7).all()


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"patience": -1}, ValueError, r"`patience` must be at least 0\. Got -1"),
        ({"validation_split": 1.0}, ValueError, r"`validation_split` must leave windows .*Got 1 of 40"),
        ({"validation_split": 0}, ValueError, r"`validation_split` must be a finite number above 0\. Got 0"),
        ({"validation_split": "0.1"}, TypeError, r"`validation_split` must be a number\. Got '0\.1'"),
        ({"seed": "a"}, TypeError, r"`seed` must be an integer\. Got 'a'"),
        ({"seed": 2**32}, ValueError, r"`seed` must be below 2\*\*32\. Got 4294967296"),
        ({"report": 1}, TypeError, r"`report` must be a function or None\. Got 1"),
    ],
)
def test_training(model, windows, options, error, match):
    before = [w.copy() for w in model.get_weights()]
    refused(error, match, cv.train, model, *windows, **options)
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_training_of_a_model_that_is_not_compiled(windows):
    inputs = keras.Input((20, 1))
    model = keras.Model(inputs, L.GlobalMaxPooling1D()(inputs), name="raw")
    refused(ValueError, r"`model` must be compiled\. Got 'raw'", cv.train, model, *windows)


def test_paths(model, tmp_path):
    refused(ValueError, r"`path` must end in \.keras\. Got .*wave\.h5", cv.save_model, model, tmp_path / "wave.h5")
    refused(TypeError, r"`path` must be a path\. Got 3", cv.load_model, 3)
    refused(TypeError, r"`model` must be a Keras model\. Got dict", cv.save_model, {}, tmp_path / "wave.keras")
    refused(ValueError, r"`name` must be a file name without folders\. Got '\.\./wave'", cv.model_path, "../wave")
    refused(ValueError, r"`name` must be a file name without folders\. Got '\.\.'", cv.model_path, "..")
    refused(TypeError, r"`name` must be a string\. Got 3", cv.find_model, 3)
    refused(TypeError, r"`figure` must be a Figure.*Got int", cv.save_figure, 3, "wave")
    assert list(tmp_path.iterdir()) == []
