"""Figures and animations that explain an idea: the model, the diagonals, the windows, the kernel."""
