"""What ``make`` says where it is given what it cannot work with."""

import shutil
import subprocess

import pytest

pytestmark = pytest.mark.skipif(shutil.which("make") is None, reason="needs make")


def make(repository, *arguments: str) -> str:
    done = subprocess.run(
        ["make", *arguments], cwd=repository, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    return done.stderr


def test_environment_with_a_blank_is_refused(repository, tmp_path):
    assert "has a blank" in make(repository, "install", f"VENV={tmp_path}/my env/.venv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("python", ["python9", "/tmp"])
def test_python_that_is_not_there_is_told_with_the_remedy(repository, tmp_path, python):
    said = make(repository, "install", f"VENV={tmp_path}/env", f"PYTHON={python}")
    assert f"There is no {python}: name another Python, for example make install PYTHON=" in said
