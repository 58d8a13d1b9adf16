"""Series: toy waves, windows of a series, and its period."""
