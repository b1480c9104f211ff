"""A resumed training that touches no checkpoint outside of its work dir."""

from pathlib import Path

from mmengine.hooks import CheckpointHook, Hook
from mmengine.runner import Runner

from lidnet_mm.registry import HOOKS

BEST, LAST = "best_ckpt", "last_ckpt"
"""Values of MMEngine's message hub that are, or begin the names of those that are, paths."""


@HOOKS.register_module()
class OwnCheckpointsHook(Hook):
    """Lets a resumed training know only the checkpoints of its own folder.

    A checkpoint has the whole path of the best one so far, which MMEngine removes when there is a
    better one. Resumed in a copy of the work dir, or in another, a training would remove the best
    checkpoint of the training that it was copied from. Here the file of that name in its own folder
    takes its place, or none where there is none. The best score stays known.
    """

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Bring the paths home.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was read; changed in place.
        """
        values = checkpoint.get("message_hub", {}).get("runtime_info", {})
        folder = _folder(runner)
        for name, path in values.items():
            if path is not None and (name == LAST or name.startswith(BEST)):
                own = folder / Path(path).name
                values[name] = str(own) if own.is_file() else None


def _folder(runner: Runner) -> Path:
    """Where the runner's checkpoints go."""
    work_dir = Path(runner.work_dir)
    for hook in runner.hooks:
        if isinstance(hook, CheckpointHook) and hook.out_dir not in (None, runner.work_dir):
            return Path(hook.out_dir) / work_dir.name
    return work_dir
