"""Intervals against closed forms and against resamples that are really made."""

import dataclasses
import math

import numpy as np
import pytest
from made_up_records import lesion, random_records, record
from scipy import stats

from lidnet_mm.benchmark.evidence.bootstrap import (
    paired_differences,
    patient_draws,
    percentile_tail,
)
from lidnet_mm.evaluation.average_precision import average_precision
from lidnet_mm.evaluation.froc import FROC
from lidnet_mm.evaluation.record_metrics import RECORD_METRICS


def slices(values, per_patient=1):
    """A slice for each SSIM."""
    return [
        record(patient=f"p{n // per_patient}", index=n, ssim=float(value))
        for n, value in enumerate(values)
    ]


def shifted(records, name, by):
    """The same slices with another value of a field."""
    return [dataclasses.replace(item, **{name: getattr(item, name) + by}) for item in records]


def difference_of(first, second, metric="SSIM", **settings):
    return paired_differences(first, second, [metric], **settings)[metric]


class TestInterval:
    def test_of_a_mean_is_that_of_the_normal_distribution(self):
        rng = np.random.default_rng(0)
        hard, gain = rng.normal(0, 10, 400), rng.normal(0.1, 1, 400)
        found = difference_of([slices(hard)], [slices(hard + gain)])
        error = gain.std() / math.sqrt(len(gain))
        assert found.estimate == pytest.approx(gain.mean())
        assert found.low == pytest.approx(gain.mean() - 1.96 * error, abs=0.06 * error)
        assert found.high == pytest.approx(gain.mean() + 1.96 * error, abs=0.06 * error)
        assert (found.num_patients, found.num_seeds, found.resamples) == (400, (1, 1), 10_000)

    def test_holds_the_truth_as_often_as_it_says(self):
        """200 studies of 40 patients: 95 % within 4 standard deviations of the count."""
        rng = np.random.default_rng(1)
        held = 0
        for study in range(200):
            hard, gain = rng.normal(0, 5, 40), rng.normal(0.3, 1, 40)
            found = difference_of([slices(hard)], [slices(hard + gain)], resamples=400, seed=study)
            held += found.low <= 0.3 <= found.high
        assert 178 <= held <= 198

    @pytest.mark.parametrize("num_patients", [6, 9, 15])
    def test_of_few_patients_is_the_t_interval(self, num_patients):
        """In the mean over studies: of resamples the ends are only that near to normal."""
        rng = np.random.default_rng(5)
        ratios = []
        for study in range(60):
            gain = rng.normal(0, 1, num_patients)
            found = difference_of([slices(gain * 0)], [slices(gain)], resamples=4000, seed=study)
            interval = stats.ttest_1samp(gain, 0).confidence_interval()
            ratios.append((found.high - found.low) / (interval.high - interval.low))
        assert np.mean(ratios) == pytest.approx(1, abs=0.1)

    @pytest.mark.parametrize("num_patients", [6, 9])
    def test_of_few_patients_holds_the_truth(self, num_patients):
        """The plain percentile interval holds it in 85 and 89 % of studies."""
        rng = np.random.default_rng(6)
        gains = rng.normal(0, 1, (3000, num_patients))
        draws = patient_draws(num_patients, 4000, 0) / num_patients
        tail = percentile_tail(num_patients)
        held = {}
        for name, part in (("plain", 0.025), ("expanded", tail)):
            low, high = np.quantile(gains @ draws.T, [part, 1 - part], axis=1)
            held[name] = ((low <= 0) & (high >= 0)).mean()
        assert held["plain"] < 0.9
        assert held["expanded"] == pytest.approx(0.95, abs=0.02)

    def test_is_as_wide_as_the_patients_differ_not_the_slices(self):
        """Ten equal slices of a patient are one observation."""
        gain = np.random.default_rng(2).normal(0, 1, 50)
        one = difference_of([slices(gain * 0)], [slices(gain)])
        ten = difference_of([slices(np.zeros(500), 10)], [slices(np.repeat(gain, 10), 10)])
        assert (ten.low, ten.high) == pytest.approx((one.low, one.high))

    def test_sign_and_whether_it_may_be_chance(self):
        base = slices(np.random.default_rng(3).normal(0, 1, 30))
        better = difference_of([base], [shifted(base, "ssim", 0.5)])
        assert (better.low, better.estimate, better.high) == pytest.approx((0.5, 0.5, 0.5))
        assert not better.is_inside
        worse = difference_of([shifted(base, "ssim", 0.5)], [base])
        assert worse.estimate == pytest.approx(-0.5)
        assert difference_of([base], [slices(np.random.default_rng(4).normal(0, 1, 30))]).is_inside

    def test_a_method_does_not_differ_from_itself(self):
        records = random_records(0)
        for name, found in paired_differences([records], [records], resamples=300).items():
            if found is not None:
                assert (found.estimate, found.low, found.high) == (0, 0, 0), name
                assert found.is_inside

    def test_the_seed_decides(self):
        runs = [random_records(0)], [random_records(1)]
        found = [difference_of(*runs, "AP50", resamples=200, seed=n) for n in (3, 3, 4)]
        assert found[0] == found[1]
        assert found[0].low != found[2].low


