"""Milliseconds and peak memory of each generator, beside the same layers written plainly.

Each generator runs forward alone (eval mode, no gradient) and forward and backward, contiguous
and in ``channels_last``, one of which is the layout it has in a ``DenoisingModel``, and takes turns
with its plain form on the same weights; medians count. Peak memory is what a pass needs beyond
weights and input: on a CPU by the resident memory of a fresh process for each case, on a GPU by
PyTorch's allocator.

    python benchmarks/denoisers.py --size 512 --repeats 7 --threads 2
"""

import argparse
import multiprocessing
import os
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from functools import partial

import torch
from measuring import PROCESSOR, WALL, Times, machine, median, peak_memory, take_turns
from plain_denoisers import PLAIN, plain
from torch import Tensor, nn

from lidnet_mm.models import denoisers

PASSES = ("forward", "forward and backward")
LAYOUTS = {"contiguous": torch.contiguous_format, "channels_last": torch.channels_last}
OURS, PLAINLY = "ours", "plain"
INFERENCE = "inference_mode"
Case = tuple[str, str, str]  # pass, code, layout


def main() -> None:
    """Parse the command line, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=512, help="side of the slices in pixels")
    parser.add_argument("--batch", type=int, default=1, help="slices at once")
    parser.add_argument("--repeats", type=int, default=7, help="repetitions; medians count")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch's threads")
    parser.add_argument("--device", default="cpu", help="cpu or cuda")
    parser.add_argument("--generators", nargs="+", choices=PLAIN, help="default: all there are")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    times, memory = {}, {}
    for name in options.generators or available():
        sys.stderr.write(f"{name}\n")
        times[name] = measure(name, options)
        memory[name] = {which: memory_of(name, which, options) for which in PASSES}
    print(f"{machine(options.threads)}\n\nSlices of {options.size} x {options.size}, ", end="")
    print(f"{options.batch} at once, {options.repeats} repetitions.\n")
    print(f"Wall time:\n\n{table(times, memory, WALL, options.batch)}")
    if options.device == "cpu":
        print(f"\nProcessor time:\n\n{table(times, memory, PROCESSOR, options.batch)}")
    print(f"\nThe input check alone takes {input_check(options):.2f} ms a slice.")


def available() -> list[str]:
    """Names of the generators that can be built here; Restormer's library is optional."""
    names = []
    for name in PLAIN:
        try:
            build(name)
        except ImportError as error:
            sys.stderr.write(f"{name} is left out: {error}\n")
        else:
            names.append(name)
    return names


def build(name: str, device: str = "cpu", layout: str = "contiguous") -> nn.Module:
    """A generator with default settings, none of whose layers starts at zero."""
    torch.manual_seed(0)
    generator = getattr(denoisers, name)()
    for weight in generator.parameters():
        if not weight.any():
            nn.init.normal_(weight, std=0.01)
    return generator.eval().to(device, memory_format=LAYOUTS[layout])


def own_layout(name: str) -> str:
    """Name of the layout that a generator has in a ``DenoisingModel``."""
    own = getattr(denoisers, name).memory_format
    return next(layout for layout, memory_format in LAYOUTS.items() if memory_format is own)


def slices(options: argparse.Namespace) -> Tensor:
    """Noise in [0, 1], (N, 1, H, W)."""
    return torch.rand(options.batch, 1, options.size, options.size, device=options.device)


def measure(name: str, options: argparse.Namespace) -> dict[Case, Times]:
    """Times of all cases of one generator."""
    x = slices(options)
    works = {}
    for layout in LAYOUTS:
        generator = build(name, options.device, layout)
        codes = {OURS: generator, PLAINLY: plain(generator)}
        with torch.no_grad():
            expected, found = codes[PLAINLY](x), codes[OURS](x)
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-5)
        for code, denoise in codes.items():
            works["forward", code, layout] = partial(forward, denoise, x)
            works["forward and backward", code, layout] = partial(backward, generator, denoise, x)
        works["forward", INFERENCE, layout] = partial(inference, generator, x)
    return take_turns(works, options.repeats)


@torch.no_grad()
def forward(denoise: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """As in a test run."""
    denoise(x)


@torch.inference_mode()
def inference(denoise: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """As in a test run, but with PyTorch's stricter mode."""
    denoise(x)


def backward(generator: nn.Module, denoise: Callable[[Tensor], Tensor], x: Tensor) -> None:
    """As in a training step of the denoiser, without its loss."""
    generator.zero_grad()
    out = denoise(x)
    out.backward(torch.ones_like(out))


def memory_of(name: str, which: str, options: argparse.Namespace) -> dict[str, float]:
    """Peak memory of one pass in MiB, ours and plain, in the generator's own layout."""
    if options.device != "cpu":
        return {code: peak(name, which, code, options) for code in (OURS, PLAINLY)}
    memory = {}
    for code in (OURS, PLAINLY):
        context = multiprocessing.get_context("spawn")  # nothing of this process's memory
        with ProcessPoolExecutor(1, mp_context=context) as fresh:
            memory[code] = fresh.submit(peak, name, which, code, options).result()
    return memory


def peak(name: str, which: str, code: str, options: argparse.Namespace) -> float:
    """Peak memory of one case in MiB, in a process that has measured nothing else."""
    torch.set_num_threads(options.threads)
    generator = build(name, options.device, own_layout(name))
    denoise = generator if code == OURS else plain(generator)
    run = partial(forward, denoise)
    if which != "forward":
        run = partial(backward, generator, denoise)
    run(torch.rand(1, 1, 32, 32, device=options.device))
    x = slices(options)
    return peak_memory(partial(run, x), options.device)


def input_check(options: argparse.Namespace) -> float:
    """Milliseconds a slice of a generator that does nothing but check its input."""
    work = {"check": partial(forward, denoisers.Identity(), slices(options))}
    return 1000 * median(take_turns(work, 5 * options.repeats)["check"]) / options.batch


def table(
    times: dict[str, dict[Case, Times]],
    memory: dict[str, dict[str, dict[str, float]]],
    clock: int,
    batch: int,
) -> str:
    """Markdown: medians in milliseconds a slice, their ratios, and memory in MiB."""
    lines = [
        "| generator, layout | pass | plain, ms | ours, ms | ours / plain | other layout, ms | "
        "layout gain | inference_mode gain | peak plain, MiB | peak ours, MiB |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for name, cases in times.items():
        middle = {case: 1000 * median(entry, clock) / batch for case, entry in cases.items()}
        layout = own_layout(name)
        (other,) = set(LAYOUTS) - {layout}
        for which in PASSES:
            mine, theirs = (middle[which, code, layout] for code in (OURS, PLAINLY))
            otherwise = middle[which, OURS, other]
            mode = middle.get((which, INFERENCE, layout))
            held = memory[name][which]
            lines.append(
                f"| {name}, {layout} | {which} | {theirs:.1f} | {mine:.1f} | "
                f"**{mine / theirs:.3f}** | {otherwise:.1f} | {otherwise / mine:.2f} | "
                f"{f'{mine / mode:.3f}' if mode else '-'} | "
                f"{held[PLAINLY]:.0f} | {held[OURS]:.0f} |"
            )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
