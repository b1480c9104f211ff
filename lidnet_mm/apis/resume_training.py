"""Which checkpoint a training goes on from."""

from pathlib import Path

from mmengine.config import Config
from mmengine.logging import print_log

from lidnet_mm.engine.newest_checkpoint import intact_checkpoint, newest_checkpoint

NEWEST = "auto"
"""Stands for the newest complete checkpoint of the work dir."""


def resume_training(config: Config, checkpoint: str = NEWEST) -> None:
    """Let a config go on from a checkpoint.

    Args:
        config (Config): The config, with ``work_dir``; its ``resume`` and ``load_from`` are set. It
            stays as it is where there is no checkpoint yet, so that one command starts a training
            and goes on with it.
        checkpoint (str): A checkpoint. Defaults to :data:`NEWEST`.

    Raises:
        FileNotFoundError: If there is no such checkpoint, or none in the work dir where its note
            names one.
        DamagedCheckpointError: If it is damaged, or all those that there are.
    """
    if checkpoint != NEWEST:
        found = intact_checkpoint(Path(checkpoint))
    else:
        found = newest_checkpoint(Path(config.work_dir))
    if found is None:
        print_log(f"No checkpoint in {config.work_dir}: training from the start", "current")
        return
    config.resume, config.load_from = True, str(found)
