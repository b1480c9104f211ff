"""The series of a tree, one after the other, into an output tree of the same form."""

import errno
import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.atomic_write import UnwritableError
from lidnet_mm.datasets.writers import FORMATS, open_writer
from lidnet_mm.datasets.writers.open_writer import OWN_FORMAT, split_suffix
from lidnet_mm.inference.denoised_series import (
    DenoisedSeries,
    Progress,
    denoise_series,
    lesion_files,
    write_lesions,
)
from lidnet_mm.inference.output_tree import OutputTree
from lidnet_mm.inference.series_pipeline import SeriesPipeline
from lidnet_mm.inference.source_tree import FoundVolume
from lidnet_mm.inference.study_report import names_of, report_file, write_report

DISK_ERRORS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
    errno.ENOTDIR,
)
"""Errors of an output that all further series would meet, too."""


@dataclass(frozen=True)
class SeriesOutcome:
    """What became of a series of a tree.

    Attributes:
        found: The series.
        status: ``'done'``, ``'skipped'`` (it was done before) or ``'failed'``.
        reason: Why it failed, with the remedy.
        series: What came out; None where nothing was done.
    """

    found: FoundVolume
    status: str
    reason: str = ""
    series: DenoisedSeries | None = None


@dataclass(frozen=True)
class Target:
    """Where the output of a series goes.

    Attributes:
        folder: Folder relative to the root of the output.
        name: Name without suffix.
        suffix: How it ends; None as its source.
        prefix: What stands before the names of further files.
    """

    folder: Path
    name: str
    suffix: str | None
    prefix: str


class TreeRun:
    """A run over series.

    Args:
        pipeline: What they go through.
        out: Root of the output; with ``single_file`` the file of the only series.
        format: Of the output, one of ``FORMATS``. Defaults to the source's.
        overwrite: Write over files of another run.
        keep: Give denoised volumes back.
        single_file: ``out`` is a file.
        report: Write an HTML page of each series, too.
        keep_names: The page shows patient, study and path of the source.

    Attributes:
        out: As given.

    Raises:
        ValueError: There is no such format, names are to be kept and there is no report, or
            ``out`` is a file and is to be a folder, or a file whose name says another format.
    """

    def __init__(
        self,
        pipeline: SeriesPipeline,
        out: Path,
        *,
        format: str | None = None,
        overwrite: bool = False,
        keep: bool = False,
        single_file: bool = False,
        report: bool = False,
        keep_names: bool = False,
    ) -> None:
        if format is not None and format not in FORMATS:
            raise ValueError(f"format is {format!r}; give one of {', '.join(FORMATS)}")
        if keep_names and not report:
            raise ValueError("names are kept in the report alone: give --report, too")
        own = split_suffix(out.name)[1]
        if single_file and format is not None and OWN_FORMAT.get(own, format) != format:
            raise ValueError(
                f"{out} is named as {OWN_FORMAT[own]}, but the format is to be {format}: give"
                " another name, or leave the format out"
            )
        if not single_file and out.exists() and not out.is_dir():
            raise ValueError(f"{out} is a file: give a folder, which may be a new one")
        self.out = out
        self._report, self._keep_names = report, keep_names
        self._pipeline, self._suffix = pipeline, format and FORMATS[format]
        self._overwrite, self._keep = overwrite, keep
        self._file = out if single_file else None
        self._tree = OutputTree(out.parent if single_file else out)

    def __call__(
        self,
        volumes: Sequence[FoundVolume],
        progress: Progress | None = None,
        chosen: Sequence[FoundVolume] | None = None,
    ) -> Iterator[SeriesOutcome]:
        """Denoise series, and go on after one that cannot be used.

        Args:
            volumes: All series of the source, so that names do not depend on a part of them.
            progress: Told of finished slices.
            chosen: Those of them to denoise. Defaults to all.

        Yields:
            What became of each, in order.

        Raises:
            OSError: Nothing more can be written to the output.
        """
        crowd = Counter(each.folder for each in volumes)
        for found in volumes if chosen is None else chosen:
            try:
                yield self._one(found, self._target(found, crowd), progress)
            except OSError as error:
                if error.errno in DISK_ERRORS and not _is_of_source(error, found):
                    raise self._unwritable(error, found) from error
                remedy = "make it readable, or copy it again"
                yield SeriesOutcome(found, "failed", f"{one_line(error)}: {remedy}")
            except (ValueError, RuntimeError, MemoryError, OverflowError) as error:
                yield SeriesOutcome(found, "failed", one_line(error))

    def _unwritable(self, error: OSError, found: FoundVolume) -> UnwritableError:
        """An error of the output, with its remedy."""
        if isinstance(error, UnwritableError):
            return error
        place = error.filename or self._tree.root / found.folder / found.name
        return UnwritableError(Path(place), error)

    def _target(self, found: FoundVolume, crowd: Counter) -> Target:
        """Where a series goes."""
        if self._file is not None:
            name, own = split_suffix(self._file.name)
            return Target(Path(), name, self._suffix or own or None, f"{name}_")
        prefix = "" if crowd[found.folder] == 1 else f"{found.name}_"
        return Target(Path(found.folder), found.name, self._suffix, prefix)

    def _one(self, found: FoundVolume, target: Target, progress: Progress | None) -> SeriesOutcome:
        """Denoise one series, unless it is done."""
        pipeline, state, way = self._pipeline, found.state(), self._way(target)
        if not self._keep and self._tree.is_done(found.identity, target.folder, state, way):
            if pipeline.strict:
                pipeline.warnings(found.open())  # a run that was not strict may have written it
            return SeriesOutcome(found, "skipped")
        volume = found.open()
        warnings = pipeline.warnings(volume)
        with self._tree.begin(found.identity) as part:
            writer = open_writer(volume, part, pipeline.derivation, target.name, target.suffix)
            outputs = writer.outputs
            if pipeline.detector is not None:
                outputs += lesion_files(target.prefix, writer)
            if self._report:
                outputs += (report_file(target.prefix),)
            if not self._overwrite:
                self._tree.require_free(found.identity, target.folder, outputs, way)
            denoised, lesions = denoise_series(
                volume,
                pipeline.denoise,
                pipeline.class_names,
                batch_size=pipeline.batch_size,
                writer=writer,
                keep=self._keep,
                progress=progress,
            )
            if lesions is not None:
                names, detector = pipeline.class_names, pipeline.detector
                write_lesions(part, target.prefix, lesions, volume, names, writer, detector)
            if self._report:
                page = part / report_file(target.prefix)
                shown = names_of(found, volume) if self._keep_names else {}
                write_report(page, volume, writer, lesions, pipeline, warnings, shown)
            files = self._tree.publish(found.identity, part, target.folder, state, way)
        series = DenoisedSeries.of(volume, denoised, lesions, warnings, files)
        return SeriesOutcome(found, "done", series=series)

    def _way(self, target: Target) -> str:
        """Digest of all that the output depends on besides the source."""
        parts = [self._pipeline.digest, target.suffix or "", target.name, target.prefix]
        if self._report:
            parts.append(f"report {self._keep_names}")
        return hashlib.sha256("\n".join(parts).encode("utf-8", "surrogateescape")).hexdigest()


def one_line(error: Exception) -> str:
    """What an error says, in one line."""
    return " ".join(str(error).split()) or type(error).__name__


def _is_of_source(error: OSError, found: FoundVolume) -> bool:
    """Whether an error is of the source and not of the output."""
    return error.filename is not None and Path(error.filename) in found.files
