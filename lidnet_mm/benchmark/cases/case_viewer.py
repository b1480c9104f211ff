"""What the viewer of cases in a report is given."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lidnet_mm.benchmark.cases.case import Case, NeighbourSlice, detections_of, truth_of
from lidnet_mm.benchmark.cases.case_images import (
    CaseImage,
    PackedPixels,
    case_images,
    pixels_an_image,
    shown_region,
)
from lidnet_mm.benchmark.cases.case_print import MOST_BYTES, CasePicture, case_pictures
from lidnet_mm.benchmark.cases.case_titles import (
    TitleGroup,
    in_order,
    keys_of_titles,
    opening_title,
    title_groups,
)
from lidnet_mm.benchmark.public_text import PublicNames
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import RowKey
from lidnet_mm.visualization.dataset_page.windows import PRESETS

LOWEST_SCORE = 0.05
"""Of a prediction that the page knows of; its threshold cannot be set lower."""


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
    """

    description: str
    images: list[PackedPixels]
    prints: list[tuple[Case, list[CasePicture]]]
    steps: tuple[int, int]
    binnings: tuple[int, int]


def case_view(
    cases: Sequence[Case], names: PublicNames | None = None, rows: Iterable[ResultRow] = ()
) -> CaseView:
    """Prepare cases for a page.

    Args:
        cases (Sequence[Case]): The cases, at least one.
        names (PublicNames, optional): Names of slices of the report.
        rows (Iterable[ResultRow]): Rows of the table, whose titles the images bear. Defaults to
            none: images then are known by the name of their method alone.

    Returns:
        CaseView: Of all cases.
    """
    names = names or PublicNames()
    keys = keys_of_titles(rows)
    groups = [title_groups(list(case.images), keys) for case in cases]
    shown = [
        replace(in_order(case, own), name=names(case.name))
        for case, own in zip(cases, groups, strict=True)
    ]
    most_pixels = pixels_an_image(shown)
    store = _Store()
    entries = [
        {**_entry(case, most_pixels, store), **_arrangement(own, keys)}
        for case, own in zip(shown, groups, strict=True)
    ]
    most_bytes = MOST_BYTES / len(shown)
    steps = [image.step for image in store.images]
    return CaseView(
        description=_json({"cases": entries, "presets": _presets(shown)}),
        images=store.images,
        prints=[(case, case_pictures(case, most_bytes)) for case in shown],
        steps=(min(steps), max(steps)),
        binnings=(min(store.binnings), max(store.binnings)),
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


def _entry(case: Case, most_pixels: int, store: _Store) -> dict[str, Any]:
    """A case for the script."""
    packed: dict[tuple[int, str], dict] = {
        (offset, title): store.add(image) for offset, title, image in case_images(case, most_pixels)
    }
    return {
        "name": case.name,
        "titles": list(case.images),
        "shape": case.shape,
        "region": shown_region(case),
        "window": list(case.window_hu),
        "threshold": case.score_threshold,
        "slices": [
            {
                "offset": part.offset,
                "truth": _rounded(truth_of(part)),
                "images": [
                    {**packed[part.offset, title], "found": _found(part, title)}
                    for title in part.images
                ],
            }
            for part in case.slices
        ],
    }


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


def _json(content: Mapping[str, Any]) -> str:
    """Json inside of a script element: no ``<`` that could end it."""
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")
