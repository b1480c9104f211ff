"""LUNA16: chest CT with nodules given as spheres.

Setio et al., "Validation, comparison, and combination of algorithms for automatic detection of
pulmonary nodules in computed tomography images", Medical Image Analysis 42 (2017) 1-13.
"""

from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    LeftOut,
    SourceCase,
)
from lidnet_mm.datasets.converters.sources.luna16.nodule_table import ListedNodule, read_nodules
from lidnet_mm.datasets.converters.sources.luna16.sphere_boxes import continuous_index, sphere_boxes
from lidnet_mm.datasets.converters.sources.masks.labelled_volume import open_case_volume
from lidnet_mm.datasets.converters.sources.source_folder import layout_error
from lidnet_mm.datasets.readers import CTVolume

SUBSETS = range(10)
TABLES = ("annotations.csv", "CSVFILES/annotations.csv")


class Luna16(Converter):
    """``annotations.csv`` with ``subset0..9/<seriesuid>.mhd`` and ``.raw``.

    A series is a patient: the files do not tell whether two series are of the same person. Slices
    that no nodule of the table crosses are negatives, although they may hold findings on which
    fewer than three of the four readers agreed.
    """

    name = "luna16"
    description = "CT slices with lung nodule boxes, from LUNA16"
    class_name = "nodule"

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the choice of subsets, and the split by them."""
        for option, meaning in (
            ("--subsets", "subsets to convert (default: all that are there)"),
            ("--val-subsets", "subsets that are the validation part"),
            ("--test-subsets", "subsets that are the test part; the others are for training"),
        ):
            parser.add_argument(
                option,
                type=int,
                nargs="+",
                choices=SUBSETS,
                default=[],
                metavar="K",
                help=meaning,
            )

    def default_split(self, options: Namespace) -> Mapping[str, int | float] | None:
        """None, for the parts of the subsets, where these are given; see the base class."""
        return None if _parts(options) else self.split

    def settings(self, options: Namespace) -> dict[str, Any]:
        """The subsets, for the json."""
        return {
            "subsets": sorted(set(options.subsets)) or list(SUBSETS),
            "val_subsets": sorted(set(options.val_subsets)),
            "test_subsets": sorted(set(options.test_subsets)),
        }

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        """List the volumes of the subsets with their nodules; see the base class."""
        table = next((source / name for name in TABLES if (source / name).is_file()), None)
        if table is None:
            raise layout_error(source, "annotations.csv")
        nodules = read_nodules(table)
        volumes = _find_volumes(source)
        if not volumes:
            raise layout_error(source, "subset0/*.mhd ... subset9/*.mhd")
        parts = _parts(options)
        chosen = set(options.subsets) or set(SUBSETS)
        cases = [
            SourceCase(uid, _reader(uid, path, nodules.get(uid, ())), part=parts.get(subset))
            for uid, (path, subset) in volumes.items()
            if subset in chosen
        ]
        if not cases:
            raise layout_error(
                source, "volume in " + ", ".join(f"subset{k}" for k in sorted(chosen))
            )
        missing = [
            LeftOut("annotation", "its volume is not in the source", uid, count=len(found))
            for uid, found in nodules.items()
            if uid not in volumes
        ]
        return FoundCases(cases, missing)


def _find_volumes(source: Path) -> dict[str, tuple[Path, int]]:
    """Series UID → volume and subset."""
    volumes: dict[str, tuple[Path, int]] = {}
    for subset in SUBSETS:
        for path in sorted((source / f"subset{subset}").rglob("*.mhd")):
            if path.name.startswith("."):
                continue
            if path.stem in volumes:
                raise ConversionError(
                    f"series {path.stem} comes twice: {volumes[path.stem][0]} and {path}; "
                    "keep one of them"
                )
            volumes[path.stem] = (path, subset)
    return volumes


def _parts(options: Namespace) -> dict[int, str]:
    """Subset → part of the split; empty if patients are drawn."""
    if not options.val_subsets and not options.test_subsets:
        return {}
    if options.split:
        raise ConversionError(
            "--split draws patients, --val-subsets and --test-subsets take whole subsets; give "
            "one or the other"
        )
    both = sorted({*options.val_subsets} & {*options.test_subsets})
    if both:
        raise ConversionError(
            f"subset {both[0]} is in --val-subsets and --test-subsets; give it to one of them"
        )
    parts = dict.fromkeys(SUBSETS, "train")
    parts.update(dict.fromkeys(options.val_subsets, "val"))
    parts.update(dict.fromkeys(options.test_subsets, "test"))
    return parts


def _reader(uid: str, path: Path, nodules: Sequence[ListedNodule]) -> Callable[[], CaseContent]:
    """The function that reads one series."""
    return lambda: _read(uid, path, nodules)


def _read(uid: str, path: Path, nodules: Sequence[ListedNodule]) -> CaseContent:
    """Cut the nodules of a series by its slices."""
    volume = open_case_volume(path, f"series {uid}")
    boxes: dict[int, list[LesionBox]] = {}
    left_out = []
    for number, nodule in enumerate(nodules):
        reason = _unusable(volume, nodule, nodules[:number])
        cuts = {} if reason else sphere_boxes(volume, nodule.centre, nodule.diameter_mm)
        if not cuts:
            where = f"{path}, nodule at {nodule.centre}"
            reason = reason or "the nodule lies between two slices"
            left_out.append(LeftOut("annotation", reason, where))
        for index, box in cuts.items():
            boxes.setdefault(index, []).append(box)
    return CaseContent(volume=volume, boxes=boxes, left_out=left_out)


def _unusable(volume: CTVolume, nodule: ListedNodule, earlier: Sequence[ListedNodule]) -> str:
    """Why a nodule cannot be on the volume; empty if it can."""
    if nodule in earlier:
        return "the same nodule comes twice"
    size = np.array([volume.num_slices, *volume.slice_shape])
    index = continuous_index(volume, np.array(nodule.centre))
    if ((index < -0.5) | (index > size - 0.5)).any():
        return "the centre of the nodule is outside of the volume"
    return ""
