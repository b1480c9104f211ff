"""What a GPU does with this project, in minutes: correctness, slices a second, memory, peak rate.

Training of the paper's LIDnet (T1, T2, T3; 8 slices of 512 x 512) in fp32, fp16 and bf16 beside
plain MMDetection on the same detector, inference and the simulator beside the CPU's results,
several processes on one GPU beside a single one, and the tests that need a GPU. Each step is a
process with a time limit of its own; one that fails is a row of the table, and the others go on.
"Of measured peak" is the arithmetic of matrix products and convolutions, forward and backward, a
second, over the rate of a large matrix product in the same process. Writes ``gpu_check.md`` and
``gpu_check.json``; the exit status is 1 where a row is not ok. ``gpu_check.sh`` sets up a machine
without a network for it.

    python benchmarks/gpu_check.py --seconds 300 --out work_dirs/gpu_check
    python benchmarks/gpu_check.py --device cpu --small
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import torch
from gpu_check_rows import FAILED, OK, Row, read_rows, table
from gpu_check_settings import Settings
from gpu_check_steps import STEPS, as_json
from measuring import machine

PACKAGES = ("torch", "onedl-mmcv", "onedl-mmdetection", "onedl-mmengine", "numpy", "lidnet_mm")
SCRIPT = Path(__file__).with_name("gpu_check_steps.py")

SPENT = 0.8
"""Part of its limit at which a step stops to measure; the rest is for what it cannot foresee."""

LAST_LINES = 40
GRACE = 10
"""Seconds that a stopped step has to end its own processes."""


def main() -> None:
    """Parse the command line, run the steps, write table and json."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--device", choices=("cuda", "cpu"), default="cuda")
    parser.add_argument("--small", action="store_true", help="a tiny size: logic, no speed")
    parser.add_argument("--seconds", type=float, default=420, help="for all steps together")
    parser.add_argument("--steps", nargs="+", choices=STEPS, default=list(STEPS))
    parser.add_argument("--out", type=Path, default=Path("work_dirs/gpu_check"))
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        parser.error("PyTorch finds no GPU: give --device cpu --small to see the logic alone")
    began = time.monotonic()
    weights = {step: STEPS[step][0] for step in options.steps}
    options.out.mkdir(parents=True, exist_ok=True)
    rows, seconds = run_steps(weights, options.seconds, options.device, options.small)
    report = {
        "machine": described_machine(options.device),
        "gpu": torch.cuda.get_device_name() if options.device == "cuda" else None,
        "versions": versions(),
        "small": options.small,
        "seconds": seconds,
        "rows": [asdict(row) for row in rows],
    }
    text = page(report["machine"], rows, seconds, time.monotonic() - began)
    (options.out / "gpu_check.json").write_text(json.dumps(report, indent=1), encoding="utf-8")
    (options.out / "gpu_check.md").write_text(text, encoding="utf-8")
    sys.stdout.write(text)
    sys.exit(any(row.state != OK for row in rows))


def run_steps(
    weights: Mapping[str, float], seconds: float, device: str, small: bool
) -> tuple[list[Row], dict[str, float]]:
    """Rows of all steps, and the seconds of each. What a step leaves goes to the later ones."""
    rows, spent = [], {}
    end = time.monotonic() + seconds
    left = sum(weights.values())
    for step, weight in weights.items():
        began = time.monotonic()
        limit = max(1.0, (end - began) * weight / left)
        left -= weight
        with tempfile.TemporaryDirectory() as folder:
            until = time.time() + SPENT * limit
            settings = Settings(step, device, small, until, Path(folder) / "rows.jsonl")
            command = [sys.executable, str(SCRIPT), as_json(settings)]
            rows += run_step(step, command, settings.rows, limit)
        spent[step] = time.monotonic() - began
        sys.stderr.write(f"{step}: {spent[step]:.0f} s\n")
    return rows, spent


def run_step(step: str, command: Sequence[str], file: Path, limit: float) -> list[Row]:
    """Run a step as a process: the rows that it wrote, and one that says how it failed."""
    sys.stderr.write(f"{step}, at most {limit:.0f} s\n")
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        with subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        ) as process:
            try:
                status = process.wait(limit)
            except subprocess.TimeoutExpired:
                stop(process)
                status = None
        output.seek(0)
        last = [line.rstrip() for line in deque(output, LAST_LINES)]
    rows = read_rows(file)
    if status == 0 and rows:
        return rows
    sys.stderr.write("\n".join(last) + "\n")
    if status is None:
        reason = f"stopped after its limit of {limit:.0f} s"
    elif status == 0:
        reason = "ended without a result"
    else:
        said = next((line for line in reversed(last) if line.strip()), "without a word")
        reason = f"exit status {status}: {said.strip()}"
    return [*rows, Row(step, "the step itself", remark=reason, state=FAILED)]


def stop(process: subprocess.Popen) -> None:
    """End a step and the processes that it started; a launcher is asked first to end its own."""
    os.killpg(process.pid, signal.SIGTERM)
    try:
        process.wait(GRACE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)


def described_machine(device: str) -> str:
    """One line on GPU, processor and versions."""
    if device == "cuda":
        torch.cuda.init()
    gpu = f"; CUDA {torch.version.cuda}" if torch.version.cuda else ""
    return machine(torch.get_num_threads()) + gpu


def versions() -> dict[str, str | None]:
    """Versions of what matters; None of what is not installed, such as the package run in place."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = None
    return {**found, "cuda": torch.version.cuda, "cudnn": str(torch.backends.cudnn.version())}


def page(about: str, rows: Sequence[Row], seconds: Mapping[str, float], total: float) -> str:
    """The Markdown page: machine, table, time of each step."""
    times = ", ".join(f"{step} {spent:.0f} s" for step, spent in seconds.items())
    return f"{about}\n\n{table(rows)}\n\nTime: {times}; together {total:.0f} s.\n"


if __name__ == "__main__":
    main()
