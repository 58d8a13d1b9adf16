"""Children that write files and are killed at random moments, or at the same time as each other.

`python writers.py WHAT FOLDER TIMES` prints a JSON object with what was found. A process of its own, so that what it
forks has no threads of TensorFlow at work.
"""

import json
import os
import random
import resource
import signal
import sys
import time
from pathlib import Path

import matplotlib as mpl

mpl.use("agg")

import numpy as np

import conv1d_viz as cv
import conv1d_viz.network.runs

WHAT, FOLDER, TIMES = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
os.environ["CONV1D_VIZ_OUTPUT"] = str(FOLDER)
started, tells = [], []  # the descriptor to tell of a writing that starts, and when one was told
X, Y = cv.sliding_windows(cv.toy_series(60)[1], 20)


def tell():
    tells.append(time.perf_counter())
    for descriptor in started:
        os.write(descriptor, b".")


def instead_of_training(model, *_, **__):
    """Leave out what takes the time; what follows is the writing."""
    tell()
    model.set_weights([np.full_like(weight, sum(map(np.sum, model.get_weights()))) for weight in model.get_weights()])
    return {"loss": [1.0], "val_loss": [1.0]}


def build(seed):
    return cv.build_model(20, 1, 2, 3, 3, seed=seed)


def filled(number):
    model = build(0)
    model.set_weights([np.full_like(weight, number) for weight in model.get_weights()])
    return model


sys.modules["conv1d_viz.network.runs"].train = instead_of_training
MODELS = [filled(1), filled(2)]
LINES = [cv.plot_series(np.arange(9), np.arange(9) * sign) for sign in (1, -1)]
MOVIES = [cv.animate_windows(n_samples=n, window=3) for n in (5, 6)]


def model(version):
    tell()
    cv.save_model(MODELS[version], FOLDER / "wave.keras", overwrite=True, info={"version": version})


def figure(version):
    tell()
    cv.save_figure(LINES[version], "wave")


def animation(version):
    tell()
    cv.save_figure(MOVIES[version], "moving")


def runs(_):
    cv.train_many(range(10_000), X, Y, FOLDER / "runs.npz", build)


def one_run(seed):
    cv.train_many([seed], X, Y, FOLDER / "runs.npz", build)


def model_as_found():
    number = {float(value) for weight in cv.load_model(FOLDER / "wave.keras").get_weights() for value in weight.flat}
    assert number in ({1.0}, {2.0}), number
    return int(number.pop()) - 1, cv.load_info(FOLDER / "wave.keras")["version"]


def bytes_as_found(name):
    return (FOLDER / "figures" / name).read_bytes()


def runs_as_found():
    found = cv.load_runs(FOLDER / "runs.npz")
    assert found.seeds == list(range(len(found.seeds)))
    for seed, weights in zip(found.seeds, found.weights, strict=True):
        expected = build(seed)
        instead_of_training(expected)
        assert all((a == b).all() for a, b in zip(weights, expected.get_weights(), strict=True))
        if seed > 3:
            break
    return len(found.seeds)


def child(write, *args):
    pid = os.fork()
    if pid == 0:
        try:
            write(*args)
        except BaseException as error:
            print(repr(error), file=sys.stderr, flush=True)
            os._exit(1)
        os._exit(0)
    return pid


def for_ever(write, descriptor):
    started.append(descriptor)
    while True:
        for version in (0, 1):
            write(version)


def kill_at_random_moments(write, found, duration):
    """Kill a child at a random moment of its first to third writing; return what was on the disk each time.

    That it tells when it starts to write makes the moments those of the writing, on a busy machine as well.
    """
    moments = random.Random(0)
    for _ in range(TIMES):
        told, telling = os.pipe()
        pid = child(for_ever, write, telling)
        for _ in range(moments.randint(1, 3)):
            os.read(told, 1)
        time.sleep(moments.uniform(0, duration))
        os.kill(pid, signal.SIGKILL)
        assert os.waitpid(pid, 0)[1] == signal.SIGKILL  # it was at work until then
        os.close(told)
        os.close(telling)
        yield found()


def both_at_once(write_one, write_other):
    pids = [child(write_one), child(write_other)]
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0, 0]


def refused_by_the_system(forbid, allow):
    """Return what each writer says where writing fails; the files are as they were."""
    writers = {"model": model, "figure": figure, "animation": animation, "runs": one_run}
    for write in writers.values():
        write(0)
    before = {file: file.read_bytes() for file in FOLDER.rglob("*") if file.is_file()}
    said = []
    forbid()
    for name, write in writers.items():
        try:
            write(1)
        except OSError as error:
            said.append([name, error.errno, *error.__notes__])
    allow()
    assert {file: file.read_bytes() for file in FOLDER.rglob("*") if file.is_file()} == before
    return said


def main():
    if WHAT == "model":
        model(0)
        model(1)
        states = list(kill_at_random_moments(model, model_as_found, time.perf_counter() - tells[-1]))
    elif WHAT in ("figure", "animation"):
        write, name = {"figure": (figure, "wave.png"), "animation": (animation, "moving.png")}[WHAT]
        whole = []
        for version in (0, 1):
            write(version)
            duration = time.perf_counter() - tells[-1]
            whole.append(bytes_as_found(name))
        states = list(kill_at_random_moments(write, lambda: whole.index(bytes_as_found(name)), duration))
    elif WHAT == "runs":
        one_run(0)
        one_run(1)
        states = list(kill_at_random_moments(runs, runs_as_found, time.perf_counter() - tells[-1]))
        assert states == sorted(states)  # what was done once is not lost
    elif WHAT == "two runs":
        path = FOLDER / "runs.npz"
        both_at_once(
            lambda: cv.train_many(range(TIMES), X, Y, path, build),
            lambda: cv.train_many(range(2 * TIMES - 1, TIMES // 2, -1), X, Y, path, build),
        )
        states = [runs_as_found()]
    elif WHAT == "full":  # no file may grow beyond 100 bytes
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        states = refused_by_the_system(
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard)),
            lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard)),
        )
    elif WHAT == "read-only":
        folders = [FOLDER, FOLDER / "figures"]

        def change(mode):
            for folder in folders:
                folder.chmod(mode)

        def forbid():
            change(0o555)
            if os.geteuid() == 0:  # whom no mode keeps out
                os.seteuid(65534)

        def allow():
            os.seteuid(os.getuid())
            change(0o755)

        states = refused_by_the_system(forbid, allow)
    left = [file for file in FOLDER.rglob(".*") if file.is_file() and file.suffix != ".lock"]
    print(json.dumps({"states": states, "left": len(left)}))


main()
