"""Paint the outer layers: table, skin, fat, breasts, muscles, ribs' bed, upper abdomen."""

import numpy as np

from lidnet_mm.datasets.phantom.lungs import WALL, diaphragm_height
from lidnet_mm.datasets.phantom.section import Section
from lidnet_mm.datasets.phantom.shapes import bump, capsule, paint
from lidnet_mm.datasets.phantom.thorax_shape import ThoraxShape

AIR = -1000.0
FAT = -100.0
MUSCLE = 52.0
SKIN = 20.0
GLAND = 25.0
LIVER = 58.0
TABLE = -650.0
BLADE = 600.0
BLADE_MARROW = 230.0
SCAPULA_TIP = 26.0
"""Height of the lower tip of the shoulder blades in mm."""


def paint_table(hu: np.ndarray, shape: ThoraxShape, section: Section) -> None:
    """Paint the scanner's curved table below the back."""
    _, _, skin = shape.layers(np.array(0.25), np.array(1.0), section.z)
    back = float(skin) + 4
    curve = back - section.x**2 / 900 - section.y
    shell = np.abs(curve + 11) - 11
    edge = np.maximum(shell, np.abs(section.x) - 190)
    paint(hu, np.abs(edge) - 1.2, TABLE, section.voxel)


def paint_chest_wall(
    hu: np.ndarray, shape: ThoraxShape, section: Section, streaks: np.ndarray
) -> None:
    """Paint from the skin to the inside of the ribs; leaves mediastinal fat inside.

    Args:
        hu: (H, W) image in HU, changed.
        shape: The patient.
        section: Where.
        streaks: (H, W) noise of standard deviation 1: fat between muscle fibres, lobules.
    """
    alpha, side, z, voxel = section.alpha, section.side, section.z, section.voxel
    cage, muscle, body = (section.radius - r for r in shape.layers(alpha, side, z))
    paint(hu, body, SKIN, voxel)
    paint(hu, body + 2.0, FAT + 6 * streaks, voxel)
    _paint_glands(hu, shape, section, body, muscle, streaks)
    paint(hu, muscle, _muscle(streaks), voxel)
    _paint_muscle_planes(hu, section, muscle, cage)
    paint(hu, np.abs(cage - 1.0) - 0.8, FAT + 45, voxel)
    paint(hu, cage, MUSCLE - 12 + 6 * streaks, voxel)
    paint(hu, cage + WALL - 1.5, FAT + 5 * streaks, voxel)


def paint_upper_abdomen(
    hu: np.ndarray, shape: ThoraxShape, section: Section, streaks: np.ndarray
) -> None:
    """Paint liver and spleen under the domes of the diaphragm."""
    if section.z > max(shape.domes) + section.voxel:
        return
    cage = section.radius - shape.cage_radius(section.alpha, section.side, section.z) + WALL
    under = 0.8 * (section.z - diaphragm_height(shape, section.x, section.y))
    organ = np.where(section.x < 12, LIVER, LIVER - 10) + 3 * streaks
    paint(hu, np.maximum(cage, under), MUSCLE, section.voxel)
    paint(hu, np.maximum(cage, under) + 4, organ, section.voxel)


def _muscle(streaks: np.ndarray) -> np.ndarray:
    """HU of muscle marbled with a little fat."""
    return MUSCLE + 5 * streaks - 70 * np.clip(streaks - 1.5, 0, 1)


def _paint_muscle_planes(
    hu: np.ndarray, section: Section, muscle: np.ndarray, cage: np.ndarray
) -> None:
    """Paint the thin sheets of fat between the layers of muscle."""
    thickness = np.maximum(cage - muscle, 1e-3)
    depth = -muscle / thickness
    layer = (depth - 0.5 - 0.08 * np.sin(7 * section.alpha)) * thickness
    sheet = np.where(thickness > 9, np.abs(layer) - 0.7, 9.0)
    paint(hu, np.where(cage > 0, sheet, 9.0), FAT + 35, section.voxel)


def _paint_glands(
    hu: np.ndarray,
    shape: ThoraxShape,
    section: Section,
    body: np.ndarray,
    muscle: np.ndarray,
    streaks: np.ndarray,
) -> None:
    """Paint the strands of glandular tissue in the breasts."""
    thickness = shape.breast * bump(section.z, 8.0, 55.0)
    if thickness < 6:
        return
    centre = np.maximum(np.abs(section.alpha - 2.42) - 0.26, 0) * 60
    inner = np.maximum(np.maximum(body + 5, 3 - muscle), centre)
    paint(hu, np.maximum(inner, 1.6 * (0.35 - streaks)), GLAND, section.voxel)


def paint_scapulae(hu: np.ndarray, shape: ThoraxShape, section: Section) -> None:
    """Paint the shoulder blades: thin plates within the muscles behind the ribs."""
    if section.z < SCAPULA_TIP:
        return
    x, y = np.abs(section.x), section.y
    reach = min((section.z - SCAPULA_TIP) / 60, 1.0)
    points = []
    for alpha, out in ((1.08 - 0.24 * reach, 9.0), (1.08, 10.0), (1.08 + 0.22 * reach, 12.0)):
        angle = np.array(alpha)
        radius = float(shape.cage_radius(angle, np.array(1.0), section.z)) + out * shape.muscle
        points.append((radius * np.sin(alpha), radius * np.cos(alpha)))
    blade = np.minimum(
        capsule(x, y, points[0], points[1], 1.5), capsule(x, y, points[1], points[2], 2.4)
    )
    paint(hu, blade, BLADE, section.voxel)
    paint(hu, blade + 1.3, BLADE_MARROW, section.voxel)
