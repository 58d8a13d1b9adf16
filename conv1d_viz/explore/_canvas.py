"""A figure that lives in an image widget, and the other parts that both explorers are made of."""

import io
from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import UInt8
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

_DPI = 100  # 9 inches become 900 pixels
_KEPT = 12  # backgrounds, of up to 3 MB each


def import_widgets() -> Any:
    """Import ipywidgets, which only the interactive views need, or say how to get it."""
    try:
        import ipywidgets
    except ImportError as error:
        raise ImportError(f"the interactive views need ipywidgets: `pip install ipywidgets` ({error}).") from None
    return ipywidgets


class Canvas:
    """A figure outside pyplot's list, and the image widget that shows it.

    Axes, numbers and legends take most of the time of a drawing and change rarely. They are drawn once and kept as
    pixels, on which the artists that move are drawn.
    """

    def __init__(self, height: float) -> None:
        self.figure = Figure(figsize=(9, height), dpi=_DPI, facecolor="white")
        self.image = import_widgets().Image(format="png", layout={"flex": "0 1 900px", "max_width": "100%"})
        self.image.add_class("conv1d-picture")
        self._agg = FigureCanvasAgg(self.figure)
        self._backgrounds: dict[Hashable, Any] = {}

    def draw(self, moving: Sequence[Artist], key: Hashable) -> None:
        """Draw the figure as it is now, and send it to the browser.

        The artists of `moving` come last, in their order. Whatever else has changed comes with another `key`.
        """
        if key not in self._backgrounds:
            for artist in moving:
                artist.set_animated(True)  # so it is left out of the background, though not of a saved figure
            self._agg.draw()
            if len(self._backgrounds) == _KEPT:
                del self._backgrounds[next(iter(self._backgrounds))]
            self._backgrounds[key] = self._agg.copy_from_bbox(self.figure.bbox)
        self._agg.restore_region(self._backgrounds[key])
        renderer = self._agg.get_renderer()
        for artist in moving:
            artist.draw(renderer)
        self.image.value = _png(np.asarray(self._agg.buffer_rgba()))


def _png(pixels: UInt8[np.ndarray, "row column 4"]) -> bytes:
    file = io.BytesIO()
    opaque = Image.fromarray(np.ascontiguousarray(pixels[..., :3]))
    opaque.save(file, format="png", compress_level=1)  # a smaller file takes longer to make than to send
    return file.getvalue()


def arrange(controls: Iterable[Any], canvas: Canvas, words: Any, kind: str) -> Any:
    """Stack rows of controls on the picture with its words, which stand beside it where there is room."""
    widgets = import_widgets()
    body = widgets.Box([canvas.image, words], layout=flow())
    box = widgets.VBox([*controls, body])
    box.add_class(f"conv1d-explore-{kind}")
    box.figure = canvas.figure
    return box


def flow() -> dict[str, str]:
    """Set widgets side by side, in as many rows as they need."""
    return {"display": "flex", "flex_flow": "row wrap", "align_items": "flex-start"}


def words_widget() -> Any:
    """A widget for what the picture shows, in words."""
    words = import_widgets().HTML(layout={"flex": "1 1 260px", "min_width": "240px", "margin": "0 0 0 12px"})
    return words.add_class("conv1d-words")


def spoken(*sentences: str) -> str:
    """HTML that a screen reader speaks when it changes: the image widget has no alternative text that could do it."""
    paragraphs = "".join(f'<p style="margin:0 0 .5em;line-height:1.4">{sentence}</p>' for sentence in sentences)
    return f'<div role="status" aria-live="polite" aria-atomic="true">{paragraphs}</div>'


def strong(text: Any) -> str:
    """Mark what a sentence is about."""
    return f"<b>{text}</b>"


def number(value: float, sign: str = "") -> str:
    """Four digits, and no minus before a zero."""
    return f"{value:{sign}z.4g}"


def sample(value: float) -> str:
    """A sample's number as it is, whole or with its half."""
    return f"{value:.0f}" if value == round(value) else f"{value:.10g}"
