"""A step of the installation: what it tells, what it keeps and how its failure reads."""

import sys

import pytest

from installation import InstallError, steps

OFFLINE = """WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError("\
Failed to establish a new connection: [Errno -3] Temporary failure in name resolution")'
ERROR: No matching distribution found for torch==2.13.0
"""


def test_compiled_file_is_counted_with_the_time_left():
    line = "  [20/78] c++ -MMD -MF build/focal_loss.o.d -c focal_loss.cpp -o focal_loss.o\n"
    told = steps.describe(line, seconds=200.0)
    # 10 s a file, 58 files left: 9.7 minutes.
    assert told == "  [20/78] compiling mmcv ops, about 10 min left"


def test_no_time_is_promised_after_the_first_file():
    told = steps.describe("  [1/78] c++ -c a.cpp\n", seconds=30.0)
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
def test_only_lines_worth_reading_are_told(line, told):
    assert steps.describe(line, seconds=1.0) == told


def test_failed_step_shows_the_end_of_its_output_and_keeps_all(tmp_path, capfd):
    log = tmp_path / "install.log"
    code = "import sys; [print('line', i) for i in range(100)]; sys.exit(3)"
    with pytest.raises(InstallError) as error:
        steps.run_step("Compile", [sys.executable, "-c", code], log)
    assert "Compile: exit status 3" in str(error.value)
    assert str(error.value).endswith("line 98\nline 99\n")
    assert "line 69\n" not in str(error.value)
    assert "line 0\n" in log.read_text()
    assert capfd.readouterr().out == "Compile\n"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        (OFFLINE, "check the network and the proxy"),
        ("OSError: [Errno 28] No space left on device", "the disk is full"),
        ("c++: fatal error: Killed signal terminated program cc1plus", "MAX_JOBS=1"),
        ("The detected CUDA version (12.4) mismatches the version", "point CUDA_HOME"),
    ],
)
def test_known_failure_is_one_line_with_the_remedy(tmp_path, output, told):
    code = f"import sys; print({output!r}); sys.exit(1)"
    with pytest.raises(InstallError, match=told) as error:
        steps.run_step("Fetch", [sys.executable, "-c", code], tmp_path / "log")
    assert "\n" not in str(error.value)
    assert str(tmp_path / "log") in str(error.value)


def test_network_that_came_back_is_not_blamed():
    recovered = OFFLINE.replace("ERROR: No matching", "a.cpp:3:1: error: no matching")
    assert steps.remedy(recovered) is None


def test_steps_run_without_debug_symbols(tmp_path, monkeypatch):
    monkeypatch.delenv("CFLAGS", raising=False)
    code = "import os; print(os.environ['CFLAGS'])"
    output = steps.run_step("Look", [sys.executable, "-c", code], tmp_path / "log")
    assert output == "-g0\n"
    assert (tmp_path / "log").read_text().endswith("\n-g0\n")
