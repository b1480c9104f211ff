"""Cost of a denoiser step of LIDDetector beside the sum of the parts that no method can avoid.

The parts are: the generator's forward and backward pass, the detector's own loss and its backward
pass to the image, and one pass of the backbone on the reference without gradient. What is above
the sum is the price of the bridge, of reading features and regions, and of the ROI perceptual
loss. The turning of the detector's output into regions is measured by itself, too. Step and parts
take turns in one process and medians count, so that a busy machine slows all alike; processor
time is what to compare on a machine that is not idle.

    python benchmarks/train_step.py --size 192 --batch 4 --repeats 9 --threads 1
    python benchmarks/train_step.py --detector mmdet::fcos/fcos_r50-caffe_fpn_gn-head_1x_coco.py
"""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from measuring import PROCESSOR, WALL, Times, machine, median, take_turns
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.logging import MessageHub, MMLogger
from mmengine.runner import set_random_seed
from mmengine.structures import InstanceData
from torch.nn import functional

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.models.lid_detector import LIDDetector
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import MODELS

ROOT = Path(__file__).resolve().parents[1]
BASE = ROOT / "configs" / "_base_" / "lidnet_sts.py"
DETECTORS = (
    str(ROOT / "configs" / "_base_" / "models" / "faster-rcnn_r18_small.py"),
    "mmdet::sparse_rcnn/sparse-rcnn_r50_fpn_1x_coco.py",
    *(
        str(ROOT / "configs" / "lidnet" / f"lidnet_cpce_{name}_sts.py")
        for name in ("rtmdet_tiny", "yolox_tiny", "atss_r18")
    ),
    "mmdet::vfnet/vfnet_r50_fpn_1x_coco.py",
    str(ROOT / "configs" / "lidnet" / "lidnet_cpce_dino_r18_sts.py"),
)
LIMIT = 1.05
STEP = "denoiser step of LIDDetector"
PARTS = (
    "generator, forward and backward",
    "detector.loss, forward and backward to the image",
    "backbone on the reference, no gradient",
)
REGIONS = "regions from the detector's output"


def main() -> None:
    """Parse the command line, run, and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--size", type=int, default=192, help="side of the slices in pixels")
    parser.add_argument("--batch", type=int, default=4, help="slices a step")
    parser.add_argument("--repeats", type=int, default=9, help="repetitions; medians count")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="PyTorch's threads")
    parser.add_argument("--generator", default="CPCE", help="registered name of the generator")
    parser.add_argument(
        "--detector",
        nargs="+",
        default=DETECTORS,
        help="config files with `detector` or `model`, a LIDnet's, too, or names such as "
        "mmdet::atss/atss_r50_fpn_1x_coco.py; default: some of every family",
    )
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    MMLogger.get_current_instance().setLevel("WARNING")  # init_weights names every parameter
    measured = {
        name: measure(name, options.generator, options.size, options.batch, options.repeats)
        for name in options.detector
    }
    sys.stdout.write(
        f"{machine(options.threads)}\n\n{options.generator}, "
        f"{options.batch} slices of {options.size} x {options.size}, "
        f"{options.repeats} repetitions.\n\nProcessor time, ms:\n\n{table(measured, PROCESSOR)}\n\n"
        f"Wall time, ms:\n\n{table(measured, WALL)}\n\nOur bound of the ratio is {LIMIT}.\n"
    )


def measure(
    detector: str, generator: str, size: int, count: int, repeats: int
) -> tuple[str, dict[str, Times]]:
    """Kind of regions and seconds of the step and its parts, with one detector."""
    sys.stderr.write(f"{detector}\n")
    model = build(detector_config(detector), generator)
    batch = model.data_preprocessor(slices(size, count))
    show_to_norms(model, batch)
    model.set_phase(Phase.DENOISER)
    works = {STEP: step(model, batch), **parts(model, batch), REGIONS: regions(model, batch)}
    # The same samples for the step and for its parts.
    times = take_turns(works, repeats, prepare=set_random_seed)
    return type(model.region_source).__name__, times


def detector_config(detector: str) -> ConfigDict:
    """The detector of a config file, or MMDetection's for one class as behind a denoiser."""
    if detector.startswith("mmdet::"):
        with TemporaryDirectory() as folder:
            file = Path(folder) / "lidnet.py"
            file.write_text(f"_base_ = {[str(BASE), detector]}\n", encoding="utf-8")
            return load_config(file).model.detector
    config = load_config(detector)
    return config.get("detector") or config.model.get("detector") or config.model


