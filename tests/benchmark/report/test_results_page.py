import re
import subprocess
import sys

import numpy as np
import pytest
from patient_records import records
from PIL import Image

from lidnet_mm.benchmark import write_results
from lidnet_mm.benchmark.evidence.evidence import line_key, write_evidence
from lidnet_mm.benchmark.evidence.gather_evidence import gather_evidence
from lidnet_mm.benchmark.evidence.judged_curves import read_judged_curves, write_judged_curves
from lidnet_mm.benchmark.evidence.line_physics import (
    LinePhysics,
    read_physics_lines,
    write_physics_lines,
)
from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.report.results_page import write_results_page


@pytest.fixture
def docs(tmp_path, make_row):
    rows = [make_row(), make_row("lidnet", detector="R18", AP50=48.25)]
    write_results(rows, tmp_path / "results.json")
    evidence = gather_evidence(zip(rows, (records(4), records(8)), strict=True), resamples=50)
    write_evidence(evidence, tmp_path / "evidence.json")
    return tmp_path


def test_page_holds_tables_and_its_pictures(docs):
    page, *pictures = write_results_page(docs / "results.json", docs / "results.md")
    text = page.read_text(encoding="utf-8")
    linked = re.findall(r"!\[[^]]+\]\(([^)]+)\)", text)
    assert [docs / name for name in linked] == pictures
    assert len(pictures) == 3
    for path in pictures:
        assert np.asarray(Image.open(path).convert("L")).std() > 5
    for words in ("Table 2", "48.2", "[results.json](results.json)", "FROC", "less the"):
        assert words in text
    assert str(docs) not in text


def test_the_same_numbers_give_the_same_bytes(docs):
    written = write_results_page(docs / "results.json", docs / "results.md")
    before = [path.read_bytes() for path in written]
    again = write_results_page(docs / "results.json", docs / "results.md")
    assert [path.read_bytes() for path in again] == before


def test_without_evidence_nothing_is_drawn_or_bold(docs):
    (docs / "evidence.json").unlink()
    (page,) = write_results_page(docs / "results.json", docs / "results.md")
    text = page.read_text(encoding="utf-8")
    assert "evidence.json" not in text and "**" not in text


def test_noise_and_sharpness_of_collected_lines(docs, make_row):
    key = line_key(make_row("lidnet", detector="R18"))
    values = {"nps_std_hu": (31.25, 32.75), "ttf_f50_ratio": (0.875, None)}
    write_physics_lines([LinePhysics(key, values, {})], docs / "physics_lines.json")
    (line,) = read_physics_lines(docs / "physics_lines.json").lines
    assert (line.key, line.values) == (key, values)
    page, *_ = write_results_page(docs / "results.json", docs / "results.md")
    text = page.read_text(encoding="utf-8")
    assert "[physics_lines.json](physics_lines.json)" in text
    assert "32.0 ± 1.1" in text


def test_physics_of_something_else(docs):
    (docs / "physics_lines.json").write_text('[{"no": 1}]')
    with pytest.raises(ValueError, match=r"physics_lines\.json holds no noise and sharpness"):
        write_results_page(docs / "results.json", docs / "results.md")


def judged(label, method, iterations, values):
    points = {"AP50": (np.array(iterations), np.array(values))}
    losses = {"loss": np.ones(len(iterations))}
    steps = np.array(iterations)
    return Curves(
        label, steps, steps * 0, losses, method=method, group="CPCE", judged=points, seed=1
    )


def test_ap_along_trainings_is_kept_and_drawn(docs):
    path = docs / "judged_curves.json"
    alone = judged("judge", "", [100], [])
    alone.judged.clear()
    curves = [judged("CTS", "lidnet", [100, 200], [40.5, 48.25]), alone]
    write_judged_curves(curves, path)
    (read,) = read_judged_curves(path)
    assert (read.label, read.method, read.group, read.seed) == ("CTS", "lidnet", "CPCE", 1)
    assert [part.tolist() for part in read.judged["AP50"]] == [[100, 200], [40.5, 48.25]]
    page, *pictures = write_results_page(docs / "results.json", docs / "results.md")
    assert pictures[-1].name == "results_along_training.png"
    assert "[judged_curves.json](judged_curves.json)" in page.read_text(encoding="utf-8")
    write_judged_curves([curves[0], judged("joint", "joint", [100, 200], [30, 20])], path)
    before = pictures[-1].read_bytes()
    write_results_page(docs / "results.json", docs / "results.md")
    assert pictures[-1].read_bytes() != before


def test_curves_of_something_else(docs):
    (docs / "judged_curves.json").write_text('[{"no": 1}]')
    with pytest.raises(ValueError, match=r"judged_curves\.json holds no AP along trainings"):
        write_results_page(docs / "results.json", docs / "results.md")


def test_command_line(docs, repository):
    def run(results):
        command = [sys.executable, str(repository / "tools" / "results_page.py")]
        command += [str(docs / results), str(docs / "out" / "page.md")]
        return subprocess.run(command, capture_output=True, text=True, timeout=120)

    done = run("results.json")
    assert done.returncode == 0, done.stderr
    assert (docs / "out" / "images" / "page_froc.png").is_file()
    assert str(docs / "out" / "page.md") in done.stdout
    (docs / "empty.json").write_text("[]")
    failed = run("empty.json")
    assert failed.returncode == 1
    missing = run("none.json")
    assert missing.returncode == 1 and "none.json: run a benchmark" in missing.stderr
    assert "has no row" in failed.stderr and "Traceback" not in failed.stderr
