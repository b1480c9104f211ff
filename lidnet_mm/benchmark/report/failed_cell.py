"""A row that is missing from a table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class FailedCell:
    """A row without a score.

    Attributes:
        label (str): Which, such as ``lidnet_cpce seed 0``.
        reason (str): Why: the end of a log, or ``not run yet``.
    """

    label: str
    reason: str
