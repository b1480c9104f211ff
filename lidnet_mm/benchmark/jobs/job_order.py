"""Starts jobs when what they need is done, a few at a time."""

from collections.abc import Callable, Iterable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

from lidnet_mm.benchmark.jobs.job import Job, JobError
from lidnet_mm.benchmark.scores.test_set import EmptyTestSetError


def run_in_order(
    jobs: Iterable[Job],
    do: Callable[[Job], None],
    workers: int,
    after: Callable[[set[Job], dict[Job, str]], None] = lambda ended, failed: None,
) -> dict[Job, str]:
    """Run jobs; one that fails stops only those that need it.

    Args:
        jobs (Iterable[Job]): The jobs, the ones to start first in front. A need that is not among
            them is done.
        do (Callable[[Job], None]): Does one; may raise :class:`JobError` or ``OSError``.
        workers (int): Jobs at a time.
        after (Callable): Called with the jobs that ended well and those that failed, each time
            one ends. What it raises ends the run after the jobs that are running.

    Returns:
        dict[Job, str]: Reasons of those that failed or could not be started.
    """
    waiting = list(jobs)
    left = set(waiting)  # neither ended well nor failed
    ended: set[Job] = set()
    failed: dict[Job, str] = {}
    running: dict[Future, Job] = {}
    with ThreadPoolExecutor(workers) as pool:
        while waiting or running:
            _give_up(waiting, left, failed)
            ready = [job for job in waiting if not left.intersection(job.needs)]
            for job in ready[: workers - len(running)]:
                waiting.remove(job)
                running[pool.submit(do, job)] = job
            if not running:
                continue
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                job = running.pop(future)
                try:
                    future.result()
                    ended.add(job)
                except (JobError, EmptyTestSetError, OSError) as error:
                    failed[job] = str(error)
                left.discard(job)
            after(ended, failed)
    return failed


def _give_up(waiting: list[Job], left: set[Job], failed: dict[Job, str]) -> None:
    """Take out the jobs that need one which failed."""
    found = True
    while found:
        found = [job for job in waiting if any(need in failed for need in job.needs)]
        for job in found:
            need = next(need for need in job.needs if need in failed)
            failed[job] = f"it needs {need.name}, which failed"
            waiting.remove(job)
            left.discard(job)
