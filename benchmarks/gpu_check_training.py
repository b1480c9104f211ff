"""Training on a GPU, for ``gpu_check.py``: T1, T2 and T3, and the detector without a LIDnet."""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from arithmetic import flops_of, peak_rate, utilisation
from gpu_check_rows import DIFFERS, FAILED, OK, Row
from gpu_check_settings import Settings
from measuring import peak_held, steps_within
from mmengine.config import ConfigDict
from mmengine.optim import build_optim_wrapper
from mmengine.runner import Runner
from scaling import PHASES, PLAIN, build, plain_detector, train_step
from torch import nn
from train_step import from_scratch, slices

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.apis.trained_model import load_denoiser
from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.models.phase import Phase
from lidnet_mm.seeding import seed_all

DENOISER = "cpce_l1"
TOLERANCE = 0.1
"""Largest relative difference of the loss in half precision: 8 bits move proposals, too."""

PEAK_SECONDS = 1.0
AMP_TYPES = {"fp16": "float16", "bf16": "bfloat16"}


def train(settings: Settings, precision: str) -> None:
    """One round in one precision, and plain MMDetection on the same detector as its peer."""
    in_tf32 = settings.device == "cuda" and torch.backends.cudnn.allow_tf32
    kind = "tf32" if precision == "fp32" and in_tf32 else precision  # as convolutions multiply
    rate = peak_rate(kind, settings.device, settings.matrix, PEAK_SECONDS)
    settings.add(
        "peak rate", remark=f"{rate / 1e12:.1f} TFLOP/s in a {kind} product of {settings.matrix}²"
    )
    with tempfile.TemporaryDirectory() as folder:
        runner, own = new_runner(settings, "plain" if precision == "fp32" else precision, folder)
        data = slices(settings.size, settings.batch)
        remarks = {
            phase: against_full_precision(runner, phase, data) if precision != "fp32" else ("", OK)
            for phase in PHASES
        }
        parts = len(PHASES) + 1
        times = {}
        for done, phase in enumerate(PHASES):
            row = measured(
                settings,
                phase.value,
                lambda p=phase: float(train_step(runner, p, data)["loss"]),
                rate,
                parts - done,
            )
            remark, state = remarks[phase]
            row.remark = "; ".join(filter(None, (remark, row.remark)))
            row.state = worst(row.state, state)
            times[phase] = row.milliseconds
            row.append_to(settings.rows)
        if precision == "fp32" or settings.device == "cuda":  # MMEngine's wrapper needs a GPU
            plain_row(settings, runner, own, precision, data, rate, times[PHASES[0]])


def new_runner(
    settings: Settings, option: str, folder: str, launcher: str | None = None, backend: str = ""
) -> tuple[Runner, ConfigDict]:
    """A LIDnet behind MMEngine's runner, and the config of the detector's optimizer.

    The detector has fresh weights. The denoiser is a trained one: what a fresh one makes of a slice
    may lie outside of the detector's window, where no feedback passes.
    """
    config = load_config(settings.config)
    config.model.detector = from_scratch(config.model.detector)
    if backend:
        config.env_cfg.dist_cfg.backend = backend
    own = config.optim_wrapper.detector.copy()
    seed_all(0)
    runner = build(config, option, Path(folder), launcher)
    model = unwrapped(runner.model)
    model.init_weights()
    trained = load_denoiser(DENOISER).model.generator.state_dict()
    model.denoiser.generator.load_state_dict(trained)
    return runner, own


def against_full_precision(runner: Runner, phase: Phase, data: dict) -> tuple[str, str]:
    """The first loss in half precision beside that of the same weights in full."""
    model = unwrapped(runner.model)
    model.set_phase(phase)
    model.train()
    batch = model.data_preprocessor(data, True)
    with torch.no_grad():
        full = seeded_loss(model, batch)
        with runner.optim_wrapper[phase.part].optim_context(model):
            half = seeded_loss(model, batch)
    difference = abs(half - full) / abs(full)
    state = OK if difference <= TOLERANCE else DIFFERS  # NaN differs
    return f"loss {half:.4g}, in fp32 {full:.4g} ({difference:.1%} off)", state


def seeded_loss(model: nn.Module, batch: dict, seed: int = 0) -> float:
    """The loss of a batch, with samples that depend on the seed alone."""
    seed_all(seed)
    loss, _ = model.parse_losses(model(**batch, mode="loss"))
    return float(loss)


def measured(
    settings: Settings, what: str, step: Callable[[], float], rate: float, parts_left: int
) -> Row:
    """Arithmetic, memory and time of a step of training, which gives its loss."""
    seconds = (settings.until - time.time()) / parts_left
    losses = [step()]  # loads libraries, makes the optimizer's state
    flops = flops_of(step)
    peak = peak_held(lambda: losses.append(step()), settings.device)
    spent = steps_within(lambda: losses.append(step()), seconds, settings.iterations)
    middle = statistics.median(spent)
    finite = all(loss == loss and abs(loss) != float("inf") for loss in losses)
    return Row(
        settings.step,
        what,
        settings.batch / middle,
        1000 * middle,
        len(spent),
        peak,
        flops,
        utilisation(flops, middle, rate),
        f"loss {losses[0]:.4g}, later {losses[-1]:.4g}",
        OK if finite else FAILED,
    )


def plain_row(
    settings: Settings,
    runner: Runner,
    own: ConfigDict,
    precision: str,
    data: dict,
    rate: float,
    ours: float,
) -> None:
    """The same detector in MMEngine's own wrapper; where that fails, its row says so alone."""
    detector = plain_detector(runner)
    if precision != "fp32":
        own.update(type="AmpOptimWrapper", dtype=AMP_TYPES[precision])
    wrapper = build_optim_wrapper(detector, own)

    def step() -> float:
        return float(detector.train_step(data, optim_wrapper=wrapper)["loss"])

    what = f"plain MMDetection, {PLAIN}"
    try:
        row = measured(settings, what, step, rate, 1)
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        row = Row(settings.step, what, remark=f"not ours: {reason}", state=FAILED)
    else:
        row.remark += f"; {PHASES[0].value} takes {ours / row.milliseconds:.2f} times as long"
    row.append_to(settings.rows)


def worst(first: str, second: str) -> str:
    """The worse of two states."""
    return max(first, second, key=(OK, DIFFERS, FAILED).index)
