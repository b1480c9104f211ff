"""Score a trained denoiser with a frozen judge, or test a plain detector.

Example:
    mim test lidnet_mm lidnet_cpce_faster-rcnn_r18_sts.py --checkpoint work_dirs/lid/iter_900.pth
        --judge-checkpoint work_dirs/judge/iter_600.pth
"""

import argparse
import os
import sys
from pathlib import Path

from mmengine.config import Config, DictAction
from mmengine.runner import Runner

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.results import write_results
from lidnet_mm.benchmark.scoring import SCORED, Judge, is_denoiser, score


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config that trained the checkpoint")
    parser.add_argument("checkpoint", help="checkpoint of a LIDnet, a denoiser or a judge")
    parser.add_argument("--judge-checkpoint", help="weights of the judge (work_dirs/<judge>)")
    parser.add_argument(
        "--score",
        choices=SCORED,
        default="denoised",
        help="what the judge looks at: the denoiser's output, or LDCT or NDCT as they are",
    )
    parser.add_argument("--method", help="name of the row (what the config says)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the training, for the row")
    parser.add_argument("--results", type=Path, help="write the scores as a results.json")
    parser.add_argument("--cases", type=int, help="keep so many example slices for a report")
    parser.add_argument("--work-dir", help="where logs go (work_dirs/<config>)")
    parser.add_argument("--cfg-options", nargs="+", action=DictAction, help="key=value pairs")
    parser.add_argument("--launcher", choices=("none", "pytorch", "slurm", "mpi"), default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
    return parser.parse_args()


def build_config(arguments: argparse.Namespace) -> Config:
    """The config, completed by the command line."""
    config = load_config(arguments.config, arguments.cfg_options)
    config.launcher = arguments.launcher
    config.work_dir = arguments.work_dir or str(Path("work_dirs") / Path(arguments.config).stem)
    if arguments.cases:
        hook = {"type": "lidnet_mm.CaseRecorderHook", "num_cases": arguments.cases}
        config.custom_hooks = [*config.get("custom_hooks", []), hook]
    return config


def main() -> int:
    """Test and return the exit status."""
    arguments = parse_arguments()
    os.environ.setdefault("LOCAL_RANK", str(arguments.local_rank))
    config = build_config(arguments)
    if not is_denoiser(config):
        config.load_from = arguments.checkpoint
        Runner.from_cfg(config).test()
        return 0
    judge = Judge.of(config, arguments.judge_checkpoint)
    row = score(
        config, judge, arguments.checkpoint, arguments.score, arguments.method, arguments.seed
    )
    if arguments.results:
        write_results([row], arguments.results)
    metrics = "  ".join(
        f"{name} {'-' if value is None else f'{value:.3f}'}" for name, value in row.metrics.items()
    )
    sys.stdout.write(f"{row.method} by {row.judge}, window {row.window_hu} HU: {metrics}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
