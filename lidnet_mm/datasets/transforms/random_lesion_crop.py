"""Crops that show a lesion more often than chance would."""

import numpy as np

from lidnet_mm.missing_package import needed_by
from lidnet_mm.registry import TRANSFORMS

with needed_by("RandomLesionCrop"):
    from mmdet.datasets.transforms import RandomCrop


@TRANSFORMS.register_module()
class RandomLesionCrop(RandomCrop):
    """Crop that holds a lesion with a given probability, and lies anywhere else.

    A nodule of 8 mm covers a three-thousandth of a chest slice: almost all random crops show none.
    Where a lesion is asked for one is drawn, and the crop is placed at random among all places
    that show it whole (its centre, where it is larger than the crop). Slices without a lesion are
    cropped anywhere.

    Required and modified keys: as MMDetection's ``RandomCrop``, with ``gt_bboxes``.

    Args:
        crop_size (tuple[int, int]): (height, width) in pixels; slices may be smaller.
        lesion_prob (float): Probability of a crop around a lesion, 0 to 1. Defaults to 0.75.

    Raises:
        ValueError: If ``lesion_prob`` is no probability.
    """

    def __init__(self, crop_size: tuple[int, int], lesion_prob: float = 0.75) -> None:
        if not 0 <= lesion_prob <= 1:
            raise ValueError(f"lesion_prob must be in 0 to 1, got {lesion_prob}")
        super().__init__(crop_size, allow_negative_crop=True)
        self.lesion_prob = lesion_prob
        self._boxes = np.zeros((0, 4))

    def transform(self, results: dict) -> dict:
        """Crop a sample.

        Args:
            results (dict): The sample, its boxes as ``LoadAnnotations`` made them.

        Returns:
            dict: The sample.
        """
        self._boxes = results["gt_bboxes"].tensor.numpy()
        return super().transform(results)

    def _rand_offset(self, margin: tuple[int, int]) -> tuple[int, int]:
        """Top and left of the crop, each at most its margin."""
        if not len(self._boxes) or np.random.random() >= self.lesion_prob:
            return super()._rand_offset(margin)
        x1, y1, x2, y2 = self._boxes[np.random.randint(len(self._boxes))]
        height, width = self.crop_size
        return _offset(y1, y2, height, margin[0]), _offset(x1, x2, width, margin[1])

    def __repr__(self) -> str:
        """The transform as written in a config."""
        return f"{type(self).__name__}(crop_size={self.crop_size}, lesion_prob={self.lesion_prob})"


def _offset(low: float, high: float, size: int, margin: int) -> int:
    """Where a crop along one axis begins that shows low to high, or their middle, at random."""
    if high - low > size:
        low = high = (low + high) / 2
    first, last = int(np.ceil(high)) - size, int(np.floor(low))
    first, last = np.clip((first, last), 0, margin)
    return int(np.random.randint(first, last + 1))
