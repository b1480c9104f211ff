"""A matrix for real: LIDnets of two denoisers that share a T1, and two judges."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from test_end_to_end import write_configs, write_data

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.jobs.plan import plan_text
from lidnet_mm.benchmark.matrix.matrix import Matrix

MATRIX = """
title = 'A small matrix'
data_root = '{work_dir}/data'
case_window = (-1000, 400)
denoisers = {
    'CPCE': dict(generator=dict(type='lidnet_mm.CPCE')),
    'RED-CNN': dict(generator=dict(type='lidnet_mm.REDCNN', channels=8)),
}
methods = [
    dict(method='matched', config='baseline.py', denoisers=['CPCE']),
    dict(method='lidnet', config='lidnet.py'),
]
judges = ['judge.py', 'second_judge.py']
seeds = [0]
num_cases = 1
dose = 'simulated'
"""
SECOND_JUDGE = "_base_ = 'judge.py'\nmodel = dict(backbone=dict(norm_eval=True))\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory, repository) -> Path:
    """Where data, configs and work dir of the run are."""
    folder = tmp_path_factory.mktemp("matrix")
    write_data(folder / "work")
    write_configs(folder / "configs", repository)
    (folder / "configs" / "second_judge.py").write_text(SECOND_JUDGE, encoding="utf-8")
    (folder / "configs" / "matrix.py").write_text(MATRIX, encoding="utf-8")
    return folder


def benchmark(repository: Path, folder: Path, *arguments: str) -> str:
    """Output of ``tools/benchmark.py``."""
    stage, *options = arguments
    tool = str(repository / "tools" / "benchmark.py")
    command = [sys.executable, tool, stage, "configs/matrix.py", "--work-dir", "work", *options]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def one_cell(folder, repository) -> str:
    """Output of a run of the last cell alone."""
    return benchmark(repository, folder, "run", "--cell", "3", "--jobs", "2")


@pytest.fixture(scope="module")
def all_cells(one_cell, folder, repository) -> str:
    """Output of the run that does the rest, also where somebody commits meanwhile."""
    return benchmark(repository, folder, "run", "--jobs", "2", "--allow-mixed")


def test_one_cell_does_what_it_needs(one_cell, folder):
    trained = {path.parent.relative_to(folder / "work") for path in folder.rglob("trained")}
    (pretraining,) = (folder / "work").glob("pretraining_*_seed0")
    assert trained == {
        Path(pretraining.name),
        Path("judges/judge"),
        Path("judges/second_judge"),
        Path("lidnet_red-cnn_seed0"),
    }
    scores = {path.parent.relative_to(folder / "work") for path in folder.rglob("score.json")}
    assert scores == {
        Path("scores/lidnet_red-cnn_seed0"),
        Path("scores/by_second_judge/lidnet_red-cnn_seed0"),
    }


def test_the_rest_does_nothing_twice(all_cells, folder):
    for name in ("judges/judge", "judges/second_judge", "lidnet_red-cnn_seed0"):
        assert f"[{name}] trained already" in all_cells
    assert all_cells.count("] mim train") == 2
    assert all_cells.count("] mim test") == 4


def test_t1_is_taken_over(all_cells, folder):
    """Each LIDnet begins where the T1 ended, at iteration 4 of 13."""
    (pretraining,) = (folder / "work").glob("pretraining_*_seed0")
    for name in ("lidnet_cpce_seed0", "lidnet_red-cnn_seed0"):
        log = (folder / "work" / name / "log.txt").read_text(encoding="utf-8")
        assert re.search(rf"detector taken from \S+/{pretraining.name}/iter_3\.pth", log)
        assert "Iter(train) [ 4/13]" in log
        assert "Iter(train) [ 3/13]" not in log


def test_rows(all_cells, folder):
    rows = json.loads((folder / "work" / "results.json").read_text(encoding="utf-8"))
    expected = [("matched", "CPCE"), ("lidnet", "CPCE"), ("lidnet", "RED-CNN")]
    assert [(row["method"], row["denoiser"], row["judge"]) for row in rows] == [
        (*row, judge) for judge in ("judge", "second_judge") for row in expected
    ]
    first, second = rows[:3], rows[3:]
    for by_one, by_other in zip(first, second, strict=True):
        assert by_one["metrics"]["PSNR"] == by_other["metrics"]["PSNR"]
    assert len({row["metrics"]["RMSE"] for row in first}) == 3


def test_generated_configs_stand_alone(all_cells, folder):
    config = load_config(folder / "work" / "configs" / "lidnet_red-cnn.py")
    assert config.model.denoiser.generator == {"type": "lidnet_mm.REDCNN", "channels": 8}
    assert config.data_root == str(folder / "work" / "data")


def test_nothing_is_left_to_do(all_cells, folder, monkeypatch):
    monkeypatch.chdir(folder)
    matrix = Matrix.from_file("configs/matrix.py", "work")
    plan = plan_text(matrix, Path("configs/matrix.py"))
    assert "3 cells: 3 done\n0 jobs to do" in plan
    matrix.check_settings()
