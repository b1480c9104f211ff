"""How far a cell is."""

from lidnet_mm.benchmark.jobs.job import Job, ScoringJob, TrainingJob
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.jobs.job_notes import how_failed, seconds_of
from lidnet_mm.benchmark.matrix.matrix import MatrixCell
from lidnet_mm.benchmark.matrix.stage import Scoring

STATES = ("done", "failed", "started", "waiting")


def cell_state(cell: MatrixCell, jobs: JobList) -> str:
    """State of a cell.

    Args:
        cell (MatrixCell): The cell.
        jobs (JobList): Jobs of its matrix.

    Returns:
        str: ``done``; ``failed`` where it or something that it needs crashed; ``started`` where
        some of it was begun; ``waiting``.
    """
    own = jobs.of(cell)
    if all(job.is_done for job in own):
        return "done"
    if any(_failed(job) for job in own):
        return "failed"
    return "started" if any(_has_begun(job) for job in own) else "waiting"


def failure_of_scoring(scoring: Scoring, jobs: JobList) -> str:
    """Why there is no score of a row, in words for a report.

    Args:
        scoring (Scoring): A row without a score.
        jobs (JobList): Jobs of its matrix.

    Returns:
        str: Which job failed, with which status, and the file that says why, from the work dir on;
        ``not run yet`` where none did. Nothing of a log, which may name patients.
    """
    (job,) = [j for j in jobs.all if isinstance(j, ScoringJob) and j.scoring == scoring]
    failed = _failed(job)
    if failed is None:
        return "not run yet"
    failure = how_failed(failed.folder)
    status = "" if failure.status is None else f" with status {failure.status}"
    log = (failed.folder / failure.log).relative_to(jobs.work_dir).as_posix()
    return f"{failed.name} failed{status}, see {log} in the work dir"


def _failed(job: Job) -> Job | None:
    """The job that failed where one is not done: itself, or one that it needs."""
    if job.is_done:
        return None
    if how_failed(job.folder):
        return job
    return next(filter(None, map(_failed, job.needs)), None)


def _has_begun(job: Job) -> bool:
    """Whether a job is done, or was begun."""
    has_weights = isinstance(job, TrainingJob) and job.training.checkpoint is not None
    log = job.folder / "log.txt"
    return job.is_done or has_weights or log.is_file() or seconds_of(job.folder) is not None
