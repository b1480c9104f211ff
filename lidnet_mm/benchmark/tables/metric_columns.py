"""What the metrics of the tables are called, and what they mean."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MetricColumn:
    """One metric of the table.

    Attributes:
        key (str): Name in ``results.json``.
        group (str): Heading above it.
        title (str): Its own heading, with unit.
        higher_is_better (bool): Direction.
        decimals (int): Digits after the point.
        meaning (str): Definition in a sentence.
    """

    key: str
    group: str
    title: str
    higher_is_better: bool
    decimals: int
    meaning: str

    @property
    def arrow(self) -> str:
        """Direction of better values."""
        return "↑" if self.higher_is_better else "↓"


DETECTED, QUALITY, ERRORS = "Lesion detection", "Whole slice", "Lesion texture error"
"""Headings above columns."""

COLUMNS = (
    MetricColumn(
        "AP50",
        DETECTED,
        "AP50 (%)",
        True,
        1,
        "Average precision (COCO) of the judge at a box overlap (IoU) of at least 0.50. The judge "
        "is a detector trained on NDCT only, frozen, the same for all methods.",
    ),
    MetricColumn("AP75", DETECTED, "AP75 (%)", True, 1, "The same at an overlap of at least 0.75."),
    MetricColumn(
        "PSNR",
        QUALITY,
        "PSNR (dB)",
        True,
        2,
        "Peak signal-to-noise ratio against NDCT, mean over slices; infinite for NDCT itself.",
    ),
    MetricColumn(
        "SSIM",
        QUALITY,
        "SSIM",
        True,
        3,
        "Structural similarity to NDCT (Wang et al. 2004: Gaussian of sigma 1.5, 11 x 11 pixels).",
    ),
    MetricColumn(
        "RMSE",
        QUALITY,
        "RMSE",
        False,
        4,
        "Root mean squared difference from NDCT on the window mapped to 0…1.",
    ),
    MetricColumn(
        "correlation",
        ERRORS,
        "Correlation",
        False,
        4,
        "Mean absolute difference from NDCT of GLCM Correlation (as PyRadiomics defines it) in the "
        "annotated lesion boxes, in HU in bins of 25 HU.",
    ),
    MetricColumn(
        "homogeneity",
        ERRORS,
        "Homogeneity",
        False,
        4,
        "The same of the inverse difference (Id of PyRadiomics).",
    ),
    MetricColumn("energy", ERRORS, "Energy", False, 4, "The same of JointEnergy."),
)

LESION_COLUMNS = (
    MetricColumn("lesion_PSNR", "Lesions", "PSNR (dB)", True, 2, "PSNR within the lesion boxes."),
    MetricColumn("lesion_RMSE", "Lesions", "RMSE (HU)", False, 1, "RMSE within the lesion boxes."),
)
CPM = MetricColumn(
    "CPM", DETECTED, "CPM", True, 3,
    "Mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false positives a slice (LUNA16).",
)  # fmt: skip
KNOWN = {column.key: column for column in (*COLUMNS, *LESION_COLUMNS, CPM)}
DETECTION = ("AP50", "AP75")
WHOLE = ("PSNR", "SSIM", "RMSE")
TEXTURE = ("correlation", "homogeneity", "energy")
LESION = tuple(column.key for column in LESION_COLUMNS)


def titled(name: str) -> str:
    """Heading of a metric with its direction.

    Args:
        name (str): One of :data:`KNOWN`.

    Returns:
        str: Such as ``AP50 (%) ↑``.
    """
    column = KNOWN[name]
    return f"{column.title} {column.arrow}"
