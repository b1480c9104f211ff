"""Trainings that begin after a pre-training (T1) which was done once for all of them."""

from pathlib import Path
from typing import Any

from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner
from torch import nn

from lidnet_mm.engine.collaborative_train_loop import CollaborativeTrainLoop
from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.registry import HOOKS
from lidnet_mm.weights_file import read_weights_file

PART = "detector"


@HOOKS.register_module()
class SharedPretrainingHook(Hook):
    """Lets a collaborative training begin where a pre-training of the same detector ended.

    In T1 the denoiser rests, so LIDnets that differ in nothing but the denoiser do the same T1. It
    is trained once, with ``train_cfg.rounds=0``; the others take detector, its optimizer and
    schedulers, and the iteration from its checkpoint. Their denoisers are as they were initialised,
    and their data go on at the place that the T1 came to. With equal initial weights the training
    is, bit by bit, the one that does its T1 itself.

    A training that is resumed takes nothing from the checkpoint.

    Args:
        checkpoint (str): Checkpoint of the pre-training, at its end.

    Raises:
        FileNotFoundError: If there is no such file.
        TypeError: If the training does not take turns.
        ValueError: If the checkpoint is not of the last iteration of the same T1.
    """

    priority = "VERY_HIGH"

    def __init__(self, checkpoint: str) -> None:
        self.checkpoint = checkpoint

    def before_train(self, runner: Runner) -> None:
        """Take over what T1 left, unless the training is resumed.

        Args:
            runner (Runner): The runner.
        """
        loop = runner.train_loop
        if not isinstance(loop, CollaborativeTrainLoop):
            raise TypeError(
                f"SharedPretrainingHook is for CollaborativeTrainLoop, not {type(loop).__name__}"
            )
        if loop.iter > 0:
            return
        if not Path(self.checkpoint).is_file():
            raise FileNotFoundError(
                f"no pre-training {self.checkpoint}: train it first, with train_cfg.rounds=0"
            )
        stored = read_weights_file(self.checkpoint)
        self._check(runner, stored)
        _take_weights(unwrapped(runner.model).detector, stored["state_dict"], self.checkpoint)
        runner.optim_wrapper[PART].load_state_dict(stored["optimizer"][PART])
        schedulers = (runner.param_schedulers or {}).get(PART, [])
        states = (stored.get("param_schedulers") or {}).get(PART, [])
        for scheduler, state in zip(schedulers, states, strict=True):
            scheduler.load_state_dict(state)
        loop._iter = stored["meta"]["iter"]
        print_log(f"Pre-training of the {PART} taken from {self.checkpoint}", "current")

    def _check(self, runner: Runner, stored: dict[str, Any]) -> None:
        """Refuse a checkpoint that is not the end of this training's T1."""
        done, wanted = stored["meta"]["iter"], runner.train_loop.schedule.pretrain_iters
        if done != wanted:
            raise ValueError(
                f"{self.checkpoint} is of iteration {done}, but pretrain_iters (T1) is {wanted}: "
                "take the checkpoint of a pre-training of that length"
            )
        seed = stored["meta"].get("seed")
        if seed != runner.seed:
            raise ValueError(
                f"{self.checkpoint} was trained with seed {seed}, this training has {runner.seed}: "
                "the data would not go on where it ended; give both one seed"
            )


def _take_weights(detector: nn.Module, weights: dict[str, Any], source: str) -> None:
    """Load the detector's part of a LIDnet's weights, all of it."""
    own = {k.removeprefix(f"{PART}."): v for k, v in weights.items() if k.startswith(f"{PART}.")}
    try:
        detector.load_state_dict(own)
    except RuntimeError as error:
        raise ValueError(f"{source} is of another detector: {error}") from error
