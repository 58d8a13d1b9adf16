"""Timelines of long series, against the collapse of all windows' activations."""

from typing import ClassVar

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stacks import build, causal, chain, layers, rebuilt

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

L = keras.layers
SERIES = np.random.default_rng(0).normal(size=120)


def by_windows(model, series, layer, window, stride=1, horizon=1, fill="repeat", reduce="sum"):
    x, _ = cv.sliding_windows(series, window, horizon)
    return cv.diagonal_sum(cv.layer_activations(model, x, layer), stride, fill, reduce)


def close(line, expected, rtol=2e-6):
    np.testing.assert_allclose(line, expected, rtol=0, atol=rtol * max(1, np.abs(expected).max()))


@settings(max_examples=40)
@given(st.data())
def test_equals_the_timeline_over_all_windows(data):
    window, features = data.draw(st.integers(24, 40)), data.draw(st.integers(1, 2))
    model = build(data.draw(st.lists(layers, min_size=1, max_size=4)), window, features)
    n_steps = model.get_layer("last").output.shape[1]
    dtype = data.draw(st.sampled_from(["float32", "float64"]))
    model = rebuilt(model, dtype, data.draw(st.sampled_from([window, None])))
    horizon, reduce = data.draw(st.integers(1, 3)), data.draw(st.sampled_from(["sum", "mean"]))
    series = np.random.default_rng(0).normal(size=(window + 150 + data.draw(st.integers(0, 9)), features))
    given = None
    try:
        stride = cv.receptive_field(model, "last", window).stride
    except ValueError:  # behind an UpSampling1D
        given, stride = (None, 1) if n_steps == window else (2, 2)
        if given:
            with pytest.raises(ValueError, match=r"`stride` must be given.*reach is known"):
                cv.series_timeline(model, series, "last", window)
    fits = (n_steps - 1) * stride <= len(series) - window - horizon + 1
    fill = data.draw(st.sampled_from(["repeat", None])) if fits else None
    expected = by_windows(model, series, "last", window, stride, horizon, fill, reduce)
    line = cv.series_timeline(model, series, "last", window, horizon, fill, reduce, stride=given)
    close(line, expected, 1e-12 if dtype == "float64" and keras.backend.backend() != "jax" else 2e-6)


@settings(max_examples=25)
@given(st.integers(1, 9), st.integers(30, 33), st.integers(1, 3), causal, st.booleans(), st.data())
def test_a_convolution_right_behind_the_input(size, window, stride, padding, use_bias, data):
    options = {"strides": stride, "padding": padding, "use_bias": use_bias, "groups": data.draw(st.integers(1, 2))}
    options["activation"] = data.draw(st.sampled_from(["relu", "tanh", None, "softmax", L.ReLU()]))
    options["dtype"] = data.draw(st.sampled_from(["float32", "mixed_bfloat16"]))
    conv = L.Conv1D(4, size, name="conv", bias_initializer="normal", **options)
    model, series = chain(conv, window=window, features=2), np.random.default_rng(1).normal(size=(140, 2))
    close(cv.series_timeline(model, series, "conv", window), by_windows(model, series, "conv", window, stride))


class Mapped(np.ndarray):
    """As of a file; it notes how much is read at once."""

    lengths: ClassVar = []

    def __getitem__(self, index):
        piece = super().__getitem__(index)
        self.lengths.append(len(piece) if isinstance(index, slice) else 0)
        return piece


@pytest.mark.parametrize("fill", ["repeat", None])
@pytest.mark.parametrize("layer", ["conv1", "conv2"])
@pytest.mark.usefixtures("little_memory")
def test_with_little_memory_it_is_read_in_pieces_and_the_same(model, layer, fill):
    options = {"fill": fill, "reduce": "mean"}
    for series in (SERIES, SERIES[:39]):  # of the second the repeat needs all windows that there are
        Mapped.lengths.clear()
        line = cv.series_timeline(model, series.view(Mapped), layer, 20, **options)
        close(line, by_windows(model, series, layer, 20, **options))
        assert 0 < max(Mapped.lengths) < len(series) - 10


