"""Masks in files of MATLAB."""

import zlib
from pathlib import Path

import numpy as np
from scipy.io import loadmat
from scipy.io.matlab import MatReadError

from lidnet_mm.datasets.converters.source_case import UnusableCaseError

READ_ERRORS = (
    OSError,
    EOFError,
    ValueError,
    TypeError,
    LookupError,
    MatReadError,
    zlib.error,
)
"""What SciPy raises on a file that is cut short or of another type."""


def read_matlab_mask(path: Path, key: str = "Mask") -> np.ndarray:
    """Read a 3-D array of numbers from a MAT-file of version 4 to 7.

    Args:
        path: The file.
        key: Name of the variable.

    Returns:
        (rows, columns, slices), as stored.

    Raises:
        UnusableCaseError: The file cannot be read, is of version 7.3 (which is HDF5), or has no
            such array.
    """
    try:
        variables = loadmat(path, variable_names=[key])
    except NotImplementedError as error:
        raise UnusableCaseError(
            "its mask is a MAT-file of version 7.3 (HDF5), which is not read here; load it in "
            f"MATLAB or Octave and write it again with save -v7, variable {key}",
            str(path),
        ) from error
    except READ_ERRORS as error:
        raise UnusableCaseError(
            "its mask is damaged or no MAT-file; copy it again", f"{path}: {error}"
        ) from error
    mask = variables.get(key)
    if not isinstance(mask, np.ndarray) or mask.ndim != 3 or mask.dtype.kind not in "biuf":
        raise UnusableCaseError(
            f"its MAT-file has no 3-D array of numbers called {key}; copy it again", str(path)
        )
    return mask
