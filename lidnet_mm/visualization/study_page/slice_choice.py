"""Which slices of a series a page shows, and how finely, so that the page stays small."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from lidnet_mm.evaluation.lesions import Lesion
from lidnet_mm.visualization.dataset_page.packed_image import BYTES_A_PIXEL, SMALLEST

MOST_BYTES = 60_000_000
"""Of a page."""

LETTERS_A_BYTE = 4 / 3
"""Of base 64."""

LETTERS_A_SLICE = 500
"""Of the elements that hold its two images, and of what is told of it."""

LETTERS_A_BOX = 60
LETTERS_A_LESION = 900
LETTERS_A_PAGE = 100_000
"""Style, script and words."""

OVERVIEW_SIDE = 384
"""Most pixels of the longer side of a slice that is shown in means."""

FULL_PART = 0.5
"""Of the images' letters that slices in all their pixels may take where not all slices do."""

FEWEST = 64
"""Slices that are shown, at least, before means become coarser."""


@dataclass(frozen=True)
class ShownSlices:
    """The slices of a page.

    Attributes:
        binnings: Slice → b, ascending: it is shown as means of b x b pixels, 1 in all its pixels.
        every: Each slice whose index is a multiple is shown, besides those of lesions.
        bytes_a_pixel: Largest size of a packed image, before base 64.
    """

    binnings: dict[int, int]
    every: int
    bytes_a_pixel: float

    @property
    def in_full(self) -> int:
        """Slices that are shown in all their pixels."""
        return sum(binning == 1 for binning in self.binnings.values())

    @property
    def coarsest(self) -> int:
        """Largest b."""
        return max(self.binnings.values())


def choose_slices(
    num_slices: int,
    shape: tuple[int, int],
    lesions: Sequence[Lesion] = (),
    most_bytes: float = MOST_BYTES,
) -> ShownSlices:
    """Choose the slices of a page.

    All slices in all their pixels where they fit. Else the slices of lesions and their neighbours,
    those of the highest scores first, fill up to half of the page; key slices that do not fit and
    every k-th other slice are shown as means of b x b pixels, with the smallest k and b that fit.
    Key slices are always shown.

    Args:
        num_slices: Of the series, at least one.
        shape: Rows and columns.
        lesions: What was found.
        most_bytes: Of the page, before what a few long texts add.

    Returns:
        The slices.

    Raises:
        ValueError: Not even the coarsest means fit.
    """
    boxes = sum(len(lesion.boxes) for lesion in lesions)
    others = LETTERS_A_PAGE + LETTERS_A_BOX * boxes + LETTERS_A_LESION * len(lesions)
    most = most_bytes - others
    if num_slices * _letters(shape, 1) <= most:
        return _shown(dict.fromkeys(range(num_slices), 1), 1, shape, most)
    full = _of_lesions(lesions, num_slices, int(FULL_PART * most / _letters(shape, 1)))
    keys = {lesion.key_slice for lesion in lesions} - full
    rest = most - len(full) * _letters(shape, 1)
    for binning in itertools.count(max(2, math.ceil(max(shape) / OVERVIEW_SIDE))):
        room = int(rest / _letters(shape, binning)) - len(keys)
        if room >= min(num_slices, FEWEST):
            break
        if binning > max(shape):
            raise ValueError(
                f"{num_slices} slices and {len(lesions)} lesions do not fit into a page of "
                f"{most_bytes / 1e6:g} MB: raise the score threshold"
            )
    every = math.ceil(num_slices / room)
    shown = full | keys | set(range(0, num_slices, every))
    binnings = {index: 1 if index in full else binning for index in sorted(shown)}
    return _shown(binnings, every, shape, most)


def _of_lesions(lesions: Sequence[Lesion], num_slices: int, most: int) -> set[int]:
    """Key slices, then the other slices of lesions and one beyond each end; at most ``most``."""
    ranked = sorted(lesions, key=lambda lesion: -lesion.score)
    wanted = [lesion.key_slice for lesion in ranked]
    for lesion in ranked:
        wanted += range(max(0, lesion.first_slice - 1), min(num_slices, lesion.last_slice + 2))
    return set(list(dict.fromkeys(wanted))[:most])


def _pixels(shape: tuple[int, int], binning: int) -> int:
    """Of an image."""
    return math.prod(-(-side // binning) for side in shape)


def _letters(shape: tuple[int, int], binning: int) -> float:
    """Of the two images of a slice at their coarsest."""
    each = max(_pixels(shape, binning) * BYTES_A_PIXEL, SMALLEST)
    return LETTERS_A_SLICE + 2 * LETTERS_A_BYTE * each


def _shown(
    binnings: dict[int, int], every: int, shape: tuple[int, int], most: float
) -> ShownSlices:
    """The slices, each pixel as fine as the page has room."""
    pixels = sum(2 * _pixels(shape, binning) for binning in binnings.values())
    letters = most - LETTERS_A_SLICE * len(binnings)
    return ShownSlices(binnings, every, max(BYTES_A_PIXEL, letters / LETTERS_A_BYTE / pixels))
