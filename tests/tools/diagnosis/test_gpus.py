"""What the doctor makes of drivers, GPUs and builds of PyTorch that do not fit each other."""

import re

import pytest

from diagnosis import gpus
from diagnosis.gpus import Driver
from diagnosis.packages import Package

GPU = ("NVIDIA H200, 143771 MiB, 550.54",)
NEW, OLD = Driver("580.1", (13, 0), GPU), Driver("550.54", (12, 4), GPU)


def torch(cuda: str | None, usable: bool = False, **facts: object) -> Package:
    suffix = "cu" + cuda.replace(".", "") if cuda else "cpu"
    return Package("torch", f"2.13.0+{suffix}", None, {"cuda": cuda, "usable": usable, **facts})


@pytest.mark.parametrize(
    ("package", "driver", "told", "stops"),
    [
        (torch("13.0"), OLD, r"built for CUDA 13\.0, the driver 550\.54 runs CUDA up to 12\.4", 1),
        (torch("13.0"), NEW, "does not see the GPU.*CUDA_VISIBLE_DEVICES", 1),
        (torch("13.0"), Driver(), "no GPU is seen", 0),
        (torch("13.0"), Driver(error="nvidia-smi fails: x"), "nvidia-smi fails: x", 0),
        (torch(None), NEW, "is a CPU build.*TORCH=", 0),
        (
            torch("13.0", True, gpus=[["Old", "sm_61"]], architectures=["sm_75", "sm_90a"]),
            NEW,
            r"Old \(sm_61\) is older than all that PyTorch",
            1,
        ),
    ],
)
def test_what_does_not_fit_is_one_line(package, driver, told, stops):
    (problem,) = gpus.problems(package, driver)
    assert re.search(told, str(problem))
    assert problem.stops is bool(stops)


@pytest.mark.parametrize(
    ("package", "driver"),
    [
        (torch(None), Driver()),
        (torch("12.6", True, gpus=[["H200", "sm_90"]], architectures=["sm_90"]), OLD),
        (torch("13.0", True, gpus=[["Next", "sm_130"]], architectures=["sm_90"]), NEW),
        (Package("torch", None, "ImportError: x"), NEW),
    ],
)
def test_what_fits_is_not_told(package, driver):
    assert gpus.problems(package, driver) == []


SMI = """#!/bin/sh
case "$1" in
--query*) echo "NVIDIA H200, 143771 MiB, 550.54"; echo "NVIDIA H200, 143771 MiB, 550.54";;
*) echo "| NVIDIA-SMI 550.54   Driver Version: 550.54   CUDA Version: 12.4  |";;
esac
"""


@pytest.mark.parametrize(
    ("script", "driver"),
    [
        (SMI, Driver("550.54", (12, 4), GPU * 2)),
        ("#!/bin/sh\necho 'cannot talk to the driver'\nexit 9\n", None),
    ],
)
def test_driver_is_asked(monkeypatch, tmp_path, script, driver):
    command = tmp_path / "nvidia-smi"
    command.write_text(script)
    command.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/bin:/usr/bin")
    expected = driver or Driver(error="nvidia-smi fails: cannot talk to the driver")
    assert gpus.ask_driver() == expected
