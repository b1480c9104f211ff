"""Loading one axial slice in HU."""

from lidnet_mm.datasets.ct_slices import CTSlice, CTSliceReader, same_spacing
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.datasets.transforms.slice_transform import SliceTransform
from lidnet_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class LoadCTSlice(SliceTransform):
    """Load a slice as float32 HU; it is never turned into 8 bits.

    Required keys: ``img_path``, ``slice_index``; ``slice_in_file`` where the slice has another
    position in the file; ``height``, ``width`` and ``spacing`` are compared with the volume where
    present, ``patient_id`` is named in errors.

    Added keys: ``img`` ((H, W) float32, HU), ``img_shape``, ``ori_shape``, ``height``,
    ``width``, ``scale_factor``, ``slice_corners`` (of ``CTSlice``, mm); ``spacing`` ((row, column)
    mm) and ``slice_thickness`` (mm) where absent.

    ``cache_dir`` keeps each decoded slice (2 bytes a pixel where the HU are whole numbers, else 4),
    so that later visits wait for no decompression. The slices are the same bit by bit with and
    without it; a source that changed is read again. The folder may be shared by processes and be
    deleted at any time.

    Args:
        cache_dir: Folder for decoded slices; None reads the volume on every visit.
        cache_gib: Most GiB that the folder may take; None sets no bound.

    Raises:
        ValueError: ``cache_gib`` is not above 0, or given without ``cache_dir``.
    """

    def __init__(self, cache_dir: str | None = None, cache_gib: float | None = None) -> None:
        self.reader = CTSliceReader(cache_dir, cache_gib)

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
        path, index = results["img_path"], results.get("slice_in_file", results["slice_index"])
        patient = results.get("patient_id")
        ct_slice = self.reader.read(path, index, patient)
        _check_annotated_geometry(results, ct_slice)
        image = results["img"] = ct_slice.image
        results["img_shape"] = results["ori_shape"] = image.shape
        results["height"], results["width"] = image.shape
        results["scale_factor"] = (1.0, 1.0)
        results["slice_corners"] = ct_slice.corners
        results.setdefault("spacing", ct_slice.spacing)
        if results.get("slice_thickness") is None:
            results["slice_thickness"] = ct_slice.slice_spacing
        return results

    def __repr__(self) -> str:
        """The transform as written in a config."""
        return (
            f"{type(self).__name__}(cache_dir={self.reader.cache_dir!r},"
            f" cache_gib={self.reader.cache_gib})"
        )


def _check_annotated_geometry(results: dict, ct_slice: CTSlice) -> None:
    """Refuse a volume that is not the one which was annotated: its boxes would be wrong."""
    if results.get("spacing") is None and ct_slice.spacing is None:
        raise VolumeError(
            f"Patient {results.get('patient_id')}, slice {results['slice_index']} of"
            f" {results['img_path']}: neither the file nor the annotation file states the size of"
            " its pixels; add spacing, [row, column] in mm, to its image record"
        )
    found = ct_slice.image.shape
    stated = (results.get("height", found[0]), results.get("width", found[1]))
    if found == stated and same_spacing(results.get("spacing"), ct_slice.spacing):
        return
    raise VolumeError(
        f"Patient {results.get('patient_id')}, slice {results['slice_index']} of"
        f" {results['img_path']}: the annotation file states {stated} pixels of"
        f" {results.get('spacing')} mm, the volume has {found} pixels of {ct_slice.spacing} mm;"
        " convert the data set again"
    )