@pytest.mark.usefixtures("little_memory")
@pytest.mark.parametrize(
    "layer",
    [
        L.PReLU(alpha_initializer="normal", name="last"), L.Rescaling(np.hanning(20)[:, None], name="last"),
        L.BatchNormalization(axis=1, moving_mean_initializer="normal", name="last"),
        L.Activation(lambda h: keras.ops.flip(h, axis=1), name="last"),
        lambda h: L.Add(name="last")([h, L.PReLU(alpha_initializer="normal")(h)]),
        L.Conv1D(2, 3, padding="same", activation=L.Softmax(axis=1), name="last"),
        lambda h: L.Permute((2, 1), name="last")(L.Dense(20)(L.Permute((2, 1))(h))),
        L.Conv1D(2, 20, padding="same", dilation_rate=3, name="last"),  # no step is without padding
    ],
)  # fmt: skip
def test_where_steps_are_not_alike_it_goes_window_by_window(layer):
    model = chain(L.Conv1D(2, 3, padding="same"), layer, L.Conv1D(2, 3, padding="same", name="behind"))
    for name in ("last", "behind"):
        close(cv.series_timeline(model, SERIES[:60], name, 20), by_windows(model, SERIES[:60], name, 20))


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int16])
def test_memory_mapped_files_in_and_out(model, tmp_path, dtype):
    series = (100 * SERIES).astype(dtype)
    np.save(tmp_path / "series.npy", series)
    mapped = np.load(tmp_path / "series.npy", mmap_mode="r")
    out = np.lib.format.open_memmap(tmp_path / "line.npy", mode="w+", dtype=np.float64, shape=(119, 4))
    out[:] = 7
    assert cv.series_timeline(model, mapped, "conv1", 20, out=out) is out
    close(out, by_windows(model, series, "conv1", 20))
    np.testing.assert_array_equal(mapped, series)


def test_the_input_itself(capsys):
    model, series = chain(L.GlobalMaxPooling1D(), features=2), SERIES.reshape(60, 2).astype(np.float32)
    close(cv.series_timeline(model, series, 0, 20, reduce="mean", fill=None, progress=True), series[:59])
    assert capsys.readouterr() == ("", "")  # a bar only where it takes long


def test_the_users_default_order_of_axes_does_not_matter(model, windows):
    def results():
        lines = [cv.series_timeline(model, SERIES, layer, 20) for layer in ("conv1", "conv2")]
        return [*lines, cv.predict_ablated(model, windows[0], "conv1", (1,))]

    expected = results()
    keras.config.set_image_data_format("channels_first")
    try:
        for found, kept in zip(results(), expected, strict=True):
            np.testing.assert_array_equal(found, kept)
    finally:
        keras.config.set_image_data_format("channels_last")


OUT = np.empty((119, 4))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"series": SERIES[:20]}, r"`series` must have at least window \+ horizon = 20 \+ 1 samples\. Got 20"),
        ({"series": SERIES[:38]}, r'`fill="repeat"` must have at least .* = 19 windows in `series`\. Got 18'),
        ({"series": SERIES.reshape(60, 2)}, r"`series` and `window` must fit the model.*Got 2 features and a window"),
        ({"series": np.where(SERIES > 2, np.inf, SERIES)}, r"`series` must hold finite numbers only\. Got inf at"),
        ({"window": 19}, r"`series` and `window` must fit the model.*\(None, 20, 1\).*Got 1 features .* window of 19"),
        ({"stride": 2}, r"`stride` must be the layer's own, 1, or None\. Got 2"),
        ({"series": OUT.reshape(-1)[:120], "out": OUT}, r"`out` must not share memory with `series`"),
    ],
)
def test_what_does_not_fit_is_refused(model, options, match):
    with pytest.raises(ValueError, match=match):
        cv.series_timeline(model, **{"series": SERIES, "layer": "conv1", "window": 20} | options)
