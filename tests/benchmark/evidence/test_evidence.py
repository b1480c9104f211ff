import dataclasses

import numpy as np
import pytest
from patient_records import records

from lidnet_mm.benchmark.evidence.evidence import (
    Evidence,
    LineMinutes,
    line_key,
    read_evidence,
    write_evidence,
)
from lidnet_mm.benchmark.evidence.gather_evidence import gather_evidence
from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.figures.froc_figure import froc_panels
from lidnet_mm.benchmark.figures.training_figure import training_panels


@pytest.fixture
def evidence(make_row):
    scored = [(make_row("ldct", denoiser="none"), records(1))]
    scored += [(make_row("baseline", seed), records(4, 28.0)) for seed in range(2)]
    scored += [(make_row("matched"), records(8))]
    scored += [(make_row("lidnet", seed, detector="R18"), records(8 - seed)) for seed in range(2)]
    return gather_evidence(scored, resamples=200)


def test_differences_from_both_baselines(evidence):
    found = {(e.against, e.difference.metric): e.difference for e in evidence.differences}
    psnr = found["baseline", "PSNR"]
    assert (psnr.estimate, psnr.low, psnr.high) == (2.0, 2.0, 2.0)
    assert (psnr.num_patients, psnr.num_seeds) == (8, (2, 2))
    # CPM: 8 and 7 of 8 lesions against 4 of 8.
    assert found["baseline", "CPM"].estimate == pytest.approx(0.4375)
    assert found["matched", "CPM"].is_inside and not found["baseline", "CPM"].is_inside
    # How the two baselines differ is told, too.
    assert {(e.key.method, e.against) for e in evidence.differences} == {
        ("matched", "baseline"), ("lidnet", "baseline"), ("lidnet", "matched"),
    }  # fmt: skip


def test_lines_average_their_seeds(evidence, make_row):
    line = evidence.detection_of(line_key(make_row("lidnet", detector="R18")))
    assert line.cpm == (1.0, 0.875)
    assert line.points == pytest.approx([0.9375] * 7)
    assert [entry[2:] for entry in line.sizes if entry[2]] == [(8, 0.9375)]
    assert line.metrics == {"lesion_PSNR": 25.0, "lesion_RMSE": 40.0}


def test_a_guided_baseline_is_that_of_its_own_detector(make_row):
    rows = [make_row("matched", detector=name) for name in ("R18", "DETR")]
    scored = [(rows[0], records(2)), (rows[1], records(6))]
    scored.append((make_row("lidnet", detector="DETR"), records(8)))
    found = gather_evidence(scored, resamples=50).differences
    cpm = next(e.difference for e in found if e.difference.metric == "CPM")
    assert cpm.estimate == pytest.approx(0.25)


@pytest.mark.parametrize("own", [False, True])
def test_an_ablation_is_compared_with_its_denoiser_unless_it_has_its_own(own, make_row):
    scored = [(make_row("matched", denoiser="CPCE"), records(2))]
    scored += [(make_row("matched", denoiser="RED-CNN (32 channels)"), records(1))]
    scored += [(make_row("matched", denoiser="CPCE (k1)"), records(6))] if own else []
    scored += [(make_row("lidnet", denoiser="CPCE (k1)"), records(8))]
    found = gather_evidence(scored, resamples=50).differences
    cpm = [e.difference.estimate for e in found if e.difference.metric == "CPM"]
    assert cpm == [pytest.approx(0.25 if own else 0.75)]


def test_what_a_change_costs_is_its_difference_from_the_unchanged(make_row):
    scored = [(make_row("lidnet", detector="R18"), records(6)), (make_row("matched"), records(1))]
    scored += [(make_row("lidnet", denoiser="CPCE (k1)", detector="R18"), records(2))]
    scored += [(make_row("joint", detector="R18"), records(8))]
    found = gather_evidence(scored, resamples=50).differences
    cpm = {
        (e.key.method, e.key.denoiser): e.difference.estimate
        for e in found
        if e.difference.metric == "CPM" and e.against == "lidnet"
    }
    assert cpm == {("lidnet", "CPCE (k1)"): pytest.approx(-0.5), ("joint", "CPCE"): 0.25}


