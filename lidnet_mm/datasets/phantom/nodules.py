"""Lung nodules: lobulated bodies, solid or of ground glass."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.phantom.tubes import Grid

DIAMETERS = (6.0, 24.0)
"""Range of a nodule's mean diameter in mm."""

SOLID_HU = (0.0, 60.0)
GROUND_GLASS_HU = (-600.0, -300.0)
GROUND_GLASS_SHARE = 0.3


@dataclass(frozen=True)
class Nodule:
    """One nodule.

    Attributes:
        centre: x, y, z in mm.
        half_axes: Half axes in mm, before lobulation.
        rotation: (3, 3) orthogonal, patient to nodule axes.
        lobes: (L, 3) unit directions of lobes (nodule axes).
        heights: (L,) relative height of the lobes; below 0 is a notch.
        hu: Its mean in HU.
        solid: Whether it is solid rather than ground glass.
    """

    centre: tuple[float, float, float]
    half_axes: tuple[float, float, float]
    rotation: np.ndarray
    lobes: np.ndarray
    heights: np.ndarray
    hu: float
    solid: bool

    @property
    def reach(self) -> float:
        """Radius in mm of a sphere that holds the nodule."""
        return max(self.half_axes) * (1 + float(np.clip(self.heights, 0, None).sum()))

    def distance(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Signed distance to the surface in mm (first order), negative inside."""
        cx, cy, cz = self.centre
        offset = np.stack(np.broadcast_arrays(x - cx, y - cy, z - cz), -1)
        local = offset @ self.rotation.T / np.asarray(self.half_axes)
        level = np.linalg.norm(local, axis=-1)
        direction = local / np.maximum(level, 1e-6)[..., None]
        surface = np.ones_like(level)
        for lobe, height in zip(self.lobes, self.heights, strict=True):
            surface += height * np.exp(-(1 - direction @ lobe) / 0.12)
        return (level - surface) * min(self.half_axes)

    @classmethod
    def draw(
        cls, centre: tuple[float, float, float], diameter: float, rng: np.random.Generator
    ) -> "Nodule":
        """Draw a nodule of a mean diameter in mm."""
        axes = rng.uniform(0.82, 1.2, 3)
        axes *= diameter / 2 / np.cbrt(np.prod(axes))
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        lobes = rng.normal(size=(int(rng.integers(3, 7)), 3))
        solid = bool(rng.random() >= GROUND_GLASS_SHARE)
        return cls(
            centre=centre,
            half_axes=tuple(float(a) for a in axes),
            rotation=rotation,
            lobes=lobes / np.linalg.norm(lobes, axis=1, keepdims=True),
            heights=rng.uniform(-0.12, 0.3, len(lobes)),
            hu=float(rng.uniform(*(SOLID_HU if solid else GROUND_GLASS_HU))),
            solid=solid,
        )


def place_nodules(
    lung_distance: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    low: np.ndarray,
    high: np.ndarray,
    slice_heights: np.ndarray,
    rng: np.random.Generator,
    diameters: tuple[float, float] = DIAMETERS,
) -> list[Nodule]:
    """Draw nodules until about half of the slices hold one.

    Args:
        lung_distance: x, y, z in mm → signed distance to the lungs' surface.
        low: (3,) lower corner of the region for centres, mm.
        high: (3,) upper corner.
        slice_heights: (S,) z of the slices in mm.
        rng: For size, place and kind.
        diameters: Range of the mean diameter in mm.

    Returns:
        At least one nodule.

    Raises:
        ValueError: The region holds too little lung for any nodule.
    """
    nodules: list[Nodule] = []
    wanted = rng.uniform(0.3, 0.5)
    held = np.zeros(len(slice_heights), dtype=bool)
    for _ in range(400):
        if held.mean() >= wanted:
            break
        centre = rng.uniform(low, high)
        nodule = Nodule.draw(tuple(centre), float(rng.uniform(*diameters)), rng)
        depth = -float(lung_distance(*(np.array(c) for c in centre)))
        if depth < 0.75 * nodule.reach or any(_touch(nodule, other) for other in nodules):
            continue
        nodules.append(nodule)
        held |= np.abs(slice_heights - centre[2]) < 0.9 * max(nodule.half_axes)
    if not nodules:
        raise ValueError("the field of view holds too little lung for a nodule; make it larger")
    return nodules


def paint_nodule(
    hu: np.ndarray,
    mask: np.ndarray,
    grid: Grid,
    nodule: Nodule,
    lung: np.ndarray,
    rng: np.random.Generator,
) -> None:
    """Paint a nodule and its exact extent.

    Args:
        hu: (S, H, W) volume in HU, changed.
        mask: (S, H, W) float32 fraction of each voxel that is nodule, changed.
        grid: Voxels of the volume.
        nodule: What to paint.
        lung: (S, H, W) fraction of each voxel that is lung; a nodule stays inside.
        rng: For its texture.
    """
    centre = np.asarray(nodule.centre)
    margin = nodule.reach + grid.voxel
    box = grid.box(centre - margin, centre + margin)
    z, y, x = grid.z[box[0], None, None], grid.y[None, box[1], None], grid.x[None, None, box[2]]
    inside = np.clip(0.5 - nodule.distance(x, y, z) / grid.voxel, 0, 1)
    inside = (inside * (lung[box] > 0.5)).astype(np.float32)
    noise = rng.normal(0, 1, inside.shape)
    value = nodule.hu + (12 if nodule.solid else 55) * noise
    opacity = inside if nodule.solid else inside * np.where(hu[box] > nodule.hu, 0.3, 1.0)
    hu[box] += opacity * (value - hu[box])
    mask[box] = np.maximum(mask[box], inside)


def _touch(first: Nodule, second: Nodule) -> bool:
    """Tell whether two nodules might touch."""
    gap = np.linalg.norm(np.subtract(first.centre, second.centre))
    return bool(gap < first.reach + second.reach + 4)
