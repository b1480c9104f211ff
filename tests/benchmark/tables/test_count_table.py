import dataclasses

from patient_records import records

from lidnet_mm.benchmark.evidence.evidence import Evidence
from lidnet_mm.benchmark.evidence.gather_evidence import gather_evidence
from lidnet_mm.benchmark.tables.count_table import count_tables


def test_counts_denoisers_and_those_that_are_sure(make_row):
    """Two better by every patient, one better by a patient of eight, one worse; an ablation."""
    scored = []
    for name, baseline, own in (("A", 0, 8), ("B", 0, 8), ("C", 7, 8), ("D", 8, 7)):
        scored.append((make_row("matched", denoiser=name), records(baseline)))
        scored.append((make_row("lidnet", denoiser=name, detector="R18"), records(own)))
    scored.append((make_row("lidnet", denoiser="A (k1)", detector="R18"), records(0)))
    for name in "AC":
        scored.append((make_row("lidnet", denoiser=f"{name} (l5)", detector="R18"), records(4)))
    (table,) = count_tables(gather_evidence(scored, resamples=200))
    (names, cells), (ablation, counted), (than, _) = table.rows
    assert ablation[0] == "STS, 60 HU noise: LIDnet (l5)"
    assert counted[2].text == "1 of 2 (1 / 1)"
    assert than[2] == "LIDnet itself"
    assert names[2] == "matched baseline"
    titles = [title for _, group in table.groups for title in group]
    found = dict(zip(titles, (cell.text for cell in cells), strict=True))
    assert found["CPM ↑"] == "3 of 4 (2 / 0)"
    assert found["PSNR (dB) ↑"] == "0 of 4 (0 / 0)"  # the same images


def test_less_is_better_for_errors(make_row):
    scored = []
    for name, baseline, own in (("A", 30.0, 31.0), ("B", 30.0, 29.0), ("C", 30.0, 32.0)):
        scored.append((make_row("baseline", denoiser=name), records(4, baseline)))
        scored.append((make_row("lidnet", denoiser=name, detector="R18"), records(4, own)))
    scored = [
        (row, [dataclasses.replace(record, rmse=1 / record.psnr) for record in kept])
        for row, kept in scored
    ]
    (table,) = count_tables(gather_evidence(scored, resamples=50))
    ((_, cells),) = table.rows
    titles = [title for _, group in table.groups for title in group]
    found = dict(zip(titles, (cell.text for cell in cells), strict=True))
    assert found["PSNR (dB) ↑"] == found["RMSE ↓"] == "2 of 3 (2 / 1)"


def test_one_denoiser_needs_no_count(make_row):
    scored = [(make_row("matched"), records(2)), (make_row("lidnet"), records(4))]
    assert count_tables(gather_evidence(scored, resamples=50)) == []
    assert count_tables(Evidence()) == []
