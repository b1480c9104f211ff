"""Turn the cases of a source into a dataset: the same for every converter.

The result is a folder ``annotations/{train,val,test}.json``, ``volumes/`` and ``conversion.json``,
which counts what there is and what was left out. A part of the split that gets no patient gets no
file. Slices of nothing but air are left out: they have no noise level to which a low dose could be
simulated, and nothing to detect.

Patients are numbered in the natural order of their source names, whatever the seed: a case keeps
its number from one split to the next, so that runs on different splits can be compared case by
case. Numbering in an order drawn from the seed would hide nothing, because the seed is published
in the json. Source names appear in no file of the dataset.
"""

import logging
from argparse import Namespace
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger
from tqdm import tqdm

import lidnet_mm
from lidnet_mm.datasets.converters.case_conversion import convert_case
from lidnet_mm.datasets.converters.checked_case import BoxLimits
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.key_file import check_key, write_key
from lidnet_mm.datasets.converters.left_out_lines import warn_left_out, warn_notes
from lidnet_mm.datasets.converters.numbering import NumberedCase, number_cases
from lidnet_mm.datasets.converters.output.case_record import CLASS_NAME, left_out_records
from lidnet_mm.datasets.converters.output.coco_writer import coco_document, write_json
from lidnet_mm.datasets.converters.output.conversion_summary import ConversionSummary, summarise
from lidnet_mm.datasets.converters.output.resumable_folder import CaseRecords, resumable_folder
from lidnet_mm.datasets.converters.output.staged_folder import check_destination
from lidnet_mm.datasets.converters.patient_split import PARTS
from lidnet_mm.datasets.converters.same_volumes import same_volumes
from lidnet_mm.datasets.converters.source_case import FoundCases, LeftOut


@dataclass(frozen=True)
class ConversionSettings:
    """How to convert, for any source.

    Attributes:
        split: Part → number of patients or fraction; None takes the parts of the source.
        seed: Which of the possible splits.
        limits: Which boxes and slices are kept.
        class_names: Names of the categories, in the order of their ids.
        store: ``'nifti'``, ``'png'`` or ``'link'``.
        overwrite: Replace an earlier dataset in the same folder.
        key: File, outside of the dataset, that receives the source's names; None for none.
        square_pixels: Resample cases whose pixels are not square.

    Raises:
        ConversionError: Links are asked for, and pixels that no file has.
    """

    split: Mapping[str, int | float] | None
    seed: int = 0
    limits: BoxLimits = field(default_factory=BoxLimits)
    class_names: tuple[str, ...] = ("lesion",)
    store: str = "nifti"
    overwrite: bool = False
    key: Path | None = None
    square_pixels: bool = False

    def __post_init__(self) -> None:
        """Check what cannot go together."""
        if self.square_pixels and self.store == "link":
            raise ConversionError(
                "--square-pixels makes new voxels, --store link shows the source's: give --store "
                "nifti or png"
            )

    def as_json(self) -> dict[str, Any]:
        """What the dataset depends on, in plain values."""
        return {
            "min_size_mm": self.limits.min_size_mm,
            "keep_empty": self.limits.keep_empty,
            "store": self.store,
            **({"square_pixels": True} if self.square_pixels else {}),
        }


def convert(
    converter: Converter,
    source: Path,
    out: Path,
    settings: ConversionSettings,
    options: Namespace,
    dry_run: bool = False,
) -> ConversionSummary:
    """Convert a folder.

    Args:
        converter: Finds and reads the cases.
        source: Folder of the source.
        out: Folder to write; see :func:`~.output.staged_folder.check_destination`.
        settings: How to convert.
        options: The converter's own options.
        dry_run: Read and check everything, but write nothing.

    Returns:
        What was found.

    Raises:
        ConversionError: Anything from which no correct dataset can be made; nothing is written.
    """
    source, out = Path(source), Path(out)
    if not source.is_dir():
        raise ConversionError(f"{source}: no such folder; name the folder that holds the data")
    check_destination(out, source, settings.overwrite)
    found = converter.find_cases(source, options)
    if not found.cases:
        raise ConversionError(_nothing_found(source, converter.name, found.left_out))
    verbose = MMLogger.get_current_instance().isEnabledFor(logging.INFO)
    warn_left_out("", found.left_out, all_names=verbose)
    warn_notes(found.notes)
    cases = number_cases(found.cases, settings.split, settings.seed)
    if settings.key is not None:
        check_key(settings.key, out, cases)
    info = _info(converter, settings, options)
    if dry_run:
        records = _convert_cases(converter, cases, settings, None)
        return _written(records, _noted(found, cases, records), info, settings, None)
    names = [[case.source.patient, case.source.series] for case in cases]
    identity = {**info, "source": str(source.resolve()), "cases": names}
    with resumable_folder(out, identity) as done:
        records = _convert_cases(converter, cases, settings, done)
        summary = _written(records, _noted(found, cases, records), info, settings, done.root)
        if settings.key is not None:  # before the folder appears: no dataset without its key
            write_key(settings.key, cases)
    return summary


