"""Every figure that shows data: functions take arrays, never a model, and return the axes that they drew on."""

from conv1d_viz.plotting.ablation import plot_forecast_panels
from conv1d_viz.plotting.kernels import plot_kernels
from conv1d_viz.plotting.layers import plot_diagonal_deviation, plot_window_map
from conv1d_viz.plotting.pairs import plot_matrix, plot_pair_grid
from conv1d_viz.plotting.series import plot_forecast, plot_history, plot_series
from conv1d_viz.plotting.strips import plot_strip, plot_strip_columns, plot_strips
from conv1d_viz.plotting.timelines import plot_fill, plot_timeline_map

__all__ = [
    "plot_diagonal_deviation",
    "plot_fill",
    "plot_forecast",
    "plot_forecast_panels",
    "plot_history",
    "plot_kernels",
    "plot_matrix",
    "plot_pair_grid",
    "plot_series",
    "plot_strip",
    "plot_strip_columns",
    "plot_strips",
    "plot_timeline_map",
    "plot_window_map",
]
