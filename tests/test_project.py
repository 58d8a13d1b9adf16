"""Where things are read and written, whole or not at all."""

import os

import matplotlib.pyplot as plt
import pytest
from PIL import Image

import conv1d_viz as cv


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose folder of notebooks is the working directory."""
    root = tmp_path / "a project ü"
    (root / "notebooks").mkdir(parents=True)
    (root / "pyproject.toml").touch()
    monkeypatch.chdir(root / "notebooks")
    monkeypatch.delenv("CONV1D_VIZ_OUTPUT", raising=False)
    return root


def test_bare_names_mean_files_of_the_project(project, model):
    assert cv.save_model(model, "wave", info={"a": 1}) == project / "models" / "wave.keras"
    assert cv.load_model("wave").name == model.name
    assert cv.load_info("wave")["a"] == 1
    assert cv.save_figure(plt.figure(), "empty") is None
    assert (project / "figures" / "empty.png").exists()


def test_the_output_folder_is_written_to_and_read_only_for_want_of_the_projects_own(project, model, monkeypatch):
    cv.save_model(model, "old", info={"own": True})
    monkeypatch.setenv("CONV1D_VIZ_OUTPUT", "elsewhere")
    written = [cv.save_model(model, name, info={"own": False}) for name in ("old", "new")]
    assert written == [project / "elsewhere" / "models" / f"{name}.keras" for name in ("old", "new")]
    assert [cv.load_info(name)["own"] for name in ("old", "new")] == [True, False]
    cv.save_figure(plt.figure(), "empty")
    assert os.listdir(project / "elsewhere" / "figures") == ["empty.png"]


def test_other_names_are_refused(model):
    for name in ("../a", "a/b", "", "a.h5", "a\0.keras", "~nobody-of-this-name/a.keras"):
        with pytest.raises(ValueError, match="`path` must"):
            cv.save_model(model, name)
        with pytest.raises(ValueError, match=r"`name` must be a file name without folder and ending"):
            cv.save_figure(plt.figure(), name)


def test_figures_are_repeatable_and_replace_each_other(project):
    files = []
    for _ in range(2):
        cv.save_figure(plt.figure(figsize=(4, 3)), "empty")
        files.append((project / "figures" / "empty.png").read_bytes())
    assert files[0] == files[1]
    assert os.listdir(project / "figures") == ["empty.png"]
    with Image.open(project / "figures" / "empty.png") as image:
        assert image.size == (440, 330)  # 110 dots per inch


def test_an_animation_is_an_animated_png_that_rests_on_its_last_frame(project):
    cv.save_figure(cv.animate_windows(n_samples=6, window=3), "moving")
    assert os.listdir(project / "figures") == ["moving.png"]
    with Image.open(project / "figures" / "moving.png") as movie:
        assert (movie.format, movie.n_frames >= 3) == ("PNG", True)  # one per window; frames alike become one
        movie.seek(movie.n_frames - 1)
        assert movie.info["duration"] >= 3000
        movie.load()


def test_a_failed_write_leaves_the_old_file_says_so_and_leaves_nothing_else(project):
    cv.save_figure(plt.figure(), "wave")
    path = project / "figures" / "wave.png"
    before = path.read_bytes()
    figure = plt.figure()

    def full(file, **_):
        file.write_bytes(b"half")
        raise OSError("disk full")

    figure.savefig = full
    with pytest.raises(OSError, match="full") as caught:
        cv.save_figure(figure, "wave")
    assert caught.value.__notes__ == [f"{path} could not be written; what was there is left as it was."]
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["wave.png"]
