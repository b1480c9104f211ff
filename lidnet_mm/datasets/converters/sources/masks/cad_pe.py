"""CAD-PE: CT pulmonary angiographies with one label for each clot.

González et al., "Computer Aided Detection for Pulmonary Embolism Challenge (CAD-PE)",
arXiv:2003.13440; data at https://doi.org/10.21227/9bw7-6823.
"""

from argparse import Namespace
from pathlib import Path

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.source_case import CaseContent, FoundCases
from lidnet_mm.datasets.converters.sources.masks.labelled_pairs import pair_cases
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import (
    read_labelled_volume,
    require_lesion,
)
from lidnet_mm.datasets.converters.sources.source_folder import files_by_name, layout_error

IMAGE_NAME = r"([a-z]?\d+)\.nrrd"
LABEL_NAME = r"([a-z]?\d+)RefStd\.nrrd"


class CadPe(Converter):
    """``images/001.nrrd`` with ``rs/0001RefStd.nrrd`` (or ``001RefStd.nrrd``).

    Numbers are compared without leading zeros, and may follow a letter (``e0032``). The reference
    has one integer for each clot: a slice gets a box for each connected piece of each clot, with
    the integer as attribute ``clot``.
    """

    name = "cad_pe"
    description = "CT slices with boxes of pulmonary emboli, from CAD-PE"
    class_name = "embolus"

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Pair the volumes with their reference standards; see the base class."""
        volumes = files_by_name(source / "images", IMAGE_NAME)
        labels = files_by_name(source / "rs", LABEL_NAME)
        if not volumes or not labels:
            wanted = "rs/0001RefStd.nrrd ..." if volumes else "images/001.nrrd ..."
            raise layout_error(source, wanted)
        return pair_cases(volumes, labels, _read)


def _read(patient: str, volume: Path, labels: Path) -> CaseContent:
    """Read one patient, who has at least one clot."""
    content = read_labelled_volume(volume, labels, f"patient {patient}", label_name="clot")
    require_lesion(content.boxes, f"patient {patient}, mask {labels}")
    return content
