"""Does one job: its commands as processes, alone in its folder, with log, time and failure."""

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

from lidnet_mm.benchmark.jobs.folder_lock import folder_lock
from lidnet_mm.benchmark.jobs.free_ports import FreePorts
from lidnet_mm.benchmark.jobs.gpu_share import VISIBLE, GPUShare
from lidnet_mm.benchmark.jobs.job import Command, Job, JobError
from lidnet_mm.benchmark.jobs.job_notes import (
    Failure,
    add_seconds,
    failed_at,
    failure_of,
    forget_failure,
    log_tail,
    note_failure,
    note_processes,
)
from lidnet_mm.benchmark.jobs.process_groups import signal_group
from lidnet_mm.benchmark.scores.test_set import EmptyTestSetError

SHOWN = re.compile(r"Iter\(|Epoch\(|Phase: |Saving checkpoint|by judge")
"""Lines of a job's log that are worth a look while it runs; all of them are in its ``log.txt``."""


class StoppedError(Exception):
    """A job was asked to stop; it goes on in the next run.

    Args:
        number (int): Signal that asked for it.

    Attributes:
        status (int): Exit status that a shell reports for it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.status = 128 + number


class JobProcess:
    """Runs jobs as ``mim`` commands.

    Each command has a session of its own, so that :meth:`stop` reaches the training that
    ``mim`` starts, and no Ctrl-C in the terminal does before it.

    Args:
        workers (int): Jobs at a time; the machine's cores are shared among them, unless
            ``OMP_NUM_THREADS`` says how many each may use.
        announce (Callable[[str], None]): Takes the lines to show.
        gpus (int): GPUs of a job, each with a process of its training; other commands use one.
            Without GPUs as many processes train on the CPU. Defaults to 1.

    Raises:
        TooFewGPUsError: If there are GPUs, but fewer.
    """

    def __init__(self, workers: int, announce: Callable[[str], None], gpus: int = 1) -> None:
        # An absolute mim: the one of the environment that runs this.
        self.mim = [sys.executable, "-m", "mim"]
        self.workers = workers
        self.gpus = gpus
        self.share = GPUShare(gpus)
        self.ports = FreePorts()
        self.announce = announce
        self.began = time.time()
        self.running: set[subprocess.Popen] = set()
        self.stop_signal: int | None = None

    def stop(self, number: int) -> None:
        """Send SIGTERM to the jobs that are running, SIGKILL the second time; start no other.

        A training finishes its iteration and writes a checkpoint
        (:class:`~lidnet_mm.engine.graceful_stop_hook.GracefulStopHook`).

        Args:
            number (int): Signal that asks for it.
        """
        sent = signal.SIGTERM if self.stop_signal is None else signal.SIGKILL
        self.stop_signal = number
        for process in list(self.running):
            signal_group(process.pid, sent)

    def __call__(self, job: Job) -> None:
        """Do a job, unless another process does it first.

        Args:
            job (Job): The job.

        Raises:
            JobError: If it fails, or failed in another process since this one began.
            StoppedError: If it was stopped.
        """

        def waits() -> None:
            self.announce(f"[{job.name}] waits for another process, which works in {job.folder}")

        with folder_lock(job.folder, waits, self._check_stop) as lock:
            if job.is_done:
                self.announce(f"[{job.name}] {job.done_text}")
                return
            if failed_at(job.folder) > self.began:
                raise JobError(failure_of(job.folder))
            forget_failure(job.folder)
            started = time.monotonic()
            try:
                with self.share.taken() as gpus:
                    for command in job.commands():
                        self._run(job, command, lock, gpus)
                job.finish()
            except (JobError, EmptyTestSetError, OSError) as error:
                note_failure(job.folder, str(error), getattr(error, "failure", None))
                self.announce(f"[{job.name}] failed: {str(error).splitlines()[0]}")
                raise
            finally:
                add_seconds(job.folder, time.monotonic() - started)

    def environment(self, processes: int, gpus: list[str]) -> dict[str, str]:
        """Environment of a command.

        Args:
            processes (int): Its processes, each with a part of the machine's cores.
            gpus (list[str]): GPUs of the job, of which it sees one a process.

        Returns:
            dict[str, str]: This process's own, with threads and GPUs.
        """
        threads = max(1, len(os.sched_getaffinity(0)) // (self.workers * processes))
        seen = {VISIBLE: ",".join(gpus[:processes])} if gpus else {}
        return {"OMP_NUM_THREADS": str(threads), **os.environ, **seen}

    def _run(self, job: Job, command: Command, lock: int, gpus: list[str]) -> None:
        """Run ``mim``, keep its whole output, show the lines that matter."""
        self._check_stop()
        command.log.parent.mkdir(parents=True, exist_ok=True)
        command.log.unlink(missing_ok=True)  # a link would lead to the log of another work dir
        processes = self.gpus if command.is_training else 1
        if command.is_training:
            note_processes(job.folder, processes)
        arguments = command.arguments
        if processes > 1:
            several = ["--launcher", "pytorch", "--gpus", str(processes)]
            several += ["--port", str(self.ports.next())]  # mim's own choice may be another job's
            arguments = [*arguments[:3], *several, *arguments[3:]]  # behind package and config
        self.announce(f"[{job.name}] mim {' '.join(arguments)}")
        with (
            command.log.open("w", encoding="utf-8") as file,
            subprocess.Popen(
                [*self.mim, *arguments],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=self.environment(processes, gpus),
                pass_fds=(lock,),
                start_new_session=True,
            ) as process,
            self._stoppable(process),
        ):
            for line in process.stdout:
                file.write(line)
                file.flush()
                if SHOWN.search(line):
                    self.announce(f"[{job.name}] {line.rstrip().rpartition(' - INFO - ')[2]}")
        if process.returncode != 0:
            self._check_stop()
            raise JobError(
                f"{job.name} failed with status {process.returncode}; {command.log} ends:\n"
                f"{log_tail(command.log)}",
                Failure(process.returncode, command.log.name),
            )
        if command.done is not None:
            command.done.touch()

    def _check_stop(self) -> None:
        """Raise if the jobs were asked to stop."""
        if self.stop_signal is not None:
            raise StoppedError(self.stop_signal)

    @contextlib.contextmanager
    def _stoppable(self, process: subprocess.Popen) -> Iterator[None]:
        """While it lasts, :meth:`stop` reaches the process, also where it came just before."""
        self.running.add(process)
        try:
            if self.stop_signal is not None:
                signal_group(process.pid, signal.SIGTERM)
            yield
        finally:
            self.running.discard(process)
