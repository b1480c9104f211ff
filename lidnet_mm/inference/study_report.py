"""The HTML page of a series that was denoised."""

from collections.abc import Sequence
from pathlib import Path

import pydicom

from lidnet_mm.datasets.readers import CTVolume, DicomVolume
from lidnet_mm.datasets.writers import VolumeWriter
from lidnet_mm.datasets.writers.open_writer import open_written
from lidnet_mm.evaluation.lesions import Lesion
from lidnet_mm.inference.series_pipeline import SeriesPipeline
from lidnet_mm.inference.source_tree import FoundVolume
from lidnet_mm.visualization.study_page import StudyFacts, write_study_page


def report_file(prefix: str) -> Path:
    """File of :func:`write_report`, relative to the folder of the series."""
    return Path(f"{prefix}report.html")


def write_report(
    path: Path,
    volume: CTVolume,
    writer: VolumeWriter,
    lesions: Sequence[Lesion] | None,
    pipeline: SeriesPipeline,
    warnings: Sequence[str],
    names: dict[str, str],
) -> None:
    """Write the page of a series. It shows what the files hold that were written.

    Args:
        path: The HTML file, in a folder of unfinished files.
        volume: The source.
        writer: The writer of the images, finished.
        lesions: What was found; None where nothing looked for any.
        pipeline: What the series went through.
        warnings: Where the series is not what the denoiser was trained for.
        names: Of :func:`names_of`; empty in a page that tells nothing of patient and source.

    Raises:
        OSError: It cannot be written.
        ValueError: A slice cannot be read, or the page would be too large.
    """
    facts = StudyFacts(
        pipeline.derivation, pipeline.detector, warnings, bool(pipeline.trained_for), names
    )
    write_study_page(volume, open_written(writer), lesions or (), facts, path)


def names_of(found: FoundVolume, volume: CTVolume) -> dict[str, str]:
    """Patient and study, where the source tells them, and where the source lies.

    Raises:
        OSError: The source is gone.
    """
    place = found.files[0] if len(found.files) == 1 else found.files[0].parent
    names = {"Source": str(place)}
    if isinstance(volume, DicomVolume):
        tags = ["PatientID", "StudyDescription"]
        header = pydicom.dcmread(volume.files[0], stop_before_pixels=True, specific_tags=tags)
        titles = {"Patient": header.get("PatientID"), "Study": header.get("StudyDescription")}
        names = {**{title: str(text) for title, text in titles.items() if text}, **names}
    return names
