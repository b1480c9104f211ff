"""An index into a data set that carries the seed of what is done with the slice."""


class Draw(int):
    """Index of a drawn slice, with the seed of its augmentation.

    To whatever knows nothing of it, it is the index. What data sets of data sets do to an index,
    subtract an offset or take the remainder, keeps the seed.

    Args:
        index (int): Index into the data set.
        seed (int): Seed of this draw, as of ``lidnet_mm.seeding.seed_for``.

    Attributes:
        seed (int): The seed.
    """

    seed: int

    def __new__(cls, index: int, seed: int) -> "Draw":
        """The index, as an ``int``."""
        draw = super().__new__(cls, index)
        draw.seed = seed
        return draw

    def __getnewargs__(self) -> tuple[int, int]:
        """Both numbers, for the way to a worker process."""
        return int(self), self.seed

    def __sub__(self, offset: int) -> "Draw":
        return Draw(int(self) - offset, self.seed)

    def __mod__(self, length: int) -> "Draw":
        return Draw(int(self) % length, self.seed)
