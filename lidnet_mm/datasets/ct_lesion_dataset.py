"""CT slices with lesion boxes, from a COCO json."""

import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mmdet.datasets import CocoDataset
from mmengine.fileio import load
from mmengine.logging import print_log

from lidnet_mm.ct_bounds import slice_distance_problem, spacing_problem
from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.expected_counts import check_expected, unexpected_counts
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.registry import DATASETS
from lidnet_mm.seeding import random_states_of

REMEDY = "rebuild it with tools/dataset_converters"


@DATASETS.register_module()
class CTLesionDataset(CocoDataset):
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
        **kwargs: As for ``CocoDataset``.

    Raises:
        FileNotFoundError: The annotation file or a volume is missing.
        ValueError: The annotation file is not COCO, a record lacks a field, or none of the
            dataset's classes is among the categories; or slices are to be skipped in a test; or
            ``expected`` has what cannot be counted.
    """

    METAINFO = {"classes": ("lesion",), "palette": [(220, 20, 60)]}  # noqa: RUF012

    def __init__(
        self,
        *args: Any,
        data_prefix: Mapping[str, str] | None = None,
        unreadable: str = "error",
        expected: Mapping[str, Any] | None = None,
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
        self.expected = expected or {}
        check_expected(self.expected)
        super().__init__(*args, data_prefix=dict(data_prefix or {"img": ""}), **kwargs)

    def __getitem__(self, idx: int) -> Any:
        """A slice after the pipeline.

        Args:
            idx: Its index. A :class:`Draw` carries a seed, too: the pipeline runs under it and
                the process's own random numbers go on as if nothing had been drawn.

        Returns:
            What the pipeline makes of the slice.
        """
        if not isinstance(idx, Draw):
            return super().__getitem__(idx)
        with random_states_of(idx.seed):
            return super().__getitem__(int(idx))

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
        content = self._load_annotations()
        for record in content["images"]:
            _check_image_record(record, self.ann_file)
        _check_unique_ids(content["images"], self.ann_file)
        self._check_categories(content)
        data_list = super().load_data_list()
        self._check_volumes(data_list)
        self._warn_of_lost_boxes(content, data_list)
        self._warn_of_unexpected_counts(content)
        return data_list

    def parse_data_info(self, raw_data_info: dict) -> dict:
        """Turn a slice's records into a sample's description.

        Args:
            raw_data_info: ``raw_img_info`` and ``raw_ann_info``, the records of the json.

        Returns:
            ``CocoDataset``'s fields and ``slice_index``, ``spacing`` ((row, column) mm),
            ``slice_thickness`` (mm or None), ``patient_id``, ``series``, ``slice_in_file`` and, for
            a true pair, ``ldct_path`` and ``ldct_slice_index``.
        """
        data_info = super().parse_data_info(raw_data_info)
        record = raw_data_info["raw_img_info"]
        row, column = record["spacing"]
        thickness = record.get("slice_thickness")
        data_info.update(
            slice_index=int(record["slice_index"]),
            spacing=(float(row), float(column)),
            slice_thickness=None if thickness is None else float(thickness),
            patient_id=str(record["patient_id"]),
            series=str(record.get("series", "")),
            slice_in_file=int(record.get("slice_in_file", record["slice_index"])),
        )
        if record.get("ldct_file_name"):
            prefix = self.data_prefix.get("ldct", self.data_prefix["img"])
            data_info["ldct_path"] = str(Path(prefix, record["ldct_file_name"]))
            data_info["ldct_slice_index"] = int(
                record.get("ldct_slice_index", record["slice_index"])
            )
        return data_info

    def _load_annotations(self) -> dict:
        """The content of the annotation file, checked to be COCO."""
        if "://" not in self.ann_file and not Path(self.ann_file).is_file():
            raise FileNotFoundError(
                f"Annotation file {self.ann_file} does not exist: convert the data set with"
                " tools/dataset_converters, or correct ann_file and data_root in the config"
                + _if_validation(self.ann_file)
            )
        try:
            content = load(self.ann_file, file_format="json", backend_args=self.backend_args)
        except ValueError as error:
            raise ValueError(f"{self.ann_file} is not valid json ({error}): {REMEDY}") from error
        keys = ("images", "annotations", "categories")
        if not isinstance(content, dict) or not all(_is_records(content.get(key)) for key in keys):
            raise ValueError(
                f"{self.ann_file} is not a COCO file: it needs {', '.join(keys)}, each a list of"
                f" records; {REMEDY}"
            )
        return content

    def _check_categories(self, content: dict) -> None:
        """Refuse a file whose boxes would all be dropped for their class."""
        found = [category.get("name") for category in content["categories"]]
        classes = self.metainfo["classes"]
        if not set(classes) & set(found):
            raise ValueError(
                f"{self.ann_file} has the categories {found}, none of the dataset's classes"
                f" {list(classes)}: set metainfo=dict(classes=...) of the datasets in the config,"
                f" or convert again with --class-name '{classes[0]}'"
            )

    def _check_volumes(self, data_list: list[dict]) -> None:
        """Refuse missing volumes, each file looked up once."""
        paths = {
            info[key] for info in data_list for key in ("img_path", "ldct_path") if key in info
        }
        missing = sorted(path for path in paths if not Path(path).exists())
        if missing:
            raise FileNotFoundError(
                f"{len(missing)} of {len(paths)} CT volumes named in {self.ann_file} do not exist,"
                f" first {missing[0]}: correct data_root or data_prefix in the config, restore"
                " the files, or convert the data set again"
            )

    def _warn_of_lost_boxes(self, content: dict, data_list: list[dict]) -> None:
        """Say how many boxes MMDetection drops as degenerate."""
        lost = len(content["annotations"]) - sum(len(info["instances"]) for info in data_list)
        if lost:
            print_log(
                f"{self.ann_file}: {lost} of {len(content['annotations'])} boxes are not used"
                " (narrower than a pixel, outside the slice, of another class or of no slice)",
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


def _is_records(value: object) -> bool:
    """Whether a part of the file is a list of json objects."""
    return isinstance(value, list) and all(isinstance(record, dict) for record in value)


def _check_unique_ids(records: list[dict], ann_file: str) -> None:
    """Refuse slices that share an id: all but one would be lost."""
    twice = [id_ for id_, count in Counter(record["id"] for record in records).items() if count > 1]
    if twice:
        raise ValueError(
            f"{len(twice)} image ids in {ann_file} stand for several slices, first {twice[0]}:"
            f" {REMEDY}"
        )


def _check_image_record(record: dict, ann_file: str) -> None:
    """Refuse an image record that lacks what a CT slice needs."""
    place = f"image {record.get('id')} ({record.get('file_name')}) in {ann_file}"
    required = ("id", "file_name", "height", "width", "slice_index", "spacing", "patient_id")
    missing = [key for key in required if record.get(key) is None]
    if missing:
        raise ValueError(f"{place} has no {', '.join(missing)}: {REMEDY}")
    for key in ("slice_index", "slice_in_file", "ldct_slice_index"):
        index = record.get(key, 0)
        if not isinstance(index, int) or index < 0:
            raise ValueError(f"{place} has {key} {index!r}, not a whole number from 0: {REMEDY}")
    problem = spacing_problem(record["spacing"]) or slice_distance_problem(
        record.get("slice_thickness")
    )
    if problem:
        raise ValueError(f"{place} has {problem}: {REMEDY}")
