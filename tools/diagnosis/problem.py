"""One thing that is wrong, and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """Something that is wrong.

    Args:
        what: What is wrong, where.
        remedy: What to do about it.
        stops: Whether something that is needed does not work; a remark otherwise.
    """

    what: str
    remedy: str
    stops: bool = True

    def __str__(self) -> str:
        """One line."""
        return f"{self.what}. {self.remedy}"
