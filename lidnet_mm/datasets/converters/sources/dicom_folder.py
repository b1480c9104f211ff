"""Any tree of DICOM files, without annotations."""

from argparse import Namespace
from functools import partial
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.source_case import CaseContent, FoundCases, SourceCase
from lidnet_mm.datasets.converters.sources.dicom_series import (
    DicomSeries,
    dicom_files,
    find_series,
)
from lidnet_mm.datasets.converters.sources.source_folder import layout_error, unusable_error


class DicomFolder(Converter):
    """DICOM files anywhere below one folder, all slices of all CT series.

    Nobody has looked for lesions: the slices are for denoisers alone. The json says so
    (``info.annotated`` is false), and ``CTLesionDataset`` refuses it unless ``unannotated=True``
    says that no detector learns from it.
    """

    name = "dicom"
    description = "CT slices without annotations, from DICOM"
    annotated = False

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """List the series; see the base class."""
        if not options.keep_empty:
            raise ConversionError(
                "--only-lesion-slices leaves nothing of slices without annotations; leave it out"
            )
        files = dicom_files([source])
        if not files:
            raise layout_error(source, "DICOM file")
        found = find_series(files)
        if not found.series:
            raise unusable_error(source, f"{len(files)} DICOM files", found.left_out)
        cases = [SourceCase(one.patient, partial(_read, one), one.name) for one in found.series]
        return FoundCases(cases, found.left_out, found.notes)


def _read(series: DicomSeries) -> CaseContent:
    """Read one series."""
    return CaseContent(series.open(), boxes={})
