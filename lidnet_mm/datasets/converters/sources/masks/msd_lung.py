"""Medical Segmentation Decathlon, Task06_Lung: CT with masks of lung tumours.

Antonelli et al., "The Medical Segmentation Decathlon", Nature Communications 13 (2022) 4128.
"""

import dataclasses
from argparse import Namespace
from pathlib import Path

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.source_case import CaseContent, FoundCases, LeftOut
from lidnet_mm.datasets.converters.sources.masks.labelled_pairs import pair_cases
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import (
    read_labelled_volume,
    require_lesion,
)
from lidnet_mm.datasets.converters.sources.source_folder import files_by_name, layout_error

VOLUME_NAME = r"(lung_\d+)\.nii(?:\.gz)?"


class MsdLung(Converter):
    """``imagesTr/lung_*.nii.gz`` with ``labelsTr/lung_*.nii.gz``, label 1 = tumour.

    The volumes of ``imagesTs`` have no published labels; they are counted and left out.
    """

    name = "msd_lung"
    description = "CT slices with lung tumour boxes, from the Medical Segmentation Decathlon"
    class_name = "lung tumour"

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Pair the training volumes with their labels; see the base class."""
        volumes = files_by_name(source / "imagesTr", VOLUME_NAME)
        labels = files_by_name(source / "labelsTr", VOLUME_NAME)
        if not volumes or not labels:
            folder = "labelsTr" if volumes else "imagesTr"
            raise layout_error(source, f"{folder}/lung_001.nii.gz ...")
        found = pair_cases(volumes, labels, _read)
        tests = len(files_by_name(source / "imagesTs", VOLUME_NAME))
        if not tests:
            return found
        unlabelled = LeftOut("volume", "a test scan without published labels", count=tests)
        return dataclasses.replace(found, left_out=[*found.left_out, unlabelled])


def _read(patient: str, volume: Path, labels: Path) -> CaseContent:
    """Read one patient, who has a tumour."""
    content = read_labelled_volume(volume, labels, f"patient {patient}")
    require_lesion(content.boxes, f"patient {patient}, mask {labels}")
    return content
