"""The main job for real: phantom, mim train, mim test, results and report, a few steps each."""

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from lidnet_mm.datasets.converters.command_line import run as run_converter
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks
from lidnet_mm.datasets.thorax_phantom import PhantomScan, write_thorax_phantoms
from lidnet_mm.evaluation.physics_file import read_physics
from lidnet_mm.evaluation.slice_record import read_records

FIELDS = {
    "dataset",
    "denoiser",
    "method",
    "detector",
    "judge",
    "seed",
    "metrics",
    "window_hu",
    "commit",
}
METRICS = {"AP50", "AP75", "PSNR", "SSIM", "RMSE", "correlation", "homogeneity", "energy"}
TRAININGS = ("judge", "baseline_seed0", "lidnet_seed0")
ROWS = ("ldct", "classical", "baseline", "lidnet", "ndct")
TITLES = ("LDCT", "Classical, Bilateral", "Baseline, CPCE", "LIDnet, CPCE", "NDCT")

# Each training is the demo's own config, cut to a few iterations on two slices.
SHORT = """
_base_ = ['{base}']
data_root = 'replaced by the comparison'
judge = './judge.py'
train_dataloader = dict(batch_size=2, num_workers=0, persistent_workers=False)
test_dataloader = dict(batch_size=4, num_workers=0)
train_cfg = dict({train_cfg})
default_hooks = dict(logger=dict(interval=1))
"""
SETTINGS = {
    "judge": ("judges/judge_faster-rcnn_r18_phantom.py", "max_iters=4, val_interval=4"),
    "baseline": ("baselines/cpce_l1_phantom.py", "max_iters=3, val_interval=3"),
    "lidnet": (
        "lidnet/lidnet_cpce_faster-rcnn_r18_phantom.py",
        "pretrain_iters=3, denoiser_iters=3, detector_iters=2, rounds=2",
    ),
}
# A filter, scored on the baseline's data.
CLASSICAL = """
_base_ = ['./baseline.py']
model = dict(generator=dict(type='lidnet_mm.Bilateral'))
"""
COMPARISON = """
title = 'A few steps'
data_root = '{work_dir}/data'
methods = [
    dict(method='ldct'),
    dict(method='classical', config='classical.py'),
    dict(method='baseline', config='baseline.py'),
    dict(method='lidnet', config='lidnet.py'),
    dict(method='ndct'),
]
seeds = [0]
num_cases = 2
case_window = (-1000, 400)
dose = 'simulated, 200 HU'
"""


def write_data(folder: Path) -> None:
    """Four patients of four slices, as the converter leaves them."""
    scan = PhantomScan(image_size=96, slices=4)
    write_thorax_phantoms(folder / "source", 4, scan, seed=0, diameters=(20, 40))
    split = ["--split", "train=2", "val=0", "test=2", "--min-size-mm", "8"]
    arguments = [str(folder / "source"), str(folder / "data"), *split]
    assert run_converter(NiftiMasks(), "", arguments) == 0


def write_configs(folder: Path, repository: Path) -> Path:
    """The comparison and the configs it names."""
    folder.mkdir()
    for name, (base, train_cfg) in SETTINGS.items():
        text = SHORT.format(base=repository / "configs" / base, train_cfg=train_cfg)
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    (folder / "classical.py").write_text(CLASSICAL, encoding="utf-8")
    comparison = folder / "comparison.py"
    comparison.write_text(COMPARISON, encoding="utf-8")
    return comparison


def run_benchmark(repository: Path, folder: Path) -> subprocess.CompletedProcess:
    """``tools/benchmark.py run`` as a user types it, on one core."""
    tool = repository / "tools" / "benchmark.py"
    command = [sys.executable, str(tool), "run", "configs/comparison.py", "--work-dir", "work"]
    command.append("--allow-mixed")  # somebody may commit meanwhile
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory, repository) -> Path:
    """Where data, configs and work dir of the run are."""
    folder = tmp_path_factory.mktemp("end_to_end")
    write_data(folder / "work")
    write_configs(folder / "configs", repository)
    return folder


@pytest.fixture(scope="module")
def first(folder, repository) -> subprocess.CompletedProcess:
    """The run that trains and scores everything."""
    done = run_benchmark(repository, folder)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done


@pytest.fixture(scope="module")
def rows(first, folder) -> dict[str, dict]:
    """Rows of ``results.json`` by method."""
    content = json.loads((folder / "work" / "results.json").read_text(encoding="utf-8"))
    assert [row["method"] for row in content] == list(ROWS)
    return {row["method"]: row for row in content}


def log_of(folder: Path, training: str) -> str:
    """What MMEngine logged of a training."""
    (log,) = (folder / "work" / training).glob("*/*.log")
    return log.read_text(encoding="utf-8")


