"""A case as pictures that need no script: for paper, and for browsers that run none."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from lidnet_mm.benchmark.cases.case import Case, detections_of, truth_of
from lidnet_mm.benchmark.cases.case_images import binned, shown_region
from lidnet_mm.evaluation.box_overlap import box_overlap
from lidnet_mm.visualization.slice_figure import DETECTION_COLOUR, TRUTH_COLOUR
from lidnet_mm.visualization.windowing import apply_window

WIDTH = 200
"""Pixels of a picture; the enlarged region below it has as many."""

MOST_BYTES = 3.5e6
"""Of all pictures of a report, before base 64."""

QUALITIES = (100, 90, 75, 60, 45, 30)
"""Of WebP; 100 stands for lossless."""


@dataclass(frozen=True)
class CasePicture:
    """One image of a case: the slice with boxes, and the region below it.

    Attributes:
        title (str): Which image.
        source (str): The picture as a data URI.
        size (tuple[int, int]): Width and height in pixels.
        overlap (float | None): Largest IoU of a drawn prediction with a lesion; None where there
            is no lesion, 0 where none was found.
        description (str): What the picture shows, in words.
    """

    title: str
    source: str
    size: tuple[int, int]
    overlap: float | None
    description: str


def case_pictures(case: Case, most_bytes: float) -> list[CasePicture]:
    """Draw a case.

    Args:
        case (Case): The case; its neighbours are left out.
        most_bytes (float): Of all its pictures together; what is more is compressed with loss,
            down to a quality of 30 of 100.

    Returns:
        list[CasePicture]: One a title, in the order of ``case.images``.
    """
    drawn = {title: _draw(case, title) for title in case.images}
    encoded = _encode(list(drawn.values()), most_bytes)
    return [
        CasePicture(
            title,
            "data:image/webp;base64," + base64.b64encode(content).decode("ascii"),
            drawn[title].size,
            best_overlap(case, title),
            _in_words(case, title),
        )
        for title, content in zip(drawn, encoded, strict=True)
    ]


def best_overlap(case: Case, title: str) -> float | None:
    """Largest IoU of a prediction above the case's threshold with a lesion.

    Args:
        case (Case): The case.
        title (str): Which image.

    Returns:
        float | None: In [0, 1]; None where there is no lesion.
    """
    truth = truth_of(case)
    if not len(truth):
        return None
    found = detections_of(case, title).above(case.score_threshold)
    return float(box_overlap(found.boxes, truth).max(initial=0.0))


def _draw(case: Case, title: str) -> Image.Image:
    """The slice above its enlarged region."""
    image = np.asarray(case.images[title])
    x1, y1, x2, y2 = shown_region(case)
    below = _enlarged(image[y1:y2, x1:x2], case.window_hu)
    binning = max(1, round(image.shape[1] / WIDTH))
    above = _enlarged(binned(image, binning), case.window_hu).convert("RGB")
    scale = WIDTH / image.shape[1]
    drawing = ImageDraw.Draw(above)
    found = detections_of(case, title).above(case.score_threshold)
    for colour, boxes in ((TRUTH_COLOUR, truth_of(case)), (DETECTION_COLOUR, found.boxes)):
        for box in boxes:
            drawing.rectangle([scale * float(edge) for edge in box], outline=colour, width=2)
    both = Image.new("RGB", (WIDTH, above.height + 4 + below.height), "white")
    both.paste(above, (0, 0))
    both.paste(below, (0, above.height + 4))
    return both


def _enlarged(hu: np.ndarray, window: tuple[float, float]) -> Image.Image:
    """Grey values, each pixel a square."""
    grey = Image.fromarray(apply_window(hu, window))
    return grey.resize((WIDTH, round(WIDTH * hu.shape[0] / hu.shape[1])), Image.Resampling.NEAREST)


def _encode(pictures: Sequence[Image.Image], most_bytes: float) -> list[bytes]:
    """The pictures of a case in the best quality that fits."""
    for quality in QUALITIES:
        encoded = [_webp(picture, quality) for picture in pictures]
        if sum(map(len, encoded)) <= most_bytes:
            break
    return encoded


def _webp(picture: Image.Image, quality: int) -> bytes:
    """A WebP file."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=quality == QUALITIES[0], quality=quality, method=2)
    return buffer.getvalue()


def _in_words(case: Case, title: str) -> str:
    """The picture in words, for those who cannot see it."""
    lesions = len(truth_of(case))
    scores = detections_of(case, title).above(case.score_threshold).scores
    found = ", ".join(f"{score:.2f}" for score in scores)
    detected = f"{len(scores)} predicted (score {found})" if len(scores) else "none predicted"
    return f"{title}: {lesions} annotated lesion{'' if lesions == 1 else 's'}, {detected}"
