"""A small series, its denoised copy and lesions on it, each pixel of which is known."""

import numpy as np

from lidnet_mm.datasets.writers import Derivation
from lidnet_mm.evaluation.box_joining import join_boxes
from lidnet_mm.evaluation.lesions import SliceBox
from lidnet_mm.inference.array_volume import ArrayVolume
from lidnet_mm.visualization.study_page import StudyFacts

SHAPE, SPACING = (7, 40, 60), (2.5, 1.6, 0.8)
CHANGE = 30
"""HU of denoised minus source."""

BOXES = [
    SliceBox(1, "nodule", (10, 12, 22, 20), 0.5),
    SliceBox(4, "mass <i>", (30.5, 8, 46.5, 24), 0.875),
    SliceBox(5, "mass <i>", (31, 9, 44, 22), 0.75),
]
KEY_BOXES = {1: (4, (30.5, 8, 46.5, 24)), 2: (1, (10, 12, 22, 20))}
"""Number of a lesion → its key slice and box there."""

FACTS = StudyFacts(
    Derivation("some_denoiser", "1.2.3", "ab" * 32, 0.75, (("precision", "fp32"),)),
    Derivation("some_detector", "1.2.3", settings=(("score threshold", "0.3"),)),
    ("noise is 5.2 HU; trained for 15 to 250",),
    range_known=True,
)


def source_hu() -> np.ndarray:
    """Slice i is -300 + 50 i, a little brighter from column to column."""
    z, _, x = np.indices(SHAPE)
    return (-300 + 50 * z + x).astype(np.float32)


def volumes(spacing=SPACING) -> tuple[ArrayVolume, ArrayVolume]:
    """Source and denoised."""
    hu = source_hu()
    return ArrayVolume.with_spacing(hu, spacing), ArrayVolume.with_spacing(hu + CHANGE, spacing)


def lesions(volume):
    """Two, the better one first."""
    return join_boxes(BOXES, volume)
