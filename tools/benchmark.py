"""Compare LDCT, denoisers with and without LIDnet, and NDCT under one judge.

Example:
    mim run lidnet_mm benchmark run configs/benchmark/demo.py --work-dir work_dirs/demo
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.benchmark.collect import report
from lidnet_mm.benchmark.comparison import Comparison
from lidnet_mm.benchmark.results import read_results
from lidnet_mm.benchmark.results_table import markdown, result_tables
from lidnet_mm.benchmark.run import JobError, run_comparison
from lidnet_mm.benchmark.settings_mark import OtherSettingsError


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "stage", choices=("run", "report"), help="run: train, score and report; report: again"
    )
    parser.add_argument("config", type=Path, help="config of the comparison")
    parser.add_argument("--work-dir", type=Path, help="where all goes (work_dirs/<config>)")
    parser.add_argument("--data-root", help="converted data, if not where the config says")
    parser.add_argument("--jobs", type=int, default=1, help="trainings at a time (default: 1)")
    return parser.parse_args()


def main() -> int:
    """Run or report, and return the exit status."""
    arguments = parse_arguments()
    work_dir = arguments.work_dir or Path("work_dirs") / arguments.config.stem
    comparison = Comparison.from_file(arguments.config, work_dir, arguments.data_root)
    if arguments.stage == "run":
        try:
            run_comparison(comparison, arguments.jobs, _show)
        except (JobError, OtherSettingsError) as error:
            sys.stderr.write(f"error: {error}\n")
            return 1
    page = report(comparison)
    table = markdown(result_tables(read_results(work_dir / "results.json")))
    _show(f"\n{table}\nResults: {work_dir / 'results.json'}\nReport:  {page}")
    return 0


def _show(line: str) -> None:
    """A line to the terminal, at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
