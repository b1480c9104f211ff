"""Against LUNA16's rules written out, threshold by threshold, and closed forms."""

import dataclasses

import numpy as np
import pytest
from made_up_records import lesion, random_records, record

from lidnet_mm.evaluation.froc import FALSE_POSITIVES, FROC
from lidnet_mm.evaluation.sensitivity_by_size import sensitivity_by_size

LESION, OTHER, NOWHERE = (0, 0, 10, 10), (30, 30, 40, 40), (60, 60, 70, 70)


def overlap(a, b):
    """Intersection over union of two boxes."""
    width = min(a[2], b[2]) - max(a[0], b[0])
    height = min(a[3], b[3]) - max(a[1], b[1])
    if width <= 0 or height <= 0:
        return 0.0
    common = width * height
    return common / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - common)


def is_hit(box, target, hit):
    """Whether a box finds a lesion."""
    if hit == "iou":
        return overlap(box, target) >= 0.5
    dx, dy = ((box[i] + box[i + 2] - target[i] - target[i + 2]) / 2 for i in (0, 1))
    half_width, half_height = ((target[i + 2] - target[i]) / 2 for i in (0, 1))
    return (dx / half_width) ** 2 + (dy / half_height) ** 2 < 1


def operating_points(records, hit, per):
    """(false positives, found) at each threshold, counting everything anew."""
    units = len(records) if per == "slice" else len({item.patient for item in records})
    thresholds = sorted({s for item in records for s in item.scores.tolist()}, reverse=True)
    points = [(0.0, 0)]
    for threshold in thresholds:
        found = false = 0
        for item in records:
            pairs = zip(item.boxes.tolist(), item.scores.tolist(), strict=True)
            shown = [box for box, score in pairs if score >= threshold]
            truth = [each.box for each in item.lesions]
            found += sum(any(is_hit(box, one, hit) for box in shown) for one in truth)
            false += sum(not any(is_hit(box, one, hit) for one in truth) for box in shown)
        points.append((false / units, found))
    return points


def interpolated(points, total, rate):
    """The curve at a rate: on a line between two points, flat beyond the last."""
    if rate >= points[-1][0]:
        return points[-1][1] / total
    after = next(n for n, point in enumerate(points) if point[0] > rate)
    (x0, y0), (x1, y1) = points[after - 1], points[after]
    return (y0 + (y1 - y0) * (rate - x0) / (x1 - x0)) / total


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("ties", [True, False])
@pytest.mark.parametrize("hit", ["iou", "centre"])
@pytest.mark.parametrize("per", ["slice", "patient"])
def test_equals_a_count_at_every_threshold(seed, ties, hit, per):
    records = random_records(seed, ties=ties)
    total = sum(len(item.lesions) for item in records)
    points = operating_points(records, hit, per)
    froc = FROC(records, hit=hit, per=per)
    rates = [0.0, 0.03, *FALSE_POSITIVES, 3.3]
    expected = [interpolated(points, total, rate) for rate in rates]
    assert len(set(expected)) > 3
    np.testing.assert_allclose(froc.sensitivity(rates)[0], expected, atol=1e-12)
    cpm = np.mean([interpolated(points, total, rate) for rate in FALSE_POSITIVES])
    assert froc.cpm()[0] == pytest.approx(cpm)
    curve = froc.curve()
    drawn = zip(curve.false_positives.tolist(), curve.sensitivity.tolist(), strict=True)
    # the curve leaves out thresholds at which nothing changes
    expected = sorted({(x, y / total) for x, y in points})
    np.testing.assert_allclose(sorted(drawn), expected)


@pytest.mark.parametrize("per", ["slice", "patient"])
def test_a_weight_is_as_many_patients(per):
    records = random_records(5, ties=True)
    counts = np.random.default_rng(0).integers(0, 4, (6, 6))
    found = FROC(records, per=per).cpm(counts.astype(float))
    for row, value in zip(counts, found, strict=True):
        copies = [
            dataclasses.replace(item, patient=f"{item.patient}-{n}")
            for item in records
            for n in range(row[int(item.patient[1:])])
        ]
        assert value == pytest.approx(FROC(copies, per=per).cpm()[0], abs=1e-12)


