from .ablation.contributions import channel_contributions
from .ablation.cut import predict_ablated
from .ablation.shapley import estimate_shapley
from .ablation.study import ablation_study
from .diagrams.animations import animate_kernel, animate_windows
from .diagrams.diagonals import draw_index_matrix, draw_parallelogram
from .diagrams.model import draw_model
from .explore.channels import explore_channels
from .explore.deletions import explore_deletions
from .network.forecaster import build_model, with_scaling
from .network.runs import load_runs, train_many
from .network.storage import load_info, load_model, save_model
from .network.training import train
from .plotting.channels import plot_channel_bars, plot_contributions, plot_segments
from .plotting.deletions import plot_forecast_panels, plot_matrix, plot_pair_grid, plot_subsets
from .plotting.layers import plot_diagonal_deviation, plot_kernels, plot_reads, plot_window_map
from .plotting.series import plot_forecast, plot_history, plot_series
from .plotting.strips import plot_strip_columns, plot_strips
from .project import save_figure
from .series.period import find_period
from .series.waves import cylinder_bell_funnel, toy_series
from .series.windows import check_series, sliding_windows
from .timelines.activations import layer_activations
from .timelines.diagonals import coverage, diagonal_sum
from .timelines.fields import receptive_field
from .timelines.long_series import series_timeline
from .timelines.roles import channel_roles
from .timelines.segments import top_segments

__version__: str
__all__ = [
    "ablation_study",
    "animate_kernel",
    "animate_windows",
    "build_model",
    "channel_contributions",
    "channel_roles",
    "check_series",
    "coverage",
    "cylinder_bell_funnel",
    "diagonal_sum",
    "draw_index_matrix",
    "draw_model",
    "draw_parallelogram",
    "estimate_shapley",
    "explore_channels",
    "explore_deletions",
    "find_period",
    "layer_activations",
    "load_info",
    "load_model",
    "load_runs",
    "plot_channel_bars",
    "plot_contributions",
    "plot_diagonal_deviation",
    "plot_forecast",
    "plot_forecast_panels",
    "plot_history",
    "plot_kernels",
    "plot_matrix",
    "plot_pair_grid",
    "plot_reads",
    "plot_segments",
    "plot_series",
    "plot_strip_columns",
    "plot_strips",
    "plot_subsets",
    "plot_window_map",
    "predict_ablated",
    "receptive_field",
    "save_figure",
    "save_model",
    "series_timeline",
    "sliding_windows",
    "top_segments",
    "toy_series",
    "train",
    "train_many",
    "with_scaling",
]
