"""The package's requirements, which setup.py takes from the lists by their headings."""

import ast
import runpy
import sys
from collections import Counter
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

import pytest
import setuptools
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def listed(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line.split("#")[0].strip() for line in lines if line.split("#")[0].strip()]


def names(requirements: list[str]) -> set[str]:
    return {Requirement(each).name for each in requirements}


@pytest.fixture(scope="module")
def package():
    """What setup.py says of the package."""
    described = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(setuptools, "setup", lambda **arguments: described.update(arguments))
        runpy.run_path(str(ROOT / "setup.py"))
    return SimpleNamespace(**described)


def test_package_and_its_extra_of_all_ask_for_the_whole_list(package):
    whole = [*package.install_requires, *package.extras_require["all"]]
    assert Counter(whole) == Counter(listed("requirements.txt"))


def test_no_package_is_listed_twice():
    both = [Requirement(e).name for f in ("", "-dev") for e in listed(f"requirements{f}.txt")]
    assert [name for name, count in Counter(both).items() if count > 1] == []


def test_extras_divide_what_a_light_installation_does_without(package):
    extras = {extra: names(each) for extra, each in package.extras_require.items()}
    assert {"onedl-mmcv", "onedl-mmdetection", "onedl-mim"} <= extras["detection"]
    assert extras["radiomics"] == {"pyradiomics"}
    assert extras["all"] == extras["detection"] | extras["radiomics"]
    assert not extras["all"] & names(package.install_requires)


def test_extras_of_denoisers_and_export_are_installed_for_the_tests(package):
    extras = package.extras_require
    optional = [*extras["classical"], *extras["modern"], *extras["export"]]
    assert names(optional) >= {"bm3d", "monai", "onnx", "onnxruntime"}
    assert set(optional) <= set(listed("requirements-dev.txt"))


def test_modules_import_what_a_light_installation_brings(package):
    """Other packages are imported where they are needed, with an error that names them."""
    light = {name.lower() for name in names(package.install_requires)} | {"lidnet_mm"}
    owners = metadata.packages_distributions()
    others = {
        (str(path.relative_to(ROOT)), module)
        for path in (ROOT / "lidnet_mm").rglob("*.py")
        for module in imported_at_the_top(path)
        if not light & {owner.lower() for owner in owners.get(module, [module])}
    }
    assert not others


def imported_at_the_top(path: Path) -> set[str]:
    """Packages, but for the standard library's, that a module needs to be imported."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add(node.module)
    return {name.partition(".")[0] for name in found} - sys.stdlib_module_names
