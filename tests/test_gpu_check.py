"""The check for a GPU machine, at a tiny size on the CPU: its numbers, and what a failure does."""

import json
import os
import subprocess
import sys
from types import ModuleType

import pytest
import torch
from torch import nn

from lidnet_mm.models.denoisers import CPCE

STEPS = ("train bf16", "inference", "simulator", "two ranks")

FAKE_STEPS = """
import json, sys, time
settings = json.loads(sys.argv[1])
row = {"step": settings["step"], "what": "made up", "slices_per_second": 12.5, "state": "ok"}
if settings["step"] != "simulator":
    with open(settings["rows"], "a") as rows:
        rows.write(json.dumps(row) + "\\n")
if settings["step"] == "train fp16":
    raise RuntimeError("the GPU is on fire | now")
if settings["step"] == "train bf16":
    time.sleep(600)
"""
"""Steps of which one fails after its first row, one never ends and one has nothing to say."""


@pytest.fixture
def benchmark(repository, monkeypatch):
    """Function that imports one of the benchmarks' files."""
    monkeypatch.syspath_prepend(str(repository / "benchmarks"))

    def load(name: str) -> ModuleType:
        return __import__(name)

    return load


@pytest.mark.parametrize(
    ("layer", "shape", "forward"),
    [
        (nn.Linear(5, 7), (3, 5), 2 * 3 * 5 * 7),
        (nn.Conv2d(4, 6, 3, padding=1), (2, 4, 8, 10), 2 * 2 * 8 * 10 * 6 * 4 * 9),
        (nn.ConvTranspose2d(4, 6, 3), (2, 4, 8, 10), 2 * 2 * 8 * 10 * 6 * 4 * 9),
    ],
    ids=["linear", "convolution", "transposed convolution"],
)
@pytest.mark.parametrize("to_input", [False, True])
def test_arithmetic_of_a_layer(benchmark, layer, shape, forward, to_input):
    """Backward costs a forward pass for the weights, and one more for the input."""
    x = torch.rand(shape, requires_grad=to_input)
    counted = benchmark("arithmetic").flops_of(lambda: layer(x).sum().backward())
    assert counted == forward * (3 if to_input else 2)


def test_arithmetic_of_cpce(benchmark):
    """Unpadded layers: sides fall by 2 four times and grow again."""
    side, channels = 40, 8
    kernel = 9 * channels**2
    macs = 9 * channels * (side - 2) ** 2  # the first layer
    macs += sum(kernel * (side - 2 * n) ** 2 for n in (2, 3, 4))
    for taken in (8, 6, 4):  # transposed layers by their input, conveyors by what they join
        macs += kernel * (side - taken) ** 2 + 2 * channels**2 * (side - taken + 2) ** 2
    macs += 9 * channels * (side - 2) ** 2  # the last layer
    generator = CPCE(channels=channels)
    x = torch.rand(1, 1, side, side)
    with torch.no_grad():
        assert benchmark("arithmetic").flops_of(lambda: generator(x)) == 2 * macs


def test_part_of_the_peak(benchmark):
    arithmetic = benchmark("arithmetic")
    assert arithmetic.utilisation(flops=3e12, seconds=0.5, rate=24e12) == pytest.approx(0.25)
    before = torch.backends.cuda.matmul.allow_tf32
    assert 0 < arithmetic.peak_rate("tf32", "cpu", 16, 0) < float("inf")
    assert torch.backends.cuda.matmul.allow_tf32 is before


@pytest.mark.parametrize(("seconds", "expected"), [(0, 1), (1000, 5)])
def test_iterations_are_dropped_to_fit(benchmark, seconds, expected):
    calls = []
    spent = benchmark("measuring").steps_within(lambda: calls.append(1), seconds, 5)
    assert len(spent) == len(calls) == expected


def test_a_failing_step_is_reported_and_stops_no_other(benchmark, monkeypatch, tmp_path, capsys):
    check = benchmark("gpu_check")
    script = tmp_path / "steps.py"
    script.write_text(FAKE_STEPS)
    steps = ["train fp32", "train fp16", "train bf16", "simulator", "one rank"]
    out = tmp_path / "out"
    arguments = ["--device", "cpu", "--small", "--seconds", "40", "--out", str(out)]
    monkeypatch.setattr(check, "SCRIPT", script)
    monkeypatch.setattr(check, "STEPS", {s: (0.1 if s == "train bf16" else 1, 0) for s in steps})
    monkeypatch.setattr(sys, "argv", ["gpu_check.py", *arguments, "--steps", *steps])
    with pytest.raises(SystemExit) as ended:
        check.main()
    assert ended.value.code == 1
    report = json.loads((out / "gpu_check.json").read_text())
    assert list(report["seconds"]) == steps
    found = [(row["step"], row["what"], row["state"]) for row in report["rows"]]
    failed = ("the step itself", "**failed**")
    assert found == [
        ("train fp32", "made up", "ok"),
        ("train fp16", "made up", "ok"),
        ("train fp16", *failed),
        ("train bf16", "made up", "ok"),
        ("train bf16", *failed),
        ("simulator", *failed),
        ("one rank", "made up", "ok"),
    ]
    reasons = [row["remark"] for row in report["rows"] if row["state"] != "ok"]
    assert reasons[0] == "exit status 1: RuntimeError: the GPU is on fire | now"
    assert reasons[1].startswith("stopped after its limit of")
    assert reasons[2] == "ended without a result"
    page = capsys.readouterr().out
    assert page == (out / "gpu_check.md").read_text()
    assert "| train fp16 | the step itself | - |" in page
    assert "on fire \\| now | **failed** |" in page


def test_all_of_it_at_a_tiny_size(repository, tmp_path):
    """Nothing differs from the CPU where the device is the CPU, nor two processes from one."""
    command = [sys.executable, "benchmarks/gpu_check.py", "--device", "cpu", "--small"]
    done = subprocess.run(
        [*command, "--seconds", "500", "--out", str(tmp_path), "--steps", *STEPS],
        cwd=repository,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    report = json.loads((tmp_path / "gpu_check.json").read_text())
    rows = {(row["step"], row["what"].split(",")[0]): row for row in report["rows"]}
    assert list(dict.fromkeys(step for step, _ in rows)) == list(STEPS)
    for phase in ("T1", "T2", "T3"):
        row = rows["train bf16", phase]
        assert row["flops"] > 1e9
        rate = row["flops"] / (row["milliseconds"] / 1000) / row["of_peak"]
        assert f"{rate / 1e12:.1f} TFLOP/s in a bf16" in rows["train bf16", "peak rate"]["remark"]
        assert row["slices_per_second"] == pytest.approx(2000 / row["milliseconds"])
        assert ("two ranks", phase) in rows
    assert report["versions"]["torch"] == torch.__version__
    assert f"PyTorch {torch.__version__}" in report["machine"]
