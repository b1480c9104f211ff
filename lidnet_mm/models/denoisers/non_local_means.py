"""Non-local means."""

import numpy as np
from skimage import restoration

from lidnet_mm.models.denoisers.classical_filter import ClassicalFilter
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class NonLocalMeans(ClassicalFilter):
    """Mean of the pixels around, weighted by how alike the patches about them are.

    scikit-image's fast form, in which every pixel of a patch counts the same, with the expected
    difference of two noisy patches taken off their distance. Its sums leave out the first row
    and column of a patch, so that a side of 5 compares 4 x 4 pixels.

    Source: Buades et al. 2005, CVPR; Darbon et al. 2008, ISBI.

    Args:
        sigma (float, optional): Noise in [0, 1]; see :class:`ClassicalFilter`. Defaults to None.
        strength (float): Cut-off distance h of the patches in units of ``sigma``. Defaults to
            0.8, which scikit-image recommends and which was the best of 0.5 to 1.2.
        patch_size (int): Side of a patch in pixels, odd. Defaults to 5, better than 3 and 7.
        patch_distance (int): Largest shift in rows and columns between two patches, in pixels.
            Defaults to 6; 11 was as good and takes three times as long.
        init_cfg (dict, optional): Unused.

    Raises:
        ValueError: If ``patch_size`` is not odd and positive, ``patch_distance`` not positive,
            or as for :class:`ClassicalFilter`.
    """

    def __init__(
        self,
        sigma: float | None = None,
        strength: float = 0.8,
        patch_size: int = 5,
        patch_distance: int = 6,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(sigma=sigma, strength=strength, init_cfg=init_cfg)
        if patch_size < 1 or patch_size % 2 == 0 or patch_distance < 1:
            raise ValueError(
                "patch_size must be odd and patch_distance at least 1, "
                f"got {patch_size} and {patch_distance}"
            )
        self.patch_size = patch_size
        self.patch_distance = patch_distance
        self.window_radius = patch_distance + patch_size // 2

    def filter_slice(self, image: np.ndarray, width: float) -> np.ndarray:
        """(H, W) to (H, W); ``width`` is the cut-off distance h."""
        return restoration.denoise_nl_means(
            image,
            patch_size=self.patch_size,
            patch_distance=self.patch_distance,
            h=width,
            sigma=width / self.strength,
            fast_mode=True,
        )
