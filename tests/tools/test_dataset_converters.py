"""The command lines of the converters, run as a user runs them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest


def run(repository, tool, *arguments):
    command = [sys.executable, str(repository / "tools" / "dataset_converters" / tool), *arguments]
    environment = {"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def write_phantoms(repository, folder):
    arguments = ("--patients", "3", "--image-size", "64", "--slices", "4", "--slice-thickness", "6")
    done = run(repository, "thorax_phantom.py", str(folder), *arguments)
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def phantoms(repository, tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantoms") / "source"
    write_phantoms(repository, folder)
    return folder


def test_phantoms_are_converted_by_the_defaults(repository, phantoms, tmp_path):
    done = run(repository, "nifti_masks.py", str(phantoms), str(tmp_path / "out"))
    assert done.returncode == 0, done.stderr
    assert "all    3         12" in done.stdout
    parts = [json.loads(p.read_text()) for p in (tmp_path / "out" / "annotations").iterdir()]
    assert len(parts) == 3
    assert "patient_00" not in json.dumps(parts)


def test_split_and_switches_reach_the_converter(repository, phantoms, tmp_path):
    switches = ("--split", "train=2", "val=0", "test=1", "--store", "png", "--only-lesion-slices")
    done = run(repository, "nifti_masks.py", str(phantoms), str(tmp_path / "out"), *switches)
    assert done.returncode == 0, done.stderr
    train = json.loads((tmp_path / "out" / "annotations" / "train.json").read_text())
    assert train["info"]["split"] == {"train": 2, "val": 0, "test": 1}
    assert train["info"]["converter"]["keep_empty"] is False
    assert all(image["file_name"].endswith(".png") for image in train["images"])


def test_an_error_is_one_line_and_a_status(repository, phantoms, tmp_path):
    done = run(repository, "nifti_masks.py", str(phantoms), str(tmp_path), "--split", "train=9")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "asks for 9 patients, but the source has 3" in done.stderr


def test_mim_run_finds_both_tools(phantoms, tmp_path):
    mim = shutil.which("mim", path=str(Path(sys.executable).parent))
    if mim is None or not _is_installed():
        pytest.skip("lidnet_mm or mim is not installed in this environment")
    command = [mim, "run", "lidnet_mm", "dataset_converters:nifti_masks"]
    command += [str(phantoms), str(tmp_path / "out")]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (tmp_path / "out" / "annotations" / "train.json").is_file()


def _is_installed():
    from importlib import metadata

    return any((d.metadata["Name"] or "") == "lidnet_mm" for d in metadata.distributions())


def test_phantoms_where_nothing_can_be_written(repository, tmp_path):
    (tmp_path / "file").touch()
    done = run(repository, "thorax_phantom.py", str(tmp_path / "file" / "out"), "--patients", "1")
    assert done.returncode == 1
    assert done.stderr.startswith("error: ")
    assert "Traceback" not in done.stderr
