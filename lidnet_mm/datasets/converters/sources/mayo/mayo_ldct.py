"""The Mayo Clinic's CT of two doses: true pairs, without lesion boxes.

McCollough et al., "Low-dose CT for the detection and classification of metastatic liver lesions:
Results of the 2016 Low Dose CT Grand Challenge", Medical Physics 44 (2017) e339. Moen et al.,
"Low-dose CT image and projection dataset", Medical Physics 48 (2021) 902; data at
https://doi.org/10.7937/9NPB-2637.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import FoundCases, LeftOut, SourceCase
from lidnet_mm.datasets.converters.sources.dicom_series import (
    DicomSeries,
    dicom_files,
    find_series,
)
from lidnet_mm.datasets.converters.sources.mayo.dose_pair import DosePair
from lidnet_mm.datasets.converters.sources.mayo.mayo_layout import (
    FULL,
    LOW,
    DoseImage,
    dose_image,
    is_projection,
)
from lidnet_mm.datasets.converters.sources.source_folder import layout_error, unusable_error

Scan = tuple[str, str]
"""Patient and reconstruction."""


class MayoLdct(Converter):
    """``L143/full_3mm/L143_FD_3_1.CT.0001.0019....IMA`` with ``quarter_3mm/L143_QD_...IMA``.

    Or, as The Cancer Imaging Archive has it, ``C002/<study>/1.000000-Full Dose Images-.../*.dcm``
    with ``Low Dose Images``. Projections are not read. The first letter of a patient is the exam:
    C chest (low dose is 10 %), L abdomen and N head (25 %).

    The images have no boxes. All slices are kept so that denoisers can be trained and measured on
    true pairs; that they have no lesion is not known, so no detector should be.
    """

    name = "mayo_ldct"
    description = "CT slices at full and low dose without boxes, from the Mayo Clinic"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the choice of exams."""
        parser.add_argument(
            "--exams",
            nargs="+",
            type=str.upper,
            choices=("C", "L", "N"),
            default=[],
            metavar="LETTER",
            help="only these exams: C chest, L abdomen, N head (default: all)",
        )

    def settings(self, options: Namespace) -> dict[str, Any]:
        """The choice of exams, for the json."""
        return {"exams": sorted(options.exams)}

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Pair the series of both doses; see the base class."""
        files = dicom_files([source])
        images = [path for path in files if dose_image(path)]
        if not images:
            raise layout_error(
                source,
                "L143_FD_3_1.CT.0001.0001.....IMA (or QD) or folder 'Full Dose Images' (or Low) "
                "with DICOM files at any depth",
            )
        found = find_series(images)
        if not found.series:
            raise unusable_error(source, f"{len(images)} DICOM files", found.left_out)
        left_out = found.left_out
        others = [path for path in files if not dose_image(path) and not is_projection(path)]
        if others:
            reason = "neither of full nor of low dose by its name"
            left_out.append(LeftOut("file", reason, f"{others[0]} ...", count=len(others)))
        scans, unclear = _scans(found.series)
        wanted = {
            scan: doses
            for scan, doses in scans.items()
            if not options.exams or scan[0][:1].upper() in options.exams
        }
        if len(wanted) < len(scans):
            count = len({scan[0] for scan in scans} - {scan[0] for scan in wanted})
            left_out.append(LeftOut("patient", "of another exam", count=count))
        cases, alone = _cases(wanted)
        if not cases:
            raise ConversionError(
                f"{source}: none of {len(wanted)} scans has one series of full and one of low "
                "dose; give a folder with both doses of one reconstruction"
            )
        return FoundCases(cases, [*left_out, *unclear, *alone], found.notes)


def _scans(
    series: Sequence[DicomSeries],
) -> tuple[dict[Scan, dict[str, list[DicomSeries]]], list[LeftOut]]:
    """Scan → its series of each dose, and the series whose files do not agree on that."""
    scans: dict[Scan, dict[str, list[DicomSeries]]] = {}
    left_out = []
    for each in series:
        said = {_of_series(path) for path in each.files}
        if len(said) > 1:
            reason = "its files are of two doses, patients or reconstructions by their names"
            left_out.append(LeftOut("volume", reason, f"series {each.name} ({each.files[0]} ...)"))
            continue
        (image,) = said
        scan = (image.patient or each.patient, image.reconstruction)
        scans.setdefault(scan, {FULL: [], LOW: []})[image.dose].append(each)
    return scans, left_out


def _of_series(path: Path) -> DoseImage:
    """What the path of a file says of its series."""
    image = dose_image(path)
    return DoseImage(image.dose, image.patient, image.reconstruction)


def _cases(
    scans: Mapping[Scan, Mapping[str, Sequence[DicomSeries]]],
) -> tuple[list[SourceCase], list[LeftOut]]:
    """A case for each scan with one series of each dose, and the other scans."""
    cases, left_out = [], []
    for scan in sorted(scans, key=lambda scan: (natural_key(scan[0]), natural_key(scan[1]))):
        doses = scans[scan]
        named = " ".join(part for part in scan if part)
        if len(doses[FULL]) == len(doses[LOW]) == 1:
            read = DosePair(doses[FULL][0], doses[LOW][0]).read
            cases.append(SourceCase(scan[0], read, scan[1]))
        elif not doses[FULL] or not doses[LOW]:
            missing = "full" if not doses[FULL] else "low"
            left_out.append(LeftOut("volume", f"without images of {missing} dose", named))
        else:
            places = sorted({str(each.files[0].parent) for one in doses.values() for each in one})
            reason = "several series of one dose, so it is not known which are partners"
            left_out.append(LeftOut("volume", reason, f"{named}: {', '.join(places)}"))
    return cases, left_out
