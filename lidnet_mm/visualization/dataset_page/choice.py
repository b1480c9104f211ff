"""Which slices of a data set a page shows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lidnet_mm.seeding import seed_for
from lidnet_mm.visualization.dataset_page.part import DataPart, ListedSlice

KINDS = ("lesions", "negatives")


@dataclass(frozen=True)
class SliceChoice:
    """What to choose.

    Attributes:
        number: How many slices, at least 1; None for all.
        seed: Which ones, where there are more.
        only: ``lesions`` for slices with an annotated box, ``negatives`` for those without.
        patient: Pseudonym of the only patient to show.

    Raises:
        ValueError: ``number`` is below 1, or ``only`` is neither of the two.
    """

    number: int | None = 24
    seed: int = 0
    only: str | None = None
    patient: str | None = None

    def __post_init__(self) -> None:
        if self.number is not None and self.number < 1:
            raise ValueError(f"a page needs at least one slice, not {self.number}")
        if self.only not in (None, *KINDS):
            raise ValueError(f"only must be one of {', '.join(KINDS)}, not {self.only!r}")

    def wants(self, listed: ListedSlice) -> bool:
        """Whether a slice may be chosen.

        Args:
            listed: The slice.

        Returns:
            The answer.
        """
        is_kind = self.only is None or (self.only == "lesions") == bool(len(listed.boxes))
        return is_kind and self.patient in (None, listed.name.patient)


def choose_slices(
    parts: Sequence[DataPart], choice: SliceChoice
) -> list[tuple[DataPart, ListedSlice]]:
    """Draw slices at random, each with the same chance.

    Args:
        parts: Where from.
        choice: How many and which.

    Returns:
        Slices with the part that each is of, in the data set's order.

    Raises:
        ValueError: There is no slice of that kind, or no such patient.
    """
    pairs = [(part, listed) for part in parts for listed in part.slices]
    patients = {listed.name.patient for _, listed in pairs}
    if choice.patient is not None and choice.patient not in patients:
        raise ValueError(
            f"no slice is of patient {choice.patient}; the {len(patients)} patients are called"
            f" {_first(sorted(patients))}"
        )
    wanted = [pair for pair in pairs if choice.wants(pair[1])]
    if not wanted:
        kind = {"lesions": "with a lesion", "negatives": "without lesion"}.get(choice.only, "")
        raise ValueError(f"none of {len(pairs)} slices is {kind}".rstrip() + ": nothing to show")
    if choice.number is None or choice.number >= len(wanted):
        return wanted
    random = np.random.default_rng(seed_for("dataset_page", choice.seed))
    drawn = random.choice(len(wanted), choice.number, replace=False)
    return [wanted[index] for index in sorted(drawn)]


def _first(names: Sequence[str], most: int = 3) -> str:
    """The first of some names."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")
