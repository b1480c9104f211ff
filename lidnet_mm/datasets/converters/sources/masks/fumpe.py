"""FUMPE: CT angiographies of DICOM slices with masks of pulmonary emboli from MATLAB.

Masoudi et al., "A new dataset of computed-tomography angiography images for computer-aided
detection of pulmonary embolism", Scientific Data 5 (2018) 180180.
"""

from argparse import Namespace
from collections.abc import Callable
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import CaseContent, FoundCases, UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.labelled_pairs import pair_cases
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import boxes_of_labels
from lidnet_mm.datasets.converters.sources.masks.matlab_mask import read_matlab_mask
from lidnet_mm.datasets.converters.sources.source_folder import files_by_name, layout_error
from lidnet_mm.datasets.readers.dicom import DicomVolume


class Fumpe(Converter):
    """``CT_scans/PAT001/D0001.dcm ...`` with ``GroundTruth/PAT001.mat``.

    Slice k of a mask belongs to the k-th DICOM by file name, wherever that lies in the patient.
    An empty mask is a patient without embolism.
    """

    name = "fumpe"
    description = "CT slices with boxes of pulmonary emboli, from FUMPE"
    class_name = "embolus"

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Pair the folders of slices with the masks; see the base class."""
        volumes = files_by_name(source / "CT_scans", r"(PAT\d+)")
        labels = files_by_name(source / "GroundTruth", r"(PAT\d+)\.mat")
        if not volumes or not labels:
            wanted = "GroundTruth/PAT001.mat ..." if volumes else "CT_scans/PAT001 ..."
            raise layout_error(source, wanted)
        return pair_cases(volumes, labels, _read)


def _read(patient: str, folder: Path, labels: Path) -> CaseContent:
    """Read one patient."""
    where = f"patient {patient}, mask {labels}"
    volume = _open(folder)
    mask = read_matlab_mask(labels)
    rows, columns = volume.stored_shape[1:]
    if mask.shape != (rows, columns, volume.num_slices):
        raise UnusableCaseError(
            f"the mask has (rows, columns, slices) {mask.shape}, but the DICOM slices "
            f"{(rows, columns, volume.num_slices)}; copy the slices again, and nothing else into "
            "their folder",
            where,
        )
    boxes = boxes_of_labels(_by_file_name(volume, mask), volume.num_slices, where)
    return CaseContent(volume=volume, boxes=boxes)


def _open(folder: Path) -> DicomVolume:
    """Open the slices of a folder; the ``._*`` companions of some archives are none."""
    files = [
        path
        for path in folder.glob("*")
        if path.suffix.lower() == ".dcm" and not path.name.startswith(".")
    ]
    try:
        return DicomVolume(files)
    except (OSError, ValueError) as error:
        raise UnusableCaseError(
            "its DICOM slices are not one volume; copy them again", f"{folder}: {error}"
        ) from error


def _by_file_name(volume: DicomVolume, mask: np.ndarray) -> Callable[[int], np.ndarray]:
    """The function from a slice of the volume to its plane of the mask, in display order."""
    names = sorted(volume.slice_files, key=lambda path: natural_key(path.name))
    planes = {path: plane for plane, path in enumerate(names)}
    if len(planes) != volume.num_slices:
        raise UnusableCaseError(
            "several slices are in one file, so file names do not tell their order; export one "
            "file a slice",
            str(volume.path),
        )

    def read(index: int) -> np.ndarray:
        return volume.orientation.display(mask[:, :, planes[volume.slice_files[index]]])

    return read
