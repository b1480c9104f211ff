"""Where the lungs are: inside the ribs, outside the mediastinum, above the diaphragm."""

import numpy as np

from lidnet_mm.datasets.phantom.section import polar
from lidnet_mm.datasets.phantom.shapes import (
    bump,
    capsule,
    circle,
    ellipse,
    smooth_step,
    smooth_union,
)
from lidnet_mm.datasets.phantom.thorax_shape import ThoraxShape

WALL = 9.0
"""Ribs and pleura in mm."""


def heart_distance(
    shape: ThoraxShape, x: np.ndarray, y: np.ndarray, z: np.ndarray | float
) -> np.ndarray:
    """Signed distance to the heart's surface in mm."""
    length, width, height = shape.heart_axes
    level = np.sqrt(np.clip(1 - ((z + 4) / height) ** 2, 1e-4, 1))
    centre = (shape.heart[0] - 0.22 * z, shape.heart[1] + 0.1 * z)
    wavy = 1 + 0.035 * np.cos(3 * np.arctan2(y - centre[1], x - centre[0]) + 0.6)
    return ellipse(x, y, centre, (length * level * wavy, width * level * wavy), shape.heart_angle)


def mediastinum_distance(
    shape: ThoraxShape, x: np.ndarray, y: np.ndarray, z: np.ndarray | float
) -> np.ndarray:
    """Signed distance to what lies between the lungs, in mm."""
    spine_y, depth = shape.spine_y, shape.cage_depth
    fold = capsule(x, y, (0, -1.2 * depth), (0, -0.4 * depth), 6.0)
    column = capsule(x, y, (0, spine_y), (0, 1.3 * depth), 25.0)
    upper = 14 + 21 * smooth_step(0, 45, z) - 7 * smooth_step(65, 95, z)
    vessels = ellipse(x, y, (2.0, -14.0), (upper, 0.5 * depth))
    aorta = circle(x, y, (21.0, 0.68 * spine_y), shape.aorta_radius + 2)
    gullet = circle(x, y, (3.0, 0.5 * spine_y), 11.0)
    hila = ellipse(np.abs(x), y, (30.0, 5.0), (15.0, 12.0)) + 14 * (1 - bump(z, 32.0, 26.0))
    joined = heart_distance(shape, x, y, z) - 4
    for part in (fold, vessels, aorta, gullet, column, hila):
        joined = smooth_union(joined, part, 9.0)
    return joined


def diaphragm_height(shape: ThoraxShape, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Height z of the diaphragm's domes in mm."""
    right = shape.domes[0] - ((x + 62) ** 2 + (y + 8) ** 2) / 130
    left = shape.domes[1] - ((x - 66) ** 2 + (y - 2) ** 2) / 130
    return np.maximum(right, left)


def lung_distance(
    shape: ThoraxShape, x: np.ndarray, y: np.ndarray, z: np.ndarray | float
) -> np.ndarray:
    """Signed distance to the nearer lung's surface in mm, negative inside.

    Args:
        shape: The patient.
        x: Coordinates in mm, any shape that broadcasts.
        y: Likewise.
        z: Likewise.
    """
    radius, alpha, side = polar(x, y)
    chest = radius - (shape.cage_radius(alpha, side, z) - WALL)
    between = mediastinum_distance(shape, x, y, z)
    lung = -smooth_union(-chest, between, 7.0)
    return np.maximum(lung, 0.8 * (diaphragm_height(shape, x, y) - z))
