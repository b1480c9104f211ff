"""LIDInferencer and tools/denoise.py on small series."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nibabel
import numpy as np
import pytest
import SimpleITK
import torch

from lidnet_mm.apis.inferencer import LIDInferencer, resolve_device
from lidnet_mm.registry import MODELS

TOOL = Path(__file__).resolve().parents[2] / "tools" / "denoise.py"

CONFIG = """
model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.ResHLF', channels=4))
"""


@pytest.fixture
def config(tmp_path) -> tuple[str, str]:
    """Config and checkpoint of a small denoiser."""
    path = tmp_path / "small_denoiser_of_a_test.py"
    path.write_text(CONFIG)
    torch.manual_seed(0)
    built = MODELS.build(
        {
            "type": "lidnet_mm.DenoisingModel",
            "generator": {"type": "lidnet_mm.ResHLF", "channels": 4},
        }
    )
    torch.nn.init.uniform_(built.generator.tail.weight, -0.1, 0.1)  # zeros: no change at all
    torch.save({"state_dict": built.state_dict()}, tmp_path / "small.pth")
    return str(path), str(tmp_path / "small.pth")


def ct(path: Path, slices: int = 3, seed: int = 0) -> Path:
    """A small NIfTI in HU."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hu = np.random.default_rng(seed).integers(-1000, 1000, (40, 44, slices)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, np.diag([-0.7, -0.7, 2.5, 1])), path)
    return path


def run(*arguments, **options) -> subprocess.CompletedProcess:
    """Call the tool."""
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_file_array_and_image_give_the_same(tmp_path, config):
    path = ct(tmp_path / "a.nii.gz")
    inferencer = LIDInferencer(*config)
    by_file = inferencer(path)
    assert by_file.volume.shape == (3, 44, 40)
    assert by_file.spacing == pytest.approx((2.5, 0.7, 0.7))
    assert by_file.lesions is None
    hu = np.asarray(nibabel.load(path).dataobj).T.astype(np.float32)
    by_array = inferencer(hu, spacing=(2.5, 0.7, 0.7))
    np.testing.assert_allclose(by_array.volume, by_file.volume, atol=1e-3)
    image = SimpleITK.ReadImage(str(path))
    by_image = inferencer(SimpleITK.Cast(image, SimpleITK.sitkFloat32))
    np.testing.assert_allclose(by_image.volume, by_file.volume, atol=1e-3)
    place = by_file.affine @ (1, 2, 3, 1)
    index = image.TransformPhysicalPointToIndex(place[:3].tolist())
    assert index == (3, 2, 1)
    assert inferencer(hu[0]).volume.shape == (44, 40)
    assert len(inferencer([hu[0], hu[1]])) == 2


def test_what_is_written_is_what_is_returned(tmp_path, config):
    path = ct(tmp_path / "a.nii.gz")
    result = LIDInferencer(*config)(path, out_dir=tmp_path / "out", return_volumes=True)
    (file,) = result.files
    written = np.asarray(nibabel.load(file).dataobj).T
    assert np.abs(written - result.volume).max() <= 0.5
    assert np.abs(written - nibabel.load(path).get_fdata().T).max() > 10


@pytest.mark.parametrize("strength", [0.0, 0.5])
def test_strength_mixes_the_source_back(tmp_path, config, strength):
    path = ct(tmp_path / "a.nii.gz")
    source = LIDInferencer("identity")(path).volume
    whole = LIDInferencer(*config)(path).volume
    mixed = LIDInferencer(*config, strength=strength)(path).volume
    np.testing.assert_allclose(mixed, source + strength * (whole - source), atol=1e-2)


