"""Derived DICOM series: one CT image for each slice of the source."""

import threading
from pathlib import Path

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset

from lidnet_mm.datasets.readers import CTVolume, DicomVolume
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice
from lidnet_mm.datasets.writers.derived_image import (
    LARGEST_BITS,
    derived_header,
    in_whole_hu,
    put_pixels,
)
from lidnet_mm.datasets.writers.derived_uid import derived_uid, source_identity
from lidnet_mm.datasets.writers.new_image import new_header
from lidnet_mm.datasets.writers.volume_writer import (
    Derivation,
    VolumeWriter,
    changed,
    whole_hu,
)

IN_BRIEF = (
    *("SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"),
    *("Rows", "Columns"),
)
"""Attributes of an image to which a report refers."""


class DicomWriter(VolumeWriter):
    """Writes a series that PACS and viewers know as derived from its source.

    A DICOM source keeps patient, study, frame of reference, geometry, rescale and window; the
    series and its images get UIDs of their own, which follow from the source's UIDs and the
    derivation: the same run twice gives the same UIDs. A frame of a multi-frame object becomes an
    image of its own (CT Image Storage). Any other source becomes the series of a patient without
    name, in whole HU.

    Args:
        volume: The source.
        folder: An empty folder for the files.
        derivation: What was done.
        names: File of each slice below ``folder``, towards superior. Defaults to those of the
            source's files, numbered where several slices share one.
    """

    def __init__(
        self,
        volume: CTVolume,
        folder: Path,
        derivation: Derivation,
        names: tuple[Path, ...] | None = None,
    ) -> None:
        super().__init__(volume, folder, derivation)
        self.names = names or slice_names(volume)
        self.is_derived = isinstance(volume, DicomVolume)
        self._headers: dict[Path, Dataset] = {}
        self._lock = threading.Lock()
        self.series_uid = derived_uid(*source_identity(volume), derivation.digest)
        self.written: dict[int, Dataset] = {}

    @property
    def outputs(self) -> tuple[Path, ...]:
        """The images, see :attr:`VolumeWriter.outputs`."""
        return self.names

    def write(self, index: int, hu: np.ndarray, change: np.ndarray) -> None:
        """Write one slice, see :meth:`VolumeWriter.write`."""
        if self.is_derived:
            image = self._derived(index, change)
        else:
            image = new_header(self.volume, index, self.series_uid, self.derivation)
            put_pixels(image, whole_hu(hu, change), LARGEST_BITS)
        path = self.folder / self.names[index]
        path.parent.mkdir(parents=True, exist_ok=True)
        image.save_as(path, enforce_file_format=True)
        del image.PixelData
        with self._lock:
            self.written[index] = _brief(image) if index else image

    def headers(self) -> list[Dataset]:
        """What reports need of the written images, towards superior.

        The first one is whole, for patient and study; the others say which image they are of, so
        that memory does not grow with the series.
        """
        return [self.written[index] for index in sorted(self.written)]

    def _derived(self, index: int, change: np.ndarray) -> Dataset:
        """The image of one slice of a DICOM source."""
        each = self.volume.slices[index]
        image = derived_header(
            self._header(each.file),
            each.frame,
            series_uid=self.series_uid,
            sop_uid=derived_uid(self.series_uid, f"image {index}"),
            derivation=self.derivation,
        )
        if each.stored.bits_allocated > LARGEST_BITS:
            in_whole_hu(image)
            hu = self.volume.orientation.stored(self.volume.read_slice(index))
            put_pixels(image, whole_hu(hu, self.volume.orientation.stored(change)), LARGEST_BITS)
            return image
        stored = self.volume.read_stored(index)
        steps = self.volume.orientation.stored(change)
        pixels = changed(stored, steps, each.scale.slope)
        pixels = kept_padding(each, stored, np.clip(pixels, *each.stored.limits))
        put_pixels(image, pixels, each.stored.bits_stored, each.stored)
        return image

    def _header(self, path: Path) -> Dataset:
        """The source's header; that of a file with several frames is read once."""
        if path in self._headers:
            return self._headers[path]
        header = dcmread(path, stop_before_pixels=True, force=True)
        if int(header.get("NumberOfFrames") or 1) > 1:
            self._headers[path] = header
        return header


def _brief(image: Dataset) -> Dataset:
    """Which image this is, and its size."""
    brief = Dataset()
    for keyword in IN_BRIEF:
        brief[keyword] = image[keyword]
    return brief


def slice_names(volume: CTVolume) -> tuple[Path, ...]:
    """File name of each slice of the series of a volume.

    Args:
        volume: The source.

    Returns:
        Names without folder, towards superior: those of the source's files where each holds one
        slice, else numbered from 1.
    """
    files = volume.slice_files if isinstance(volume, DicomVolume) else ()
    if len({path.name for path in files}) == volume.num_slices:
        return tuple(Path(path.name) for path in files)
    return tuple(Path(f"{index + 1:04d}.dcm") for index in range(volume.num_slices))


def kept_padding(each: DicomSlice, stored: np.ndarray, new: np.ndarray) -> np.ndarray:
    """New pixels, with the source's padding as it was and no other pixel that reads as padding.

    Args:
        each: The slice of the source.
        stored: (Rows, Columns) its stored values.
        new: The same, changed.

    Returns:
        (Rows, Columns); a changed value that would be one of padding is the next one beside.
    """
    if each.stored.padding is None:
        return new
    low, high = each.stored.padding
    padding = (stored >= low) & (stored <= high)
    collides = (new >= low) & (new <= high) & ~padding
    beside = np.where(stored < low, low - 1, high + 1)
    return np.where(padding, stored, np.where(collides, beside, new)).astype(stored.dtype)
