"""One part of a data set, built as a training builds it, and the slices that its file lists."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lidnet_mm.visualization.dataset_page.lesion_attributes import (
    Attributes,
    Place,
    place,
    read_attributes,
)
from lidnet_mm.visualization.dataset_page.shown_slice import SliceName


class ListedSlice(NamedTuple):
    """A slice as the annotation file describes it.

    Attributes:
        position: Its index into the data set.
        name: What it is called.
        spacing: Distance between rows and between columns in mm.
        boxes: (n, 4), x1 y1 x2 y2 in pixels of the whole slice, without crowds.
    """

    position: int
    name: SliceName
    spacing: tuple[float, float]
    boxes: np.ndarray

    @property
    def longer_sides_mm(self) -> np.ndarray:
        """Longer side of each box in mm, (n,)."""
        sides = (self.boxes[:, 2:] - self.boxes[:, :2]) * self.spacing[::-1]
        return sides.max(axis=1, initial=0)


@dataclass(frozen=True)
class DataPart:
    """One part of a data set.

    Attributes:
        name: ``train``, ``val``, ``test``, or what its annotation file is called.
        dataset: The data set, a ``CTLesionDataset`` or MMEngine's wrapper of some.
        steps: The pipeline in words, step by step.
        has_ldct: Whether the pipeline gives LDCT besides NDCT.
    """

    name: str
    dataset: Any
    steps: tuple[str, ...]
    has_ldct: bool

    @cached_property
    def slices(self) -> tuple[ListedSlice, ...]:
        """All slices, in the data set's order."""
        infos = (self.dataset.get_data_info(index) for index in range(len(self.dataset)))
        return tuple(
            ListedSlice(index, self.name_of(info), tuple(info["spacing"]), _boxes(info))
            for index, info in enumerate(infos)
        )

    @property
    def class_names(self) -> Sequence[str]:
        """Classes of the boxes by label."""
        return self.dataset.metainfo["classes"]

    def name_of(self, info: Mapping[str, Any]) -> SliceName:
        """What a slice is called.

        Args:
            info: ``patient_id``, ``slice_index``, and ``series`` where it has one.

        Returns:
            Its name.
        """
        series = str(info.get("series") or "")
        return SliceName(self.name, str(info["patient_id"]), series, int(info["slice_index"]))

    def attributes_of(self, info: Mapping[str, Any]) -> list[Attributes]:
        """What the annotation file says of the lesions of a slice besides where they are.

        Args:
            info: The slice as of the data set's ``get_data_info``.

        Returns:
            One mapping a box in the order of a packed sample, crowds last; empty ones where the
            file says nothing.
        """
        instances = sorted(info["instances"], key=lambda entry: bool(entry.get("ignore_flag")))
        return [self._attributes.get(place(info, entry["bbox"]), {}) for entry in instances]

    @cached_property
    def _attributes(self) -> dict[Place, Attributes]:
        """Attributes of all lesions, read when the first is asked for."""
        return read_attributes(self.dataset)


def _boxes(info: Mapping[str, Any]) -> np.ndarray:
    """Boxes (n, 4) of the instances that are not ignored."""
    boxes = [entry["bbox"] for entry in info["instances"] if not entry.get("ignore_flag")]
    return np.array(boxes, dtype=np.float64).reshape(-1, 4)