class TestResamples:
    def test_draws_are_patients_with_replacement(self):
        draws = patient_draws(5, 20_000, 0)
        assert set(draws.sum(axis=1)) == {5}
        np.testing.assert_allclose(draws.mean(axis=0), 1, atol=0.03)
        # a patient is absent with probability (4 / 5)^5
        np.testing.assert_allclose((draws == 0).mean(axis=0), 0.8**5, atol=0.02)

    @pytest.mark.parametrize(
        ("metric", "direct"),
        [
            ("AP50", lambda records: 100 * average_precision(records, 0.5)),
            ("AP75", lambda records: 100 * average_precision(records, 0.75)),
            ("CPM", lambda records: FROC(records).cpm()[0]),
            ("PSNR", lambda records: np.mean([item.psnr for item in records])),
            ("lesion_RMSE", lambda records: np.mean([i.rmse for r in records for i in r.lesions])),
        ],
    )
    def test_equal_those_that_are_really_made(self, metric, direct):
        """Each resample as a test of its own: every slice of a drawn patient, as often as drawn."""
        rng = np.random.default_rng(9)
        runs = [[random_records(10 * method + n) for n in range(2)] for method in range(2)]
        runs = [[[with_noise(item, rng) for item in run] for run in method] for method in runs]
        found = difference_of(*runs, metric, resamples=40, seed=5)
        differences = []
        for row in patient_draws(6, 40, 5).astype(int):
            means = [
                np.mean(
                    [direct([i for i in run for _ in range(row[int(i.patient[1:])])]) for run in m]
                )
                for m in runs
            ]
            differences.append(means[1] - means[0])
        assert np.ptp(differences) > 0
        tail = 100 * percentile_tail(6)
        expected = np.percentile(differences, [tail, 100 - tail])
        assert (found.low, found.high) == pytest.approx(expected, abs=1e-10)
        whole = [np.mean([direct(run) for run in method]) for method in runs]
        assert found.estimate == pytest.approx(whole[1] - whole[0], abs=1e-10)

    def test_those_without_a_value_are_dropped_and_counted(self):
        """One of three patients has lesions: (2 / 3)^3 of the resamples are without."""
        lesions = [(0, 0, 9, 9)]
        first = [record(lesions, [0.5], lesions, "a"), record(patient="b"), record(patient="c")]
        second = [dataclasses.replace(item, boxes=item.boxes + 50) for item in first]
        found = difference_of([first], [second], "AP50", resamples=3000)
        absent = patient_draws(3, 3000, 0)[:, 0] == 0
        assert found.resamples == 3000 - absent.sum()
        assert 0.25 < absent.mean() < 0.35
        assert (found.low, found.high) == pytest.approx((-100, -100))

    def test_a_value_that_a_method_lacks(self):
        same = [record(patient=n, psnr=math.inf) for n in "ab"]
        found = paired_differences([same], [[record(patient=n) for n in "ab"]], resamples=10)
        assert {name for name, value in found.items() if value} == {"SSIM", "RMSE"}
        assert list(found) == list(RECORD_METRICS)


def with_noise(item, rng):
    """A slice whose lesions have errors of their own."""
    lesions = [dataclasses.replace(one, rmse=rng.normal(30)) for one in item.lesions]
    return dataclasses.replace(item, lesions=lesions)


