"""Thousands of random shapes against loops, and of damaged files against what their readers promise.

1,000 examples each; `FUZZ_EXAMPLES=20000 pytest tests/nightly/test_fuzz.py` tries more. Models, which are slower to
make and to load, take a tenth of them.
"""

import io
import json
import os
import tracemalloc
import warnings
import zipfile

import keras
import numpy as np
import pytest
import stacks
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import conv1d_viz as cv

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "1000"))
OPTIONS = {"deadline": None, "suppress_health_check": list(HealthCheck)}
many, some = settings(max_examples=EXAMPLES, **OPTIONS), settings(max_examples=max(1, EXAMPLES // 10), **OPTIONS)


# Index arithmetic against loops.


@many
@given(st.data())
def test_windows(data):
    window, horizon = data.draw(st.integers(1, 12)), data.draw(st.integers(1, 6))
    time, features = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 3))
    target = data.draw(st.integers(0, 3))
    series = np.random.default_rng(0).normal(size=(time, features))
    n = time - window - horizon + 1
    if n < 1 or target >= features:
        with pytest.raises(ValueError, match="`series`" if n < 1 else "`target`"):
            cv.sliding_windows(series, window, horizon, target)
        return
    x, y = cv.sliding_windows(series, window, horizon, target)
    np.testing.assert_array_equal(x, [[series[b + s] for s in range(window)] for b in range(n)])
    np.testing.assert_array_equal(y, [[series[b + window + h, target] for h in range(horizon)] for b in range(n)])


def collapsed(acts, stride, fill):
    """Sum and number of the cells of each time, a cell at a time; with `fill`, those that are made up too."""
    n_windows, n_steps, n_channels = acts.shape
    edge = (n_steps - 1) * stride
    total, number = np.zeros((n_windows + edge, n_channels)), np.zeros(n_windows + edge, dtype=int)
    for time in range(n_windows + edge):
        for step in range(n_steps):
            window = time - step * stride
            if 0 <= window < n_windows:
                total[time], number[time] = total[time] + acts[window, step], number[time] + 1
            elif fill:
                made_up = acts[time, 0] if window < 0 else acts[time - edge, -1]
                total[time], number[time] = total[time] + made_up, number[time] + 1
    return total, number


@many
@given(st.data())
def test_diagonals(data):
    n_windows, n_steps = data.draw(st.integers(1, 60)), data.draw(st.integers(1, 24))
    stride, fill = data.draw(st.integers(1, 6)), data.draw(st.sampled_from(["repeat", None]))
    reduce = data.draw(st.sampled_from(["sum", "mean"]))
    acts = np.random.default_rng(0).normal(size=(n_windows, n_steps, 2)).astype(data.draw(st.sampled_from("fd")))
    cells = collapsed(acts, stride, None)[1]
    np.testing.assert_array_equal(cv.coverage(n_windows, n_steps, stride), cells)
    if (fill and n_windows < (n_steps - 1) * stride) or (not fill and not cells.all()):
        with pytest.raises(ValueError, match='`fill="repeat"`' if fill else "`stride`"):
            cv.diagonal_sum(acts, stride, fill, reduce)
        return
    total, number = collapsed(acts.astype(float), stride, fill)
    expected = total / number[:, None] if reduce == "mean" else total
    np.testing.assert_allclose(cv.diagonal_sum(acts, stride, fill, reduce), expected, atol=1e-10)


@some
@given(st.data())
def test_fields_and_timelines_of_random_stacks(data):
    stack = data.draw(st.lists(stacks.layers, min_size=1, max_size=5))
    window, features = data.draw(st.integers(8, 40)), data.draw(st.integers(1, 2))
    model = stacks.build(stack, window, features, low=0.1)  # no step is deaf to a sample it sees
    series = np.random.default_rng(0).normal(size=(data.draw(st.integers(window + 1, 4 * window)), features))
    x = np.array(cv.sliding_windows(series, window)[0])
    acts = cv.layer_activations(model, x, "last")
    try:
        field = cv.receptive_field(model, "last")
    except ValueError as error:
        assert "`layer`" in str(error)  # noqa: PT017
        return
    alone = cv.layer_activations(model, x[:1], "last")  # among other windows its last digits may be others
    for sample in range(window):  # a change is seen by no step outside the field
        changed = x[:1].copy()
        changed[0, sample] += 3.0
        moved = np.flatnonzero(np.abs(cv.layer_activations(model, changed, "last") - alone)[0].max(axis=-1))
        first = field.start + moved * field.stride
        assert ((first <= sample) & (sample < first + field.size)).all()
    fill = data.draw(st.sampled_from(["repeat", None]))
    try:
        expected = cv.diagonal_sum(acts, field.stride, fill)
    except ValueError as error:
        with pytest.raises(ValueError, match=r"`fill=|`stride`"):
            cv.series_timeline(model, series, "last", window, fill=fill)
        assert "windows" in str(error)  # noqa: PT017
        return
    line = cv.series_timeline(model, series, "last", window, fill=fill)
    np.testing.assert_allclose(line, expected, rtol=1e-4, atol=1e-4 * max(1.0, np.abs(expected).max()))


# Files.


