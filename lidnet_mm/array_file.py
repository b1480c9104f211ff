"""Arrays in a ``.npz`` file: read as what they should be, or refused in one line."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from lidnet_mm.damaged_file import damage_told

ANY = -1
"""An extent that may be any."""

TEXT = ()
"""Layout of a text."""

Layout = tuple[int, ...]


def read_arrays(
    path: Path,
    layouts: Mapping[str, Layout],
    optional: Mapping[str, Layout] | None = None,
    remedy: str | None = None,
) -> dict[str, np.ndarray | str]:
    """Read the arrays of a file, and nothing that could run code.

    Args:
        path (Path): A ``.npz`` file.
        layouts (Mapping[str, tuple]): Extents of each array by name, :data:`ANY` where it may be
            any; :data:`TEXT` for a text.
        optional (Mapping[str, tuple], optional): Arrays that may be absent.
        remedy (str, optional): As of :class:`~lidnet_mm.damaged_file.DamagedFileError`.

    Returns:
        dict[str, np.ndarray | str]: Numbers and texts by name.

    Raises:
        FileNotFoundError: If there is no such file.
        DamagedFileError: If it is cut short, is something else, lacks an array, or has one of
            another shape or type.
    """
    with damage_told(path, remedy), np.load(path, allow_pickle=False) as kept:
        present = {n: layout for n, layout in (optional or {}).items() if n in kept}
        return {n: _checked(n, kept[n], layout) for n, layout in {**layouts, **present}.items()}


def _checked(name: str, array: np.ndarray, layout: Layout) -> np.ndarray | str:
    """An array of the right shape and type."""
    if layout == TEXT:
        if array.dtype.kind != "U" or array.shape != ():
            raise ValueError(f"'{name}' is no text")
        return str(array)
    fits = len(array.shape) == len(layout) and all(
        wanted in (ANY, found) for wanted, found in zip(layout, array.shape, strict=True)
    )
    if array.dtype.kind not in "fiu" or not fits:
        raise ValueError(f"'{name}' is {array.dtype} of shape {array.shape}")
    return array
