"""Cases of a dataset that has one file of labels beside each file of a volume."""

from collections.abc import Callable, Mapping
from pathlib import Path

from lidnet_mm.datasets.converters.natural_order import natural_key
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    LeftOut,
    SourceCase,
)


def pair_cases(
    volumes: Mapping[str, Path],
    labels: Mapping[str, Path],
    read: Callable[[str, Path, Path], CaseContent],
) -> FoundCases:
    """Make a case of every patient with a volume and labels.

    Args:
        volumes: Patient → volume.
        labels: Patient → labels.
        read: (patient, volume, labels) → what the case holds.

    Returns:
        The cases in natural order of the patients. A volume without labels and labels without a
        volume are left out.
    """
    names = sorted({*volumes, *labels}, key=natural_key)
    cases, left_out = [], []
    for name in names:
        if name not in labels:
            left_out.append(LeftOut("volume", "it has no labels", str(volumes[name])))
        elif name not in volumes:
            left_out.append(LeftOut("annotation", "labels without a volume", str(labels[name])))
        else:
            cases.append(SourceCase(name, _reader(read, name, volumes[name], labels[name])))
    return FoundCases(cases, left_out)


def _reader(
    read: Callable[[str, Path, Path], CaseContent], patient: str, volume: Path, labels: Path
) -> Callable[[], CaseContent]:
    """The function that reads one case."""
    return lambda: read(patient, volume, labels)