def written(write):
    file = io.BytesIO()
    write(file)
    return file.getvalue()


def archive(members):
    def write(file):
        with zipfile.ZipFile(file, "w") as out:
            for name, content in members.items():
                out.writestr(name, content)

    return written(write)


SPLICES = st.one_of(
    st.binary(max_size=8),
    st.sampled_from([b"\x00" * 4, b"\xff" * 4, b"\xff\xff\xff\x7f", b'"', b"\n", b"\r", b";", b",", b"nan", b"1e999"]),
    st.sampled_from([b"inf", b"-", b"|O", b"<m8", b"<c8", b"<f2", b"True", b"(9999999999,)", b"9" * 30, b"2024-02-30"]),
    st.sampled_from([b"NaN", b"Lambda", b"null", b"{}", b"[[", b'"config"', b"PK\x03\x04", b"data", b"fmt ", b"RF64"]),
)


@st.composite
def mutated(draw, originals):
    """Valid bytes, of which some are flipped, cut out, repeated, or replaced or parted by others."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(content)))
        stop = min(len(content), start + draw(st.integers(0, 24)))
        match draw(st.sampled_from(["flip", "cut", "repeat", "splice", "end"])):
            case "flip" if start < len(content):
                content[start] ^= 1 << draw(st.integers(0, 7))
            case "cut":
                del content[start:stop]
            case "repeat":
                content[stop:stop] = content[start:stop] * draw(st.integers(1, 40))
            case "splice":
                content[start:stop] = draw(SPLICES)
            case "end":
                del content[start:]
    return bytes(content)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def read(reader, path, content, most=64 * 2**20):
    """Read a file; return what was read, or None if it was refused in the promised words, without any warning."""
    path.write_bytes(content)
    tracemalloc.start()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            return reader(path)
    except (ValueError, TypeError) as error:
        assert "`path`" in str(error), error  # noqa: PT017
        return None
    finally:
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert taken < most


class Trap:
    """A pickle that leaves a file where it is loaded."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (str(self.path),)


def test_a_pickle_is_never_run(folder):
    trap = np.array([Trap(folder / "run")], dtype=object)
    content = written(lambda file: np.savez(file, seeds=trap))
    assert read(cv.load_runs, folder / "trap.npz", content) is None
    assert not (folder / "run").exists()
    np.load(folder / "trap.npz", allow_pickle=True)["seeds"]  # the trap works
    assert (folder / "run").is_dir()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=9), inner, max_size=4),
    max_leaves=12,
)


@many
@given(data=st.data())
def test_info_from_any_json(folder, data):
    (folder / "info.keras").touch()
    value = data.draw(json_values)
    text = json.dumps(value, ensure_ascii=data.draw(st.booleans())).encode("utf-8", "surrogatepass")
    content = data.draw(st.just(text) | mutated([text + b" "]))
    (folder / "info.json").write_bytes(content)
    found = read(cv.load_info, folder / "info.keras", b"")
    assert found is None or isinstance(found, dict)
    if content == text and isinstance(value, dict) and "NaN" not in text.decode() and "Infinity" not in text.decode():
        assert found == value


def unpacked(content):
    """An archive, and the members that it holds."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return content, {name: file.read(name) for name in file.namelist()}


def damaged(data, content, members):
    """A damaged archive, or a sound one with a damaged member."""
    if data.draw(st.booleans()):
        return data.draw(mutated([content]))
    name = data.draw(st.sampled_from(sorted(members)))
    return archive(members | {name: data.draw(mutated([members[name]]))})


@pytest.fixture(scope="module")
def model_file(folder):
    model = cv.build_model(window=8, channels=2, kernel_size=3, head_kernel_size=2, seed=0)
    cv.save_model(model, folder / "valid.keras")
    return unpacked((folder / "valid.keras").read_bytes())


@some
@given(data=st.data())
def test_models_from_damaged_files(folder, model_file, data):
    model = read(cv.load_model, folder / "model.keras", damaged(data, *model_file), 256 * 2**20)
    assert model is None or isinstance(model, keras.Model)


@pytest.fixture(scope="module")
def runs_file(folder):
    x, y = cv.sliding_windows(cv.toy_series(60, period=10)[1], 8)
    sizes = {"window": 8, "channels": 2, "kernel_size": 3, "head_kernel_size": 2}
    runs = cv.train_many([1, 2], x, y, folder / "valid.npz", lambda seed: cv.build_model(**sizes, seed=seed), epochs=1)
    assert runs.seeds == [1, 2]
    return unpacked((folder / "valid.npz").read_bytes())


@many
@given(data=st.data())
def test_runs_from_damaged_files(folder, runs_file, data):
    runs = read(cv.load_runs, folder / "runs.npz", damaged(data, *runs_file))
    if runs is None:
        return
    assert len(runs.seeds) == len(runs.histories) == len(runs.weights)
    assert all(isinstance(seed, int) for seed in runs.seeds)
    assert isinstance(runs.settings, dict)
    for history, weights in zip(runs.histories, runs.weights, strict=True):
        assert all(np.isfinite(losses).all() for losses in history.values())
        assert all(np.isfinite(weight).all() for weight in weights)
