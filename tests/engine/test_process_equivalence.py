"""Two processes with half of each batch end where one with the whole batch does.

Optimizers are SGD, whose update is as linear as the mean of the gradients. The detector's batch
normalisation learns no statistics, as those of half a batch are others than those of the whole;
and each image has the same number of samples, by which a two-stage detector divides its loss.
"""

import copy
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from mmengine.config import Config

SCRIPT = Path(__file__).parent / "distributed" / "train_in_turns.py"
TOLERANCE = 1e-5

SGD = {"type": "OptimWrapper", "optimizer": {"type": "SGD", "lr": 0.01, "momentum": 0.9}}
CLIPPED = {**SGD, "clip_grad": {"max_norm": 5}}
IN_TWO = {**SGD, "accumulative_counts": 2}
LOOP = {"type": "lidnet_mm.CollaborativeTrainLoop", "rounds": 1}
SCHEDULES = {
    "cnn": {**LOOP, "pretrain_iters": 2, "denoiser_iters": 3, "detector_iters": 2},
    # T2: critic, generator, critic, generator; the generator's two gradients make one step.
    "gan": {
        **LOOP,
        "pretrain_iters": 1,
        "denoiser_iters": 4,
        "detector_iters": 1,
        "critic_iters": 1,
    },
}
PHASES = {"cnn": ["T1"] * 2 + ["T2"] * 3 + ["T3"] * 2, "gan": ["T1", "C", "T2", "C", "T2", "T3"]}
PARTS = {"T1": "detector.", "T3": "detector.", "T2": "denoiser.generator.", "C": "denoiser.critic."}


@pytest.fixture(scope="module", params=["cnn", "gan"])
def form(request) -> str:
    """CNN form (Eq. 8) or GAN form (Eq. 5 and 7)."""
    return request.param


@pytest.fixture(scope="module")
def model(small_lidnet, form):
    """The small LIDnet without chance and without statistics of a batch."""
    model = copy.deepcopy(small_lidnet)
    model.detector.backbone.norm_eval = True
    for stage, count in (("rpn", 64), ("rcnn", 16)):
        model.detector.train_cfg[stage].sampler.update(type="FirstSampler", num=count)
    if form == "cnn":
        model.denoiser.activation_checkpointing = True  # the wrapper has to bear it
    else:
        model.denoiser.update(
            critic={"type": "lidnet_mm.SliceCritic", "channels": 2},
            loss_adversarial={"type": "lidnet_mm.MidwayLoss"},
        )
    return model


@pytest.fixture(scope="module")
def settings(model, form, tmp_path_factory) -> Path:
    """Config file of the training."""
    parts = {"denoiser": SGD, "detector": CLIPPED}
    if form == "gan":
        parts = {"denoiser": IN_TWO, "critic": SGD, "detector": CLIPPED}
    config = Config(
        {
            "model": model,
            "slices": 4,
            "train_cfg": SCHEDULES[form],
            "optim_wrapper": {"constructor": "lidnet_mm.PartsOptimWrapperConstructor", **parts},
            "model_wrapper_cfg": {
                "type": "MMDistributedDataParallel",
                "find_unused_parameters": True,
            },
        }
    )
    path = tmp_path_factory.mktemp("settings") / "settings.py"
    config.dump(path)
    return path


def train(settings: Path, folder: Path, processes: int) -> list[dict]:
    """What each process left behind."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launch, "--nproc_per_node", str(processes), str(SCRIPT), str(settings), str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [torch.load(folder / f"rank{rank}.pt") for rank in range(processes)]


@pytest.fixture(scope="module")
def whole(settings, tmp_path_factory) -> dict:
    """One process with the whole batches."""
    return train(settings, tmp_path_factory.mktemp("whole"), 1)[0]


@pytest.fixture(scope="module")
def halves(settings, tmp_path_factory) -> list[dict]:
    """Two processes with half of each."""
    return train(settings, tmp_path_factory.mktemp("halves"), 2)


def largest_difference(one: dict, other: dict) -> float:
    """Over all parameters."""
    assert one.keys() == other.keys()
    return max((one[name] - other[name]).abs().max().item() for name in one)


def test_the_halves_are_those_of_the_whole_batches(whole, halves):
    assert len(whole["slices"]) == len(halves[0]["slices"]) > 0
    for batch, first, second in zip(
        whole["slices"], *(rank["slices"] for rank in halves), strict=True
    ):
        assert sorted(first + second) == batch
        assert not set(first) & set(second)


def test_processes_have_the_same_bits_after_each_iteration(halves):
    first, second = (rank["states"] for rank in halves)
    for iteration, (one, other) in enumerate(zip(first, second, strict=True)):
        assert one.keys() == other.keys()
        different = [name for name in one if not torch.equal(one[name], other[name])]
        assert different == [], f"after iteration {iteration}"


def test_each_iteration_ends_where_one_process_does(whole, halves):
    for iteration, (one, two) in enumerate(zip(whole["states"], halves[0]["states"], strict=True)):
        assert largest_difference(one, two) < TOLERANCE, f"after iteration {iteration}"


def test_each_phase_moves_its_part_far_beyond_the_tolerance(halves, form):
    """Otherwise equality would prove nothing."""
    states, phases = halves[0]["states"], PHASES[form]
    for phase, part in PARTS.items():
        if phase not in phases:
            continue
        first = phases.index(phase)
        last = len(phases) - phases[::-1].index(phase)
        moved = {
            name: (states[last][name] - states[first][name]).abs().max().item()
            for name in states[0]
        }
        assert max(value for name, value in moved.items() if name.startswith(part)) > 1e-3
