"""What rows are called in tables, under pictures and beside counts."""

from collections.abc import Container, Iterable
from typing import NamedTuple

from lidnet_mm.benchmark.scores.results import ResultRow

UNTRAINED = ("ldct", "classical", "ndct")
"""Methods that train nothing."""

METHOD_TITLES = {
    "ldct": "LDCT",
    "classical": "Classical",
    "baseline": "Baseline",
    "matched": "Matched",
    "joint": "Joint",
    "lidnet": "LIDnet",
    "lidnet_gan": "LIDnet (GAN)",
    "ndct": "NDCT",
}

METHOD_MEANINGS = {
    "ldct": "the low-dose image as it is: the floor",
    "classical": "a filter without training",
    "baseline": "the denoiser trained on its own loss alone",
    "matched": "the baseline with as many updates as LIDnet's denoiser",
    "joint": "denoiser and detector updated at every step",
    "lidnet": "the denoiser trained in turn with a detector",
    "lidnet_gan": "LIDnet with an adversarial loss",
    "ndct": "the reference itself: the ceiling",
}


class RowKey(NamedTuple):
    """What rows that differ only in seed have in common, within a table.

    Attributes:
        method (str): Method.
        denoiser (str): Denoiser.
        detector (str): Guiding detector.
    """

    method: str
    denoiser: str
    detector: str


def ablation_title(denoiser: str, name: str) -> str:
    """Denoiser of an ablation: ``CPCE (k1)`` is CPCE with what the entry ``k1`` changes."""
    return f"{denoiser} ({name})"


def ablation_parts(denoiser: str, denoisers: Container[str]) -> tuple[str, str]:
    """A denoiser and what an ablation of it changes.

    Args:
        denoiser (str): Such as ``CPCE (k1)``, or ``RED-CNN (32 channels)``, which is none.
        denoisers (Container[str]): All there are: an ablation's denoiser is among them.

    Returns:
        tuple[str, str]: ``CPCE`` and ``k1``; the denoiser itself and an empty name where it is no
        ablation.
    """
    whole, bracket, name = denoiser.rpartition(" (")
    if not bracket or not name.endswith(")") or whole not in denoisers:
        return denoiser, ""
    return whole, name[:-1]


def row_key(row: ResultRow | RowKey) -> RowKey:
    """Key of a row."""
    return RowKey(row.method, row.denoiser, row.detector)


def row_titles(rows: Iterable[ResultRow | RowKey]) -> dict[RowKey, str]:
    """A title for each line of a table, no longer than it needs to be.

    Args:
        rows (Iterable[ResultRow | RowKey]): Rows of one table, or their keys.

    Returns:
        dict[RowKey, str]: ``LIDnet`` where there is one denoiser, ``LIDnet, CPCE`` where there are
        several, with the detector behind it where several detectors guided that one.
    """
    keys = list(dict.fromkeys(row_key(row) for row in rows))
    several = len({key.denoiser for key in keys} - {"none"}) > 1
    detectors: dict[tuple[str, str], int] = {}
    for key in keys:
        detectors[key[:2]] = detectors.get(key[:2], 0) + 1
    titles = {}
    for key in keys:
        parts = [METHOD_TITLES[key.method]]
        parts += [key.denoiser] if several and key.denoiser != "none" else []
        parts += [key.detector] if detectors[key[:2]] > 1 else []
        titles[key] = ", ".join(parts)
    return titles
