"""A training that is killed with SIGKILL six times and resumed equals one that ran through.

Bit by bit: weights, optimizers, schedulers and logged losses at the end, and the slices,
augmentation and losses of every iteration on the way, those that were done again included.
"""

import json
import os
import random
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parent / "kill_and_resume" / "train_and_kill.py"
# T1 = 0..11 | T2 = 12..26, T3 = 27..35 | T2 = 36..50, T3 = 51..59; checkpoints after 4, 8, ...
MOMENTS = ("batch read", "gradients computed", "updated")
# The detector takes a step for two iterations, and for the last of T3's nine: 6 + 5 + 5.
UPDATES = {
    "cnn": {"denoiser": 30, "detector": 16},
    "gan": {"denoiser": 10, "critic": 20, "detector": 16},
}


def kills_of(form):
    """In each phase at random, at a border, and while a checkpoint is written."""
    generator = random.Random(form)
    return [
        (generator.randrange(1, 12), generator.choice(MOMENTS)),  # T1
        (12, "batch read"),  # the border to T2: T1's last checkpoint is what there is
        (generator.randrange(17, 27), generator.choice(MOMENTS)),  # T2
        (generator.choice((31, 35)), "checkpoint half written"),  # T3
        (generator.choice((39, 43, 47)), "checkpoint written, not noted"),  # T2 of round 2
        (generator.randrange(52, 59), generator.choice(MOMENTS)),  # T3 of round 2
    ]


@pytest.fixture(scope="module", params=UPDATES)
def trained(request, tmp_path_factory):
    """Folder with both trainings, and the kills."""
    folder, kills = tmp_path_factory.mktemp(request.param), kills_of(request.param)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder), request.param, json.dumps(kills)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return folder, kills


def lines(folder):
    """What each iteration saw and lost, by iteration in the order that they were done."""
    return [json.loads(line) for line in (folder / "witness.jsonl").read_text().splitlines()]


def differences(first, second, place=""):
    """Places at which two nested values differ in any bit."""
    if type(first) is not type(second):
        return [place]
    if isinstance(first, torch.Tensor):
        return [] if first.dtype == second.dtype and torch.equal(first, second) else [place]
    if isinstance(first, dict):
        if first.keys() != second.keys():
            return [f"{place}: keys"]
        return [d for k in first for d in differences(first[k], second[k], f"{place}.{k}")]
    if isinstance(first, (list, tuple)):
        if len(first) != len(second):
            return [f"{place}: length"]
        pairs = enumerate(zip(first, second, strict=True))
        return [d for i, (a, b) in pairs for d in differences(a, b, f"{place}[{i}]")]
    return [] if first == second else [place]


def test_killed_it_was(trained):
    folder, kills = trained
    statuses = json.loads((folder / "statuses.json").read_text())
    assert statuses == {"whole": 0, "killed": [-9] * len(kills), "last": 0}


def test_last_checkpoints_are_the_same_to_the_bit(trained):
    folder, _ = trained
    paths = [folder / run / "iter_60.pth" for run in ("whole", "killed")]
    whole, killed = (torch.load(path, weights_only=False) for path in paths)
    for part in ("state_dict", "optimizer", "param_schedulers"):
        assert whole[part]
        assert differences(whole[part], killed[part], part) == []
    assert whole["meta"]["iter"] == killed["meta"]["iter"] == 60


def test_each_part_took_its_steps(trained):
    """Otherwise equal weights would prove nothing."""
    folder, _ = trained
    optimizers = torch.load(folder / "killed" / "iter_60.pth", weights_only=False)["optimizer"]
    taken = {
        part: {int(state["step"]) for state in content["state"].values()}
        for part, content in optimizers.items()
    }
    assert taken == {
        part: {count} for part, count in UPDATES[folder.name.rstrip("0123456789")].items()
    }


def test_every_iteration_is_the_same_however_often_it_is_done(trained):
    folder, _ = trained
    whole = {line["iteration"]: line for line in lines(folder / "whole")}
    killed = lines(folder / "killed")
    assert sorted(whole) == list(range(60))
    assert {line["iteration"] for line in killed} == set(range(60))
    assert [line for line in killed if line != whole[line["iteration"]]] == []
    again = [line["iteration"] for line in killed]
    assert sum(a >= b for a, b in pairwise(again)) >= 3  # gone back


def test_slices_are_augmented_anew_at_each_visit(trained):
    """Otherwise equal images would prove nothing."""
    folder, _ = trained
    images = [line["image"] for line in lines(folder / "whole")]
    assert len(set(images)) == len(images)


def test_logged_values_are_those_of_the_uninterrupted_run(trained):
    folder, _ = trained
    paths = [folder / run / "iter_60.pth" for run in ("whole", "killed")]
    hubs = [torch.load(path, weights_only=False)["message_hub"] for path in paths]
    whole, killed = (
        {name: list(log.data[0]) for name, log in hub["log_scalars"].items() if "time" not in name}
        for hub in hubs
    )
    assert len(whole) > 5
    assert whole == killed
