r"""Write a denoiser as an ONNX file.

Example:
    python tools/export.py lidnet_cpce_faster-rcnn_r50.py iter_22000.pth denoiser.onnx
    python tools/export.py cpce_lidnet none denoiser.onnx       # a bundled model
"""

import argparse
import sys
from pathlib import Path

from lidnet_mm.apis.export_onnx import OPSET, export_denoiser
from lidnet_mm.apis.trained_model import load_denoiser
from lidnet_mm.last_line import say_error

NO_CHECKPOINT = "none"


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="export", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config of a denoiser or a LIDnet, or a bundled model")
    parser.add_argument("checkpoint", help="its weights; 'none' for a bundled model")
    parser.add_argument("out", type=Path, help="ONNX file to write")
    parser.add_argument("--overwrite", action="store_true", help="write over a file that exists")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Export, and return the exit status."""
    parsed = build_parser().parse_args(arguments)
    checkpoint = None if parsed.checkpoint == NO_CHECKPOINT else parsed.checkpoint
    try:
        if parsed.out.exists() and not parsed.overwrite:
            raise FileExistsError(f"{parsed.out} exists: give --overwrite or another name")
        trained = load_denoiser(parsed.config, checkpoint)
        export_denoiser(trained, parsed.out)
    except (OSError, ValueError, ImportError) as error:
        say_error(error)
        return 1
    print(f"{parsed.out}: {trained.name}, opset {OPSET}, any batch, height and width")
    return 0


if __name__ == "__main__":
    sys.exit(main())
