"""An index into a data set that carries the seed of what is done with the slice."""


class Draw(int):
    """Index of a drawn slice, with the seed of its augmentation.

    To whatever knows nothing of it, it is the index. What data sets of data sets do to an index,
    subtract an offset or take the remainder, keeps the seed.

    Args:
        index (int): Index into the data set.
        seed (int): Seed of this draw, as of ``lidnet_mm.seeding.seed_for``.
        visit (int, optional): How many visits of the slice came before; None where nobody knows.
            Defaults to None.

    Attributes:
        seed (int): The seed.
        visit (int | None): The earlier visits.
    """

    seed: int
    visit: int | None

    def __new__(cls, index: int, seed: int, visit: int | None = None) -> "Draw":
        """The index, as an ``int``."""
        draw = super().__new__(cls, index)
        draw.seed, draw.visit = seed, visit
        return draw

    def __getnewargs__(self) -> tuple[int, int, int | None]:
        """All numbers, for the way to a worker process."""
        return int(self), self.seed, self.visit

    def __sub__(self, offset: int) -> "Draw":
        return Draw(int(self) - offset, self.seed, self.visit)

    def __mod__(self, length: int) -> "Draw":
        # A data set that repeats another visits each slice several times in an epoch.
        visit = self.visit if int(self) < length else None
        return Draw(int(self) % length, self.seed, visit)
