"""``tools/denoise.py --report`` and the same call from Python."""

import subprocess
import sys

import nibabel
import numpy as np
import pytest

from lidnet_mm.apis.inferencer import LIDInferencer


@pytest.fixture
def ct(tmp_path):
    path = tmp_path / "planted-id.nii.gz"
    hu = np.random.default_rng(0).integers(-1000, 1000, (24, 20, 3)).astype(np.int16)
    nibabel.save(nibabel.Nifti1Image(hu, np.diag([-0.7, -0.7, 2.5, 1])), path)
    return path


def test_tool_and_inferencer_write_the_same_page(repository, tmp_path, ct):
    tool = [sys.executable, str(repository / "tools" / "denoise.py"), str(ct)]
    options = ["--model", "identity", "--report"]
    done = subprocess.run([*tool, str(tmp_path / "tool"), *options], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    page = (tmp_path / "tool" / "report.html").read_text(encoding="utf-8")
    assert "planted-id" not in page
    LIDInferencer("identity")(ct, out_dir=tmp_path / "python", report=True)
    assert (tmp_path / "python" / "report.html").read_text(encoding="utf-8") == page
    LIDInferencer("identity")(ct, out_dir=tmp_path / "named", report=True, keep_names=True)
    assert str(ct) in (tmp_path / "named" / "report.html").read_text(encoding="utf-8")


def test_report_needs_a_folder(ct):
    with pytest.raises(ValueError, match="give out_dir"):
        LIDInferencer("identity")(ct, report=True)
