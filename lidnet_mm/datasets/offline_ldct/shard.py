"""One of several equal parts of a work."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item")


@dataclass(frozen=True)
class Shard:
    """Part ``number`` of ``count``; every item is in exactly one of them.

    Attributes:
        number: From 1.
        count: How many parts there are.

    Raises:
        ValueError: The number is not from 1 to ``count``.
    """

    number: int = 1
    count: int = 1

    def __post_init__(self) -> None:
        if not 1 <= self.number <= self.count:
            raise ValueError(
                f"shard {self.number}/{self.count} does not exist: count from 1/n to n/n"
            )

    @classmethod
    def parse(cls, text: str) -> "Shard":
        """Read ``i/n``.

        Raises:
            ValueError: It is not of that form, or there is no such part.
        """
        match = re.fullmatch(r"(\d+)/(\d+)", text.strip())
        if match is None:
            raise ValueError(f"shard {text!r} is not i/n, as 1/4 for the first of four")
        return cls(*map(int, match.groups()))

    def of(self, items: Sequence[Item]) -> list[Item]:
        """The items of this part: every ``count``-th one."""
        return list(items[self.number - 1 :: self.count])
