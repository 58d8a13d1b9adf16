"""Where the notebooks read and write: models and figures, whole or not at all."""

import contextlib
import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from PIL import Image

from conv1d_viz.checks import as_size, one_of

try:
    import fcntl
except ImportError:
    fcntl = None  # type: ignore[assignment]  # it is a module elsewhere

MODELS, FIGURES = "models", "figures"
ENDINGS = (".keras", ".npz")  # of a model, and of many trainings of one


def project_root() -> Path:
    """Return the nearest folder, from the working directory upwards, that holds the notebooks; else that directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    return here


def output_root() -> Path:
    """Return the folder that everything is written to: `CONV1D_VIZ_OUTPUT` where that is set, else the project's root.

    A relative path counts from that root.
    """
    folder = os.environ.get("CONV1D_VIZ_OUTPUT")
    return project_root() / Path(folder).expanduser() if folder else project_root()


def model_path(name: str, ending: str = ".keras") -> Path:
    """Return the path that a model of this name, or with ".npz" many trainings, is written to."""
    return output_root() / MODELS / _file(name, ending)


def find_model(name: str, ending: str = ".keras") -> Path:
    """Return the path that it is read from: the project's own, or else one just written."""
    own = project_root() / MODELS / _file(name, ending)
    return own if own.exists() else model_path(name, ending)


def save_figure(figure: Any, name: str) -> Path:
    """Write a figure, the figure of an axes, or an animation into the folder of figures.

    Parameters
    ----------
    figure : Figure, Axes or Animation
        What to write. An animation becomes a GIF, with its last frame as a PNG beside it, for print; all else a PNG
        of 150 dots per inch.
    name : str
        File name without its ending. A file of that name is replaced.

    Returns
    -------
    Path
        The file.
    """
    animated = hasattr(figure, "to_jshtml")
    if not animated and not hasattr(figure, "savefig"):
        if not hasattr(figure, "get_figure"):
            raise TypeError(f"`figure` must be a Figure, an Axes or an Animation. Got {type(figure).__name__}.")
        figure = figure.get_figure(root=True)
        if figure is None:
            raise ValueError("`figure` must be a Figure, an Axes of one or an Animation. Got one that is in no figure.")
    path = output_root() / FIGURES / (_plain(name) + (".gif" if animated else ".png"))
    with replacing(path) as temporary:
        if animated:
            figure.save(temporary, writer="pillow", dpi=100)
        else:
            figure.savefig(temporary, dpi=150, metadata={"Software": None})  # no version, so that files compare
    if animated:
        with Image.open(path) as movie, replacing(path.with_suffix(".png")) as temporary:
            movie.seek(movie.n_frames - 1)  # type: ignore[attr-defined]  # a GIF has it
            movie.convert("RGB").save(temporary)
    return path


def as_path(path: Any, ending: str) -> Path:
    """Return `path` as a Path, with "~" for the home; it must end in `ending`."""
    file = as_plain_path(path)
    if file.suffix != ending:
        raise ValueError(f"`path` must end in {ending}. Got {file}.")
    return file


def as_plain_path(path: Any) -> Path:
    """Return `path` as a Path, with "~" for the home."""
    try:
        file = Path(path).expanduser()
    except TypeError:
        raise TypeError(f"`path` must be a path. Got {path!r}.") from None
    except RuntimeError as error:  # of a user who is not known
        raise ValueError(f"`path` must be a path. Got {path!r}: {error}") from None
    if "\0" in str(file):
        raise ValueError(f"`path` must be a path. Got {path!r}.")
    return file


def require_size(path: Path, max_bytes: Any, size: int | None = None) -> None:
    """Refuse a file, or an archive that unpacks to `size` bytes, that is larger than `max_bytes`."""
    max_bytes = as_size(max_bytes, "max_bytes")
    size = path.stat().st_size if size is None else size
    if size > max_bytes:
        raise ValueError(
            f"`path` must be a file of at most {max_bytes:,} bytes, `max_bytes`. Got {path} with {size:,}."
        )


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out a temporary path beside `path`; what is written there replaces `path` at once, or not at all."""
    _refuse_folder(path)
    temporary = path.with_name(f".{path.stem}-{uuid.uuid4().hex}{path.suffix}")
    try:
        with _saying_which(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            yield temporary
            os.replace(temporary, path)
    finally:
        with contextlib.suppress(OSError):  # the error that counts is the first one
            temporary.unlink(missing_ok=True)


def require_writable(path: Path) -> None:
    """Raise where `path` could not be written, before the work that would be lost."""
    _refuse_folder(path)
    folder = next(parent for parent in path.parents if parent.exists())
    with _saying_which(path), tempfile.TemporaryFile(dir=folder):
        pass


@contextlib.contextmanager
def _saying_which(path: Path) -> Iterator[None]:
    """Add to the errors of a full disk or a read-only folder, which name a temporary file at best, what they are of."""
    try:
        yield
    except OSError as error:
        error.add_note(f"{path} could not be written; what was there is left as it was.")
        raise


def _refuse_folder(path: Path) -> None:
    if path.is_dir():
        raise IsADirectoryError(f"`path` must be free for a file. Got {path}, which is a folder.")


@contextlib.contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other thread or process that asks for it is at work in `folder`; the system ends it with them."""
    if fcntl is None:  # Windows knows no locks on folders: there the last one to write wins
        yield
        return
    folder.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)  # a child that was forked meanwhile still has it open
    finally:
        os.close(descriptor)


def _file(name: str, ending: str) -> str:
    one_of(ending, "ending", ENDINGS)
    return _plain(name) + ending


def _plain(name: str) -> str:
    if not isinstance(name, str):
        raise TypeError(f"`name` must be a string. Got {name!r}.")
    if not Path(name).name or Path(name).name != name or name == ".." or "\0" in name:
        raise ValueError(f"`name` must be a file name without folders. Got {name!r}.")
    return name
