"""Running a matrix, or one cell of it: what is not done yet, with all that it needs."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from lidnet_mm.benchmark.jobs.expected_time import ExpectedTimes, duration_text
from lidnet_mm.benchmark.jobs.job import Job, PreparationJob
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.jobs.job_order import run_in_order
from lidnet_mm.benchmark.jobs.job_process import JobProcess
from lidnet_mm.benchmark.jobs.stop_signals import stopped_by_signals
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.scores.test_set import check_test_set

AGREED = "--no-limit"
"""Option that agrees to a run above the limit."""


class LimitError(RuntimeError):
    """A matrix would take longer than its limit, and nobody agreed."""


@dataclass(frozen=True)
class FailedJob:
    """A job that failed or could not be started.

    Attributes:
        name (str): Its name.
        reason (str): Why, with the end of the log.
    """

    name: str
    reason: str


def run_matrix(
    matrix: Matrix,
    jobs: int = 1,
    announce: Callable[[str], None] = print,
    cell: int | None = None,
    agree: Callable[[str], bool] = lambda question: False,
    gpus: int = 1,
) -> list[FailedJob]:
    """Do what is not done yet.

    Args:
        matrix (Matrix): What to do.
        jobs (int): Jobs at a time; the machine's cores are shared among them. Defaults to 1.
        announce (Callable[[str], None]): Takes the lines to show. Defaults to ``print``.
        cell (int, optional): Number of the only cell to do, with all that it needs.
        agree (Callable[[str], bool]): Asked once whether to run longer than the limit. Defaults to
            no.
        gpus (int): GPUs of a job, see :class:`JobProcess`. Defaults to 1.

    Returns:
        list[FailedJob]: What failed. The rest is done.

    Raises:
        LimitError: If the run would take longer than ``limit_hours`` and nobody agreed.
        OtherSettingsError: If the work dir holds what was made with other settings.
        EmptyTestSetError: If there is data, but nothing in it to score.
        StoppedError: After SIGTERM, SIGINT or SIGHUP, when the jobs have stopped.
        TooFewGPUsError: If there are GPUs, but fewer than a job needs.
        ValueError: If ``jobs`` or ``gpus`` is below 1, or there is no such cell.
    """
    for name, value in (("jobs", jobs), ("gpus", gpus)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    process = JobProcess(jobs, announce, gpus)
    cells = matrix.cells if cell is None else [matrix.cell(cell)]
    matrix.write_configs()
    matrix.check_settings()
    everything = JobList(matrix)
    to_do = everything.to_do(cells)
    done = everything.done(cells, set(to_do))
    for job in done:
        announce(f"[{job.name}] {job.done_text}")
    made = {job.table.dataset.folder for job in to_do if isinstance(job, PreparationJob)}
    for table in {job.table.work_dir: job.table for job in to_do}.values():
        if table.dataset.folder not in made:  # Else it is checked when it is made.
            check_test_set(table.scorings[0].config, table.data_root)
    watch = _Watch(everything, to_do, len(done), jobs, matrix.limit_hours, announce, agree)
    watch.check_limit()
    with stopped_by_signals(process.stop, announce):
        failed = run_in_order(to_do, process, jobs, watch)
    return [FailedJob(job.name, reason) for job, reason in failed.items()]


class _Watch:
    """Shows progress over all jobs, and keeps to the limit."""

    def __init__(
        self,
        everything: JobList,
        to_do: list[Job],
        done_before: int,
        workers: int,
        limit_hours: float | None,
        announce: Callable[[str], None],
        agree: Callable[[str], bool],
    ) -> None:
        self.everything = everything
        self.to_do = to_do
        self.done_before = done_before
        self.workers = workers
        self.limit_hours = limit_hours
        self.announce = announce
        self.agree = agree
        self.began = time.monotonic()

    def __call__(self, ended: set[Job], failed: dict[Job, str]) -> None:
        """After a job."""
        left = [job for job in self.to_do if job not in ended and job not in failed]
        done, total = len(ended) + self.done_before, len(self.to_do) + self.done_before
        line = f"[progress] {done} of {total} jobs done"
        line += f", {len(failed)} failed" if failed else ""
        if left:
            expected = ExpectedTimes(self.everything.all).of_all(left)
            line += f", expected time left: {expected.text(self.workers)}"
        self.announce(line)
        if left:
            self.check_limit(left)

    def check_limit(self, left: list[Job] | None = None) -> None:
        """Ask where the whole run, what is done of it included, would be longer than the limit."""
        if self.limit_hours is None:
            return
        expected = ExpectedTimes(self.everything.all).of_all(left or self.to_do)
        if left is None and expected.unknown:  # At the start; nothing is ever known of a first run.
            self.announce(
                f"[limit] expected time: {expected.text(self.workers)}; the limit of "
                f"{duration_text(self.limit_hours * 3600)} (limit_hours) is checked after each job"
            )
        seconds = time.monotonic() - self.began + expected.seconds / self.workers
        if seconds <= self.limit_hours * 3600:
            return
        question = (
            f"this run is expected to take {duration_text(seconds)}, more than the limit of "
            f"{duration_text(self.limit_hours * 3600)} (limit_hours)"
        )
        if not self.agree(question):
            raise LimitError(f"{question}: give {AGREED} to run it all the same")
        self.limit_hours = None  # asked once
