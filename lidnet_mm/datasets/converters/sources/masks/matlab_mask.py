"""Masks in files of MATLAB."""

from pathlib import Path

import numpy as np

from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.masks.matlab_array import (
    Hdf5FileError,
    MatlabFileError,
    read_matlab_array,
)


def read_matlab_mask(path: Path, key: str = "Mask") -> np.ndarray:
    """Read a 3-D array of numbers from a MAT-file of version 5 to 7.

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
        mask = read_matlab_array(path, key)
    except Hdf5FileError as error:
        raise UnusableCaseError(
            "its mask is a MAT-file of version 7.3 (HDF5), which is not read here; load it in "
            f"MATLAB or Octave and write it again with save -v7, variable {key}",
            str(path),
        ) from error
    except (OSError, MatlabFileError) as error:
        raise UnusableCaseError(
            "its mask is damaged or no MAT-file; copy it again", f"{path}: {error}"
        ) from error
    if mask is None or mask.ndim != 3:
        raise UnusableCaseError(
            f"its MAT-file has no 3-D array of numbers called {key}; copy it again", str(path)
        )
    return mask
