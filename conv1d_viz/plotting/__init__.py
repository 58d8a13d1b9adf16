"""Figures that show data: functions take arrays, never a model; return the Axes, or a figure and its array of them."""
