"""Against pycocotools, set up as mmdet's CocoMetric does."""

import contextlib
import io

import numpy as np
import pytest
from made_up_records import random_records, record
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from lidnet_mm.evaluation.average_precision import AveragePrecision, average_precision, match_slice


def coco_precision(records):
    """AP50 and AP75 of pycocotools, -1 without a lesion; image ids in the order of records."""
    images, lesions, found = [], [], []
    for number, item in enumerate(records, start=1):
        images.append({"id": number, "width": 512, "height": 512})
        for x1, y1, x2, y2 in item.lesion_boxes.tolist():
            lesions.append(
                {
                    "id": len(lesions) + 1,
                    "image_id": number,
                    "category_id": 1,
                    "bbox": [x1, y1, x2 - x1, y2 - y1],
                    "area": (x2 - x1) * (y2 - y1),
                    "iscrowd": 0,
                }
            )
        for (x1, y1, x2, y2), score in zip(item.boxes.tolist(), item.scores.tolist(), strict=True):
            box = [x1, y1, x2 - x1, y2 - y1]
            found.append({"image_id": number, "bbox": box, "score": score, "category_id": 1})
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO()
        truth.dataset = {
            "images": images,
            "annotations": lesions,
            "categories": [{"id": 1, "name": "lesion"}],
        }
        truth.createIndex()
        evaluation = COCOeval(truth, truth.loadRes(found), "bbox")
        evaluation.params.maxDets = [100, 300, 1000]
        evaluation.evaluate()
        evaluation.accumulate()
        evaluation.summarize()
    return evaluation.stats[1], evaluation.stats[2]


def precisions(records):
    return average_precision(records, 0.5), average_precision(records, 0.75)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("ties", [True, False])
def test_equals_pycocotools(seed, ties, whole):
    """Whole edges put overlaps on the threshold; ties rank by image; some slices are empty."""
    records = random_records(seed, ties=ties, whole=whole)
    assert any(not item.lesions and len(item.boxes) for item in records)
    assert any(item.lesions and not len(item.boxes) for item in records)
    found = precisions(records)
    assert 0 < found[0] < 1
    assert found[1] < found[0]
    assert found == pytest.approx(coco_precision(records), abs=1e-13)


def test_ties_are_resolved_by_the_order_of_slices():
    """Otherwise equality with ties would prove nothing."""
    records = random_records(0, ties=True)
    turned = records[::-1]
    assert average_precision(turned) != average_precision(records)
    assert precisions(turned) == pytest.approx(coco_precision(turned), abs=1e-13)


def test_more_than_a_hundred_boxes_count():
    """mmdet reads bbox_mAP_50 at the last of proposal_nums, 1000, not at 100."""
    wrong = [(50, 50, 60, 60)] * 1005
    for rank in (150, 998, 999, 1000):
        boxes = [*wrong[:rank], (0, 0, 10, 10), *wrong[rank:]]
        records = [record(boxes, np.linspace(1, 0.1, len(boxes)), [(0, 0, 10, 10)])]
        assert precisions(records) == pytest.approx(coco_precision(records), abs=1e-13)
        assert (average_precision(records) > 0) == (rank < 1000)


def test_inverted_boxes_are_ignored():
    boxes = [(20, 20, 10, 30), (0, 0, 10, 10), (8, 8, 2, 2), (5, 5, 5, 9)]
    records = [record(boxes, [0.9, 0.5, 0.6, 0.7], [(0, 0, 10, 10)])]
    assert precisions(records) == pytest.approx(coco_precision(records), abs=1e-13)
    assert average_precision(records) == pytest.approx(1 / 3)


def test_no_lesion_no_box_no_slice():
    boxes = [(0, 0, 5, 5)]
    assert np.isnan(average_precision([record(boxes, [0.5])]))
    assert coco_precision([record(boxes, [0.5])]) == (-1, -1)
    assert average_precision([record(lesions=boxes)]) == 0
    assert np.isnan(average_precision([]))


def test_closed_form():
    """Right, wrong, right of two lesions: precision 1 up to recall 0.5, 2/3 beyond."""
    lesions = [(0, 0, 10, 10), (30, 30, 40, 40)]
    boxes = [lesions[0], (60, 60, 70, 70), lesions[1]]
    expected = (51 * 1 + 50 * 2 / 3) / 101
    assert average_precision([record(boxes, [0.9, 0.8, 0.7], lesions)]) == pytest.approx(expected)


def test_a_second_box_on_a_lesion_is_wrong():
    found = match_slice(record([(0, 0, 10, 9), (0, 0, 10, 10)], [0.5, 0.4], [(0, 0, 10, 10)]))
    np.testing.assert_array_equal(found[1], [True, False])


def test_a_box_takes_the_next_lesion_where_its_best_is_taken():
    lesions = [(0, 0, 10, 10), (0, 1, 10, 11)]
    same = match_slice(record([lesions[0], lesions[0]], [0.9, 0.8], lesions))
    np.testing.assert_array_equal(same[1], [True, True])


@pytest.mark.parametrize("seed", range(4))
def test_a_weight_is_as_many_copies_of_the_slices(seed):
    """Of pycocotools, too: copies are slices of their own."""
    records = random_records(seed)
    counts = np.random.default_rng(seed).integers(0, 4, (5, 6))
    for iou, which in ((0.5, 0), (0.75, 1)):
        found = AveragePrecision(records, iou)(counts.astype(float))
        for row, value in zip(counts, found, strict=True):
            copies = [item for item in records for _ in range(row[int(item.patient[1:])])]
            assert value == pytest.approx(coco_precision(copies)[which], abs=1e-13)


def test_a_weight_with_ties_is_as_many_copies_of_each_detection_in_a_row():
    """The convention where a slice has several boxes of one score."""
    records = random_records(3, ties=True)
    counts = np.array([2, 0, 1, 3, 1, 5])
    rows = []
    for place, item in enumerate(records):
        weight = counts[int(item.patient[1:])]
        for order, (score, hit) in enumerate(zip(*match_slice(item), strict=True)):
            rows += [(-float(score), place, order, hit)] * weight
    hits = np.array([row[3] for row in sorted(rows, key=lambda row: row[:3])])
    lesions = sum(len(item.lesions) * counts[int(item.patient[1:])] for item in records)
    true = np.cumsum(hits)
    precision = true / np.arange(1, len(hits) + 1)
    expected = 0.0
    for recall in np.linspace(0, 1, 101):
        reached = precision[true / lesions >= recall]
        expected += (reached.max() if len(reached) else 0) / 101
    found = AveragePrecision(records)(counts[None].astype(float))
    assert found[0] == pytest.approx(expected, abs=1e-13)


def test_a_resample_without_a_lesion_is_undefined():
    records = [record([(0, 0, 9, 9)], [0.5], [(0, 0, 9, 9)], "a"), record(patient="b")]
    found = AveragePrecision(records)(np.array([[2.0, 0], [0, 2]]))
    assert found[0] == pytest.approx(1)
    assert np.isnan(found[1])


@pytest.mark.parametrize("iou", [0, 1.5, -1])
def test_impossible_overlap(iou):
    with pytest.raises(ValueError, match="iou must be above 0"):
        average_precision([], iou)
