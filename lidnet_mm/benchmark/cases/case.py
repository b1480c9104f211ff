"""An example slice of a report, with its neighbours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.visualization.slice_figure import Detections

Found = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class NeighbourSlice:
    """A slice above or below the one that a case is about.

    Attributes:
        offset (int): How many slices further towards superior; negative towards inferior.
        images (Mapping[str, np.ndarray]): As in :class:`Case`, under the same titles.
        ground_truth (np.ndarray): Lesion boxes (n, 4), x1 y1 x2 y2 in pixels.
        detections (Mapping[str, tuple]): As in :class:`Case`.
    """

    offset: int
    images: Mapping[str, np.ndarray]
    ground_truth: np.ndarray
    detections: Mapping[str, Found]


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
        neighbours (Sequence[NeighbourSlice]): Slices around it, to scroll through.

    Raises:
        ValueError: If there is no image, shapes differ, detections name no image, or a neighbour
            has other images or the offset of another one.
    """

    name: str
    images: Mapping[str, np.ndarray]
    ground_truth: np.ndarray
    detections: Mapping[str, Found]
    window_hu: tuple[float, float]
    score_threshold: float = 0.3
    neighbours: Sequence[NeighbourSlice] = field(default=())

    def __post_init__(self) -> None:
        HUWindow.parse(self.window_hu)
        offsets = [part.offset for part in self.slices]
        if len(set(offsets)) < len(offsets):
            raise ValueError(f"case '{self.name}': slices need different offsets, got {offsets}")
        for part in self.slices:
            if list(part.images) != list(self.images):
                raise ValueError(
                    f"case '{self.name}': slice {part.offset:+d} shows {list(part.images)}, not "
                    f"{list(self.images)}"
                )
            unknown = set(part.detections) - set(self.images)
            if unknown:
                raise ValueError(f"case '{self.name}': detections without image: {sorted(unknown)}")
        shapes = {np.shape(image) for part in self.slices for image in part.images.values()}
        if len(shapes) != 1:
            raise ValueError(f"case '{self.name}': images need one shape, got {sorted(shapes)}")

    @property
    def shape(self) -> tuple[int, int]:
        """(H, W) in pixels."""
        return np.shape(next(iter(self.images.values())))

    @property
    def slices(self) -> list[NeighbourSlice]:
        """The slice itself, offset 0, among its neighbours, from inferior to superior."""
        own = NeighbourSlice(0, self.images, self.ground_truth, self.detections)
        return sorted([own, *self.neighbours], key=lambda part: part.offset)


def detections_of(part: NeighbourSlice | Case, title: str) -> Detections:
    """What the judge found on one image; nothing where no detections were recorded.

    Args:
        part (NeighbourSlice | Case): The slice.
        title (str): Title of the image.

    Returns:
        Detections: Its boxes and scores.
    """
    boxes, scores = part.detections.get(title, (np.zeros((0, 4)), np.zeros(0)))
    return Detections(np.reshape(boxes, (-1, 4)), np.asarray(scores))


def truth_of(part: NeighbourSlice | Case) -> np.ndarray:
    """Annotated boxes of a slice, (n, 4)."""
    return np.reshape(part.ground_truth, (-1, 4))
