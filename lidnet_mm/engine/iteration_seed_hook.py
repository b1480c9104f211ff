"""Random numbers of an iteration that are the same whenever it is run."""

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.runner import Runner

from lidnet_mm.registry import HOOKS
from lidnet_mm.seeding import seed_all, seed_for


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seeds Python, NumPy and PyTorch (CPU and CUDA) before each training iteration.

    The seed is a function of the runner's seed, the iteration and the rank. A resumed training
    so draws what the uninterrupted one draws, without a random state in its checkpoint, and a
    validation in between changes nothing. It works with every training loop.

    Without a seed in the config MMEngine draws one; it stands in the checkpoints, from which a
    resumed run takes it.
    """

    priority = "VERY_HIGH"  # before whatever else draws

    def before_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: dict | None = None
    ) -> None:
        """Seed the iteration.

        Args:
            runner (Runner): The runner.
            batch_idx (int): Not used.
            data_batch (dict, optional): Not used.
        """
        seed_all(seed_for("iteration", runner.seed, runner.iter, get_rank()))
