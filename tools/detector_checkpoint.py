"""Start a LIDnet from a plain detector's weights, or take its detector out again.

Example:
    mim run lidnet_mm detector_checkpoint import configs/lidnet/lidnet_cpce_faster-rcnn_r50.py
        faster_rcnn_r50_fpn_1x_coco.pth work_dirs/start.pth --denoiser work_dirs/cpce/iter_4000.pth
    mim run lidnet_mm detector_checkpoint export configs/lidnet/lidnet_cpce_faster-rcnn_r50.py
        work_dirs/lidnet/iter_22000.pth work_dirs/detector.pth

Importing writes a checkpoint for load_from=, exporting a plain mmdet checkpoint and its config
beside it.
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.apis.config_options import ConfigOptions
from lidnet_mm.apis.export_detector import export_detector
from lidnet_mm.apis.import_detector import import_detector
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.last_line import say_error
from lidnet_mm.missing_package import MissingPackageError
from lidnet_mm.models.plain_checkpoint import TensorMatch
from lidnet_mm.terminal import show_any_name

SHOWN = 6
"""Names of tensors in a line."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("direction", choices=("import", "export"), help="into or out of a LIDnet")
    parser.add_argument("config", help="config of the LIDnet")
    parser.add_argument(
        "checkpoint", help="file or URL: import, a plain detector's; export, the LIDnet's"
    )
    parser.add_argument("out", type=Path, help="checkpoint to write; export writes its .py, too")
    parser.add_argument("--denoiser", help="import: checkpoint of the denoiser, trained alone")
    parser.add_argument("--cfg-options", nargs="+", action=ConfigOptions, help="key=value pairs")
    return parser


def describe(title: str, match: TensorMatch) -> str:
    """Tell what was taken of a checkpoint and what was not.

    Args:
        title: What it was for.
        match: What fits.

    Returns:
        Some lines.
    """
    total = len(match.matched) + len(match.reshaped) + len(match.missing)
    lines = [f"{title}: {len(match.matched)} of {total} tensors taken"]
    reshaped = [f"{name} {old} -> {new}" for name, (old, new) in match.reshaped.items()]
    for reason, names in (
        ("another shape, left out", reshaped),
        ("not in the model, left out", match.unknown),
        ("not in the checkpoint, to be initialised", match.missing),
    ):
        if names:
            more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
            lines.append(f"  {reason} ({len(names)}): {', '.join(names[:SHOWN])}{more}")
    return "\n".join(lines)


def main() -> int:
    """Import or export, and return the exit status."""
    show_any_name()
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.direction == "export" and arguments.denoiser:
        parser.error("--denoiser is for import: an export holds the detector alone")
    try:
        config = load_config(arguments.config, arguments.cfg_options)
        if arguments.direction == "import":
            report = import_detector(
                config, arguments.checkpoint, arguments.out, arguments.denoiser
            )
            lines = [describe("Detector", report.detector)]
            if report.denoiser:
                lines.append(describe("Denoiser", report.denoiser))
            lines.append(f"Written: {arguments.out}; start from it with load_from={arguments.out}")
        else:
            beside = export_detector(config, arguments.checkpoint, arguments.out)
            lines = [f"Written: {arguments.out}", f"Config:  {beside}"]
    except (MissingPackageError, OSError, ValueError) as error:
        say_error(error)
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
