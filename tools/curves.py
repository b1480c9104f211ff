"""Draw the losses that a training logged into a picture.

Example:
    mim run lidnet_mm curves work_dirs/cpce_wgan docs/images/wasserstein.png
        --only 'Wasserstein estimate'
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.benchmark.evidence.training_log import read_training_log
from lidnet_mm.benchmark.figures.loss_picture import FORMATS, write_loss_picture
from lidnet_mm.last_line import say_error
from lidnet_mm.output_path import check_output_file
from lidnet_mm.terminal import show_any_name


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("log", type=Path, help="work dir of a training, or its scalars.json")
    parser.add_argument("picture", type=Path, help="the file to write, .png or .svg")
    parser.add_argument(
        "--only", nargs="+", metavar="TITLE", help="titles of the curves, as in a report (all)"
    )
    return parser.parse_args()


def main() -> int:
    """Draw, and return the exit status."""
    show_any_name()
    arguments = parse_arguments()
    try:
        given = [] if arguments.log.is_dir() else [("the log", arguments.log)]
        check_output_file(arguments.picture, given, FORMATS)
        curves = read_training_log(arguments.log, str(arguments.log))
        write_loss_picture(curves, arguments.picture, arguments.only)
    except (OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write(f"Curves: {arguments.picture}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
