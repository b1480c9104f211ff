"""A slice in the words and pictures of its page."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.visualization.dataset_page.hu_statistics import (
    HUStatistics,
    describe,
    difference_in_body,
    inside,
)
from lidnet_mm.visualization.dataset_page.packed_image import PackedImage, pack_images
from lidnet_mm.visualization.dataset_page.shown_slice import ShownBox, ShownSlice
from lidnet_mm.visualization.html_page import data_uri
from lidnet_mm.visualization.slice_figure import SlicePanel, lesion_region, slice_png

THUMBNAIL_WIDTH = 120
"""Pixels."""


@dataclass(frozen=True)
class BoxView:
    """A box for the page.

    Attributes:
        box: The box.
        width_mm: Width in mm.
        height_mm: Height in mm.
        region: x1 y1 x2 y2 of the part of the slice to show enlarged.
        hu: Statistics of NDCT in it; None where it lies outside.
        attributes: What else is known of the lesion, in words.
    """

    box: ShownBox
    width_mm: float
    height_mm: float
    region: tuple[int, int, int, int]
    hu: HUStatistics | None
    attributes: str


@dataclass(frozen=True)
class SliceView:
    """A slice for the page.

    Attributes:
        shown: The slice.
        images: Packed images by title.
        boxes: Its boxes.
        statistics: Of each image and of the difference in the body, by title.
        thumbnail: Small NDCT with boxes, as a data URI.
        description: The slice in words.
    """

    shown: ShownSlice
    images: dict[str, PackedImage]
    boxes: list[BoxView]
    statistics: dict[str, HUStatistics]
    thumbnail: str
    description: str

    @property
    def kind(self) -> str:
        """``lesions`` or ``negatives``, by the boxes that are shown."""
        return "lesions" if self.boxes else "negatives"

    @property
    def aspect(self) -> float:
        """Width over height in the patient."""
        rows, columns = self.shown.shape
        row, column = self.shown.spacing
        return columns * column / (rows * row)


def slice_view(shown: ShownSlice, window: HUWindow, bytes_a_pixel: float) -> SliceView:
    """Prepare a slice for the page.

    Args:
        shown: The slice.
        window: HU limits of its thumbnail.
        bytes_a_pixel: Largest size of its packed images.

    Returns:
        All that the page says and shows of it.

    Raises:
        ValueError: An image holds NaN.
    """
    ndct = shown.images["NDCT"]
    edges = np.array([box.edges for box in shown.boxes]).reshape(-1, 4)
    thumbnail = slice_png(SlicePanel("NDCT", ndct, edges), window, THUMBNAIL_WIDTH)
    return SliceView(
        shown=shown,
        images=pack_images(shown.images, bytes_a_pixel),
        boxes=[_box_view(box, shown) for box in shown.boxes],
        statistics=_statistics(shown),
        thumbnail=data_uri(thumbnail),
        description=_in_words(shown),
    )


def _box_view(box: ShownBox, shown: ShownSlice) -> BoxView:
    """A box with its numbers."""
    ndct = shown.images["NDCT"]
    width, height = box.size_mm(shown.spacing)
    region = lesion_region(np.array(box.edges), ndct.shape, scale=2.5)
    told = ", ".join(f"{_plain(key)}: {_value(value)}" for key, value in box.attributes.items())
    told = "; ".join(text for text in ("crowd, ignored" if box.ignored else "", told) if text)
    return BoxView(box, width, height, region, describe(inside(ndct, box.edges)), told)


def _statistics(shown: ShownSlice) -> dict[str, HUStatistics]:
    """Statistics of each image, and of the difference where there is body."""
    found = {title: describe(image) for title, image in shown.images.items()}
    difference = difference_in_body(shown)
    if difference is not None:
        found["LDCT \N{MINUS SIGN} NDCT in the body"] = describe(difference)
    return {title: numbers for title, numbers in found.items() if numbers is not None}


def _in_words(shown: ShownSlice) -> str:
    """A slice for those who cannot see it."""
    number = len(shown.boxes)
    sizes = [max(box.size_mm(shown.spacing)) for box in shown.boxes]
    boxes = f"{number} lesion box{'' if number == 1 else 'es'}" if number else "no lesion box"
    return f"{shown.name}: {boxes}{_sizes(sizes)}"


def _sizes(sizes_mm: Sequence[float]) -> str:
    """Sizes in words."""
    return f" of {', '.join(f'{size:.0f}' for size in sizes_mm)} mm" if sizes_mm else ""


def _plain(key: str) -> str:
    """An attribute's name without underscores, its unit last."""
    return key.removesuffix("_mm").replace("_", " ") + (" (mm)" if key.endswith("_mm") else "")


def _value(value: str | float | int | bool) -> str:
    """An attribute's value."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.4g}" if isinstance(value, float) else str(value)
