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

from lidnet_mm.evaluation.record_metrics import metric_of_records
from lidnet_mm.evaluation.slice_record import read_records

SCRIPT = Path(__file__).parent / "distributed" / "score_slices.py"


def score(folder: Path, processes: int, batch_size: int) -> list[dict]:
    """What each process says; ``folder`` keeps what they write."""
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
def folders(tmp_path_factory) -> dict[str, Path]:
    """Where one process writes, and where two do."""
    return {name: tmp_path_factory.mktemp(name) for name in ("alone", "together")}


@pytest.fixture(scope="module")
def alone(folders) -> dict:
    """Scores of one process."""
    return score(folders["alone"], 1, 1)[0]


@pytest.fixture(scope="module")
def together(folders) -> list[dict]:
    """Scores of two, in batches of two and one."""
    return score(folders["together"], 2, 2)


def test_the_slices_make_the_metrics_differ(alone):
    """Otherwise equality would prove nothing."""
    assert 0 < alone["coco/bbox_mAP_50"] < 1
    assert 0 < alone["coco/bbox_mAP"] < alone["coco/bbox_mAP_50"]
    assert alone["image/num_images"] == alone["radiomics/num_rois"] == 5
    assert alone["radiomics/correlation"] > 0
    assert 0 < alone["physics/nps_ratio"] < 1
    assert alone["physics/ttf_f50"] > 0


@pytest.mark.parametrize("rank", [0, 1])
def test_each_process_says_what_one_alone_says(alone, together, rank):
    """As text: no edge of the slices borders on air, and no number equals NaN."""
    assert str(together[rank]) == str(alone)


def test_the_first_process_alone_writes_the_curves_of_all(alone, together, folders):
    written = [folders[name] / "by_rank0" / "physics.json" for name in ("alone", "together")]
    assert written[0].read_bytes() == written[1].read_bytes()
    assert not (folders["together"] / "by_rank1").exists()


def test_the_first_process_alone_writes_the_records_of_all(alone, together, folders):
    written = folders["together"] / "by_rank0" / "records.json"
    assert [record.slice_index for record in read_records(written)] == [0, 1, 2, 3, 4]
    assert written.read_bytes() == (folders["alone"] / "by_rank0" / "records.json").read_bytes()
    assert not (folders["together"] / "by_rank1").exists()


def test_records_say_what_the_evaluators_say(alone, folders):
    """CocoMetric rounds to three decimals of the fraction."""
    records = read_records(folders["alone"] / "by_rank0" / "records.json")
    for name, key in (("AP50", "coco/bbox_mAP_50"), ("AP75", "coco/bbox_mAP_75")):
        assert round(metric_of_records(name, records) / 100, 3) == alone[key]
        assert alone[f"records/{name}"] == metric_of_records(name, records)
    for group, names in (
        ("image", ("PSNR", "SSIM", "RMSE")),
        ("radiomics", ("correlation", "homogeneity", "energy")),
    ):
        for name in names:
            expected = pytest.approx(alone[f"{group}/{name}"], rel=1e-12)
            assert metric_of_records(name, records) == expected
