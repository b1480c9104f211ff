"""What the plan tells."""

import re
from pathlib import Path

import pytest
from matrix_files import ONE_TABLE

from lidnet_mm.benchmark.jobs.plan import plan_text
from lidnet_mm.benchmark.jobs.run import run_matrix


@pytest.fixture
def plan(read_matrix):
    """Function that plans the small table and returns its text."""

    def text(workers=1):
        return plan_text(
            read_matrix(ONE_TABLE + "limit_hours = 2\n"), Path("my matrix.py"), workers
        )

    return text


def states(text):
    return dict(re.findall(r"^\d +\S+ +(\S+) +2 +(\w+)", text, re.MULTILINE))


def test_before_anything_ran(plan):
    text = plan()
    assert set(states(text).values()) == {"waiting"}
    assert "5 cells: 5 waiting" in text
    assert "17 jobs to do, expected time: unknown" in text
    assert "Limit: 2 h 00 min" in text
    assert re.search(r"^4 +chest +lidnet_cpce_seed0 +2 +waiting +12 +unknown$", text, re.MULTILINE)
    assert re.search(r"pretraining_\S+_seed0: 6 iterations, expected unknown", text)
    assert "judges/judge_a: 9 iterations" in text


def test_lines_to_run_it(plan, tmp_path):
    text, work = plan(3), tmp_path / "work"
    line = f"benchmark run 'my matrix.py' --work-dir {work} --jobs 3"
    assert line in text
    (array,) = re.findall(r"sbatch (\S+) --wrap '(.*)'$", text, re.MULTILINE)
    assert array[0] == "--array=1-5"
    assert array[1].endswith("--cell $SLURM_ARRAY_TASK_ID --no-limit")


def test_states(plan, read_matrix, calls, monkeypatch):
    """A LIDnet whose T1 failed is failed; one that was interrupted is started."""
    matrix = read_matrix(ONE_TABLE)
    (pretraining,) = matrix.tables[0].pretrainings
    monkeypatch.setenv("FAKE_FAILS", pretraining.name)
    run_matrix(matrix, 1, lambda line: None)
    matrix.cell(3).training.done_mark.unlink()
    text = plan()
    assert states(text) == {
        "ldct_seed0": "done",
        "matched_cpce_seed0": "done",
        "matched_red-cnn_seed0": "started",
        "lidnet_cpce_seed0": "failed",
        "lidnet_red-cnn_seed0": "failed",
    }
    assert "5 cells: 2 done, 2 failed, 1 started" in text
    assert "--array=3-5" in text