def test_an_ablation_of_an_ablation_is_compared_with_that(make_row):
    """Also joint training under its name; with another detector it is still the same ablation."""
    found = {"": 8, " (a)": 6, " (a-b)": 3, " (no-c)": 5}
    scored = [
        (make_row("lidnet", denoiser=f"CPCE{name}", detector=detector), records(number))
        for name, number in found.items()
        for detector in ("R18", "DETR")
    ]
    scored += [(make_row("joint", denoiser="CPCE (a)", detector="R18"), records(7))]
    differences = gather_evidence(scored, resamples=50).differences
    cpm = {
        (e.key.method, e.key.denoiser, e.key.detector): 8 * e.difference.estimate
        for e in differences
        if e.difference.metric == "CPM" and e.against == "lidnet"
    }
    assert cpm == pytest.approx({
        **{("lidnet", "CPCE (a)", name): -2 for name in ("R18", "DETR")},
        **{("lidnet", "CPCE (a-b)", name): -3 for name in ("R18", "DETR")},
        **{("lidnet", "CPCE (no-c)", name): -3 for name in ("R18", "DETR")},
        ("joint", "CPCE (a)", "R18"): 1,
    })  # fmt: skip


def test_a_denoiser_of_more_seeds_counts_once(make_row):
    """In the mean of all, as in the table of means."""
    scored = [(make_row("matched", denoiser=name), records(2)) for name in ("CPCE", "SMGAN")]
    scored += [(make_row("lidnet", seed, denoiser="CPCE"), records(2)) for seed in range(3)]
    scored += [(make_row("lidnet", denoiser="SMGAN"), records(6))]
    (mean,) = [
        e.difference
        for e in gather_evidence(scored, resamples=50).differences
        if e.difference.metric == "CPM" and e.key.denoiser == "mean of 2 denoisers"
    ]
    assert (mean.estimate, mean.num_seeds) == (0.25, (2, 4))


def test_all_denoisers_together_are_the_mean_of_their_differences(make_row):
    scored = []
    for name, baseline, own in (("CPCE", 2, 4), ("SMGAN", 1, 7)):
        scored.append((make_row("matched", denoiser=name), records(baseline)))
        scored.append((make_row("lidnet", denoiser=name, detector="R18"), records(own)))
        scored.append(
            (make_row("lidnet", denoiser=f"{name} (k1)", detector="R18"), records(own + 1))
        )
    scored.append((make_row("lidnet", denoiser="CPCE (k20)", detector="R18"), records(8)))
    found = gather_evidence(scored, resamples=50).differences
    means = {e.key.denoiser for e in found if e.key.denoiser.startswith("mean")}
    assert means == {"mean of 2 denoisers", "mean of 2 denoisers (k1)"}
    cpm = {
        (e.key.denoiser, e.against): e.difference.estimate
        for e in found
        if e.difference.metric == "CPM"
    }
    ablation = "mean of 2 denoisers (k1)"
    assert cpm[ablation, "matched"] == pytest.approx((3 / 8 + 7 / 8) / 2)
    assert cpm[ablation, "lidnet"] == pytest.approx(1 / 8)
    (mean,) = [
        e for e in found if e.difference.metric == "CPM" and e.key.denoiser == "mean of 2 denoisers"
    ]
    assert mean.difference.estimate == pytest.approx((2 / 8 + 6 / 8) / 2)
    assert mean.difference.num_seeds == (2, 2)
    assert (mean.key.method, mean.key.detector, mean.against) == ("lidnet", "none", "matched")
    # Resampled together, its interval is no wider than that of the denoiser that differs most.
    ranges = [e.difference.high - e.difference.low for e in found if e.difference.metric == "CPM"]
    assert mean.difference.high - mean.difference.low < max(ranges)


