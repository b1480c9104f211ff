"""Gradients that wait for their step, kept in checkpoints."""

import logging

from mmengine.dist import get_world_size
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.registry import HOOKS

KEY = "accumulated_gradients"
"""Where a checkpoint has them."""


@HOOKS.register_module()
class AccumulatedGradientsHook(Hook):
    """Keeps the gradients of a step that ``accumulative_counts`` has not finished.

    A training resumed from such a checkpoint takes the step that the uninterrupted one takes. At
    the end of a step, and without accumulation, there are none and nothing is stored.

    With several processes each has gradients of its own until the step, and only the first
    writes checkpoints: they are left out then, with a warning. Checkpoints at a multiple of
    ``accumulative_counts`` need none.
    """

    def __init__(self) -> None:
        self._loaded: dict | None = None
        self._warned = False

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Add the gradients.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): Gets ``accumulated_gradients``, parameter name to gradient.
        """
        parameters = unwrapped(runner.model).named_parameters()
        gradients = {name: p.grad.cpu() for name, p in parameters if p.grad is not None}
        if not gradients:
            return
        if get_world_size() == 1:
            checkpoint[KEY] = gradients
        elif not self._warned:
            self._warned = True
            print_log(
                "A checkpoint between the iterations of one accumulated step does not have the "
                "gradients of all processes: the first step after a resume from it is smaller. "
                "Take a checkpoint interval that is a multiple of accumulative_counts",
                logger="current",
                level=logging.WARNING,
            )

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Remember the gradients.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was read.
        """
        self._loaded = checkpoint.get(KEY)

    def before_train(self, runner: Runner) -> None:
        """In a resumed training put the gradients back.

        Args:
            runner (Runner): The runner.
        """
        if runner.iter == 0 or self._loaded is None:
            return
        parameters = dict(unwrapped(runner.model).named_parameters())
        for name, gradient in self._loaded.items():
            parameters[name].grad = gradient.to(parameters[name].device)
        self._loaded = None
