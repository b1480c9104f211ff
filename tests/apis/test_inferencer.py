"""LIDInferencer and tools/denoise.py on small series."""

import importlib.util
import os
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

from lidnet_mm.apis.computation import resolve_device
from lidnet_mm.apis.inferencer import LIDInferencer
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


@pytest.fixture(scope="module")
def denoise():
    """The tool's main function."""
    spec = importlib.util.spec_from_file_location("denoise_tool", TOOL)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.main


@pytest.fixture
def run(denoise, capsys):
    """Function that calls the tool in this process."""

    def call(*arguments) -> subprocess.CompletedProcess:
        capsys.readouterr()
        status = denoise([str(each) for each in arguments])
        said = capsys.readouterr()
        return subprocess.CompletedProcess(arguments, status, said.out, said.err)

    return call


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


def noisy_disk() -> np.ndarray:
    """(3, 100, 90) HU of a noisy disk with metal in it; slices differ."""
    y, x = np.indices((100, 90))
    hu = np.where((y - 50) ** 2 + (x - 45) ** 2 < 1500, 40.0, -1000.0)
    hu = hu + np.random.default_rng(0).normal(0, 50, (3, 100, 90))
    hu[:, 50:54, 40:44] = 3071
    return hu.astype(np.float32)


def lung_with_two_nodules() -> np.ndarray:
    """(3, 128, 128) HU."""
    y, x = np.indices((128, 128))
    away = (y - 64) ** 2 + (x - 64) ** 2
    hu = np.select([away < 2500, away < 3600], [-850.0, 40.0], -1000.0)
    for row, column in ((50, 50), (80, 75)):
        hu[(y - row) ** 2 + (x - column) ** 2 < 36] = 30
    return (hu + np.random.default_rng(0).normal(0, 30, (3, 128, 128))).astype(np.float32)


@pytest.fixture(scope="module")
def wide(tmp_path_factory):
    """Config and checkpoint of a MAP-NN of three modules: a radius of 24 pixels, narrow layers."""
    folder = tmp_path_factory.mktemp("wide")
    network = {"type": "lidnet_mm.MAPNN", "channels": 4}
    torch.manual_seed(0)
    built = MODELS.build({"type": "lidnet_mm.DenoisingModel", "generator": network})
    assert built.generator.receptive_radius == 24
    torch.nn.init.uniform_(built.generator.shared_module.decoder[-1].weight, -0.05, 0.05)
    (folder / "wide_of_a_test.py").write_text(
        f"model = dict(type='lidnet_mm.DenoisingModel', generator={network})\n"
    )
    torch.save({"state_dict": built.state_dict()}, folder / "wide.pth")
    return str(folder / "wide_of_a_test.py"), str(folder / "wide.pth")


@pytest.fixture(scope="module", params=["cpce_l1", "wide"])
def model(request):
    """Arguments of a model, the bundled CPCE or one that sees far, and its output for the disk."""
    arguments = request.getfixturevalue("wide") if request.param == "wide" else (request.param,)
    inferencer = LIDInferencer(*arguments, detector="none")
    whole = inferencer(noisy_disk()).volume
    assert np.abs(whole - noisy_disk()).max() > 20
    return arguments, whole, inferencer.pipeline.digest


@pytest.mark.parametrize(
    "options",
    [{"tile_size": 64}, {"tile_size": 77, "batch_size": 2}, {"batch_size": 2}, {"batch_size": 3}],
)
def test_tiles_and_batches_give_the_same(model, options):
    """Several tiles each way, the last one moved inwards; a last batch of one slice."""
    arguments, whole, digest = model
    other = LIDInferencer(*arguments, detector="none", **options)
    assert (other.pipeline.denoise.model.tiles is not None) == ("tile_size" in options)
    assert other.pipeline.batch_size == options.get("batch_size", 1)
    np.testing.assert_allclose(other(noisy_disk()).volume, whole, atol=1e-3)
    assert "tile_size" in options or other.pipeline.digest == digest


def test_half_precision_changes_little(model):
    """8 bits are steps of up to 8 HU in a window of 2000."""
    arguments, whole, digest = model
    half = LIDInferencer(*arguments, detector="none", precision="bf16")
    difference = half(noisy_disk()).volume - whole
    assert 0.05 < np.sqrt(np.square(difference).mean()) < 8
    assert half.pipeline.digest != digest


def test_half_precision_leaves_what_no_network_changes():
    hu = noisy_disk()
    np.testing.assert_array_equal(LIDInferencer("identity", precision="bf16")(hu).volume, hu)


