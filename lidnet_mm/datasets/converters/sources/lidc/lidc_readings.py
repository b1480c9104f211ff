"""Readings of the LIDC-IDRI collection: what each reader drew on a CT."""

from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree

import numpy as np

from lidnet_mm.datasets.converters.sources.outside_xml import AnnotationError, read_xml, text_of

CT_ROOT, XRAY_ROOT = "LidcReadMessage", "IdriReadMessage"

MALIGNANCY = range(1, 6)
"""Grades of suspicion; 0 and no number mean that none was given."""


@dataclass(frozen=True)
class Outline:
    """One closed line on one slice.

    Attributes:
        sop_uid: SOPInstanceUID of the slice.
        inclusion: Whether the nodule is inside; else it is the border of a hole in it.
        points: (N, 2) int, (row, column) of the stored picture from 0. They are the first pixels
            outside of the nodule (or of the hole's surroundings), in order.
    """

    sop_uid: str
    inclusion: bool
    points: np.ndarray


@dataclass(frozen=True)
class ReadNodule:
    """What one reader drew of one nodule.

    Attributes:
        reader: Number of the reader in this file, from 0. It is not the same person in others.
        outlines: The lines, at least one.
        malignancy: Suspicion from 1 to 5; None where the reader gave none.
    """

    reader: int
    outlines: tuple[Outline, ...]
    malignancy: int | None

    @property
    def is_mark(self) -> bool:
        """Whether it is a single point, by which readers mark nodules below 3 mm."""
        return all(len(outline.points) == 1 for outline in self.outlines)


@dataclass(frozen=True)
class LidcReading:
    """The readings of one CT.

    Attributes:
        path: The file.
        series_uid: SeriesInstanceUID of the CT.
        readers: Number of readers, also of those who drew nothing.
        nodules: What they drew.
        non_nodules: Number of marks of other findings.
    """

    path: Path
    series_uid: str
    readers: int
    nodules: tuple[ReadNodule, ...]
    non_nodules: int


def read_lidc(path: Path) -> LidcReading:
    """Read the XML file of one CT.

    Args:
        path: A file of which the root is ``LidcReadMessage``.

    Raises:
        AnnotationError: It cannot be read, is the reading of a chest X-ray or something else, or
            an outline is not complete.
    """
    root = read_xml(path)
    if root.tag == XRAY_ROOT:
        raise AnnotationError("the reading of a chest X-ray", str(path))
    series_uid = text_of(root, "ResponseHeader/SeriesInstanceUid")
    if root.tag != CT_ROOT or not series_uid:
        raise AnnotationError("it is no LIDC-IDRI reading of a CT", f"{path} (<{root.tag}>)")
    sessions = root.findall("readingSession")
    return LidcReading(
        path=path,
        series_uid=series_uid,
        readers=len(sessions),
        nodules=tuple(
            _nodule(path, reader, element)
            for reader, session in enumerate(sessions)
            for element in session.iter("unblindedReadNodule")
        ),
        non_nodules=sum(1 for _ in root.iter("nonNodule")),
    )


def _nodule(path: Path, reader: int, element: ElementTree.Element) -> ReadNodule:
    """Read what one reader drew of one nodule."""
    outlines = tuple(_outline(path, roi) for roi in element.iter("roi"))
    if not outlines:
        raise AnnotationError("a nodule has no outline", f"{path} ({text_of(element, 'noduleID')})")
    grade = text_of(element, "characteristics/malignancy")
    given = grade.isdecimal() and int(grade) in MALIGNANCY
    return ReadNodule(reader, outlines, int(grade) if given else None)


def _outline(path: Path, roi: ElementTree.Element) -> Outline:
    """Read one line."""
    uid, inclusion = text_of(roi, "imageSOP_UID"), text_of(roi, "inclusion").upper()
    edges = roi.findall("edgeMap")
    texts = [(text_of(edge, "yCoord"), text_of(edge, "xCoord")) for edge in edges]
    numbers = all(text.isdecimal() and len(text) < 10 for pair in texts for text in pair)
    if not (uid and texts and numbers and inclusion in ("TRUE", "FALSE")):
        place = text_of(roi, "imageZposition") or "unknown position"
        raise AnnotationError(
            "an outline lacks its slice, its pixels, or whether it is a hole",
            f"{path} (roi at {place} mm)",
        )
    points = np.array([[int(row), int(column)] for row, column in texts])
    return Outline(uid, inclusion == "TRUE", points)
