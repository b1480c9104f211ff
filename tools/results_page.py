"""Write docs/results.md and its pictures from docs/results.json, and evidence.json beside it.

Example:
    mim run lidnet_mm results_page docs/results.json docs/results.md
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.benchmark.report.results_page import write_results_page
from lidnet_mm.last_line import say_error
from lidnet_mm.terminal import show_any_name


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="results.json of a benchmark")
    parser.add_argument("page", type=Path, help="the Markdown file to write")
    return parser.parse_args()


def main() -> int:
    """Write, and return the exit status."""
    show_any_name()
    arguments = parse_arguments()
    try:
        written = write_results_page(arguments.results, arguments.page)
    except (OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write("".join(f"{path}\n" for path in written))
    return 0


if __name__ == "__main__":
    sys.exit(main())
