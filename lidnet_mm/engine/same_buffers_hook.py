"""The same running statistics in all processes before they validate."""

from mmengine.dist import broadcast, is_distributed
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class SameBuffersHook(Hook):
    """Gives every process the buffers of the first before a validation or test.

    Batch normalisation learns in each process from that one's slices. During training the wrapper
    sends those of the first process to all, but only before a step;
    a validation after it would score as many models as there are processes. The first process'
    buffers are those in the checkpoint, so a validation scores what is saved, and changes nothing
    that the training goes on with.
    """

    priority = "VERY_HIGH"

    def before_val_epoch(self, runner: Runner) -> None:
        """Send the buffers.

        Args:
            runner (Runner): The runner.
        """
        _send_buffers(runner)

    def before_test_epoch(self, runner: Runner) -> None:
        """Send the buffers.

        Args:
            runner (Runner): The runner.
        """
        _send_buffers(runner)


def _send_buffers(runner: Runner) -> None:
    """Overwrite the buffers with those of the first process."""
    if is_distributed():
        for buffer in runner.model.buffers():
            broadcast(buffer, src=0)
