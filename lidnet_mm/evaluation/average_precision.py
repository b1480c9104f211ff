"""COCO's average precision from records, for whole tests and for many resamples of patients.

Lin et al., Microsoft COCO (ECCV 2014), as ``pycocotools.COCOeval`` computes it.
"""

from collections.abc import Sequence

import numpy as np

from lidnet_mm.evaluation.box_overlap import box_overlap
from lidnet_mm.evaluation.patient_counts import all_once, counts_above, patient_of_slices
from lidnet_mm.evaluation.slice_record import SliceRecord

RECALLS = np.linspace(0.0, 1.0, 101)
"""Recalls at which COCO reads the precision."""

MAX_DETECTIONS = 1000
"""Most boxes of a slice that count: MMDetection reads ``bbox_mAP_50`` and ``_75`` at the last of
its ``proposal_nums``."""

BELOW_ONE = 1 - 1e-10
"""COCO's limit of the IoU threshold, so that equal boxes match at a threshold of 1."""


class AveragePrecision:
    """Average precision at one IoU, with patients weighted.

    Boxes are matched to lesions slice by slice, which no resampling of patients changes: it is done
    once. What a resample needs then is, at each true positive, how many true and false positives of
    each patient rank above it: two matrix products give the precision of all resamples.

    Detections rank by score; where scores are equal, by the order of the records and then by that
    of the slice's boxes, as in COCO. A patient of weight w counts as w copies of each of their
    detections in a row, of the same rank.

    Args:
        records (Sequence[SliceRecord]): The slices, in the order of image ids.
        iou (float): Smallest overlap of a match, in (0, 1]. Defaults to 0.5.

    Raises:
        ValueError: If ``iou`` is not in (0, 1].
    """

    def __init__(self, records: Sequence[SliceRecord], iou: float = 0.5) -> None:
        if not 0 < iou <= 1:
            raise ValueError(f"iou must be above 0 and at most 1, got {iou}")
        patients = patient_of_slices(records)
        self.num_patients = int(patients.max(initial=-1)) + 1
        lesions = np.array([len(record.lesions) for record in records], dtype=np.float64)
        self._lesions = np.bincount(patients, lesions, self.num_patients)
        hits, owners = _ranked_hits(records, patients, iou)
        # The rank is negative so that a higher value is a better one.
        rank = -np.arange(len(hits))
        is_hit = hits.astype(bool)
        of_hits = rank[is_hit]
        self._false_above = counts_above(rank[~is_hit], owners[~is_hit], of_hits, self.num_patients)
        self._true_so_far = counts_above(of_hits, owners[is_hit], of_hits - 0.5, self.num_patients)

    def __call__(self, weights: np.ndarray | None = None) -> np.ndarray:
        """Average precision of resamples.

        Args:
            weights (np.ndarray | None): (b, num_patients), how often each patient counts. None
                counts each once. Defaults to None.

        Returns:
            np.ndarray: float64 (b,), in [0, 1]; NaN where no lesion counts (COCO: -1).
        """
        weights = all_once(self.num_patients) if weights is None else weights
        true, false = weights @ self._true_so_far, weights @ self._false_above
        lesions = weights @ self._lesions
        precision = true / (false + true + np.spacing(1))
        best = np.maximum.accumulate(precision[:, ::-1], axis=1)[:, ::-1]
        with np.errstate(divide="ignore", invalid="ignore"):
            recall = true / lesions[:, None]
        reached = np.searchsorted(RECALLS, recall.ravel(), side="right").reshape(recall.shape)
        # The recalls first reached at a true positive take the best precision from there on.
        total = (best * np.diff(reached, axis=1, prepend=0)).sum(axis=1)
        return np.where(lesions > 0, total / len(RECALLS), np.nan)


def average_precision(records: Sequence[SliceRecord], iou: float = 0.5) -> float:
    """COCO's average precision of a test run: area all, one class.

    Args:
        records (Sequence[SliceRecord]): The slices, in the order of image ids.
        iou (float): Smallest overlap of a match, in (0, 1]. Defaults to 0.5.

    Returns:
        float: In [0, 1]; NaN where there is no lesion. MMDetection's ``bbox_mAP_50`` is this,
            rounded to three decimals.
    """
    return float(AveragePrecision(records, iou)()[0])


def match_slice(record: SliceRecord, iou: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    """Match the boxes of a slice to its lesions, as COCO does.

    In the order of their scores each box takes, of the lesions not yet taken, the one that it
    overlaps most (of several the last), if it overlaps it enough.

    Args:
        record (SliceRecord): The slice.
        iou (float): Smallest overlap of a match. Defaults to 0.5.

    Returns:
        tuple[np.ndarray, np.ndarray]: Scores (m,) from high to low, and whether each box is a hit,
            (m,); at most the 1000 best. Boxes of negative area are left out, as in COCO.
    """
    order = np.argsort(-record.scores, kind="stable")[:MAX_DETECTIONS]
    boxes = record.boxes[order].astype(np.float64)
    order = order[np.prod(boxes[:, 2:] - boxes[:, :2], axis=1) >= 0]
    overlap = box_overlap(record.boxes[order], record.lesion_boxes)
    hits = np.zeros(len(order), dtype=bool)
    least = min(iou, BELOW_ONE)
    for index in np.flatnonzero((overlap >= least).any(axis=1)):
        lesion = overlap.shape[1] - 1 - int(np.argmax(overlap[index, ::-1]))
        if overlap[index, lesion] >= least:
            hits[index] = True
            overlap[:, lesion] = -1.0
    return record.scores[order], hits


def _ranked_hits(
    records: Sequence[SliceRecord], patients: np.ndarray, iou: float
) -> tuple[np.ndarray, np.ndarray]:
    """Whether each detection is a hit, and its patient, over all slices from high to low score."""
    matches = [match_slice(record, iou) for record in records]
    scores = np.concatenate([scores for scores, _ in matches] or [np.zeros(0, np.float32)])
    hits = np.concatenate([hits for _, hits in matches] or [np.zeros(0, bool)])
    owners = np.repeat(patients, [len(hits) for _, hits in matches])
    order = np.argsort(-scores, kind="stable")
    return hits[order], owners[order]
