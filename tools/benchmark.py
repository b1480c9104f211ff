"""Compare LDCT, denoisers with and without LIDnet, and NDCT: one table, or a matrix of tables.

Example:
    mim run lidnet_mm benchmark plan configs/benchmark/demo.py --work-dir work_dirs/demo
    mim run lidnet_mm benchmark run configs/benchmark/demo.py --work-dir work_dirs/demo
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.apis.tool_ending import run_tool
from lidnet_mm.benchmark.jobs.gpu_share import TooFewGPUsError
from lidnet_mm.benchmark.jobs.job import JobError
from lidnet_mm.benchmark.jobs.job_process import StoppedError
from lidnet_mm.benchmark.jobs.plan import plan_text
from lidnet_mm.benchmark.jobs.run import FailedJob, LimitError, run_matrix
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.matrix.settings_mark import OtherSettingsError
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.report.matrix_report import report_matrix
from lidnet_mm.benchmark.scores.results import read_results
from lidnet_mm.benchmark.scores.same_source import MixedResultsError
from lidnet_mm.benchmark.scores.test_set import EmptyTestSetError
from lidnet_mm.benchmark.tables.results_table import markdown, result_tables
from lidnet_mm.benchmark.work_dir import check_work_dir
from lidnet_mm.damaged_file import DamagedFileError
from lidnet_mm.last_line import say_error
from lidnet_mm.output_path import OutputPathError
from lidnet_mm.terminal import show_any_name


class InputError(Exception):
    """The config or an option names what there is not."""


STAGES = ("plan", "run", "collect", "report")
REFUSALS = (
    DamagedFileError,
    EmptyTestSetError,
    InputError,
    JobError,
    LimitError,
    MixedResultsError,
    OSError,
    OtherSettingsError,
    OutputPathError,
    TooFewGPUsError,
)


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "stage",
        choices=STAGES,
        help="plan: list the cells, how far they are and what they cost; run: train, score and "
        "report; collect: gather results.json again; report: that, and the report again",
    )
    parser.add_argument("config", type=Path, help="config of the comparison")
    parser.add_argument("--work-dir", type=Path, help="where all goes (work_dirs/<config>)")
    parser.add_argument("--data-root", help="converted data, if not where the config says")
    parser.add_argument("--jobs", type=int, default=1, help="jobs at a time (default: 1)")
    parser.add_argument(
        "--gpus", type=int, help="run: GPUs a job, each with a process of a training (default: 1)"
    )
    parser.add_argument(
        "--cell", type=int, help="run: this cell alone with all it needs, as a job of an array"
    )
    parser.add_argument(  # mim keeps a --yes for itself
        "--no-limit", action="store_true", help="run, also where it takes longer than limit_hours"
    )
    parser.add_argument(
        "--allow-mixed",
        action="store_true",
        help="put rows of several commits or HU windows beside each other, those scored at another "
        "commit than they were trained, and trainings of different numbers of processes",
    )
    given = parser.parse_args(arguments)
    for name in ("jobs", "gpus"):
        if (value := getattr(given, name)) is not None and value < 1:
            parser.error(f"--{name} must be at least 1, got {value}")
    run_alone = (given.cell is not None, given.gpus is not None, given.no_limit)
    if given.stage != "run" and any(run_alone):
        parser.error("--cell, --gpus and --no-limit are for the stage 'run'")
    return given


def main() -> int:
    """Do the stage, and return the exit status."""
    show_any_name()
    arguments = parse_arguments()
    work_dir = arguments.work_dir or Path("work_dirs") / arguments.config.stem
    try:
        return _do(arguments, _matrix(arguments, work_dir))
    except REFUSALS as error:
        say_error(error)
        return 1
    except StoppedError as error:
        sys.stderr.write(f"{error}: the same command goes on from there\n")
        return error.status


def _matrix(arguments: argparse.Namespace, work_dir: Path) -> Matrix:
    """The matrix; what is wrong in its config needs no traceback, unlike errors of this program."""
    try:
        matrix = Matrix.from_file(arguments.config, work_dir, arguments.data_root)
        if arguments.cell is not None:
            matrix.cell(arguments.cell)
    except OSError as error:
        raise InputError(str(error)) from error
    except (SyntaxError, ValueError) as error:
        raise InputError(f"{arguments.config}: {error}") from error
    return matrix


def _do(arguments: argparse.Namespace, matrix: Matrix) -> int:
    """One stage of a matrix."""
    check_work_dir(matrix.work_dir)
    for table in matrix.tables:
        check_work_dir(table.work_dir, Path(table.data_root))
    if arguments.stage == "plan":
        matrix.write_configs()
        matrix.check_settings()
        _show(plan_text(matrix, arguments.config, arguments.jobs))
        return 0
    failed: list[FailedJob] = []
    if arguments.stage == "run":
        agree = _agree if not arguments.no_limit else lambda question: True
        gpus = arguments.gpus or 1
        failed = run_matrix(matrix, arguments.jobs, _show, arguments.cell, agree, gpus)
    if arguments.cell is None:
        _show_results(matrix, arguments.stage, arguments.allow_mixed, bool(failed))
    if failed:
        say_error("\nerror: ".join(f"{job.name}: {job.reason}" for job in failed))
    return 1 if failed else 0


def _show_results(matrix: Matrix, stage: str, allow_mixed: bool, is_partial: bool) -> None:
    """Collect, report, and show the tables."""
    try:
        if stage == "collect":
            pages, found = [], collect(matrix, allow_mixed)
            for table in found:
                for cell in table.failed:
                    _show(f"missing: {cell.label}: {cell.reason.splitlines()[0]}")
        else:
            pages = report_matrix(matrix, allow_mixed)
    except FileNotFoundError:
        if not is_partial:  # Else what failed is told, and there is no row.
            raise
        return
    results = matrix.work_dir / "results.json"
    _show(f"\n{markdown(result_tables(read_results(results)))}\nResults: {results}")
    for page in pages:
        _show(f"Report:  {page}")


def _agree(question: str) -> bool:
    """Ask on a terminal; elsewhere nobody agrees."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question}. Go on? [y/N] ").strip().lower() in ("y", "yes")


def _show(line: str) -> None:
    """A line to the terminal, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(run_tool(main))
