"""Metrics of two processes are those of one, exactly, also where one has a slice more.

Five slices over two processes: three each, the sixth a repetition that must not count. Batch
normalisation would have learnt other statistics in each process; those of the first count.
"""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

SCRIPT = Path(__file__).parent / "distributed" / "score_slices.py"


def score(folder: Path, processes: int, batch_size: int) -> list[dict]:
    """What each process says."""
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*launch, "--nproc_per_node", str(processes), str(SCRIPT), str(batch_size), str(folder)],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [torch.load(folder / f"rank{rank}.pt") for rank in range(processes)]


@pytest.fixture(scope="module")
def alone(tmp_path_factory) -> dict:
    """Scores of one process."""
    return score(tmp_path_factory.mktemp("alone"), 1, 1)[0]


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> list[dict]:
    """Scores of two, in batches of two and one."""
    return score(tmp_path_factory.mktemp("together"), 2, 2)


def test_the_slices_make_the_metrics_differ(alone):
    """Otherwise equality would prove nothing."""
    assert 0 < alone["coco/bbox_mAP_50"] < 1
    assert 0 < alone["coco/bbox_mAP"] < alone["coco/bbox_mAP_50"]
    assert alone["image/num_images"] == alone["radiomics/num_rois"] == 5
    assert alone["radiomics/correlation"] > 0


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_says_what_one_alone_says(alone, together, rank):
    assert together[rank] == alone
