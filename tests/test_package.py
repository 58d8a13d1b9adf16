import ast
import doctest
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import conv1d_viz as cv

PACKAGE = Path(cv.__file__).parent
MODULES = {file.relative_to(PACKAGE).as_posix(): file.read_text(encoding="utf-8") for file in PACKAGE.rglob("*.py")}
# A room imports only rooms above it.
ROOMS = ["checks", "project", "series", "network", "timelines", "ablation", "plotting", "diagrams", "explore"]


def run(code):
    # TensorFlow sets variables when it is imported, as it may have been in this process, and they make it talkative.
    env = {name: os.environ[name] for name in ("PATH", "HOME", "PYTHONPATH", "KERAS_BACKEND") if name in os.environ}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)


def test_importing_and_windowing_and_plotting_need_no_backend():
    code = (
        "import sys, conv1d_viz as cv\n"
        "t, wave = cv.toy_series(300)\n"
        "cv.sliding_windows(wave, 100); cv.diagonal_sum([[[1.0]]]); cv.plot_series(t, wave)\n"
        "print({'keras', 'tensorflow', 'torch', 'jax'} & set(sys.modules))"
    )
    assert run(code).stdout.strip() == "set()"


def test_importing_alone_loads_none_of_the_heavy_libraries():
    code = "import sys, conv1d_viz; print({'numpy', 'pandas', 'matplotlib', 'keras'} & set(sys.modules))"
    assert run(code).stdout.strip() == "set()"


def test_keras_is_imported_without_a_word():
    done = run("import conv1d_viz as cv; cv.build_model(); import os; os.write(2, b'still open')")
    assert (done.stdout, done.stderr) == ("", "still open")


def test_keras_is_imported_where_there_is_no_standard_error():
    code = "import conv1d_viz as cv; print(len(cv.build_model().layers))"
    closed = ["sh", "-c", 'exec "$0" -c "$1" 2>&-', sys.executable, code]
    assert subprocess.run(closed, stdout=subprocess.PIPE, text=True, check=True).stdout == "3\n"


def test_public_names_are_few_and_sorted_and_documented():
    assert cv.__all__ == sorted(set(cv.__all__))
    assert len(cv.__all__) <= 48
    for name in cv.__all__:
        assert getattr(cv, name).__doc__.strip(), name
        assert name in dir(cv)


def test_the_docstring_of_the_package_has_a_line_for_every_public_name():
    rows = re.findall(r"^    (\w+(?:, \w+)*)  +\S", cv.__doc__, re.M)
    assert sorted(name for row in rows for name in row.split(", ")) == sorted(cv.__all__)


def test_the_examples_of_docstrings_run():
    names, runner = {name: getattr(cv, name) for name in cv.__all__}, doctest.DocTestRunner()
    for name, public in names.items():
        for example in doctest.DocTestFinder(recurse=False).find(public, name, globs=names | {"np": np}):
            runner.run(example)
    assert runner.failures == 0
    assert runner.tries >= 10


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short_and_import_only_rooms_above_theirs(module):
    assert len(MODULES[module].splitlines()) <= 350
    room = module.removesuffix(".py").partition("/")[0]
    if room == "__init__":
        return
    above = ROOMS[: ROOMS.index(room) + (module.count("/") > 0)]  # a room of several files imports its own, too
    for node in ast.walk(ast.parse(MODULES[module])):
        if isinstance(node, ast.ImportFrom):
            assert not node.level, "imports say where from"
            imported = [node.module] if node.module != "conv1d_viz" else [f"conv1d_viz.{n.name}" for n in node.names]
        elif isinstance(node, ast.Import):
            imported = [name.name for name in node.names]
        else:
            continue
        for name in imported:
            package, _, inside = name.partition(".")
            assert package != "tensorflow"
            assert package != "conv1d_viz" or inside.partition(".")[0] in above, f"{module} imports {name}"
