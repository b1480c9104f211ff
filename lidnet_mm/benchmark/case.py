"""An example slice of a report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.visualization.html_page import data_uri
from lidnet_mm.visualization.slice_figure import Detections, SlicePanel, lesion_region, slice_png


@dataclass(frozen=True)
class Case:
    """One slice as several methods show it.

    Attributes:
        name (str): Pseudonym, such as ``case_0003, slice 12``; never a name from the source.
        images (dict[str, np.ndarray]): (H, W) in HU by title, in the order of columns, such as
            LDCT, baseline, LIDnet, NDCT.
        ground_truth (np.ndarray): Lesion boxes (n, 4), x1 y1 x2 y2 in pixels.
        detections (dict[str, tuple[np.ndarray, np.ndarray]]): Boxes (n, 4) and scores (n,) of the
            judge by title; a title may be absent.
        window_hu (tuple[float, float]): HU limits in which to show the images.
        score_threshold (float): Lowest score of a prediction that is drawn. Defaults to 0.3.

    Raises:
        ValueError: If there is no image, shapes differ, or detections name no image.
    """

    name: str
    images: Mapping[str, np.ndarray]
    ground_truth: np.ndarray
    detections: Mapping[str, tuple[np.ndarray, np.ndarray]]
    window_hu: tuple[float, float]
    score_threshold: float = 0.3

    def __post_init__(self) -> None:
        HUWindow.parse(self.window_hu)
        shapes = {np.shape(image) for image in self.images.values()}
        if len(shapes) != 1:
            raise ValueError(f"case '{self.name}': images need one shape, got {sorted(shapes)}")
        unknown = set(self.detections) - set(self.images)
        if unknown:
            raise ValueError(f"case '{self.name}': detections without image: {sorted(unknown)}")


@dataclass(frozen=True)
class CasePicture:
    """One column of an example: the slice with boxes and its lesion enlarged, as data URIs.

    Attributes:
        title (str): Which image.
        whole (str): The whole slice with boxes.
        lesion (str | None): The enlarged lesion without boxes; None without a lesion.
        description (str): What the picture shows, in words.
    """

    title: str
    whole: str
    lesion: str | None
    description: str = field(default="")


def case_pictures(case: Case) -> list[CasePicture]:
    """Draw an example slice.

    The first lesion box is the one enlarged, the same part in all images.

    Args:
        case (Case): The slice.

    Returns:
        list[CasePicture]: One a title, in the order of ``case.images``.
    """
    truth = np.reshape(case.ground_truth, (-1, 4))
    pictures = []
    for title, image in case.images.items():
        boxes, scores = case.detections.get(title, (np.zeros((0, 4)), np.zeros(0)))
        drawn = Detections(np.reshape(boxes, (-1, 4)), scores).above(case.score_threshold)
        whole = slice_png(SlicePanel(title, image, truth, drawn), case.window_hu)
        lesion = None
        if len(truth):
            region = lesion_region(truth[0], image.shape)
            lesion = data_uri(slice_png(SlicePanel(title, image), case.window_hu, 360, region))
        words = _description(title, len(truth), drawn.scores)
        pictures.append(CasePicture(title, data_uri(whole), lesion, words))
    return pictures


def _description(title: str, lesions: int, scores: np.ndarray) -> str:
    """The picture in words, for those who cannot see it."""
    found = ", ".join(f"{score:.2f}" for score in scores)
    detected = f"{len(scores)} predicted (score {found})" if len(scores) else "none predicted"
    return f"{title}: {lesions} annotated lesion{'' if lesions == 1 else 's'}, {detected}"
