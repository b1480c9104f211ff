"""What to install where a part of this package needs one that a light installation lacks."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

OF_EXTRA = {
    "mmcv": ("MMCV", "detection"),
    "mmdet": ("MMDetection", "detection"),
    "radiomics": ("PyRadiomics", "radiomics"),
}
"""Import name of a package → what it is called, and the extra that installs it."""


class MissingPackageError(ImportError):
    """A package is not installed; the message says in one line who needs it and what to do."""


def require(package: str, what: str, instead: str = "") -> None:
    """Refuse to go on without a package of an extra; it is not imported.

    Args:
        package: Its import name.
        what: What needs it, for the message.
        instead: What to do without it, for the message. Defaults to nothing.

    Raises:
        MissingPackageError: If it is not installed.
    """
    if package in OF_EXTRA and find_spec(package) is None:
        raise _missing(package, what, instead)


@contextmanager
def needed_by(what: str) -> Iterator[None]:
    """Import packages of an extra.

    Args:
        what: What needs them, for the message.

    Raises:
        MissingPackageError: If one of them is not installed. Other errors, such as those of a
            package that is there and broken, pass.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if error.name not in OF_EXTRA:
            raise
        raise _missing(error.name, what) from error


def _missing(package: str, what: str, instead: str = "") -> MissingPackageError:
    """The error, with what to do."""
    name, extra = OF_EXTRA[package]
    without = f"{instead}, or " if instead else ""
    return MissingPackageError(
        f"{what} needs {name}, which is not installed: {without}`make install` in a checkout, or "
        f"pip install --no-build-isolation 'lidnet_mm[{extra}]' (docs/install.md)",
        name=package,
    )
