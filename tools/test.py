"""Score a trained denoiser with a frozen judge, or test a plain detector.

Example:
    mim test lidnet_mm lidnet_cpce_faster-rcnn_r18_sts.py --checkpoint work_dirs/lid/iter_900.pth
        --judge-checkpoint work_dirs/judge/iter_600.pth
    mim test lidnet_mm bilateral_sts.py --checkpoint none  # a denoiser that is not trained
"""

import argparse
import os
import sys
from pathlib import Path

from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.runner import Runner

from lidnet_mm.apis.config_options import ConfigOptions
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.process_group import LAUNCHERS, join_processes
from lidnet_mm.apis.tool_ending import run_tool
from lidnet_mm.atomic_write import require_writable
from lidnet_mm.benchmark.scores.checkpoint_identity import check_identity
from lidnet_mm.benchmark.scores.details import write_details
from lidnet_mm.benchmark.scores.recorded_test import add_physics, add_slice_records
from lidnet_mm.benchmark.scores.results import METHODS, write_results
from lidnet_mm.benchmark.scores.score_source import SOURCE, gather_source, write_source
from lidnet_mm.benchmark.scores.scoring import (
    SCORED,
    Judge,
    load_detector_weights,
    score,
)
from lidnet_mm.benchmark.scores.trained_as import is_denoiser
from lidnet_mm.datasets.converters.output.staged_folder import check_work_folder
from lidnet_mm.output_path import OutputPathError, check_output_file, is_same

FOR_DENOISERS = (
    "judge_checkpoint",
    "score",
    "method",
    "denoiser",
    "seed",
    "results",
    "records",
    "cases",
    "case_depth",
)
"""Options that mean nothing where a plain detector is tested."""

DETAILS, PHYSICS = "details.json", "physics.json"

BESIDE = (DETAILS, PHYSICS, SOURCE)
"""What stands beside ``--results``."""

NO_CHECKPOINT = "none"
"""Stands for no checkpoint, as ``mim test`` refuses to start without one."""


