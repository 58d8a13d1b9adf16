"""Where a padded convolution's kernel stands at each of its steps."""

from typing import NamedTuple


class Geometry(NamedTuple):
    """Where a kernel stands over a window that is padded so that there are ceil(window / stride) outputs."""

    window: int
    kernel_size: int
    stride: int
    dilation: int

    @property
    def n_outputs(self) -> int:
        """Output steps."""
        return -(-self.window // self.stride)

    @property
    def span(self) -> int:
        """Samples from the first to the last that the kernel sees."""
        return (self.kernel_size - 1) * self.dilation + 1

    @property
    def padding(self) -> tuple[int, int]:
        """Zeros on the left and on the right: Keras puts the odd one on the right."""
        total = max((self.n_outputs - 1) * self.stride + self.span - self.window, 0)
        return total // 2, total - total // 2

    def seen(self, step: int) -> list[int]:
        """The samples of the window under the kernel at an output step; outside 0..window-1 is padding."""
        first = step * self.stride - self.padding[0]
        return list(range(first, first + self.span, self.dilation))

    def n_padding_seen(self, step: int) -> int:
        """How many of the cells under the kernel are padding."""
        return sum(self.is_padding(sample) for sample in self.seen(step))

    def is_padding(self, sample: int) -> bool:
        """Whether a sample lies outside the window."""
        return not 0 <= sample < self.window