def test_wrong_use(tmp_path, config):
    with pytest.raises(ValueError, match="the bundled ones are"):
        LIDInferencer("no_such_model")
    with pytest.raises(ValueError, match="give --checkpoint FILE"):
        LIDInferencer(config[0])
    with pytest.raises(ValueError, match="belongs to a config"):
        LIDInferencer("identity", config[1])
    with pytest.raises(FileNotFoundError):
        LIDInferencer("identity")(tmp_path / "nothing")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="holds no CT series"):
        LIDInferencer("identity")(tmp_path / "empty")
    with pytest.raises(ValueError, match="NaN"):
        LIDInferencer("identity")(np.full((4, 40, 40), np.nan, np.float32))


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a CUDA device")
def test_cuda_that_is_not_there():
    assert resolve_device("auto") == torch.device("cpu")
    with pytest.raises(ValueError, match="no CUDA device"):
        resolve_device("cuda")


def test_checkpoint_of_another_generator(tmp_path, config):
    other = tmp_path / "other_denoiser_of_a_test.py"
    other.write_text(CONFIG.replace("ResHLF', channels=4", "WGANVGG'"))
    with pytest.raises(ValueError, match="give the config that trained it"):
        LIDInferencer(str(other), config[1])


def test_a_tree_goes_on_after_what_cannot_be_used_and_skips_what_is_done(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    for name in ("a", "b/c"):
        ct(source / f"{name}.nii.gz")
    (source / "b/bad.nii.gz").write_bytes(b"no")
    first = run(source, out, "--model", "identity")
    assert first.returncode == 1
    assert "bad.nii.gz: not denoised" in first.stderr
    assert {p.relative_to(out).as_posix() for p in out.rglob("*.nii.gz")} == {
        "a.nii.gz",
        "b/c.nii.gz",
    }
    times = {path: path.stat().st_mtime_ns for path in out.rglob("*.nii.gz")}
    second = run(source, out, "--model", "identity")
    assert "2 skipped" in second.stdout
    assert times == {path: path.stat().st_mtime_ns for path in out.rglob("*.nii.gz")}
    other = run(source, out, "--model", "identity", "--strength", "0.5")
    assert other.returncode == 2
    assert "exists" in other.stderr
    assert (
        run(source, out, "--model", "identity", "--strength", "0.5", "--overwrite").returncode == 1
    )


def test_shards_share_a_tree(tmp_path):
    source, out = tmp_path / "in", tmp_path / "out"
    for number in range(3):
        ct(source / f"{number}.nii.gz")
    for shard in ("1/2", "2/2"):
        assert run(source, out, "--model", "identity", "--shard", shard).returncode == 0
    assert len(list(out.glob("*.nii.gz"))) == 3


def test_one_file_to_one_file(tmp_path):
    source = ct(tmp_path / "a.nii.gz")
    assert run(source, tmp_path / "b.nrrd", "--model", "identity").returncode == 0
    after = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "b.nrrd")))
    before = np.asarray(nibabel.load(source).dataobj).T
    np.testing.assert_array_equal(after, before)


def test_dry_run_writes_nothing(tmp_path):
    source = ct(tmp_path / "in/a.nii.gz").parent
    done = run(source, tmp_path / "out", "--model", "identity", "--dry-run")
    assert done.returncode == 0
    assert "3 slices of 44 x 40" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", [".", "below", ".."])
def test_output_and_input_lie_apart(tmp_path, target):
    source = ct(tmp_path / "x/in/a.nii.gz").parent
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.gz")}
    done = run(source, source / target, "--model", "identity", "--overwrite")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()[-1]) < 400
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.gz")} == before


def test_killed_in_the_middle_and_run_again(tmp_path, config):
    source = tmp_path / "in"
    for number in range(4):
        ct(source / f"{number}.nii.gz", slices=12, seed=number)
    arguments = [source, "whole", config[0], "--checkpoint", config[1]]
    assert run(*arguments, cwd=tmp_path).returncode == 0
    arguments[1] = "killed"
    command = [sys.executable, str(TOOL), *map(str, arguments)]
    process = subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    killed = tmp_path / "killed"
    limit = time.monotonic() + 120
    while not list(killed.glob("*.nii.gz")) and time.monotonic() < limit:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert run(*arguments, cwd=tmp_path).returncode == 0
    for path in (tmp_path / "whole").glob("*.nii.gz"):
        assert (killed / path.name).read_bytes() == path.read_bytes()
    shutil.rmtree(killed)