def test_read_back(evidence, tmp_path):
    path = tmp_path / "evidence.json"
    key = evidence.detections[0].key
    evidence = dataclasses.replace(evidence, minutes=(LineMinutes(key, (1.5, 2.0)),))
    assert (evidence.minutes_of(key), Evidence().minutes_of(key)) == ((1.5, 2.0), ())
    write_evidence(evidence, path)
    assert read_evidence(path) == evidence
    assert read_evidence(tmp_path / "none.json") == Evidence()
    path.write_text('{"differences": 3}')
    with pytest.raises(ValueError, match=r"evidence\.json holds no evidence"):
        read_evidence(path)


def test_froc_panels_hold_a_denoiser_beside_the_floor(evidence):
    (panel,) = froc_panels(evidence)
    assert [curve.title.split(",")[0] for curve in panel.curves] == [
        "LDCT", "Baseline", "Matched", "LIDnet",
    ]  # fmt: skip
    assert panel.curves[-1].title == "LIDnet, CPM 0.938"
    assert panel.curves[0].y[-1] == pytest.approx(12.5)
    assert "LIDnet, CPM 0.938 93.8" in panel.description


def test_froc_panels_tell_filters_apart_and_leave_ablations_to_the_tables(make_row):
    names = [("classical", "BM3D"), ("classical", "Bilateral"), ("lidnet", "CPCE")]
    names += [("lidnet", "CPCE (k1)"), ("lidnet", "RED-CNN (32 channels)")]
    scored = [(make_row(method, denoiser=name), records(4)) for method, name in names]
    panels = froc_panels(gather_evidence(scored, resamples=50))
    assert [panel.title.split(":")[0] for panel in panels] == ["CPCE", "RED-CNN (32 channels)"]
    assert [curve.title for curve in panels[0].curves] == [
        "Classical, BM3D, CPM 0.500", "Classical, Bilateral, CPM 0.500", "LIDnet, CPM 0.500",
    ]  # fmt: skip


def test_training_panels_group_strategies_and_leave_out_what_was_not_measured():
    def curves(label, method, values):
        steps = np.arange(len(values))
        return Curves(label, steps, steps * 0, {}, {"coco/bbox_mAP_50": (steps, np.array(values))},
                      method, "chest, CPCE")  # fmt: skip

    panels = training_panels([
        curves("a", "lidnet", [0.1, -1.0, 0.3]), curves("b", "joint", [0.2, 0.25]),
        curves("c", "lidnet", [0.5]),
    ])  # fmt: skip
    assert [(panel.title, [c.title for c in panel.curves]) for panel in panels] == [
        ("chest, CPCE: AP50", ["a", "b"])
    ]
    assert panels[0].curves[0].x.tolist() == [0, 2]
    assert panels[0].curves[0].y.tolist() == pytest.approx([10.0, 30.0])
    assert panels[0].y_range == pytest.approx((9.0, 31.0))


def test_an_axis_of_ap_does_not_draw_chance_as_if_it_were_much():
    steps = np.arange(2)
    judged = {"AP50": (steps, np.array([63.0, 64.0]))}
    curves = Curves("folder", steps, steps * 0, {}, method="joint", judged=judged, seed=2)
    (panel,) = training_panels([curves])
    assert panel.curves[0].title == "Joint, seed 2"
    assert panel.y_range == pytest.approx((58.5, 68.5))


def test_trainings_of_one_name_are_told_apart_and_no_ap_is_below_0():
    steps = np.arange(2)
    judged = {"AP75": (steps, np.array([0.0, 1.0]))}
    curves = [
        Curves(label, steps, steps * 0, {}, method="lidnet", judged=judged, seed=0)
        for label in ("by_detr", "by_r18")
    ]
    (panel,) = training_panels(curves)
    assert [curve.title for curve in panel.curves] == ["by_detr", "by_r18"]
    assert panel.y_range == pytest.approx((0.0, 5.5))
