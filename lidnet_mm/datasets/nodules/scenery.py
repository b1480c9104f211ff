"""What nodules are put into: a volume, its lungs, and the sharpness and noise of its slices."""

import numpy as np
from scipy import ndimage

from lidnet_mm.datasets.nodules.grid import Grid
from lidnet_mm.datasets.nodules.lung_map import LungMap
from lidnet_mm.datasets.nodules.nodule import Nodule
from lidnet_mm.datasets.nodules.resolution import estimate_resolution
from lidnet_mm.datasets.nodules.slice_noise import draw_noise, noise_kernel

PLEURAL_OVERLAP_MM = 1.0
"""A nodule at the pleura reaches this far into the wall, so that no air is between them."""

EDGE_MM = 1.5
"""Nearer than this to a vessel or the pleura, voxels are a mixture."""

Box = tuple[slice, slice, slice]


class Scenery:
    """A volume as it was before, measured slice by slice when first asked for.

    Args:
        volume: (S, H, W) in HU.
        spacing: Distance of slices, rows and columns in mm.
        lung_map: Its lungs and vessels.
        thickness: Of a slice in mm.
    """

    def __init__(
        self,
        volume: np.ndarray,
        spacing: tuple[float, float, float],
        lung_map: LungMap,
        thickness: float,
    ) -> None:
        self.volume, self.spacing = volume, spacing
        self.lung_map, self.thickness = lung_map, thickness
        self.grid = Grid.of_volume(volume.shape, spacing)
        self._sigma: dict[int, float] = {}
        self._kernel: dict[int, np.ndarray | None] = {}

    def sigma(self, index: int) -> float:
        """Point spread function of a slice, standard deviation in mm."""
        if index not in self._sigma:
            found = estimate_resolution(self.volume[index], self.spacing[1:])
            self._sigma[index] = found.sigma_mm
        return self._sigma[index]

    def noise(self, index: int, shape: tuple[int, int], rng: np.random.Generator) -> np.ndarray:
        """Noise as a slice has it, (H, W) in HU; 0 where the slice shows no soft tissue."""
        if index not in self._kernel:
            self._kernel[index] = noise_kernel(self.volume[index], self.spacing[1:])
        kernel = self._kernel[index]
        return np.zeros(shape, np.float32) if kernel is None else draw_noise(kernel, shape, rng)

    def allowed(self, nodule: Nodule, box: Box) -> np.ndarray:
        """Voxels that a nodule may fill: lung, and vessels only if it shall touch one."""
        lungs = self.lung_map.lungs[box]
        if nodule.attachment == "pleura":
            outside = ndimage.distance_transform_edt(~lungs, sampling=self.spacing)
            return outside <= PLEURAL_OVERLAP_MM
        if nodule.attachment == "none":
            return lungs & (self.lung_map.gap[box] > 0)
        return lungs

    def parenchyma(self, box: Box, mask: np.ndarray) -> float:
        """Mean HU of the lung around and under a nodule, without vessels.

        Args:
            box: Voxels around it.
            mask: Which of them it fills; only slices in which it is are looked at.
        """
        clear = np.minimum(self.lung_map.gap[box], self.lung_map.depth[box]) > EDGE_MM
        clear &= mask.any(axis=(1, 2))[:, None, None]
        return float(self.volume[box][clear if clear.any() else mask].mean())
