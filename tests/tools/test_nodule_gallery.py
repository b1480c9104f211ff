"""The picture of random nodules."""

import subprocess
import sys

import nibabel as nib
import numpy as np
from PIL import Image

from lidnet_mm.datasets.thorax_phantom import PhantomScan, make_thorax_phantom


def draw(repository, *arguments):
    tool = repository / "tools" / "analysis_tools" / "nodule_gallery.py"
    command = [sys.executable, str(tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def write_chest(folder):
    folder.mkdir()
    phantom = make_thorax_phantom(PhantomScan(image_size=170, slices=2), seed=1)
    image = nib.Nifti1Image(phantom.image.transpose(2, 1, 0), phantom.scan.affine)
    nib.save(image, folder / "p1_a.nii.gz")


def test_a_tile_for_each_nodule_and_boxes_on_demand(repository, tmp_path):
    write_chest(tmp_path / "source")
    options = ("--nodules", 4, "--columns", 2, "--seed", 5, "--attachments", "none")
    for name, more in (("plain.png", ()), ("again.png", ()), ("boxes.png", ("--boxes",))):
        done = draw(repository, tmp_path / "source", tmp_path / name, *options, *more)
        assert done.returncode == 0, done.stderr
    plain, again, boxes = (
        np.asarray(Image.open(tmp_path / f"{name}.png")) for name in ("plain", "again", "boxes")
    )
    assert plain.shape == (258, 258)
    np.testing.assert_array_equal(plain, again)
    for rows in (slice(0, 128), slice(130, 258)):
        for columns in (slice(0, 128), slice(130, 258)):
            assert plain[rows, columns].std() > 20
            assert (plain[rows, columns] != boxes[rows, columns]).any()


def test_errors_say_what_is_wrong(repository, tmp_path):
    done = draw(repository, tmp_path / "nothing", tmp_path / "out.png")
    assert done.returncode == 1
    assert "no such folder" in done.stderr
    (tmp_path / "source").mkdir()
    flat = nib.Nifti1Image(np.full((64, 64, 1), 40, np.int16), np.eye(4))
    nib.save(flat, tmp_path / "source" / "p1_a.nii.gz")
    done = draw(repository, tmp_path / "source", tmp_path / "out.png", "--nodules", "1")
    assert (done.returncode, (tmp_path / "out.png").exists()) == (1, False)
    assert "lungs" in done.stderr
