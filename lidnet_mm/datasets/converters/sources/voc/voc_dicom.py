"""Any tree of DICOM files with Pascal-VOC files of boxes."""

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.source_case import FoundCases
from lidnet_mm.datasets.converters.sources.dicom_series import dicom_files, find_series
from lidnet_mm.datasets.converters.sources.source_folder import layout_error, unusable_error
from lidnet_mm.datasets.converters.sources.voc.annotation_files import find_xml
from lidnet_mm.datasets.converters.sources.voc.voc_boxes import CORNERS
from lidnet_mm.datasets.converters.sources.voc.voc_cases import (
    VocReading,
    stem_of,
    uid_of,
    voc_cases,
)

MATCHES = {"uid": uid_of, "stem": stem_of}


class VocDicom(Converter):
    """DICOM files and VOC files anywhere below one folder.

    An XML file is called as the SOPInstanceUID of its slice, or as the DICOM file. Slices without
    an XML file are not known to be without lesion; those with one that has no object are negatives.
    """

    name = "voc_dicom"
    description = "CT slices with lesion boxes, from DICOM and Pascal-VOC files"
    store = "png"
    keep_empty = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add how XML files are matched and read."""
        parser.add_argument(
            "--match",
            choices=list(MATCHES),
            default="uid",
            help="what an XML file is called: uid, the SOPInstanceUID of its slice; stem, the name "
            "of its DICOM file without suffix (default: %(default)s)",
        )
        parser.add_argument(
            "--classes",
            nargs="+",
            default=[],
            metavar="NAME",
            help="classes of objects that become boxes and whose names are written (default: all "
            "objects, without names, which may be a patient's)",
        )
        add_corners(parser)

    def settings(self, options: Namespace) -> dict[str, Any]:
        """How XML files are read, for the json."""
        classes = sorted(options.classes)
        return {"match": options.match, "classes": classes, "corners": options.corners}

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Match XML files to the slices of series; see the base class."""
        xml_files = find_xml(source)
        if not xml_files:
            raise layout_error(source, "XML file")
        files = dicom_files([source])
        if not files:
            raise layout_error(source, "DICOM file")
        found = find_series(files)
        if not found.series:
            raise unusable_error(source, f"{len(files)} DICOM files", found.left_out)
        reading = VocReading(options.corners, frozenset(options.classes))
        matched = voc_cases(found.series, xml_files, MATCHES[options.match], reading)
        if not matched.cases:
            raise layout_error(
                source,
                f"CT slice that one of the {len(xml_files)} XML files is called after (--match "
                f"{options.match}; the first is {xml_files[0]})",
                found.left_out,
            )
        return FoundCases(matched.cases, [*found.left_out, *matched.left_out], found.notes)


def add_corners(parser: ArgumentParser) -> None:
    """Add what the corners of boxes mean."""
    parser.add_argument(
        "--corners",
        choices=CORNERS,
        default="from-1",
        help="what xmin ymin xmax ymax are: from-1, the first and last pixel inside counted from 1 "
        "(PASCAL VOC); from-0, the same counted from 0; edges, the edges of the box (labelImg) "
        "(default: %(default)s)",
    )
