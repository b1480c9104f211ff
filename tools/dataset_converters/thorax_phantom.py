"""Write procedural thorax patients as NIfTI volumes with nodule masks.

The folders OUT/patient_000/{image,mask}.nii.gz are what nifti_masks reads by default.

Example:
    python tools/dataset_converters/thorax_phantom.py work_dirs/demo/source --patients 20
    python tools/dataset_converters/nifti_masks.py work_dirs/demo/source work_dirs/demo/data
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.phantom.nodules import DIAMETERS
from lidnet_mm.datasets.thorax_phantom import PhantomScan, write_thorax_phantoms
from lidnet_mm.last_line import say_error
from lidnet_mm.terminal import show_any_name


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    scan = PhantomScan()
    parser.add_argument("out", type=Path, help="folder to write; absent or empty")
    parser.add_argument("--patients", type=int, default=20, help="how many (default: %(default)s)")
    parser.add_argument(
        "--image-size",
        type=int,
        default=scan.image_size,
        help="rows and columns of a slice (default: %(default)s)",
    )
    parser.add_argument(
        "--field-of-view-mm",
        type=float,
        default=scan.field_of_view_mm,
        help="width of a slice in mm (default: %(default)s)",
    )
    parser.add_argument(
        "--slices", type=int, default=scan.slices, help="per patient (default: %(default)s)"
    )
    parser.add_argument(
        "--slice-thickness",
        type=float,
        default=scan.slice_thickness,
        help="thickness and distance of slices in mm (default: %(default)s)",
    )
    parser.add_argument(
        "--nodule-mm",
        type=float,
        nargs=2,
        default=DIAMETERS,
        metavar=("LOW", "HIGH"),
        help="range of the nodules' mean diameter in mm (default: %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=0, help="same seed, same patients (default: %(default)s)"
    )
    return parser.parse_args(arguments)


def main(arguments: list[str] | None = None) -> int:
    """Write the patients and return the exit status."""
    show_any_name()
    options = parse_arguments(arguments)
    try:
        scan = PhantomScan(
            image_size=options.image_size,
            field_of_view_mm=options.field_of_view_mm,
            slices=options.slices,
            slice_thickness=options.slice_thickness,
        )
        write_thorax_phantoms(
            options.out, options.patients, scan, options.seed, tuple(options.nodule_mm)
        )
    except (ConversionError, OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write(f"{options.patients} patients written to {options.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
