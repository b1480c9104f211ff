"""What the doctor makes of packages that are missing, broken, mixed or of a wrong version."""

import sys

import pytest
from packaging.requirements import Requirement

from diagnosis import packages
from diagnosis.packages import Package, Wanted, problems

NEEDED = {
    "torch": Wanted(">=2.6"),
    "onedl-mmcv": Wanted("==2.3.6"),
    "numpy": Wanted("<2.3,>=1.26"),
    "bm3d": Wanted(">=4", "classical"),
}
TORCH = Package("torch", "2.13.0+cpu")


def missing(name: str) -> Package:
    module = packages.MODULES[name]
    return Package(name, None, f"ModuleNotFoundError: No module named '{module}'")


def told(*found: Package, installed: dict[str, str] | None = None, ops: str = "") -> list[str]:
    by_name = {package.distribution: package for package in found}
    return [str(one) for one in problems(by_name, NEEDED, installed or {}, ops)]


@pytest.mark.parametrize(
    ("package", "what", "remedy"),
    [
        (missing("torch"), "torch is missing", "`make install`"),
        (missing("numpy"), "numpy is missing", "`pip install 'numpy<2.3,>=1.26'`"),
        (Package("torch", "2.5.1+cu121"), "2.5.1+cu121 is too old, 2.6", "`make distclean`, then"),
        (Package("torch", "2.13.0", "OSError: libcudart.so.13"), "libcudart", "`make install`"),
        (Package("onedl-mmcv", "2.3.5"), "2.3.5 is there, ==2.3.6 is needed", "`make install`"),
        (Package("numpy", "2.4.0"), "2.4.0 is there, <2.3,>=1.26 is needed", "`pip install"),
        (Package("numpy", "2.2.0", "ImportError: x"), "cannot be imported", "--force-reinstall"),
    ],
)
def test_broken_package_is_one_line_with_the_remedy(package, what, remedy):
    (line,) = told(package)
    assert what in line
    assert remedy in line
    assert "\n" not in line
    assert next(iter(problems({"x": package}, NEEDED, {}))).stops


def test_optional_package_may_be_missing_but_a_broken_one_is_remarked():
    assert told(TORCH, missing("bm3d"), Package("bm3d", "4.0.3")) == []
    (problem,) = problems({"bm3d": Package("bm3d", "4.0.3", "ImportError: x")}, NEEDED, {})
    assert not problem.stops


def test_packages_that_fail_for_another_are_not_told_again():
    broken = missing("torch")
    follows = Package("onedl-mmcv", "2.3.6", broken.error)
    assert told(broken, follows) == told(broken)
    own = Package("onedl-mmcv", "2.3.6", "ModuleNotFoundError: No module named 'addict'")
    assert len(told(broken, own)) == 2
    ops = "mmcv's ops were compiled for another build (import: ImportError: undefined symbol)"
    assert told(Package("onedl-mmdetection", "3", "ImportError: undefined symbol"), ops=ops) == []


def test_package_that_cannot_write_is_not_installed_anew():
    error = "OSError: [Errno 30] Read-only file system: '/home/one/.cache'"
    (line,) = told(Package("onedl-mim", "0.5.1", error))
    assert line.endswith("Set HOME to a folder that can be written")
    assert "make install" not in line


def test_everything_that_a_bare_installation_brings_is_looked_at(repository):
    lines = (repository / "requirements.txt").read_text(encoding="utf-8").split("# [")[0]
    needed = {
        Requirement(line.partition("#")[0]).name
        for line in lines.splitlines()
        if line[:1].isalpha()
    }
    assert len(needed) > 15
    assert {name.replace("_", "-").lower() for name in needed} <= set(packages.MODULES)


def test_half_of_what_detectors_need_is_told_and_none_of_it_is_not():
    light = {"torch": Wanted(">=2.6"), "onedl-mmcv": Wanted("==2.3.6", "detection")}
    mmcv, mmdet = missing("onedl-mmcv"), missing("onedl-mmdetection")
    assert problems({"onedl-mmcv": mmcv, "onedl-mmdetection": mmdet}, light, {}) == []
    there = Package("onedl-mmdetection", "3.5.1")
    (problem,) = problems({"onedl-mmcv": mmcv, "onedl-mmdetection": there}, light, {})
    assert problem.stops
    assert "onedl-mmcv is missing, and onedl-mmdetection is there" in str(problem)


def test_original_packages_beside_the_maintained_are_told():
    installed = {"mmcv": "2.1.0", "onedl-mmcv": "2.3.6"}
    (line,) = told(TORCH, installed=installed)
    assert "mmcv 2.1.0 of the original OpenMMLab beside onedl-mmcv" in line
    assert "`pip uninstall -y mmcv onedl-mmcv`" in line


def test_package_itself_that_is_not_installed_is_told():
    (problem,) = problems({"torch": TORCH}, None, {})
    assert "lidnet_mm is not installed" in str(problem)


def test_requirements_are_read_with_extras_and_markers(monkeypatch):
    newer, older = sys.version_info[1] + 1, sys.version_info[1]
    lines = [
        "torch>=2.6",
        "Python_GDCM>=3.0.24",
        f'pyradiomics==3.0.1; python_version < "3.{newer}"',
        f'scipy==1; python_version < "3.{older}"',
        'bm3d>=4; extra == "classical"',
        'torch>=2.6; extra == "all"',
    ]
    monkeypatch.setattr(packages.metadata, "requires", lambda name: lines)
    assert packages.wanted() == {
        "torch": Wanted(">=2.6"),
        "python-gdcm": Wanted(">=3.0.24"),
        "pyradiomics": Wanted("==3.0.1"),
        "bm3d": Wanted(">=4", "classical"),
    }


@pytest.fixture
def modules(monkeypatch, tmp_path):
    """Three modules: one that ends Python, one that raises, one that writes and has a version."""
    (tmp_path / "crashing.py").write_text("import os; os.abort()")
    (tmp_path / "raising.py").write_text("raise SystemExit('two\\nlines')")
    (tmp_path / "talking.py").write_text("print('hello'); __version__ = '7'")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    names = ("crashing", "raising", "talking")
    monkeypatch.setattr(packages, "MODULES", {name: name for name in names})


def test_module_that_ends_python_does_not_end_the_report(modules):
    found = packages.look(["crashing", "raising", "talking"])
    assert found["crashing"].error == "its import ends Python (signal 6)"
    assert found["raising"].error == "SystemExit: two"
    assert (found["talking"].version, found["talking"].error) == ("7", None)
