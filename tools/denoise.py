r"""Denoise CT series with a trained model, and write them as they came.

SRC is a DICOM folder, a study or a whole tree of studies, a NIfTI, MetaImage or NRRD file, 16-bit
PNG, or a folder of any of these. DST gets the same tree in the same formats. Series that are done
are skipped, so an interrupted run is started again with the same line.

Without a model the bundled LIDnet denoises, and its detector finds lesions. Not a medical device.

Example:
    python tools/denoise.py ~/ct denoised
    python tools/denoise.py ~/ct denoised --model cpce_l1 --detector none --format nifti
    python tools/denoise.py ~/ct denoised lidnet_cpce.py --checkpoint iter_22000.pth --shard 1/4

Exit status: 0 all series are written, 1 some could not be used (named above), 2 nothing was done.
"""

import argparse
import sys
import time
import warnings
from collections.abc import Sequence
from pathlib import Path

from tqdm import tqdm

from lidnet_mm.apis.inferencer import DEFAULT_MODEL, LIDInferencer, nothing_found, why_left_out
from lidnet_mm.apis.tool_ending import INTERRUPTED, OF_USERS
from lidnet_mm.datasets.offline_ldct import Shard
from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.writers import FORMATS
from lidnet_mm.datasets.writers.open_writer import split_suffix
from lidnet_mm.inference.output_tree import require_apart
from lidnet_mm.inference.slice_denoiser import PRECISIONS
from lidnet_mm.inference.slice_distances import uneven_slices
from lidnet_mm.inference.source_tree import FoundVolume, find_volumes
from lidnet_mm.inference.tree_run import SeriesOutcome, TreeRun, one_line
from lidnet_mm.last_line import say_error

NOTHING_DONE = 2
"""Exit status where no series could be used."""

