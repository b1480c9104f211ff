"""FROC: which share of the lesions is found at how many false positives.

The operating points and their mean, the CPM, are those of LUNA16 (Setio et al., Medical Image
Analysis 42, 2017; Niemeijer et al., IEEE TMI 30, 2011). LUNA16 counts false positives a scan; our
tests are of slices, so they are counted a slice, or over the tested slices of a patient.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lidnet_mm.evaluation.box_overlap import box_overlap
from lidnet_mm.evaluation.patient_counts import all_once, counts_above, patient_of_slices
from lidnet_mm.evaluation.slice_record import SliceRecord

FALSE_POSITIVES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)
"""Operating points of LUNA16."""

HITS = ("iou", "centre")
UNITS = ("slice", "patient")


class FROCCurve(NamedTuple):
    """All operating points, from the highest threshold to the lowest.

    Attributes:
        false_positives (np.ndarray): (k,), a slice or a patient; starts with 0.
        sensitivity (np.ndarray): (k,), in [0, 1]; starts with 0.
        thresholds (np.ndarray): (k,), lowest score that counts; starts with infinity.
    """

    false_positives: np.ndarray
    sensitivity: np.ndarray
    thresholds: np.ndarray


class FROC:
    """Sensitivity at given rates of false positives, with patients weighted.

    The rules are LUNA16's: a lesion is found with the highest score of any box that hits it; more
    boxes on it are neither right nor wrong; a box that hits no lesion is a false positive. Between
    two operating points the sensitivity is interpolated, from (0, 0) on; beyond the last it stays.
    A patient of weight w counts as w patients.

    Args:
        records (Sequence[SliceRecord]): The slices.
        hit (str): ``'iou'``: a box hits a lesion that it overlaps by at least ``iou``.
            ``'centre'``: its centre lies within the ellipse inscribed in the lesion's box; for a
            square box that is LUNA16's rule, nearer to the centre than the radius. Defaults to
            ``'iou'``.
        iou (float): Smallest overlap of a hit, in (0, 1]. Defaults to 0.5.
        per (str): What false positives are counted by: ``'slice'`` or ``'patient'``. Defaults to
            ``'slice'``.

    Raises:
        ValueError: If ``hit`` or ``per`` is unknown, or ``iou`` not in (0, 1].
    """

    def __init__(
        self,
        records: Sequence[SliceRecord],
        hit: str = "iou",
        iou: float = 0.5,
        per: str = "slice",
    ) -> None:
        if hit not in HITS:
            raise ValueError(f"hit must be one of {HITS}, got {hit!r}")
        if per not in UNITS:
            raise ValueError(f"per must be one of {UNITS}, got {per!r}")
        if not 0 < iou <= 1:
            raise ValueError(f"iou must be above 0 and at most 1, got {iou}")
        patients = patient_of_slices(records)
        self.num_patients = int(patients.max(initial=-1)) + 1
        found = [_found_and_false(record, hit, iou) for record in records]
        best, false = ([pair[i] for pair in found] for i in (0, 1))
        self._best = np.concatenate([*best, np.zeros(0)])
        self._lesion_patients = np.repeat(patients, [len(scores) for scores in best])
        self._false = np.concatenate([*false, np.zeros(0)])
        owners = np.repeat(patients, [len(scores) for scores in false])
        slices = np.bincount(patients, minlength=self.num_patients).astype(np.float64)
        self._units = slices if per == "slice" else np.ones(self.num_patients)
        limits = self._best
        self._false_above = counts_above(self._false, owners, limits, self.num_patients)
        below = counts_above(-self._false, owners, -limits, self.num_patients)
        totals = np.bincount(owners, minlength=self.num_patients)[:, None]
        self._false_equal = totals - below - self._false_above

    def sensitivity(
        self,
        rates: Sequence[float] = FALSE_POSITIVES,
        weights: np.ndarray | None = None,
        lesions: np.ndarray | None = None,
    ) -> np.ndarray:
        """Share of the lesions that is found at given rates of false positives.

        Args:
            rates (Sequence[float]): False positives a slice or a patient, not negative. Defaults
                to LUNA16's.
            weights (np.ndarray | None): (b, num_patients), how often each patient counts. None
                counts each once. Defaults to None.
            lesions (np.ndarray | None): bool (num_lesions,), of which lesions, in the order of the
                records; false positives are those of all slices. None is all. Defaults to None.

        Returns:
            np.ndarray: float64 (b, number of rates), in [0, 1]; NaN where no lesion counts.
        """
        weights = all_once(self.num_patients) if weights is None else weights
        asked = np.ones(len(self._best), bool) if lesions is None else lesions
        counts = weights[:, self._lesion_patients] * asked
        above, equal = weights @ self._false_above, weights @ self._false_equal
        units = weights @ self._units
        found = np.stack(
            [
                (counts * _share(rate * units[:, None] - above, equal, self._best)).sum(axis=1)
                for rate in rates
            ],
            axis=1,
        )
        with np.errstate(invalid="ignore"):
            return found / counts.sum(axis=1)[:, None]

    def cpm(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Mean sensitivity at LUNA16's seven operating points.

        Args:
            weights (np.ndarray | None): As for :meth:`sensitivity`.

        Returns:
            np.ndarray: float64 (b,), in [0, 1]; NaN where no lesion counts.
        """
        return self.sensitivity(FALSE_POSITIVES, weights).mean(axis=1)

    def curve(self) -> FROCCurve:
        """All operating points, each patient once.

        Raises:
            ValueError: If there is no lesion.
        """
        if not len(self._best):
            raise ValueError("no FROC without a lesion: none of the slices has one")
        found = self._best[np.isfinite(self._best)]
        thresholds = np.unique(np.concatenate([found, self._false]))[::-1]
        true = (found[None] >= thresholds[:, None]).sum(axis=1) / len(self._best)
        false = (self._false[None] >= thresholds[:, None]).sum(axis=1) / self._units.sum()
        return FROCCurve(np.r_[0.0, false], np.r_[0.0, true], np.r_[np.inf, thresholds])


