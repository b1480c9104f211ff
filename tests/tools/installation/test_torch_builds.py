"""Builds of PyTorch: read from what is installed, from requirements and from pip's report."""

import sys
import zipfile
from pathlib import Path

import pytest

from installation import InstallError, torch_builds
from installation.ready_wheels import Build

CUDA_13 = [
    "filelock",
    'cuda-toolkit[cublas,cudart]==13.0.3; platform_system == "Linux"',
    'cuda-bindings<14,>=13.0.3; platform_system == "Linux"',
]
CUDA_12 = ['nvidia-cuda-runtime-cu12 (==12.4.127) ; platform_system == "Linux"']
ELSEWHERE = ['nvidia-cuda-runtime-cu12==12.8.90; platform_machine == "other64"']


@pytest.mark.parametrize(
    ("version", "cuda", "build"),
    [
        ("2.13.0+cpu", None, Build((2, 13), "cpu")),
        ("2.13.0+cu130", "13.0", Build((2, 13), "cu130")),
        ("2.6.0", "12.4", Build((2, 6), "cu124")),
        ("2.10.0a0+git1234", None, Build((2, 10), "cpu")),
    ],
)
def test_build_is_read_from_an_installed_version_file(tmp_path, version, cuda, build):
    folder = tmp_path / "torch"
    folder.mkdir()
    text = f"__version__ = '{version}'\ndebug = False\ncuda: Optional[str] = {cuda!r}\n"
    (folder / "version.py").write_text(text)
    assert torch_builds.installed(tmp_path) == build


def test_pytorch_that_runs_these_tests_is_recognised():
    import torch

    found = torch_builds.installed(Path(torch.__file__).parents[1])
    assert "{}.{}".format(*found.version) == ".".join(torch.__version__.split(".")[:2])
    cuda = torch.version.cuda
    assert found.device == (f"cu{cuda.replace('.', '')}" if cuda else "cpu")


def test_no_pytorch_is_no_build(tmp_path):
    assert torch_builds.installed(tmp_path) is None


@pytest.mark.parametrize(
    ("requirements", "cuda"), [(CUDA_13, "13.0"), (CUDA_12, "12.4"), (ELSEWHERE, None), ([], None)]
)
def test_cuda_of_a_build_is_the_runtime_that_it_needs(requirements, cuda):
    assert torch_builds.needed_cuda(requirements) == cuda


@pytest.mark.parametrize(
    ("requirement", "version", "device"),
    [
        ("torch==2.13.0", (2, 13), None),
        ("torch==2.13.0+cu130", (2, 13), "cu130"),
        ("torch --index-url https://host/whl/cu126", None, "cu126"),
        ("torch>=2.6 --index-url https://host/whl/cpu/", None, "cpu"),
        ("", None, None),
    ],
)
def test_requirement_tells_what_it_fixes(requirement, version, device):
    assert torch_builds.asked_version(requirement) == version
    assert torch_builds.asked_device(requirement) == device


@pytest.mark.parametrize(
    ("build", "requirement", "told"),
    [
        (Build((2, 5), "cpu"), "torch==2.5.1", "too old, 2.6 is the oldest"),
        (Build((2, 13), "cpu"), "torch==2.13.0 -i https://x/cu130", r"asks for cu130.*\+cu130"),
        (Build((2, 13), "cu126"), "torch==2.13.0+cu130", "asks for cu130"),
        (Build((2, 13), "cpu"), "torch==2.12.0", "is there already: `make distclean`"),
    ],
)
def test_wrong_build_is_refused_with_the_remedy(build, requirement, told):
    with pytest.raises(InstallError, match=told) as error:
        torch_builds.check(build, requirement)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("requirement", ["torch==2.13.0", "torch>=2.6", "", "torch"])
def test_build_that_was_asked_for_passes(requirement):
    torch_builds.check(Build((2, 13), "cpu"), requirement)


@pytest.fixture
def bare_pip(monkeypatch, tmp_path):
    """pip knows no index, no configuration and one folder."""
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


def test_pip_tells_the_build_that_it_would_install(bare_pip, tmp_path):
    name = tmp_path / "torch-2.99.0+cu990-py3-none-any.whl"
    info = "torch-2.99.0+cu990.dist-info"
    with zipfile.ZipFile(name, "w") as file:
        file.writestr(
            f"{info}/METADATA", "Metadata-Version: 2.1\nName: torch\nVersion: 2.99.0+cu990\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    assert torch_builds.resolve(Path(sys.executable), "torch==2.99.0") == Build((2, 99), "cu990")


def test_pytorch_that_pip_does_not_find_is_told_in_one_line(bare_pip):
    with pytest.raises(
        InstallError, match=r"pip finds no PyTorch for TORCH='torch==2\.99\.0'"
    ) as e:
        torch_builds.resolve(Path(sys.executable), "torch==2.99.0")
    assert "\n" not in str(e.value)


def test_index_out_of_reach_is_told_in_one_line(bare_pip, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    monkeypatch.setenv("PIP_RETRIES", "1")
    with pytest.raises(InstallError, match="index does not answer: check the network") as error:
        torch_builds.resolve(Path(sys.executable), "torch==2.99.0")
    assert "\n" not in str(error.value)
