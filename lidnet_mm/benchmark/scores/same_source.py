"""Refuses to put rows beside each other that were not made alike."""

from collections.abc import Callable, Iterable

from lidnet_mm.benchmark.scores.results import ResultRow

MIXED = "--allow-mixed"
"""Option that allows it."""


class MixedResultsError(ValueError):
    """Rows are of several commits of the code or of several HU windows."""


def check_commits(rows: Iterable[ResultRow]) -> None:
    """Refuse rows that were scored by several versions of the code.

    Args:
        rows (Iterable[ResultRow]): Rows of a matrix.

    Raises:
        MixedResultsError: If they are; the message names the rows of each commit.
    """
    _check(rows, lambda row: row.commit, "commits of the code")


def check_windows(rows: Iterable[ResultRow]) -> None:
    """Refuse rows whose PSNR, SSIM and RMSE are of different HU windows.

    Args:
        rows (Iterable[ResultRow]): Rows of one table.

    Raises:
        MixedResultsError: If they are; the message names the rows of each window.
    """
    _check(rows, lambda row: f"{row.window_hu} HU", "HU windows")


def _check(rows: Iterable[ResultRow], value_of: Callable[[ResultRow], str], what: str) -> None:
    """Refuse several values."""
    found: dict[str, list[str]] = {}
    for row in rows:
        name = f"{row.dataset}: {row.method} {row.denoiser} seed {row.seed}"
        found.setdefault(value_of(row), []).append(name)
    if len(found) > 1:
        parts = [
            f"{value} ({', '.join(names[:3])}{', ...' if len(names) > 3 else ''})"
            for value, names in found.items()
        ]
        raise MixedResultsError(
            f"the rows are of {len(found)} {what}: {'; '.join(parts)}. Delete the folders of the "
            f"older scores to make them anew, or give {MIXED} to put them beside each other"
        )