class TestResults:
    def test_form(self, rows):
        """Contract 6."""
        for row in rows.values():
            assert set(row) == FIELDS
            assert set(row["metrics"]) == METRICS
            assert (row["dataset"], row["judge"], row["seed"]) == ("thorax-phantom", "judge", 0)
            assert row["window_hu"] == rows["ndct"]["window_hu"]

    def test_who_denoised_and_who_guided(self, rows):
        assert {m: (row["denoiser"], row["detector"]) for m, row in rows.items()} == {
            "ldct": ("none", "none"),
            "classical": ("Bilateral", "none"),
            "baseline": ("CPCE", "none"),
            "lidnet": ("CPCE", "FasterRCNN-ResNet18"),
            "ndct": ("none", "none"),
        }

    def test_ndct_equals_itself(self, rows):
        metrics = rows["ndct"]["metrics"]
        for name in ("RMSE", "correlation", "homogeneity", "energy"):
            assert metrics[name] == 0
        assert metrics["PSNR"] is None  # infinite, which JSON does not know
        assert metrics["SSIM"] == pytest.approx(1)

    @pytest.mark.parametrize("method", ROWS[:-1])
    def test_others_differ_from_it(self, rows, method):
        metrics = rows[method]["metrics"]
        assert math.isfinite(metrics["PSNR"])
        assert 0 < metrics["RMSE"] < 1
        assert metrics["PSNR"] == pytest.approx(-20 * math.log10(metrics["RMSE"]), abs=2)
        assert 0 <= metrics["AP75"] <= metrics["AP50"] <= 100

    def test_denoisers_changed_the_images(self, rows):
        errors = [rows[method]["metrics"]["RMSE"] for method in ROWS[:-1]]
        assert len(set(errors)) == 4


class TestRecords:
    def test_each_row_has_those_of_the_same_slices(self, rows, folder):
        files = sorted((folder / "work" / "scores").glob("*/records.json"))
        assert len(files) == len(rows)
        found = [read_records(path) for path in files]
        assert len({tuple(record.identity for record in records) for records in found}) == 1
        assert len({record.patient for record in found[0]}) == 2

    def test_each_row_has_its_noise_and_edges(self, rows, folder):
        files = list((folder / "work" / "scores").glob("*/physics.json"))
        assert len(files) == len(rows)
        values = {p.parent.name.removesuffix("_seed0"): read_physics(p)["values"] for p in files}
        assert values["ndct"]["ttf_f50_ratio"] == pytest.approx(1)
        assert values["ldct"]["ttf_f50_ratio"] == pytest.approx(
            values["lidnet"]["ttf_f50_ratio_ldct"], rel=1e-5
        )


class TestReport:
    def test_has_all_rows_and_slices(self, rows, folder):
        page = (folder / "work" / "report" / "index.html").read_text(encoding="utf-8")
        for title in TITLES:
            assert re.search(rf"<t[hd][^>]*>\s*{title}", page), title
        # Two slices by five methods, for paper.
        assert page.count("data:image/webp;base64,") == 2 * 5

    def test_markdown_has_all_rows(self, rows, folder):
        text = (folder / "work" / "report" / "report.md").read_text(encoding="utf-8")
        for title in TITLES:
            method, _, denoiser = title.partition(", ")
            assert f"| {method} | {denoiser or 'none'} |" in text


class TestLog:
    LINE = re.compile(
        r"(T\d) round (\d)/2 \[(\d)/(\d)\]  Iter\(train\) \[ *(\d+)/13\].*"
        r" eta: (\d+:\d\d:\d\d) .* loss: \d"
    )

    def test_phase_round_and_eta_on_every_line(self, first, folder):
        found = [match.groups()[:5] for match in self.LINE.finditer(log_of(folder, "lidnet_seed0"))]
        t1 = [("T1", "0", f"{step}", "3") for step in (1, 2, 3)]
        rounds = [
            (phase, round_, f"{step}", f"{length}")
            for round_ in ("1", "2")
            for phase, length in (("T2", 3), ("T3", 2))
            for step in range(1, length + 1)
        ]
        expected = [(*where, f"{i}") for i, where in enumerate(t1 + rounds, start=1)]
        assert found == expected

    def test_progress_reaches_the_terminal(self, first):
        assert "[lidnet_seed0] Phase: denoiser, round 2/2, 3 iterations" in first.stdout
        assert re.search(r"\[judge\] .*Iter\(train\) \[4/4\]", first.stdout)

    def test_all_output_is_kept(self, first, folder):
        for training in TRAININGS:
            assert "Saving checkpoint" in (folder / "work" / training / "log.txt").read_text()

    def test_config_of_a_run_has_its_own_name(self, first, folder):
        """mim looks for configs by name, also in the work dirs of a checkout."""
        saved = {path.name for path in (folder / "work").rglob("*.py")}
        assert saved >= {f"resolved_{name}.py" for name in SETTINGS}
        assert not saved & {f"{name}.py" for name in SETTINGS}


def test_second_run_does_nothing_again(rows, folder, repository):
    kept = [*(folder / "work").rglob("*.pth"), *(folder / "work").rglob("score.json")]
    before = {path: path.stat().st_mtime_ns for path in kept}
    assert len(before) >= 3 + 5
    done = run_benchmark(repository, folder)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("trained already") == 3
    assert done.stdout.count("scored already") == 5
    assert " mim " not in done.stdout
    assert {path: path.stat().st_mtime_ns for path in before} == before
    content = json.loads((folder / "work" / "results.json").read_text(encoding="utf-8"))
    assert {row["method"]: row for row in content} == rows
