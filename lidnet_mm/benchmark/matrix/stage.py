"""The stages of a comparison that leave a folder each: trainings and scores."""

from dataclasses import dataclass, field
from pathlib import Path

from lidnet_mm.benchmark.matrix.method_entry import MethodEntry
from lidnet_mm.engine.newest_checkpoint import noted_checkpoint


@dataclass(frozen=True)
class Training:
    """One training of the comparison.

    Attributes:
        name (str): Name of its folder.
        config (Path): Config file.
        seed (int): Seed.
        folder (Path): Work dir.
        pretraining (Training | None): The shared T1 that it begins after; None where it does its
            own or has none.
        detector (Training | None): The judge whose weights its detector begins with; None where it
            trains its own or has none.
        iterations (int | None): Iterations that it does itself; None where the config counts
            epochs.
    """

    name: str
    config: Path
    seed: int
    folder: Path
    pretraining: "Training | None" = None
    detector: "Training | None" = None
    iterations: int | None = field(default=None, compare=False)

    @property
    def checkpoint(self) -> Path | None:
        """Newest checkpoint, once there is one."""
        return noted_checkpoint(self.folder)

    @property
    def last_iteration(self) -> int | None:
        """Its last iteration, those of the shared T1 counted; None where it counts epochs."""
        before = self.pretraining.iterations if self.pretraining else 0
        return None if self.iterations is None else before + self.iterations

    @property
    def is_done(self) -> bool:
        """Whether it ran to its end."""
        return self.done_mark.is_file()

    @property
    def done_mark(self) -> Path:
        """File that is written when the training has ended well."""
        return self.folder / "trained"


@dataclass(frozen=True)
class Scoring:
    """One row of the table.

    Attributes:
        entry (MethodEntry): Entry of the comparison that it is a row of.
        config (Path): Config of the denoiser; for LDCT and NDCT any that reads the data.
        seed (int): Seed of the training.
        folder (Path): Where the score and the example slices go.
        training (Training | None): What it scores; None where nothing is trained.
        judge (Training): Training of the judge that scores.
        judge_name (str): The judge's name in the row.
        is_main (bool): Whether the judge is the table's first, which the config names, too.
        iteration (int | None): Iteration of the training whose checkpoint it scores; None for the
            last, which is the row's.
    """

    entry: MethodEntry
    config: Path
    seed: int
    folder: Path
    training: Training | None
    judge: Training
    judge_name: str
    is_main: bool = True
    iteration: int | None = None

    @property
    def label(self) -> str:
        """What it is called where it fails, and on the terminal."""
        at = "" if self.iteration is None else f" iteration {self.iteration}"
        return f"{self.entry.label} seed {self.seed}{at}"

    @property
    def method(self) -> str:
        """Method of the row."""
        return self.entry.method

    @property
    def result(self) -> Path:
        """The row, in the form of ``results.json``."""
        return self.folder / "score.json"

    @property
    def details(self) -> Path:
        """All values of the test run."""
        return self.folder / "details.json"

    @property
    def is_done(self) -> bool:
        """Whether there is a score of the present weights, newer than they are.

        False also where denoiser or judge were trained anew since.
        """
        if not self.result.is_file():
            return False
        marks = [t.done_mark for t in (self.judge, self.training) if t is not None and t.is_done]
        scored = self.result.stat().st_mtime
        return all(mark.stat().st_mtime <= scored for mark in marks)
