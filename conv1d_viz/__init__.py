"""See what a one-dimensional convolution looks at in a time series, and which of its channels a forecast needs.

Series
    toy_series                a sine, half-wave, pulse or sum of harmonics, with noise if wanted
    cylinder_bell_funnel      samples of three classes whose difference is known: a plateau, a rise, a fall
    sliding_windows           windows of a series and the samples that follow them, as read-only views
    check_series              what a pandas Series or DataFrame holds and what is suspicious about it, in words
    find_period               the period that the spectrum of a series shows, or None

Network
    build_model               the study's forecaster: two convolutions and a global maximum
    with_scaling              a model in the series' own unit, from one that was trained on the scaled series
    train                     train with early stopping; the model ends with its best weights
    train_many, load_runs     the same training from many seeds, kept in one file
    save_model, load_model    a Keras model; a bare name stands for a file in the project's folder of models
    load_info                 the JSON file beside a model, which says how it was made

Layers and timelines
    layer_activations         a layer's output for all windows, (window, step, channel)
    receptive_field           the samples that a step of a layer sees
    diagonal_sum, coverage    activations collapsed onto the time axis, and how many cells meet in each sample
    series_timeline           the same timelines for a series of any length, without its windows
    top_segments              the stretches of data that excite each channel most
    channel_roles             silent, crest, falling, trough or rising, from the phase of each timeline

Ablation
    predict_ablated           the forecast with some channels of a layer replaced
    ablation_study            many such deletions and their losses: one, two or all subsets of the channels
    estimate_shapley          Shapley values of layers with too many channels for all subsets
    channel_contributions     what each channel adds to the sum that the next layer makes of them

Figures of data
    plot_series               a series
    plot_history              the losses of a training
    plot_forecast             a forecast over the truth, and its error
    plot_strips               channels on the time axis, one strip per channel
    plot_strip_columns        the same channels on several series
    plot_window_map           one channel by window and step
    plot_diagonal_deviation   how far the cells of a diagonal differ, step by step
    plot_kernels              what each channel multiplies the samples with
    plot_reads                where on the series the forecasts are read
    plot_channel_bars         measures of the channels side by side
    plot_contributions        which channels raise a sum and which lower it, over time
    plot_segments             the segments that excite each channel most
    plot_forecast_panels      one forecast per deletion
    plot_pair_grid            one small forecast per pair of deleted channels
    plot_matrix               a number per pair of channels
    plot_subsets              the loss of every subset, by how many channels are kept
    save_figure               a figure or an animation as a PNG in the project's folder of figures

Diagrams that explain
    draw_model                the layers of a model and the shapes between them
    draw_index_matrix         which sample each cell (window, step) looks at
    draw_parallelogram        the diagonals on the time axis
    animate_windows           a window that slides along a series
    animate_kernel            a kernel that slides along a window

Live figures, which need no kernel
    explore_channels          drag a window along a series; choose a layer, channel and step
    explore_deletions         delete channels with buttons, and see what the others add

Everything is counted in samples, and channels from 0. Figures take times or dates; strips have dates from their wave.
Functions accept anything array-like. None changes its arguments or a setting of matplotlib, except that `train` fits
its model and `series_timeline` writes to `out`; only training seeds global random generators. A plot is drawn on `ax`,
or on a new figure, and returned, never shown or saved. `title=None` leaves the title out; `unit` labels values.

Wrong arguments are refused before any work, with a TypeError or ValueError that names the parameter, what it must be
and what it was: "`window` must be at least 1. Got 0." What NumPy, Keras, matplotlib or pandas refuse clearly is left to
them. `help(cv.diagonal_sum)` and so on give shapes, units and examples.
"""

from threading import RLock as _RLock
from typing import Any as _Any

import lazy_loader as _lazy

__version__ = "0.1.0"

# The public names, which `__init__.pyi` lists, are loaded when they are first used. So windows and plots start at once,
# and Keras is imported only by what needs a model. One thread at a time loads them: threads that import matplotlib or
# Keras at the same moment may find it half imported.
_load, __dir__, __all__ = _lazy.attach_stub(__name__, __file__)
_lock = _RLock()


def __getattr__(name: str) -> _Any:
    with _lock:
        return _load(name)
