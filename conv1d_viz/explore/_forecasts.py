"""The picture of the explorer of deletions: lines that are drawn once, one of which changes its values."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from conv1d_viz.plotting.style import ACCENT, INK, TRUTH, dress, legend, name_axes, plain_numbers


class ForecastPicture:
    """The truth, the forecast with all channels, and one without some of them."""

    def __init__(
        self,
        figure: Figure,
        time: Float[np.ndarray, " window"],
        truth: Float[np.ndarray, " window"],
        baseline: Float[np.ndarray, " window"],
        span: tuple[float, float],
        unit: str,
    ) -> None:
        # A place that stays: a layout engine would take longer than the drawing.
        self.ax = ax = figure.add_axes((0.09, 0.135, 0.885, 0.68))
        (wide,) = ax.plot(time, truth, color=TRUTH, linewidth=4.5, solid_capstyle="round", label="truth")
        (self.line,) = ax.plot(time, baseline, color=INK, linewidth=2.2, label="with the chosen channels deleted")
        # Above the other, or it would vanish while nothing is deleted.
        (thin,) = ax.plot(time, baseline, color=ACCENT, linewidth=1, label="with all channels")
        self.low, self.high = min(span[0], float(truth.min())), max(span[1], float(truth.max()))
        ax.margins(x=0)
        dress(ax, None, "sample", unit)
        plain_numbers(ax)
        legend(ax)
        self.title = name_axes(ax, "", pad=24)  # above the legend, which may be as wide as the axes
        self.moving = [wide, self.line, thin, self.title]

    def show(self, values: Float[np.ndarray, " window"], title: str) -> None:
        """Show another forecast, on the scale that all share unless it goes beyond that."""
        self.line.set_ydata(values)
        low, high = min(self.low, float(values.min())), max(self.high, float(values.max()))
        margin = 0.05 * (high - low) or 1.0
        self.ax.set_ylim(low - margin, high + margin)
        self.title.set_text(title)
