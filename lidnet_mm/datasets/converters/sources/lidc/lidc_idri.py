"""LIDC-IDRI: chest CT with nodules outlined by up to four readers.

Armato et al., "The Lung Image Database Consortium (LIDC) and Image Database Resource Initiative
(IDRI)", Medical Physics 38 (2011) 915; data at https://doi.org/10.7937/K9/TCIA.2015.LO9QL9SX.
"""

from argparse import ArgumentParser, ArgumentTypeError, Namespace
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.source_case import FoundCases, LeftOut, SourceCase
from lidnet_mm.datasets.converters.sources.dicom_series import (
    DicomSeries,
    dicom_files,
    find_series,
)
from lidnet_mm.datasets.converters.sources.lidc.lidc_case import ReadingRules, read_lidc_case
from lidnet_mm.datasets.converters.sources.lidc.lidc_readings import read_lidc
from lidnet_mm.datasets.converters.sources.lidc.reader_consensus import OUTLINES
from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError
from lidnet_mm.datasets.converters.sources.source_folder import layout_error, unusable_error
from lidnet_mm.datasets.converters.sources.voc.annotation_files import find_xml, one_annotation


class LidcIdri(Converter):
    """``LIDC-IDRI-0001/<study>/<series>/1-001.dcm`` and XML files anywhere below one folder.

    An XML file tells by SeriesInstanceUID to which CT it belongs: it may lie beside the slices
    or in a tree of its own. Chest X-rays and their readings are left out.

    A nodule needs as many readers as ``--consensus`` says; 3 of 4 is the rule of LUNA16. Marks of
    nodules below 3 mm (single points) and of non-nodules become no boxes. A slice with a nodule
    that too few readers drew, or with such a mark, is no negative; one with a non-nodule is.
    """

    name = "lidc_idri"
    description = "CT slices with boxes of lung nodules, from LIDC-IDRI"
    class_name = "nodule"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add how readers come to agree."""
        parser.add_argument(
            "--consensus",
            type=int,
            choices=range(1, 5),
            default=3,
            help="readers who must have drawn a nodule (default: %(default)s)",
        )
        parser.add_argument(
            "--outline",
            choices=OUTLINES,
            default="half",
            help="box of a nodule on a slice: half, around the pixels that at least half of its "
            "readers drew; union, around those that any drew; mean, of the edges of their boxes "
            "(default: %(default)s)",
        )
        parser.add_argument(
            "--near-mm",
            type=_distance,
            metavar="MM",
            help="nodules of two readers that share no pixel are one up to this distance (default: "
            "the distance of slices)",
        )

    def settings(self, options: Namespace) -> dict[str, Any]:
        """How readers come to agree, for the json."""
        near = "distance of slices" if options.near_mm is None else options.near_mm
        return {"consensus": options.consensus, "outline": options.outline, "near_mm": near}

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Match XML files to series; see the base class."""
        xml_files = find_xml(source)
        if not xml_files:
            raise layout_error(source, "XML file")
        readings, left_out = _series_of(xml_files)
        if not readings:
            first = left_out[0]
            raise layout_error(source, f"LidcReadMessage in an XML file ({first.source})")
        files = dicom_files([source])
        if not files:
            raise layout_error(source, "DICOM file")
        images = find_series(files)
        if not images.series:
            raise unusable_error(source, f"{len(files)} DICOM files", images.left_out)
        rules = ReadingRules(options.consensus, options.outline, options.near_mm)
        cases, unmatched = _cases(images.series, readings, rules)
        if not cases:
            raise layout_error(
                source, f"CT series of one of the {len(xml_files)} XML files", images.left_out
            )
        return FoundCases(cases, [*left_out, *images.left_out, *unmatched], images.notes)


def _distance(text: str) -> float:
    """A distance in mm from the command line."""
    value = float(text)
    if not 0 <= value < float("inf"):
        raise ArgumentTypeError(f"{text} is no distance in mm; give 0 or more")
    return value


def _series_of(xml_files: Sequence[Path]) -> tuple[dict[str, list[Path]], list[LeftOut]]:
    """SeriesInstanceUID → its XML files, and the files that are no readings of CT."""
    found: dict[str, list[Path]] = {}
    left_out = []
    for path in xml_files:
        try:
            found.setdefault(read_lidc(path).series_uid, []).append(path)
        except AnnotationError as error:
            left_out.append(LeftOut("annotation", error.reason, error.source))
    return found, left_out


def _cases(
    series: Sequence[DicomSeries], readings: dict[str, list[Path]], rules: ReadingRules
) -> tuple[list[SourceCase], list[LeftOut]]:
    """A case for each series with a reading, and what is left of both."""
    cases, left_out = [], []
    for each in series:
        if each.uid not in readings:
            left_out.append(LeftOut("volume", "without a reading", f"series {each.name}"))
            continue
        if each.part:
            reason = "its series has several volumes, and nobody knows which was read"
            left_out.append(LeftOut("volume", reason, f"series {each.name}"))
            continue
        path, doubles = one_annotation(readings[each.uid])
        left_out += doubles
        if path is not None:
            read = partial(read_lidc_case, each, path, rules)
            cases.append(SourceCase(each.patient, read, each.uid))
    there = {each.uid for each in series}
    left_out += [
        LeftOut("annotation", "there are no images of its series", str(path))
        for uid, paths in readings.items()
        if uid not in there
        for path in paths
    ]
    return cases, left_out
