"""A moving average of the generator's weights, used to validate and to denoise."""

import logging
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.optim import OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor, nn
from torch.optim import Optimizer

from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.registry import HOOKS

PART = "denoiser"
ENTRY = "generator_ema"
"""Entry of a checkpoint with the weights that the optimizer goes on with, and the updates."""

WARM_UP = 10


@HOOKS.register_module()
class GeneratorEMAHook(Hook):
    """Averages the generator over its own steps; detector and critic are left alone.

    After the n-th step of the generator (n = 0, 1, ...) ``average = d * average + (1 - d) *
    weights`` with d = min(``decay``, (1 + n) / (10 + n)), so that the first steps do not keep the
    random weights in it for long. Iterations of other phases, those whose gradients only
    accumulate, and steps left out for an overflow or NaN change nothing. Buffers are those of the
    last step.

    The average takes the generator's place in validations and in the ``state_dict`` of
    checkpoints, so that testing and exporting know nothing of it. The weights being trained are
    in the entry ``generator_ema``, from which a resumed training goes on; resume it with this
    hook.

    Args:
        decay (float): Largest d, in [0, 1). Defaults to 0.999.

    Raises:
        ValueError: If ``decay`` is not in [0, 1).
    """

    def __init__(self, decay: float = 0.999) -> None:
        if not 0 <= decay < 1:
            raise ValueError(f"decay must be in [0, 1), got {decay}")
        self.decay = decay
        self.updates = 0
        self.average: dict[str, Tensor] | None = None
        self._stepped = False
        self._trained: dict[str, Tensor] | None = None  # while the average takes its place

    def before_train(self, runner: Runner) -> None:
        """Begin with the present weights, unless a checkpoint brought an average.

        Args:
            runner (Runner): The runner.

        Raises:
            TypeError: If the model has no generator.
        """
        generator = _generator(runner)
        _optimizer(runner).register_step_post_hook(self._note_step)
        if self.average is None:
            self.average = _copy(generator.state_dict())
        own = generator.state_dict()
        self.average = {name: value.to(own[name].device) for name, value in self.average.items()}

    @torch.no_grad()
    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Update the average, if the generator was.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Not used.
            data_batch (dict, optional): Not used.
            outputs (dict, optional): Not used.
        """
        if not self._stepped:
            return
        self._stepped = False
        decay = min(self.decay, (1 + self.updates) / (WARM_UP + self.updates))
        generator = _generator(runner)
        learned = {name for name, _ in generator.named_parameters()}
        for name, value in generator.state_dict().items():
            if name in learned:
                self.average[name].lerp_(value, 1 - decay)
            else:
                self.average[name].copy_(value)
        self.updates += 1

    def before_val_epoch(self, runner: Runner) -> None:
        """Validate the average."""
        self._show(runner)

    def after_val_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Go on with the weights being trained."""
        self._hide(runner)

    def before_test_epoch(self, runner: Runner) -> None:
        """Test the average, if the same runner has trained it."""
        self._show(runner)

    def after_test_epoch(self, runner: Runner, metrics: dict | None = None) -> None:
        """Go on with the weights being trained."""
        self._hide(runner)

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Save the average as the generator, and what the training goes on with beside it.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): Changed in place.
        """
        state, prefix = checkpoint["state_dict"], _prefix(runner)
        trained = self._trained or {name: state[prefix + name] for name in self.average}
        checkpoint[ENTRY] = {"trained": _on_cpu(trained), "updates": self.updates}
        state.update({prefix + name: value for name, value in _on_cpu(self.average).items()})

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Resume average and training where they were.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): Changed in place, before the model reads it.
        """
        if not runner._resume:
            return
        if ENTRY not in checkpoint:
            print_log(
                "The checkpoint has no average of the generator: it was trained without "
                "GeneratorEMAHook, and the average begins here",
                "current",
                logging.WARNING,
            )
            return
        state, prefix = checkpoint["state_dict"], _prefix(runner)
        trained = checkpoint[ENTRY]["trained"]
        self.average = _copy({name: state[prefix + name] for name in trained})
        self.updates = checkpoint[ENTRY]["updates"]
        state.update({prefix + name: value for name, value in trained.items()})

    def _note_step(self, *_: Any) -> None:
        """Called by the generator's optimizer."""
        self._stepped = True

    def _show(self, runner: Runner) -> None:
        """Put the average in the place of the trained weights."""
        if self.average is not None:
            generator = _generator(runner)
            self._trained = _copy(generator.state_dict())
            generator.load_state_dict(self.average)

    def _hide(self, runner: Runner) -> None:
        """Put the trained weights back."""
        if self._trained is not None:
            _generator(runner).load_state_dict(self._trained)
            self._trained = None


def _generator(runner: Runner) -> nn.Module:
    """The generator of the runner's model."""
    parts = getattr(unwrapped(runner.model), "parts", {})
    if PART not in parts:
        raise TypeError(
            f"GeneratorEMAHook averages the generator of a LIDDetector or DenoisingModel, but a "
            f"{type(unwrapped(runner.model)).__name__} has none: take the hook out"
        )
    return parts[PART]


def _prefix(runner: Runner) -> str:
    """What stands before the names of the generator's weights in the model's."""
    generator = _generator(runner)
    modules = unwrapped(runner.model).named_modules()
    return next(name for name, module in modules if module is generator) + "."


def _optimizer(runner: Runner) -> Optimizer:
    """The generator's own, or the only one."""
    wrapper = runner.optim_wrapper
    return (wrapper[PART] if isinstance(wrapper, OptimWrapperDict) else wrapper).optimizer


def _copy(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """The same values in memory of their own."""
    return {name: value.detach().clone() for name, value in state.items()}


def _on_cpu(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """A copy on the CPU."""
    return {name: value.cpu() for name, value in _copy(state).items()}
