"""The steps of ``gpu_check.py``, each in a process of its own: an error of one stops no other.

python benchmarks/gpu_check_steps.py '{"step": "simulator", "device": "cpu", ...}'
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path

from gpu_check_rows import DIFFERS, FAILED, OK
from gpu_check_settings import Settings

ROOT = Path(__file__).resolve().parents[1]

INFERENCE_RMS = {"fp32": 0.05, "fp16": 1.0, "bf16": 5.0}
"""Most that a denoised slice may be off the CPU's in fp32, in HU (root mean square)."""

SIMULATOR_OFF, NOISE_OFF = 1e-3, 0.05
"""Most that projections and reconstructions, and the noise's strength, may be off, relatively."""

LOSS_OFF, GRADIENT_OFF = 1e-3, 2e-2
"""The same for several processes beside one; sums in any order and tf32 are not exact."""

PHOTONS = 1e5
SPACING_MM = 0.7


def inference(settings: Settings) -> None:
    """A series by ``LIDInferencer`` in each precision, beside the CPU's in full precision."""
    import numpy as np
    from measuring import peak_held, steps_within
    from phantom_volume import make_volume

    from lidnet_mm.apis.inferencer import LIDInferencer

    spacing = (1.5, SPACING_MM, SPACING_MM)
    volume = make_volume(np.random.default_rng(0), settings.series, settings.size)
    few = volume[: settings.batch].astype(np.float32)
    expected = LIDInferencer(device="cpu")(few, spacing=spacing)
    for number, precision in enumerate(INFERENCE_RMS):
        inferencer = LIDInferencer(
            device=settings.device, precision=precision, batch_size=settings.batch
        )
        found = inferencer(few, spacing=spacing)
        off = float(np.sqrt(np.mean((found.volume - expected.volume) ** 2)))
        work = partial(inferencer, volume.astype(np.float32), spacing=spacing)
        peak = peak_held(work, settings.device)
        seconds = (settings.until - time.time()) / (len(INFERENCE_RMS) - number)
        spent = steps_within(work, seconds, settings.iterations)
        middle = statistics.median(spent)
        settings.add(
            f"LIDInferencer, {precision}, {len(volume)} slices",
            slices_per_second=len(volume) / middle,
            milliseconds=1000 * middle,
            iterations=len(spent),
            peak_mib=peak,
            remark=f"{off:.3g} HU (rms) off the CPU's fp32; {len(found.lesions)} lesions,"
            f" {len(expected.lesions)} on the CPU",
            state=OK if off <= INFERENCE_RMS[precision] else DIFFERS,
        )


def simulator(settings: Settings) -> None:
    """Projection and reconstruction beside the CPU's, and the strength of the noise."""
    import numpy as np
    import torch
    from measuring import peak_held, steps_within
    from phantom_volume import make_volume

    from lidnet_mm.simulation import mean_noise, simulate_low_dose

    volume = make_volume(np.random.default_rng(0), settings.batch, settings.size)
    here = torch.from_numpy(volume.astype(np.float32))
    there = here.to(settings.device)
    for number, geometry in enumerate(("parallel", "fan")):
        scan = (SPACING_MM, PHOTONS, geometry, settings.views)
        expected, found = mean_noise(here, *scan), mean_noise(there, *scan).cpu()
        off = float((found - expected).norm() / expected.norm())
        noises = [
            (simulate_low_dose(x, *scan, generator=torch.Generator(x.device).manual_seed(0)) - x)
            for x in (here, there)
        ]
        strength = float(noises[1].std() / noises[0].std())
        work = partial(simulate_low_dose, there, *scan)
        peak = peak_held(work, settings.device)
        spent = steps_within(
            work, (settings.until - time.time()) / (2 - number), settings.iterations
        )
        middle = statistics.median(spent)
        fits = off <= SIMULATOR_OFF and abs(strength - 1) <= NOISE_OFF
        settings.add(
            f"simulate_low_dose, {geometry}, {settings.views} views",
            slices_per_second=len(volume) / middle,
            milliseconds=1000 * middle,
            iterations=len(spent),
            peak_mib=peak,
            remark=f"mean noise {off:.1g} off the CPU's (relative), spread {strength:.3f} of it",
            state=OK if fits else DIFFERS,
        )