def _share(room: np.ndarray, equal: np.ndarray, best: np.ndarray) -> np.ndarray:
    """How much of each lesion is found where so many more false positives are allowed.

    Lesions share an operating point with the false positives of the same score: the sensitivity
    rises in proportion to them.

    Args:
        room (np.ndarray): (b, n), false positives allowed less those of a higher score.
        equal (np.ndarray): (b, n), false positives of the lesion's own score.
        best (np.ndarray): (n,), the lesion's score; minus infinity where it was missed.
    """
    part = np.divide(room, equal, out=(room >= 0).astype(np.float64), where=equal > 0)
    return np.clip(part, 0.0, 1.0) * np.isfinite(best)


def _found_and_false(record: SliceRecord, hit: str, iou: float) -> tuple[np.ndarray, np.ndarray]:
    """Best score on each lesion (minus infinity: missed), and scores of the false positives."""
    lesions, scores = record.lesion_boxes, record.scores.astype(np.float64)
    if hit == "iou":
        hits = box_overlap(record.boxes, lesions) >= iou
    else:
        hits = _centres_inside(record.boxes.astype(np.float64), lesions)
    best = np.where(hits, scores[:, None], -np.inf).max(axis=0, initial=-np.inf)
    return best, scores[~hits.any(axis=1)]


def _centres_inside(boxes: np.ndarray, lesions: np.ndarray) -> np.ndarray:
    """Which boxes (m, 4) have their centre in the ellipse of which lesions (n, 4): (m, n)."""
    centres = (boxes[:, None, :2] + boxes[:, None, 2:]) / 2
    offsets = centres - (lesions[:, :2] + lesions[:, 2:]) / 2
    size = lesions[:, 2:] - lesions[:, :2]
    # (dx / (w / 2))² + (dy / (h / 2))² < 1 without dividing by a side
    return ((offsets * size[:, ::-1]) ** 2).sum(axis=2) < (np.prod(size, axis=1) / 2) ** 2
