"""``tools/doctor.py`` as a command: what it ends with, and that nothing broken ends it early."""

import os
import subprocess
import sys

import pytest

import doctor
from diagnosis.packages import Package

# Every package of the report fails to import, each in a way of its own.
BLOCK = """
import sys

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {names}:
            raise {error}

sys.meta_path.insert(0, Refuse())
"""


def run(tool, tmp_path, names: list[str], error: str) -> subprocess.CompletedProcess:
    (tmp_path / "sitecustomize.py").write_text(BLOCK.format(names=set(names), error=error))
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(tool)], capture_output=True, text=True, env=environment, check=False
    )


@pytest.fixture
def tool(repository):
    return repository / "tools" / "doctor.py"


@pytest.mark.parametrize(
    "error", ["ImportError('broken')", "OSError('libcudart.so.13')", "SystemExit(3)"]
)
def test_report_is_complete_though_everything_is_broken(tool, tmp_path, error):
    names = list(doctor.packages.MODULES.values())
    done = run(tool, tmp_path, [*names, "packaging"], error)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "PROBLEM: torch" in done.stdout
    assert "shared memory" in done.stdout
    assert done.stdout.endswith("Something that is needed does not work.\n")


def test_package_that_mmcv_imports_is_told_and_mmcv_is_not(tool, tmp_path):
    pytest.importorskip("mmcv")
    done = run(tool, tmp_path, ["cv2"], "ModuleNotFoundError(\"No module named 'cv2'\")")
    lines = [line for line in done.stdout.splitlines() if line.startswith("PROBLEM")]
    assert done.returncode == 1
    assert len(lines) == 1, done.stdout
    assert "opencv-python-headless" in lines[0]
    assert "`pip install --force-reinstall --no-deps 'opencv-python-headless<4.13'`" in lines[0]


def test_report_of_this_environment(tool, tmp_path):
    pytest.importorskip("mmdet")
    done = run(tool, tmp_path, ["bm3d"], "ModuleNotFoundError(\"No module named 'bm3d'\")")
    import torch

    assert f"torch                  {torch.__version__}" in done.stdout
    assert "mmcv's compiled ops: they work" in done.stdout
    assert "PROBLEM: bm3d" not in done.stdout
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(
    ("version", "count"), [((3, 9), 1), ((3, 10), 0), ((3, 13), 0), ((3, 14), 1)]
)
def test_wrong_interpreter_is_one_line(version, count):
    lines = [str(one) for one in doctor.python_problems(version)]
    assert ["is not supported, only 3.10 to 3.13 are" in line for line in lines] == [True] * count


def test_ops_of_another_build_are_one_line_with_the_remedy():
    torch = Package("torch", "2.13.0+cpu")
    (problem,) = doctor.ops_problems("mmcv's ops were compiled for another build (x)", torch)
    assert "PyTorch is 2.13.0+cpu. `make install` installs mmcv anew" in str(problem)
    assert doctor.ops_problems(None, torch) == []
