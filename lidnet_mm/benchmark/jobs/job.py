"""Jobs of a matrix: what each needs, when it is done, and the commands that a user would type."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.jobs.job_notes import Failure, forget_processes
from lidnet_mm.benchmark.matrix.comparison import Comparison
from lidnet_mm.benchmark.matrix.settings_mark import mark_settings
from lidnet_mm.benchmark.matrix.stage import Scoring, Training
from lidnet_mm.benchmark.matrix.training_commits import note_part
from lidnet_mm.benchmark.scores.run_environment import current_commit
from lidnet_mm.benchmark.scores.test_set import check_test_set


class JobError(RuntimeError):
    """A job of a comparison failed.

    Args:
        reason (str): Why.
        failure (Failure, optional): How, where a command did. Defaults to none.
    """

    def __init__(self, reason: str, failure: Failure | None = None) -> None:
        super().__init__(reason)
        self.failure = failure


@dataclass(frozen=True)
class Command:
    """One call of ``mim``.

    Attributes:
        arguments (list[str]): What follows ``mim``.
        log (Path): File for its output.
        done (Path | None): File to leave when it ends well, where a later command may fail.
        is_training (bool): Whether it may run as several processes, one a GPU. Defaults to False.
    """

    arguments: list[str]
    log: Path
    done: Path | None = None
    is_training: bool = False


@dataclass(frozen=True, eq=False)
class Job(ABC):
    """One job, with a folder of its own.

    Attributes:
        name (str): What it is called on the terminal.
        folder (Path): Its folder.
        table (Comparison): A table that it belongs to.
        needs (tuple[Job, ...]): Jobs that must be done before.
    """

    name: str
    folder: Path
    table: Comparison
    needs: tuple["Job", ...]

    @property
    @abstractmethod
    def is_done(self) -> bool:
        """Whether there is nothing left to do."""

    @property
    @abstractmethod
    def done_text(self) -> str:
        """What to show where it is done."""

    @abstractmethod
    def commands(self) -> Iterator[Command]:
        """Commands to run in turn."""

    @abstractmethod
    def finish(self) -> None:
        """Check what the commands left, after the last of them ended well."""


class PreparationJob(Job):
    """Makes the data where it is missing."""

    @property
    def is_done(self) -> bool:
        """Whether there are annotations; data without tools to make it is the user's."""
        return not self.table.prepare or (Path(self.table.data_root) / "annotations").is_dir()

    @property
    def done_text(self) -> str:
        """Where the data is."""
        return f"prepared already: {self.table.data_root}"

    def commands(self) -> Iterator[Command]:
        """The tools that are not done.

        A tool writes all or nothing and refuses a folder in use: what is done is not done again,
        but for the last tool, whose output is what is missing.
        """
        last = self.table.prepare[-1][0]
        for tool, arguments in self.table.prepare:
            name = tool.rpartition(":")[2]
            done = self.folder / f"{name}.done"
            if tool == last or not done.is_file():
                call = ["run", "lidnet_mm", tool, *arguments]
                yield Command(call, done.with_suffix(".txt"), done)

    def finish(self) -> None:
        """Check what was made.

        Raises:
            EmptyTestSetError: If there is nothing to score.
        """
        check_test_set(self.table.scorings[0].config, self.table.data_root)


