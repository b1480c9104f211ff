"""Original OpenMMLab packages beside the maintained ones, and ops that do not load."""

import shutil
import subprocess
import sys
import sysconfig

import pytest

from installation import InstallError, environment, openmmlab, ops

ABSENT_SYMBOL = """
#include <Python.h>
extern int of_another_pytorch(void);
PyMODINIT_FUNC PyInit__ext(void) { of_another_pytorch(); return NULL; }
"""


def put(folder, name: str, version: str) -> None:
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")


@pytest.mark.parametrize(
    ("installed", "what", "uninstall"),
    [
        ({"mmcv": "2.1.0"}, "mmcv 2.1.0", "mmcv"),
        (
            {"mmdet": "3.3.0", "onedl-mmdetection": "3.5.1"},
            "mmdet 3.3.0 of the original OpenMMLab beside onedl-mmdetection",
            "mmdet onedl-mmdetection",
        ),
        (
            {"mmcv-lite": "2.1.0", "mmengine": "0.10.7", "onedl-mmengine": "0.10.12"},
            "mmcv-lite 2.1.0, mmengine 0.10.7",
            "mmcv-lite mmengine onedl-mmengine",
        ),
    ],
)
def test_original_package_stops_the_installation_with_one_line(
    tmp_path, installed, what, uninstall
):
    folder = tmp_path / "lib" / "python3.11" / "site-packages"
    for name, version in installed.items():
        put(folder, name, version)
    with pytest.raises(InstallError, match=f"{what}.*`pip uninstall -y {uninstall}`") as error:
        environment.check_packages(tmp_path)
    assert "\n" not in str(error.value)


def test_maintained_packages_alone_are_right(tmp_path):
    for name in openmmlab.ORIGINALS:
        put(tmp_path / "lib" / "python3.11" / "site-packages", name, "1")
    environment.check_packages(tmp_path)


def test_damaged_metadata_is_passed_over(tmp_path):
    (tmp_path / "broken-1.dist-info").mkdir()
    put(tmp_path, "MMCV_lite", "2.1.0")
    assert openmmlab.installed_names([str(tmp_path)]) == {"mmcv-lite": "2.1.0"}


@pytest.mark.parametrize(
    ("status", "output", "told"),
    [
        (1, "x.so: undefined symbol: _ZN3c104", "compiled for another build of PyTorch"),
        (1, "libcudart.so.12: cannot open shared object file", "for a CUDA that this PyTorch"),
        (1, "import: ModuleNotFoundError: No module named 'mmcv._ext'", "without its compiled ops"),
        (
            1,
            "cuda: RuntimeError: implementation for device cuda:0 not found.",
            "CPU alone",
        ),
        (-11, "", "end the process"),
        (1, "cpu: ValueError: nms keeps [0], not [0, 2]", "nms keeps"),
    ],
)
def test_failed_trial_tells_what_it_means(status, output, told):
    meaning = ops.meaning(status, output)
    assert told in meaning
    assert "\n" not in meaning


def test_ops_of_another_pytorch_are_recognised(tmp_path, monkeypatch):
    """A library that misses a symbol, as one that was compiled for another PyTorch does."""
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler to build the library with")
    package = tmp_path / "mmcv"
    (package / "ops").mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "ops" / "__init__.py").write_text("from mmcv import _ext\n")
    source = tmp_path / "ext.c"
    source.write_text(ABSENT_SYMBOL)
    headers = f"-I{sysconfig.get_path('include')}"
    target = package / "_ext.so"
    subprocess.run([compiler, "-shared", "-fPIC", headers, source, "-o", target], check=True)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    told = ops.failure(sys.executable)
    assert told.startswith("mmcv's ops were compiled for another build of PyTorch")
    assert "of_another_pytorch" in told


def test_ops_of_this_environment_work():
    pytest.importorskip("mmcv")
    assert ops.failure(sys.executable) is None
