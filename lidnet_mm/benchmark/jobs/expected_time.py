"""How long jobs will take, from those that are done."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lidnet_mm.benchmark.jobs.job import Job, PreparationJob, ScoringJob, TrainingJob
from lidnet_mm.benchmark.jobs.job_notes import seconds_of
from lidnet_mm.engine.newest_checkpoint import NAME


class Done(NamedTuple):
    """What one finished job took."""

    seconds: float
    work: float


@dataclass(frozen=True)
class ExpectedTime:
    """Time that some jobs will take.

    Attributes:
        seconds (float): Of those that can be told, on one worker.
        unknown (int): How many cannot be told.
    """

    seconds: float
    unknown: int

    def text(self, workers: int = 1) -> str:
        """In words.

        Args:
            workers (int): Jobs at a time. Defaults to 1.

        Returns:
            str: Such as ``3 h 05 min, and 2 jobs of unknown length``.
        """
        if self.unknown and not self.seconds:
            return "unknown"
        words = duration_text(self.seconds / workers)
        jobs = "job" if self.unknown == 1 else "jobs"
        return words + (f", and {self.unknown} {jobs} of unknown length" if self.unknown else "")


class ExpectedTimes:
    """Expected time of jobs: the mean of finished ones of the same kind.

    A training of another seed takes what those that are done took. Else its iterations count, at
    the pace of finished trainings of the same kind, in the same table, anywhere: the first of these
    that there is.

    Args:
        jobs (Iterable[Job]): All jobs of a matrix.
    """

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._done: dict[tuple, list[Done]] = defaultdict(list)
        for job in jobs:
            seconds = seconds_of(job.folder) if job.is_done else None
            if seconds is not None:
                for key in _keys(job):
                    self._done[key].append(Done(seconds, _work(job) or 0))

    def of(self, job: Job) -> float | None:
        """Seconds that a job will still take.

        Args:
            job (Job): The job.

        Returns:
            float | None: None where nothing like it is done. 0 for one that is done.
        """
        if job.is_done:
            return 0.0
        work = _work(job)
        for key in _keys(job):
            found = self._done.get(key, [])
            paced = [done for done in found if done.work]
            if found and key[0] == "same":
                whole = sum(done.seconds for done in found) / len(found)
            elif paced and work:
                whole = sum(d.seconds for d in paced) / sum(d.work for d in paced) * work
            else:
                continue
            return whole * (1 - _part_done(job))
        return None

    def of_all(self, jobs: Iterable[Job]) -> ExpectedTime:
        """Seconds that some jobs will still take, one after the other.

        Making data is left out: there is nothing like it.
        """
        found = [self.of(job) for job in jobs if not isinstance(job, PreparationJob)]
        known = [seconds for seconds in found if seconds is not None]
        return ExpectedTime(sum(known), len(found) - len(known))


def duration_text(seconds: float) -> str:
    """A duration in words, such as ``3 h 05 min``."""
    minutes = round(seconds / 60)
    if minutes < 1:
        return f"{round(seconds)} s"
    return f"{minutes // 60} h {minutes % 60:02d} min" if minutes >= 60 else f"{minutes} min"


def _keys(job: Job) -> list[tuple]:
    """What a job is like, the closest first."""
    if isinstance(job, TrainingJob):
        kind, config = job.kind, job.training.config
        return [("same", config), ("kind", kind, job.table.work_dir), ("kind", kind), ("any",)]
    if isinstance(job, ScoringJob):
        scoring = job.scoring
        judge, method = scoring.judge.config, scoring.method
        return [("same", "score", scoring.config, judge, method), ("score", judge), ("score",)]
    return []


def _work(job: Job) -> float | None:
    """Iterations of a training; all scores of a judge are alike."""
    return job.training.iterations if isinstance(job, TrainingJob) else 1.0


def _part_done(job: Job) -> float:
    """Part of a training's iterations that its newest checkpoint has."""
    if not isinstance(job, TrainingJob) or not job.training.iterations:
        return 0.0
    match = NAME.fullmatch(Path(job.training.checkpoint or "").name)
    if match is None:
        return 0.0
    before = job.training.pretraining.iterations if job.training.pretraining else 0
    return min(1.0, max(0, int(match[1]) - before) / job.training.iterations)
