"""Slices a second of each phase with one process and with several, and what the options cost.

Every process has the same number of slices a step (weak scaling): with perfect scaling n processes
train n times as many slices a second. The processes are started as ``mim train --launcher pytorch``
starts them, with NCCL where there are as many GPUs and gloo on CPUs else; each has the threads that
``--threads`` gives it, so that on one machine they never have less to compute with than one alone.
Forward, backward, exchange of gradients and the optimizer's step are measured in MMEngine's runner
with the shipped wrapper; reading of data is left out. Medians count. "detector alone" is the same
detector on the same NDCT without a LIDnet around it, in MMEngine's wrapper as MMDetection uses it:
T1 does the same work. Peak memory is what a step of the denoiser needs in the first process beyond
what it held before (``measuring.peak_memory``).

    python benchmarks/scaling.py --processes 1 2 --size 96 --batch 2 --steps 9
    python benchmarks/scaling.py --processes 1 --options plain bf16 checkpointing --size 192
"""

import argparse
import copy
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from measuring import machine, peak_memory, synchronise
from mmengine.config import Config
from mmengine.model import MMDistributedDataParallel
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner
from torch import distributed, nn
from train_step import slices

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.mixed_precision import use_mixed_precision
from lidnet_mm.apis.process_group import join_processes
from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.models.phase import Phase

ROOT = Path(__file__).resolve().parents[1]
CONFIG = ROOT / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"
PHASES = (Phase.DETECTOR_ON_NDCT, Phase.DENOISER, Phase.DETECTOR_ON_DENOISED)
PLAIN = "detector alone"
COLUMNS = (*(phase.value for phase in PHASES), PLAIN)
OPTIONS = ("plain", "bf16", "fp16", "checkpointing", "compile")
WARM_UP = 2
SMALL = 64


