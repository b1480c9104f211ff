"""Training, validation and test do not wait for a batch forever."""

from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.engine.watched_loader import watch
from lidnet_mm.registry import HOOKS


@HOOKS.register_module()
class LoaderWatchHook(Hook):
    """Ends a run whose data loaders bring no batch any more, with the reason and a remedy.

    See :func:`lidnet_mm.engine.watched_loader.watch`. Loaders without worker processes are left as
    they are.

    Args:
        timeout (float): Longest wait for a batch in seconds; 0 for no limit. Defaults to 300.

    Raises:
        ValueError: If ``timeout`` is negative.
    """

    priority = "HIGH"  # before whatever else starts the workers

    def __init__(self, timeout: float = 300.0) -> None:
        if timeout < 0:
            raise ValueError(f"timeout must be at least 0 (s), got {timeout}")
        self.timeout = timeout

    def before_train(self, runner: Runner) -> None:
        """Watch the training data.

        Args:
            runner (Runner): The runner.
        """
        watch(runner.train_dataloader, "train_dataloader", self.timeout)

    def before_val(self, runner: Runner) -> None:
        """Watch the validation data.

        Args:
            runner (Runner): The runner.
        """
        watch(runner.val_dataloader, "val_dataloader", self.timeout)

    def before_test(self, runner: Runner) -> None:
        """Watch the test data.

        Args:
            runner (Runner): The runner.
        """
        watch(runner.test_dataloader, "test_dataloader", self.timeout)
