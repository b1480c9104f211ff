"""What the viewer of cases in a report is given."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lidnet_mm.benchmark.cases.case import Case, NeighbourSlice, detections_of, truth_of
from lidnet_mm.benchmark.cases.case_images import (
    CaseImage,
    PackedPixels,
    case_images,
    images_of,
    longest_region,
    pixels_an_image,
    shown_region,
)
from lidnet_mm.benchmark.cases.case_print import CasePicture, case_pictures
from lidnet_mm.benchmark.cases.case_titles import (
    TitleGroup,
    by_importance,
    in_order,
    keys_of_titles,
    opening_title,
    title_groups,
)
from lidnet_mm.benchmark.public_text import PublicNames
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import RowKey
from lidnet_mm.visualization.dataset_page.windows import PRESETS
from lidnet_mm.visualization.html_page import script_json

LOWEST_SCORE = 0.05
"""Of a prediction that the page knows of; its threshold cannot be set lower."""

MOST_LETTERS = 27e6
"""Of the cases of a page, where nothing is known of its other parts."""

BOXES_PART = PRINTS_PART = 1 / 6
"""Of these letters, at most; images take what is left."""

LETTERS_A_BOX = 45
LETTERS_AN_IMAGE = 350
"""Of the elements that hold an image and its region, and of what tells their place."""

LETTERS_A_CASE = 1000
"""Of headings."""


@dataclass(frozen=True)
class CaseView:
    """The cases of a page.

    Attributes:
        description (str): Json: what the script reads.
        images (list[PackedPixels]): The images that it refers to, by their place.
        prints (list[tuple[Case, list[CasePicture]]]): Pictures for paper of each case, whose name
            is public.
        steps (tuple[int, int]): Smallest and largest HU to which an image is rounded.
        binnings (tuple[int, int]): Fewest and most pixels of a side that were averaged.
        most_boxes (int | None): Predictions of an image, the best ones, where not all are known to
            the page; None where they are.
    """

    description: str
    images: list[PackedPixels]
    prints: list[tuple[Case, list[CasePicture]]]
    steps: tuple[int, int]
    binnings: tuple[int, int]
    most_boxes: int | None = field(default=None)


NO_CASES = CaseView("", [], [], (1, 1), (1, 1))
"""To measure a page by."""


def case_view(
    cases: Sequence[Case],
    names: PublicNames | None = None,
    rows: Iterable[ResultRow] = (),
    most_letters: float = MOST_LETTERS,
) -> CaseView:
    """Prepare cases for a page.

    Args:
        cases (Sequence[Case]): The cases, at least one.
        names (PublicNames, optional): Names of slices of the report.
        rows (Iterable[ResultRow]): Rows of the table, whose titles the images bear. Defaults to
            none: images then are known by the name of their method alone.
        most_letters (float): What the cases may take of the page. Defaults to
            :data:`MOST_LETTERS`.

    Returns:
        CaseView: Of all cases. Boxes and pictures for paper have a part of the letters, images
            what these leave.

    Raises:
        ValueError: If there are too many images; the message says what to do.
    """
    names = names or PublicNames()
    keys = keys_of_titles(rows)
    groups = [title_groups(list(case.images), keys) for case in cases]
    shown = [
        replace(in_order(case, own), name=names(case.name))
        for case, own in zip(cases, groups, strict=True)
    ]
    most_boxes = int(BOXES_PART * most_letters / images_of(shown) / LETTERS_A_BOX)
    entries = [
        {**_entry(case, most_boxes), **_arrangement(own, keys)}
        for case, own in zip(shown, groups, strict=True)
    ]
    each = PRINTS_PART * most_letters / len(shown)
    prints = [
        (case, case_pictures(case, each, by_importance(own, keys)))
        for case, own in zip(shown, groups, strict=True)
    ]
    taken = len(script_json({"cases": entries})) + LETTERS_A_CASE * len(shown)
    taken += sum(picture.letters for _, pictures in prints for picture in pictures)
    taken += LETTERS_AN_IMAGE * images_of(shown)
    store = _Store()
    most_pixels = pixels_an_image(shown, most_letters - taken)
    for case, entry in zip(shown, entries, strict=True):
        _fill(entry, case, most_pixels, store)
    steps = [image.step for image in store.images]
    predicted = [
        len(_found(part, title)) for case in shown for part in case.slices for title in part.images
    ]
    return CaseView(
        description=script_json({"cases": entries, "presets": _presets(shown)}),
        images=store.images,
        prints=prints,
        steps=(min(steps), max(steps)),
        binnings=(min(store.binnings), max(store.binnings)),
        most_boxes=most_boxes if max(predicted) > most_boxes else None,
    )


class _Store:
    """Packed images of a page, by place."""

    def __init__(self) -> None:
        self.images: list[PackedPixels] = []
        self.binnings: list[int] = []

    def add(self, image: CaseImage) -> dict[str, Any]:
        """Where an image is, for the script."""
        self.binnings.append(image.binning)
        return {
            "whole": self._place(image.whole),
            "binning": image.binning,
            "region": None if image.region is None else self._place(image.region),
        }

    def _place(self, packed: PackedPixels) -> int:
        self.images.append(packed)
        return len(self.images) - 1


def _entry(case: Case, most_boxes: int) -> dict[str, Any]:
    """A case for the script, but for its pixels."""
    return {
        "name": case.name,
        "titles": list(case.images),
        "shape": case.shape,
        "window": list(case.window_hu),
        "threshold": case.score_threshold,
        "slices": [
            {
                "offset": part.offset,
                "truth": _rounded(truth_of(part)),
                "images": [{"found": _found(part, title)[:most_boxes]} for title in part.images],
            }
            for part in case.slices
        ],
    }


def _fill(entry: dict[str, Any], case: Case, most_pixels: int, store: _Store) -> None:
    """Where the pixels of a case are."""
    entry["region"] = shown_region(case, longest_region(case, most_pixels))
    images = [image for part in entry["slices"] for image in part["images"]]
    for image, (_, _, packed) in zip(images, case_images(case, most_pixels), strict=True):
        image.update(store.add(packed))


def _arrangement(groups: Sequence[TitleGroup], keys: Mapping[str, RowKey]) -> dict[str, Any]:
    """How many images stand together under which name, and which one is shown first."""
    titles = [title for group in groups for title in group.titles]
    return {
        "groups": [
            {"name": group.name, "count": len(group.titles), "folded": group.folded}
            for group in groups
        ],
        "opening": titles.index(opening_title(groups, keys)),
    }


def _found(part: NeighbourSlice, title: str) -> list[list[float]]:
    """Predicted boxes with their score behind them, best first."""
    kept = detections_of(part, title).above(LOWEST_SCORE)
    rows = np.column_stack([kept.boxes, kept.scores])
    return _rounded(rows[np.argsort(-rows[:, 4], kind="stable")])


def _rounded(values: np.ndarray) -> list[list[float]]:
    """Numbers with three digits after the point: a thousandth of a pixel."""
    return np.round(np.asarray(values, dtype=np.float64), 3).tolist()


def _presets(cases: Sequence[Case]) -> list[dict[str, Any]]:
    """Windows to choose from: the benchmark's, then usual ones."""
    own = dict.fromkeys(tuple(map(float, case.window_hu)) for case in cases)
    windows = [{"title": "Benchmark", "low": low, "high": high} for low, high in own]
    for preset in PRESETS:
        low, high = preset.window
        windows.append({"title": preset.title, "low": low, "high": high})
    return windows
