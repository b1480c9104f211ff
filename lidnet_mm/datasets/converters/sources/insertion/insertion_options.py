"""The options that say which nodules are put into which volumes."""

from argparse import ArgumentParser, Namespace

from lidnet_mm.datasets.converters.sources.patient_names import add_patients
from lidnet_mm.datasets.nodules.nodule_kinds import ATTACHMENTS, KINDS, MARGINS, NoduleRanges

IMAGES = "{patient}_*.nii.gz"


def add_insertion_arguments(parser: ArgumentParser) -> None:
    """Add all of them."""
    _add_volume_arguments(parser)
    _add_nodule_arguments(parser)
    parser.add_argument(
        "--insert-seed",
        type=int,
        default=0,
        help="same seed, same nodules in the same volume (default: %(default)s)",
    )


def ranges_of(options: Namespace) -> NoduleRanges:
    """From what nodules are drawn.

    Raises:
        ValueError: A range that is none.
    """
    return NoduleRanges(
        diameter_mm=tuple(options.diameter_mm),
        kinds=tuple(options.kinds),
        margins=tuple(options.margins),
        attachments=tuple(options.attachment),
        solid_hu=tuple(options.solid_hu),
        ground_glass_hu=tuple(options.ground_glass_hu),
        least_contrast_hu=options.min_contrast_hu,
    )


def _add_volume_arguments(parser: ArgumentParser) -> None:
    """Add which volumes are used, and how often."""
    parser.add_argument(
        "--image",
        default=IMAGES,
        metavar="PATTERN",
        help="volumes below SOURCE of any file type that can be read; {patient} is the patient's "
        "name, * anything inside one path part, a / at the end finds DICOM folders "
        "(default: %(default)s)",
    )
    add_patients(parser)
    parser.add_argument(
        "--leave-out",
        nargs="+",
        default=[],
        metavar="PATTERN",
        help="volumes not to use, such as those with a lesion of their own",
    )
    parser.add_argument(
        "--nodules",
        type=int,
        nargs=2,
        default=(1, 2),
        metavar=("LOW", "HIGH"),
        help="how many in a volume; a single slice is one, too (default: 1 2)",
    )
    parser.add_argument(
        "--copies",
        type=int,
        default=1,
        metavar="N",
        help="use every volume N times with other nodules (default: %(default)s)",
    )
    parser.add_argument(
        "--negatives",
        type=float,
        default=0.0,
        metavar="SHARE",
        help="share of volumes left without nodules (default: %(default)s)",
    )
    parser.add_argument(
        "--slice-thickness-mm",
        type=float,
        metavar="MM",
        help="where slices are not as thick as they are apart",
    )


def _add_nodule_arguments(parser: ArgumentParser) -> None:
    """Add what nodules are like."""
    ranges = NoduleRanges()
    for option, default, meaning in (
        ("--diameter-mm", ranges.diameter_mm, "diameter of the sphere of the same volume"),
        ("--solid-hu", ranges.solid_hu, "mean of solid nodules and cores"),
        ("--ground-glass-hu", ranges.ground_glass_hu, "mean of ground glass"),
    ):
        parser.add_argument(
            option,
            type=float,
            nargs=2,
            default=default,
            metavar=("LOW", "HIGH"),
            help=f"{meaning} (default: {default[0]:g} {default[1]:g})",
        )
    parser.add_argument(
        "--min-contrast-hu",
        type=float,
        default=ranges.least_contrast_hu,
        metavar="HU",
        help="no nodules that differ by less from the lung in every slice (default: %(default)s)",
    )
    for option, default, known, meaning in (
        ("--kinds", ranges.kinds, KINDS, "kinds; one named twice is twice as likely"),
        ("--margins", ranges.margins, MARGINS, "margins, likewise"),
        ("--attachment", ranges.attachments, ATTACHMENTS, "what nodules touch, likewise"),
    ):
        parser.add_argument(
            option,
            nargs="+",
            choices=known,
            default=default,
            help=f"{meaning} (default: {' '.join(default)})",
        )
