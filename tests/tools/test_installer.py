"""``tools/install.py``: what it tells, what it refuses and what it leaves behind."""

import configparser
import importlib.util
import sys

import pytest


@pytest.fixture(scope="module")
def installer(repository):
    spec = importlib.util.spec_from_file_location("installer", repository / "tools" / "install.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_compiled_file_is_counted_with_the_time_left(installer):
    line = "  [20/78] c++ -MMD -MF build/focal_loss.o.d -c focal_loss.cpp -o focal_loss.o\n"
    told = installer.describe(line, seconds=200.0)
    # 10 s a file, 58 files left: 9.7 minutes.
    assert told == "  [20/78] compiling mmcv ops, about 10 min left"


def test_no_time_is_promised_after_the_first_file(installer):
    told = installer.describe("  [1/78] c++ -c a.cpp\n", seconds=30.0)
    assert told == "  [1/78] compiling mmcv ops"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (
            "  Downloading torch-2.13.0-cp311-manylinux.whl (190.1 MB)\n",
            "  Downloading torch-2.13.0-cp311-manylinux.whl (190.1 MB)",
        ),
        ("  Building wheel for docopt (pyproject.toml): started\n", "  Building wheel for docopt"),
        ("  Building wheel for docopt (pyproject.toml): finished with status 'done'\n", None),
        ("ERROR: No matching distribution\n", "  ERROR: No matching distribution"),
        ("    a.cpp:3:1: error: unknown type\n", "  a.cpp:3:1: error: unknown type"),
        ("  Downloading torch-2.13.0.whl.metadata (30 kB)\n", None),
        ("Requirement already satisfied: numpy in ./lib\n", None),
        ("    compiling with -Werror=format\n", None),
    ],
)
def test_only_lines_worth_reading_are_told(installer, line, told):
    assert installer.describe(line, seconds=1.0) == told


@pytest.mark.parametrize("version", [(3, 9), (3, 12), (2, 7), (4, 0)])
def test_unsupported_python_is_refused_with_the_remedy(installer, version):
    with pytest.raises(installer.InstallError, match=r"PYTHON=python3\.11"):
        installer.check_python(version)


def test_supported_pythons_are_those_of_the_package(installer, repository):
    settings = configparser.ConfigParser()
    settings.read(repository / "setup.cfg")
    oldest = ".".join(map(str, installer.OLDEST))
    after = f"{installer.NEWEST[0]}.{installer.NEWEST[1] + 1}"
    assert settings["options"]["python_requires"] == f">={oldest},<{after}"
    installer.check_python(installer.OLDEST)
    installer.check_python(installer.NEWEST)


def test_missing_compiler_is_refused_with_the_remedy(installer, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CXX", raising=False)
    with pytest.raises(installer.InstallError, match=r"no C\+\+ compiler.*apt-get install g\+\+"):
        installer.check_compiler()


def test_missing_headers_are_refused_with_the_remedy(installer, monkeypatch, tmp_path):
    monkeypatch.setenv("CXX", f"{sys.executable} -O2")
    monkeypatch.setattr(installer.sysconfig, "get_paths", lambda: {"include": str(tmp_path)})
    with pytest.raises(installer.InstallError, match=r"no Python headers.*python3-dev"):
        installer.check_compiler()


def test_missing_venv_is_refused_with_the_remedy(installer, monkeypatch):
    monkeypatch.setattr(installer.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(installer.InstallError, match="apt-get install python3-venv"):
        installer.check_venv_module()


def test_failed_step_shows_the_end_of_its_output_and_keeps_all(installer, tmp_path, capfd):
    log = tmp_path / "install.log"
    code = "import sys; [print('line', i) for i in range(100)]; sys.exit(3)"
    with pytest.raises(installer.InstallError) as error:
        installer.run_step("Compile", [sys.executable, "-c", code], log)
    assert "Compile: exit status 3" in str(error.value)
    assert str(error.value).endswith("line 98\nline 99\n")
    assert "line 69\n" not in str(error.value)
    assert "line 0\n" in log.read_text()
    assert capfd.readouterr().out == "Compile\n"


def test_pytorch_precedes_what_compiles_against_it(installer, tmp_path):
    steps = installer.steps(tmp_path / "python", "torch==1")
    commands = [" ".join(command) for _, command in steps]
    torch = next(i for i, command in enumerate(commands) if command.endswith(" torch==1"))
    ops = next(i for i, command in enumerate(commands) if "onedl-mmcv==" in command)
    rest = next(i for i, command in enumerate(commands) if "-r requirements.txt" in command)
    assert torch < ops < rest
    assert all("--no-build-isolation" in commands[i] for i in (ops, rest))


def test_pytorch_that_is_there_is_kept(installer, tmp_path):
    assert installer.default_torch(tmp_path) == installer.TORCH
    package = tmp_path / "lib" / "python3.11" / "site-packages" / "torch"
    package.mkdir(parents=True)
    (package / "version.py").touch()
    assert installer.default_torch(tmp_path) == "torch"


def test_steps_run_without_debug_symbols(installer, tmp_path, monkeypatch):
    monkeypatch.delenv("CFLAGS", raising=False)
    code = "import os; print(os.environ['CFLAGS'])"
    installer.run_step("Look", [sys.executable, "-c", code], tmp_path / "log")
    assert (tmp_path / "log").read_text().endswith("\n-g0\n")
