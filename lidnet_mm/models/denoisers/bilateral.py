"""The bilateral filter."""

import itertools

import numpy as np

from lidnet_mm.models.denoisers.classical_filter import ClassicalFilter
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class Bilateral(ClassicalFilter):
    """Mean of the neighbours, weighted by their distance and by their difference in value.

    The weight of a neighbour is ``exp(-d^2 / 2 spatial^2) exp(-v^2 / 2 (strength sigma)^2)``,
    d pixels away and different by v, inside a square window that ends at ``3 spatial``; the slice
    is mirrored at its border. Written out here because scikit-image 0.26 takes the weights in
    space from the wrong places of its table, and because its table of weights in value, as
    OpenCV's, depends on the range of the whole slice.

    Source: Tomasi and Manduchi 1998, ICCV.

    Args:
        sigma (float, optional): Noise in [0, 1]; see :class:`ClassicalFilter`. Defaults to None.
        strength (float): Width in value, in units of ``sigma``. Defaults to 2, the best of
            0.75 to 3.
        spatial (float): Width in space, in pixels. Defaults to 1.5, the best of 1, 1.5 and 2.
        init_cfg (dict, optional): Unused.

    Raises:
        ValueError: If ``spatial`` is below 1 / 3, which leaves no neighbour, or as for
            :class:`ClassicalFilter`.
    """

    def __init__(
        self,
        sigma: float | None = None,
        strength: float = 2.0,
        spatial: float = 1.5,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(sigma=sigma, strength=strength, init_cfg=init_cfg)
        self.spatial = spatial
        self.window_radius = int(3 * spatial)
        if self.window_radius < 1:
            raise ValueError(f"spatial must be at least 1/3 pixel, got {spatial}")

    def filter_slice(self, image: np.ndarray, width: float) -> np.ndarray:
        """(H, W) to (H, W); ``width`` is the standard deviation of the weights in value."""
        radius = self.window_radius
        padded = np.pad(image, radius, mode="symmetric")
        windows = np.lib.stride_tricks.sliding_window_view(padded, image.shape)
        total, weights = np.zeros_like(image), np.zeros_like(image)
        for row, column in itertools.product(range(2 * radius + 1), repeat=2):
            neighbour = windows[row, column]
            distance = (row - radius) ** 2 + (column - radius) ** 2
            exponent = (neighbour - image) ** 2 / width**2 + distance / self.spatial**2
            weight = np.exp(-exponent / 2)
            total += weight * neighbour
            weights += weight
        return total / weights
