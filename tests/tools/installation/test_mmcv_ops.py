"""mmcv with its ops: which PyTorch and wheel are chosen, what is said, what is tried."""

import platform

import pytest

from installation import InstallError, compiler, mmcv_ops
from installation.pythons import Interpreter
from installation.ready_wheels import Build, Shelf

VERSION = mmcv_ops.pinned("onedl-mmcv")
MAKERS = "http://makers"


def python(minor: int) -> Interpreter:
    return Interpreter(f"/bin/python3.{minor}", (3, minor))


def link(folder: str, minor: int) -> str:
    tag = f"cp3{minor}"
    name = f"onedl_mmcv-{VERSION}-{tag}-{tag}-linux_{platform.machine()}.whl"
    return f"{folder}/{name}"


def shelf(made: dict[str, list[int]], given: list[int] = ()) -> Shelf:
    """Places that hold the makers' wheels by folder, and given ones, for these Pythons."""
    pages = {f"{MAKERS}/": [f"{MAKERS}/{folder}/simple/" for folder in made]}
    for folder, minors in made.items():
        page = f"{MAKERS}/{folder}/simple/onedl-mmcv"
        pages[f"{page}/index.html"] = [link(page, minor) for minor in minors]
    pages["/given"] = [link("/given", minor) for minor in given]

    class Prepared(Shelf):
        def links(self, source: str) -> list[str]:
            return pages.get(source, [])

    return Prepared(["/given"], MAKERS)


def pip_finds(device: str, cpu_only: tuple[str, ...] = ()):
    """A pip whose index has one build of each version."""

    def resolve(requirement: str) -> Build:
        major, minor = requirement.partition("==")[2].split(".")[:2]
        return Build((int(major), int(minor)), "cpu" if requirement in cpu_only else device)

    return resolve


@pytest.mark.parametrize(
    ("made", "given", "torch", "device", "chosen", "wheel"),
    [
        # The usual PyTorch, where a wheel for it is given or made.
        ({"cpu-torch2130": [12]}, [], "", "cpu", "torch==2.13.0", "cpu-torch2130"),
        ({"cpu-torch2120": [12]}, [12], "", "cpu", "torch==2.13.0", "/given"),
        # The newest that has one for what pip finds; not older than 2.6.
        (
            {"cpu-torch2120": [12], "cpu-torch280": [12]},
            [],
            "",
            "cpu",
            "torch==2.12.0",
            "cpu-torch2120",
        ),
        (
            {"cpu-torch2120": [12], "cpu-torch280": [12], "cu128-torch280": [12]},
            [],
            "",
            "cu128",
            "torch==2.8.0",
            "cu128-torch280",
        ),
        ({"cpu-torch250": [12]}, [], "", "cpu", "torch==2.13.0", None),
        ({"cpu-torch2120": [10]}, [11], "", "cpu", "torch==2.13.0", None),
        # One that is asked for is taken, with a wheel or without.
        ({"cpu-torch2120": [12]}, [], "torch==2.11.0", "cpu", "torch==2.11.0", None),
        ({"cu130-torch2110": [12]}, [], "torch==2.11.0", "cpu", "torch==2.11.0", None),
        ({"cpu-torch2110": [12]}, [], "torch==2.11.0", "cpu", "torch==2.11.0", "cpu-torch2110"),
    ],
)
def test_pytorch_and_wheel_are_chosen_together(made, given, torch, device, chosen, wheel):
    plan = mmcv_ops.plan(shelf(made, given), python(12), torch, pip_finds(device))
    assert plan.torch == chosen
    assert [wheel in one.link for one in plan.wheels] == ([True] if wheel else [])


@pytest.mark.parametrize(
    ("minor", "torch", "ready"),
    [
        (12, "", True),
        (12, "torch==2.12.0", True),
        (12, "torch==2.12.0+cu130", False),
        (12, "torch==2.11.0", False),
        (13, "", True),  # given
        (11, "", False),
    ],
)
def test_interpreter_with_a_wheel_is_known_before_pip_is_there(minor, torch, ready):
    places = shelf({"cpu-torch2120": [12], "cpu-torch241": [11]}, given=[13])
    assert mmcv_ops.may_have_ready_wheel(places, torch, python(minor)) is ready


@pytest.fixture
def no_compiler(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)


def plan_for(minor: int, given: list[int], build: Build) -> tuple:
    places = shelf({}, given)
    chosen = mmcv_ops.plan(places, python(minor), "torch==2.13.0", lambda _: build)
    return chosen, places, python(minor)


def test_ready_wheel_is_announced_and_needs_no_compiler(no_compiler, monkeypatch, capsys):
    monkeypatch.setattr(mmcv_ops, "radiomics_needed", lambda version: version < (3, 12))
    mmcv_ops.announce(*plan_for(12, [12], Build((2, 13), "cpu")))
    assert "mmcv: the ready wheel /given/onedl_mmcv" in capsys.readouterr().out


def test_compiling_is_announced_with_its_time_before_a_compiler_is_missed(no_compiler, capsys):
    with pytest.raises(InstallError, match=r"no C\+\+ compiler.*mmcv.*apt-get install g\+\+"):
        mmcv_ops.announce(*plan_for(12, [11], Build((2, 13), "cpu")))
    told = capsys.readouterr().out
    assert "no ready wheel for Python 3.12 and PyTorch 2.13 (cpu)" in told
    assert "compiled: about" in told


