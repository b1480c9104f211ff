"""One lung nodule: a body around a centre, whose radius depends on the direction."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

SMALLEST_RADIUS = 0.35
"""No notch is deeper than to this share of the half axes."""

LOBE_ENDS = 9.0
"""Widths after which a lobe, at 1e-4 of its height, has ended."""

QUADRATURE_POINTS = 8_000


@dataclass(frozen=True)
class Nodule:
    """A body that is star-shaped: every ray from its centre leaves it once.

    The surface is that of an ellipsoid times ``1 + sum(height exp(-(1 - cos) / width))`` over its
    lobes, with the angle to each lobe; a narrow lobe is a spicule.

    Attributes:
        centre: x, y, z in mm.
        half_axes: Half axes in mm, before lobes.
        rotation: (3, 3) orthogonal, patient to nodule axes.
        lobes: (L, 3) unit directions of lobes (nodule axes).
        heights: (L,) relative height of the lobes; below 0 is a notch.
        widths: (L,) their widths, 1 - cos of the angle at which a lobe falls to 1 / e.
        kind: ``'solid'``, ``'part_solid'`` or ``'ground_glass'``.
        margin: ``'smooth'``, ``'lobulated'`` or ``'spiculated'``.
        hu: Its mean in HU; of a part-solid nodule that of the ground glass around the core.
        core: Size of the solid core of a part-solid nodule, as a share of the body's; else 0.
        core_hu: Mean HU of the core.
        core_offset: x, y, z in mm from the nodule's centre to the core's.
        attachment: What it touches: ``'none'``, ``'vessel'`` or ``'pleura'``.
    """

    centre: tuple[float, float, float]
    half_axes: tuple[float, float, float]
    rotation: np.ndarray
    lobes: np.ndarray
    heights: np.ndarray
    widths: np.ndarray
    kind: str
    margin: str
    hu: float
    core: float = 0.0
    core_hu: float = 0.0
    core_offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    attachment: str = "none"

    @property
    def solid(self) -> bool:
        """Whether it hides what is behind: no ground glass."""
        return self.kind == "solid"

    @cached_property
    def diameter(self) -> float:
        """Diameter in mm of the sphere of the same volume, spicules and notches included."""
        cubed = (self.surface(_DIRECTIONS) ** 3).mean()
        return float(2 * np.cbrt(np.prod(self.half_axes) * cubed))

    @cached_property
    def reach(self) -> float:
        """Radius in mm of a sphere around the centre that holds the nodule."""
        radii = np.linalg.norm(_DIRECTIONS * self.half_axes, axis=1) * self.surface(_DIRECTIONS)
        return float(1.04 * radii.max())

    def surface(self, direction: np.ndarray) -> np.ndarray:
        """Radius in units of the half axes.

        Args:
            direction: (..., 3) unit vectors in nodule axes.

        Returns:
            (...,) radius, at least ``SMALLEST_RADIUS``.
        """
        flat = np.ascontiguousarray(direction.reshape(-1, 3))
        radius = np.ones(len(flat), dtype=direction.dtype)
        for lobe, height, width in zip(self.lobes, self.heights, self.widths, strict=True):
            away = 1 - flat @ lobe.astype(direction.dtype)
            near = np.flatnonzero(away < LOBE_ENDS * width)
            radius[near] += height * np.exp(-away[near] / width)
        radius = radius.reshape(direction.shape[:-1])
        return np.maximum(radius, SMALLEST_RADIUS)

    def level(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """Distance from the centre as a share of the surface's in that direction.

        Args:
            x: Coordinates in mm, any shapes that broadcast.
            y: Likewise.
            z: Likewise.

        Returns:
            0 in the centre, below 1 inside, 1 on the surface.
        """
        cx, cy, cz = self.centre
        offset = np.stack(np.broadcast_arrays(x - cx, y - cy, z - cz), -1).astype(np.float32)
        local = offset @ (self.rotation.T / np.asarray(self.half_axes)).astype(np.float32)
        radius = np.linalg.norm(local, axis=-1)
        return radius / self.surface(local / np.maximum(radius, 1e-6)[..., None])

    def core_level(self, x: np.ndarray, y: np.ndarray, z: np.ndarray) -> np.ndarray:
        """As :meth:`level`, of the solid core: the body's mirror image, smaller and off centre."""
        mirrored = (
            2 * centre + offset - place
            for centre, offset, place in zip(self.centre, self.core_offset, (x, y, z), strict=True)
        )
        return self.level(*mirrored) / self.core


def _directions(count: int) -> np.ndarray:
    """Spread unit vectors evenly over the sphere (Fibonacci's lattice): (count, 3) float64."""
    height = 1 - (2 * np.arange(count) + 1) / count
    turn = np.pi * (3 - np.sqrt(5)) * np.arange(count)
    ring = np.sqrt(1 - height**2)
    return np.stack([ring * np.cos(turn), ring * np.sin(turn), height], -1)


_DIRECTIONS = _directions(QUADRATURE_POINTS).astype(np.float32)
