"""Loading the true low-dose partner of a slice."""

import numpy as np
from mmcv.transforms import BaseTransform

from lidnet_mm.datasets.readers import CTVolume, VolumeError, open_volume
from lidnet_mm.datasets.transforms.load_ct_slice import read_ct_slice
from lidnet_mm.datasets.transforms.paired_image import require_untouched_ndct, stack_pair
from lidnet_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadPairedLDCT(BaseTransform):
    """Load the LDCT that was acquired or reconstructed with an NDCT slice.

    Required keys: those of ``LoadCTSlice`` after it ran, ``ldct_path``, ``ldct_slice_index``.

    Modified keys: ``img`` becomes (H, W, 2) float32 HU, channel 0 LDCT and channel 1 NDCT, so
    that MMDetection's geometric transforms move both and the boxes together.

    Args:
        tolerance: Largest distance in mm between the corners of the two slices.
    """

    def __init__(self, tolerance: float = 0.1) -> None:
        self.tolerance = tolerance

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
        ldct_volume, ldct = read_ct_slice(results["ldct_path"], index, results.get("patient_id"))
        self._check_pair(results, ldct_volume)
        results["img"] = stack_pair(ldct, ndct)
        return results

    def _check_pair(self, results: dict, ldct: CTVolume) -> None:
        """Refuse a pair that is not of the same plane on the same grid."""
        ndct = open_volume(results["img_path"])
        problem = self._mismatch(
            ndct, results["slice_index"], ldct, index=results["ldct_slice_index"]
        )
        if problem:
            raise VolumeError(
                f"Patient {results.get('patient_id')}: NDCT slice {results['slice_index']} of"
                f" {ndct.path} and LDCT slice {results['ldct_slice_index']} of {ldct.path} do not"
                f" match: {problem}; correct the pair in the annotation file, or resample the"
                " LDCT to the grid of the NDCT"
            )

    def _mismatch(self, ndct: CTVolume, ndct_index: int, ldct: CTVolume, index: int) -> str:
        """How the two slices differ in geometry; empty where they agree."""
        if ndct.slice_shape != ldct.slice_shape:
            return f"{ndct.slice_shape} and {ldct.slice_shape} pixels"
        if not np.allclose(ndct.spacing, ldct.spacing, rtol=1e-3, atol=0):
            return f"{ndct.spacing} and {ldct.spacing} mm spacing"
        height, width = ndct.slice_shape
        for row, column in ((0, 0), (0, width - 1), (height - 1, 0)):
            ndct_corner = ndct.voxel_position(ndct_index, row, column)
            ldct_corner = ldct.voxel_position(index, row, column)
            if np.linalg.norm(ndct_corner - ldct_corner) > self.tolerance:
                return (
                    f"pixel ({row}, {column}) lies at {ndct_corner.round(2).tolist()} and"
                    f" {ldct_corner.round(2).tolist()} mm (LPS)"
                )
        return ""

    def __repr__(self) -> str:
        """The transform as written in a config."""
        return f"{type(self).__name__}(tolerance={self.tolerance})"
