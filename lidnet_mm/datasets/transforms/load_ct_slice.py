"""Loading one axial slice in HU."""

import numpy as np
from mmcv.transforms import BaseTransform

from lidnet_mm.datasets.readers import CTVolume, VolumeError, open_volume
from lidnet_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadCTSlice(BaseTransform):
    """Load a slice as float32 HU; it is never turned into 8 bits.

    Required keys: ``img_path``, ``slice_index``; ``height``, ``width`` and ``spacing`` are
    compared with the volume where present, ``patient_id`` is named in errors.

    Added keys: ``img`` ((H, W) float32, HU), ``img_shape``, ``ori_shape``, ``height``,
    ``width``, ``scale_factor``; ``spacing`` ((row, column) mm) and ``slice_thickness`` (mm)
    where absent.
    """

    def transform(self, results: dict) -> dict:
        """Load the slice.

        Args:
            results: The sample; see the class for its keys.

        Returns:
            The sample with the slice.

        Raises:
            FileNotFoundError: The volume is missing.
            VolumeError: It cannot be read, holds NaN or infinity in this slice, or does not
                match the annotation file.
        """
        path, index = results["img_path"], results["slice_index"]
        patient = results.get("patient_id")
        volume, image = read_ct_slice(path, index, patient)
        _check_annotated_geometry(results, volume)
        results["img"] = image
        results["img_shape"] = results["ori_shape"] = image.shape
        results["height"], results["width"] = image.shape
        results["scale_factor"] = (1.0, 1.0)
        results.setdefault("spacing", volume.spacing)
        if results.get("slice_thickness") is None:
            results["slice_thickness"] = volume.slice_spacing
        return results

    def __repr__(self) -> str:
        """The transform as written in a config."""
        return f"{type(self).__name__}()"


def read_ct_slice(path: str, index: int, patient: str | None) -> tuple[CTVolume, np.ndarray]:
    """Read a slice whose every pixel is a finite number.

    Args:
        path: File of the volume.
        index: Slice, counted from 0 towards superior.
        patient: Name of the patient for errors.

    Returns:
        The open volume and its slice: (H, W) float32 in HU.

    Raises:
        FileNotFoundError: The volume is missing.
        VolumeError: It cannot be read, or holds NaN or infinity in this slice.
    """
    try:
        volume = open_volume(path)
        image = volume.read_slice(index)
    except (VolumeError, IndexError) as error:
        raise VolumeError(f"Patient {patient}, slice {index}: {error}") from error
    bad = int(image.size - np.count_nonzero(np.isfinite(image)))
    if bad:
        raise VolumeError(
            f"Patient {patient}, slice {index} of {path} has {bad} pixels that are NaN or"
            " infinite: replace them (with -1024 HU where there is no tissue) or leave the slice"
            " out of the annotation file"
        )
    return volume, image


def _check_annotated_geometry(results: dict, volume: CTVolume) -> None:
    """Refuse a volume that is not the one which was annotated: its boxes would be wrong."""
    found = volume.slice_shape
    stated = (results.get("height", found[0]), results.get("width", found[1]))
    spacing = results.get("spacing", volume.spacing)
    if found == stated and np.allclose(spacing, volume.spacing, rtol=1e-3, atol=0):
        return
    raise VolumeError(
        f"Patient {results.get('patient_id')}, slice {results['slice_index']} of {volume.path}:"
        f" the annotation file states {stated} pixels of {tuple(spacing)} mm, the volume has"
        f" {found} pixels of {volume.spacing} mm; convert the data set again"
    )
