"""``pip install .`` and ``pip install -e .`` give mim its tools and configs.

Each way of installing is done for real, from a copy of the checkout, into an environment of its own
that borrows the dependencies which are installed already.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import venv
from dataclasses import dataclass
from pathlib import Path

import pytest

from lidnet_mm import __version__
from lidnet_mm.zoo.model_card import bundled_names

NOT_COPIED = (".*", "work_dirs", "build", "dist", "*.egg-info", "__pycache__")
FIND_CONFIGS = """
import sys
from pathlib import Path
from mim.utils import get_installed_path, recursively_find
root = get_installed_path("lidnet_mm")
for name in sys.argv[1:]:
    print(name, len(recursively_find(root, name, followlinks=True)))
"""


@dataclass(frozen=True)
class Installation:
    """One environment with lidnet_mm in it."""

    kind: str
    python: Path
    checkout: Path
    elsewhere: Path

    @property
    def served(self) -> Path:
        """Folder whose tools and configs mim is to use."""
        if self.kind == "editable":
            return self.checkout
        return self.site_packages / f"lidnet_mm-{__version__}.dist-info" / ".mim"

    @property
    def site_packages(self) -> Path:
        return next(self.python.parents[1].glob("lib/python*/site-packages"))

    def run(self, *arguments: str) -> str:
        """Run Python outside the checkout and return what it writes."""
        environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        done = subprocess.run(
            [str(self.python), *arguments],
            cwd=self.elsewhere,
            env={**environment, "OMP_NUM_THREADS": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
        return done.stdout


def borrow_dependencies(environment: Path) -> Path:
    """Create an environment that sees the installed dependencies, return its Python."""
    venv.EnvBuilder(with_pip=False, symlinks=True).create(environment)
    site_packages = next(environment.glob("lib/python*/site-packages"))
    folders = {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}
    (site_packages / "borrowed.pth").write_text("\n".join(sorted(folders)) + "\n")
    return environment / "bin" / "python"


@pytest.fixture(scope="module", params=["wheel", "editable"])
def installation(request, tmp_path_factory, repository) -> Installation:
    """Install a copy of the checkout; once for all tests of a kind."""
    for module in ("mim", "pip", "setuptools"):
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: nothing to install with")
    folder = tmp_path_factory.mktemp(request.param)
    checkout = folder / "checkout"
    shutil.copytree(repository, checkout, ignore=shutil.ignore_patterns(*NOT_COPIED))
    (folder / "elsewhere").mkdir()
    python = borrow_dependencies(folder / "environment")
    installed = Installation(request.param, python, checkout, folder / "elsewhere")
    # --ignore-installed: a lidnet_mm among the borrowed packages is none of pip's business here.
    flags = ["--ignore-installed", "--no-deps", "--no-build-isolation", "--no-index"]
    source = ["--editable", str(checkout)] if request.param == "editable" else [str(checkout)]
    installed.run("-m", "pip", "install", *flags, *source)
    return installed


def test_installed_version_is_the_packages(installation):
    code = "from importlib.metadata import version; print(version('lidnet_mm'))"
    assert installation.run("-c", code).strip() == __version__


def test_package_is_complete(installation):
    code = "import lidnet_mm; print(lidnet_mm.__file__)"
    package = Path(installation.run("-c", code).strip()).parent
    home = installation.checkout if installation.kind == "editable" else installation.site_packages
    assert package == home / "lidnet_mm"
    source = installation.checkout / "lidnet_mm"
    files = [path.relative_to(source) for path in source.rglob("*") if path.is_file()]
    missing = [str(path) for path in files if not (package / path).is_file()]
    assert not [name for name in missing if "__pycache__" not in name]


def test_mim_finds_every_config_by_its_name(installation):
    names = [path.name for path in installation.checkout.glob("configs/**/*.py")]
    found = installation.run("-c", FIND_CONFIGS, *names).splitlines()
    assert found == [f"{name} 1" for name in names]


def test_mim_search_lists_the_bundled_models(installation):
    code = (
        "import json; from mim import get_model_info;"
        "print(json.dumps(get_model_info('lidnet_mm', shown_fields=['config'], to_dict=True)))"
    )
    found = json.loads(installation.run("-c", code).splitlines()[-1])
    assert set(found) == set(bundled_names()) - {"identity"}  # which has no weights
    for model in found.values():
        assert (installation.served / model["config"]).is_file()


def test_mim_runs_a_tool_of_a_folder(installation):
    tool = "dataset_converters:nifti_masks"
    output = installation.run("-m", "mim", "run", "lidnet_mm", tool, "--", "--help")
    assert str(installation.served / "tools" / "dataset_converters" / "nifti_masks.py") in output
    assert "usage:" in output.lower()


@pytest.mark.parametrize("command", ["train", "test"])
def test_mim_trains_and_tests_a_config_named_without_its_folder(installation, command):
    given = ["--checkpoint", "model.pth"] if command == "test" else []
    config = min((installation.served / "configs" / "lidnet").glob("*.py"))
    output = installation.run("-m", "mim", command, "lidnet_mm", config.name, *given, "--", "-h")
    assert f"will use {config} instead" in output
    assert str(installation.served / "tools" / f"{command}.py") in output
    assert "usage:" in output.lower()


def test_source_distribution_can_be_installed_and_holds_no_part_of_the_tests(installation):
    if installation.kind == "editable":
        pytest.skip("same files")
    code = (
        "import os, sys; from setuptools import build_meta; os.chdir(sys.argv[1]);"
        "build_meta.build_sdist(sys.argv[2])"
    )
    installation.run("-c", code, str(installation.checkout), str(installation.elsewhere))
    with tarfile.open(next(installation.elsewhere.glob("*.tar.gz"))) as archive:
        names = {name.partition("/")[2] for name in archive.getnames()}
    assert {"Makefile", "requirements-build.txt", "tools/install.py", "setup.py"} <= names
    assert not [name for name in names if name.startswith("tests/")]


def test_environment_is_the_throw_away_one(installation):
    prefix = installation.run("-c", "import sys; print(sys.prefix)").strip()
    assert Path(prefix) == installation.python.parents[1]
    assert prefix != sys.prefix
