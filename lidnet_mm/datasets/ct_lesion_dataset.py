"""CT slices with lesion boxes, from a COCO json."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmengine.fileio import get
from mmengine.logging import print_log

from lidnet_mm.coco_json.annotation_file import (
    AnnotationFile,
    class_names,
    parse_annotations,
    require_annotated,
)
from lidnet_mm.datasets.annotated_slices import require_volumes, slice_fields, warn_of_corrections
from lidnet_mm.datasets.drawn_slices import DrawnSlices
from lidnet_mm.datasets.expected_counts import check_expected, unexpected_counts
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.missing_package import needed_by
from lidnet_mm.registry import DATASETS

with needed_by("CTLesionDataset"):
    from mmdet.datasets import CocoDataset


@DATASETS.register_module()
class CTLesionDataset(DrawnSlices, CocoDataset):
    """Axial CT slices with lesion boxes.

    The annotation file is COCO with these fields in each image record besides ``id``,
    ``file_name`` (volume, relative to ``data_prefix['img']``), ``height`` and ``width``:
    ``slice_index`` (from 0 towards superior), ``spacing`` ([row, column] mm),
    ``slice_thickness`` (mm), ``patient_id``, ``series`` where a patient has several volumes,
    ``slice_in_file`` where the slice has another position in its file, and for true pairs
    ``ldct_file_name`` (relative to ``data_prefix['ldct']``) and ``ldct_slice_index``. Boxes are in
    pixels of the slice in display order (rows towards posterior, columns towards left).

    Slices without a lesion are kept as negatives unless ``filter_cfg=dict(filter_empty_gt=True)``.

    Args:
        *args: As for ``CocoDataset``.
        data_prefix: Folders of the volumes, joined to ``data_root``: ``img`` and, where they
            lie elsewhere, ``ldct``.
        unreadable: What happens to a slice that cannot be read in training. ``'error'`` ends the
            training; ``'skip'`` logs the slice as an error and leaves it out of its batch. None is
            ever replaced by another.
        expected: What the annotation file is known to hold, such as ``dict(slices=2000)`` of a
            published data set (see :func:`unexpected_counts`); one warning lists what differs.
        unannotated: Take slices in which nobody looked for lesions (``info.annotated`` of the
            annotation file is false). They are for denoisers alone: a detector would learn them as
            negatives.
        **kwargs: As for ``CocoDataset``.

    Raises:
        FileNotFoundError: The annotation file or a volume is missing.
        ValueError: The annotation file is not COCO or a record is not right, of which one message
            names all (see :mod:`lidnet_mm.coco_json`); its categories are not the dataset's
            classes; slices are to be skipped in a test; or ``expected`` has what cannot be counted.
    """

    METAINFO = {"classes": ("lesion",), "palette": [(220, 20, 60)]}  # noqa: RUF012

    def __init__(
        self,
        *args: Any,
        data_prefix: Mapping[str, str] | None = None,
        unreadable: str = "error",
        expected: Mapping[str, Any] | None = None,
        unannotated: bool = False,
        **kwargs: Any,
    ) -> None:
        if unreadable not in ("error", "skip"):
            raise ValueError(f"unreadable must be 'error' or 'skip', not {unreadable!r}")
        if unreadable == "skip" and kwargs.get("test_mode", False):
            raise ValueError(
                "unreadable='skip' is for training: scores without some of the slices would not"
                " compare; leave it out where test_mode=True"
            )
        self.unreadable = unreadable
        self.unannotated = unannotated
        self.expected = expected or {}
        self._classes_are_chosen = "classes" in (kwargs.get("metainfo") or {})
        check_expected(self.expected)
        super().__init__(*args, data_prefix=dict(data_prefix or {"img": ""}), **kwargs)

    def __getitems__(self, indices: Sequence[int]) -> list:
        """The slices of a batch, as a ``DataLoader`` asks for them.

        Args:
            indices: Their indices.

        Returns:
            What the pipeline makes of each; with ``unreadable='skip'`` of those that can be read.

        Raises:
            VolumeError: A slice cannot be read; with ``unreadable='skip'`` all of them.
        """
        if self.unreadable == "error":
            return [self[index] for index in indices]
        samples, reasons = [], []
        for index in indices:
            try:
                samples.append(self[index])
            except (VolumeError, OSError) as error:
                reasons.append(self._unreadable(int(index), error))
        for reason in reasons:  # errors, because other processes than the first log nothing less
            print_log(f"Left out of its batch: {reason}", "current", logging.ERROR)
        if not samples:
            raise VolumeError(
                f"No slice of a batch of {len(indices)} can be read: {'; '.join(reasons)}. Restore"
                " the files, or leave their slices out of the annotation file"
            )
        return samples

    def _unreadable(self, index: int, error: Exception) -> str:
        """What a slice that cannot be read is called, and why."""
        info = self.get_data_info(index)
        return (
            f"slice {info['slice_index']} of {info['img_path']} (patient {info['patient_id']}):"
            f" {error}"
        )

    def load_data_list(self) -> list[dict]:
        """Read and check the annotation file.

        Returns:
            One dict a slice, as ``parse_data_info`` gives it.
        """
        found = self._read_annotations()
        content = found.content
        if not self.unannotated:
            require_annotated(content, self.ann_file)
        self._check_categories(content)
        self.cat_ids = [
            category["id"]
            for category in content["categories"]
            if category["name"] in self.metainfo["classes"]
        ]
        self.cat2label = {category: label for label, category in enumerate(self.cat_ids)}
        boxes: dict[int, list[dict]] = defaultdict(list)
        self.cat_img_map: dict[int, list[int]] = defaultdict(list)
        for box in content["annotations"]:
            boxes[box["image_id"]].append(box)
            self.cat_img_map[box["category_id"]].append(box["image_id"])
        data_list = [
            self.parse_data_info(
                {
                    "raw_img_info": {**image, "img_id": image["id"]},
                    "raw_ann_info": boxes[image["id"]],
                }
            )
            for image in content["images"]
        ]
        require_volumes(data_list, self.ann_file)
        self._warn_of_other_classes(content)
        warn_of_corrections(found.corrected, self.ann_file)
        self._warn_of_unexpected_counts(content)
        return data_list

    def parse_data_info(self, raw_data_info: dict) -> dict:
        """Turn a slice's records into a sample's description.

        Args:
            raw_data_info: ``raw_img_info`` and ``raw_ann_info``, the records of the json.

        Returns:
            ``CocoDataset``'s fields and those of :func:`slice_fields`.
        """
        data_info = super().parse_data_info(raw_data_info)
        record = raw_data_info["raw_img_info"]
        data_info.update(slice_fields(record, self.data_prefix))
        return data_info

    def _read_annotations(self) -> AnnotationFile:
        """The content of the annotation file, checked."""
        if "://" not in self.ann_file and not Path(self.ann_file).is_file():
            raise FileNotFoundError(
                f"Annotation file {self.ann_file} does not exist: convert the data set with"
                " tools/dataset_converters, or correct ann_file and data_root in the config"
                + _if_validation(self.ann_file)
            )
        return parse_annotations(get(self.ann_file, self.backend_args), self.ann_file)

    def _check_categories(self, content: dict) -> None:
        """Refuse a file of other classes, or of the same in another order.

        Labels are counted in the order of the file, by MMDetection's metrics, too: another order
        would give a lesion the name of another class.
        """
        found, classes = class_names(content), list(self.metainfo["classes"])
        if not set(classes) & set(found):
            raise ValueError(
                f"{self.ann_file} has the categories {list(found)}, none of the dataset's classes"
                f" {classes}: set metainfo=dict(classes=...) of the datasets in the config,"
                f" or convert again with --class-name '{classes[0]}'"
            )
        if [name for name in found if name in classes] != classes:
            raise ValueError(
                f"{self.ann_file} has the categories {list(found)}, and the dataset's classes are"
                f" {classes}: set metainfo=dict(classes=...) of the datasets in the config to those"
                " of the file, in its order, and give all files of a data set all categories"
            )
        others = self._boxes_of_other_classes(content)
        if others and not self._classes_are_chosen:
            raise ValueError(
                f"{self.ann_file} has boxes of the categories {others} beside the dataset's classes"
                f" {classes}, and without them these lesions would count as healthy: set"
                " metainfo=dict(classes=...) of the datasets in the config"
            )

    def _boxes_of_other_classes(self, content: dict) -> dict[str, int]:
        """Number of boxes by category, of those that are none of the dataset's classes."""
        names = {category["id"]: category["name"] for category in content["categories"]}
        counts: dict[str, int] = defaultdict(int)
        for box in content["annotations"]:
            if names[box["category_id"]] not in self.metainfo["classes"]:
                counts[names[box["category_id"]]] += 1
        return dict(counts)

    def _warn_of_other_classes(self, content: dict) -> None:
        """Say which boxes the choice of classes leaves out."""
        others = self._boxes_of_other_classes(content)
        if others:
            print_log(
                f"{self.ann_file}: {sum(others.values())} of {len(content['annotations'])} boxes"
                f" are not used, because classes={list(self.metainfo['classes'])} leaves out"
                f" {others}: their lesions count as healthy",
                logger="current",
                level=logging.WARNING,
            )

    def _warn_of_unexpected_counts(self, content: dict) -> None:
        """Say how the file differs from what was published."""
        differences = unexpected_counts(self.expected, content)
        if differences:
            print_log(
                f"{self.ann_file} has {'; '.join(differences)}: results will not compare with"
                " those published for this data set",
                logger="current",
                level=logging.WARNING,
            )


def _if_validation(ann_file: str) -> str:
    """What else a missing file may mean: a split without validation patients."""
    if Path(ann_file).name != "val.json":
        return ""
    return (
        ". A part of the split without patients gets no file: to train without validation, set"
        " val_dataloader = None, val_evaluator = None and val_cfg = None in the config"
    )
