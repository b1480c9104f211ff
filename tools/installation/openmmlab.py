"""Distributions of the OpenMMLab stack: the maintained ones, and originals that must not be there.

Both own the same folders, so whichever was installed last has overwritten parts of the other, and
uninstalling one takes away files of both.
"""

from __future__ import annotations

import re
from importlib.metadata import Distribution, distributions

# Maintained distribution, then the original ones that own the same folder.
ORIGINALS = {
    "onedl-mmcv": ("mmcv", "mmcv-full", "mmcv-lite"),
    "onedl-mmdetection": ("mmdet",),
    "onedl-mmengine": ("mmengine", "mmengine-lite"),
    "onedl-mim": ("openmim",),
}


def installed_names(path: list[str] | None = None) -> dict[str, str]:
    """Versions of the installed distributions by normalised name.

    Args:
        path: Folders to look in; None for those of this interpreter.
    """
    found = distributions() if path is None else distributions(path=path)
    names = {}
    for one in found:
        name, version = name_and_version(one)
        if name:
            names.setdefault(re.sub(r"[-_.]+", "-", name).lower(), version)
    return names


def name_and_version(distribution: Distribution) -> tuple[str | None, str]:
    """What a distribution says of itself; no name where its metadata is damaged."""
    try:
        metadata = distribution.metadata
        return metadata["Name"], metadata["Version"] or "?"
    except (OSError, ValueError, AttributeError, KeyError, TypeError):
        return None, "?"


def original_packages(installed: dict[str, str]) -> tuple[str, str] | None:
    """Say which original packages are there, and how to get rid of them.

    Args:
        installed: Versions by name, as of :func:`installed_names`.

    Returns:
        What is wrong and what to do; None where there are none.
    """
    wrong = [name for names in ORIGINALS.values() for name in names if name in installed]
    if not wrong:
        return None
    kept = [new for new, old in ORIGINALS.items() if new in installed and set(old) & set(installed)]
    listed = ", ".join(f"{name} {installed[name]}" for name in wrong)
    shared = f" beside {', '.join(kept)}, which own the same folders" if kept else ""
    return (
        f"{listed} of the original OpenMMLab{shared}, does not work here",
        f"`pip uninstall -y {' '.join([*wrong, *kept])}` in that environment, then install again",
    )
