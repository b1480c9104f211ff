"""A full-dose and a low-dose series of one scan, slice by slice."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.converters.source_case import CaseContent, LeftOut, UnusableCaseError
from lidnet_mm.datasets.converters.sources.dicom_series import DicomSeries
from lidnet_mm.datasets.converters.sources.mayo.mayo_layout import dose_image
from lidnet_mm.datasets.readers.dicom_slice import DicomSlice

SAME_PLACE_MM = 0.1
"""Largest distance of partners; ``LoadPairedLDCT`` refuses more."""

SAME_SPACING, SAME_DIRECTION = 1e-3, 1e-3


@dataclass(frozen=True)
class DosePair:
    """Two series of one scan.

    Attributes:
        full: Full dose.
        low: Low dose.
    """

    full: DicomSeries
    low: DicomSeries

    def read(self) -> CaseContent:
        """Pair the slices, check that partners lie on one grid, and open both volumes.

        Slices are partners by the number in their name (2016 layout) or by their position. A slice
        without partner is left out.

        Raises:
            UnusableCaseError: No slice has a partner, partners differ in grid or position, or
                the slices of a dose are not one volume.
        """
        full, low = self._numbered()
        common = sorted(full.keys() & low.keys())
        where = f"series {self.full.uid} and {self.low.uid}"
        if not common:
            raise UnusableCaseError(
                "no slice of the full dose has a partner of low dose; check that both are of one "
                "scan, and copy them again",
                where,
            )
        for number in common:
            _check_partners(full[number], low[number])
        volumes = [
            DicomSeries(series.patient, series.uid, tuple(slices[number] for number in common))
            for series, slices in ((self.full, full), (self.low, low))
        ]
        alone = [slices[n] for slices in (full, low) for n in slices.keys() - set(common)]
        left_out = []
        if alone:
            named = str(min(each.file for each in alone))
            reason = "without a partner of the other dose"
            left_out.append(LeftOut("slice", reason, named, count=len(alone)))
        ndct, ldct = (volume.open() for volume in volumes)
        return CaseContent(ndct, boxes={}, ldct=ldct, left_out=left_out)

    def _numbered(self) -> tuple[dict[int, DicomSlice], dict[int, DicomSlice]]:
        """The slices of both doses by number; partners have the same."""
        named = [_by_name(self.full), _by_name(self.low)]
        if None not in named:
            return named[0], named[1]
        full = sorted(self.full.slices, key=_height)
        numbers = _nearest([_height(each) for each in full], map(_height, self.low.slices))
        unpaired = len(full)
        low = {}
        for each, number in zip(self.low.slices, numbers, strict=True):
            if number is None or number in low:
                number, unpaired = unpaired, unpaired + 1
            low[number] = each
        return dict(enumerate(full)), low


def _by_name(series: DicomSeries) -> dict[int, DicomSlice] | None:
    """The slices by the number in their names; None where names have none."""
    found: dict[int, DicomSlice] = {}
    for each in series.slices:
        image = dose_image(each.file)
        if image is None or image.number is None:
            return None
        if image.number in found:
            raise UnusableCaseError(
                "two slices have one number; convert one reconstruction at a time",
                f"{found[image.number].file} and {each.file}",
            )
        found[image.number] = each
    return found


def _height(each: DicomSlice) -> float:
    """Position of a slice along its normal in mm."""
    normal = np.cross(each.orientation[:3], each.orientation[3:])
    return float(np.dot(each.position, normal))


def _nearest(heights: list[float], others: Iterable[float]) -> list[int | None]:
    """For each of the other heights the number of the height at its place, or None."""
    places = np.array(heights)
    found: list[int | None] = []
    for other in others:
        number = int(np.argmin(np.abs(places - other)))
        found.append(number if abs(places[number] - other) <= SAME_PLACE_MM else None)
    return found


def _check_partners(full: DicomSlice, low: DicomSlice) -> None:
    """Refuse partners that do not lie on one grid."""
    where = f"{full.file} and {low.file}"
    values: Mapping[str, tuple] = {
        "shape": (full.shape, low.shape),
        "pixel spacing": (full.spacing, low.spacing),
        "orientation": (full.orientation, low.orientation),
        "position": (full.position, low.position),
    }
    same = {
        "shape": full.shape == low.shape,
        "pixel spacing": np.allclose(full.spacing, low.spacing, rtol=SAME_SPACING, atol=0),
        "orientation": np.allclose(full.orientation, low.orientation, rtol=0, atol=SAME_DIRECTION),
        "position": np.linalg.norm(np.subtract(full.position, low.position)) <= SAME_PLACE_MM,
    }
    for what, equal in same.items():
        if not equal:
            raise UnusableCaseError(
                f"partners of full and low dose differ in {what}: {values[what][0]} and "
                f"{values[what][1]}; give both doses of one reconstruction",
                where,
            )
