"""Find each patient's image and mask among source files named by a pattern."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.natural_order import natural_key

PLACEHOLDER = "{patient}"
SCAN = "{scan}"


@dataclass(frozen=True)
class SourcePair:
    """One patient's image and mask as they lie in the source folder.

    Attributes:
        patient: Source name of the patient, as matched by the pattern. Never written to a file.
        image: Path of the CT volume.
        mask: Path of its lesion mask.
        scan: Which of the patient's scans, as matched by ``{scan}``; empty without that.
    """

    patient: str
    image: Path
    mask: Path
    scan: str = ""

    def __str__(self) -> str:
        """What messages call it."""
        return _called((self.patient, self.scan))


Name = tuple[str, str]
"""Patient and scan as matched; the scan is empty where the pattern has none."""


def find_pairs(source: Path, image_pattern: str, mask_pattern: str) -> list[SourcePair]:
    """List the patients below a folder, in natural order (``p2`` before ``p10``).

    Args:
        source: Folder that the patterns are relative to.
        image_pattern: Path with ``{patient}`` for one path part or a piece of one, and ``*`` for
            any characters of one path part, e.g. ``'{patient}/CT_image.nii.gz'`` or
            ``'imagesTr/{patient}_0000.nii.gz'``. Where patients have several scans, ``{scan}``
            for what tells them apart: ``'{patient}_{scan}.nii.gz'`` divides ``p01_scan1.nii.gz`` at
            its last ``_``. Hidden files and folders are never matched.
        mask_pattern: The same for the mask.

    Returns:
        One pair a patient and scan.

    Raises:
        ConversionError: A pattern matches nothing or two files of one patient and scan, one of them
            has an image without a mask or a mask without an image, or only one pattern has scans.
    """
    if (SCAN in image_pattern) != (SCAN in mask_pattern):
        raise ConversionError(
            f"--image '{image_pattern}' and --mask '{mask_pattern}': write {SCAN} in both or in "
            "none, for each scan has a mask of its own"
        )
    if not source.is_dir():
        raise ConversionError(f"{source}: no such folder; name the folder that holds the volumes")
    images = match_patients(source, image_pattern, "--image")
    masks = match_patients(source, mask_pattern, "--mask")
    _check_complete(images, masks, image_pattern, mask_pattern)
    return [
        SourcePair(name[0], images[name], masks[name], name[1])
        for name in sorted(images, key=_order)
    ]


def match_patients(source: Path, pattern: str, option: str = "pattern") -> dict[Name, Path]:
    """Map the patients, or their scans, that a pattern finds below ``source`` to their file.

    Args:
        source: Folder that the pattern is relative to.
        pattern: Path with ``{patient}`` and, where wanted, ``*``; see :func:`find_pairs`.
        option: What errors call the pattern.

    Raises:
        ConversionError: The pattern lacks ``{patient}``, matches nothing, or matches two files
            of one patient and scan, or a pipe or device.
    """
    expression = pattern_expression(pattern, option)
    found: dict[Name, Path] = {}
    for path in _candidates(source, pattern):
        match = expression.fullmatch(path.relative_to(source).as_posix())
        if match is None:
            continue
        name = (match["patient"], match["scan"] if SCAN in pattern else "")
        if not path.is_file():
            raise ConversionError(
                f"{_called(name)}: {path}, which {option} '{pattern}' matches, is no regular file "
                "but a pipe, a socket or a device; put the file itself in its place"
            )
        if name in found:
            raise ConversionError(
                f"{_called(name)}: {option} '{pattern}' matches two files, {found[name]} and "
                f"{path}; make the pattern narrower so that it matches one file a patient, or write"
                f" {SCAN} where it says which of several scans it is"
            )
        found[name] = path
    if not found:
        raise ConversionError(
            f"{source}: {option} '{pattern}' matches no file; write {PLACEHOLDER} where the "
            f"patient's name stands, relative to that folder{_example_of(source)}"
        )
    return found


def pattern_expression(pattern: str, option: str = "pattern") -> re.Pattern[str]:
    """Compile a pattern to a regular expression with the groups ``patient`` and, if any, ``scan``.

    A second ``{patient}`` or ``{scan}`` must repeat the first; names never begin with a dot, which
    leaves out the ``._*`` companions that some archives contain.
    """
    if PLACEHOLDER not in pattern:
        raise ConversionError(
            f"{option} '{pattern}' lacks {PLACEHOLDER}; write it where the patient's name stands, "
            f"e.g. '{PLACEHOLDER}/image.nii.gz'"
        )
    expression = re.escape(pattern).replace(re.escape("*"), "[^/]*")
    for name in ("patient", "scan"):
        placeholder = re.escape(f"{{{name}}}")
        expression = expression.replace(placeholder, f"(?P<{name}>[^/]+)", 1)
        expression = expression.replace(placeholder, f"(?P={name})")
    return re.compile(rf"(?!\.)(?!.*/\.){expression}")


def _candidates(source: Path, pattern: str) -> Iterator[Path]:
    """Yield what the pattern may match and is no folder, sorted."""
    wildcard = re.sub(r"([\[?])", r"[\1]", pattern).replace(PLACEHOLDER, "*").replace(SCAN, "*")
    yield from sorted(path for path in source.glob(wildcard) if not path.is_dir())


def _check_complete(
    images: dict[Name, Path], masks: dict[Name, Path], image_pattern: str, mask_pattern: str
) -> None:
    """Refuse patients of whom one half is missing."""
    no_mask = sorted(images.keys() - masks.keys(), key=_order)
    if no_mask:
        raise ConversionError(
            f"{_called(no_mask[0])}: {images[no_mask[0]]} has no mask '{mask_pattern}'"
            f"{_and_others(no_mask)}; add it (an empty mask with --allow-no-lesion for a healthy "
            "patient), or move the image elsewhere"
        )
    no_image = sorted(masks.keys() - images.keys(), key=_order)
    if no_image:
        raise ConversionError(
            f"{_called(no_image[0])}: {masks[no_image[0]]} has no image '{image_pattern}'"
            f"{_and_others(no_image)}; add it or move the mask elsewhere"
        )


def _and_others(names: list[Name]) -> str:
    """Say how many more share a fault."""
    return f" (and {len(names) - 1} more likewise)" if len(names) > 1 else ""


def _called(name: Name) -> str:
    """What messages call a patient or one of several scans."""
    patient, scan = name
    return f"patient {patient}, scan {scan}" if scan else f"patient {patient}"


def _order(name: Name) -> tuple:
    """Natural order of patients, then scans."""
    return natural_key(name[0]), natural_key(name[1])


def _example_of(source: Path) -> str:
    """Name one NIfTI file of the folder, to show how its names look."""
    example = next(iter(sorted(source.rglob("*.nii*"))), None)
    return "" if example is None else f", where a file is {example.relative_to(source).as_posix()}"
