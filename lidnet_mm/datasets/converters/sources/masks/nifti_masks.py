"""Pairs of an image and a lesion mask, in any layout of folders."""

from argparse import ArgumentParser, Namespace
from functools import partial
from pathlib import Path
from typing import Any

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.lesion_boxes import CONNECTIVITIES
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    SourceCase,
    UnusableCaseError,
)
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import read_labelled_volume
from lidnet_mm.datasets.converters.sources.source_pattern import SourcePair, find_pairs


class NiftiMasks(Converter):
    """Images and masks whose paths a pattern describes: NIfTI, MetaImage or NRRD.

    These are the user's own files: what cannot be used is an error and nothing is left out.
    """

    name = "nifti_masks"
    description = "CT slices with lesion boxes, from masks"
    stop_at_unusable = True

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the patterns, and how masks become boxes."""
        parser.add_argument(
            "--image",
            default="{patient}/image.nii.gz",
            metavar="PATTERN",
            help="images below SOURCE; {patient} is the patient's name, * anything inside one "
            "path part (default: %(default)s)",
        )
        parser.add_argument(
            "--mask",
            default="{patient}/mask.nii.gz",
            metavar="PATTERN",
            help="masks (default: %(default)s)",
        )
        parser.add_argument(
            "--connectivity",
            type=int,
            choices=CONNECTIVITIES,
            default=8,
            help="8: pixels that touch at a corner are one lesion (default: %(default)s)",
        )
        parser.add_argument(
            "--allow-no-lesion",
            action="store_true",
            help="keep patients with an empty mask as negatives instead of stopping",
        )

    def settings(self, options: Namespace) -> dict[str, Any]:
        """How masks become boxes. Patterns are left out: they may hold names."""
        return {
            "connectivity": options.connectivity,
            "allow_no_lesion": options.allow_no_lesion,
        }

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Match the patterns; see :func:`~.source_pattern.find_pairs`."""
        pairs = find_pairs(source, options.image, options.mask)
        return FoundCases([SourceCase(p.patient, partial(_read, p, options)) for p in pairs])


def _read(pair: SourcePair, options: Namespace) -> CaseContent:
    """Read one patient."""
    where = f"patient {pair.patient}"
    content = read_labelled_volume(pair.image, pair.mask, where, connectivity=options.connectivity)
    if options.allow_no_lesion:
        return content
    boxes = [box for of_slice in content.boxes.values() for box in of_slice]
    if not boxes:
        raise UnusableCaseError(
            "no voxel above 0, so no lesion; give the right mask, or --allow-no-lesion to keep "
            "such patients as negatives",
            f"{where}, mask {pair.mask}",
        )
    if all(box.size_mm(content.volume.spacing) < options.min_size_mm for box in boxes):
        raise UnusableCaseError(
            f"every lesion is smaller than {options.min_size_mm:g} mm; lower --min-size-mm, or "
            "give --allow-no-lesion to keep such patients as negatives",
            f"{where}, mask {pair.mask}",
        )
    return content
