"""BM3D, by its authors' package."""

from importlib import import_module
from types import ModuleType

import numpy as np

from lidnet_mm.models.denoisers.classical_filter import ClassicalFilter
from lidnet_mm.registry import MODELS

SMALLEST = 16
"""Side in pixels to which smaller slices are mirrored: the package crashes at one block of 8."""


def _package() -> ModuleType:
    """The optional package, or how to get it."""
    try:
        return import_module("bm3d")
    except ImportError as error:
        raise ImportError(
            "BM3D needs the package bm3d: pip install 'bm3d>=4'. It is not installed with "
            "lidnet_mm because its licence (Tampere University) allows non-commercial use only"
        ) from error


@MODELS.register_module()
class BM3D(ClassicalFilter):
    """Block-matching and 3-D filtering, the standard to beat without learning.

    Needs the package ``bm3d``, ``pip install 'bm3d>=4'``, binaries of the method's authors whose
    licence allows **non-commercial use only** and asks to cite them. A slice of 512 x 512 takes
    10 to 15 s on one core.

    A block is compared with all in a window around it and the groups overlap: how far an output
    pixel sees is not bounded by much less than the slice.

    Source: Dabov et al. 2007, IEEE Trans Image Process 16(8); Mäkinen et al. 2020, 29.

    Args:
        sigma (float, optional): Noise in [0, 1]; see :class:`ClassicalFilter`. Defaults to None.
        strength (float): Noise told to BM3D in units of ``sigma``. Defaults to 1.25, the best of
            0.75, 1, 1.25 and 1.5: it is told of white noise and meets a correlated one.
        num_threads (int): Threads of the package; 0 takes all cores, and then results differ by
            about 1e-6 from run to run. Defaults to 1.
        init_cfg (dict, optional): Unused.

    Raises:
        ImportError: If the package is missing.
        ValueError: As for :class:`ClassicalFilter`.
    """

    def __init__(
        self,
        sigma: float | None = None,
        strength: float = 1.25,
        num_threads: int = 1,
        init_cfg: dict | None = None,
    ) -> None:
        super().__init__(sigma=sigma, strength=strength, init_cfg=init_cfg)
        _package()
        self.num_threads = num_threads

    def filter_slice(self, image: np.ndarray, width: float) -> np.ndarray:
        """(H, W) to (H, W), not negative; ``width`` is the noise told to BM3D."""
        package = _package()
        profile = package.BM3DProfile()
        profile.num_threads = self.num_threads
        missing = [(0, max(0, SMALLEST - side)) for side in image.shape]
        out = package.bm3d(np.pad(image, missing, mode="symmetric"), width, profile)
        rows, columns = image.shape
        return np.clip(out[:rows, :columns], 0, None)
