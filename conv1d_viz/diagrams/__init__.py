"""Figures and animations that explain an idea: the model, the diagonals, the windows, the kernel.

They draw from sizes alone and know neither Keras nor any data.
"""

from conv1d_viz.diagrams.architecture import draw_model
from conv1d_viz.diagrams.index_matrix import draw_index_matrix
from conv1d_viz.diagrams.kernel import animate_kernel
from conv1d_viz.diagrams.parallelogram import draw_parallelogram
from conv1d_viz.diagrams.sliding import animate_windows

__all__ = ["animate_kernel", "animate_windows", "draw_index_matrix", "draw_model", "draw_parallelogram"]
