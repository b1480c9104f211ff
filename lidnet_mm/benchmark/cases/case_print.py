"""A case as pictures that need no script: for paper, and for browsers that run none."""

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from lidnet_mm.benchmark.cases.case import Case, detections_of, truth_of
from lidnet_mm.benchmark.cases.case_images import shown_region
from lidnet_mm.evaluation.box_overlap import box_overlap
from lidnet_mm.visualization.binning import binned
from lidnet_mm.visualization.slice_figure import DETECTION_COLOUR, TRUTH_COLOUR
from lidnet_mm.visualization.windowing import apply_window

WIDTH = 200
"""Pixels of a picture; the enlarged region below it has as many."""

LOSSLESS = 100
FORMS = (
    *((WIDTH, quality) for quality in (LOSSLESS, 90, 75, 60, 45, 30)),
    (140, 30),
    (100, 30),
)
"""Width in pixels and quality of WebP: the first is taken in which all pictures fit."""

LETTERS_A_PICTURE = 400
"""Of the page around a picture and its words."""


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

    @property
    def letters(self) -> int:
        """How much of a page it takes, at most."""
        return len(self.source) + 2 * len(self.title) + len(self.description) + LETTERS_A_PICTURE


def case_pictures(
    case: Case, most_letters: float, by_importance: Sequence[str] = ()
) -> list[CasePicture]:
    """Draw a case.

    Args:
        case (Case): The case; its neighbours are left out.
        most_letters (float): Of all its pictures together. What is more is compressed with loss,
            then made smaller, then left out.
        by_importance (Sequence[str]): All titles, the one to keep to the last first. Defaults to
            the order of ``case.images``.

    Returns:
        list[CasePicture]: One a title, in the order of ``case.images``; less where they do not
            fit.
    """
    drawn = {title: _draw(case, title) for title in by_importance or case.images}
    for width, quality in FORMS:
        fitting = _fitting(case, drawn, width, quality, most_letters)
        if len(fitting) == len(drawn):
            break
    return sorted(fitting, key=lambda picture: list(case.images).index(picture.title))


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


def _fitting(
    case: Case,
    drawn: Mapping[str, Image.Image],
    width: int,
    quality: int,
    most_letters: float,
) -> list[CasePicture]:
    """Pictures in one form, as many from the first on as there is room for."""
    found: list[CasePicture] = []
    for title, whole in drawn.items():
        size = (width, round(whole.height * width / whole.width))
        picture = CasePicture(
            title,
            "data:image/webp;base64," + _webp(whole.resize(size), quality),
            size,
            best_overlap(case, title),
            _in_words(case, title),
        )
        most_letters -= picture.letters
        if most_letters < 0:
            break
        found.append(picture)
    return found


def _webp(picture: Image.Image, quality: int) -> str:
    """A WebP file in base 64."""
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", lossless=quality == LOSSLESS, quality=quality, method=2)
    return base64.b64encode(buffer.getvalue()).decode("ascii")


def _in_words(case: Case, title: str) -> str:
    """The picture in words, for those who cannot see it."""
    lesions = len(truth_of(case))
    scores = detections_of(case, title).above(case.score_threshold).scores
    found = ", ".join(f"{score:.2f}" for score in scores)
    detected = f"{len(scores)} predicted (score {found})" if len(scores) else "none predicted"
    return f"{title}: {lesions} annotated lesion{'' if lesions == 1 else 's'}, {detected}"
