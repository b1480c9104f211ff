"""Batches whose loss or gradients are not finite are skipped, counted and named."""

import functools
from collections.abc import Callable

import torch
from mmengine.dist import all_gather_object, all_reduce, get_world_size
from mmengine.hooks import Hook
from mmengine.optim import OptimWrapper, OptimWrapperDict
from mmengine.runner import Runner
from torch import Tensor, nn

from lidnet_mm.engine.batch_names import batch_names
from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.registry import HOOKS

SKIPPED = "skipped_steps"
"""Where the counts stand in the message hub, and so in the checkpoints."""


class NonFiniteLossError(RuntimeError):
    """Too many batches in a row had to be skipped."""


@HOOKS.register_module()
class NonFiniteLossHook(Hook):
    """Leaves weights, running statistics and logged means as they were where a loss is NaN or inf.

    The step of such a batch is skipped, in all processes when it is so in one, and the log names
    its slices. The iteration counts as done, so phases, data order and learning rates stay what
    they are without it. Where gradients are accumulated, a skipped batch that would end a step
    takes those before it with it. Gradients that are not finite although the loss is skip the
    step, too; under a loss scaler that is the scaler's business. What a detector keeps outside
    of its state dict is not undone.

    Args:
        max_in_a_row (int): Most batches that a part of the model may skip one after the other;
            at the next the training stops. Defaults to 10.

    Raises:
        ValueError: If ``max_in_a_row`` is negative.
    """

    priority = "HIGHEST"  # before RuntimeInfoHook takes the values to log

    def __init__(self, max_in_a_row: int = 10) -> None:
        if max_in_a_row < 0:
            raise ValueError(f"max_in_a_row must be at least 0, got {max_in_a_row}")
        self.max_in_a_row = max_in_a_row

    def before_train(self, runner: Runner) -> None:
        """Watch the optimizer of each part.

        Args:
            runner (Runner): The runner.
        """
        self._running = _running_statistics(unwrapped(runner.model))
        wrappers = runner.optim_wrapper
        is_dict = isinstance(wrappers, OptimWrapperDict)
        for part, wrapper in wrappers.items() if is_dict else [("model", wrappers)]:
            watched = (self, runner, part, wrapper)
            wrapper.update_params = functools.partial(_update, *watched, wrapper.update_params)
            scaler = getattr(wrapper, "loss_scaler", None)
            if scaler is None or not scaler.is_enabled():
                wrapper.step = functools.partial(_step, *watched, wrapper.step)

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Keep what a bad batch must not change.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Iteration.
            data_batch (dict, optional): The batch.
        """
        self._batch = data_batch
        self._skipped = False
        self._keep_statistics()

    def after_train_iter(
        self,
        runner: Runner,
        batch_idx: int,
        data_batch: dict | None = None,
        outputs: dict | None = None,
    ) -> None:
        """Keep what is not finite out of the logged means.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Iteration.
            data_batch (dict, optional): Not used.
            outputs (dict, optional): Values to log; those that are not finite are taken out.
        """
        if self._skipped and outputs is not None:
            for name in [name for name, value in outputs.items() if not _is_finite(value)]:
                outputs.pop(name)

    def skip(self, runner: Runner, part: str, reason: str, is_here: bool) -> None:
        """Undo, count and report a batch.

        Args:
            runner (Runner): The runner.
            part (str): Whose step is skipped.
            reason (str): What is not finite.
            is_here (bool): Whether it is so in this process.

        Raises:
            NonFiniteLossError: If it is one too many in a row.
        """
        self._skipped = True
        with torch.no_grad():
            for (module, name), value in zip(self._running, self._kept, strict=True):
                getattr(module, name).copy_(value)
        found = all_gather_object((reason, batch_names(self._batch)) if is_here else None)
        reasons = "; ".join(f"{why}, batch: {names}" for why, names in filter(None, found))
        counts = self._count(runner, part)
        runner.logger.warning(
            f"Iteration {runner.iter + 1}: step of the {part} skipped, {counts['in_a_row']} in a "
            f"row, {counts['total']} in all: {reasons}"
        )
        if counts["in_a_row"] > self.max_in_a_row:
            raise NonFiniteLossError(
                f"{counts['in_a_row']} steps of the {part} in a row were skipped, the last at "
                f"iteration {runner.iter + 1}: {reasons}. Checkpoint from before: "
                f"{counts['checkpoint'] or 'none'}. If it is always the same slices, mend or leave "
                "them out; otherwise lower the learning rate or clip gradients "
                f"(optim_wrapper.{part}.clip_grad), and go on with --resume CHECKPOINT"
            )

    def end_row(self, runner: Runner, part: str) -> None:
        """Take note of a step that was done.

        Args:
            runner (Runner): The runner.
            part (str): Whose step.
        """
        counts = runner.message_hub.runtime_info.get(SKIPPED, {})
        if counts.get(part, {}).get("in_a_row"):
            counts[part]["in_a_row"] = 0
        self._keep_statistics()  # another part may have its turn on the same batch

    def _keep_statistics(self) -> None:
        """Copy the running statistics: a forward pass alone brings NaN into them."""
        self._kept = [getattr(module, name).clone() for module, name in self._running]

    @staticmethod
    def _count(runner: Runner, part: str) -> dict:
        """Count a skipped step of a part."""
        info = runner.message_hub.runtime_info
        counts = dict(info.get(SKIPPED, {}))
        own = counts.setdefault(part, {"total": 0, "in_a_row": 0, "checkpoint": None})
        if not own["in_a_row"]:
            own["checkpoint"] = info.get("last_ckpt")
        own["total"] += 1
        own["in_a_row"] += 1
        runner.message_hub.update_info(SKIPPED, counts)
        return own


def _running_statistics(model: nn.Module) -> list[tuple[nn.Module, str]]:
    """Modules and names of the buffers that checkpoints keep; the others are constants."""
    saved = {id(value) for value in model.state_dict(keep_vars=True).values()}
    return [
        (module, name)
        for module in model.modules()
        for name, buffer in module.named_buffers(recurse=False)
        if id(buffer) in saved
    ]


def _update(
    hook: NonFiniteLossHook,
    runner: Runner,
    part: str,
    wrapper: OptimWrapper,
    update_params: Callable,
    loss: Tensor,
    *args: dict,
    **kwargs: dict,
) -> None:
    """``update_params`` of a wrapper, unless the loss is not finite in one of the processes."""
    is_here = not _is_finite(loss)
    if _in_any_process(is_here, loss):
        wrapper._inner_count += 1
        if wrapper.should_update():
            wrapper.zero_grad()
        hook.skip(runner, part, f"its loss is {float(loss)}", is_here)
        return
    skipped_before = hook._skipped
    hook._skipped = False
    update_params(loss, *args, **kwargs)
    if not hook._skipped:
        hook.end_row(runner, part)
    hook._skipped = hook._skipped or skipped_before


def _step(
    hook: NonFiniteLossHook,
    runner: Runner,
    part: str,
    wrapper: OptimWrapper,
    step: Callable,
    **kwargs: dict,
) -> None:
    """``step`` of a wrapper, unless its gradients are not finite; all processes have the same."""
    parameters = (p for group in wrapper.optimizer.param_groups for p in group["params"])
    gradients = [p.grad for p in parameters if p.grad is not None]
    # Ten times as fast as the largest value, and infinite only beyond 1e19, where all is lost.
    if _is_finite(torch.nn.utils.get_total_norm(gradients)):
        step(**kwargs)
    else:
        hook.skip(runner, part, "its gradients are not finite", is_here=True)


def _is_finite(value: Tensor | float) -> bool:
    """Whether a number, or all of a tensor, is finite."""
    return bool(torch.isfinite(torch.as_tensor(value)).all())


def _in_any_process(is_so: bool, like: Tensor) -> bool:
    """Whether something is so in one of the processes."""
    if get_world_size() == 1:
        return is_so
    flag = torch.tensor(int(is_so), device=like.device)
    all_reduce(flag, op="max")
    return bool(flag)
