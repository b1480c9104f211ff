"""What to install where a part of this package needs one that a light installation lacks."""

from collections.abc import Iterator
from contextlib import contextmanager

OF_EXTRA = {
    "mmcv": ("MMCV", "detection"),
    "mmdet": ("MMDetection", "detection"),
    "radiomics": ("PyRadiomics", "radiomics"),
}
"""Import name of a package → what it is called, and the extra that installs it."""


class MissingPackageError(ImportError):
    """A package is not installed; the message says in one line who needs it and what to do."""


@contextmanager
def needed_by(what: str, instead: str = "") -> Iterator[None]:
    """Import packages of an extra.

    Args:
        what: What needs them, for the message.
        instead: What to do without them, for the message. Defaults to nothing.

    Raises:
        MissingPackageError: If one of them is not installed. Other errors, such as those of a
            package that is there and broken, pass.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in OF_EXTRA:
            raise
        package, extra = OF_EXTRA[error.name]
        without = f"{instead}, or " if instead else ""
        raise MissingPackageError(
            f"{what} needs {package}, which is not installed: {without}"
            f"`make install` in a checkout, or pip install --no-build-isolation "
            f"'lidnet_mm[{extra}]' (docs/install.md)",
            name=error.name,
        ) from error
