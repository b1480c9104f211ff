"""Diameters of lesions from an annotation file, which a sample does not carry."""

from collections import defaultdict

import numpy as np

from lidnet_mm.coco_json.annotation_file import read_annotation_file

SAME_BOX = 1e-2
"""Largest difference in pixels of a box and its copy in float32."""


class LesionDiameters:
    """Finds the attribute ``diameter_mm`` of a lesion by its slice and box.

    MMDetection drops what it does not know from annotations, so this reads the file again.

    Args:
        ann_file (str): COCO json.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it is not COCO, or a record is not right.
    """

    def __init__(self, ann_file: str) -> None:
        self._lesions: dict[int, list[tuple[np.ndarray, float]]] = defaultdict(list)
        for lesion in read_annotation_file(ann_file).content["annotations"]:
            if lesion.get("diameter_mm") is not None:
                x, y, width, height = lesion["bbox"]
                box = np.array([x, y, x + width, y + height])
                self._lesions[lesion["image_id"]].append((box, float(lesion["diameter_mm"])))

    def of(self, image_id: int, box: np.ndarray) -> float | None:
        """Diameter of one lesion.

        Args:
            image_id (int): Number of its slice in the file.
            box (np.ndarray): (4,), x1 y1 x2 y2 in pixels of the slice as it was read.

        Returns:
            float | None: mm; None where the file has none for this box.
        """
        for known, diameter in self._lesions.get(image_id, ()):
            if np.abs(known - box).max() <= SAME_BOX:
                return diameter
        return None
