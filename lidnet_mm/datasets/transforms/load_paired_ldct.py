"""Loading the true low-dose partner of a slice."""

import numpy as np

from lidnet_mm.datasets.ct_slices import CTSlice, CTSliceReader, same_spacing
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.datasets.transforms.paired_image import require_untouched_ndct, stack_pair
from lidnet_mm.datasets.transforms.slice_transform import SliceTransform
from lidnet_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadPairedLDCT(SliceTransform):
    """Load the LDCT that was acquired or reconstructed with an NDCT slice.

    Required keys: those of ``LoadCTSlice`` after it ran, ``ldct_path``, ``ldct_slice_index``.

    Modified keys: ``img`` becomes (H, W, 2) float32 HU, channel 0 LDCT and channel 1 NDCT, so
    that MMDetection's geometric transforms move both and the boxes together.

    Shapes, spacings and places of the two slices must agree; of a file without spacing (PNG) only
    the shape is known.

    Args:
        tolerance: Largest distance in mm between the corners of the two slices.
        cache_dir: Folder for decoded slices, as for ``LoadCTSlice``, which may have the same.
        cache_gib: Most GiB that the folder may take; None sets no bound.

    Raises:
        ValueError: ``cache_gib`` is not above 0, or given without ``cache_dir``.
    """

    def __init__(
        self,
        tolerance: float = 0.1,
        cache_dir: str | None = None,
        cache_gib: float | None = None,
    ) -> None:
        self.tolerance = tolerance
        self.reader = CTSliceReader(cache_dir, cache_gib)

    def transform(self, results: dict) -> dict:
        """Load the LDCT and stack it on the NDCT.

        Args:
            results: The sample; see the class for its keys.

        Returns:
            The sample with the pair.

        Raises:
            ValueError: The sample names no LDCT, or was flipped, cropped or resized before.
            FileNotFoundError: The LDCT volume is missing.
            VolumeError: It cannot be read, or its slice has not the shape, spacing and place
                in the patient of the NDCT.
        """
        ndct = require_untouched_ndct(results, type(self).__name__)
        if "ldct_path" not in results:
            raise ValueError(
                f"Patient {results.get('patient_id')}, slice {results['slice_index']} of"
                f" {results['img_path']} has no LDCT: give its image record ldct_file_name and"
                " ldct_slice_index, or use SimulateLowDose"
            )
        index = results["ldct_slice_index"]
        ldct = self.reader.read(results["ldct_path"], index, results.get("patient_id"))
        self._check_pair(results, ndct, ldct)
        results["img"] = stack_pair(ldct.image, ndct)
        return results

    def _check_pair(self, results: dict, ndct: np.ndarray, ldct: CTSlice) -> None:
        """Refuse a pair that is not of the same plane on the same grid."""
        problem = self._mismatch(results, ndct.shape, ldct)
        if problem:
            raise VolumeError(
                f"Patient {results.get('patient_id')}: NDCT slice {results['slice_index']} of"
                f" {results['img_path']} and LDCT slice {results['ldct_slice_index']} of"
                f" {results['ldct_path']} do not match: {problem}; correct the pair in the"
                " annotation file, or resample the LDCT to the grid of the NDCT"
            )

    def _mismatch(self, results: dict, shape: tuple[int, int], ldct: CTSlice) -> str:
        """How the two slices differ in geometry; empty where they agree."""
        if shape != ldct.image.shape:
            return f"{shape} and {ldct.image.shape} pixels"
        spacing = results["spacing"]
        if not same_spacing(spacing, ldct.spacing):
            return f"{tuple(spacing)} and {ldct.spacing} mm spacing"
        if results["slice_corners"] is None or ldct.corners is None:
            return ""
        height, width = shape
        pixels = ((0, 0), (0, width - 1), (height - 1, 0))
        for pixel, *places in zip(pixels, results["slice_corners"], ldct.corners, strict=True):
            if np.linalg.norm(np.subtract(*places)) > self.tolerance:
                at, ldct_at = (np.round(place, 2).tolist() for place in places)
                return f"pixel {pixel} lies at {at} and {ldct_at} mm (LPS)"
        return ""

    def __repr__(self) -> str:
        """The transform as written in a config."""
        return (
            f"{type(self).__name__}(tolerance={self.tolerance},"
            f" cache_dir={self.reader.cache_dir!r}, cache_gib={self.reader.cache_gib})"
        )
