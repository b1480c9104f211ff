"""Running a comparison: data, trainings and scores, each as the command a user would type."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from threading import Event

from lidnet_mm.benchmark.comparison import Comparison, Scoring, Training
from lidnet_mm.benchmark.settings_mark import mark_settings

SHOWN = re.compile(r"Iter\(|Epoch\(|Phase: |Saving checkpoint|by judge")
"""Lines of a job's log that are worth a look while it runs; all of them are in its ``log.txt``."""


class JobError(RuntimeError):
    """A job of a comparison failed."""


def run_comparison(comparison: Comparison, jobs: int = 1, announce: Callable = print) -> None:
    """Do what is not done yet.

    Args:
        comparison (Comparison): What to do.
        jobs (int): Jobs at a time; the machine's cores are shared among them. Defaults to 1.
        announce (Callable[[str], None]): Takes the lines to show. Defaults to ``print``.

    Raises:
        JobError: If a job fails; the message names its log. No other is started then.
        OtherSettingsError: If the work dir holds what was made with other settings.
        ValueError: If ``jobs`` is below 1.
    """
    if jobs < 1:
        raise ValueError(f"jobs must be at least 1, got {jobs}")
    comparison.check_settings()
    runner = _Jobs(comparison, jobs, announce)
    runner.prepare()
    # A table's methods grow in cost, so the longest trainings start first and no core waits.
    runner.all(runner.train, [*reversed(comparison.trainings), comparison.judge])
    runner.all(runner.score, comparison.scorings)


class _Jobs:
    """Starts the jobs of a comparison."""

    def __init__(self, comparison: Comparison, jobs: int, announce: Callable) -> None:
        self.comparison = comparison
        self.jobs = jobs
        self.announce = announce
        threads = max(1, len(os.sched_getaffinity(0)) // jobs)
        # An absolute mim: the one of the environment that runs this.
        self.mim = [sys.executable, "-m", "mim"]
        self.environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}

    def all(self, job: Callable, items: Iterable) -> None:
        """Run a job for each item, a few at a time; after a failure start no other."""
        stop = Event()

        def unless_stopped(item: Training | Scoring) -> None:
            if stop.is_set():
                return
            try:
                job(item)
            except BaseException:
                stop.set()
                raise

        with ThreadPoolExecutor(self.jobs) as pool:
            try:
                for future in as_completed([pool.submit(unless_stopped, i) for i in items]):
                    future.result()
            finally:  # also when the user stops it
                stop.set()

    def prepare(self) -> None:
        """Make the data where it is missing."""
        if (Path(self.comparison.data_root) / "annotations").is_dir():
            return
        # A tool writes all or nothing and refuses a folder in use: what is done is not done again,
        # but for the last tool, whose output is what is missing.
        *_, last = [name for name, _ in self.comparison.prepare] or [None]
        for tool, arguments in self.comparison.prepare:
            name = tool.rpartition(":")[2]
            done = self.comparison.work_dir / "prepare" / f"{name}.done"
            if tool == last or not done.is_file():
                self._run(name, ["run", "lidnet_mm", tool, *arguments], done.with_suffix(".txt"))
                done.touch()

    def train(self, training: Training) -> None:
        """Train, or go on training."""
        if training.is_done:
            self.announce(f"[{training.name}] trained already: {training.folder}")
            return
        command = ["train", "lidnet_mm", str(training.config), "--work-dir", str(training.folder)]
        command += ["--seed", str(training.seed)]
        if training.checkpoint is not None:
            command.append("--resume")
        mark_settings(training.folder, self.comparison.digest_of(training))
        self._run(training.name, [*command, *self._data_root()], training.folder / "log.txt")
        training.done_mark.write_text(f"{training.checkpoint}\n", encoding="utf-8")

    def score(self, scoring: Scoring) -> None:
        """Score one row."""
        name = f"score {scoring.entry.label} seed {scoring.seed}"
        if scoring.is_done(self.comparison.judge):
            self.announce(f"[{name}] scored already: {scoring.result}")
            return
        judge, is_untouched = self.comparison.judge.checkpoint, scoring.entry.is_untouched
        # mim wants a checkpoint also where none is loaded.
        checkpoint = scoring.training.checkpoint if scoring.training else "none"
        command = ["test", "lidnet_mm", str(scoring.config), "--checkpoint", str(checkpoint)]
        command += ["--judge-checkpoint", str(judge), "--seed", str(scoring.seed)]
        command += ["--results", str(scoring.result), "--work-dir", str(scoring.folder)]
        command += ["--cases", str(self.comparison.num_cases)]
        command += ["--score" if is_untouched else "--method", scoring.method]
        mark_settings(scoring.folder, self.comparison.digest_of(scoring))
        self._run(name, [*command, *self._data_root()], scoring.folder / "log.txt")

    def _data_root(self) -> list[str]:
        """Options that point a config to the data."""
        return ["--cfg-options", f"data_root={self.comparison.data_root}"]

    def _run(self, name: str, arguments: list[str], log: Path) -> None:
        """Run ``mim``, keep its whole output, show the lines that matter."""
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [*self.mim, *arguments]
        self.announce(f"[{name}] mim {' '.join(arguments)}")
        with (
            log.open("w", encoding="utf-8") as file,
            subprocess.Popen(
                command,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                encoding="utf-8",
                errors="replace",
                env=self.environment,
            ) as process,
        ):
            for line in process.stdout:
                file.write(line)
                file.flush()
                if SHOWN.search(line):
                    self.announce(f"[{name}] {line.rstrip().rpartition(' - INFO - ')[2]}")
        if process.returncode != 0:
            self.announce(f"[{name}] failed, see {log}")
            tail = "".join(log.read_text(encoding="utf-8").splitlines(keepends=True)[-15:])
            raise JobError(f"{name} failed with status {process.returncode}; {log} ends:\n{tail}")
