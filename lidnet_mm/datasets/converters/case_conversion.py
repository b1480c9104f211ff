"""One case of a source: read, checked and written."""

import logging
from pathlib import Path
from typing import Any

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.checked_case import (
    BoxLimits,
    CheckedCase,
    check_case,
    read_hounsfield,
)
from lidnet_mm.datasets.converters.checks.hounsfield_check import check_hounsfield
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.left_out_lines import warn_left_out
from lidnet_mm.datasets.converters.numbering import NumberedCase
from lidnet_mm.datasets.converters.output.case_record import CaseFiles, case_record, unused_record
from lidnet_mm.datasets.converters.output.volume_files import (
    SliceFile,
    link_volume,
    write_nifti,
    write_pictures,
)
from lidnet_mm.datasets.converters.source_case import LeftOut, SourceCase, UnusableCaseError
from lidnet_mm.datasets.converters.square_pixels import with_square_pixels
from lidnet_mm.datasets.readers import CTVolume


def convert_case(
    case: NumberedCase,
    limits: BoxLimits,
    store: str,
    root: Path | None,
    strict: bool,
    square_pixels: bool = False,
) -> dict[str, Any]:
    """Read, check and write one case.

    Args:
        case: The case.
        limits: Which boxes and slices are kept.
        store: ``'nifti'``, ``'png'`` or ``'link'``. A volume with missing slices, or a lone slice
            of unknown thickness, is stored as pictures where NIfTI is asked for, since NIfTI has
            one distance for all slices.
        root: Folder of the dataset; None writes nothing.
        strict: Raise where the case cannot be used, else say so in the record.
        square_pixels: Resample a case whose pixels are not square.

    Returns:
        The case's record.

    Raises:
        UnusableCaseError: The case cannot be used, and ``strict``.
    """
    logger = MMLogger.get_current_instance()
    where = f"patient {case.source.patient}"
    if case.source.series:
        where = f"{where}, {case.source.series}"
    try:
        checked, ldct, store = _read(case.source, where, limits, store, strict, square_pixels)
    except UnusableCaseError as error:
        if strict:
            raise
        logger.warning(f"{case.stem} left out: {error}")  # in one piece: see left_out_lines
        return unused_record(case, LeftOut("volume", error.reason, error.source))
    named = [entry for entry in checked.left_out if entry.source]
    warn_left_out(case.stem, named, all_names=logger.isEnabledFor(logging.INFO))
    files = _no_files(checked) if root is None else _write(root, case, checked, ldct, store)
    logger.info(
        "%s: %d slices used, %d with lesion; %d slices without body left out",
        case.stem,
        len(checked.boxes),
        sum(bool(boxes) for boxes in checked.boxes.values()),
        checked.without_body,
    )
    return case_record(case, checked, files)


def _read(
    source: SourceCase,
    where: str,
    limits: BoxLimits,
    store: str,
    strict: bool,
    square_pixels: bool,
) -> tuple[CheckedCase, Any, str]:
    """Read and check a case; returns it, its LDCT, and how it can be stored.

    Raises:
        UnusableCaseError: It cannot be used. Whatever else a reader or library raises on a
            damaged file becomes this, so that it ends this volume alone.
    """
    try:
        content = source.read()
        content = with_square_pixels(content) if square_pixels else content
        where = f"{where}, image {content.volume.path}"
        store = "png" if store == "nifti" and not _fits_nifti(content.volume) else store
        checked = check_case(content, where, limits, whole=store != "png", strict=strict)
        return checked, _read_ldct(checked, f"{where}, LDCT"), store
    except ConversionError:
        raise
    except Exception as error:
        kind = type(error).__name__
        MMLogger.get_current_instance().info(f"{where}: {kind}", exc_info=True)
        raise UnusableCaseError(
            f"reading it failed ({kind}); look at the file named on the terminal (--verbose shows "
            "where it failed), copy or convert it again, or leave it out",
            f"{where}: {error}",
        ) from error


def _fits_nifti(volume: CTVolume) -> bool:
    """Whether all slices have one known distance."""
    return volume.uniform and volume.slice_spacing is not None


def _read_ldct(checked: CheckedCase, where: str) -> Any:
    """HU of the LDCT on the slices that were read, or None."""
    ldct = checked.content.ldct
    if ldct is None:
        return None
    hu = read_hounsfield(ldct, checked.slices, where)
    check_hounsfield(hu, where, checked.slices)
    return hu


def _write(
    root: Path, case: NumberedCase, checked: CheckedCase, ldct: Any, store: str
) -> CaseFiles:
    """Write the files of a case."""
    volume = checked.content.volume
    found = _write_images(root, case.stem, volume, checked, checked.hu, store)
    ldct_files: dict[int, SliceFile] = {}
    if ldct is not None:
        stem = f"{case.stem}_ldct"
        ldct_files = _write_images(root, stem, checked.content.ldct, checked, ldct, store)
    masks: dict[int, SliceFile] = {}
    if checked.content.lesion_mask is not None:
        masks = write_nifti(root, case.stem, volume, checked.content.lesion_mask, folder="masks")
    return CaseFiles(found, ldct_files, masks)


def _write_images(
    root: Path, stem: str, volume: CTVolume, checked: CheckedCase, hu: Any, store: str
) -> dict[int, SliceFile]:
    """Write the slices of a volume, or link to it."""
    if store == "link":
        return link_volume(root, stem, volume)
    if store == "nifti":
        return write_nifti(root, stem, volume, hu)
    used = [place for place, index in enumerate(checked.slices) if index in checked.boxes]
    return write_pictures(root, stem, [checked.slices[place] for place in used], hu[used])


def _no_files(checked: CheckedCase) -> CaseFiles:
    """Names for a conversion that writes nothing."""
    return CaseFiles({index: SliceFile("", index) for index in checked.boxes}, {}, {})
