"""Pictures of CT slices with annotated and predicted boxes, as PNG."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lidnet_mm.visualization.figure_text import figure_text
from lidnet_mm.visualization.windowing import apply_window

TRUTH_COLOUR = "#56b4e9"
DETECTION_COLOUR = "#f0a500"
DPI = 100
SCORE_HEIGHT = 0.055
"""Size of the score's letters as a part of the picture's width: legible when shown at half size."""
TITLE_HEIGHT_PX = 28
GAP_PX = 6


@dataclass(frozen=True)
class Detections:
    """Predicted boxes of one image.

    Attributes:
        boxes (np.ndarray): (n, 4), x1 y1 x2 y2 in pixels.
        scores (np.ndarray): (n,), in [0, 1].
    """

    boxes: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    scores: np.ndarray = field(default_factory=lambda: np.zeros(0))

    def __post_init__(self) -> None:
        if np.shape(self.boxes) != (len(self.scores), 4):
            raise ValueError(
                f"detections need boxes (n, 4) and scores (n,), got {np.shape(self.boxes)} "
                f"and {np.shape(self.scores)}"
            )

    def above(self, score: float) -> "Detections":
        """Those with at least this score."""
        kept = np.asarray(self.scores) >= score
        return Detections(np.asarray(self.boxes)[kept], np.asarray(self.scores)[kept])


@dataclass(frozen=True)
class SlicePanel:
    """One image to draw.

    Attributes:
        title (str): What it is, such as ``LDCT``.
        image (np.ndarray): (H, W) in HU.
        ground_truth (np.ndarray): Annotated boxes (n, 4), drawn solid.
        detections (Detections): Predicted boxes, drawn dashed with their score.
    """

    title: str
    image: np.ndarray
    ground_truth: np.ndarray = field(default_factory=lambda: np.zeros((0, 4)))
    detections: Detections = field(default_factory=Detections)


def slice_png(
    panel: SlicePanel,
    window: Sequence[float],
    width: int = 480,
    region: tuple[int, int, int, int] | None = None,
) -> bytes:
    """Picture of one slice, without title.

    Pixels are drawn as squares, not interpolated, so noise looks as it is. Box coordinate 0 is the
    outer edge of the first pixel, as in COCO.

    Args:
        panel (SlicePanel): Image and boxes.
        window (Sequence[float]): Lower and upper limit in HU.
        width (int): Width of the picture in pixels; the height follows from the image.
        region (tuple[int, int, int, int] | None): x1 y1 x2 y2 of the part to show, in pixels.
            Defaults to the whole image.

    Returns:
        bytes: A PNG file.

    Raises:
        ValueError: If the image is not (H, W), holds NaN, or the window is empty.
    """
    x1, y1, x2, y2 = region or _whole(panel.image)
    figure = _figure(width, round(width * (y2 - y1) / (x2 - x1)))
    axes = figure.add_axes((0, 0, 1, 1))
    _draw(axes, panel, window, (x1, y1, x2, y2))
    return _to_png(figure)


def panels_png(panels: Sequence[SlicePanel], window: Sequence[float], width: int = 360) -> bytes:
    """Picture of several slices of one shape side by side, each with its title.

    Args:
        panels (Sequence[SlicePanel]): Images, left to right, all of one shape.
        window (Sequence[float]): Lower and upper limit in HU, stated in the first title.
        width (int): Width of each panel in pixels.

    Returns:
        bytes: A PNG file.

    Raises:
        ValueError: If there is no panel or shapes differ.
    """
    shapes = {panel.image.shape for panel in panels}
    if len(shapes) != 1:
        raise ValueError(f"panels side by side need one common shape, got {sorted(shapes)}")
    rows, columns = shapes.pop()
    height = round(width * rows / columns)
    total = (len(panels) * (width + GAP_PX) - GAP_PX, height + TITLE_HEIGHT_PX)
    figure = _figure(*total)
    for index, panel in enumerate(panels):
        left = index * (width + GAP_PX) / total[0]
        axes = figure.add_axes((left, 0, width / total[0], height / total[1]))
        _draw(axes, panel, window, _whole(panel.image))
        limits = f"  [{window[0]:g}, {window[1]:g}] HU" if index == 0 else ""
        axes.set_title(figure_text(panel.title) + limits, fontsize=10, pad=6)
    return _to_png(figure)


def lesion_region(
    box: np.ndarray, shape: tuple[int, int], scale: float = 1.5, smallest: int = 40
) -> tuple[int, int, int, int]:
    """Square part of an image around a lesion, shifted to lie inside.

    Args:
        box (np.ndarray): Lesion box x1 y1 x2 y2 in pixels.
        shape (tuple[int, int]): Height and width of the image.
        scale (float): Side of the part over the longer side of the box.
        smallest (int): Fewest pixels of a side.

    Returns:
        tuple[int, int, int, int]: x1 y1 x2 y2 in whole pixels; smaller where the image is.
    """
    x1, y1, x2, y2 = (float(edge) for edge in box)
    side = int(min(max(scale * max(x2 - x1, y2 - y1), smallest), *shape))
    left = int(np.clip(round((x1 + x2 - side) / 2), 0, shape[1] - side))
    top = int(np.clip(round((y1 + y2 - side) / 2), 0, shape[0] - side))
    return left, top, left + side, top + side


def _whole(image: np.ndarray) -> tuple[int, int, int, int]:
    """The region that is all of an image."""
    if image.ndim != 2:
        raise ValueError(f"a CT slice to draw must be (H, W), got {image.shape}")
    return 0, 0, image.shape[1], image.shape[0]


def _figure(width: int, height: int) -> Figure:
    """An empty figure of this size in pixels, apart from pyplot's global state."""
    figure = Figure(figsize=(width / DPI, height / DPI), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def _to_png(figure: Figure) -> bytes:
    """The figure as a PNG file, the same bytes for the same picture."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, metadata={"Software": None})
    return buffer.getvalue()


def _draw(
    axes: Axes, panel: SlicePanel, window: Sequence[float], region: tuple[int, int, int, int]
) -> None:
    """Image and boxes, limited to a region."""
    x1, y1, x2, y2 = region
    grey = apply_window(panel.image[y1:y2, x1:x2], window)
    axes.imshow(grey, cmap="gray", vmin=0, vmax=255, extent=(x1, x2, y2, y1), interpolation="none")
    axes.set_axis_off()
    for box in np.reshape(panel.ground_truth, (-1, 4)):
        _draw_box(axes, box, TRUTH_COLOUR, "-")
    for box, score in zip(panel.detections.boxes, panel.detections.scores, strict=True):
        _draw_box(axes, box, DETECTION_COLOUR, (0, (4, 2)))
        _draw_score(axes, box, float(score), region)


def _draw_box(axes: Axes, box: np.ndarray, colour: str, line: str | tuple) -> None:
    """One rectangle."""
    x1, y1, x2, y2 = box
    axes.add_patch(
        Rectangle((x1, y1), x2 - x1, y2 - y1, fill=False, edgecolor=colour, ls=line, lw=2.2)
    )


def _draw_score(
    axes: Axes, box: np.ndarray, score: float, region: tuple[int, int, int, int]
) -> None:
    """The score above a box, or inside it where there is no room above."""
    left, top, right, bottom = region
    above = box[1] - top > 1.8 * SCORE_HEIGHT * (bottom - top)
    near_right = box[0] - left > 0.85 * (right - left)
    axes.annotate(
        f"{score:.2f}",
        (box[2] if near_right else box[0], box[1]),
        xytext=(0, 3 if above else -3),
        textcoords="offset points",
        ha="right" if near_right else "left",
        va="bottom" if above else "top",
        fontsize=SCORE_HEIGHT * axes.get_window_extent().width * 72 / DPI,
        color=DETECTION_COLOUR,
        bbox={"facecolor": "black", "alpha": 0.65, "edgecolor": "none", "pad": 1.5},
        annotation_clip=True,
    )
