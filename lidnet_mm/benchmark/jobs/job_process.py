"""Does one job: its commands as processes, alone in its folder, with log, time and failure."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable

from lidnet_mm.benchmark.jobs.folder_lock import folder_lock
from lidnet_mm.benchmark.jobs.job import Command, Job, JobError
from lidnet_mm.benchmark.jobs.job_notes import (
    add_seconds,
    failed_at,
    failure_of,
    forget_failure,
    log_tail,
    note_failure,
)
from lidnet_mm.benchmark.scores.test_set import EmptyTestSetError

SHOWN = re.compile(r"Iter\(|Epoch\(|Phase: |Saving checkpoint|by judge")
"""Lines of a job's log that are worth a look while it runs; all of them are in its ``log.txt``."""


class JobProcess:
    """Runs jobs as ``mim`` commands.

    Args:
        workers (int): Jobs at a time; the machine's cores are shared among them, unless
            ``OMP_NUM_THREADS`` says how many each may use.
        announce (Callable[[str], None]): Takes the lines to show.
    """

    def __init__(self, workers: int, announce: Callable[[str], None]) -> None:
        threads = max(1, len(os.sched_getaffinity(0)) // workers)
        # An absolute mim: the one of the environment that runs this.
        self.mim = [sys.executable, "-m", "mim"]
        self.environment = {"OMP_NUM_THREADS": str(threads), **os.environ}
        self.announce = announce
        self.began = time.time()

    def __call__(self, job: Job) -> None:
        """Do a job, unless another process does it first.

        Args:
            job (Job): The job.

        Raises:
            JobError: If it fails, or failed in another process since this one began.
        """

        def waits() -> None:
            self.announce(f"[{job.name}] waits for another process, which works in {job.folder}")

        with folder_lock(job.folder, waits) as lock:
            if job.is_done:
                self.announce(f"[{job.name}] {job.done_text}")
                return
            if failed_at(job.folder) > self.began:
                raise JobError(failure_of(job.folder))
            forget_failure(job.folder)
            started = time.monotonic()
            try:
                for command in job.commands():
                    self._run(job, command, lock)
                job.finish()
            except (JobError, EmptyTestSetError, OSError) as error:
                note_failure(job.folder, str(error))
                self.announce(f"[{job.name}] failed: {str(error).splitlines()[0]}")
                raise
            finally:
                add_seconds(job.folder, time.monotonic() - started)

    def _run(self, job: Job, command: Command, lock: int) -> None:
        """Run ``mim``, keep its whole output, show the lines that matter."""
        command.log.parent.mkdir(parents=True, exist_ok=True)
        self.announce(f"[{job.name}] mim {' '.join(command.arguments)}")
        with (
            command.log.open("w", encoding="utf-8") as file,
            subprocess.Popen(
                [*self.mim, *command.arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=self.environment,
                pass_fds=(lock,),
            ) as process,
        ):
            for line in process.stdout:
                file.write(line)
                file.flush()
                if SHOWN.search(line):
                    self.announce(f"[{job.name}] {line.rstrip().rpartition(' - INFO - ')[2]}")
        if process.returncode != 0:
            raise JobError(
                f"{job.name} failed with status {process.returncode}; {command.log} ends:\n"
                f"{log_tail(command.log)}"
            )
        if command.done is not None:
            command.done.touch()
