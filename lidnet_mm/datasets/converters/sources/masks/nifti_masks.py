"""Pairs of an image and a lesion mask, in any layout of folders."""

from argparse import ArgumentParser, Namespace
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.lesion_boxes import CONNECTIVITIES
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    SourceCase,
    UnusableCaseError,
)
from lidnet_mm.datasets.converters.sources.masks.label_choice import (
    ALL,
    LabelChoice,
    parse_labels,
)
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import read_labelled_volume
from lidnet_mm.datasets.converters.sources.patient_names import add_patients, patients_of
from lidnet_mm.datasets.converters.sources.source_pattern import SourcePair, find_pairs

SCANS = "write {scan} in --image and --mask, as in '{patient}_{scan}_ct.nii.gz', or give --patients"


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
            help="images below SOURCE; {patient} is the patient's name, {scan} what tells several "
            "scans of a patient apart, as in '{patient}_{scan}_ct.nii.gz', * anything inside one "
            "path part (default: %(default)s)",
        )
        parser.add_argument(
            "--mask",
            default="{patient}/mask.nii.gz",
            metavar="PATTERN",
            help="masks (default: %(default)s)",
        )
        add_patients(parser)
        parser.add_argument(
            "--labels",
            nargs="+",
            default=[],
            metavar="LABEL",
            help="values of the masks that are lesions: 2, or 2,3, or with a category each "
            f"tumour=2,cyst=3; all other values are healthy. {ALL}: every value above 0, such as "
            "the numbers of lesions (default: the same, with a warning where a mask has several)",
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
            "labels": str(parse_labels(options.labels)) if options.labels else "",
            "connectivity": options.connectivity,
            "allow_no_lesion": options.allow_no_lesion,
        }

    def class_names(self, options: Namespace) -> tuple[str, ...]:
        """The classes of ``--labels``, or the one of all converters."""
        named = _choice(options).class_names
        if named and options.class_name != self.class_name:
            raise ConversionError(
                f"--class-name {options.class_name} and the classes {', '.join(named)} of --labels "
                "contradict each other; give one of them"
            )
        return named or super().class_names(options)

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """Match the patterns; see :func:`~.source_pattern.find_pairs`."""
        pairs = find_pairs(source, options.image, options.mask)
        patients = patients_of([p.patient for p in pairs], options.patients, SCANS)
        several = _SeveralLabels()
        return FoundCases(
            [
                SourceCase(
                    patients[p.patient],
                    partial(_read, p, options, several),
                    f"{p.patient} {p.scan}".strip() if options.patients else p.scan,
                )
                for p in pairs
            ]
        )


class _SeveralLabels:
    """Tells of masks with several values, the first few by name."""

    MOST_NAMES = 5

    def __init__(self) -> None:
        self._named = 0

    def tell(self, where: str, voxels: Counter[int]) -> None:
        """Warn of one mask."""
        self._named += 1
        found = [f"{value} ({count} voxels)" for value, count in sorted(voxels.items())]
        shown = ", ".join(found[:9]) + (f" and {len(found) - 9} more" if found[9:] else "")
        if self._named > self.MOST_NAMES:
            where, shown = "further masks", "several each"  # of which the logger shows the first
        MMLogger.get_current_instance().warning(
            f"{where}: values {shown}, all of them taken as lesions. If one is an organ or another "
            "class, choose with --labels 2 or --labels tumour=2,cyst=3; if they number the "
            f"lesions, --labels {ALL} says so"
        )


def _choice(options: Namespace) -> LabelChoice:
    """Which labels are lesions."""
    return parse_labels(options.labels) if options.labels else LabelChoice()


def _read(pair: SourcePair, options: Namespace, several: _SeveralLabels) -> CaseContent:
    """Read one patient."""
    where, choice = str(pair), _choice(options)
    voxels: Counter[int] = Counter()
    content = read_labelled_volume(
        pair.image,
        pair.mask,
        where,
        connectivity=options.connectivity,
        choice=choice,
        voxels=voxels,
    )
    if len(voxels) > 1 and not options.labels:
        several.tell(f"{where}, mask {pair.mask}", voxels)
    if options.allow_no_lesion:
        return content
    boxes = [box for of_slice in content.boxes.values() for box in of_slice]
    if not boxes and voxels:
        raise UnusableCaseError(
            f"none of its values ({', '.join(map(str, sorted(voxels)))}) is a lesion of --labels "
            f"{choice}; correct --labels, or give --allow-no-lesion to keep such patients as "
            "negatives",
            f"{where}, mask {pair.mask}",
        )
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
