"""What a converter says of one CT volume: where it is, its lesions, and what cannot be used."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.readers import CTVolume


@dataclass(frozen=True)
class LeftOut:
    """Something of the source that the dataset does not have.

    Attributes:
        what: Kind of thing: ``'patient'``, ``'volume'``, ``'slice'``, ``'box'``, ``'annotation'``
            or ``'file'``.
        reason: Why. It is written into the dataset, so it names nothing of the source: no file,
            no UID, no patient.
        source: What the source calls it, such as a file or UID. Shown on the terminal, never
            written.
        slice_index: Slice of the volume, from 0 towards superior; None where it is of no slice.
        count: How many such things.
        told: ``source`` is a sentence that says why, too.
    """

    what: str
    reason: str
    source: str = ""
    slice_index: int | None = None
    count: int = 1
    told: bool = False


@dataclass(frozen=True)
class Note:
    """Something of the source that the dataset has otherwise than the source says.

    Attributes:
        text: What was done. It is written into the dataset, so it names nothing of the source.
        source: What it was done with, such as two PatientIDs. Shown on the terminal, never written.
    """

    text: str
    source: str = ""


class UnusableCaseError(ConversionError):
    """One volume from which no correct slices can be made; others are not affected.

    Args:
        reason: Why, and what to do about it; it names nothing of the source.
        source: File or folder and, where known, the details, for the terminal.
    """

    def __init__(self, reason: str, source: str = "") -> None:
        super().__init__(f"{source}: {reason}" if source else reason)
        self.reason, self.source = reason, source


@dataclass(frozen=True)
class CaseContent:
    """One volume, read and checked.

    Attributes:
        volume: The NDCT (or only) volume.
        boxes: Slice, from 0 towards superior → its lesions. Slices that are left out have none.
        annotated: Slices of which it is known where they have lesions; one of them without a box
            is a true negative. None: all slices.
        left_out: What of the source is not in ``boxes``.
        ldct: The same patient at a lower dose, on the same grid, slice by slice.
        lesion_mask: (S, H, W) uint8 in the order of ``CTVolume.read_slice``, 0 or the number of
            the lesion; kept beside the volume where given.
    """

    volume: CTVolume
    boxes: Mapping[int, Sequence[LesionBox]]
    annotated: frozenset[int] | None = None
    left_out: Sequence[LeftOut] = ()
    ldct: CTVolume | None = None
    lesion_mask: np.ndarray | None = None


@dataclass(frozen=True)
class SourceCase:
    """One CT volume that a converter found.

    Attributes:
        patient: The source's name of the patient; patients are numbered in the natural order of
            these names, and a patient is in one part of the split only.
        read: Reads and checks the volume; raises :class:`UnusableCaseError` if it cannot be used.
        series: Tells the volumes of a patient apart; in natural order the first has none.
        part: ``'train'``, ``'val'`` or ``'test'`` if the source says so; None: it is drawn.
    """

    patient: str
    read: Callable[[], CaseContent] = field(repr=False)
    series: str = ""
    part: str | None = None


@dataclass(frozen=True)
class FoundCases:
    """All that a converter found in a folder, before anything is read.

    Attributes:
        cases: The volumes.
        left_out: What belongs to none of them.
        notes: What was joined or separated against what the source says.
    """

    cases: Sequence[SourceCase]
    left_out: Sequence[LeftOut] = ()
    notes: Sequence[Note] = ()
