"""All jobs of a matrix, each once, in the order in which they are best started."""

from collections.abc import Container, Iterable
from pathlib import Path

from lidnet_mm.benchmark.jobs.job import Job, PreparationJob, ScoringJob, TrainingJob
from lidnet_mm.benchmark.matrix.comparison import Comparison
from lidnet_mm.benchmark.matrix.matrix import Matrix, MatrixCell
from lidnet_mm.benchmark.matrix.stage import Scoring, Training


class JobList:
    """Jobs of a matrix.

    Args:
        matrix (Matrix): The matrix.

    Attributes:
        work_dir (Path): Folder of it all.
    """

    def __init__(self, matrix: Matrix) -> None:
        self.work_dir = matrix.work_dir
        self._by_folder: dict[Path, Job] = {}
        self._of_cells: dict[int, list[Job]] = {}
        cells = matrix.cells
        for cell in cells:
            jobs = []
            if cell.training:
                jobs = [self._training(cell.training, cell.table, cell.scorings[0].method)]
            jobs += [
                self._scoring(scoring, cell.table) for scoring in (*cell.scorings, *cell.along)
            ]
            self._of_cells[cell.number] = jobs

    @property
    def all(self) -> list[Job]:
        """All jobs."""
        return list(self._by_folder.values())

    def of(self, cell: MatrixCell) -> list[Job]:
        """Jobs of a cell alone: its training and its scores."""
        return self._of_cells[cell.number]

    def to_do(self, cells: Iterable[MatrixCell]) -> list[Job]:
        """What is not done of some cells, with all that it needs.

        A shared stage whose cells are all done is not done again.

        Args:
            cells (Iterable[MatrixCell]): The cells.

        Returns:
            list[Job]: In the order in which to start them, as far as what they need is done:
            scores first, which are short and show what is wrong; then what many wait for; then the
            longest trainings, so that no core waits in the end.
        """
        jobs = [job for cell in cells for job in self.of(cell)]
        found = _with_needs(job for job in jobs if not job.is_done)
        # What was made from something that is made anew is old then.
        while more := [job for job in jobs if job not in found and found.intersection(job.needs)]:
            found |= _with_needs(more)
        order = {job: position for position, job in enumerate(self.all)}
        return sorted(found, key=lambda job: _rank(job, order[job]))

    def done(self, cells: Iterable[MatrixCell], to_do: Container[Job]) -> list[Job]:
        """Trainings and scores of some cells, with the shared stages, that are not to do.

        Args:
            cells (Iterable[MatrixCell]): The cells.
            to_do (Container[Job]): What is to do.

        Returns:
            list[Job]: Each once.
        """
        own = [job for cell in cells for job in self.of(cell)]
        shared = [
            need
            for job in own
            for need in job.needs
            if isinstance(need, TrainingJob) and need.is_shared and need.is_done
        ]
        return [job for job in dict.fromkeys([*shared, *own]) if job not in to_do]

    def _preparation(self, table: Comparison) -> Job:
        """Job that makes the data of a table."""
        folder = table.dataset.folder / "prepare"
        if folder not in self._by_folder:
            name = f"data of {table.dataset.title}" if table.dataset.title else "data"
            self._by_folder[folder] = PreparationJob(name, folder, table, ())
        return self._by_folder[folder]

    def _training(self, training: Training, table: Comparison, kind: str) -> Job:
        """Job of a training, after the T1 or the detector that it begins with."""
        if training.folder not in self._by_folder:
            needs = [self._preparation(table)]
            if training.pretraining is not None:
                needs.append(self._training(training.pretraining, table, "pretraining"))
            if training.detector is not None:
                needs.append(self._training(training.detector, table, "judge"))
            name = training.folder.relative_to(self.work_dir).as_posix()
            job = TrainingJob(name, training.folder, table, tuple(needs), training, kind)
            self._by_folder[training.folder] = job
        return self._by_folder[training.folder]

    def _scoring(self, scoring: Scoring, table: Comparison) -> Job:
        """Job of a score, after the trainings of denoiser and judge."""
        needs = [self._training(scoring.judge, table, "judge")]
        if scoring.training:
            needs.append(self._training(scoring.training, table, scoring.method))
        where = table.work_dir.relative_to(self.work_dir).as_posix()
        name = f"score {scoring.label}"
        name += "" if where == "." else f" of {where}"
        name += "" if scoring.is_main else f" by {scoring.judge_name}"
        job = ScoringJob(name, scoring.folder, table, tuple(needs), scoring)
        self._by_folder[scoring.folder] = job
        return job


def _with_needs(jobs: Iterable[Job]) -> set[Job]:
    """Jobs with all that they need and that is not done."""
    found, waiting = set(), list(jobs)
    while waiting:
        job = waiting.pop()
        if job not in found:
            found.add(job)
            waiting += [need for need in job.needs if not need.is_done]
    return found


def _rank(job: Job, position: int) -> tuple[int, int]:
    """Place in the order: kind, then position; a table's methods grow in cost."""
    if isinstance(job, PreparationJob):
        return 0, position
    if isinstance(job, ScoringJob):
        return 1, position
    return (2, position) if job.is_shared else (3, -position)