class TestSeeds:
    def test_a_method_counts_as_the_mean_of_its_seeds(self):
        base = slices(np.random.default_rng(0).normal(0, 1, 20))
        runs = [shifted(base, "ssim", by) for by in (0.1, 0.2, 0.6)]
        found = difference_of([base], runs)
        assert (found.low, found.estimate, found.high) == pytest.approx((0.3, 0.3, 0.3))
        assert found.num_seeds == (1, 3)

    def test_drawn_seeds_give_the_variance_of_their_mean(self):
        """s² / n, which drawing n of n would make n - 1 of n too small."""
        base = slices(np.zeros(20))
        levels = np.array([0.0, 0.3, 1.0])
        runs = [shifted(base, "ssim", level) for level in levels]
        # two of three drawn with replacement: these means, by how often each comes
        means = np.array([(a + b) / 2 for a in levels for b in levels])
        assert means.var() == pytest.approx(levels.var(ddof=1) / 3)
        found = difference_of([base], runs, resample_seeds=True)
        assert (found.low, found.high) == pytest.approx((means.min(), means.max()))
        assert found.estimate == pytest.approx(levels.mean())

    def test_drawing_seeds_leaves_the_patients_as_they_are(self):
        runs = [random_records(0)], [random_records(1)]
        plain, drawn = (difference_of(*runs, "AP50", resample_seeds=on) for on in (False, True))
        assert plain == drawn, "one seed each: nothing to draw"

    def test_methods_draw_their_seeds_apart(self):
        base = slices(np.zeros(5))
        runs = [shifted(base, "ssim", by) for by in (0.0, 1.0, 2.0)]
        found = difference_of(runs, runs, resample_seeds=True)
        assert (found.low, found.estimate, found.high) == pytest.approx((-2, 0, 2))


class TestShares:
    def test_of_a_mean(self):
        base = slices(np.random.default_rng(0).normal(0, 1, 20))
        runs = [shifted(base, "ssim", by) for by in (0.0, 0.4, 2.0)]
        found = difference_of([base], runs, shares=([1], [0.25, 0.25, 0.5]))
        assert (found.low, found.estimate, found.high) == pytest.approx((1.1, 1.1, 1.1))

    @pytest.mark.parametrize("own", [[1.0], [0.5, 0.6]])
    def test_that_do_not_fit(self, own):
        records = slices([1, 2])
        with pytest.raises(ValueError, match="2 runs need as many shares that add up to 1"):
            difference_of([records], [records, records], shares=([1], own))

    def test_of_drawn_seeds(self):
        records = slices([1, 2])
        with pytest.raises(ValueError, match="seeds are drawn with equal shares"):
            difference_of([records], [records], shares=([1], [1]), resample_seeds=True)


class TestWhatCannotBeCompared:
    def test_other_slices(self):
        records = random_records(0)
        with pytest.raises(ValueError, match=r"second method, run 1 lacks 1 slices.*p5, slice 29"):
            paired_differences([records], [records, records[:-1]])
        more = [*records, record(patient="p9", index=3)]
        with pytest.raises(ValueError, match=r"second method, run 0 adds 1 slices.*p9, slice 3"):
            paired_differences([records], [more])
        with pytest.raises(ValueError, match=r"first method, run 0: patient p0.*two records"):
            paired_differences([[*records, records[0]]], [records])

    def test_another_order_is_no_difference(self):
        records = random_records(0, ties=True)
        found = difference_of([records], [records[::-1]], "AP50", resamples=50)
        assert (found.low, found.high) == (0, 0)

    def test_other_lesions(self):
        records = random_records(0)
        moved = [dataclasses.replace(records[0], lesions=[lesion((1, 1, 9, 9))]), *records[1:]]
        with pytest.raises(ValueError, match=r"other lesions on patient p0, slice 0"):
            paired_differences([records], [moved])

    def test_one_patient(self):
        with pytest.raises(ValueError, match="at least two patients, the test has 1"):
            paired_differences([slices([1, 2], 2)], [slices([1, 2], 2)])

    def test_no_run(self):
        with pytest.raises(ValueError, match="at least one test run"):
            paired_differences([], [slices([1, 2])])

    def test_unknown_metric(self):
        with pytest.raises(ValueError, match="no metric 'FID' in records; there are AP50"):
            paired_differences([slices([1, 2])], [slices([1, 2])], ["FID"])