TIMED_SLICES = 3
"""Slices by which a dry run tells the time; the first is not counted."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="denoise", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("source", type=Path, metavar="SRC", help="file or folder of CT")
    parser.add_argument("target", type=Path, metavar="DST", help="folder, or file for one file")
    parser.add_argument("config", nargs="?", metavar="CONFIG", help="config of a model of your own")
    model = parser.add_argument_group("model")
    model.add_argument(
        "--model", help=f"bundled model, card (.yml) or config (default: {DEFAULT_MODEL})"
    )
    model.add_argument("--checkpoint", help="weights of the config")
    model.add_argument(
        "--detector", help="bundled detector, card or config; 'none' finds no lesions"
    )
    model.add_argument("--detector-checkpoint", help="weights of the detector's config")
    model.add_argument(
        "--strength", type=float, help="part of the change that is made, 0 to 1 (the card's)"
    )
    model.add_argument("--score", type=float, help="boxes below are dropped, 0 to 1 (the card's)")
    model.add_argument(
        "--strict", action="store_true", help="refuse series that the model was not trained for"
    )
    way = parser.add_argument_group("computation")
    way.add_argument("--device", default="auto", help="auto, cpu, cuda (default: %(default)s)")
    way.add_argument("--precision", default="fp32", choices=PRECISIONS)
    way.add_argument("--backend", default="torch", choices=("torch", "onnxruntime"))
    way.add_argument("--batch-size", type=int, help="slices at a time (1 on a CPU, else 8)")
    way.add_argument("--tile-size", type=int, help="side of tiles in pixels (whole slices)")
    output = parser.add_argument_group("output")
    output.add_argument("--format", choices=FORMATS, help="of the output (that of the source)")
    output.add_argument(
        "--report", action="store_true", help="write a page of each series to look at in a browser"
    )
    output.add_argument(
        "--keep-names", action="store_true", help="the page shows patient, study and path"
    )
    output.add_argument("--overwrite", action="store_true", help="write over files of another run")
    output.add_argument(
        "--shard", default="1/1", metavar="i/n", help="part of the series (default: all)"
    )
    output.add_argument(
        "--dry-run", action="store_true", help="say what is there and how long it takes"
    )
    return parser


def load(arguments: argparse.Namespace) -> LIDInferencer:
    """The inferencer that the options ask for."""
    if arguments.config and arguments.model:
        raise ValueError("give a CONFIG or --model, not both")
    return LIDInferencer(
        arguments.config or arguments.model or DEFAULT_MODEL,
        arguments.checkpoint,
        arguments.detector,
        arguments.detector_checkpoint,
        arguments.device,
        arguments.strength,
        arguments.precision,
        arguments.tile_size,
        arguments.backend,
        arguments.score,
        arguments.batch_size,
        arguments.strict,
    )


def count_slices(volumes: Sequence[FoundVolume]) -> int:
    """Slices of all series that can be opened."""
    total = 0
    for found in volumes:
        try:
            total += found.open().num_slices
        except (OSError, ValueError):
            continue  # the run names it
    return total


def dry_run(inferencer: LIDInferencer, volumes: Sequence[FoundVolume]) -> int:
    """List the series and the time that they take; the exit status."""
    total, seconds, failed = 0, None, 0
    for found in volumes:
        try:
            volume = found.open()
            height, width = volume.slice_shape
            line = f"{volume.num_slices} slices of {height} x {width}"
            total += volume.num_slices
            if seconds is None:
                seconds = _seconds_a_slice(inferencer, volume)
            for warning in inferencer.pipeline.warnings(volume) + uneven_slices(volume):
                line += f"\n    note: {warning}"
        except (OSError, ValueError) as error:
            failed += 1
            line = f"cannot be used: {one_line(error)}"
        print(f"{found.label}: {line}")
    if seconds is not None:
        print(f"{total} slices, about {total * seconds / 60:.1f} minutes; nothing was written")
    return NOTHING_DONE if failed == len(volumes) else min(failed, 1)


def _seconds_a_slice(inferencer: LIDInferencer, volume: CTVolume) -> float:
    """Seconds that a slice takes, reading included."""
    taken = []
    for index in range(min(TIMED_SLICES, volume.num_slices)):
        start = time.perf_counter()
        inferencer.pipeline.denoise([volume.read_slice(index)])
        taken.append(time.perf_counter() - start)
    return min(taken)


def run(arguments: argparse.Namespace) -> int:
    """Denoise, and return the exit status."""
    shard = Shard.parse(arguments.shard)
    require_apart(arguments.source, arguments.target)
    volumes, left_out = find_volumes(arguments.source)
    for each in left_out:
        print(f"left out: {why_left_out(each)}", file=sys.stderr)
    if not volumes:
        raise ValueError(nothing_found(arguments.source, left_out))
    own = shard.of(volumes)
    inferencer = load(arguments)
    if arguments.dry_run:
        return dry_run(inferencer, own)
    suffix = split_suffix(arguments.target.name)[1]
    single = arguments.source.is_file() and bool(suffix)
    tree = TreeRun(
        inferencer.pipeline,
        arguments.target,
        format=arguments.format,
        overwrite=arguments.overwrite,
        single_file=single,
        report=arguments.report,
        keep_names=arguments.keep_names,
    )
    counts = {"done": 0, "skipped": 0, "failed": 0}
    with tqdm(total=count_slices(own), unit="slice", disable=None) as bar:
        for outcome in tree(volumes, bar.update, own):
            counts[outcome.status] += 1
            _report(outcome, bar)
    summary = ", ".join(f"{count} {status}" for status, count in counts.items() if count)
    print(f"{summary}: {arguments.target}")
    if counts["failed"] == len(own):
        return NOTHING_DONE
    return int(counts["failed"] > 0)


def _report(outcome: SeriesOutcome, bar: tqdm) -> None:
    """Say what became of a series, above the bar."""
    label = outcome.found.label
    if outcome.status == "failed":
        bar.write(f"{label}: not denoised: {outcome.reason}", file=sys.stderr)
    elif outcome.status == "skipped":
        bar.write(f"{label}: done before")
    else:
        lesions = outcome.series.lesions
        found = "" if lesions is None else f", {len(lesions)} lesions"
        bar.write(f"{label}: denoised{found}")
        for warning in outcome.series.warnings:
            bar.write(f"  note: {warning}", file=sys.stderr)


def main(arguments: list[str] | None = None) -> int:
    """Denoise, and return the exit status."""
    # PyDICOM's warnings quote values of headers, such as a name where a date should be.
    warnings.filterwarnings("ignore", module="pydicom")
    parsed = build_parser().parse_args(arguments)
    try:
        return run(parsed)
    except KeyboardInterrupt:
        say_error("interrupted; the same line goes on where it stopped")
        return INTERRUPTED
    except (*OF_USERS, ImportError) as error:
        say_error(one_line(error))
        return NOTHING_DONE


if __name__ == "__main__":
    sys.exit(main())
