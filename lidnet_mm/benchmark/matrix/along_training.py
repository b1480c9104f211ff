"""Iterations of a training whose checkpoints the judge scores, too (figure 3)."""

import math

from mmengine.config import Config

from lidnet_mm.benchmark.matrix.iterations import iterations_of

HOOK = "default_hooks.checkpoint"


def kept_iterations(config: Config, interval: int, method: str, before: int = 0) -> list[int]:
    """Iterations at which a training leaves checkpoints that are still there when it has ended.

    Args:
        config (Config): Config of the training.
        interval (int): Iterations between two of them.
        method (str): Label of its row, for error messages.
        before (int): Iterations of a shared pre-training, which leaves its own. Defaults to 0.

    Returns:
        list[int]: Multiples of the interval without the last iteration, which is the row's score.

    Raises:
        ValueError: If there are none, or the config's ``CheckpointHook`` does not keep them; the
            message names the key to set.
    """
    total = iterations_of(config)
    along = f"along={interval} of method {method!r}"
    if total is None:
        raise ValueError(f"{along} counts iterations, but its config counts epochs")
    found = [n for n in range(interval, total, interval) if n > before]
    if not found:
        raise ValueError(f"{along} is never reached: it trains iterations {before + 1} to {total}")
    hook = (config.get("default_hooks") or {}).get("checkpoint") or {}
    if hook.get("by_epoch", True):
        raise ValueError(
            f"{along} counts iterations: set {HOOK}.by_epoch=False in its config or options"
        )
    saved = hook.get("interval", -1)
    if saved < 1 or interval % saved:
        raise ValueError(
            f"{along} is no multiple of the interval of its checkpoints, {saved}: set "
            f"{HOOK}.interval={interval} in its config or options"
        )
    most = hook.get("max_keep_ckpts", -1)
    if 0 < most < math.ceil(total / saved):
        raise ValueError(
            f"{along} needs checkpoints that are deleted before the training ends: set "
            f"{HOOK}.max_keep_ckpts=-1 in its config or options"
        )
    return found
