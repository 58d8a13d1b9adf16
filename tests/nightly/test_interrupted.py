"""What is on the disk when writing is killed, meets another writer, or cannot be done: whole files, old or new."""

import errno
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import pytest
from jupyter_client.manager import start_new_kernel

import conv1d_viz as cv
from conv1d_viz.network.backend import keras

WRITERS = Path(__file__).with_name("writers.py")


def write(what, folder, times):
    if not hasattr(os, "fork"):
        pytest.skip("the writers are forked")
    command = [sys.executable, WRITERS, what, folder, str(times)]
    quiet = {**os.environ, "KERAS_BACKEND": "tensorflow"}  # the others do not take to forks
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=quiet, timeout=900)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize(("what", "times"), [("model", 100), ("figure", 100), ("runs", 100), ("animation", 75)])
def test_a_killed_writer_leaves_whole_files(tmp_path, what, times):
    found = write(what, tmp_path, times)
    assert len(found["states"]) == times
    assert len({str(state) for state in found["states"]}) > 1  # some were killed before, some after they had written
    assert found["left"] > 0  # and some while they wrote


def test_two_calls_add_to_one_file_of_trainings(tmp_path):
    assert write("two runs", tmp_path, 20) == {"states": [40], "left": 0}


def said_by_the_system(what, folder, number):
    said = write(what, folder, 0)["states"]
    assert [name for name, *_ in said] == ["model", "figure", "animation", "runs"]
    for (_, code, *notes), file in zip(said, ["wave.keras", "wave.png", "moving.png", "runs.npz"], strict=True):
        assert code == number
        assert f"{file} could not be written; what was there is left as it was." in "".join(notes)


def test_a_full_disk_leaves_the_old_files(tmp_path):
    said_by_the_system("full", tmp_path, errno.EFBIG)


def test_a_folder_that_is_read_only_is_said_to_be_so():
    with tempfile.TemporaryDirectory() as folder:  # other users cannot enter pytest's folders
        Path(folder).chmod(0o755)
        said_by_the_system("read-only", folder, errno.EACCES)


@pytest.fixture(autouse=True)
def interrupts():
    """Let interrupts through: a process that a script has started in the background ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def training(windows):
    """A training that is interrupted in an epoch, by a signal as a notebook's is."""

    def train(model, epoch, monkeypatch):
        score, done = model.test_on_batch, []

        def interrupted(*args, **options):
            done.append(model.get_weights())
            if len(done) == epoch:
                signal.raise_signal(signal.SIGINT)
            return score(*args, **options)

        monkeypatch.setattr(model, "test_on_batch", interrupted)
        with pytest.raises(KeyboardInterrupt) as caught:
            cv.train(model, *windows, epochs=50, patience=50)
        return str(caught.value), done

    return train


def test_an_interrupted_training_keeps_the_best_weights_and_says_so(training, monkeypatch):
    model = cv.build_model(window=20, channels=2, kernel_size=3, head_kernel_size=3, seed=3)
    model.optimizer.learning_rate = 0.3  # so that the best epoch is not the last one
    message, weights = training(model, 12, monkeypatch)
    losses = model.history.history["val_loss"]
    best = int(np.argmin(losses))
    assert len(losses) == 11
    assert best < 10
    assert f"best weights so far, those of epoch {best + 1} with a validation loss of {losses[best]:.3g}." in message
    assert all((a == b).all() for a, b in zip(model.get_weights(), weights[best], strict=True))


def test_a_training_interrupted_in_its_first_epoch_leaves_the_model_as_it_was(windows):
    sizes = {"window": 20, "channels": 2, "kernel_size": 3, "head_kernel_size": 3, "seed": 3}
    model, other = cv.build_model(**sizes), cv.build_model(**sizes)
    before = model.get_weights()
    for name in ("train_step", "test_on_batch"):  # while Keras compiles it, and when it is scored
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(model, name, lambda *_, **__: signal.raise_signal(signal.SIGINT))
            with pytest.raises(KeyboardInterrupt, match="weights that it began with") as caught:
                cv.train(model, *windows, epochs=5)
        if "Compile it anew" in str(caught.value):
            assert keras.backend.backend() == "jax"
            model.compile(optimizer="adam", loss="mse", jit_compile=True, steps_per_execution=256)
        assert all((a == b).all() for a, b in zip(model.get_weights(), before, strict=True))
    history = cv.train(model, *windows, epochs=3)
    assert history == cv.train(other, *windows, epochs=3)  # as if nothing had been


def test_an_interrupt_between_a_better_loss_and_its_weights_leaves_the_epoch_before(windows, monkeypatch):
    model, weights = cv.build_model(window=20, channels=2, kernel_size=3, head_kernel_size=3, seed=3), []
    get_weights = model.get_weights

    def interrupted():
        weights.append(get_weights())
        if len(weights) == 3:  # before the training, and after each epoch that is better than those before
            signal.raise_signal(signal.SIGINT)
        return weights[-1]

    model.optimizer.learning_rate = 0.1
    monkeypatch.setattr(model, "get_weights", interrupted)
    with pytest.raises(KeyboardInterrupt, match="of epoch 1 with a validation loss"):
        cv.train(model, *windows, epochs=50, patience=50)
    losses = model.history.history["val_loss"]
    assert losses[0] > losses[-1]
    assert all((a == b).all() for a, b in zip(get_weights(), weights[1], strict=True))


def test_the_button_of_a_notebook_ends_a_training_with_its_best_weights():
    manager, client = start_new_kernel()
    try:
        client.execute(
            "import conv1d_viz as cv\n"
            "x, y = cv.sliding_windows(cv.toy_series(90, period=20)[1], 20)\n"
            "model = cv.build_model(20, 1, 2, 3, 3, seed=0)\n"
            "cv.train(model, x, y, epochs=5000, patience=5000, report=print)"
        )
        said = ""
        while "epoch  500 of 5000" not in said:
            message = client.get_iopub_msg(timeout=120)
            said += str(message["content"])
        manager.interrupt_kernel()
        while message["msg_type"] != "error":
            message = client.get_iopub_msg(timeout=60)
        assert message["content"]["ename"] == "KeyboardInterrupt"
        assert "best weights so far, those of epoch" in message["content"]["evalue"]
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
