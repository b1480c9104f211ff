"""The command line of the offline simulation, run as a user runs it."""

import json
import shutil
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import nibabel
import numpy as np
import pytest


@pytest.fixture
def data(tmp_path):
    """A converted data set of one patient with two slices."""
    rows, columns = np.mgrid[:32, :32] - 15.5
    disk = np.where(np.hypot(rows, columns) < 13, 0, -1000).astype(np.int16)
    root = tmp_path / "data"
    (root / "volumes").mkdir(parents=True)
    (root / "annotations").mkdir()
    image = nibabel.Nifti1Image(np.stack([disk] * 2, axis=-1), np.diag([-4.0, -4.0, 5.0, 1.0]))
    nibabel.save(image, root / "volumes" / "case_0001.nii.gz")
    record = {
        "file_name": "volumes/case_0001.nii.gz",
        "height": 32,
        "width": 32,
        "spacing": [4.0, 4.0],
        "slice_thickness": 5.0,
        "patient_id": "case_0001",
    }
    content = {
        "info": {},
        "images": [{**record, "id": 1 + index, "slice_index": index} for index in (0, 1)],
        "annotations": [],
        "categories": [{"id": 1, "name": "lesion"}],
    }
    (root / "annotations" / "train.json").write_text(json.dumps(content))
    return root


def run(repository, *arguments):
    command = [sys.executable, str(repository / "tools" / "simulate_ldct.py"), *map(str, arguments)]
    environment = {"PYTHONPATH": str(repository), "PATH": "/usr/bin:/bin", "OMP_NUM_THREADS": "1"}
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False)


def test_options_reach_the_simulation(repository, data):
    dose = ("--dose-fraction", "0.25", "--full-dose-photons", "1e6", "--electronic-noise", "10")
    scan = ("--geometry", "ge_lightspeed_vct", "--seed", "3", "--store", "int16")
    done = run(repository, data, *dose, *scan)
    assert done.returncode == 0, done.stderr
    name = "dose-0.25-of-1e06_ge_lightspeed_vct_electronic-10_seed-3_int16"
    settings = json.loads((data / "ldct" / name / "settings.json").read_text())
    expected = {
        "mode": "physics",
        "geometry": "ge_lightspeed_vct",
        "num_views": None,
        "seed": 3,
        "store": "int16",
        "device": "cpu",
    }
    assert {key: settings[key] for key in expected} == expected
    assert settings["incident_photons"] == pytest.approx(1e6 / 3)
    assert settings["electronic_noise"] == pytest.approx(10 * (1.25 / 0.75) ** 0.5)
    assert str(data / "ldct" / name / "annotations" / "train.json") in done.stdout


def test_an_error_is_one_line_and_a_status(repository, data):
    done = run(repository, data, "--noise-hu", "60", "--preset", "lidnet_pe_ct")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "error: Set the dose in exactly one way" in done.stderr
    assert not (data / "ldct").exists()


def test_mim_run_finds_the_tool(data, tmp_path):
    mim = shutil.which("mim", path=str(Path(sys.executable).parent))
    installed = {(d.metadata["Name"] or "") for d in metadata.distributions()}
    if mim is None or "lidnet_mm" not in installed:
        pytest.skip("lidnet_mm or mim is not installed in this environment")
    out = tmp_path / "published set"
    published = ("--mode", "gholizadeh2019", "--preset", "lidnet_pe_ct", "--shard", "1/2")
    command = [mim, "run", "lidnet_mm", "simulate_ldct", str(data), str(out), *published]
    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert json.loads((out / "settings.json").read_text())["mode"] == "gholizadeh2019"
    assert (out / "volumes" / "case_0001.nii.gz").is_file()
