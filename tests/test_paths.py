import os
import threading
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

import conv1d_viz as cv
from conv1d_viz import project as paths
from conv1d_viz.project import alone_in, project_root, replacing


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a notebook folder, which is the working directory, and another folder for what is written."""
    root = tmp_path / "a project ü"
    (root / "notebooks").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    monkeypatch.chdir(root / "notebooks")
    monkeypatch.delenv("CONV1D_VIZ_OUTPUT")
    return root


def test_everything_goes_to_the_projects_root(project):
    assert project_root() == project
    assert cv.model_path("wave") == cv.find_model("wave") == project / "models" / "wave.keras"
    assert cv.save_figure(plt.figure(), "empty") == project / "figures" / "empty.png"


def test_the_output_folder_is_written_to_and_read_only_for_want_of_the_projects_own(project, tmp_path, monkeypatch):
    monkeypatch.setenv("CONV1D_VIZ_OUTPUT", str(tmp_path / "out"))
    written = tmp_path / "out" / "models" / "wave.keras"
    assert cv.model_path("wave") == cv.find_model("wave") == written
    own = project / "models" / "wave.keras"
    own.parent.mkdir()
    own.touch()
    assert cv.find_model("wave") == own
    assert cv.model_path("wave") == written
    assert cv.save_figure(plt.figure(), "empty") == tmp_path / "out" / "figures" / "empty.png"
    monkeypatch.setenv("CONV1D_VIZ_OUTPUT", "elsewhere")
    assert cv.model_path("wave") == project / "elsewhere" / "models" / "wave.keras"


def test_without_a_project_the_working_directory_is_the_root(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert project_root() == Path.cwd()


@pytest.mark.usefixtures("project")
def test_figures_are_repeatable_and_replace_each_other():
    files = []
    for _ in range(2):
        path = cv.save_figure(cv.plot_series(np.arange(9), np.arange(9)), "series")
        files.append(path.read_bytes())
    assert files[0] == files[1]
    assert [file.name for file in path.parent.iterdir()] == ["series.png"]
    with Image.open(path) as image:
        assert image.width == 9 * 150


@pytest.mark.usefixtures("project")
def test_an_animation_is_a_gif_that_rests_on_a_last_frame_which_stands_beside_it():
    path = cv.save_figure(cv.animate_windows(n_samples=6, window=3), "moving")
    assert sorted(file.name for file in path.parent.iterdir()) == ["moving.gif", "moving.png"]
    with Image.open(path) as movie, Image.open(path.with_suffix(".png")) as still:
        assert movie.n_frames >= 3  # one a window; frames alike become one that stays longer
        movie.seek(movie.n_frames - 1)
        assert movie.info["duration"] >= 3000
        np.testing.assert_array_equal(np.asarray(movie.convert("RGB")), np.asarray(still))


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("old")

    def fail():
        with replacing(path) as temporary:
            temporary.write_text("ne")
            raise OSError("disk full")

    with pytest.raises(OSError, match="full"):
        fail()
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["a.txt"]
    with replacing(path) as temporary:
        temporary.write_text("new")
    assert path.read_text() == "new"
    assert os.listdir(tmp_path) == ["a.txt"]


@pytest.mark.skipif(paths.fcntl is None, reason="a system without locks on folders")
def test_a_second_writer_waits_for_the_first(model, tmp_path):
    second = threading.Thread(target=cv.save_model, args=(model, tmp_path / "wave.keras"))
    with alone_in(tmp_path):
        second.start()
        second.join(0.5)
        assert second.is_alive()
        assert list(tmp_path.iterdir()) == []
    second.join(60)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["wave.json", "wave.keras"]


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="open folders are found as Linux lists them")
def test_a_process_that_was_started_meanwhile_does_not_keep_the_others_waiting(tmp_path):
    with alone_in(tmp_path):
        (descriptor,) = [
            int(name)
            for name in os.listdir("/proc/self/fd")
            if os.path.realpath(f"/proc/self/fd/{name}") == str(tmp_path)
        ]
        copy = os.dup(descriptor)  # as a fork has it
    entered = threading.Event()

    def enter():
        with alone_in(tmp_path):
            entered.set()

    threading.Thread(target=enter, daemon=True).start()
    assert entered.wait(10)
    os.close(copy)


def test_a_file_of_exactly_the_most_bytes_is_read(tmp_path):
    (tmp_path / "a.csv").write_text("1\n2\n")
    assert len(cv.load_series(tmp_path / "a.csv", max_bytes=4)) == 2
