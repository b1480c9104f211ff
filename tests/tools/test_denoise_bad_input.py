"""What ``tools/denoise.py`` says to what it cannot use: one line with the remedy."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nibabel
import numpy as np
import pytest
import torch
import yaml
from dicom_files import ct_slice, save_dicom

from lidnet_mm.registry import MODELS
from lidnet_mm.zoo.model_card import MODELS as BUNDLED

DENOISER = "model = dict(type='lidnet_mm.DenoisingModel', generator=dict(type='lidnet_mm.{}'))\n"


@pytest.fixture(scope="module")
def denoise():
    """The tool's main function."""
    path = Path(__file__).resolve().parents[2] / "tools" / "denoise.py"
    spec = importlib.util.spec_from_file_location("denoise_tool", path)
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    return tool.main


def ct(path: Path, slices: int = 4) -> Path:
    """A NIfTI in HU that does not compress."""
    path.parent.mkdir(parents=True, exist_ok=True)
    hu = np.random.default_rng(0).integers(-1000, 1000, (64, 64, slices)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, np.diag([-0.7, -0.7, 2.5, 1])), path)
    return path


@pytest.fixture
def source(tmp_path) -> Path:
    """A folder with a CT."""
    return ct(tmp_path / "in" / "a.nii").parent


@pytest.fixture
def refused(denoise, capsys):
    """Function that runs the tool, which does nothing; what it says."""

    def run(*arguments: object) -> str:
        assert denoise([str(each) for each in arguments]) == 2
        lines = capsys.readouterr().err.strip().splitlines()
        assert lines[-1].startswith("error: ") and "Traceback" not in "".join(lines)
        return lines[-1]

    return run


def test_no_ct(tmp_path, refused):
    (tmp_path / "empty").mkdir()
    assert "holds no CT series" in refused(tmp_path / "empty", tmp_path / "out")
    assert "does not exist: give" in refused(tmp_path / "absent", tmp_path / "out")
    image = ct_slice(np.zeros((32, 32), np.uint16), (0, 0, 0), "HFS")
    image.Modality, image.SOPClassUID = "MR", "1.2.840.10008.5.1.4.1.1.4"
    save_dicom(image, tmp_path / "mr" / "a.dcm")
    said = refused(tmp_path / "mr", tmp_path / "out")
    assert "a.dcm is MR, not CT" in said
    assert not (tmp_path / "out").exists()


def test_wrong_models(tmp_path, source, refused):
    out = tmp_path / "out"
    for name in ("WGANVGG", "NoSuch"):
        (tmp_path / f"{name}.py").write_text(DENOISER.format(name))
    other = MODELS.build(
        {"type": "lidnet_mm.DenoisingModel", "generator": {"type": "lidnet_mm.ResHLF"}}
    )
    torch.save({"state_dict": other.state_dict()}, tmp_path / "other.pth")
    (tmp_path / "bad.safetensors").write_text("no")
    config = tmp_path / "WGANVGG.py"
    for file, words in (
        ("other.pth", "other.pth does not hold the weights of this WGANVGG; give the config"),
        ("bad.safetensors", "bad.safetensors is damaged .* copy it again"),
        ("absent.pth", "absent.pth"),
    ):
        said = refused(source, out, config, "--checkpoint", tmp_path / file)
        assert re.search(words, said)
    said = refused(source, out, tmp_path / "NoSuch.py", "--checkpoint", tmp_path / "other.pth")
    assert "there is no model 'lidnet_mm.NoSuch'" in said
    assert "give --checkpoint" in refused(source, out, config)
    assert "give it as --detector" in refused(source, out, "--model", "nodules_faster-rcnn")
    assert "give it as --model" in refused(source, out, "--detector", "cpce_l1")
    options = ("--model", "identity", "--detector", config, "--detector-checkpoint", "x.pth")
    assert "not of a detector" in refused(source, out, *options)
    assert "give auto, cpu or cuda" in refused(source, out, "--device", "gpu")
    assert not out.exists()


def test_detector_with_other_classes(tmp_path, source, refused):
    card = yaml.safe_load((BUNDLED / "nodules_faster-rcnn.yml").read_text())
    card["model"]["roi_head"]["bbox_head"]["num_classes"] = 3
    (tmp_path / "detector.py").write_text(f"model = {card['model']!r}\n")
    weights = BUNDLED / card["weights"]
    options = ("--detector", tmp_path / "detector.py", "--detector-checkpoint", weights)
    said = refused(source, tmp_path / "out", "--model", "identity", *options)
    assert "does not hold the weights of this FasterRCNN; give the config" in said
    assert "size mismatch for roi_head.bbox_head" in said
    assert not (tmp_path / "out").exists()


