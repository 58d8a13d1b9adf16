"""Every figure that shows data: functions take arrays, never a model, and return the axes that they drew on."""

from conv1d_viz.plotting.ablation import plot_forecast_panels
from conv1d_viz.plotting.channels import plot_channel_bars, plot_rankings
from conv1d_viz.plotting.columns import plot_strip_columns
from conv1d_viz.plotting.dates import label_dates
from conv1d_viz.plotting.kernels import plot_kernels
from conv1d_viz.plotting.layers import plot_diagonal_deviation, plot_window_map
from conv1d_viz.plotting.pairs import plot_matrix, plot_pair_grid
from conv1d_viz.plotting.reads import plot_reads
from conv1d_viz.plotting.series import plot_forecast, plot_history, plot_series
from conv1d_viz.plotting.spread import plot_spread
from conv1d_viz.plotting.strips import plot_strip, plot_strips
from conv1d_viz.plotting.subsets import plot_subsets
from conv1d_viz.plotting.timelines import plot_fill, plot_timeline_map

__all__ = [
    "label_dates",
    "plot_channel_bars",
    "plot_diagonal_deviation",
    "plot_fill",
    "plot_forecast",
    "plot_forecast_panels",
    "plot_history",
    "plot_kernels",
    "plot_matrix",
    "plot_pair_grid",
    "plot_rankings",
    "plot_reads",
    "plot_series",
    "plot_spread",
    "plot_strip",
    "plot_strip_columns",
    "plot_strips",
    "plot_subsets",
    "plot_timeline_map",
    "plot_window_map",
]
