"""What the benchmarks share: clocks that take turns, peak memory, and the machine's name."""

import os
import platform
import statistics
import sys
import time
from collections.abc import Callable, Hashable, Mapping
from pathlib import Path
from typing import TypeVar

import torch

Name = TypeVar("Name", bound=Hashable)
Times = list[tuple[float, float]]
WALL, PROCESSOR = 0, 1
MEBIBYTE = 2**20


def take_turns(
    works: Mapping[Name, Callable[[], object]],
    repeats: int,
    prepare: Callable[[int], object] = lambda number: None,
) -> dict[Name, Times]:
    """Wall and processor seconds of each work, in turns, after one round to warm up.

    All works run in every round, in alternating order, so that a busy machine slows all alike.

    Args:
        works: What to measure, by name.
        repeats: Rounds that count.
        prepare: Called before each work with the number of the round, outside the clocks.

    Returns:
        The seconds of each round, by name.
    """
    times: dict[Name, Times] = {name: [] for name in works}
    for number in range(repeats + 1):
        sys.stderr.write(f"repetition {number} of {repeats}\n")
        names = list(works) if number % 2 else list(works)[::-1]
        for name in names:
            prepare(number)
            synchronise()
            wall, processor = time.perf_counter(), time.process_time()
            works[name]()
            synchronise()
            spent = (time.perf_counter() - wall, time.process_time() - processor)
            if number:
                times[name].append(spent)
    return times


def steps_within(work: Callable[[], object], seconds: float, most: int) -> list[float]:
    """Seconds of each repetition: as many as fit, one at least, and no more than asked for."""
    spent: list[float] = []
    end = time.perf_counter() + seconds
    while not spent or (len(spent) < most and time.perf_counter() + spent[-1] < end):
        synchronise()
        began = time.perf_counter()
        work()
        synchronise()
        spent.append(time.perf_counter() - began)
    return spent


def median(times: Times, clock: int = WALL) -> float:
    """Median of one of the two clocks in seconds."""
    return statistics.median(entry[clock] for entry in times)


def synchronise() -> None:
    """Wait for the GPU, if one was used."""
    if torch.cuda.is_initialized():
        torch.cuda.synchronize()


def peak_memory(work: Callable[[], object], device: str = "cpu") -> float:
    """Memory that a work needs at its peak beyond what was held before, in MiB.

    On a GPU it is what PyTorch allocated. On a CPU (Linux) it is the peak of the resident memory
    of the process since the work began, which the kernel is told to forget before. Memory that
    the process freed earlier and kept would hide a part of it: use a fresh process for each
    work, and let it do something small first, so that the libraries it loads are not counted.
    """
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats()
        before = torch.cuda.memory_allocated()
        work()
        synchronise()
        return (torch.cuda.max_memory_allocated() - before) / MEBIBYTE
    Path("/proc/self/clear_refs").write_text("5")  # proc(5): resets the peak, VmHWM
    before = _resident("VmRSS")
    work()
    return _resident("VmHWM") - before


def peak_held(work: Callable[[], object], device: str) -> float:
    """What PyTorch holds on a GPU at the peak of a work, weights included, in MiB.

    On a CPU it is :func:`peak_memory`, without what was held before.
    """
    held = torch.cuda.memory_allocated() / MEBIBYTE if device != "cpu" else 0.0
    return held + peak_memory(work, device)


def peak_resident(process: int) -> float:
    """Peak of the resident memory of a running process since it began, in MiB (Linux)."""
    return _resident("VmHWM", process)


def _resident(entry: str, process: int | str = "self") -> float:
    """An entry of a process's status in MiB."""
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    (kibibytes,) = (line.split()[1] for line in lines if line.startswith(entry + ":"))
    return int(kibibytes) / 1024


def machine(threads: int) -> str:
    """One line on the processor, the GPU if it was used, and the versions."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    gpu = f"{torch.cuda.get_device_name()}; " if torch.cuda.is_initialized() else ""
    return (
        f"{gpu}{os.cpu_count()} cores of {name}, {threads} PyTorch threads; "
        f"PyTorch {torch.__version__}, Python {platform.python_version()}"
    )
