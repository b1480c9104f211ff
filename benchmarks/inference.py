"""Slices per second of a series from DICOM to DICOM, beside its generator alone, and peak memory.

The same made-up slices go through the generator as tensors (the limit) and through the whole
pipeline of ``tools/denoise.py`` (reading, denoising, writing), by PyTorch and by ONNX Runtime, in
turns; medians count. Peak memory is that of a fresh process (VmHWM) for each length of the series,
less that of the same process with three slices, which is what model and libraries need.

    python benchmarks/inference.py --slices 48 --repeats 5 --memory 100 2000 --threads 2
"""

import argparse
import multiprocessing
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import torch
from measuring import Times, machine, median, peak_resident, take_turns
from phantom_volume import make_volume
from slice_sources import write_dicom

from lidnet_mm.apis.inferencer import LIDInferencer

BACKENDS = {"torch": "PyTorch", "onnxruntime": "ONNX Runtime"}

DIFFERENT = 16
"""Slices that differ; a longer series repeats them."""

FEW = 3
"""Slices of the series beside which memory is compared."""

Case = tuple[str, bool]
"""Backend, and whether it is the whole pipeline."""


def main() -> None:
    """Parse the command line, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", default="cpce_l1", help="a bundled denoiser or a card")
    parser.add_argument("--size", type=int, default=512, help="side of the slices in pixels")
    parser.add_argument("--slices", type=int, default=48, help="slices of the timed series")
    parser.add_argument("--repeats", type=int, default=5, help="repetitions; medians count")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch's threads")
    parser.add_argument(
        "--backends", nargs="+", default=list(BACKENDS), choices=BACKENDS, help="default: all"
    )
    parser.add_argument(
        "--memory", nargs="*", type=int, default=[], help="lengths of series for peak memory"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with tempfile.TemporaryDirectory() as folder:
        times = measure(Path(folder), options)
        memory = peaks(Path(folder), options) if options.memory else {}
    print(f"{machine(options.threads)}\n\n{options.model}, {options.slices} slices of ", end="")
    print(f"{options.size} x {options.size}, {options.repeats} repetitions.\n")
    print(table(times, options.slices))
    if memory:
        print(f"\n{memory_table(memory)}")


def measure(folder: Path, options: argparse.Namespace) -> dict[Case, Times]:
    """Wall and processor time of each case for the whole series."""
    source = series(folder, options.slices, options.size)
    works: dict[Case, Callable[[], None]] = {}
    for backend in options.backends:
        inferencer = LIDInferencer(options.model, detector="none", backend=backend, device="cpu")
        inputs = network_inputs(inferencer, planes(options.slices, options.size))
        model = inferencer.pipeline.denoise.model
        works[backend, False] = partial(generate, model.denoise, inputs)
        works[backend, True] = partial(whole, inferencer, source, folder)
    return take_turns(works, options.repeats)


def planes(count: int, size: int) -> list[np.ndarray]:
    """Slices in HU; beyond ``DIFFERENT`` the same again, without a copy."""
    volume = make_volume(np.random.default_rng(0), min(count, DIFFERENT), size)
    return [volume[index % len(volume)] for index in range(count)]


def series(folder: Path, count: int, size: int) -> Path:
    """A folder with a DICOM series."""
    place = folder / f"series_{count}"
    place.mkdir()
    write_dicom(planes(count, size), place, 0)
    return place


def network_inputs(inferencer: LIDInferencer, slices: Sequence[np.ndarray]) -> list[torch.Tensor]:
    """The slices as the generator gets them, (1, 1, H, W) in [0, 1]."""
    preprocessor = inferencer.pipeline.denoise.model.data_preprocessor
    return [
        preprocessor({"inputs": [torch.from_numpy(each.astype(np.float32))[None]]})["inputs"]
        for each in slices
    ]


@torch.inference_mode()
def generate(
    denoise: Callable[[torch.Tensor], torch.Tensor], inputs: Sequence[torch.Tensor]
) -> None:
    """The generator alone."""
    for each in inputs:
        denoise(each)


def whole(inferencer: LIDInferencer, source: Path, folder: Path) -> None:
    """From files to files."""
    with tempfile.TemporaryDirectory(dir=folder) as out:
        inferencer(source, out_dir=out)


def peaks(folder: Path, options: argparse.Namespace) -> dict[tuple[str, int], float]:
    """Peak memory in MiB of each backend and length."""
    found = {}
    for count in (FEW, *options.memory):
        place = folder / f"series_{count}"
        source = place if place.exists() else series(folder, count, options.size)
        for backend in options.backends:
            sys.stderr.write(f"memory of {count} slices by {BACKENDS[backend]}\n")
            work = (options.model, backend, options.threads, source, folder)
            context = multiprocessing.get_context("spawn")
            with ProcessPoolExecutor(1, mp_context=context) as fresh:
                found[backend, count] = fresh.submit(_peak, *work).result()
    return found


def _peak(model: str, backend: str, threads: int, source: Path, folder: Path) -> float:
    """Peak memory of this process in MiB after a series."""
    torch.set_num_threads(threads)
    whole(LIDInferencer(model, detector="none", backend=backend, device="cpu"), source, folder)
    return peak_resident(os.getpid())


def table(times: dict[Case, Times], slices: int) -> str:
    """Slices per second, and the pipeline as a part of its generator and of PyTorch's."""
    first = next(iter(times))[0]
    lines = [
        "| | generator alone, slices/s | whole pipeline, slices/s | pipeline / generator |"
        f" pipeline / that of {BACKENDS[first]} |",
        "|---|---|---|---|---|",
    ]
    for backend in dict.fromkeys(name for name, _ in times):
        alone, pipeline = (median(times[backend, which]) for which in (False, True))
        beside = median(times[first, True]) / pipeline
        lines.append(
            f"| {BACKENDS[backend]} | {slices / alone:.2f} | {slices / pipeline:.2f} |"
            f" {alone / pipeline:.2f} | {beside:.2f} |"
        )
    return "\n".join(lines)


def memory_table(memory: dict[tuple[str, int], float]) -> str:
    """Peak memory by length of the series."""
    lines = [
        f"| | slices | peak, MiB | beyond that of {FEW} slices, MiB | as a part of it |",
        "|---|---|---|---|---|",
    ]
    for (backend, count), peak in memory.items():
        few = memory[backend, FEW]
        lines.append(
            f"| {BACKENDS[backend]} | {count} | {peak:.0f} | {peak - few:.0f} | {peak / few:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
