"""Lung-PET-CT-Dx: CT of lung cancer with a box on each slice of the tumour.

Li et al., "A Large-Scale CT and PET/CT Dataset for Lung Cancer Diagnosis", The Cancer Imaging
Archive (2020), https://doi.org/10.7937/TCIA.2020.NNC2-0461. The paper's L-CT-A are its patients of
class A (adenocarcinoma), L-CT-G those of class G (squamous cell carcinoma).
"""

import os
import re
from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import FoundCases, LeftOut
from lidnet_mm.datasets.converters.sources.dicom_series import dicom_files, find_series
from lidnet_mm.datasets.converters.sources.source_folder import layout_error, unusable_error
from lidnet_mm.datasets.converters.sources.voc.annotation_files import find_xml
from lidnet_mm.datasets.converters.sources.voc.voc_cases import VocReading, uid_of, voc_cases
from lidnet_mm.datasets.converters.sources.voc.voc_dicom import add_corners

LETTERS = ("A", "B", "E", "G")
"""Classes of patients, which the objects are called after."""

PATIENT_FOLDER = re.compile(r"Lung_Dx-(?P<patient>(?P<letter>[A-Z])\d+)", re.IGNORECASE)
ANNOTATION_FOLDER = re.compile(r"(?P<patient>[A-Z]\d+)", re.IGNORECASE)


class LungPetCtDx(Converter):
    """``.../Lung_Dx-A0001/<study>/<series>/1-01.dcm``, ``Annotation/A0001/<SOPInstanceUID>.xml``.

    The letter of a patient is the class: A adenocarcinoma, B small cell, E large cell, G squamous
    cell carcinoma. A tumour is often drawn on several series of a patient, such as the lung and
    the soft tissue reconstruction of one scan: patients are split as a whole. Slices without an
    XML file are not known to be without a lesion. PET is left out.

    Corners are read as PASCAL VOC defines them, pixels counted from 1, since the files have that
    format. The pixels cannot tell: on 13 slices the sides of the boxes lie pixels off the tumours,
    and the mean contrast across them has no peak at any of the readings. Another reading
    (``--corners``) moves edges by one pixel, of boxes of 38 to 88 there.
    """

    name = "lung_pet_ct_dx"
    description = "CT slices with boxes of lung tumours, from Lung-PET-CT-Dx"
    class_name = "tumour"
    store = "png"
    keep_empty = False

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the choice of classes."""
        parser.add_argument(
            "--classes",
            nargs="+",
            default=[],
            type=str.upper,
            metavar="LETTER",
            help="only patients of these classes: A (the paper's L-CT-A), B, E, G (L-CT-G) "
            "(default: all)",
        )
        add_corners(parser)

    def settings(self, options: Namespace) -> dict[str, Any]:
        """The choice of classes, for the json."""
        return {"classes": sorted(options.classes), "corners": options.corners}

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Match the XML files of each patient to slices; see the base class."""
        folders = _patient_folders(source)
        if not folders:
            raise layout_error(source, "folder Lung_Dx-A0001 ... at any depth")
        xml_files = _annotations(source)
        if not xml_files:
            raise layout_error(source, "Annotation/A0001/<SOPInstanceUID>.xml at any depth")
        wanted, left_out = _choose(source, folders, xml_files, set(options.classes))
        places = [place for patient in wanted for place in folders[patient]]
        files = dicom_files(places)
        images = find_series(files)
        if files and not images.series:
            raise unusable_error(source, f"{len(files)} DICOM files", images.left_out)
        paths = [path for patient in wanted for path in xml_files[patient]]
        found = voc_cases(images.series, paths, uid_of, VocReading(options.corners, known=LETTERS))
        if not found.cases:
            raise layout_error(
                source,
                f"CT slice of the {len(paths)} XML files (of patients {', '.join(wanted)})",
                images.left_out,
            )
        left_out += [*images.left_out, *found.left_out]
        return FoundCases(found.cases, left_out, images.notes)


def _patient_folders(source: Path) -> dict[str, list[Path]]:
    """Patient, such as ``'A0001'`` → the folders of that name, wherever they lie."""
    found: dict[str, list[Path]] = {}
    for place, below, _ in os.walk(source.resolve() if source.is_symlink() else source):
        match = PATIENT_FOLDER.fullmatch(Path(place).name)
        if match:
            found.setdefault(match["patient"].upper(), []).append(Path(place))
            below.clear()
    return found


def _annotations(source: Path) -> dict[str, list[Path]]:
    """Patient → the XML files in the folders of that name."""
    found: dict[str, list[Path]] = {}
    for path in find_xml(source):
        match = ANNOTATION_FOLDER.fullmatch(path.parent.name)
        if match:
            found.setdefault(match["patient"].upper(), []).append(path)
    return found


def _choose(
    source: Path,
    folders: Mapping[str, list[Path]],
    xml_files: Mapping[str, list[Path]],
    classes: set[str],
) -> tuple[list[str], list[LeftOut]]:
    """The patients of these classes that have images and annotations, and the others."""
    there = {patient[0] for patient in folders}
    if classes - there:
        raise ConversionError(
            f"{source}: no patient of class {', '.join(sorted(classes - there))}; there are the "
            f"classes {', '.join(sorted(there))} (the letter of Lung_Dx-A0001)"
        )
    everybody = folders.keys() | xml_files.keys()
    of_class = [patient for patient in everybody if not classes or patient[0] in classes]
    left_out = []
    if len(of_class) < len(everybody):
        others = len(everybody) - len(of_class)
        left_out.append(LeftOut("patient", "of another class", count=others))
    wanted = sorted(of_class, key=natural_key)
    for patient in wanted:
        if patient not in folders:
            count = len(xml_files[patient])
            reason = "there are no images of its patient"
            left_out.append(LeftOut("annotation", reason, f"Annotation/{patient}", count=count))
        elif patient not in xml_files:
            left_out.append(LeftOut("patient", "without annotations", f"Lung_Dx-{patient}"))
    return [each for each in wanted if each in folders and each in xml_files], left_out
