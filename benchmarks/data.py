"""Slices per second that two workers load, by kind of file, beside raw float32 in a memory map.

All sources hold the same slices and go through the same ``DataLoader`` in random order, batches
stacked in the workers. A warm epoch reads again what was read before; the sources take turns
in one process, with workers that stay. A cold epoch is the first of a fresh process, the start of
the workers included, after the kernel was asked to forget the files. Data are made in a temporary
folder.

    python benchmarks/data.py --slices 400 --repeats 9
"""

import argparse
import multiprocessing
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import measuring
import numpy as np
import slice_sources
import torch
from slice_sources import CACHE, FILLING, FOLDERS, NIFTI, RAW
from torch.utils.data import DataLoader, default_collate

BATCH = 8


def main() -> None:
    """Parse the command line, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=400, help="slices of the set")
    parser.add_argument("--depth", type=int, default=100, help="slices of a volume")
    parser.add_argument("--size", type=int, default=512, help="side of a slice in pixels")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=9, help="warm epochs that count")
    parser.add_argument("--folder", type=Path, help="parent of the temporary folder")
    parser.add_argument("--epoch-of", choices=FOLDERS, help=argparse.SUPPRESS)
    parser.add_argument("--epoch-slices", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.slices % options.depth:
        parser.error("--slices must be a multiple of --depth")
    torch.set_num_threads(1)
    if options.epoch_of:
        print(*cold_epoch(options.epoch_of, options.epoch_slices, options))
        return
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        options.folder = Path(folder)
        sys.stderr.write("making the data\n")
        counts = [options.slices, 2 * options.slices]
        slice_sources.make(options.folder, counts, options.depth, options.size)
        cold = {
            (source, count): run_cold(source, count, options)
            for count in counts
            for source in (RAW, NIFTI, slice_sources.DICOM, slice_sources.PNG, FILLING, CACHE)
        }
        times, alone = warm(options)
        print(measuring.machine(1))
        print(table(cold, times, alone, options))


def loader_of(source: str, slices: int, options: argparse.Namespace) -> DataLoader:
    """A loader of batches (N, size, size), its workers kept from epoch to epoch."""
    return DataLoader(
        slice_sources.open_set(source, options.folder, slices, options.size),
        batch_size=BATCH,
        shuffle=True,
        num_workers=options.workers,
        persistent_workers=True,
        collate_fn=stack,
    )


def stack(samples: list[dict]) -> torch.Tensor:
    """The images of a batch, in the memory that workers share with the main process."""
    return default_collate([torch.from_numpy(sample["img"]) for sample in samples])


def run_epoch(loader: DataLoader) -> None:
    """Fetch every batch."""
    for _ in loader:
        pass


def warm(options: argparse.Namespace) -> tuple[dict, dict]:
    """Times of warm epochs, and milliseconds a slice in one process without a loader."""
    sources = [source for source in FOLDERS if source != FILLING]
    loaders = {source: loader_of(source, options.slices, options) for source in sources}
    times = measuring.take_turns(
        {source: lambda loader=loader: run_epoch(loader) for source, loader in loaders.items()},
        options.repeats,
    )
    order = np.random.default_rng(0).permutation(options.slices).tolist()
    alone = measuring.take_turns(
        {
            source: lambda data=loader.dataset: [data[index] and None for index in order]
            for source, loader in loaders.items()
        },
        options.repeats,
    )
    return times, {source: 1000 * measuring.median(t) / len(order) for source, t in alone.items()}


def run_cold(source: str, slices: int, options: argparse.Namespace) -> tuple[float, float]:
    """Slices per second and peak MiB of a worker, of the first epoch of a fresh process."""
    sys.stderr.write(f"cold: {source}, {slices} slices\n")
    forget(options.folder)
    command = [sys.executable, __file__, "--folder", options.folder, "--epoch-of", source]
    command += ["--epoch-slices", str(slices), "--workers", str(options.workers)]
    command += ["--size", str(options.size)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    rate, peak = done.stdout.split()[-2:]
    return float(rate), float(peak)


def cold_epoch(source: str, slices: int, options: argparse.Namespace) -> tuple[float, float]:
    """Slices per second of one epoch in this process, and the peak MiB of its workers."""
    loader = loader_of(source, slices, options)
    start = time.perf_counter()
    run_epoch(loader)
    seconds = time.perf_counter() - start
    peaks = [measuring.peak_resident(process.pid) for process in multiprocessing.active_children()]
    return slices / seconds, max(peaks)


def forget(folder: Path) -> None:
    """Ask the kernel to drop the files from memory; it keeps what a process has mapped."""
    os.sync()
    for path in folder.rglob("*"):
        if path.is_file():
            descriptor = os.open(path, os.O_RDONLY)
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(descriptor)


def table(cold: dict, times: dict, alone: dict, options: argparse.Namespace) -> str:
    """The Markdown table of speed, size and memory."""
    few, many = options.slices, 2 * options.slices
    lines = [
        f"\n{few} slices of {options.size} x {options.size} in volumes of {options.depth},"
        f" {options.workers} workers, {options.repeats} warm epochs.\n",
        "| source | MiB a slice on disk | cold, slices/s | warm, slices/s | of raw |"
        " one process, ms/slice |"
        f" peak of a worker, {few} slices, MiB | {many} slices, MiB |",
        "|---" * 8 + "|",
    ]
    for source in FOLDERS:
        size = sum(p.stat().st_size for p in (options.folder / FOLDERS[source]).rglob("*.*"))
        if source == RAW:
            size = many * options.size**2 * 4
        speeds = "- | - | -"
        if source in times:
            rates = [few / wall for wall, _ in times[source]]
            ratios = [
                ours[0] and raw[0] / ours[0]
                for raw, ours in zip(times[RAW], times[source], strict=True)
            ]
            speeds = (
                f"{statistics.median(rates):.0f} | **{statistics.median(ratios):.3f}** |"
                f" {alone[source]:.3f}"
            )
        lines.append(
            f"| {source} | {size / many / measuring.MEBIBYTE:.2f} | {cold[source, few][0]:.0f} |"
            f" {speeds} | {cold[source, few][1]:.0f} | {cold[source, many][1]:.0f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
