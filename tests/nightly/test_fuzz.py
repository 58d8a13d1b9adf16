"""Random layers against what their fields promise, and damaged files against what their readers promise.

As many examples as `FUZZ_EXAMPLES` says; models, which are slower to make and to load, take a tenth of them. The same
variable makes the unit tests of index arithmetic try more shapes.
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

many = settings(suppress_health_check=list(HealthCheck))
some = settings(many, max_examples=max(1, many.max_examples // 10))


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
