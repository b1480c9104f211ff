"""A row that is missing from a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FailedCell:
    """A row without a score.

    Attributes:
        label (str): Which, such as ``lidnet_cpce seed 0``.
        reason (str): Which job failed and where its log lies, or ``not run yet``; never words of a
            log, which may name patients.
    """

    label: str
    reason: str
