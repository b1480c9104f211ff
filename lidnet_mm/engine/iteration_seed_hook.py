"""Random numbers of an iteration that are the same whenever it is run."""

import logging

from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.runner import Runner

from lidnet_mm.datasets.seeded_infinite_sampler import SeededInfiniteSampler
from lidnet_mm.registry import HOOKS
from lidnet_mm.seeding import seed_all, seed_for

KEY = "data_order"
"""Where a checkpoint's ``meta`` has the sampler's seed and the slices of an iteration."""


@HOOKS.register_module()
class IterationSeedHook(Hook):
    """Seeds Python, NumPy and PyTorch (CPU and CUDA) before each training iteration.

    The seed is a function of the runner's seed, the iteration and the rank. A resumed training
    so draws what the uninterrupted one draws, without a random state in its checkpoint, and a
    validation in between changes nothing. It works with every training loop.

    Without a seed in the config MMEngine draws one. It stands in the checkpoints, from which a
    resumed run takes it; so does that of a :class:`SeededInfiniteSampler`, which was built
    before the checkpoint was read.
    """

    priority = "VERY_HIGH"  # before whatever else draws

    def __init__(self) -> None:
        self._loaded: dict | None = None

    def before_save_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Note what the order of the data depends on.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): Gets ``meta['data_order']``.
        """
        if _sampler(runner) is not None:
            checkpoint["meta"][KEY] = _data_order(runner)

    def after_load_checkpoint(self, runner: Runner, checkpoint: dict) -> None:
        """Remember what the order of the data depended on.

        Args:
            runner (Runner): The runner.
            checkpoint (dict): What was read.
        """
        self._loaded = checkpoint.get("meta", {}).get(KEY)

    def before_train(self, runner: Runner) -> None:
        """In a resumed training go on in the order that it began with.

        Args:
            runner (Runner): The runner.
        """
        if runner.iter == 0 or self._loaded is None or _sampler(runner) is None:
            return
        found, expected = _data_order(runner), self._loaded
        if found["seed"] != expected["seed"]:
            print_log(f"The slices go on in the order of seed {expected['seed']}", "current")
            _sampler(runner).seed = expected["seed"]
        if found["slices_per_iter"] != expected["slices_per_iter"]:
            print_log(
                f"An iteration takes {found['slices_per_iter']} slices, in the training that is "
                f"resumed it took {expected['slices_per_iter']}: some slices of the present epoch "
                "are left out or seen twice. For the same order keep batch_size times the number "
                "of processes",
                logger="current",
                level=logging.WARNING,
            )

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


def _sampler(runner: Runner) -> SeededInfiniteSampler | None:
    """The sampler of the training data, if it is ours."""
    sampler = runner.train_dataloader.sampler
    return sampler if isinstance(sampler, SeededInfiniteSampler) else None


def _data_order(runner: Runner) -> dict[str, int]:
    """What the order of the data depends on."""
    sampler = _sampler(runner)
    batch_size = runner.train_dataloader.batch_size or 1
    return {"seed": sampler.seed, "slices_per_iter": batch_size * sampler.world_size}
