"""Task transfer function: sharpness at edges of one contrast (AAPM Task Group 233)."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.spatial import cKDTree

from lidnet_mm.evaluation.edge_points import HALF_LENGTH_MM, EdgePoints

BIN_MM = 0.1
NUM_BINS = round(2 * HALF_LENGTH_MM / BIN_MM)
FLAT_MM = 3.0
"""The line spread function counts whole up to here, and fades out to the end of the profile."""

LEAST_POINTS = 200
"""Fewest edge points for a function; fewer leave its sharpness to the noise."""

FREQUENCY = np.arange(0, 1.5 + 1e-9, 0.01)
"""Axis of the function in cycles/mm."""


@dataclass(frozen=True)
class EdgeSpread:
    """Edge spread functions of images of one slice, on the same pixels; those of slices add up.

    Attributes:
        sums (np.ndarray): (I, B) weighted sums of the I images' values in bins of distance, the
            values on a scale where the sides of the edge in the reference are 0 and 1.
        weights (np.ndarray): (B,) sums of the weights.
        points (int): Edge points.
        contrast (float): Sum of the edge points' steps in HU.
    """

    sums: np.ndarray
    weights: np.ndarray
    points: int
    contrast: float

    @classmethod
    def of(
        cls, images: Sequence[np.ndarray], spacing: Sequence[float], edges: EdgePoints
    ) -> "EdgeSpread":
        """Put the pixels near edges into bins of their distance from it.

        Pixels are taken as they are, not interpolated. Each counts for the nearest edge point, with
        the square of its step as weight: that is the inverse variance of the scaled value.

        Args:
            images (Sequence[np.ndarray]): I images (H, W) in HU.
            spacing (Sequence[float]): Distance of rows and of columns in mm.
            edges (EdgePoints): Edges of the reference; may be none.

        Returns:
            EdgeSpread: The functions.
        """
        if len(edges) == 0:
            return cls(np.zeros((len(images), NUM_BINS)), np.zeros(NUM_BINS), 0, 0.0)
        pixel, point, distance = _pixels_beside(edges, images[0].shape, np.asarray(spacing))
        step = (edges.high - edges.low)[point]
        place = np.clip(np.floor((distance + HALF_LENGTH_MM) / BIN_MM), 0, NUM_BINS - 1).astype(int)
        sums = [
            np.bincount(place, step * (image.ravel()[pixel] - edges.low[point]), NUM_BINS)
            for image in images
        ]
        weights = np.bincount(place, step**2, NUM_BINS)
        return cls(np.stack(sums), weights, len(edges), float((edges.high - edges.low).sum()))

    def __add__(self, other: "EdgeSpread") -> "EdgeSpread":
        return EdgeSpread(
            self.sums + other.sums,
            self.weights + other.weights,
            self.points + other.points,
            self.contrast + other.contrast,
        )

    @property
    def mean_contrast(self) -> float:
        """Mean step of the edge points in HU; NaN without one."""
        return self.contrast / self.points if self.points else math.nan

    def transfer_functions(self) -> np.ndarray:
        """Task transfer functions of the images.

        Returns:
            np.ndarray: (I, F) at :data:`FREQUENCY`, 1 at 0; NaN with less than 200 edge points.
        """
        known = self.weights > 0
        if self.points < LEAST_POINTS or known.sum() < 0.9 * NUM_BINS:
            return np.full((len(self.sums), len(FREQUENCY)), math.nan)
        bins = np.arange(NUM_BINS)
        spread = self.sums[:, known] / self.weights[known]
        return np.stack(
            [transfer_function(np.interp(bins, bins[known], values)) for values in spread]
        )


def transfer_function(edge_spread: np.ndarray) -> np.ndarray:
    """Task transfer function of an edge spread function.

    The absolute Fourier transform of its derivative, 1 at frequency 0; what bins and differences
    of bins take away is given back.

    Args:
        edge_spread (np.ndarray): (B,) in bins of 0.1 mm from -5 to 5 mm.

    Returns:
        np.ndarray: (F,) at :data:`FREQUENCY`; NaN where the edge does not rise.
    """
    line_spread = np.diff(edge_spread)
    distance = (np.arange(1, NUM_BINS) - NUM_BINS / 2) * BIN_MM
    fading = np.clip((np.abs(distance) - FLAT_MM) / (HALF_LENGTH_MM - FLAT_MM), 0, 1)
    line_spread = line_spread * np.cos(np.pi / 2 * fading) ** 2
    total = line_spread.sum()
    if total <= 0:
        return np.full(len(FREQUENCY), math.nan)
    waves = np.exp(-2j * np.pi * FREQUENCY[:, None] * distance)
    return np.abs(waves @ line_spread) / total / np.sinc(FREQUENCY * BIN_MM) ** 2


def frequency_at_half(transfer: np.ndarray) -> float:
    """f50: the first frequency where a task transfer function (F,) falls to one half.

    Returns:
        float: In cycles/mm; NaN where it never does, or is not known.
    """
    below = np.flatnonzero(transfer < 0.5)
    if len(below) == 0:
        return math.nan
    after = below[0]
    first, second = transfer[after - 1], transfer[after]
    share = (first - 0.5) / (first - second)
    return float(FREQUENCY[after - 1] + share * (FREQUENCY[after] - FREQUENCY[after - 1]))


def _pixels_beside(
    edges: EdgePoints, shape: tuple[int, int], spacing: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Numbers of pixels beside edges, of the nearest edge point, and signed distances in mm."""
    centres = np.indices(shape).reshape(2, -1).T * spacing
    reach = math.hypot(HALF_LENGTH_MM, spacing.max())
    nearest, point = cKDTree(edges.place).query(centres, distance_upper_bound=reach)
    pixel = np.flatnonzero(np.isfinite(nearest))
    point = point[pixel]
    away = centres[pixel] - edges.place[point]
    distance = (away * edges.normal[point]).sum(axis=1)
    aside = np.sqrt(np.maximum((away**2).sum(axis=1) - distance**2, 0))
    beside = (np.abs(distance) < HALF_LENGTH_MM) & (aside <= 0.75 * spacing.max())
    return pixel[beside], point[beside], distance[beside]
