import subprocess
import sys

import conv1d_viz as cv


def run(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)


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


def test_every_public_name_is_there_and_documented():
    assert len(cv.__all__) == len(set(cv.__all__)) > 30
    for name in cv.__all__:
        assert getattr(cv, name).__doc__.strip(), name
        assert name in dir(cv)


def test_the_published_names_of_the_design():
    names = """toy_series sliding_windows build_model train save_model load_model layer_activations receptive_field
    diagonal_sum predict_ablated ablation_study"""
    assert set(names.split()) <= set(cv.__all__)


def test_plotting_leaves_the_global_settings_alone():
    code = (
        "import matplotlib; matplotlib.use('agg'); before = dict(matplotlib.rcParams)\n"
        "import conv1d_viz as cv\n"
        "cv.plot_matrix([[0.0, 1.0], [1.0, 0.0]]).figure.canvas.draw()\n"
        "cv.draw_index_matrix().figure.canvas.draw()\n"
        "print(dict(matplotlib.rcParams) == before)"
    )
    assert run(code).stdout.strip() == "True"
