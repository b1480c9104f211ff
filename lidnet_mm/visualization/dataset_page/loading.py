"""Slices through their pipeline; those that cannot be read are named."""

import logging
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from mmengine.logging import print_log

from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.seeding import seed_for
from lidnet_mm.visualization.dataset_page.part import DataPart, ListedSlice
from lidnet_mm.visualization.dataset_page.shown_slice import ShownBox, ShownSlice, UnreadableSlice

TIMES = " \N{MULTIPLICATION SIGN} "


def load_slices(
    chosen: Iterable[tuple[DataPart, ListedSlice]], seed: int = 0
) -> list[ShownSlice | UnreadableSlice]:
    """Load slices through their pipeline, augmentation drawn anew for each.

    Why a slice cannot be read goes to the log in full, with its file.

    Args:
        chosen: Slices and the part that each is of.
        seed: Seed of the augmentation.

    Returns:
        One entry a slice, in their order.

    Raises:
        ValueError: None of them can be read.
    """
    entries, first = [], None
    for part, listed in chosen:
        try:
            entries.append(load_slice(part, listed, seed))
        except (ValueError, OSError) as error:
            first = first or error
            print_log(f"Unreadable: {listed.name}: {error}", "current", logging.ERROR)
            entries.append(UnreadableSlice(listed.name, _reason(error)))
    if first and all(isinstance(entry, UnreadableSlice) for entry in entries):
        raise ValueError(
            f"none of the {len(entries)} slices can be read, first {entries[0].name}: {first}"
        )
    return entries


def load_slice(part: DataPart, listed: ListedSlice, seed: int = 0) -> ShownSlice:
    """Load one slice through its pipeline.

    Args:
        part: The part that it is of.
        listed: The slice.
        seed: Seed of the augmentation, together with the slice.

    Returns:
        What a model would get. Where the pipeline refuses a slice, as crops without lesion do in
        some settings, it is the one that the data set gives in its place.

    Raises:
        VolumeError: Its volume cannot be read.
        OSError: Its file cannot be read.
        ValueError: A step of the pipeline refuses it.
    """
    draw = Draw(listed.position, seed_for("dataset_page", seed, listed.position), visit=0)
    packed = part.dataset[draw]
    meta, sample = packed["data_samples"].metainfo, packed["data_samples"]
    name = part.name_of(meta)
    ndct = packed["ndct"][0].numpy()
    images = {"LDCT": packed["inputs"][0].numpy()} if part.has_ldct else {}
    info = part.dataset.get_data_info(listed.position) if name == listed.name else None
    return ShownSlice(
        name=name,
        images={**images, "NDCT": ndct},
        boxes=_boxes(part, sample, info),
        spacing=tuple(float(size) for size in meta["spacing"]),
        thickness=meta.get("slice_thickness"),
        changes=_changes(meta),
    )


def _boxes(part: DataPart, sample: Any, info: Mapping[str, Any] | None) -> tuple[ShownBox, ...]:
    """Boxes of a packed sample, crowds last, with their attributes where all are still there."""
    kinds = (("gt_instances", False), ("ignored_instances", True))
    found = [
        (edges, part.class_names[int(label)], ignored)
        for kind, ignored in kinds
        for edges, label in _instances(sample.get(kind))
    ]
    attributes = part.attributes_of(info) if info else []
    if len(attributes) != len(found):  # a crop left some out, and none says which
        attributes = [{}] * len(found)
    return tuple(
        ShownBox(edges, label, told, ignored)
        for (edges, label, ignored), told in zip(found, attributes, strict=True)
    )


def _instances(instances: Any) -> list[tuple[tuple[float, float, float, float], int]]:
    """Edges and label of each instance."""
    if instances is None or "bboxes" not in instances:
        return []
    boxes = getattr(instances.bboxes, "tensor", instances.bboxes)
    edges = np.asarray(boxes, dtype=np.float64).reshape(-1, 4).tolist()
    return [(tuple(box), int(label)) for box, label in zip(edges, instances.labels, strict=True)]


def _changes(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """What the pipeline did to a slice, in words."""
    changes = []
    if tuple(meta.get("scale_factor", (1, 1))) != (1, 1):
        width, height = meta["scale_factor"]
        changes.append(f"resized by {width:.3g}{TIMES}{height:.3g}")
    if tuple(meta["img_shape"][:2]) != tuple(meta["ori_shape"][:2]):
        before, after = meta["ori_shape"][:2], meta["img_shape"][:2]
        changes.append(
            f"{after[1]}{TIMES}{after[0]} pixels of the slice's {before[1]}{TIMES}{before[0]}"
        )
    if meta.get("flip"):
        changes.append(f"flipped ({meta['flip_direction']})")
    return tuple(changes)


def _reason(error: Exception) -> str:
    """Why a slice is missing on the page, without the names of files."""
    if isinstance(error, FileNotFoundError):
        return "its volume is missing"
    if isinstance(error, VolumeError):
        return "its volume is damaged, has no such slice, or is not the one that was annotated"
    return "its file cannot be read, or a step of the pipeline refused it"
