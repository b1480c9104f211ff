"""Slices in random order without end, each draw known by its position."""

import itertools
from collections.abc import Iterator, Sized

import torch
from mmengine.dist import get_dist_info, sync_random_seed
from torch.utils.data import Sampler

from lidnet_mm.datasets.draw import Draw
from lidnet_mm.registry import DATA_SAMPLERS
from lidnet_mm.seeding import seed_for


@DATA_SAMPLERS.register_module()
class SeededInfiniteSampler(Sampler):
    """Permutations of the data set one after the other, each a function of seed and number alone.

    Of the positions of that sequence rank r of W takes r, r + W, r + 2 W, ...: W processes with
    a batch of B slices see in an iteration what one process with W B slices sees. Each draw
    carries a seed of its own, a function of seed and position, under which ``CTLesionDataset``
    augments the slice, and the number of visits before: it is the same in whatever worker,
    process or resumed run.

    Nothing is remembered from draw to draw, so a resumed training begins anywhere at the cost of
    one permutation.

    Args:
        dataset (Sized): The data set, not empty.
        shuffle (bool): Whether to permute; otherwise the order is the data set's each time.
            Defaults to True.
        seed (int, optional): Seed of order and augmentation. MMEngine's Runner gives its own
            unless the config names one. None draws one that all ranks share. Defaults to None.

    Attributes:
        seed (int): The seed; takes effect with the next iterator.

    Raises:
        ValueError: If the data set is empty.
    """

    def __init__(self, dataset: Sized, shuffle: bool = True, seed: int | None = None) -> None:
        self.size = len(dataset)
        if self.size == 0:
            raise ValueError(
                "the training data set has no slice: look into its ann_file and filter_cfg"
            )
        self.rank, self.world_size = get_dist_info()
        self.shuffle = shuffle
        self.seed = sync_random_seed() if seed is None else seed
        self._start = 0

    def __iter__(self) -> Iterator[Draw]:
        """This rank's draws, from where :meth:`skip` has put the beginning."""
        present, order = -1, []
        for number in itertools.count(self._start):
            position = self.rank + number * self.world_size
            epoch, place = divmod(position, self.size)
            if epoch != present:
                present, order = epoch, self._order(epoch)
            yield Draw(order[place], seed_for("draw", self.seed, position), epoch)

    def __len__(self) -> int:
        """Number of slices in the data set."""
        return self.size

    def skip(self, num_samples: int) -> None:
        """Let the next iterator begin later, at a cost that does not depend on how much.

        Args:
            num_samples (int): Draws of this rank to leave out, counted from the very first.

        Raises:
            ValueError: If it is negative.
        """
        if num_samples < 0:
            raise ValueError(f"cannot skip {num_samples} draws: give 0 or more")
        self._start = num_samples

    def _order(self, epoch: int) -> list[int]:
        """The permutation of an epoch."""
        if not self.shuffle:
            return list(range(self.size))
        generator = torch.Generator().manual_seed(seed_for("order", self.seed, epoch))
        return torch.randperm(self.size, generator=generator).tolist()