def build(detector: ConfigDict, generator: str) -> LIDDetector:
    """The model, initialised without any pretrained weights."""
    set_random_seed(0)
    denoiser = {"type": "lidnet_mm.DenoisingModel", "generator": {"type": f"lidnet_mm.{generator}"}}
    model = MODELS.build(
        ConfigDict(
            type="lidnet_mm.LIDDetector",
            denoiser=denoiser,
            detector=from_scratch(detector),
            _scope_="mmdet",
        )
    )
    model.init_weights()
    MessageHub.get_current_instance().update_info("epoch", 0)  # as a runner does, for TOOD
    return model.train()


def show_to_norms(model: LIDDetector, batch: dict) -> None:
    """Let batch normalisation take the statistics of the denoised slices, as after training.

    Without them the maps of a deep head grow until all its boxes cover the slice.
    """
    model.set_phase(Phase.DETECTOR_ON_DENOISED)
    momenta = {
        norm: norm.momentum
        for norm in model.detector.modules()
        if norm.training and hasattr(norm, "running_mean")
    }
    for norm in momenta:
        norm.momentum = 1.0
    with torch.no_grad():
        model(**batch, mode="loss")
    for norm, momentum in momenta.items():
        norm.momentum = momentum


def from_scratch(config: object) -> object:
    """A copy of a detector's config without checkpoints to download."""
    if isinstance(config, (list, tuple)):
        return type(config)(from_scratch(entry) for entry in config)
    if not isinstance(config, dict):
        return config
    return type(config)(
        {
            key: from_scratch(value)
            for key, value in config.items()
            if key != "init_cfg" or "checkpoint" not in str(value)
        }
    )


def slices(size: int, count: int, seed: int = 0) -> dict:
    """Soft tissue with noise (1, n, n) in HU, its reference, and two lesions a slice."""
    generator = torch.Generator().manual_seed(seed)
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
    """The unavoidable parts, on the images that the step computes, in the modes of the step."""
    detector, generator = model.detector, model.denoiser.generator
    with torch.no_grad():
        denoised = generator(batch["inputs"])
        images, reference = (model.bridge(x) for x in (denoised, batch["ndct"]))
    gradient = torch.ones_like(denoised)

    def run_generator() -> None:
        generator(batch["inputs"]).backward(gradient)

    def run_detector() -> None:
        leaf = images.detach().requires_grad_()
        loss, _ = detector.parse_losses(detector.loss(leaf, batch["data_samples"]))
        loss.backward()

    def run_backbone() -> None:
        with torch.no_grad():
            detector.backbone(reference)

    return dict(zip(PARTS, (run_generator, run_detector, run_backbone), strict=True))


def regions(model: LIDDetector, batch: dict) -> Callable[[], None]:
    """The regions from what the detector computed for its loss."""
    source, detector, samples = model.region_source, model.detector, batch["data_samples"]
    with torch.no_grad(), source.watch(detector) as seen:
        detector.loss(model.bridge(model.denoiser(batch["inputs"])), samples)
    return lambda: source.regions(detector, seen, samples)


def table(measured: dict[str, tuple[str, dict[str, Times]]], clock: int) -> str:
    """Markdown: medians in milliseconds, and the ratio of the step to the sum of its parts."""
    columns = "generator | detector.loss | backbone on reference | sum | step | **ratio** | regions"
    lines = [
        f"| detector | regions from | {columns} alone |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name, (source, times) in measured.items():
        seconds = {work: median(spent, clock) for work, spent in times.items()}
        total = sum(seconds[part] for part in PARTS)
        cells = [seconds[part] for part in PARTS] + [total, seconds[STEP]]
        lines.append(
            f"| {Path(name).stem} | {source} | "
            + " | ".join(f"{1000 * cell:.1f}" for cell in cells)
            + f" | **{seconds[STEP] / total:.3f}** | {1000 * seconds[REGIONS]:.1f} |"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
