"""Animation: a kernel slides over a zero-padded window and writes one output cell a step."""

from typing import Any

from matplotlib.animation import FuncAnimation

from conv1d_viz.checks import as_size
from conv1d_viz.diagrams._cells import ACCENT_TINT, HATCH, Cell, add_cell, tint
from conv1d_viz.diagrams._geometry import Geometry
from conv1d_viz.diagrams._stage import Stage, aim
from conv1d_viz.diagrams._text import cell_size, counted
from conv1d_viz.plotting.style import ACCENT, INK, LABEL, PAPER, SMALL

_KERNEL_Y, _INPUT_Y, _OUTPUT_Y = 0.0, 1.3, 4.2  # rows


def animate_kernel(window: Any = 16, kernel_size: Any = 10, stride: Any = 1, dilation: Any = 1) -> FuncAnimation:
    """Animate a kernel that slides over a window with "same" padding and writes its output step by step.

    Padding is hatched, and so are the output steps that saw some of it. Cells hold the index of their sample or step,
    the kernel's cells the index of their weight.

    Parameters
    ----------
    window : int
        Length of the input in samples.
    kernel_size : int
        Weights of the kernel.
    stride : int
        Samples from one output step to the next.
    dilation : int
        Samples from one weight to the next.

    Returns
    -------
    FuncAnimation
        One frame an output step, then a pause. Its figure is unknown to pyplot.

    Raises
    ------
    TypeError
        If a size is no integer.
    ValueError
        If a size is below 1, or `stride` and `dilation` are both above 1 (Keras has no such layer).

    Examples
    --------
    >>> movie = animate_kernel(window=12, kernel_size=4)
    >>> movie.save("kernel.gif", writer="pillow")  # doctest: +SKIP
    """
    kernel = Geometry(
        as_size(window, "window"),
        as_size(kernel_size, "kernel_size"),
        as_size(stride, "stride"),
        as_size(dilation, "dilation"),
    )
    if kernel.stride > 1 and kernel.dilation > 1:
        raise ValueError(f"`dilation` must be 1 where `stride` is above 1. Got {dilation} with stride {stride}.")
    scene = _Scene(kernel)
    return scene.stage.play(scene.show, kernel.n_outputs)


class _Scene:
    """The kernel, the padded window below it and the output at the bottom."""

    def __init__(self, kernel: Geometry) -> None:
        self.kernel = kernel
        self.before, after = kernel.padding
        strides = f" with stride {kernel.stride}" if kernel.stride > 1 else ""
        title = f'"same" padding{strides}: {counted(self.before, "zero")} on the left and {after} on the right'
        n_columns = self.before + kernel.window + after
        self.stage = stage = Stage(n_columns, _KERNEL_Y - 0.5, _OUTPUT_Y + 1.5, title)
        longest = max(str(-self.before), str(kernel.window + after - 1), key=len)
        self.size = cell_size(longest, stage.cell_width, stage.cell_height, LABEL)

        self.weights = [self._cell(0, _KERNEL_Y, i) for i in range(kernel.kernel_size)]
        samples = range(-self.before, kernel.window + after)
        self.inputs = {i: self._cell(i, _INPUT_Y, i, hatched=kernel.is_padding(i)) for i in samples}
        self.outputs = [self._cell(i * kernel.stride, _OUTPUT_Y, i) for i in range(kernel.n_outputs)]
        for y, name in ((_KERNEL_Y, "kernel"), (_INPUT_Y, "input"), (_OUTPUT_Y, "output")):
            stage.name_row(0, y, name)
        note = "hatched: padding, which is 0, and the output steps that saw some of it"
        stage.ax.text(-0.5, _OUTPUT_Y + 1.2, note, fontsize=SMALL, color=INK, va="center")
        self.funnel = stage.add_funnel(ACCENT)

    def show(self, step: int) -> None:
        """Put the kernel where it stands at a step and write that step's output."""
        seen = self.kernel.seen(step)
        for sample, cell in zip(seen, self.weights, strict=True):
            cell.move(self.before + sample)
            cell.paint(ACCENT, ink="white", bold=True)
        for sample, cell in self.inputs.items():
            plain = PAPER if self.kernel.is_padding(sample) else "white"
            cell.paint(ACCENT_TINT if sample in seen else plain, bold=sample in seen)
        for i, cell in enumerate(self.outputs):
            is_hatched = i <= step and self.kernel.n_padding_seen(i) > 0
            cell.box.set_hatch(HATCH if is_hatched else "")
            cell.paint(ACCENT_TINT if i == step else tint(ACCENT, 0.08) if i < step else PAPER, bold=i == step)
            cell.label.set_visible(i <= step)
        column = self.before + step * self.kernel.stride
        view = (self.before + seen[0], self.before + seen[-1], _INPUT_Y + 0.5)
        aim(self.funnel, view, (column, column, _OUTPUT_Y - 0.5))
        self.stage.caption.set_text(_caption(self.kernel, step))

    def _cell(self, sample: int, y: float, number: int, *, hatched: bool = False) -> Cell:
        """A cell in the column of a sample; sample 0 stands right of the padding."""
        return add_cell(
            self.stage.ax, self.before + sample, y, number, size=self.size, hatch=HATCH if hatched else None
        )


def _caption(kernel: Geometry, step: int) -> str:
    """What the kernel sees at a step, in words."""
    seen, missing = kernel.seen(step), kernel.n_padding_seen(step)
    samples = f"sample {seen[0]}" if len(seen) == 1 else f"samples {seen[0]}..{seen[-1]}"
    every = f", one in {kernel.dilation}" if kernel.dilation > 1 and len(seen) > 1 else ""
    rest = "none" if not missing else f"{missing} of {len(seen)} cells"
    return f"step {step} sees {samples}{every}: {rest} {'are' if missing > 1 else 'is'} padding"
