"""Digital phantom of the Image Biomarker Standardisation Initiative and its reference values.

Zwanenburg, Leger, Vallières, Löck: Image biomarker standardisation initiative, arXiv 1612.07003,
section "Digital phantom" and the tables of the features; CC BY 4.0. Values are of the aggregation
"2D, averaged" (BTW3): each feature of each direction of each slice, and then the mean of all.
"""

import numpy as np

LEVELS = np.array(
    [
        [[1, 4, 4, 1, 1], [1, 4, 6, 1, 1], [4, 1, 6, 4, 1], [4, 4, 6, 4, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 6, 1, 1], [1, 1, 3, 1, 1], [4, 4, 6, 1, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 9, 1, 1], [1, 1, 6, 1, 1]],
        [[1, 4, 4, 1, 1], [1, 1, 1, 1, 1], [1, 1, 1, 1, 1], [1, 1, 6, 1, 1]],
    ]
)
"""Grey levels (slice, row, column)."""

INSIDE = np.ones(LEVELS.shape, bool)
INSIDE[1, 2, 0] = INSIDE[2, 2, 2] = False
INSIDE[2:, 0, 3:] = False
"""The 74 of 80 voxels that are in the region; the others have a level, too."""

REFERENCE = {"correlation": "-0.0121", "homogeneity": "0.678", "energy": "0.368"}
"""Correlation (NI2N), inverse difference (IB1Z), angular second moment (8ZQL), as printed."""

OTHER_AGGREGATIONS = {
    "correlation": ("0.0173", "0.178", "0.182", "0.157", "0.183"),
    "homogeneity": ("0.683", "0.668", "0.673", "0.677", "0.688"),
    "energy": ("0.352", "0.286", "0.277", "0.303", "0.291"),
}
"""The same merged by slice, by direction, wholly, and in three dimensions averaged and merged."""
