"""GLCM features by PyRadiomics. To be imported only where it is installed."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import SimpleITK

from lidnet_mm.missing_package import needed_by

with needed_by("texture by PyRadiomics"):
    import radiomics
    from radiomics.glcm import RadiomicsGLCM

PACKAGE, VERSION = "PyRadiomics", radiomics.__version__.removeprefix("v")

NAMES = ("Correlation", "Id", "JointEnergy")


def measure(levels: np.ndarray, inside: np.ndarray) -> tuple[float, float, float]:
    """Correlation, inverse difference and joint energy, each the mean over directions.

    Args:
        levels (np.ndarray): Grey levels (h, w), whole numbers.
        inside (np.ndarray): bool (h, w), the pixels of the region, two of them neighbours.

    Returns:
        tuple[float, float, float]: The features.
    """
    with _quiet():
        glcm = RadiomicsGLCM(
            SimpleITK.GetImageFromArray(levels[None]),
            SimpleITK.GetImageFromArray(inside[None].astype(np.uint8)),
            binWidth=1,  # they are binned already
            force2D=True,
            force2Ddimension=0,
        )
        for name in NAMES:
            glcm.enableFeatureByName(name)
        values = glcm.execute()
    return tuple(float(values[name]) for name in NAMES)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep PyRadiomics' notes on settings out of the training log; errors still pass."""
    logger = logging.getLogger("radiomics")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(level)