def build_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config that trained the checkpoint")
    parser.add_argument(
        "checkpoint",
        nargs="?",
        default=NO_CHECKPOINT,
        help="checkpoint of a LIDnet, a denoiser or a judge; 'none' for a denoiser without "
        "parameters, and for images as they are",
    )
    parser.add_argument("--judge-checkpoint", help="weights of the judge (work_dirs/<judge>)")
    parser.add_argument(
        "--score",
        choices=SCORED,
        help="what the judge looks at: the denoiser's output (default), LDCT or NDCT as they are",
    )
    parser.add_argument("--method", choices=METHODS, help="name of the row (what the config says)")
    parser.add_argument("--denoiser", help="its name in the row (the generator's type)")
    parser.add_argument(
        "--seed",
        type=int,
        help="seed of the training, for the row (what the checkpoint says)",
    )
    parser.add_argument(
        "--results",
        type=Path,
        help="write the scores as a results.json, and beside it all values (details.json), "
        "curves of noise and edges (physics.json) and when and on what it was made (source.json)",
    )
    parser.add_argument(
        "--records",
        type=Path,
        help="write what was found on each slice (records.json beside --results)",
    )
    parser.add_argument("--cases", type=int, help="keep so many example slices for a report")
    parser.add_argument(
        "--case-depth",
        type=int,
        help="slices of each example, those above and below it among them; odd (1)",
    )
    parser.add_argument("--work-dir", help="where logs go (work_dirs/<config>)")
    parser.add_argument("--cfg-options", nargs="+", action=ConfigOptions, help="key=value pairs")
    parser.add_argument("--launcher", choices=LAUNCHERS, default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
    return parser


def unused_options(arguments: argparse.Namespace) -> list[str]:
    """Given options that have no effect on the test of a plain detector."""
    given = [name for name in FOR_DENOISERS if getattr(arguments, name) is not None]
    return [f"--{name.replace('_', '-')}" for name in given]


def records_file(arguments: argparse.Namespace) -> Path | None:
    """Where the records go; None where nothing is written."""
    beside = arguments.results and arguments.results.with_name("records.json")
    return arguments.records or beside


def output_files(arguments: argparse.Namespace) -> list[Path]:
    """All that is written beside the work dir, each with a name of its own.

    Raises:
        OutputPathError: If two would be one file.
    """
    results, records = arguments.results, records_file(arguments)
    beside = [results.with_name(name) for name in BESIDE] if results else []
    files = [path for path in (results, records, *beside) if path is not None]
    for index, path in enumerate(files):
        if any(is_same(path, other) for other in files[:index]):
            raise OutputPathError(
                f"{path} is written twice: {', '.join(BESIDE)} and the records (records.json, or "
                "--records) go beside --results, give that another name, such as score.json"
            )
    return files


def check_outputs(arguments: argparse.Namespace, config: Config) -> None:
    """Refuse to write where the test reads, or where nothing can be written."""
    check_work_folder(Path(config.work_dir), config.get("data_root"))
    dataset = (config.get("test_dataloader") or {}).get("dataset") or {}
    read = [("the config", Path(arguments.config))]
    if dataset.get("ann_file"):
        annotations = Path(dataset.get("data_root") or "") / dataset.ann_file
        read.append(("the folder of the annotations", annotations.parent))
    for path in output_files(arguments):
        check_output_file(path, read, [".json"])
        require_writable(path.parent)


def build_config(arguments: argparse.Namespace) -> Config:
    """The config, completed by the command line."""
    config = load_config(arguments.config, arguments.cfg_options)
    join_processes(config, arguments.launcher)
    default = config.get("work_dir") or str(Path("work_dirs") / Path(arguments.config).stem)
    config.work_dir = arguments.work_dir or default
    if arguments.cases:
        hook = {"type": "lidnet_mm.CaseRecorderHook", "num_cases": arguments.cases}
        hook["depth"] = arguments.case_depth or 1
        config.custom_hooks = [*config.get("custom_hooks", []), hook]
    return config


def main() -> int:
    """Test and return the exit status."""
    parser = build_parser()
    arguments = parser.parse_args()
    if arguments.case_depth and not arguments.cases:
        parser.error("--case-depth is of the examples that --cases keeps")
    os.environ.setdefault("LOCAL_RANK", str(arguments.local_rank))
    config = build_config(arguments)
    check_outputs(arguments, config)
    checkpoint = None if arguments.checkpoint == NO_CHECKPOINT else arguments.checkpoint
    if not is_denoiser(config):
        if unused := unused_options(arguments):
            parser.error(
                f"{arguments.config} is a plain detector: {', '.join(unused)} need a denoiser "
                "in front of a judge"
            )
        if checkpoint is None:
            parser.error(f"{arguments.config} is a plain detector: give its checkpoint")
        config.load_from, config.resume = None, False  # MMEngine would run what a file says
        check_identity(config, checkpoint)
        runner = Runner.from_cfg(config)
        load_detector_weights(runner.model, checkpoint)
        runner.test()
        return 0
    judge = Judge.of(config, arguments.judge_checkpoint)
    if records := records_file(arguments):
        add_slice_records(config, records)
    if arguments.results:
        add_physics(config, arguments.results.with_name(PHYSICS))
    scored, seed = arguments.score or "denoised", arguments.seed
    row, scores = score(
        config, judge, checkpoint, scored, arguments.method, seed, arguments.denoiser
    )
    if not is_main_process():  # all have the scores, one writes them
        return 0
    if arguments.results:
        write_details(scores, arguments.results.with_name(DETAILS))
        write_source(gather_source(config, judge.checkpoint), arguments.results.with_name(SOURCE))
        write_results([row], arguments.results)  # last: a comparison takes it for the end
    metrics = "  ".join(
        f"{name} {'-' if value is None else f'{value:.3f}'}" for name, value in row.metrics.items()
    )
    sys.stdout.write(f"{row.method} by {row.judge}, window {row.window_hu} HU: {metrics}\n")
    return 0


if __name__ == "__main__":
    sys.exit(run_tool(main))