def main() -> None:
    """Parse the command line; measure as one of the processes, or start them all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--config", default=str(CONFIG), help="a LIDnet's config")
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--options", nargs="+", choices=OPTIONS, default=["plain"])
    parser.add_argument("--size", type=int, default=96, help="side of the slices in pixels")
    parser.add_argument("--batch", type=int, default=2, help="slices a step and process")
    parser.add_argument("--steps", type=int, default=9, help="steps of each phase; medians count")
    parser.add_argument("--threads", type=int, default=1, help="PyTorch's threads a process")
    parser.add_argument("--into", help=argparse.SUPPRESS)  # set for the processes it starts
    options = parser.parse_args()
    if options.into:
        measure(options, Path(options.into))
        return
    rows = [
        (option, count, run(options, option, count))
        for option in options.options
        for count in options.processes
    ]
    backends = dict.fromkeys(found["backend"] for _, _, found in rows)
    sys.stdout.write(
        f"{machine(options.threads)}; {', '.join(backends)}\n\n{Path(options.config).stem}, "
        f"{options.batch} slices of {options.size} x {options.size} a step and process, "
        f"{options.steps} steps.\n\n{table(rows, options.batch)}\n"
    )


def run(options: argparse.Namespace, option: str, count: int) -> dict:
    """Start the processes and read what the first measured."""
    sys.stderr.write(f"{option}, {count} processes\n")
    with TemporaryDirectory() as folder:
        settings = {
            name: str(getattr(options, name))
            for name in ("config", "size", "batch", "steps", "threads")
        }
        arguments = [text for name, value in settings.items() for text in (f"--{name}", value)]
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        command = [*launch, "--nproc_per_node", str(count), __file__, *arguments]
        environment = {**os.environ, "OMP_NUM_THREADS": str(options.threads)}
        subprocess.run(
            [*command, "--options", option, "--into", folder], env=environment, check=True
        )
        return json.loads((Path(folder) / "measured.json").read_text(encoding="utf-8"))


def measure(options: argparse.Namespace, folder: Path) -> None:
    """Seconds of each step by phase, and the largest memory, of this process."""
    torch.set_num_threads(options.threads)
    (option,) = options.options
    config = load_config(options.config)
    own = copy.deepcopy(config.optim_wrapper.detector)
    runner = build(config, option, folder)
    data = slices(options.size, options.batch)
    peak = denoiser_peak(runner, data)  # first, while the process holds nothing else
    plain = plain_detector(runner)
    plain_wrapper = build_optim_wrapper(plain, own)
    seconds = {
        phase.value: steps(lambda p=phase: train_step(runner, p, data), options.steps)
        for phase in PHASES
    }
    seconds[PLAIN] = steps(
        lambda: plain.train_step(data, optim_wrapper=plain_wrapper), options.steps
    )
    backend = distributed.get_backend() if distributed.is_initialized() else "one process"
    if runner.rank == 0:
        found = {"seconds": seconds, "peak_mib": peak, "backend": backend}
        (folder / "measured.json").write_text(json.dumps(found), encoding="utf-8")
    if distributed.is_initialized():
        distributed.destroy_process_group()


def build(config: Config, option: str, folder: Path, launcher: str | None = None) -> Runner:
    """The runner of a shipped config, which has no data to read and no weights to download."""
    several = int(os.environ.get("WORLD_SIZE", 1)) > 1
    join_processes(config, launcher or ("pytorch" if several else "none"))
    if option in ("bf16", "fp16"):
        use_mixed_precision(config, option)
    config.model.denoiser.update(
        activation_checkpointing=option == "checkpointing", compile=option == "compile"
    )
    for name in ("train", "val", "test"):
        for kind in ("dataloader", "cfg", "evaluator"):
            config.pop(f"{name}_{kind}", None)
    wrappers = config.pop("optim_wrapper")
    config.pop("param_scheduler", None)
    config.update(work_dir=str(folder), log_level="WARNING", custom_hooks=[])
    runner = Runner.from_cfg(config)
    runner.optim_wrapper = runner.build_optim_wrapper(wrappers)
    return runner


def denoiser_peak(runner: Runner, data: dict) -> float:
    """MiB that the first step of the denoiser needs beyond what was held before."""

    def step(batch: dict) -> None:
        runner.model.train_step(batch, optim_wrapper=runner.optim_wrapper["denoiser"])

    unwrapped(runner.model).set_phase(Phase.DENOISER)
    runner.model.train()
    step(slices(SMALL, 1))  # loads libraries
    return peak_memory(lambda: step(data), "cuda" if torch.cuda.is_available() else "cpu")


class NDCTForDetector(nn.Module):
    """Brings NDCT in HU into a detector as its LIDnet does."""

    def __init__(self, lidnet: LIDDetector) -> None:
        super().__init__()
        self.window, self.bridge = lidnet.data_preprocessor, lidnet.bridge

    def forward(self, data: dict, training: bool = False) -> dict:
        """A batch as the detector takes it."""
        batch = self.window(data, training)
        return {"inputs": self.bridge(batch["ndct"]), "data_samples": batch["data_samples"]}


def plain_detector(runner: Runner) -> nn.Module:
    """A copy of the detector alone, wrapped as MMDetection wraps it."""
    model = unwrapped(runner.model)
    model.set_phase(Phase.DETECTOR_ON_NDCT)
    detector = copy.deepcopy(model.detector).train()
    detector.data_preprocessor = NDCTForDetector(model)
    if not distributed.is_initialized():
        return detector
    devices = [torch.cuda.current_device()] if torch.cuda.is_available() else None
    return MMDistributedDataParallel(detector, device_ids=devices, broadcast_buffers=False)


def train_step(runner: Runner, phase: Phase, data: dict) -> dict:
    """One step of a phase; its losses."""
    unwrapped(runner.model).set_phase(phase)
    runner.model.train()
    return runner.model.train_step(data, optim_wrapper=runner.optim_wrapper[phase.part])


def steps(work: Callable[[], None], count: int) -> list[float]:
    """Seconds of each step, after some that do not count."""
    spent = []
    for _ in range(WARM_UP + count):
        if distributed.is_initialized():
            distributed.barrier()
        synchronise()
        began = time.perf_counter()
        work()
        synchronise()
        spent.append(time.perf_counter() - began)
    return spent[WARM_UP:]


def table(rows: list[tuple[str, int, dict]], batch: int) -> str:
    """Markdown: slices a second, and the efficiency against the fewest processes of the option."""
    titles = " | ".join(f"{name}, slices/s | efficiency" for name in COLUMNS)
    lines = [
        f"| option | processes | {titles} | T2, peak MiB |",
        "|---" * (3 + 2 * len(COLUMNS)) + "|",
    ]
    base: dict[str, tuple[int, list[float]]] = {}
    for option, count, found in rows:
        rates = [count * batch / statistics.median(found["seconds"][name]) for name in COLUMNS]
        fewest, alone = base.setdefault(option, (count, rates))
        cells = [
            f"{rate:.2f} | {rate / one * fewest / count:.2f}"
            for rate, one in zip(rates, alone, strict=True)
        ]
        peak = found["peak_mib"]
        lines.append(f"| {option} | {count} | {' | '.join(cells)} | {peak:.0f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
