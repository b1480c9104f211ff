"""Images of cases in HU, small enough for a page of 50 cases.

What fits is decided in pixels, as
:func:`~lidnet_mm.visualization.dataset_page.packed_image.pack_images` takes at most 0.8 bytes for
each: where all images of a report do not fit whole, the slice is shown as means of b x b pixels,
and the region around the first lesion of the case's own slice in all its pixels. With many images
that region is smaller.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.benchmark.cases.case import Case, truth_of
from lidnet_mm.visualization.binning import binned
from lidnet_mm.visualization.dataset_page.packed_image import BYTES_A_PIXEL, pack_images
from lidnet_mm.visualization.slice_figure import lesion_region

LETTERS_A_PIXEL = BYTES_A_PIXEL * 4 / 3
"""Of an image in base 64, at most."""

LARGEST_REGION = 128
"""Longest side in pixels of the region that is kept in full."""

SMALLEST_REGION = 40
"""Shortest side in pixels of that region where there is room."""

REGION_PART = 0.75
"""Of an image's pixels, at most; the slice in means has the others."""

FEWEST_PIXELS = 1024
"""Of an image: less shows nothing."""

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


def images_of(cases: Iterable[Case]) -> int:
    """How many images cases have, those of neighbours among them."""
    return sum(len(case.images) * len(case.slices) for case in cases)


def pixels_an_image(cases: Sequence[Case], most_letters: float) -> int:
    """How many pixels each image of a report may have.

    Args:
        cases (Sequence[Case]): All cases of the report, at least one.
        most_letters (float): Of all images together.

    Returns:
        int: The same number for all images.

    Raises:
        ValueError: If there are too many images for the letters; the message says what to do.
    """
    count = images_of(cases)
    pixels = int(most_letters / count / LETTERS_A_PIXEL)
    if pixels < FEWEST_PIXELS:
        raise ValueError(
            f"{count} images of cases do not fit in {max(most_letters, 0) / 1e6:.1f} MB, which is "
            "what the page has for them: set 'num_cases' lower and write the report again"
        )
    return pixels


def longest_region(case: Case, most_pixels: int) -> int:
    """Longest side in pixels of the region of a case that can be kept in full.

    Args:
        case (Case): The case.
        most_pixels (int): Of :func:`pixels_an_image`.

    Returns:
        int: :data:`LARGEST_REGION`, or less where the image has few pixels.
    """
    if math.prod(case.shape) <= most_pixels:
        return LARGEST_REGION
    return min(LARGEST_REGION, math.isqrt(int(REGION_PART * most_pixels)))


def shown_region(case: Case, longest: int = LARGEST_REGION) -> Region:
    """Square part of a case that is enlarged: around the first lesion, else its middle.

    Args:
        case (Case): The case.
        longest (int): Longest side in pixels. Defaults to :data:`LARGEST_REGION`.

    Returns:
        tuple[int, int, int, int]: x1 y1 x2 y2 in whole pixels.
    """
    truth, (rows, columns) = truth_of(case), case.shape
    middle = np.array([columns / 2, rows / 2, columns / 2, rows / 2])
    box = truth[0] if len(truth) else middle
    longer = max(box[2] - box[0], box[3] - box[1], 1)
    scale = min(2.5, longest / longer)
    return lesion_region(box, case.shape, scale, smallest=min(SMALLEST_REGION, longest))


def case_images(case: Case, most_pixels: int) -> Iterator[tuple[int, str, CaseImage]]:
    """Pack the images of a case.

    Args:
        case (Case): The case.
        most_pixels (int): Of :func:`pixels_an_image`.

    Yields:
        tuple[int, str, CaseImage]: Offset of the slice, title, image.
    """
    region = shown_region(case, longest_region(case, most_pixels))
    for part in case.slices:
        for title, image in part.images.items():
            yield (
                part.offset,
                title,
                _pack(image, region if part.offset == 0 else None, most_pixels),
            )


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
    binning = next(b for b in itertools.count(2) if _binned_size(image.shape, b) <= spare)
    return CaseImage(_packed(binned(image, binning)), binning, packed)


def _binned_size(shape: tuple[int, int], binning: int) -> int:
    """Pixels of means."""
    return math.prod(-(-side // binning) for side in shape)


def _packed(image: np.ndarray, bytes_a_pixel: float = BYTES_A_PIXEL) -> PackedPixels:
    """An image by itself."""
    packed = pack_images({"": image}, bytes_a_pixel)[""]
    return PackedPixels(packed.text, packed.step, image.shape)
