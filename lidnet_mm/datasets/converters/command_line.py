"""The command line of all converters."""

import argparse
import logging
import sys
from collections.abc import Sequence
from pathlib import Path

from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.checked_case import BoxLimits
from lidnet_mm.datasets.converters.conversion import ConversionSettings, convert
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.output.conversion_summary import ConversionSummary
from lidnet_mm.datasets.converters.output.volume_files import STORES
from lidnet_mm.datasets.converters.patient_split import parse_split
from lidnet_mm.last_line import say_error
from lidnet_mm.terminal import show_any_name


def run(converter: Converter, doc: str, arguments: Sequence[str] | None = None) -> int:
    """Convert as the command line says, and print the summary.

    Args:
        converter: The converter.
        doc: What the tool does, the layout it reads and an example, for ``--help``.
        arguments: The command line; None for the process's own.

    Returns:
        Exit status: 0, 1 after an error, which is printed, or 130 after Ctrl-C.
    """
    show_any_name()
    options = parse(converter, doc, arguments)
    logger = MMLogger.get_current_instance()
    level = logger.level
    if not options.verbose:
        logger.setLevel(logging.WARNING)
    try:
        summary = convert_as_told(converter, options)
    except (ConversionError, OSError) as error:
        say_error(error)
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        return 130
    finally:
        logger.setLevel(level)
    written = "nothing written (dry run)" if options.dry_run else f"written to {options.out}"
    sys.stdout.write(f"{summary.as_table()}\n{written}\n")
    return 0


def parse(
    converter: Converter, doc: str = "", arguments: Sequence[str] | None = None
) -> argparse.Namespace:
    """Read the options of all converters, and this one's own.

    Args:
        converter: The converter.
        doc: As for :func:`run`.
        arguments: As for :func:`run`.
    """
    parser = argparse.ArgumentParser(
        description=doc, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, help="folder as it is downloaded")
    parser.add_argument("out", type=Path, help="folder to write: annotations/ and volumes/")
    converter.add_arguments(parser)
    _add_split_arguments(parser, converter)
    _add_lesion_arguments(parser, converter)
    _add_output_arguments(parser, converter)
    return parser.parse_args(arguments)


def convert_as_told(converter: Converter, options: argparse.Namespace) -> ConversionSummary:
    """Convert with parsed options.

    Raises:
        ConversionError: As :func:`~.conversion.convert`.
    """
    settings = _settings(converter, options)
    return convert(converter, options.source, options.out, settings, options, options.dry_run)


def _add_split_arguments(parser: argparse.ArgumentParser, converter: Converter) -> None:
    """Add what says how patients are split."""
    default = (
        "the parts of the source"
        if converter.split is None
        else " ".join(f"{part}={value}" for part, value in converter.split.items())
    )
    parser.add_argument(
        "--split",
        nargs="+",
        metavar="PART=NUMBER",
        help="patients (train=18 val=0 test=6) or fractions (train=0.7 val=0.15 test=0.15) "
        f"(default: {default})",
    )
    parser.add_argument("--seed", type=int, default=0, help="which split (default: %(default)s)")


def _add_lesion_arguments(parser: argparse.ArgumentParser, converter: Converter) -> None:
    """Add what says which boxes and slices are kept."""
    parser.add_argument(
        "--min-size-mm",
        type=float,
        default=0.0,
        metavar="MM",
        help="no box for lesions whose larger side is below this (default: %(default)s)",
    )
    parser.add_argument(
        "--class-name", default=converter.class_name, help="category (default: %(default)s)"
    )
    default = "the default"
    empty = parser.add_mutually_exclusive_group()
    empty.add_argument(
        "--keep-empty",
        action="store_true",
        default=converter.keep_empty,
        help="keep slices known to have no lesion as negatives"
        + (f" ({default})" if converter.keep_empty else ""),
    )
    empty.add_argument(
        "--only-lesion-slices",
        dest="keep_empty",
        action="store_false",
        help="leave slices without lesion out" + ("" if converter.keep_empty else f" ({default})"),
    )


def _add_output_arguments(parser: argparse.ArgumentParser, converter: Converter) -> None:
    """Add what says how the result is written."""
    parser.add_argument(
        "--store",
        choices=STORES,
        default=converter.store,
        help="nifti: whole volumes; png: 16-bit pictures of the slices that are used; link: links "
        "to the source, which show its names (default: %(default)s)",
    )
    parser.add_argument(
        "--square-pixels",
        action="store_true",
        help="resample slices whose pixels are not square, boxes and masks with them: no low dose "
        "can be simulated on the others",
    )
    parser.add_argument(
        "--key",
        type=Path,
        metavar="FILE",
        help="csv, outside of OUT, of which pseudonym is whose; without it nobody can tell",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier conversion")
    parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")
    parser.add_argument("--verbose", action="store_true", help="a line for each volume")


def _settings(converter: Converter, options: argparse.Namespace) -> ConversionSettings:
    """Turn the command line into settings."""
    return ConversionSettings(
        split=parse_split(options.split) if options.split else converter.default_split(options),
        seed=options.seed,
        limits=BoxLimits(options.min_size_mm, options.keep_empty),
        class_names=converter.class_names(options),
        store=options.store,
        overwrite=options.overwrite,
        key=options.key,
        square_pixels=options.square_pixels,
    )
