"""What the folders of a table tell beside its rows: the parts of its report."""

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from mmengine.logging import print_log

from lidnet_mm.benchmark.cases.case import Case
from lidnet_mm.benchmark.cases.case_file import read_case
from lidnet_mm.benchmark.evidence.evidence import Evidence, LineKey, LineMinutes, line_key
from lidnet_mm.benchmark.evidence.gather_evidence import gather_evidence
from lidnet_mm.benchmark.evidence.line_physics import PHYSICS, Physics, gather_physics
from lidnet_mm.benchmark.evidence.training_log import (
    Curves,
    NothingLoggedError,
    read_training_log,
)
from lidnet_mm.benchmark.jobs.job_notes import seconds_of
from lidnet_mm.benchmark.matrix.comparison import Comparison
from lidnet_mm.benchmark.matrix.stage import Scoring, Training
from lidnet_mm.benchmark.report.collect import CollectedTable
from lidnet_mm.benchmark.scores.details import read_lesion_counts
from lidnet_mm.damaged_file import damage_told
from lidnet_mm.evaluation.region_track import RegionTrack, find_regions
from lidnet_mm.evaluation.slice_record import SliceRecord, read_records


def evidence_of(found: CollectedTable) -> Evidence:
    """Differences with their intervals, FROC and training times.

    Args:
        found (CollectedTable): What there is of the table.

    Returns:
        Evidence: What the records tell; a score of an older version has none.
    """
    paths = {scoring: scoring.folder / "records.json" for scoring in found.rows}
    told = gather_evidence(
        (row, _records(paths[scoring]))
        for scoring, row in found.rows.items()
        if paths[scoring].is_file()
    )
    return replace(told, minutes=_minutes(found))


def _records(path: Path) -> list[SliceRecord]:
    """Records of a test run of a benchmark."""
    with damage_told(path):
        return read_records(path)


def _minutes(found: CollectedTable) -> tuple[LineMinutes, ...]:
    """How long the trainings took that are done."""
    minutes: dict[LineKey, list[float]] = {}
    for scoring, row in found.rows.items():
        seconds = seconds_of(scoring.training.folder) if scoring.training else None
        if seconds is not None:
            minutes.setdefault(line_key(row), []).append(round(seconds / 60, 1))
    return tuple(LineMinutes(key, tuple(own)) for key, own in minutes.items())


def physics_of(found: CollectedTable) -> Physics:
    """Noise and sharpness by the main judge's tests: images are the same for all judges.

    Args:
        found (CollectedTable): What there is of the table.

    Returns:
        Physics: Of each line.
    """
    return gather_physics(
        (scoring.label, row, scoring.folder / PHYSICS)
        for scoring, row in found.rows.items()
        if scoring.is_main
    )


def curves_of(found: CollectedTable) -> list[Curves]:
    """Logs of the trainings, with what they are drawn together with.

    Args:
        found (CollectedTable): What there is of the table.

    Returns:
        list[Curves]: Those of judges, T1 and rows that are done or scored, but for trainings that
            are shorter than the interval of their log, of which a warning tells.
    """
    table = found.table
    rows = {s.training: row for s, row in found.rows.items() if s.training is not None}
    curves = []
    for training in [*table.judges, *table.pretrainings, *table.trainings]:
        if training.is_done or training in rows or training == table.judge:
            try:
                log = read_training_log(training.folder, training.name)
            except NothingLoggedError as error:
                print_log(f"{training.name} has no curves: {error}", "current", logging.WARNING)
                continue
            if row := rows.get(training):
                judged = _judged(found, training)
                group = f"{row.denoiser}, {row.dataset}"
                known = {"method": row.method, "group": group, "seed": row.seed}
                log = replace(log, judged=judged, **known)
            curves.append(log)
    return curves


def _judged(found: CollectedTable, training: Training) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """AP by the main judge along a training, its row's at the end; empty without such scores."""
    points = [(s.iteration, row) for s, row in found.along.items() if s.training == training]
    if not points:
        return {}
    points += [
        (training.last_iteration, row)
        for s, row in found.rows.items()
        if s.training == training and s.is_main
    ]
    judged = {}
    for name in ("AP50", "AP75"):
        known = [(n, row.metrics[name]) for n, row in points if row.metrics[name] is not None]
        judged[name] = (np.array([n for n, _ in known]), np.array([value for _, value in known]))
    return judged


def regions_of(table: Comparison) -> list[RegionTrack]:
    """Regions that the trainings of a table recorded (figure 4).

    Args:
        table (Comparison): The table.

    Returns:
        list[RegionTrack]: In the order of the trainings.
    """
    return [
        track
        for training in table.trainings
        for track in find_regions(training.folder, training.name)
    ]


def lesions_of(titled: Mapping[Scoring, str]) -> dict[str, str]:
    """Counts of lesions that texture could be measured in.

    Args:
        titled (Mapping[Scoring, str]): The main judge's scores, with the titles of their lines.

    Returns:
        dict[str, str]: By title; those of several seeds side by side.
    """
    found: dict[str, list[str]] = {}
    for scoring, title in titled.items():
        counts = read_lesion_counts(scoring.details)
        if counts is not None:
            found.setdefault(title, []).append(str(counts))
    return {title: ", ".join(counts) for title, counts in found.items()}


def cases_of(table: Comparison, titled: Mapping[Scoring, str]) -> list[Case]:
    """Example slices as the first seed of each line shows them.

    Args:
        table (Comparison): The table.
        titled (Mapping[Scoring, str]): The main judge's scores, with the titles of their lines.

    Returns:
        list[Case]: At most as many as the matrix asks for.
    """
    first: dict[str, Scoring] = {}
    for scoring, title in titled.items():
        first.setdefault(title, scoring)
    folders = {title: scoring.folder / "cases" for title, scoring in first.items()}
    cases = (read_case(folders, n, table.case_window) for n in range(table.num_cases))
    return [case for case in cases if case is not None]
