"""How far a cell is."""

from lidnet_mm.benchmark.jobs.job import Job, ScoringJob, TrainingJob
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.jobs.job_notes import failure_of, seconds_of
from lidnet_mm.benchmark.matrix.matrix import Cell
from lidnet_mm.benchmark.matrix.stage import Scoring

STATES = ("done", "failed", "started", "waiting")


def cell_state(cell: Cell, jobs: JobList) -> str:
    """State of a cell.

    Args:
        cell (Cell): The cell.
        jobs (JobList): Jobs of its matrix.

    Returns:
        str: ``done``; ``failed`` where it or something that it needs crashed; ``started`` where
        some of it was begun; ``waiting``.
    """
    own = jobs.of(cell)
    if all(job.is_done for job in own):
        return "done"
    if any(_failure(job) for job in own):
        return "failed"
    return "started" if any(_has_begun(job) for job in own) else "waiting"


def failure_of_scoring(scoring: Scoring, jobs: JobList) -> str:
    """Why there is no score of a row.

    Args:
        scoring (Scoring): A row without a score.
        jobs (JobList): Jobs of its matrix.

    Returns:
        str: The end of the log of what crashed; ``not run yet`` where nothing did.
    """
    (job,) = [j for j in jobs.all if isinstance(j, ScoringJob) and j.scoring == scoring]
    return _failure(job) or "not run yet"


def _failure(job: Job) -> str | None:
    """Why a job that is not done failed, itself or by what it needs."""
    if job.is_done:
        return None
    needed = [_failure(need) for need in job.needs]
    return next(filter(None, [failure_of(job.folder), *needed]), None)


def _has_begun(job: Job) -> bool:
    """Whether a job is done, or was begun."""
    has_weights = isinstance(job, TrainingJob) and job.training.checkpoint is not None
    log = job.folder / "log.txt"
    return job.is_done or has_weights or log.is_file() or seconds_of(job.folder) is not None
