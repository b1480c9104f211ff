"""Look at a data set: slices in HU windows, LDCT beside NDCT, with lesion boxes, as an HTML page.

Examples:
    mim run lidnet_mm analysis_tools:browse_dataset data/sts sts.html --number 40
    python tools/analysis_tools/browse_dataset.py configs/lidnet/lidnet_cpce_faster-rcnn_r18_sts.py
        augmented.html --only lesions --difference
"""

import argparse
import sys
from pathlib import Path

from mmengine.logging import MMLogger
from tqdm import tqdm

from lidnet_mm.apis.config_options import ConfigOptions
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.atomic_write import require_writable
from lidnet_mm.last_line import say_error
from lidnet_mm.missing_package import MissingPackageError
from lidnet_mm.output_path import check_output_file
from lidnet_mm.terminal import show_any_name
from lidnet_mm.visualization.dataset_page import (
    DataPart,
    NamedWindow,
    PageSettings,
    SliceChoice,
    choose_slices,
    choose_windows,
    config_windows,
    load_slices,
    parts_of_config,
    parts_of_folder,
    write_dataset_page,
)
from lidnet_mm.visualization.dataset_page.choice import KINDS
from lidnet_mm.visualization.dataset_page.shown_slice import UnreadableSlice
from lidnet_mm.visualization.dataset_page.windows import PRESETS

SUFFIXES = (".html", ".htm")


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "data",
        type=Path,
        help="a config, whose slices are shown as its pipeline gives them, or a converted folder "
        "(annotations/*.json)",
    )
    parser.add_argument("page", type=Path, help="the HTML file to write")
    parser.add_argument(
        "--part", help="train, val or test (a config: the first it has; a folder: all of them)"
    )
    parser.add_argument(
        "--raw", action="store_true", help="slices before augmentation, LDCT as configured"
    )
    number = parser.add_mutually_exclusive_group()
    number.add_argument("--number", type=int, default=24, help="slices drawn at random (24)")
    number.add_argument("--all", action="store_true", help="all slices; the page gets large")
    parser.add_argument("--seed", type=int, default=0, help="of the draw and augmentation (0)")
    parser.add_argument("--only", choices=KINDS, help="slices with a box, or without")
    parser.add_argument("--patient", help="pseudonym of the only patient to show")
    names = ", ".join(window.name for window in PRESETS)
    parser.add_argument(
        "--window",
        nargs="+",
        metavar="NAME or LOW HIGH",
        help=f"HU window to open with: {names}, config, or two limits; others can be chosen in "
        "the page",
    )
    parser.add_argument(
        "--difference", action="store_true", help="open with the map of LDCT minus NDCT"
    )
    parser.add_argument(
        "--cfg-options", nargs="+", action=ConfigOptions, help="key=value pairs, for a config"
    )
    return parser


def find_data(arguments: argparse.Namespace) -> tuple[list[DataPart], list[NamedWindow]]:
    """The parts to show, and the windows of the config."""
    if arguments.data.is_dir():
        if arguments.cfg_options:
            raise ValueError(f"--cfg-options are for a config, but {arguments.data} is a folder")
        return parts_of_folder(arguments.data, arguments.part), []
    if not arguments.data.is_file():
        raise FileNotFoundError(f"{arguments.data} is neither a config nor a folder of data")
    config = load_config(arguments.data, arguments.cfg_options)
    return parts_of_config(config, arguments.part, arguments.raw), config_windows(config)


def facts_of(arguments: argparse.Namespace, number: int, parts: list[DataPart]) -> list[str]:
    """How the slices were chosen, for the page's head."""
    total = sum(len(part.slices) for part in parts)
    unaugmented = arguments.raw or arguments.data.is_dir()
    facts = [
        f"{number} of {total} slices",
        "before augmentation" if unaugmented else "as the pipeline gives them",
        f"seed {arguments.seed}",
    ]
    kinds = {"lesions": "only slices with a lesion", "negatives": "only slices without lesion"}
    if arguments.only:
        facts.append(kinds[arguments.only])
    if arguments.patient:
        facts.append(f"only {arguments.patient}")
    return facts


def browse(arguments: argparse.Namespace) -> str:
    """Make the page, and say what was made."""
    given = [] if arguments.data.is_dir() else [("the config", arguments.data)]
    check_output_file(arguments.page, given, SUFFIXES)
    parts, of_config = find_data(arguments)
    windows = choose_windows(arguments.window, of_config)
    number = None if arguments.all else arguments.number
    choice = SliceChoice(number, arguments.seed, arguments.only, arguments.patient)
    chosen = choose_slices(parts, choice)
    require_writable(arguments.page.absolute().parent)
    progress = tqdm(chosen, desc="slices", disable=not sys.stderr.isatty())
    entries = load_slices(progress, arguments.seed)
    name = arguments.data.resolve().name if arguments.data.is_dir() else arguments.data.stem
    title = f"{name}, {', '.join(part.name for part in parts)}"
    facts = facts_of(arguments, len(entries), parts)
    settings = PageSettings(title, facts, windows, arguments.difference)
    size = write_dataset_page(entries, parts, arguments.page, settings)
    lost = sum(isinstance(entry, UnreadableSlice) for entry in entries)
    named = f" ({lost} unreadable)" if lost else ""
    return f"{len(entries)} slices{named}, {size / 1e6:.1f} MB: {arguments.page}"


def main() -> int:
    """Make the page, and return the exit status."""
    show_any_name()
    arguments = build_parser().parse_args()
    MMLogger.get_instance("browse_dataset", log_level="WARNING")
    try:
        made = browse(arguments)
    except (MissingPackageError, OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write(f"{made}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
