"""Cost of a training slice's noise: one cached draw, a mix of several, and a simulation.

A visit is what a pipeline does for it: the decoded slice from the cache, its noise, a flip and the
packing. All kinds take turns in one process; all images are in the caches and in memory. Data are
made in a temporary folder.

    python benchmarks/training_noise.py --slices 12 --size 512 --repeats 9
"""

import argparse
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import measuring
import numpy as np
import slice_sources
import torch
from mmcv.transforms import Compose
from mmdet.utils import register_all_modules

from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.drawn_slices import NOISE_DRAW
from lidnet_mm.datasets.transforms import LoadCTSlice, SimulateLowDose

ONE, SIMULATED = "one cached draw", "simulated"
LOADED = "slice alone, no noise"


def main() -> None:
    """Parse the command line, run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--slices", type=int, default=12)
    parser.add_argument("--size", type=int, default=512, help="side of a slice in pixels")
    parser.add_argument("--views", type=int, default=360)
    parser.add_argument("--draws", type=int, nargs="+", default=[2, 4, 8], help="numbers to mix")
    parser.add_argument("--repeats", type=int, default=9, help="rounds that count")
    options = parser.parse_args()
    torch.set_num_threads(1)
    register_all_modules(init_default_scope=True)
    with tempfile.TemporaryDirectory() as folder:
        samples = make_samples(Path(folder), options.slices, options.size)
        works = {LOADED: visits(None, samples, options.slices, Path(folder))}
        for draws in (1, *options.draws):
            low_dose = SimulateLowDose(
                noise_hu=60, num_views=options.views, realizations=draws, cache_dir=folder
            )
            name = ONE if draws == 1 else f"mix of {draws}"
            works[name] = visits(low_dose, samples, options.slices, Path(folder))
        simulated = SimulateLowDose(noise_hu=60, num_views=options.views)
        works[SIMULATED] = visits(simulated, samples, 2, Path(folder))
        times = measuring.take_turns(works, options.repeats)
    print(measuring.machine(1))
    print(table(times, options))


def make_samples(folder: Path, count: int, size: int) -> list[dict]:
    """Descriptions of the slices of a phantom with noise."""
    (folder / "volume").mkdir()
    volume = slice_sources.make_volume(np.random.default_rng(0), count, size)
    (name, *_) = slice_sources.write_nifti(volume, folder / "volume", 0)
    return [
        {
            "img_path": str(folder / "volume" / name),
            "img_id": index,
            "slice_index": index,
            "patient_id": "case_0000",
        }
        for index in range(count)
    ]


def visits(
    low_dose: SimulateLowDose | None, samples: list[dict], count: int, folder: Path
) -> Callable[[], None]:
    """Function that visits some slices once more, each time with another draw."""
    source = "ndct" if low_dose is None else "ldct"
    pipeline = Compose(
        [
            LoadCTSlice(cache_dir=str(folder / "slices")),
            *([] if low_dose is None else [low_dose]),
            {"type": "RandomFlip", "prob": 0.5},
            {"type": "lidnet_mm.PackLIDInputs", "source": source},
        ]
    )
    seeds = iter(range(1 << 40))

    def visit() -> None:
        for sample in samples[:count]:
            pipeline({**sample, NOISE_DRAW: Draw(0, next(seeds))})

    return visit


def table(times: dict[str, measuring.Times], options: argparse.Namespace) -> str:
    """The Markdown table of milliseconds and ratios."""
    own = {
        name: [
            1000 * spent[measuring.PROCESSOR] / (2 if name == SIMULATED else options.slices)
            for spent in rounds
        ]
        for name, rounds in times.items()
    }
    lines = [
        f"\n{options.size} x {options.size}, {options.views} views, {options.slices} slices,"
        f" {options.repeats} rounds.\n",
        "| noise of a visit | visit, ms | of one cached draw | noise alone, ms | MiB a slice |",
        "|---" * 5 + "|",
    ]
    loaded = statistics.median(own[LOADED])
    pixels = options.size**2 / measuring.MEBIBYTE
    for name, milliseconds in own.items():
        ratio = statistics.median(
            ours / one for ours, one in zip(milliseconds, own[ONE], strict=True)
        )
        middle = statistics.median(milliseconds)
        drawn = int(name.split()[-1]) + 1 if name.startswith("mix") else 0
        size = {ONE: 4 * pixels}.get(name, 2 * drawn * pixels)
        lines.append(
            f"| {name} | {middle:.2f} | **{ratio:.2f}** | {middle - loaded:.2f} | {size:.2f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
