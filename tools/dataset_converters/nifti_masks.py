"""Turn a folder of NIfTI images and lesion masks into train, validation and test slices.

Example:
    python tools/dataset_converters/nifti_masks.py ~/ct data/ct \
        --image '{patient}/CT_image.nii.gz' --mask '{patient}/CT_mask.nii.gz' \
        --split train=18 val=0 test=6
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.patient_split import parse_split
from lidnet_mm.datasets.converters.sources.nifti_masks import NiftiMaskSettings, convert_nifti_masks


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    defaults = NiftiMaskSettings()
    parser.add_argument("source", type=Path, help="folder that holds the volumes")
    parser.add_argument("out", type=Path, help="folder to write: annotations/ and volumes/")
    _add_source_arguments(parser, defaults)
    _add_lesion_arguments(parser, defaults)
    _add_output_arguments(parser)
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Convert, print the summary and return the exit status."""
    options = parse_arguments(arguments)
    try:
        summary = convert_nifti_masks(
            options.source, options.out, _settings(options), options.dry_run
        )
    except ConversionError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    written = "nothing written (dry run)" if options.dry_run else f"written to {options.out}"
    sys.stdout.write(f"{summary.as_table()}\n{written}\n")
    return 0


def _add_source_arguments(parser: argparse.ArgumentParser, defaults: NiftiMaskSettings) -> None:
    """Add what says which files are read and how patients are split."""
    placeholder = "{patient} is the patient's name, * anything inside one path part"
    parser.add_argument(
        "--image",
        default=defaults.image,
        metavar="PATTERN",
        help=f"images below SOURCE; {placeholder} (default: %(default)s)",
    )
    parser.add_argument(
        "--mask", default=defaults.mask, metavar="PATTERN", help="masks (default: %(default)s)"
    )
    parser.add_argument(
        "--split",
        nargs="+",
        default=[f"{part}={value}" for part, value in defaults.split.items()],
        metavar="PART=NUMBER",
        help="patients (train=18 val=0 test=6) or fractions (default: 0.7, 0.15, 0.15)",
    )
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, help="which split (default: %(default)s)"
    )


def _add_lesion_arguments(parser: argparse.ArgumentParser, defaults: NiftiMaskSettings) -> None:
    """Add what says how masks become boxes."""
    parser.add_argument(
        "--min-size-mm",
        type=float,
        default=defaults.min_size_mm,
        metavar="MM",
        help="no box for lesions whose larger side is below this (default: %(default)s)",
    )
    parser.add_argument(
        "--connectivity",
        type=int,
        choices=(4, 8),
        default=defaults.connectivity,
        help="8: pixels that touch at a corner are one lesion (default: %(default)s)",
    )
    parser.add_argument(
        "--class-name", default=defaults.class_name, help="category (default: %(default)s)"
    )
    parser.add_argument(
        "--allow-no-lesion",
        action="store_true",
        help="keep patients with an empty mask as negatives instead of stopping",
    )
    negatives = parser.add_mutually_exclusive_group()
    negatives.add_argument(
        "--keep-empty",
        dest="only_lesion_slices",
        action="store_false",
        default=False,
        help="keep slices without lesion as negatives (the default)",
    )
    negatives.add_argument(
        "--only-lesion-slices",
        dest="only_lesion_slices",
        action="store_true",
        help="leave slices without lesion out",
    )


def _add_output_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what says how the result is written."""
    parser.add_argument(
        "--copy",
        action="store_true",
        help="copy the volumes without their header's texts instead of linking to the source",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace an earlier conversion")
    parser.add_argument("--dry-run", action="store_true", help="check and count, write nothing")


def _settings(options: argparse.Namespace) -> NiftiMaskSettings:
    """Turn the command line into settings."""
    return NiftiMaskSettings(
        image=options.image,
        mask=options.mask,
        split=parse_split(options.split),
        seed=options.seed,
        min_size_mm=options.min_size_mm,
        connectivity=options.connectivity,
        class_name=options.class_name,
        copy=options.copy,
        only_lesion_slices=options.only_lesion_slices,
        allow_no_lesion=options.allow_no_lesion,
        overwrite=options.overwrite,
    )


if __name__ == "__main__":
    sys.exit(main())