@dataclass(frozen=True, eq=False)
class TrainingJob(Job):
    """Trains, or goes on training.

    Attributes:
        training (Training): What to train.
        kind (str): ``judge``, ``pretraining`` or the method.
    """

    training: Training
    kind: str

    @property
    def is_shared(self) -> bool:
        """Whether several cells wait for it."""
        return self.kind in ("judge", "pretraining")

    @property
    def is_done(self) -> bool:
        """Whether it ran to its end."""
        return self.training.is_done

    @property
    def done_text(self) -> str:
        """Where it is."""
        return f"trained already: {self.folder}"

    def commands(self) -> Iterator[Command]:
        """``mim train``."""
        training = self.training
        call = ["train", "lidnet_mm", str(training.config), "--work-dir", str(training.folder)]
        call += ["--seed", str(training.seed)]
        if training.checkpoint is not None:
            call.append("--resume")
        if training.pretraining is not None:
            call += ["--pretraining", str(existing_checkpoint(training.pretraining))]
        mark_settings(self.folder, self.table.digest_of(training))
        note_part(training, current_commit())
        if training.checkpoint is None:
            forget_processes(self.folder)
        log = self.folder / "log.txt"
        options = _options(self.table)
        if training.detector is not None:
            options.append(f"load_from={existing_checkpoint(training.detector)}")
        yield Command([*call, *options], log, is_training=True)

    def finish(self) -> None:
        """Note that it is done.

        Raises:
            JobError: If there is no checkpoint.
        """
        existing_checkpoint(self.training)
        write_whole(self.training.done_mark, f"{self.training.checkpoint}\n".encode())


@dataclass(frozen=True, eq=False)
class ScoringJob(Job):
    """Scores one row by one judge.

    Attributes:
        scoring (Scoring): What to score.
    """

    scoring: Scoring

    @property
    def is_done(self) -> bool:
        """Whether there is a score of the present weights."""
        return self.scoring.is_done

    @property
    def done_text(self) -> str:
        """Where it is."""
        return f"scored already: {self.scoring.result}"

    def commands(self) -> Iterator[Command]:
        """``mim test``."""
        scoring = self.scoring
        judge = existing_checkpoint(scoring.judge)
        # mim wants a checkpoint also where none is loaded.
        weights = _scored_checkpoint(scoring) if scoring.training else "none"
        call = ["test", "lidnet_mm", str(scoring.config), "--checkpoint", str(weights)]
        call += ["--judge-checkpoint", str(judge), "--seed", str(scoring.seed)]
        call += ["--results", str(scoring.result), "--work-dir", str(scoring.folder)]
        if scoring.is_main and scoring.iteration is None:  # The others' boxes are in no picture.
            call += ["--cases", str(self.table.num_cases)]
            if self.table.case_depth > 1:
                call += ["--case-depth", str(self.table.case_depth)]
        call += ["--score" if scoring.entry.is_untouched else "--method", scoring.method]
        mark_settings(self.folder, self.table.digest_of(scoring))
        options = _options(self.table)
        if not scoring.is_main or self.table.generated:
            options.append(f"judge={scoring.judge.config}")
        yield Command([*call, *options], self.folder / "log.txt")

    def finish(self) -> None:
        """Check that there is a score.

        Raises:
            JobError: If there is none.
        """
        if not self.is_done:
            raise JobError(f"{self.name} ended without a score, see {self.folder / 'log.txt'}")


def existing_checkpoint(training: Training) -> Path:
    """Weights that a training left.

    Args:
        training (Training): A training that is done.

    Returns:
        Path: The checkpoint.

    Raises:
        JobError: If it is gone.
    """
    checkpoint = training.checkpoint
    if checkpoint is None or not checkpoint.is_file():
        raise JobError(
            f"the checkpoint of {training.name} is gone ({checkpoint or training.folder}): bring "
            f"it back, or delete {training.folder} to train it anew"
        )
    return checkpoint


def _scored_checkpoint(scoring: Scoring) -> Path:
    """Weights of the iteration that is scored."""
    last = existing_checkpoint(scoring.training)
    if scoring.iteration is None:
        return last
    checkpoint = last.with_name(f"iter_{scoring.iteration}.pth")
    if not checkpoint.is_file():
        raise JobError(
            f"{checkpoint} is gone, which 'along' of method {scoring.entry.label!r} asks for: "
            f"bring it back, take 'along' out, or delete {scoring.training.folder} to train it anew"
        )
    return checkpoint


def _options(table: Comparison) -> list[str]:
    """Options that point a config to the data."""
    return ["--cfg-options", f"data_root={table.data_root}"]
