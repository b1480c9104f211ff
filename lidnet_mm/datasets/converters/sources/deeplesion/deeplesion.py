"""DeepLesion: single CT slices with one box for each lesion that was measured on them.

Yan et al., "DeepLesion: automated mining of large-scale lesion annotations and universal lesion
detection with deep learning", Journal of Medical Imaging 5 (2018) 036501.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    LeftOut,
    SourceCase,
    UnusableCaseError,
)
from lidnet_mm.datasets.converters.sources.deeplesion.lesion_table import (
    LESION_TYPES,
    ListedLesion,
    read_lesions,
)
from lidnet_mm.datasets.converters.sources.deeplesion.png_stack import PngStack
from lidnet_mm.datasets.converters.sources.source_folder import layout_error

TABLE = "DL_info.csv"
PICTURES = "Images_png"


class DeepLesion(Converter):
    """``DL_info.csv`` with ``Images_png/<patient>_<study>_<series>/<slice>.png``.

    Only the key slices of the table are used: on the pictures around them lesions are not marked.
    A key slice may have further lesions that nobody measured. Numbers of pictures grow towards
    inferior, as the table's relative positions in the body show.
    """

    name = "deeplesion"
    description = "CT slices with lesion boxes, from DeepLesion"
    store = "png"
    split = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the choice of lesions."""
        parser.add_argument(
            "--types",
            nargs="+",
            choices=list(LESION_TYPES.values()),
            default=[],
            metavar="TYPE",
            help=f"only lesions of these types, of {', '.join(LESION_TYPES.values())}; types are "
            "given in the published val and test parts only (default: all lesions)",
        )
        parser.add_argument(
            "--keep-noisy",
            action="store_true",
            help="keep lesions that the table calls possibly noisy",
        )

    def settings(self, options: Namespace) -> dict[str, Any]:
        """The choice of lesions, for the json."""
        return {"types": sorted(options.types), "keep_noisy": options.keep_noisy}

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """List the series with key slices; see the base class."""
        if not (source / TABLE).is_file():
            raise layout_error(source, TABLE)
        lesions = read_lesions(source / TABLE)
        if not (source / PICTURES).is_dir():
            raise layout_error(source, f"folder {PICTURES}")
        wanted, left_out = _choose(lesions, set(options.types), options.keep_noisy)
        there, missing = _with_picture(source / PICTURES, wanted)
        if not there:
            raise layout_error(
                source / PICTURES, f"picture of a lesion that is asked for (of {len(lesions)})"
            )
        by_series = groupby(sorted(there, key=lambda each: each.series), lambda each: each.series)
        cases = [
            _case(source / PICTURES / series, list(of_series)) for series, of_series in by_series
        ]
        return FoundCases(cases, [*left_out, *missing])


def _choose(
    lesions: Iterable[ListedLesion], types: set[str], keep_noisy: bool
) -> tuple[list[ListedLesion], list[LeftOut]]:
    """The lesions that are asked for, and the others counted by reason."""
    wanted: list[ListedLesion] = []
    counts: dict[str, int] = {}
    for lesion in lesions:
        if lesion.noisy and not keep_noisy:
            reason = "possibly noisy"
        elif types and not lesion.kind:
            reason = "the type of the lesion is not given"
        elif types and lesion.kind not in types:
            reason = "a lesion of another type"
        else:
            wanted.append(lesion)
            continue
        counts[reason] = counts.get(reason, 0) + 1
    return wanted, [LeftOut("annotation", why, count=count) for why, count in counts.items()]


def _with_picture(
    folder: Path, lesions: Iterable[ListedLesion]
) -> tuple[list[ListedLesion], list[LeftOut]]:
    """The lesions whose slice is in the folder, and the slices that are not."""
    there: list[ListedLesion] = []
    missing: dict[str, LeftOut] = {}
    found: dict[str, bool] = {}
    for lesion in lesions:
        name = f"{lesion.series}/{lesion.picture}"
        if name not in found:
            found[name] = (folder / name).is_file()
        if found[name]:
            there.append(lesion)
        else:
            missing[name] = LeftOut("slice", "its picture is not in the source", name)
    return there, list(missing.values())


def _case(folder: Path, lesions: Sequence[ListedLesion]) -> SourceCase:
    """The case of one series."""
    first = lesions[0]
    return SourceCase(
        patient=str(first.patient),
        read=_reader(folder, lesions),
        series=first.series,
        part=first.part,
    )


def _reader(folder: Path, lesions: Sequence[ListedLesion]) -> Callable[[], CaseContent]:
    """The function that reads one series."""
    return lambda: _read(folder, lesions)


def _read(folder: Path, lesions: Sequence[ListedLesion]) -> CaseContent:
    """Stack the key slices of a series, from inferior, and give each its boxes."""
    spacings = {lesion.spacing for lesion in lesions}
    if len(spacings) > 1:
        raise UnusableCaseError(
            f"the table gives its slices the spacings {sorted(spacings)} mm; correct the table",
            str(folder),
        )
    ((column, row, between),) = spacings
    pictures = sorted({(each.slice_number, each.picture) for each in lesions}, reverse=True)
    files = [folder / picture for _, picture in pictures]
    try:
        volume = PngStack(folder, files, (row, column), between)
    except (OSError, ValueError) as error:
        raise UnusableCaseError(
            "its pictures cannot be read or differ in size; unpack them again",
            f"{folder}: {error}",
        ) from error
    boxes, left_out = {}, []
    for index, (_, picture) in enumerate(pictures):
        on_slice = [lesion for lesion in lesions if lesion.picture == picture]
        boxes[index] = tuple(_boxes(on_slice, row))
        doubles = len(on_slice) - len(boxes[index])
        if doubles:
            left_out.append(
                LeftOut("annotation", "the same lesion comes twice", picture, index, doubles)
            )
    return CaseContent(volume, boxes, annotated=frozenset(boxes), left_out=left_out)


def _boxes(lesions: Iterable[ListedLesion], pixel_mm: float) -> Iterator[LesionBox]:
    """Boxes of the lesions of a slice, each once."""
    for lesion in dict.fromkeys(lesions):
        left, top, right, bottom = lesion.box
        long, short = (round(pixels * pixel_mm, 4) for pixels in lesion.diameters)
        attributes = {"long_diameter_mm": long, "short_diameter_mm": short}
        if lesion.kind:
            attributes["lesion_type"] = lesion.kind
        width, height = right - left, bottom - top
        yield LesionBox(left, top, width, height, width * height, attributes)
