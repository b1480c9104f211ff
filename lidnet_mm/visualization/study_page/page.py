"""The page of a denoised series: one HTML file that needs no network."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.writers import Derivation
from lidnet_mm.evaluation.lesions import Lesion
from lidnet_mm.visualization import hu_viewer
from lidnet_mm.visualization.binning import binned
from lidnet_mm.visualization.dataset_page.packed_image import PackedImage, pack_images
from lidnet_mm.visualization.dataset_page.windows import PRESETS, NamedWindow
from lidnet_mm.visualization.html_page import as_it_is, script_json, template_environment
from lidnet_mm.visualization.slice_figure import DETECTION_COLOUR, lesion_region
from lidnet_mm.visualization.study_page.slice_choice import (
    MOST_BYTES,
    ShownSlices,
    choose_slices,
)

PACKAGE = "lidnet_mm.visualization.study_page"
TEMPLATE = "study.html.j2"
SCRIPTS = ("state.js", "drawing.js", "settings.js", "controls.js", "study.js")
STYLES = (("lidnet_mm.visualization.dataset_page", "viewer.css"), (PACKAGE, "study.css"))

SIDES = ("source", "denoised")
"""Images of a slice, in the order of the page."""

LUNG = "lung"
LUNG_HU = -500
"""A lesion lies in a lung where the median around it is below."""

DIFFERENCE_HU = 100
"""Denoised minus source is shown from minus this to plus this."""


@dataclass(frozen=True)
class StudyFacts:
    """What a page states besides its images.

    Attributes:
        denoiser: What denoised.
        detector: What found the lesions; None where nothing looked for any.
        warnings: Where the series is not what the denoiser was trained for.
        range_known: Whether it is known what the denoiser was trained for.
        names: What tells whose study it is, by heading; empty in a page that is passed on.
    """

    denoiser: Derivation
    detector: Derivation | None = None
    warnings: Sequence[str] = ()
    range_known: bool = False
    names: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def write_study_page(
    source: CTVolume,
    denoised: CTVolume,
    lesions: Sequence[Lesion],
    facts: StudyFacts,
    path: Path,
    *,
    windows: Sequence[NamedWindow] | None = None,
    most_bytes: float = MOST_BYTES,
) -> ShownSlices:
    """Write the page. Two slices are in memory at a time, however many the series has.

    It holds its images in HU, so windows are changed in the browser. Nothing in it is from the
    source but pixels, spacings and what ``facts.names`` holds.

    Args:
        source: The series.
        denoised: The same slices, denoised.
        lesions: In the order of their numbers, from 1.
        facts: What the page states.
        path: The HTML file, in a folder of unfinished files: an error leaves a part of it.
        windows: HU windows to choose from, the one that the page opens with first. Defaults to
            usual ones, first that for lungs where the lesion of the highest score lies in one.
        most_bytes: Of the page, about.

    Returns:
        What it shows.

    Raises:
        ValueError: The two are not of one size, a slice cannot be read, or nothing fits.
        OSError: The file cannot be written.
    """
    sizes = [(volume.num_slices, *volume.slice_shape) for volume in (source, denoised)]
    if sizes[0] != sizes[1]:
        raise ValueError(
            f"the source has slices, rows and columns {sizes[0]}, its denoised copy {sizes[1]}: a"
            " page shows slices of one place only"
        )
    shown = choose_slices(source.num_slices, source.slice_shape, lesions, most_bytes)
    template = template_environment(PACKAGE).get_template(TEMPLATE)
    chunks = template.generate(
        facts=facts,
        shown=shown,
        shape=sizes[0],
        spacing=source.spacing,
        slice_spacing=source.slice_spacing,
        lesions=lesions,
        colours={"box": DETECTION_COLOUR},
        difference_hu=DIFFERENCE_HU,
        style="".join(as_it_is(*each) for each in STYLES),
        script="".join(
            as_it_is(*each) for each in (*hu_viewer.SCRIPTS, *((PACKAGE, name) for name in SCRIPTS))
        ),
        description=script_json(
            _description(source, lesions, shown, windows or _windows(source, lesions))
        ),
        images=_images(source, denoised, shown),
    )
    with path.open("w", encoding="utf-8") as page:
        page.writelines(chunks)
    return shown


def _windows(source: CTVolume, lesions: Sequence[Lesion]) -> Sequence[NamedWindow]:
    """Usual windows, the one first in which the best lesion is seen."""
    best = max(lesions, key=lambda lesion: lesion.score, default=None)
    if best is None:
        return PRESETS
    x1, y1, x2, y2 = lesion_region(np.array(best.key_box.box), source.slice_shape, scale=2.5)
    around = np.median(source.read_slice(best.key_slice)[y1:y2, x1:x2])
    return sorted(PRESETS, key=lambda each: each.name != LUNG) if around < LUNG_HU else PRESETS


def _images(
    source: CTVolume, denoised: CTVolume, shown: ShownSlices
) -> Iterator[tuple[tuple[int, int], PackedImage]]:
    """Rows and columns, and the packed image: of each slice the source's and the denoised one."""
    for index, binning in shown.binnings.items():
        images = {
            side: binned(volume.read_slice(index), binning)
            for side, volume in zip(SIDES, (source, denoised), strict=True)
        }
        packed = pack_images(images, shown.bytes_a_pixel)
        yield from ((images[side].shape, packed[side]) for side in SIDES)


def _description(
    source: CTVolume,
    lesions: Sequence[Lesion],
    shown: ShownSlices,
    windows: Sequence[NamedWindow],
) -> dict[str, Any]:
    """What the script reads."""
    boxes: dict[int, list[list[float]]] = {index: [] for index in shown.binnings}
    for number, lesion in enumerate(lesions, 1):
        for box in lesion.boxes:
            if box.slice_index in boxes:
                edges = [round(edge, 2) for edge in box.box]
                boxes[box.slice_index].append([*edges, round(box.score, 3), number])
    return {
        "shape": source.slice_shape,
        "spacing": source.spacing,
        "count": source.num_slices,
        "slices": [
            {
                "index": index,
                "height": _height(source, index),
                "binning": binning,
                "boxes": boxes[index],
            }
            for index, binning in shown.binnings.items()
        ],
        "lesions": [
            {"key": lesion.key_slice, "first": lesion.first_slice, "last": lesion.last_slice,
             "score": lesion.score, "box": lesion.key_box.box}
            for lesion in lesions
        ],
        "windows": [
            {"title": each.title, "low": each.window.low, "high": each.window.high}
            for each in windows
        ],
    }  # fmt: skip


def _height(source: CTVolume, index: int) -> float | None:
    """Z in mm (LPS+) of the middle of a slice; None where nobody knows."""
    if source.spacing is None:
        return None
    middle = (np.array(source.slice_shape) - 1) / 2
    return round(float(source.voxel_position(index, *middle)[2]), 2)