def test_perfect_and_blind():
    assert FROC([record([LESION], [0.1], [LESION])]).cpm()[0] == 1
    assert FROC([record([NOWHERE], [0.9], [LESION])]).cpm()[0] == 0
    assert np.isnan(FROC([record([NOWHERE], [0.9])]).cpm()[0])


def test_cpm_closed_form():
    """One of two lesions before, the other after two false positives on four slices: 0.5 each."""
    records = [
        record([LESION, NOWHERE], [0.9, 0.8], [LESION], index=0),
        record([OTHER, NOWHERE], [0.6, 0.7], [OTHER], index=1),
        record(index=2),
        record(index=3),
    ]
    assert FROC(records).cpm()[0] == pytest.approx((2 * 0.5 + 5 * 1) / 7)
    # two false positives of one patient
    assert FROC(records, per="patient").cpm()[0] == pytest.approx((4 * 0.5 + 3 * 1) / 7)


def test_more_boxes_on_a_lesion_are_neither_right_nor_wrong():
    once = record([LESION, NOWHERE], [0.5, 0.4], [LESION])
    often = record([LESION, LESION, LESION, NOWHERE], [0.5, 0.9, 0.7, 0.4], [LESION])
    rates = [0, 0.5, 1]
    np.testing.assert_array_equal(FROC([once]).sensitivity(rates), FROC([often]).sensitivity(rates))
    assert FROC([often]).curve().false_positives.max() == 1


def test_the_centre_counts_not_the_overlap():
    """A small box well inside overlaps little; one beyond the circle but in the box is no hit."""
    small, corner = (4, 4, 6, 6), (8.2, 8.2, 9.8, 9.8)
    for box, expected in ((small, 1), (corner, 0)):
        records = [record([box], [0.9], [LESION])]
        assert FROC(records, hit="centre").sensitivity([0])[0, 0] == expected
        assert FROC(records).sensitivity([0])[0, 0] == 0


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"hit": "dice"}, "hit must be one of"),
        ({"per": "scan"}, "per must be one of"),
        ({"iou": 0}, "iou must be above 0"),
    ],
)
def test_unknown_rules(settings, message):
    with pytest.raises(ValueError, match=message):
        FROC([record()], **settings)


def test_no_curve_without_a_lesion():
    with pytest.raises(ValueError, match="no FROC without a lesion"):
        FROC([record()]).curve()


class TestSensitivityBySize:
    def test_sizes_of_their_own(self):
        lesions = [lesion(LESION, 5.9), lesion(OTHER, 6.0), lesion(NOWHERE, 40.0)]
        rows = sensitivity_by_size([record([OTHER], [0.9], lesions)])
        assert [(row.low_mm, row.high_mm) for row in rows] == [
            (0, 6),
            (6, 8),
            (8, 15),
            (15, 30),
            (30, np.inf),
        ]
        assert [row.num_lesions for row in rows] == [1, 1, 0, 0, 1]
        assert [row.sensitivity for row in rows] == [0, 1, None, None, 0]

    @pytest.mark.parametrize("rate", [0.05, 0.5, 2])
    def test_weighted_mean_over_sizes_is_the_sensitivity_of_all(self, rate):
        records = random_records(2, ties=True)
        rows = sensitivity_by_size(records, rate, (8, 11, 13))
        assert sum(row.num_lesions > 0 for row in rows) == 4
        found = sum(row.num_lesions * row.sensitivity for row in rows)
        total = sum(row.num_lesions for row in rows)
        assert total == sum(len(item.lesions) for item in records)
        assert found / total == pytest.approx(FROC(records).sensitivity([rate])[0, 0])

    def test_diameter_of_the_annotation(self):
        known = record([], [], [lesion(LESION, 5.0, diameter_mm=12.0)])
        assert sensitivity_by_size([known], size="diameter")[2].num_lesions == 1
        with pytest.raises(ValueError, match="no diameter_mm"):
            sensitivity_by_size([record([], [], [LESION])], size="diameter")

    @pytest.mark.parametrize("edges", [(8, 6), (0, 6), (6, 6)])
    def test_edges_that_do_not_rise(self, edges):
        with pytest.raises(ValueError, match="must rise from above 0"):
            sensitivity_by_size([record()], edges_mm=edges)
