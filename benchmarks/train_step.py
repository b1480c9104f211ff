"""Cost of a denoiser step of LIDDetector beside the sum of the parts that no method can avoid.

The parts are: the generator's forward and backward pass, the detector's own loss and its backward
pass to the image, and one pass of the backbone on the reference without gradient. What is above
the sum is the price of the bridge, of reading features and regions, and of the ROI perceptual
loss. Step and parts take turns in one process and medians count, so that a busy machine slows all
alike; processor time is what to compare on a machine that is not idle.

    python benchmarks/train_step.py --size 192 --batch 4 --repeats 15 --threads 1
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

import torch
from measuring import PROCESSOR, WALL, Times, machine, median, take_turns
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.runner import set_random_seed
from mmengine.structures import InstanceData
from torch.nn import functional

from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[1]
DETECTOR = ROOT / "configs" / "_base_" / "models" / "faster-rcnn_r18_small.py"
LIMIT = 1.05
STEP = "denoiser step of LIDDetector"
PARTS = (
    "generator, forward and backward",
    "detector.loss, forward and backward to the image",
    "backbone on the reference, no gradient",
)


def main() -> None:
    """Parse the command line, run, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=192, help="side of the slices in pixels")
    parser.add_argument("--batch", type=int, default=4, help="slices a step")
    parser.add_argument("--repeats", type=int, default=15, help="repetitions; medians count")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch's threads")
    parser.add_argument("--generator", default="CPCE", help="registered name of the generator")
    parser.add_argument(
        "--detector", type=Path, default=DETECTOR, help="config file with `detector` or `model`"
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    model = build(options.detector, options.generator)
    batch = model.data_preprocessor(slices(options.size, options.batch))
    works = {STEP: step(model, batch), **parts(model, batch)}
    # The same samples for the step and for its parts.
    times = take_turns(works, options.repeats, prepare=set_random_seed)
    sys.stdout.write(
        f"{machine(options.threads)}\n\n{options.generator} before {options.detector.stem}, "
        f"{options.batch} slices of {options.size} x {options.size}, "
        f"{options.repeats} repetitions.\n\n{table(times)}\n"
    )


def build(detector: Path, generator: str) -> LIDDetector:
    """The model in the denoiser's phase, without any pretrained weights."""
    config = Config.fromfile(detector)
    wrapped = config.get("detector") or config.model
    wrapped.backbone.init_cfg = None
    set_random_seed(0)
    denoiser = {"type": "lidnet_mm.DenoisingModel", "generator": {"type": f"lidnet_mm.{generator}"}}
    model = MODELS.build(
        ConfigDict(
            type="lidnet_mm.LIDDetector", denoiser=denoiser, detector=wrapped, _scope_="mmdet"
        )
    )
    model.train().set_phase(Phase.DENOISER)
    return model


def slices(size: int, count: int) -> dict:
    """Soft tissue with noise (1, n, n) in HU, its reference, and two lesions a slice."""
    generator = torch.Generator().manual_seed(0)
    coarse = torch.rand(count, 1, 12, 12, generator=generator) * 500 - 200
    ndct = functional.interpolate(coarse, (size, size), mode="bilinear")
    ldct = ndct + 60 * torch.randn(ndct.shape, generator=generator)
    boxes = torch.tensor([[0.2, 0.25, 0.35, 0.4], [0.5, 0.6, 0.56, 0.68]]) * size
    samples = [
        DetDataSample(
            gt_instances=InstanceData(bboxes=boxes, labels=torch.zeros(2, dtype=torch.long)),
            metainfo={"img_shape": (size, size), "ori_shape": (size, size)},
        )
        for _ in range(count)
    ]
    return {"inputs": list(ldct), "ndct": list(ndct), "data_samples": samples}


def step(model: LIDDetector, batch: dict) -> Callable[[], None]:
    """What a denoiser step computes before the optimizer's update."""

    def run() -> None:
        loss, _ = model.parse_losses(model(**batch, mode="loss"))
        loss.backward()

    return run


def parts(model: LIDDetector, batch: dict) -> dict[str, Callable[[], None]]:
    """The unavoidable parts, on the images that the step computes."""
    detector, generator = model.detector, model.denoiser.generator
    with torch.no_grad():
        denoised = generator(batch["inputs"])
        images, reference = (model.bridge(x).contiguous() for x in (denoised, batch["ndct"]))
    gradient = torch.ones_like(denoised)

    def run_generator() -> None:
        generator(batch["inputs"]).backward(gradient)

    def run_detector() -> None:
        leaf = images.clone().requires_grad_()
        loss, _ = detector.parse_losses(detector.loss(leaf, batch["data_samples"]))
        loss.backward()

    def run_backbone() -> None:
        with torch.no_grad():
            detector.backbone(reference)

    return dict(zip(PARTS, (run_generator, run_detector, run_backbone), strict=True))


def table(times: dict[str, Times]) -> str:
    """Markdown: medians in milliseconds, and the ratio of the step to the sum of its parts."""
    wall, processor = (
        {n: median(t, clock) for n, t in times.items()} for clock in (WALL, PROCESSOR)
    )
    total = [sum(clock[name] for name in PARTS) for clock in (wall, processor)]
    ratio = [clock[STEP] / part for clock, part in zip((wall, processor), total, strict=True)]
    rows = [(name, wall[name], processor[name]) for name in PARTS]
    rows += [("sum of the parts", *total), (STEP, wall[STEP], processor[STEP])]
    lines = ["| | wall, ms | processor, ms |", "|---|---|---|"]
    lines += [f"| {name} | {1000 * a:.1f} | {1000 * b:.1f} |" for name, a, b in rows]
    lines.append(f"| **ratio** (at most {LIMIT}) | {ratio[0]:.3f} | {ratio[1]:.3f} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
