"""Which package counts pairs of grey levels: PyRadiomics where it is installed."""

from collections.abc import Callable
from functools import cache
from importlib import import_module
from typing import NamedTuple

import numpy as np

PYRADIOMICS = "PyRadiomics"
"""Source of all texture that was measured before results named theirs."""


class TextureSource(NamedTuple):
    """A package that measures GLCM features, called ``PyRadiomics 3.0.1`` in results.

    Attributes:
        package (str): Its name.
        version (str): Its version.
        measure (Callable): Takes grey levels (h, w) and the bool (h, w) of the pixels that count,
            two of them neighbours; gives correlation, inverse difference and joint energy.
    """

    package: str
    version: str
    measure: Callable[[np.ndarray, np.ndarray], tuple[float, float, float]]

    def __str__(self) -> str:
        return f"{self.package} {self.version}"


@cache
def texture_source() -> TextureSource:
    """The source of texture here: PyRadiomics, or scikit-image where that is not installed.

    No release of PyRadiomics builds on Python 3.12 and newer.

    Returns:
        TextureSource: The same for the whole process.

    Raises:
        ImportError: If PyRadiomics is installed but does not load.
    """
    name = "pyradiomics_glcm" if _has_pyradiomics() else "skimage_glcm"
    module = import_module(f"lidnet_mm.evaluation.{name}")
    return TextureSource(module.PACKAGE, module.VERSION, module.measure)


def _has_pyradiomics() -> bool:
    """Whether PyRadiomics is installed; a broken one is no reason to take another silently."""
    try:
        import_module("radiomics.glcm")
    except ImportError as error:
        if isinstance(error, ModuleNotFoundError) and error.name in ("radiomics", "radiomics.glcm"):
            return False
        raise ImportError(
            f"PyRadiomics is installed but does not load ({error}): install pyradiomics again, or "
            "uninstall it, and texture is measured with scikit-image"
        ) from error
    return True
