"""Paint spine, ribs and sternum: cortical shells around marrow."""

import numpy as np

from lidnet_mm.datasets.phantom.section import Section
from lidnet_mm.datasets.phantom.shapes import capsule, circle, cover, ellipse, paint, smooth_step
from lidnet_mm.datasets.phantom.thorax_shape import ThoraxShape

CORTEX = 800.0
MARROW = 190.0
CARTILAGE = 105.0
DISC = 85.0
CANAL = 18.0
CORD = 38.0
LIGAMENT = 45.0


def paint_skeleton(
    hu: np.ndarray, shape: ThoraxShape, section: Section, trabeculae: np.ndarray
) -> None:
    """Paint all bones of a section but the shoulder blades.

    Args:
        hu: (H, W) image in HU, changed.
        shape: The patient.
        section: Where.
        trabeculae: (H, W) noise of standard deviation 1 for the marrow.
    """
    marrow = MARROW + 45 * trabeculae
    _paint_ribs(hu, shape, section, marrow)
    back, spine = section.window((-70, shape.spine_y - 25), (70, shape.spine_y + 60))
    for paint_part in (_paint_rib_necks, _paint_vertebra, _paint_arch):
        paint_part(hu[back], shape, spine, marrow[back])
    front, chest = section.window((-40, -1.3 * shape.cage_depth), (40, -0.7 * shape.cage_depth))
    _paint_sternum(hu[front], shape, chest, marrow[front] - 70)


def _bone(
    hu: np.ndarray, distance: np.ndarray, marrow: np.ndarray, shell: float, voxel: float
) -> None:
    """Paint a bone: a cortical shell of the given thickness around marrow."""
    paint(hu, distance, CORTEX, voxel)
    paint(hu, distance + shell, marrow, voxel)


def _rib_height(shape: ThoraxShape, section: Section, fallen: np.ndarray | float) -> np.ndarray:
    """Height in mm above the nearest rib, where ribs have fallen by ``fallen`` mm."""
    level = (section.z - shape.rib_phase - 2.0 * section.side + fallen) / shape.rib_spacing
    return (level - np.round(level)) * shape.rib_spacing


def _paint_ribs(hu: np.ndarray, shape: ThoraxShape, section: Section, marrow: np.ndarray) -> None:
    """Paint the oblique rings of the ribs; towards the sternum they are cartilage."""
    along = np.clip((section.alpha - 0.42) / (2.75 - 0.42), 0, 1)
    height = _rib_height(shape, section, shape.rib_drop * along)
    middle = shape.cage_radius(section.alpha, section.side, section.z) - 4.2
    thick, tall = 4.0, 6.8
    level = np.sqrt(((section.radius - middle) / thick) ** 2 + (height / tall) ** 2)
    distance = (level - 1) * thick
    distance = np.where(section.alpha > 0.38, distance, thick)
    front = smooth_step(2.35, 2.5, section.alpha)
    hu_shell = CORTEX + front * (CARTILAGE - CORTEX)
    inside = cover(distance, section.voxel)
    hu += inside * (hu_shell - hu)
    inner = cover(distance + 1.5, section.voxel)
    hu += inner * (marrow + front * (CARTILAGE - marrow) - hu)


def _paint_rib_necks(
    hu: np.ndarray, shape: ThoraxShape, section: Section, marrow: np.ndarray
) -> None:
    """Paint the ribs' necks, from their angle to the vertebral bodies."""
    alpha = np.array(0.45)
    radius = float(shape.cage_radius(alpha, np.array(1.0), section.z)) - 4.2
    outer = (radius * np.sin(0.45), radius * np.cos(0.45))
    head = (19.0, shape.spine_y + 7)
    height = _rib_height(shape, section, 0.0)
    flat = capsule(np.abs(section.x), section.y, head, outer, 0.0)
    distance = (np.sqrt((flat / 4.0) ** 2 + (height / 6.5) ** 2) - 1) * 4.0
    _bone(hu, distance, marrow, 1.4, section.voxel)


def _vertebra_phase(shape: ThoraxShape, z: float) -> float:
    """Height in mm above the middle of the nearest vertebral body."""
    level = (z - shape.rib_phase + 0.5 * shape.rib_spacing) / shape.rib_spacing
    return float((level - np.round(level)) * shape.rib_spacing)


def _paint_vertebra(
    hu: np.ndarray, shape: ThoraxShape, section: Section, marrow: np.ndarray
) -> None:
    """Paint a vertebral body with end plates, or the disc between two."""
    to_disc = shape.rib_spacing / 2 - abs(_vertebra_phase(shape, section.z))
    waist = 1.4 * smooth_step(3, 9, to_disc)
    body = ellipse(section.x, section.y, (0, shape.spine_y), (18.5 - waist, 15.0 - waist))
    notch = circle(section.x, section.y, (0, shape.spine_y + 23), 10.5)
    body = np.maximum(body, -notch)
    plate = float(smooth_step(2.0, 3.0, to_disc) * (1 - smooth_step(4.0, 5.2, to_disc)))
    bony = float(smooth_step(2.0, 3.0, to_disc))
    shell = CORTEX * 0.8 * bony + DISC * (1 - bony)
    core = marrow * bony + DISC * (1 - bony) + 260 * plate
    paint(hu, body, shell, section.voxel)
    paint(hu, body + 1.3, core, section.voxel)


def _paint_arch(hu: np.ndarray, shape: ThoraxShape, section: Section, marrow: np.ndarray) -> None:
    """Paint canal, cord, pedicles, laminae, transverse and spinous process."""
    x, y, voxel = np.abs(section.x), section.y, section.voxel
    canal_y = shape.spine_y + 22
    above = _vertebra_phase(shape, section.z)
    bony = float(smooth_step(-11, -8, above) * (1 - smooth_step(5, 9, above)))
    ring = np.abs(circle(x, y, (0, canal_y), 11.0)) - 2.4
    paint(hu, circle(x, y, (0, canal_y), 12.5), LIGAMENT, voxel)
    parts = [
        np.maximum(ring, canal_y - 3 - y),
        capsule(x, y, (10.5, canal_y - 12), (11.5, canal_y), 3.6),
        capsule(x, y, (12, canal_y + 4), (33, canal_y + 11), 3.8),
    ]
    arch = np.minimum.reduce(parts) + 9 * (1 - bony)
    _bone(hu, arch, marrow, 1.4, voxel)
    length = 16 + 10 * (1 - abs(above) / shape.rib_spacing)
    spinous = capsule(x, y, (0, canal_y + 12), (0, canal_y + length), 2.9)
    _bone(hu, spinous, marrow, 1.3, voxel)
    paint(hu, circle(x, y, (0, canal_y), 8.6), CANAL, voxel)
    paint(hu, ellipse(x, y, (0, canal_y - 0.5), (4.8, 3.8)), CORD, voxel)


def _paint_sternum(
    hu: np.ndarray, shape: ThoraxShape, section: Section, marrow: np.ndarray
) -> None:
    """Paint the sternum, broad at its handle and gone below its tip."""
    if section.z < -48:
        return
    front = float(shape.cage_radius(np.array(np.pi), np.array(1.0), section.z))
    half_width = 15.0 + 12 * float(smooth_step(72, 95, section.z))
    bone = ellipse(section.x, section.y, (0, -(front - 3.5)), (half_width, 6.0))
    _bone(hu, bone, marrow, 1.3, section.voxel)