def test_batches_leave_lesions_as_they_are():
    """The bundled LIDnet on slices one by one and by threes."""
    hu, spacing = lung_with_two_nodules(), (2.5, 0.7, 0.7)
    one, three = (
        LIDInferencer("cpce_lidnet", batch_size=size)(hu, spacing=spacing).lesions
        for size in (1, 3)
    )
    assert [each.score for each in one] == pytest.approx([each.score for each in three], abs=1e-4)
    np.testing.assert_allclose(
        [each.centre_mm for each in one], [each.centre_mm for each in three], atol=1e-2
    )
    assert len(one) == 2


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"batch_size": 0}, "batch size is 0; give 1 or more"),
        ({"batch_size": -2}, "batch size is -2; give 1 or more"),
        ({"tile_size": 16}, "tiles of 16 pixels with an overlap of 8 on each side leave nothing"),
        ({"tile_size": -64}, "tiles of -64 pixels"),
        ({"strength": 1.5}, "strength is 1.5; give a number from 0 to 1"),
        ({"strength": float("nan")}, "strength is nan; give a number from 0 to 1"),
        ({"score_threshold": 5.0}, "score is 5.0; give a number from 0 to 1"),
        ({"precision": "fp8"}, "give one of fp32, fp16, bf16"),
    ],
)
def test_options_out_of_range(options, words):
    with pytest.raises(ValueError, match=words):
        LIDInferencer("cpce_l1", detector="none", **options)


def test_the_same_weights_in_another_network_are_another_output(tmp_path):
    """A filter has no weights, a MAP-NN the same for any depth: the digest tells them apart."""

    def digest(generator: str, name: str = "filter_of_a_test") -> str:
        path = tmp_path / f"{name}.py"
        path.write_text(f"model = dict(type='lidnet_mm.DenoisingModel', generator={generator})\n")
        return LIDInferencer(str(path)).pipeline.digest

    first = digest("dict(type='lidnet_mm.Bilateral', sigma=0.02)")
    assert digest("dict(sigma=0.02, type='lidnet_mm.Bilateral')") == first
    assert digest("dict(type='lidnet_mm.Bilateral', sigma=0.03)") != first


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


def test_a_tree_goes_on_after_what_cannot_be_used_and_skips_what_is_done(tmp_path, run):
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


def test_shards_share_a_tree(tmp_path, run):
    source, out = tmp_path / "in", tmp_path / "out"
    for number in range(3):
        ct(source / f"{number}.nii.gz")
    for shard in ("1/2", "2/2"):
        assert run(source, out, "--model", "identity", "--shard", shard).returncode == 0
    assert len(list(out.glob("*.nii.gz"))) == 3


def test_one_file_to_one_file(tmp_path, run):
    source = ct(tmp_path / "a.nii.gz")
    assert run(source, tmp_path / "b.nrrd", "--model", "identity").returncode == 0
    after = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(tmp_path / "b.nrrd")))
    before = np.asarray(nibabel.load(source).dataobj).T
    np.testing.assert_array_equal(after, before)


def test_dry_run_writes_nothing(tmp_path, run):
    source = ct(tmp_path / "in/a.nii.gz").parent
    done = run(source, tmp_path / "out", "--model", "identity", "--dry-run")
    assert done.returncode == 0
    assert "3 slices of 44 x 40" in done.stdout
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("target", [".", "below", ".."])
def test_output_and_input_lie_apart(tmp_path, run, target):
    source = ct(tmp_path / "x/in/a.nii.gz").parent
    before = {p: p.read_bytes() for p in tmp_path.rglob("*.gz")}
    done = run(source, source / target, "--model", "identity", "--overwrite")
    assert done.returncode == 2
    assert len(done.stderr.strip().splitlines()[-1]) < 400
    assert {p: p.read_bytes() for p in tmp_path.rglob("*.gz")} == before


def test_killed_in_the_middle_and_run_again(tmp_path, config, run):
    source, whole, killed = (tmp_path / name for name in ("in", "whole", "killed"))
    for number in range(4):
        ct(source / f"{number}.nii.gz", slices=12, seed=number)
    model = (config[0], "--checkpoint", config[1])
    assert run(source, whole, *model).returncode == 0
    process = subprocess.Popen(
        [sys.executable, str(TOOL), *map(str, (source, killed, *model))],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    limit = time.monotonic() + 120
    while not list(killed.glob("*.nii.gz")) and time.monotonic() < limit:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert run(source, killed, *model).returncode == 0
    assert len(list(whole.glob("*.nii.gz"))) == 4
    for path in whole.glob("*.nii.gz"):
        assert (killed / path.name).read_bytes() == path.read_bytes()