def test_output_that_is_a_file(tmp_path, source, refused):
    (tmp_path / "file").write_text("mine")
    for place in ("file", "file/below"):
        said = refused(source, tmp_path / place, "--model", "identity")
        assert "folder" in said
    assert (tmp_path / "file").read_text() == "mine"


def test_damaged_header_is_named_without_its_values_and_the_rest_goes_on(
    tmp_path, source, denoise, capsys
):
    image = ct_slice(np.full((40, 40), 1000, np.uint16), (0, 0, 0), "HFS")
    image.SeriesInstanceUID, image.SeriesNumber = "1.2.3", 7
    image.RevolutionTime = 0.5
    path = save_dicom(image, source / "dcm" / "a.dcm")
    content = path.read_bytes()
    place = content.index(b"FD\x08\x00")  # a number of eight bytes: six of them
    path.write_bytes(content[:place] + b"FD\x06\x00abcdef" + content[place + 12 :])
    assert denoise([str(source), str(tmp_path / "out"), "--model", "identity"]) == 1
    said = capsys.readouterr()
    assert "a.dcm is damaged at (0018,9305); correct it" in said.err
    assert (tmp_path / "out" / "a.nii").exists() and not (tmp_path / "out" / "dcm").exists()


def can_mount() -> bool:
    """Whether this process may mount a file system that only it sees."""
    if os.geteuid() or not shutil.which("unshare"):
        return False
    command = ["unshare", "-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.skipif(not can_mount(), reason="needs to mount a file system")
@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("ro,size=1m", "Read-only file system): make its folder writable, or write to another"),
        ("size=64k", "No space left on device"),
    ],
)
def test_read_only_and_full_disk(repository, tmp_path, source, options, words):
    disk = tmp_path / "disk"
    disk.mkdir()
    ct(source / "b.nii.gz", 16)
    tool = f"{sys.executable} {repository / 'tools' / 'denoise.py'}"
    script = (
        f"mount -t tmpfs -o {options} tmpfs {disk} && {{ {tool} {source} {disk} --model identity;"
        f" echo status $?; cd {disk}; find . -type f -not -name '*.lock' -not -name '*.json'; }}"
    )
    command = ["unshare", "-m", "bash", "-c", script]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert "status 2" in done.stdout
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith("error: ") and words in last
    left = [line for line in done.stdout.splitlines() if line.startswith("./")]
    assert left == (["./a.nii"] if "64k" in options else [])


def test_a_series_that_lacks_a_slice_is_said_to(denoise, tmp_path, write_series, capsys):
    write_series(np.zeros((4, 64, 64), np.int16), heights=[0, 2.5, 7.5, 10])
    line = [str(tmp_path / "series"), str(tmp_path / "out"), *["--detector", "none"]]
    assert denoise(line) == 0
    said = capsys.readouterr().err
    assert "up to 5 mm, here between slices 1 and 2, instead of 2.5 mm; about 1 missing" in said
    assert denoise([*line, "--format", "nifti"]) == 2
    assert "choose the format dicom" in capsys.readouterr().err
    assert not list((tmp_path / "out").glob("*.nii.gz"))


def test_a_name_that_says_another_format(tmp_path, source, refused):
    said = refused(source / "a.nii", tmp_path / "b.nii.gz", "--format", "mha")
    assert "b.nii.gz is named as nifti, but the format is to be mha" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["in"]


def test_what_is_left_out_is_said_once(denoise, tmp_path, source, capsys):
    (source / "broken.dcm").write_bytes(b"nothing")
    assert denoise([str(source), str(tmp_path / "out"), "--detector", "none"]) == 0
    (line,) = [line for line in capsys.readouterr().err.splitlines() if "broken.dcm" in line]
    assert line.count("damaged or incomplete") == 1


def test_strict_refuses_what_a_run_before_wrote(denoise, tmp_path, source, capsys):
    line = [str(source), str(tmp_path / "out"), "--detector", "none"]
    assert denoise(line) == 0
    assert denoise([*line, "--strict"]) == 2
    assert "was not trained for it" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("shape", "remedy"),
    [((64, 64), "give a volume of columns, rows and slices"), ((64, 64, 4, 2), "split it into")],
)
def test_nifti_of_other_axes_gets_the_remedy_that_fits(denoise, tmp_path, capsys, shape, remedy):
    (tmp_path / "in").mkdir()
    nibabel.save(nibabel.Nifti1Image(np.zeros(shape, np.int16), np.eye(4)), tmp_path / "in/a.nii")
    assert denoise([str(tmp_path / "in"), str(tmp_path / "out"), "--detector", "none"]) == 2
    assert remedy in capsys.readouterr().err
