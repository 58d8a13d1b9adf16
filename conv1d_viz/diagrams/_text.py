"""How much room a text takes, and how to make it fit."""

import re

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextPath

# Where a word too long for its line may break: after "_", and before the capital of a new word.
_JOINT = re.compile(r"(?<=_)(?=.)|(?<=[a-z])(?=[A-Z])")


def counted(n: int, noun: str) -> str:
    """A number and its noun, such as "1 step" or "1,000 steps"."""
    return f"{n:,} {noun}{'' if n == 1 else 's'}"


def parts(word: str) -> list[str]:
    """The parts into which a long name may be broken."""
    return _JOINT.split(word)


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Width of one line of text in inches."""
    font = FontProperties(size=size, weight="bold" if bold else "normal")
    return float(TextPath((0, 0), text, prop=font).get_extents().width) / 72 if text.strip() else 0.0


def cell_size(text: str, width: float, height: float, largest: float) -> float:
    """Type size in points, at most `largest`, at which bold `text` leaves air in a cell of that many inches."""
    return min(largest, 0.78 * width / text_width(text, 1, bold=True), 0.6 * height * 72)


def wrap(text: str, width: float, size: float, *, bold: bool = False) -> str:
    """Break `text` into lines of at most `width` inches where that can be done."""
    lines = [""]
    for word in text.split():
        fits = text_width(word, size, bold=bold) <= width
        for i, part in enumerate([word] if fits else parts(word)):
            longer = f"{lines[-1]} {part}" if i == 0 and lines[-1] else lines[-1] + part
            if lines[-1] and text_width(longer, size, bold=bold) > width:
                lines.append(part)
            else:
                lines[-1] = longer
    return "\n".join(lines)
