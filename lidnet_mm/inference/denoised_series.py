"""One series: denoised, its lesions joined, all of it written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.writers import Derivation, DicomWriter, VolumeWriter
from lidnet_mm.datasets.writers.display_grid import display_affine
from lidnet_mm.datasets.writers.lesion_csv import write_lesions_csv
from lidnet_mm.datasets.writers.lesion_json import write_lesions_json
from lidnet_mm.evaluation.box_joining import join_boxes
from lidnet_mm.evaluation.lesions import Lesion, SliceBox, boxes_of_slice
from lidnet_mm.inference.series_stream import DenoisedSlice, denoised_slices, pass_on
from lidnet_mm.inference.slice_denoiser import SliceDenoiser
from lidnet_mm.inference.slice_distances import uneven_slices

Progress = Callable[[int], None]
"""Called with the number of slices that were just finished."""


@dataclass(frozen=True)
class DenoisedSeries:
    """What came out of a series.

    Attributes:
        volume: (Z, Y, X) float32 in HU, slices towards superior, rows towards posterior, columns
            towards left; of an array or an image in its own order. None where it was only written.
        spacing: mm between slices, rows and columns; None where the source does not tell.
        affine: (4, 4), (slice, row, column) of ``volume`` to mm in LPS+; None as above, and where
            the slices are not evenly spaced.
        lesions: What the detector found, by falling score; None without a detector.
        warnings: Where the series is not what the denoiser was trained for, and slices that it
            lacks.
        files: What was written.
    """

    volume: np.ndarray | None
    spacing: tuple[float | None, float, float] | None
    affine: np.ndarray | None
    lesions: list[Lesion] | None
    warnings: tuple[str, ...] = ()
    files: tuple[Path, ...] = field(default=())

    @classmethod
    def of(
        cls,
        volume: CTVolume,
        denoised: np.ndarray | None,
        lesions: list[Lesion] | None,
        warnings: tuple[str, ...] = (),
        files: tuple[Path, ...] = (),
    ) -> "DenoisedSeries":
        """What came out of a volume, at its place; slices that it lacks are told, too.

        Args:
            volume: The source.
            denoised: As ``volume`` above.
            lesions: As above.
            warnings: Where it is not what the denoiser was trained for.
            files: As above.
        """
        told = warnings + uneven_slices(volume)
        return cls(denoised, spacing_of(volume), display_affine_of(volume), lesions, told, files)


def denoise_series(
    volume: CTVolume,
    denoise: SliceDenoiser,
    class_names: Sequence[str] = (),
    *,
    batch_size: int = 1,
    writer: VolumeWriter | None = None,
    keep: bool = True,
    progress: Progress | None = None,
) -> tuple[np.ndarray | None, list[Lesion] | None]:
    """Denoise a series.

    Args:
        volume: The source.
        denoise: The denoiser, with a detector or without.
        class_names: Names of the detector's classes.
        batch_size: Slices at a time.
        writer: Where the slices go; None writes nothing.
        keep: Keep the denoised volume in memory.
        progress: Told after each slice.

    Returns:
        The denoised volume, (Z, Y, X) float32 in HU in display order, or None; and the lesions, or
        None without a detector.

    Raises:
        OSError: A file cannot be read or written.
        ValueError: A slice cannot be read or is not finite.
    """
    kept = np.empty((volume.num_slices, *volume.slice_shape), np.float32) if keep else None
    boxes: list[SliceBox] | None = None if denoise.detector is None else []

    def take(each: DenoisedSlice) -> None:
        if kept is not None:
            kept[each.index] = each.hu + each.change
        if writer is not None:
            writer.write(each.index, each.hu, each.change)
        if boxes is not None:
            found, shape = each.found, volume.slice_shape
            boxes.extend(
                boxes_of_slice(
                    each.index, found.boxes, found.scores, found.labels, class_names, shape
                )
            )
        if progress is not None:
            progress(1)

    pass_on(denoised_slices(volume, denoise, batch_size), take)
    if writer is not None:
        writer.finish()
    return kept, None if boxes is None else join_boxes(boxes, volume)


def write_lesions(
    folder: Path,
    prefix: str,
    lesions: Sequence[Lesion],
    volume: CTVolume,
    class_names: Sequence[str],
    writer: VolumeWriter,
    detector: Derivation,
) -> None:
    """Write the lesions of a series as CSV, as JSON and, beside DICOM images, as DICOM SR.

    Args:
        folder: Where.
        prefix: What stands before ``lesions``.
        lesions: The lesions.
        volume: The source.
        class_names: Names of all classes.
        writer: The writer of the images, finished.
        detector: What found them.

    Raises:
        OSError: They cannot be written.
    """
    is_dicom = isinstance(writer, DicomWriter)
    headers = writer.headers() if is_dicom else []
    uids = [header.SOPInstanceUID for header in headers] or None
    write_lesions_csv(folder / f"{prefix}lesions.csv", lesions, uids)
    write_lesions_json(folder / f"{prefix}lesions.json", lesions, volume, class_names)
    if not is_dicom:
        return
    from lidnet_mm.datasets.writers.measurement_groups import ReportAlgorithm
    from lidnet_mm.datasets.writers.structured_report import write_structured_report

    weights = {
        "denoiser": writer.derivation.weights_sha256,
        "detector": detector.weights_sha256,
    }
    algorithm = ReportAlgorithm(
        detector.model, detector.version, {part: sha for part, sha in weights.items() if sha}
    )
    to_stored = volume.stored_pixel if writer.is_derived else lambda row, column: (row, column)
    write_structured_report(
        folder / f"{prefix}lesions_sr.dcm",
        lesions,
        headers,
        to_stored,
        algorithm,
        f"{writer.series_uid} {detector.digest}",
    )


def lesion_files(prefix: str, writer: VolumeWriter) -> tuple[Path, ...]:
    """Files of :func:`write_lesions`, relative to its folder."""
    names = ["lesions.csv", "lesions.json"]
    if isinstance(writer, DicomWriter):
        names.append("lesions_sr.dcm")
    return tuple(Path(f"{prefix}{name}") for name in names)


def display_affine_of(volume: CTVolume) -> np.ndarray | None:
    """(4, 4), (slice, row, column) in display order to mm in LPS+.

    None where nobody knows, and for slices that are not evenly spaced: no matrix says where they
    lie.
    """
    if volume.affine is None or not volume.uniform:
        return None
    affine = display_affine(volume)
    affine[:, :3] = affine[:, 2::-1]
    return affine


def spacing_of(volume: CTVolume) -> tuple[float | None, float, float] | None:
    """Mm between slices, rows and columns; None where nobody knows."""
    return None if volume.spacing is None else (volume.slice_spacing, *volume.spacing)
