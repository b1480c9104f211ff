"""Paint the heart, and list the great vessels and airways as tubes."""

import numpy as np

from lidnet_mm.datasets.phantom.lungs import heart_distance
from lidnet_mm.datasets.phantom.section import Section
from lidnet_mm.datasets.phantom.shapes import capsule, circle, ellipse, paint
from lidnet_mm.datasets.phantom.thorax_shape import ThoraxShape
from lidnet_mm.datasets.phantom.tubes import Tube, polyline

MYOCARDIUM = 42.0
BLOOD = 56.0
VESSEL = 46.0
WALL = 30.0
AIRWAY = -990.0
GROOVE = -45.0


def paint_heart(hu: np.ndarray, shape: ThoraxShape, section: Section, streaks: np.ndarray) -> None:
    """Paint the heart: muscle, blood of its chambers, fat of its grooves, pericardium."""
    index, section = section.window((-90, -110), (110, 60))
    hu, streaks = hu[index], streaks[index]
    x, y, z, voxel = section.x, section.y, section.z, section.voxel
    outer = heart_distance(shape, x, y, z)
    level = np.sqrt(max(1 - ((z + 4) / shape.heart_axes[2]) ** 2, 0.0))
    if level < 0.1:
        return
    paint(hu, np.abs(outer - 2.6) - 0.6, 15.0, voxel)
    paint(hu, outer, MYOCARDIUM + 3 * streaks, voxel)
    cx, cy = shape.heart[0] - 0.22 * z, shape.heart[1] + 0.1 * z
    size, turn = shape.heart_axes[0] / 58 * level, shape.heart_angle
    chambers = (
        ((20, -3), (26, 14), turn),
        ((-2, -24), (27, 12), turn + 0.25),
        ((-34, 2), (15, 20), 0.2),
        ((-6, 28), (27, 11), 0.15),
    )
    for (dx, dy), axes, angle in chambers:
        centre = (cx + dx * size, cy + dy * size)
        chamber = ellipse(x, y, centre, (axes[0] * size, axes[1] * size), angle)
        paint(hu, np.maximum(chamber, outer + 2.5), BLOOD + 3 * streaks, voxel)
    _paint_grooves(hu, section, (cx, cy), size, outer)


def _paint_grooves(
    hu: np.ndarray,
    section: Section,
    centre: tuple[float, float],
    size: float,
    outer: np.ndarray,
) -> None:
    """Paint the fat of the grooves between atria and ventricles."""
    for start, end in (((-34, -38), (-19, -14)), ((20, -52), (16, -34)), ((40, 24), (26, 14))):
        points = [(centre[0] + p[0] * size, centre[1] + p[1] * size) for p in (start, end)]
        groove = capsule(section.x, section.y, points[0], points[1], 4.5 * size)
        paint(
            hu, np.maximum(groove - 0.35 * np.minimum(outer, 0) - 1, outer), GROOVE, section.voxel
        )


def paint_gullet(hu: np.ndarray, shape: ThoraxShape, section: Section) -> None:
    """Paint the oesophagus with its bubble of air, and the azygos vein."""
    gullet = (3.0, 0.5 * shape.spine_y)
    index, section = section.window((-40, 0), (40, 60))
    hu = hu[index]
    oval = ellipse(section.x, section.y, gullet, (8.5, 5.5), 0.2)
    paint(hu, oval, 35.0, section.voxel)
    paint(hu, circle(section.x, section.y, (gullet[0] + 1, gullet[1]), 1.6), -600.0, section.voxel)
    azygos = (-8.0, shape.spine_y - 20.0)
    paint(hu, circle(section.x, section.y, azygos, 3.4), VESSEL, section.voxel)


def great_vessels(shape: ThoraxShape) -> list[Tube]:
    """List aorta, pulmonary trunk and arteries, and both venae cavae."""
    r, back = shape.aorta_radius, 0.68 * shape.spine_y
    hx, hy = shape.heart
    aorta = [(hx - 14, hy + 4, 8), (-7, -16, 34), (-6, -12, 72), (2, -6, 88), (14, 8, 94),
             (20, 22, 86), (21, back, 70), (21, back, -140)]  # fmt: skip
    trunk = [(hx + 4, hy - 22, 18), (14, -28, 42), (14, -8, 54)]
    left = [(14, -8, 54), (26, 4, 50), (40, 8, 36)]
    right = [(14, -8, 54), (-6, 3, 48), (-26, 4, 42), (-40, 6, 34)]
    cava = [(-22, -8, 160), (-23, -13, 60), (-22, -12, 20)]
    lower = [(-20, -2, -10), (-18, 3, -45), (-16, 8, -140)]
    return [
        *polyline(cava, 8.5, 9.5, VESSEL),
        *polyline(lower, 11.0, 11.0, VESSEL),
        *polyline(aorta[:4], r + 4, r + 2.5, BLOOD),
        *polyline(aorta[3:], r + 2.5, r, BLOOD),
        *polyline(trunk, 13.0, 12.0, BLOOD - 3),
        *polyline(left, 10.0, 6.5, BLOOD - 3),
        *polyline(right, 10.0, 6.5, BLOOD - 3),
    ]


def airways() -> tuple[list[Tube], list[Tube]]:
    """List trachea and main bronchi: their walls, and their air."""
    paths = (
        ([(0, 12, 160), (0, 10, 66)], 8.8, 8.6),
        ([(0, 10, 66), (-16, 8, 50), (-32, 9, 34), (-41, 13, 24)], 7.5, 4.5),
        ([(0, 10, 66), (18, 8, 48), (35, 10, 30), (44, 16, 20)], 6.6, 4.0),
    )
    walls = [t for path, r0, r1 in paths for t in polyline(path, r0 + 1.6, r1 + 1.3, WALL)]
    air = [t for path, r0, r1 in paths for t in polyline(path, r0, r1, AIRWAY)]
    return walls, air
