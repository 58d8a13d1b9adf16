"""Where the notebooks read and write: models and figures, written completely or not at all."""

import contextlib
import os
import re
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from conv1d_viz.checks import as_size


def project_root() -> Path:
    """Return the nearest folder, from the working directory upwards, that holds the notebooks; else that directory."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "notebooks").is_dir() and (folder / "pyproject.toml").is_file():
            return folder
    return here


def output_root() -> Path:
    """Return the folder that is written to: `CONV1D_VIZ_OUTPUT`, counted from the project's root, or that root."""
    return project_root() / Path(os.environ.get("CONV1D_VIZ_OUTPUT", "")).expanduser()


def as_path(path: Any, ending: str, *, reading: bool = False) -> Path:
    """Return the file that is meant: a path that ends in `ending`, or a bare name for one of the project's models.

    A bare name is a text without folders and dots. It is read from the project itself if it is there, and otherwise
    from where it is written to, the folder of `CONV1D_VIZ_OUTPUT`.
    """
    if _is_bare(path):
        own = project_root() / "models" / f"{path}{ending}"
        return own if reading and own.exists() else output_root() / "models" / own.name
    try:
        file = Path(path).expanduser()
    except TypeError:
        raise TypeError(f"`path` must be a path ending in {ending}, or a bare name. Got {path!r:.80}.") from None
    except RuntimeError as error:  # "~" of an unknown user
        raise ValueError(f"`path` must be a path. Got {path!r:.80}: {error}") from None
    if file.suffix != ending or "\0" in str(file):
        old = "; `keras.saving.load_model` reads it" if reading and file.suffix == ".h5" else ""
        raise ValueError(f"`path` must end in {ending}, or be a bare name such as 'wave'. Got {str(file)!r:.80}{old}.")
    return file


def _is_bare(name: Any) -> bool:
    return isinstance(name, str) and re.fullmatch(r"[^./\\\0]+", name) is not None


def save_figure(figure: Any, name: str) -> None:
    """Write a figure, the figure of an axes, or an animation into the folder of figures.

    It becomes a PNG with 110 dots per inch, an animation an animated one. `name` is the file's, without its ending; a
    file of that name is replaced.
    """
    if not _is_bare(name):
        raise ValueError(f"`name` must be a file name without folder and ending, such as 'wave'. Got {name!r:.80}.")
    animated = hasattr(figure, "to_jshtml")
    if not animated and not hasattr(figure, "savefig"):
        root = figure.get_figure(root=True) if hasattr(figure, "get_figure") else None
        if root is None:
            raise TypeError(f"`figure` must be a Figure, an Axes in one or an Animation. Got {type(figure).__name__}.")
        figure = root
    with replacing(output_root() / "figures" / f"{name}.png") as temporary:
        if animated:
            figure.save(temporary, writer="pillow", dpi=110)
        else:
            figure.savefig(temporary, dpi=110, metadata={"Software": None})  # no version, so that files compare


def require_file(path: Path, max_bytes: Any, made_by: str) -> None:
    """Refuse what is no file, or is larger than `max_bytes`."""
    if not path.is_file():
        raise FileNotFoundError(f"`path` must be a file. Got {path}; {made_by} makes such files.")
    size, limit = path.stat().st_size, as_size(max_bytes, "max_bytes")
    if size > limit:
        raise ValueError(f"`path` must be a file of at most {limit:,} bytes, `max_bytes`. Got {path} with {size:,}.")


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Hand out a temporary path beside `path`; what is written there replaces `path` at once, or not at all."""
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
    folder = next(parent for parent in path.parents if parent.exists())
    with _saying_which(path), tempfile.TemporaryFile(dir=folder):
        pass


@contextlib.contextmanager
def _saying_which(path: Path) -> Iterator[None]:
    """Refuse a folder of that name, and add the real path to errors, which at best name a temporary file."""
    if path.is_dir():
        raise IsADirectoryError(f"`path` must be free for a file. Got {path}, which is a folder.")
    try:
        yield
    except OSError as error:
        error.add_note(f"{path} could not be written; what was there is left as it was.")
        raise
