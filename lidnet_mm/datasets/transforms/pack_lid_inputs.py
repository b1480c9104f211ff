"""Packing LDCT, NDCT and boxes for a model."""

from collections.abc import Sequence

from lidnet_mm.missing_package import needed_by
from lidnet_mm.registry import TRANSFORMS

with needed_by("PackLIDInputs"):
    from mmdet.datasets.transforms import PackDetInputs

META_KEYS = (
    "img_id",
    "img_path",
    "slice_index",
    "patient_id",
    "series",
    "spacing",
    "slice_thickness",
    "ori_shape",
    "img_shape",
    "scale_factor",
    "flip",
    "flip_direction",
)


@TRANSFORMS.register_module()
class PackLIDInputs(PackDetInputs):
    """Pack a sample for ``LIDDetector``, ``DenoisingModel`` or a judge.

    Required keys: ``img``, (H, W, 2) HU as of ``LoadPairedLDCT`` or ``SimulateLowDose``, or,
    with ``source='ndct'``, (H, W) HU as of ``LoadCTSlice``; the boxes of MMDetection's
    ``LoadAnnotations`` where present.

    Args:
        source: Channel that becomes ``inputs``: ``'ldct'`` or ``'ndct'``.
        meta_keys: Keys of the sample kept in the data sample's metainfo where present.

    Raises:
        ValueError: ``source`` is neither.
    """

    def __init__(self, source: str = "ldct", meta_keys: Sequence[str] = META_KEYS) -> None:
        if source not in ("ldct", "ndct"):
            raise ValueError(f"source must be 'ldct' or 'ndct', not {source!r}")
        super().__init__(meta_keys=tuple(meta_keys))
        self.source = source

    def transform(self, results: dict) -> dict:
        """Pack the sample.

        Args:
            results: The sample; see the class for its keys.

        Returns:
            ``inputs`` and ``ndct``, both float32 (1, H, W) in HU that share no memory, and
            ``data_samples``, a ``DetDataSample`` with ``gt_instances`` and metainfo, its
            ``spacing`` ((row, column) mm) that of the packed image.

        Raises:
            ValueError: The image is not float32, has not one or two channels, or has no LDCT
                although ``source`` is ``'ldct'``.
        """
        _check_image(results)
        if self.source == "ldct":
            _check_has_ldct(results)
        packed = super().transform(_with_packed_spacing(results))
        channels = packed["inputs"]
        source = 0 if self.source == "ldct" else -1
        packed["inputs"] = channels[source].unsqueeze(0).clone()
        packed["ndct"] = channels[-1].unsqueeze(0).clone()
        return packed

    def __repr__(self) -> str:
        """The transform as written in a config."""
        return f"{type(self).__name__}(source={self.source!r}, meta_keys={self.meta_keys})"


def _check_image(results: dict) -> None:
    """Refuse an image that is not HU in one or two channels."""
    image = results["img"]
    channels = image.shape[2:]
    if image.dtype != "float32" or image.ndim < 2 or channels not in ((), (1,), (2,)):
        raise ValueError(
            f"PackLIDInputs needs float32 HU of shape (H, W) or (H, W, 2), but the image of"
            f" {results.get('img_path')} is {image.dtype} of shape {image.shape}: load it with"
            " LoadCTSlice and leave out transforms that turn it into 8 bits or colours"
        )


def _check_has_ldct(results: dict) -> None:
    """Refuse a lone NDCT: packed as LDCT it would train a denoiser to change nothing."""
    image = results["img"]
    if image.shape[2:] != (2,):
        raise ValueError(
            f"PackLIDInputs(source='ldct') needs LDCT and NDCT, (H, W, 2), but the image of patient"
            f" {results.get('patient_id')}, slice {results.get('slice_index')} of"
            f" {results.get('img_path')} has shape {image.shape}: put SimulateLowDose or"
            " LoadPairedLDCT before it in the pipeline, or set source='ndct'"
        )


def _with_packed_spacing(results: dict) -> dict:
    """The sample with the pixel spacing that it has after resizing."""
    if "spacing" not in results:
        return results
    row, column = results["spacing"]
    scale_width, scale_height = results.get("scale_factor", (1.0, 1.0))
    return {**results, "spacing": (row / scale_height, column / scale_width)}
