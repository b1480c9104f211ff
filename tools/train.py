"""Train a LIDnet, a baseline or a judge.

Example:
    mim train lidnet_mm lidnet_cpce_faster-rcnn_r18_sts.py --work-dir work_dirs/sts
"""

import argparse
import os
import sys
from pathlib import Path

from mmengine.runner import Runner

from lidnet_mm.apis.config_options import ConfigOptions
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.mixed_precision import use_mixed_precision
from lidnet_mm.apis.process_group import LAUNCHERS, join_processes
from lidnet_mm.apis.resume_training import NEWEST, resume_training
from lidnet_mm.apis.tool_ending import run_tool
from lidnet_mm.atomic_write import require_writable
from lidnet_mm.datasets.converters.output.staged_folder import check_work_folder
from lidnet_mm.engine.mixed_precision_optim_wrapper import DTYPES


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("config", help="config file")
    parser.add_argument("--work-dir", help="where logs and checkpoints go (work_dirs/<config>)")
    parser.add_argument("--seed", type=int, help="seed of weights, data order and augmentation")
    parser.add_argument(
        "--resume",
        nargs="?",
        const=NEWEST,
        help="continue from a checkpoint, or from the newest complete one; where there is none, "
        "train from the start",
    )
    parser.add_argument(
        "--pretraining",
        help="checkpoint of a pre-training (T1) trained once, with train_cfg.rounds=0, for several "
        "LIDnets around one detector: begin after it",
    )
    parser.add_argument(
        "--amp",
        nargs="?",
        const="bf16",
        choices=DTYPES,
        help="train in half precision: bf16 (default), or fp16 with a loss scale for each part",
    )
    parser.add_argument(
        "--cfg-options",
        nargs="+",
        action=ConfigOptions,
        help="key=value pairs, such as data_root=...",
    )
    parser.add_argument("--launcher", choices=LAUNCHERS, default="none")
    parser.add_argument("--local_rank", "--local-rank", type=int, default=0)
    return parser.parse_args()


def main() -> None:
    """Build the runner and train."""
    arguments = parse_arguments()
    os.environ.setdefault("LOCAL_RANK", str(arguments.local_rank))
    config = load_config(arguments.config, arguments.cfg_options)
    join_processes(config, arguments.launcher)
    if arguments.work_dir:
        config.work_dir = arguments.work_dir
    elif config.get("work_dir") is None:
        config.work_dir = str(Path("work_dirs") / Path(arguments.config).stem)
    if arguments.amp:
        use_mixed_precision(config, arguments.amp)
    if arguments.seed is not None:
        config.randomness = {"seed": arguments.seed}
    if arguments.pretraining:
        hook = {"type": "lidnet_mm.SharedPretrainingHook", "checkpoint": arguments.pretraining}
        config.custom_hooks = [*(config.get("custom_hooks") or []), hook]
    check_work_folder(Path(config.work_dir), config.get("data_root"))
    require_writable(Path(config.work_dir))
    if arguments.resume or (config.get("resume") and not config.get("load_from")):
        resume_training(config, arguments.resume or NEWEST)  # MMEngine follows its note elsewhere
    Runner.from_cfg(config).train()


if __name__ == "__main__":
    sys.exit(run_tool(main))
