"""What the doctor makes of folders that cannot be written and of little shared memory."""

from pathlib import Path

import pytest

from diagnosis import folders
from diagnosis.folders import Folder


def test_folder_that_can_be_written_is_left_as_it_was(tmp_path):
    assert folders.why_not_writable(tmp_path) is None
    assert folders.why_not_writable(tmp_path / "a" / "b") is None
    assert list(tmp_path.iterdir()) == []


def test_file_in_the_place_of_a_folder_is_told(tmp_path):
    (tmp_path / "cache").touch()
    assert folders.why_not_writable(tmp_path / "cache") == "Not a directory"


def test_folder_that_refuses_is_told(tmp_path):
    assert folders.why_not_writable(Path("/proc/self")) is not None


def test_folders_are_those_of_the_variables(monkeypatch, tmp_path):
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "settings"))
    monkeypatch.delenv("MPLCONFIGDIR", raising=False)
    paths = {one.variable: one.path for one in folders.look()}
    assert paths["TORCH_HOME"] == str(tmp_path / "torch")
    assert paths["MPLCONFIGDIR"] == str(tmp_path / "settings" / "matplotlib")


@pytest.mark.parametrize(("variable", "stops"), [("TMPDIR", True), ("TORCH_HOME", False)])
def test_unwritable_folder_is_one_line_with_its_variable(variable, stops):
    broken = Folder("weights", "/x", variable, "Permission denied", stops)
    (problem,) = folders.problems([broken, Folder("home", "/y", "HOME")], None)
    assert problem.stops is stops
    assert "/x, cannot be written: Permission denied" in str(problem)
    assert f"Set {variable} to a folder" in str(problem)


def test_little_shared_memory_is_remarked():
    (problem,) = folders.problems([], 64 << 20)
    assert not problem.stops
    assert "/dev/shm has 64 MiB" in str(problem)
    assert "--shm-size" in str(problem)
    assert folders.problems([], 8 << 30) == []