def test_radiomics_alone_needs_a_compiler_below_312(no_compiler):
    with pytest.raises(InstallError, match=r"PyRadiomics has to be compiled for Python 3\.11"):
        mmcv_ops.announce(*plan_for(11, [11], Build((2, 13), "cpu")))


def test_pytorch_too_new_to_compile_for_is_refused_before_minutes_pass():
    with pytest.raises(InstallError, match=r"do not compile for PyTorch newer than 2\.13") as error:
        mmcv_ops.announce(*plan_for(12, [], Build((2, 14), "cpu")))
    assert "\n" not in str(error.value)


def test_missing_headers_are_refused_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", "/bin/true -O2")
    with pytest.raises(InstallError, match=r"no Python headers.*python3\.11-dev"):
        compiler.check_compiler(Interpreter("p", (3, 11), str(tmp_path)), "mmcv")


@pytest.mark.parametrize(
    ("toolkit", "told"), [(None, "no nvcc"), ("release 12.4, V12.4.131", "nvcc is CUDA 12.4")]
)
def test_cuda_toolkit_has_to_be_pytorchs(monkeypatch, tmp_path, toolkit, told):
    monkeypatch.setattr(compiler.shutil, "which", lambda name, path=None: None)
    if toolkit:
        nvcc = tmp_path / "nvcc"
        nvcc.write_text(f"#!/bin/sh\necho {toolkit}\n")
        nvcc.chmod(0o755)
        monkeypatch.setattr(compiler.shutil, "which", lambda name, path=None: str(nvcc))
    with pytest.raises(InstallError, match=f"{told}.*CUDA toolkit 13.0.*CUDA_VISIBLE_DEVICES="):
        compiler.check_cuda_toolkit(Build((2, 13), "cu130"))


@pytest.mark.parametrize(
    ("device", "gpu", "told"),
    [
        ("cu130", False, "no GPU is seen here"),
        ("cpu", True, "a GPU is here"),
        ("cpu", False, None),
        ("cu130", True, None),
    ],
)
def test_build_and_gpu_that_do_not_belong_together_are_noted(monkeypatch, device, gpu, told):
    monkeypatch.setattr(compiler, "sees_gpu", lambda: gpu)
    notes = compiler.device_notes(Build((2, 13), device))
    assert [told in note for note in notes] == ([True] if told else [])


@pytest.fixture
def attempts(monkeypatch):
    """Commands that are run instead of pip, and the results of the ops' trials in turn."""

    class Attempts:
        commands: list[str] = []  # noqa: RUF012
        results: list[str | None] = []  # noqa: RUF012

    record = Attempts()
    record.commands, record.results = [], []
    monkeypatch.setattr(
        mmcv_ops, "run_step", lambda title, command, log: record.commands.append(" ".join(command))
    )
    monkeypatch.setattr(mmcv_ops.ops, "failure", lambda python: record.results.pop(0))
    monkeypatch.setattr(compiler, "check_compiler", lambda interpreter, what: None)
    return record


def install(given: list[int], tmp_path) -> None:
    chosen, _, interpreter = plan_for(12, given, Build((2, 13), "cpu"))
    mmcv_ops.install(tmp_path / "python", tmp_path, chosen, interpreter, tmp_path / "log")


def test_wheel_that_works_is_all(attempts, tmp_path):
    attempts.results += [None]
    install([12], tmp_path)
    assert len(attempts.commands) == 1
    assert attempts.commands[0].endswith(link("/given", 12))


def test_wheel_of_another_pytorch_is_taken_away_and_the_ops_are_compiled(
    attempts, tmp_path, capsys
):
    attempts.results += ["mmcv's ops were compiled for another build of PyTorch (x)", None]
    install([12], tmp_path)
    _, removed, compiled = attempts.commands
    assert removed.endswith("uninstall --yes onedl-mmcv")
    assert "--no-binary onedl-mmcv" in compiled
    told = capsys.readouterr().out
    assert "This wheel does not do: mmcv's ops were compiled for another build" in told
    assert "compiled instead: about" in told


def test_without_a_wheel_pip_compiles_or_finds_one_by_itself(attempts, tmp_path):
    attempts.results += [None]
    install([], tmp_path)
    (compiled,) = attempts.commands
    assert compiled.endswith(f"onedl-mmcv=={VERSION}")
    assert "--no-binary" not in compiled
    assert "--no-build-isolation" in compiled
    assert "--no-cache-dir" in compiled


def test_ops_that_do_not_work_in_the_end_are_an_error(attempts, tmp_path):
    attempts.results += ["mmcv's ops do not work (x)"]
    with pytest.raises(InstallError, match="do not work"):
        install([], tmp_path)


def test_mmcv_that_was_there_is_removed_first(attempts, tmp_path):
    info = tmp_path / "onedl_mmcv-2.3.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: onedl-mmcv\nVersion: 2.3.5\n")
    attempts.results += [None]
    install([12], tmp_path)
    assert attempts.commands[0].endswith("uninstall --yes onedl-mmcv")