def _convert_cases(
    converter: Converter,
    cases: Sequence[NumberedCase],
    settings: ConversionSettings,
    done: CaseRecords | None,
) -> list[dict[str, Any]]:
    """Convert the cases that are not done yet; returns the records of all."""
    records = []
    for case in tqdm(cases, desc=converter.name, unit="volume", disable=None):
        record = done.load(case.stem) if done else None
        if record is None:
            root = done.root if done else None
            record = convert_case(
                case,
                settings.limits,
                settings.store,
                root,
                converter.stop_at_unusable,
                settings.square_pixels,
            )
            if done:
                done.save(case.stem, record)
        records.append(record)
    return records


def _noted(
    found: FoundCases, cases: Sequence[NumberedCase], records: Sequence[Mapping[str, Any]]
) -> FoundCases:
    """What was found, with a note and a warning where patients share a volume."""
    notes = same_volumes(cases, records)
    warn_notes(notes)
    return replace(found, notes=(*found.notes, *notes))


def _written(
    records: Sequence[Mapping[str, Any]],
    found: FoundCases,
    info: Mapping[str, Any],
    settings: ConversionSettings,
    root: Path | None,
) -> ConversionSummary:
    """Write the json files, or with no folder only check that they could be."""
    notes = [note.text for note in found.notes]
    summary = summarise(records, left_out_records(found.left_out, None), notes)
    if not summary.total.slices:
        raise ConversionError(
            f"no slice could be used{_reasons(records)}; what was left out:\n{summary.as_table()}"
        )
    documents = _documents(records, info, settings.class_names)
    if root is not None:
        for part, document in documents.items():
            write_json(root / "annotations" / f"{part}.json", document)
        write_json(root / "conversion.json", {"info": dict(info), **summary.as_json()})
    return summary


def _documents(
    records: Sequence[Mapping[str, Any]], info: Mapping[str, Any], class_names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Make the COCO document of every part that has patients; ids are unique across parts."""
    documents: dict[str, dict[str, Any]] = {}
    image_id = annotation_id = 0
    for part in PARTS:
        images: list[dict[str, Any]] = []
        annotations: list[dict[str, Any]] = []
        of_part = [record for record in records if record["part"] == part]
        for entry in (entry for record in of_part for entry in record["slices"]):
            image_id += 1
            images.append({**entry["image"], "id": image_id})
            for box in entry["boxes"]:
                annotation_id += 1
                ids = {"id": annotation_id, "image_id": image_id}
                annotations.append({**_in_category(box, class_names), **ids})
        if of_part and not images:
            raise ConversionError(
                f"part {part}: none of its {len(of_part)} volumes has a slice that is used"
                f"{_reasons(of_part)}; keep those without lesion (--keep-empty) if that is why, or "
                "take another --split or --seed"
            )
        if images:
            about = {**info, "part": part}
            documents[part] = coco_document(images, annotations, about, class_names)
    _warn_of_empty_classes(documents, class_names)
    return documents


def _in_category(box: Mapping[str, Any], class_names: Sequence[str]) -> dict[str, Any]:
    """A box of a case's record with the number of its category instead of the name."""
    name = box.get(CLASS_NAME, class_names[0])
    others = {key: value for key, value in box.items() if key != CLASS_NAME}
    return {**others, "category_id": 1 + class_names.index(name)}


def _warn_of_empty_classes(documents: Mapping[str, Any], class_names: Sequence[str]) -> None:
    """Say which of several classes has no lesion at all."""
    used = {box["category_id"] for each in documents.values() for box in each["annotations"]}
    for number, name in enumerate(class_names, start=1):
        if len(class_names) > 1 and number not in used:
            MMLogger.get_current_instance().warning(
                f"no lesion of class '{name}' in the whole data set: is its value the right one?"
            )


def _nothing_found(source: Path, name: str, left_out: Sequence[LeftOut]) -> str:
    """Why a folder has no volume: first what was left out, each reason once, with an example."""
    first = {(entry.what, entry.reason): entry.source for entry in reversed(left_out)}
    reasons = [
        f"{what}{f' {example}' if example else ''}: {reason}"
        for (what, reason), example in reversed(first.items())
    ]
    found = f"{source}: no CT volume of {name} found"
    return f"{'; '.join(reasons)}. So {found}" if reasons else found


def _reasons(records: Sequence[Mapping[str, Any]]) -> str:
    """Why volumes were left out, each reason once; nothing where none was."""
    entries = [entry for record in records for entry in record["left_out"]]
    reasons = dict.fromkeys(e["reason"] for e in entries if e["what"] == "volume")
    return f" ({'; '.join(reasons)})" if reasons else ""


def _info(converter: Converter, settings: ConversionSettings, options: Namespace) -> dict[str, Any]:
    """Say how the dataset is made, naming nothing of the source."""
    return {
        "description": converter.description,
        "version": lidnet_mm.__version__,
        **({} if converter.annotated else {"annotated": False}),
        "converter": {
            "name": converter.name,
            **settings.as_json(),
            **converter.settings(options),
        },
        "split": "as the source" if settings.split is None else dict(settings.split),
        "seed": settings.seed,
    }
