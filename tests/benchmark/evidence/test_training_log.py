import logging

import numpy as np
import pytest
from mmengine.visualization import LocalVisBackend

from lidnet_mm.benchmark import read_training_log
from lidnet_mm.benchmark.evidence.training_log import NothingLoggedError


def test_losses_phases_and_validation_are_separated(tmp_path, write_log, phased_entries):
    path = write_log(tmp_path / "scalars.json", phased_entries)
    curves = read_training_log(path, "LIDnet, seed 0")
    assert curves.label == "LIDnet, seed 0"
    assert curves.iterations.tolist() == list(range(10, 101, 10))
    assert curves.phases.tolist() == [1] * 4 + [2] * 4 + [3] * 2
    assert set(curves.losses) == {
        "loss", "loss_reconstruction", "loss_roi_perceptual", "detector.loss_cls",
        "detector.loss_bbox",
    }  # fmt: skip
    known = ~np.isnan(curves.losses["loss_reconstruction"])
    assert known.tolist() == [False] * 4 + [True] * 4 + [False] * 2
    steps, values = curves.validation["coco/bbox_mAP_50"]
    assert (steps.tolist(), values.tolist()) == ([100], [0.3])
    assert np.isinf(curves.validation["image/PSNR"][1]).all()


def test_a_training_without_phases_has_phase_zero(tmp_path, write_log):
    path = write_log(
        tmp_path / "scalars.json", [{"loss": 1.0, "iter": 1}, {"loss": 0.5, "iter": 2}]
    )
    assert read_training_log(path, "x").phases.tolist() == [0, 0]


def test_iterations_of_a_critic_log_no_loss_of_the_generator(
    tmp_path, write_log, adversarial_entries
):
    curves = read_training_log(write_log(tmp_path / "scalars.json", adversarial_entries), "x")
    assert curves.iterations.tolist() == list(range(1, 41))
    of_critic = ~np.isnan(curves.losses["critic.wasserstein"])
    of_generator = ~np.isnan(curves.losses["loss"])
    assert (of_critic.sum(), of_generator.sum()) == (32, 8)
    assert (of_critic ^ of_generator).all()


def test_a_log_of_a_critic_only_is_read(tmp_path, write_log, adversarial_entries):
    """A training that was stopped before the generator's first logged step."""
    curves = read_training_log(write_log(tmp_path / "scalars.json", adversarial_entries[:3]), "x")
    assert "loss" not in curves.losses
    np.testing.assert_allclose(curves.losses["critic.wasserstein"], [1.9, 1.8, 1.7])


def test_a_later_run_replaces_what_it_repeats(tmp_path, write_log):
    def entries(first, last, loss):
        return [{"loss": loss, "iter": i, "step": i} for i in range(first, last + 1)]

    write_log(tmp_path / "20250101_090000/vis_data/scalars.json", entries(1, 6, 1.0))
    write_log(tmp_path / "20250101_100000/vis_data/scalars.json", entries(4, 8, 2.0))
    curves = read_training_log(tmp_path, "x")
    assert curves.iterations.tolist() == list(range(1, 9))
    assert curves.losses["loss"].tolist() == [1, 1, 1, 2, 2, 2, 2, 2]


def test_reads_what_mmengine_writes(tmp_path):
    backend = LocalVisBackend(
        str(tmp_path / "20250101_000000" / "vis_data"), "img", "config.py", "scalars.json"
    )
    backend.add_scalars({"loss": np.float32(0.25), "phase": 2, "iter": 7}, step=7)
    backend.add_scalars({"image/PSNR": float("inf")}, step=7)
    curves = read_training_log(tmp_path, "x")
    assert (curves.iterations.tolist(), curves.losses["loss"].tolist()) == ([7], [0.25])
    assert list(curves.validation) == ["image/PSNR"]


def test_a_last_line_cut_short_is_left_out_with_a_warning(tmp_path, write_log, caplog):
    path = write_log(tmp_path / "scalars.json", [{"loss": 1.0, "iter": 1}])
    path.write_text(path.read_text() + '{"loss": 0.5, "it')
    with caplog.at_level(logging.WARNING):
        assert read_training_log(path, "x").iterations.tolist() == [1]


def test_a_corrupt_line_is_named(tmp_path, write_log):
    path = write_log(tmp_path / "scalars.json", [{"loss": 1.0, "iter": 1}])
    path.write_text('{"loss": \n' + path.read_text())
    with pytest.raises(ValueError, match=r"scalars\.json, line 1"):
        read_training_log(path, "x")


def test_no_log_and_no_loss_are_errors(tmp_path, write_log):
    with pytest.raises(NothingLoggedError, match="was it trained"):
        read_training_log(tmp_path, "x")
    path = write_log(tmp_path / "scalars.json", [{"image/PSNR": 20.0, "step": 3}])
    with pytest.raises(ValueError, match="no loss"):
        read_training_log(path, "x")
