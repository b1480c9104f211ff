"""DICOM series: a folder, a list of files, or one multi-frame file."""

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

import numpy as np
from mmengine.logging import print_log
from pydicom.pixels import get_decoder
from pydicom.uid import UID

from lidnet_mm.datasets.readers.dicom_air import check_air
from lidnet_mm.datasets.readers.dicom_error import READ_ERRORS, DicomError, NotASliceError
from lidnet_mm.datasets.readers.dicom_passes import passes, without_odd
from lidnet_mm.datasets.readers.dicom_pixels import pixel_error, read_pixels, read_stored
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice, read_dicom_slices
from lidnet_mm.datasets.readers.dicom_stack import regular_steps, stack_slices
from lidnet_mm.datasets.readers.volume import CTVolume, VolumeError


class DicomVolume(CTVolume):
    """The CT slices of one series, ordered by their place in the patient and never by name.

    Only headers are read at opening, unless they leave it in doubt whether the values are HU (no
    RescaleSlope or RescaleIntercept): then air near -1000 HU is looked for. A read decodes one
    slice. Rescale slope and intercept are those of each slice. Values are not clipped; padding
    (PixelPaddingValue, PixelPaddingRangeLimit) becomes air, -1000 HU.

    What else lies in a folder is no slice and ignored: files that are not DICOM (unless they end
    in ``.dcm`` or ``.ima``: then they are damaged), sub-folders, objects of another modality,
    localizers, reports, screenshots, raw data and maps that are not in HU; and of at least ten
    slices one in ten that does not lie on the grid of the others. ``ignored`` tells which.

    Args:
        source: A folder with one series, a file of it (one slice, or all of a multi-frame
            object), or files from anywhere.
        oblique: Accept slices that lean from the patient's axes, as of a tilted gantry.

    Raises:
        FileNotFoundError: There is no such folder or file.
        VolumeError: There is no axial CT slice or more than one series or pass, a slice is damaged,
            comes twice, has no pixels or none that an installed package decodes, the slices are
            not one straight stack of one grid, or nothing shows that they are HU.
    """

    def __init__(self, source: str | Path | Sequence[str | Path], *, oblique: bool = False) -> None:
        path, files = _files(source)
        slices, ignored = _read_headers(path, files)
        _check_one_series(path, slices)
        slices, odd = without_odd(slices)
        for each, why in odd:
            print_log(f"{path}: {each.name} has {why}, left out", "current", logging.WARNING)
        _check_one_pass(path, slices)
        self._open(
            path, slices, (*ignored, *((each.file, why) for each, why in odd)), oblique=oblique
        )

    @classmethod
    def of_slices(cls, slices: Sequence[DicomSlice], *, oblique: bool = False) -> Self:
        """Open slices whose headers were read before.

        Args:
            slices: At least one; that they belong together is known, whatever their series.
            oblique: As of the constructor.

        Raises:
            VolumeError: As for a folder.
        """
        volume = cls.__new__(cls)
        place = os.path.commonpath([each.file.absolute().parent for each in slices])
        volume._open(Path(place), slices, (), oblique=oblique)
        return volume

    def _open(
        self,
        path: Path,
        slices: Sequence[DicomSlice],
        ignored: tuple[tuple[Path, str], ...],
        *,
        oblique: bool,
    ) -> None:
        """Check slices and take them as the volume."""
        _check_decoders(slices)
        stack = stack_slices(path, slices)
        self.ignored = ignored
        self._slices, self._steps, self._spacing = stack.slices, stack.steps, stack.spacing
        super().__init__(path, stack.affine, (len(slices), *slices[0].shape), oblique=oblique)
        if self.orientation.axes[0] != 0:
            raise DicomError(
                f"Cannot read {path}: its slices are sagittal or coronal; give the axial series of"
                " the study",
                "its slices are sagittal or coronal",
            )
        if self.orientation.flips[0]:
            self._slices, self._steps = self._slices[::-1], self._steps[::-1]
        check_air(path, self._slices)

    @property
    def slices(self) -> tuple[DicomSlice, ...]:
        """The slices towards superior: file, stored type and scale, for who writes them anew."""
        return tuple(self._slices)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the slices."""
        return tuple(dict.fromkeys(each.file for each in self._slices))

    @property
    def slice_files(self) -> tuple[Path, ...]:
        """File of each slice, towards superior."""
        return tuple(each.file for each in self._slices)

    @property
    def sop_instance_uids(self) -> tuple[str, ...]:
        """SOPInstanceUID of each slice, towards superior; one for all in a multi-frame file."""
        return tuple(each.sop_instance_uid for each in self._slices)

    @property
    def patient_id(self) -> str:
        """PatientID: for converters, never for a dataset or a log."""
        return self._slices[0].patient_id

    @property
    def study_uid(self) -> str:
        """StudyInstanceUID."""
        return self._slices[0].study_uid

    @property
    def series_uid(self) -> str:
        """SeriesInstanceUID."""
        return self._slices[0].series_uid

    @property
    def slice_spacing(self) -> float | None:
        """Mean of the regular distances between slices in mm.

        Of a single slice its SpacingBetweenSlices or SliceThickness; None where it states
        neither.
        """
        return self._spacing

    @property
    def uniform(self) -> bool:
        """Whether all steps between slices are equal (within a tenth)."""
        return bool(regular_steps(self._steps).all())

    @property
    def gaps(self) -> tuple[tuple[int, float], ...]:
        """(slice, distance in mm to the next one) where that step is larger than the others."""
        wide = ~regular_steps(self._steps) & (self._steps > (self._spacing or 0.0))
        return tuple((int(index), float(self._steps[index])) for index in np.flatnonzero(wide))

    @property
    def missing_slices(self) -> int:
        """Slices that the gaps leave out, as far as the distances tell."""
        return sum(max(1, round(step / self._spacing) - 1) for _, step in self.gaps)

    def voxel_position(self, index: int, row: float, column: float) -> np.ndarray:
        """Centre of a voxel in the patient, or a place between centres, by its slice's position.

        Args:
            index: Slice, counted from 0 towards superior.
            row: Row, counted from 0 towards posterior.
            column: Column, counted from 0 towards left.

        Returns:
            (3,) float64, mm in LPS+.
        """
        in_plane = self.affine[:3, 1:3] @ self._stored_voxel(index, row, column)[1:]
        return np.array(self._slices[index].position) + in_plane * (-1.0, -1.0, 1.0)

    def _read_plane(self, stored_index: int) -> np.ndarray:
        """HU of one slice in its stored order of rows and columns."""
        return self._read(self.orientation.stored_slice(stored_index, self.num_slices), read_pixels)

    def read_stored(self, index: int) -> np.ndarray:
        """Read the stored values of one slice, without rescale and with its padding.

        Args:
            index: Slice, counted from 0 towards superior.

        Returns:
            (Rows, Columns) in the order of the file.

        Raises:
            VolumeError: The pixels cannot be read.
        """
        return self._read(index, read_stored)

    def _read(self, index: int, read: Callable[[DicomSlice], np.ndarray]) -> np.ndarray:
        """The pixels of a slice; errors tell the slice."""
        each = self._slices[index]
        try:
            plane = read(each)
        except READ_ERRORS as error:
            raise pixel_error(f"Cannot read slice {index} of {self.path}", each, error) from error
        if plane.shape != each.shape:
            raise VolumeError(
                f"Cannot read slice {index} of {self.path}: {each.file} has changed since it was"
                f" opened, from {each.shape} to {plane.shape} pixels; open the volume again"
            )
        return plane


def _files(source: str | Path | Sequence[str | Path]) -> tuple[Path, list[Path]]:
    """What to call the volume, and its files."""
    if not isinstance(source, str | Path):
        files = [Path(file) for file in source]
        if not files:
            raise VolumeError("A DICOM volume needs at least one file, the list is empty")
        return Path(os.path.commonpath([file.absolute().parent for file in files])), files
    path = Path(source)
    if path.is_dir():
        return path, sorted(file for file in path.iterdir() if file.is_file())
    if not path.exists():
        raise FileNotFoundError(f"CT volume {path} does not exist")
    return path, [path]


def _read_headers(
    path: Path, files: Sequence[Path]
) -> tuple[list[DicomSlice], tuple[tuple[Path, str], ...]]:
    """The slices of all files, and the files that hold none with the reason."""
    slices: list[DicomSlice] = []
    ignored: list[tuple[Path, str]] = []
    for file in files:
        try:
            slices += read_dicom_slices(file)
        except NotASliceError as error:
            ignored.append((file, str(error)))
    if not slices:
        reason = "; ".join(reason for _, reason in ignored[:3]) or "there is no file in it"
        raise VolumeError(
            f"Cannot read {path}: it holds no axial CT slice ({reason}"
            f"{f'; and {len(ignored) - 3} more files' if len(ignored) > 3 else ''}); give the"
            " folder that has the slices of one CT series, sub-folders are not searched"
        )
    return slices, tuple(ignored)


def _check_one_series(path: Path, slices: Sequence[DicomSlice]) -> None:
    """Refuse slices of several series."""
    series = sorted({each.series_uid for each in slices})
    if len(series) > 1:
        raise DicomError(
            f"Cannot read {path}: it holds {len(series)} series ({', '.join(series[:3])}"
            f"{', ...' if len(series) > 3 else ''}); give each series a folder of its own",
            "it holds several series; give each a folder of its own",
        )


def _check_one_pass(path: Path, slices: Sequence[DicomSlice]) -> None:
    """Refuse several acquisitions, phases or reconstructions in one series."""
    found = passes(slices)
    if len(found) > 1:
        named = "; ".join(
            f"{len(each.slices)} slices of {each.name}, such as {each.slices[0].name}"
            for each in found[:3]
        )
        raise DicomError(
            f"Cannot read {path}: its slices are of {len(found)} passes that lie among each other"
            f" or at one place in the patient ({named}); give each acquisition or phase a folder"
            " of its own",
            "its slices are of several passes at the same places; give each a folder of its own",
        )


def _check_decoders(slices: Sequence[DicomSlice]) -> None:
    """Refuse pixels that no installed package can decode."""
    for encoding, file in {each.transfer_syntax: each.file for each in slices}.items():
        name = f"{UID(encoding).name} ({encoding or 'no transfer syntax stated'})"
        try:
            decoder = get_decoder(encoding)
        except NotImplementedError as error:
            raise DicomError(
                f"Cannot read {file}: its pixels are encoded as {name}, which PyDICOM does not"
                " know; decompress it first, for example with gdcmconv --raw",
                "its pixels are encoded in a way that PyDICOM does not know; decompress it first",
            ) from error
        if not decoder.is_available:
            raise DicomError(
                f"Cannot read {file}: no installed package decodes {name}; install one of:"
                f" {'; '.join(decoder.missing_dependencies)}",
                f"no installed package decodes {name}",
            )