def ranks(settings: Settings, count: int, backend: str) -> None:
    """Processes that share the GPU, beside a single one."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "found.json"
        launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        script = Path(__file__).with_name("gpu_check_ranks.py")
        arguments = [as_json(settings), backend, str(file)]
        subprocess.run([*launch, f"--nproc_per_node={count}", script, *arguments], check=True)
        found = json.loads(file.read_text(encoding="utf-8"))
    name, share = found.pop("backend"), found.pop("share")
    for phase, values in found.items():
        fits = values["loss"] <= LOSS_OFF and values["gradient"] <= GRADIENT_OFF
        settings.add(
            f"{phase}, {count} x {share} slices, {name}",
            slices_per_second=count * share / values["seconds"],
            milliseconds=1000 * values["seconds"],
            remark=f"loss {values['loss']:.1g} and gradient {values['gradient']:.1g} off one"
            " process (relative)",
            state=OK if fits else DIFFERS,
        )


def cuda_tests(settings: Settings) -> None:
    """The tests marked ``gpu``; where there is a GPU none of them may be skipped."""
    files = [
        path
        for path in sorted((ROOT / "tests").rglob("test_*.py"))
        if "pytest.mark.gpu" in path.read_text(encoding="utf-8")
    ]
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "gpu", "-p", "no:cacheprovider"]
        subprocess.run([*command, f"--junitxml={report}", *files], cwd=ROOT, check=False)
        if not report.exists():
            raise RuntimeError("pytest wrote no report; its output is above")
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    outcomes = {(case.get("classname"), case.get("name")): outcome(case) for case in cases}
    kinds = [kind for kind, _ in outcomes.values()]
    counts = {kind: kinds.count(kind) for kind in ("passed", "skipped", "failed")}
    fits = bool(cases) and not counts["failed"]
    if settings.device == "cuda":
        fits = fits and not counts["skipped"]
    said = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    settings.add("tests marked gpu", remark=said, state=OK if fits else FAILED)
    for (module, name), (kind, reason) in outcomes.items():
        if kind == "failed":
            settings.add(f"{module}::{name}", remark=reason, state=FAILED)


def outcome(case: ElementTree.Element) -> tuple[str, str]:
    """What became of a test, and the first line of why."""
    for child in case:
        if child.tag in ("failure", "error", "skipped"):
            kind = "skipped" if child.tag == "skipped" else "failed"
            return kind, (child.get("message") or "").strip().split("\n")[0]
    return "passed", ""


def train(settings: Settings, precision: str) -> None:
    """A round in one precision."""
    from gpu_check_training import train as train_round

    train_round(settings, precision)


def as_json(settings: Settings) -> str:
    """The settings on a command line."""
    return json.dumps({**asdict(settings), "rows": str(settings.rows)})


STEPS: dict[str, tuple[float, Callable[[Settings], None]]] = {
    "train fp32": (3, partial(train, precision="fp32")),
    "train fp16": (3, partial(train, precision="fp16")),
    "train bf16": (3, partial(train, precision="bf16")),
    "inference": (3, inference),
    "simulator": (1.5, simulator),
    "two ranks": (2.5, partial(ranks, count=2, backend="gloo")),
    "one rank": (2, partial(ranks, count=1, backend="nccl")),
    "CUDA tests": (3, cuda_tests),
}
"""Share of the time, and what is done."""


def main() -> None:
    """Run the step that the command line asks for."""
    given = json.loads(sys.argv[1])
    given["rows"] = Path(given["rows"])
    settings = Settings(**given)
    if settings.device == "cpu":
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # MMEngine takes a GPU where it finds one
    STEPS[settings.step][1](settings)


if __name__ == "__main__":
    main()
