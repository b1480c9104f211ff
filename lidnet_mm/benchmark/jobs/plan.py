"""The plan of a matrix: its cells, how far they are, what they cost, and the line for an array."""

import shlex
from collections import Counter
from pathlib import Path

from lidnet_mm.benchmark.jobs.cell_state import STATES, cell_state
from lidnet_mm.benchmark.jobs.expected_time import ExpectedTimes, duration_text
from lidnet_mm.benchmark.jobs.job import Job, TrainingJob
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.matrix.matrix import Matrix, MatrixCell

COLUMNS = ("cell", "table", "row", "judges", "state", "iterations", "expected")


def plan_text(matrix: Matrix, config: Path, workers: int = 1) -> str:
    """The plan as text.

    Args:
        matrix (Matrix): The matrix; its generated configs are written.
        config (Path): Its config, for the line of an array.
        workers (int): Jobs at a time, for the expected time. Defaults to 1.

    Returns:
        str: Shared stages, cells, and sums.
    """
    jobs, cells = JobList(matrix), matrix.cells
    times = ExpectedTimes(jobs.all)
    states = {cell.number: cell_state(cell, jobs) for cell in cells}
    rows = [COLUMNS, *(_row(cell, states[cell.number], jobs, times) for cell in cells)]
    to_do = jobs.to_do(cells)
    expected = times.of_all(to_do)
    counts = Counter(states.values())
    lines = [matrix.title, "", "Shared stages, each done once:"]
    lines += [f"  {_shared(job, times)}" for job in jobs.all if _is_shared(job)]
    lines += ["", *_aligned(rows), ""]
    lines.append(
        f"{len(cells)} cells: " + ", ".join(f"{counts[s]} {s}" for s in STATES if counts[s])
    )
    lines.append(f"{len(to_do)} jobs to do, expected time: {expected.text(workers)}")
    if matrix.limit_hours is not None:
        lines.append(f"Limit: {duration_text(matrix.limit_hours * 3600)} (limit_hours)")
    if to_do:
        lines += ["", "All at once:    " + _command(config, matrix.work_dir, f"--jobs {workers}")]
        lines.append("As Slurm array: " + _array(config, matrix, states))
    return "\n".join(lines)


def _row(cell: MatrixCell, state: str, jobs: JobList, times: ExpectedTimes) -> tuple[str, ...]:
    """A line of the table of cells."""
    training = cell.training
    iterations = str(training.iterations or "epochs") if training else "-"
    expected = times.of_all(jobs.of(cell)).text() if state != "done" else "-"
    where = cell.table.name or "-"
    return (
        str(cell.number), where, cell.name, str(len(cell.scorings)), state, iterations, expected,
    )  # fmt: skip


def _is_shared(job: Job) -> bool:
    """Whether a job is a shared training."""
    return isinstance(job, TrainingJob) and job.is_shared


def _shared(job: TrainingJob, times: ExpectedTimes) -> str:
    """A shared training in words."""
    state = "done" if job.is_done else f"expected {times.of_all([job]).text()}"
    return f"{job.name}: {job.training.iterations or '?'} iterations, {state}"


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    """Rows with columns of one width each."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def _command(config: Path, work_dir: Path, more: str) -> str:
    """The command that runs the matrix."""
    names = f"{shlex.quote(str(config))} --work-dir {shlex.quote(str(work_dir))}"
    return f"mim run lidnet_mm benchmark run {names} {more}"


def _array(config: Path, matrix: Matrix, states: dict[int, str]) -> str:
    """The line that gives every cell that is not done to a job of an array."""
    numbers = _ranges([number for number, state in states.items() if state != "done"])
    command = _command(config, matrix.work_dir, "--cell $SLURM_ARRAY_TASK_ID --no-limit")
    return f"sbatch --array={numbers} --wrap {shlex.quote(command)}"


def _ranges(numbers: list[int]) -> str:
    """Numbers as Slurm writes them, such as ``1-4,7``."""
    parts: list[list[int]] = []
    for number in numbers:
        if parts and number == parts[-1][-1] + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ",".join(f"{p[0]}-{p[-1]}" if len(p) > 1 else f"{p[0]}" for p in parts)
