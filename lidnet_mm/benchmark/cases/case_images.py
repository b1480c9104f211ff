"""Images of cases in HU, small enough for a page of 50 cases.

A page is passed on by mail, so that it has a limit. What fits is decided in pixels, as
:func:`~lidnet_mm.visualization.dataset_page.packed_image.pack_images` takes at most 0.8 bytes for
each: where all images of a report do not fit whole, the slice is shown as means of b x b pixels,
and the region around the first lesion of the case's own slice in all its pixels.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.benchmark.cases.case import Case, truth_of
from lidnet_mm.visualization.dataset_page.packed_image import BYTES_A_PIXEL, pack_images
from lidnet_mm.visualization.slice_figure import lesion_region

MOST_LETTERS = 22e6
"""Of all packed images of a page. Its pictures for paper, tables and curves take the rest."""

LETTERS_A_PIXEL = BYTES_A_PIXEL * 4 / 3
"""Of an image in base 64, at most."""

LARGEST_REGION = 128
"""Longest side in pixels of the region that is kept in full."""

Region = tuple[int, int, int, int]


@dataclass(frozen=True)
class PackedPixels:
    """An image as text.

    Attributes:
        text (str): Base 64.
        step (int): Whole HU to which the image is rounded.
        shape (tuple[int, int]): (H, W) in pixels.
    """

    text: str
    step: int
    shape: tuple[int, int]


@dataclass(frozen=True)
class CaseImage:
    """One image of a case.

    Attributes:
        whole (PackedPixels): The slice in means of ``binning`` x ``binning`` pixels.
        binning (int): 1 where every pixel is kept.
        region (PackedPixels | None): Part of it in full; None where ``whole`` is.
    """

    whole: PackedPixels
    binning: int
    region: PackedPixels | None


def pixels_an_image(cases: Sequence[Case], most_letters: float = MOST_LETTERS) -> int:
    """How many pixels each image of a report may have.

    Args:
        cases (Sequence[Case]): All cases of the report.
        most_letters (float): Of all images together. Defaults to :data:`MOST_LETTERS`.

    Returns:
        int: The same number for all images.
    """
    count = sum(len(case.images) * len(case.slices) for case in cases)
    return int(most_letters / max(count, 1) / LETTERS_A_PIXEL)


def shown_region(case: Case) -> Region:
    """Square part of a case that is enlarged: around the first lesion, else its middle.

    Args:
        case (Case): The case.

    Returns:
        tuple[int, int, int, int]: x1 y1 x2 y2 in whole pixels.
    """
    truth, (rows, columns) = truth_of(case), case.shape
    middle = np.array([columns / 2, rows / 2, columns / 2, rows / 2])
    box = truth[0] if len(truth) else middle
    longer = max(box[2] - box[0], box[3] - box[1], 1)
    return lesion_region(box, case.shape, scale=min(2.5, LARGEST_REGION / longer))


def case_images(case: Case, most_pixels: int) -> Iterator[tuple[int, str, CaseImage]]:
    """Pack the images of a case.

    Args:
        case (Case): The case.
        most_pixels (int): Of :func:`pixels_an_image`.

    Yields:
        tuple[int, str, CaseImage]: Offset of the slice, title, image.
    """
    region = shown_region(case)
    for part in case.slices:
        for title, image in part.images.items():
            yield (
                part.offset,
                title,
                _pack(image, region if part.offset == 0 else None, most_pixels),
            )


def binned(image: np.ndarray, binning: int) -> np.ndarray:
    """Means of squares of pixels; at the far edges, of what is there.

    Args:
        image (np.ndarray): (H, W).
        binning (int): b, side of a square in pixels.

    Returns:
        np.ndarray: float64 (ceil(H / b), ceil(W / b)).
    """
    if binning == 1:
        return np.asarray(image, dtype=np.float64)
    rows, columns = (np.arange(0, side, binning) for side in np.shape(image))
    total = np.add.reduceat(np.add.reduceat(np.asarray(image, np.float64), rows, 0), columns, 1)
    tall, wide = (
        np.diff(np.append(starts, side))
        for starts, side in zip((rows, columns), np.shape(image), strict=True)
    )
    return total / np.outer(tall, wide)


def _pack(image: np.ndarray, region: Region | None, most_pixels: int) -> CaseImage:
    """An image, whole or in two parts."""
    if np.size(image) <= most_pixels:
        # Where few images share the page, each keeps every HU.
        return CaseImage(_packed(image, BYTES_A_PIXEL * most_pixels / np.size(image)), 1, None)
    spare, packed = most_pixels, None
    if region is not None:
        x1, y1, x2, y2 = region
        packed = _packed(image[y1:y2, x1:x2])
        spare -= (x2 - x1) * (y2 - y1)
    binning = max(2, math.ceil(math.sqrt(np.size(image) / max(spare, most_pixels / 4))))
    return CaseImage(_packed(binned(image, binning)), binning, packed)


def _packed(image: np.ndarray, bytes_a_pixel: float = BYTES_A_PIXEL) -> PackedPixels:
    """An image by itself."""
    packed = pack_images({"": image}, bytes_a_pixel)[""]
    return PackedPixels(packed.text, packed.step, image.shape)
