"""All jobs of a matrix, each once, in the order in which they are best started."""

from collections.abc import Iterable
from pathlib import Path

from lidnet_mm.benchmark.comparison import Comparison
from lidnet_mm.benchmark.job import Job, PreparationJob, ScoringJob, TrainingJob
from lidnet_mm.benchmark.matrix import Cell, Matrix
from lidnet_mm.benchmark.stage import Scoring, Training


class JobList:
    """Jobs of a matrix.

    Args:
        matrix (Matrix): The matrix.
    """

    def __init__(self, matrix: Matrix) -> None:
        self._root = matrix.work_dir
        self._by_folder: dict[Path, Job] = {}
        self._of_cells: dict[int, list[Job]] = {}
        cells = matrix.cells
        for cell in cells:
            jobs = [self._training(cell.training, cell.table)] if cell.training else []
            jobs += [self._scoring(scoring, cell.table) for scoring in cell.scorings]
            self._of_cells[cell.number] = jobs

    @property
    def all(self) -> list[Job]:
        """All jobs."""
        return list(self._by_folder.values())

    def of(self, cell: Cell) -> list[Job]:
        """Jobs of a cell alone: its training and its scores."""
        return self._of_cells[cell.number]

    def to_do(self, cells: Iterable[Cell]) -> list[Job]:
        """What is not done of some cells, with all that it needs.

        A shared stage whose cells are all done is not done again.

        Args:
            cells (Iterable[Cell]): The cells.

        Returns:
            list[Job]: In the order in which to start them, as far as what they need is done:
            scores first, which are short and show what is wrong; then what many wait for; then the
            longest trainings, so that no core waits in the end.
        """
        found: dict[Job, None] = {}
        waiting = [job for cell in cells for job in self.of(cell)]
        while waiting:
            job = waiting.pop()
            if job not in found and (not job.is_done or any(n in found for n in job.needs)):
                found[job] = None
            if job in found:
                waiting += [need for need in job.needs if need not in found]
        order = list(self._by_folder.values())
        rank = {job: (_rank(job, order.index(job))) for job in found}
        return sorted(found, key=rank.__getitem__)

    def _preparation(self, table: Comparison) -> Job:
        """Job that makes the data of a table."""
        folder = table.dataset.folder / "prepare"
        if folder not in self._by_folder:
            name = f"data of {table.dataset.title}" if table.dataset.title else "data"
            self._by_folder[folder] = PreparationJob(name, folder, table, ())
        return self._by_folder[folder]

    def _training(self, training: Training, table: Comparison) -> Job:
        """Job of a training, after the T1 that it begins with."""
        if training.folder not in self._by_folder:
            needs = [self._preparation(table)]
            if training.pretraining is not None:
                needs.append(self._training(training.pretraining, table))
            name = training.folder.relative_to(self._root).as_posix()
            job = TrainingJob(name, training.folder, table, tuple(needs), training)
            self._by_folder[training.folder] = job
        return self._by_folder[training.folder]

    def _scoring(self, scoring: Scoring, table: Comparison) -> Job:
        """Job of a score, after the trainings of denoiser and judge."""
        trainings = [scoring.judge, *([scoring.training] if scoring.training else [])]
        needs = tuple(self._training(training, table) for training in trainings)
        where = table.work_dir.relative_to(self._root).as_posix()
        name = f"score {scoring.entry.label} seed {scoring.seed}"
        name += "" if where == "." else f" of {where}"
        name += "" if scoring.is_main else f" by {scoring.judge_name}"
        job = ScoringJob(name, scoring.folder, table, needs, scoring)
        self._by_folder[scoring.folder] = job
        return job


def _rank(job: Job, position: int) -> tuple[int, int]:
    """Place in the order: kind, then position; a table's methods grow in cost."""
    if isinstance(job, PreparationJob):
        return 0, position
    if isinstance(job, ScoringJob):
        return 1, position
    is_shared = job.folder.parent.name == "judges" or job.folder.name.startswith(
        ("judge", "pretraining_")
    )
    return (2, position) if is_shared else (3, -position)
