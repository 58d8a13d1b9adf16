"""Send everything that notebooks write during a test run to a folder of its own.

The kernels that nbval starts, and the workers of pytest-xdist, inherit the environment as it is while this file is
imported, so a fixture would come too late.
"""

import atexit
import os
import shutil
import tempfile
from pathlib import Path

if "CONV1D_VIZ_OUTPUT" not in os.environ:
    os.environ["CONV1D_VIZ_OUTPUT"] = tempfile.mkdtemp(prefix="conv1d_viz-")
    atexit.register(shutil.rmtree, os.environ["CONV1D_VIZ_OUTPUT"], ignore_errors=True)


def pytest_configure(config):
    """Tell nbval what not to compare, by a path that holds wherever pytest is started."""
    config.option.nbval_sanitize_with = str(Path(__file__).parent / "tests" / "nbval_sanitize.cfg")
