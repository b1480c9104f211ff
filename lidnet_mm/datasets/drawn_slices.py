"""What a data set does with a drawn slice: its seed, and what tells a training from a test."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from lidnet_mm.datasets.draw import Draw
from lidnet_mm.seeding import random_states_of

NOISE_DRAW = "noise_draw"
"""Key of a sample in training: the :class:`Draw` of this visit, None where the index was plain.

A data set in test mode gives its samples no such key.
"""


class DrawnSlices(BaseDataset):
    """Base of data sets whose slices are drawn by a ``SeededInfiniteSampler``."""

    def __getitem__(self, idx: int) -> Any:
        """A slice after the pipeline.

        Args:
            idx: Its index. A :class:`Draw` carries a seed, too: the pipeline runs under it and
                the process's own random numbers go on as if nothing had been drawn.

        Returns:
            What the pipeline makes of the slice.
        """
        if not isinstance(idx, Draw):
            return super().__getitem__(idx)
        with random_states_of(idx.seed):
            return super().__getitem__(idx)

    def prepare_data(self, idx: int) -> Any:
        """Send a slice through the pipeline, in training with its draw.

        Args:
            idx: Its index.

        Returns:
            What the pipeline makes of the slice.
        """
        info = self.get_data_info(int(idx))
        if not self.test_mode:
            info[NOISE_DRAW] = idx if isinstance(idx, Draw) else None
        return self.pipeline(info)

    def _rand_another(self) -> Draw:
        """Another slice in place of one that the pipeline refused."""
        return Draw(super()._rand_another(), int(np.random.randint(2**63 - 1)))
