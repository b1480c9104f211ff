"""Generator and critic in two processes: the same weights, from different slices."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parent / "distributed" / "train_two_ranks.py"


@pytest.fixture(scope="module")
def ranks(tmp_path_factory):
    """What each of two processes left behind."""
    folder = tmp_path_factory.mktemp("ranks")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*command, "--nproc_per_node", "2", str(SCRIPT), str(folder)],
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [torch.load(folder / f"rank{rank}.pt") for rank in (0, 1)]


def test_ranks_end_with_the_same_bits(ranks):
    first, second = (rank["after"] for rank in ranks)
    assert [name for name in first if not torch.equal(first[name], second[name])] == []


def test_all_weights_of_both_networks_moved(ranks):
    before, after = ranks[0]["before"], ranks[0]["after"]
    assert {name.split(".")[0] for name in before} == {"generator", "critic"}
    assert [name for name in before if torch.equal(before[name], after[name])] == []


def test_ranks_saw_different_slices(ranks):
    """Otherwise equal weights would prove nothing."""
    first, second = (rank["seen"] for rank in ranks)
    assert len(first) == len(second) == 6
    assert all(a != b for a, b in zip(first, second, strict=True))
