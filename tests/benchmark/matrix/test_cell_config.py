"""Generated configs: what is replaced, what is shared, and that a user can train them."""

import math
from pathlib import Path

import pytest
from mmengine.config import Config
from mmengine.registry import init_default_scope

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.matrix.cell_config import (
    cell_config,
    config_text,
    images_config,
    pretraining_config,
    write_config,
)
from lidnet_mm.registry import MODELS

RED_CNN = {"type": "lidnet_mm.REDCNN", "channels": 8}


@pytest.fixture
def configs(repository):
    return repository / "configs"


@pytest.fixture
def lidnet(configs):
    """A shipped LIDnet with another generator, dose, number of regions, and judge."""
    base = configs / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"
    options = {"low_dose.noise_hu": 30, "model.roi_perceptual_loss.num_rois": 1}
    judge = configs / "judges" / "judge_faster-rcnn_r50.py"
    return cell_config(base, options, "data/mine", RED_CNN, judge)


class TestCell:
    def test_what_is_replaced(self, lidnet, configs):
        assert lidnet.model.denoiser.generator == RED_CNN
        assert lidnet.model.roi_perceptual_loss.num_rois == 1
        assert lidnet.judge == str(configs / "judges" / "judge_faster-rcnn_r50.py")
        data = str(Path("data/mine").resolve())
        assert lidnet.train_dataloader.dataset.data_root == data
        assert lidnet.test_evaluator[0].ann_file.startswith(data)
        noise = [
            step.noise_hu
            for loader in (lidnet.train_dataloader, lidnet.test_dataloader)
            for step in loader.dataset.pipeline
            if step.type == "lidnet_mm.SimulateLowDose"
        ]
        assert noise == [30, 30]

    def test_a_baseline(self, configs):
        base = configs / "baselines" / "cpce_l1_sts.py"
        config = cell_config(base, {}, "data", RED_CNN)
        assert config.model.generator == RED_CNN
        assert config.judge == load_config(base).judge

    def test_file_holds_the_config(self, lidnet, tmp_path):
        path = tmp_path / "configs" / "cell.py"
        write_config(path, config_text(lidnet, "lidnet.py"))
        assert load_config(path).to_dict() == lidnet.to_dict()
        assert path.read_text().startswith("# Written by `benchmark plan`")

    @pytest.mark.parametrize("folder", ["lidnet", "baselines", "classical", "judges"])
    def test_every_shipped_config_can_be_written(self, configs, tmp_path, folder):
        for base in sorted((configs / folder).glob("*.py")):
            config = cell_config(base, {}, "data")
            write_config(tmp_path / base.name, config_text(config, base.name))
            assert load_config(tmp_path / base.name).to_dict() == config.to_dict(), base.name

    def test_same_text_is_not_written_again(self, tmp_path):
        path = tmp_path / "cell.py"
        write_config(path, "a = 1\n")
        before = path.stat().st_mtime_ns, path.stat().st_ino
        write_config(path, "a = 1\n")
        assert (path.stat().st_mtime_ns, path.stat().st_ino) == before
        write_config(path, "a = 2\n")
        assert path.read_text() == "a = 2\n"

    @pytest.mark.parametrize("value", [math.inf, len])
    def test_value_that_no_file_can_hold(self, value):
        with pytest.raises(ValueError, match=r"'model' of a\.py cannot be written into a config"):
            config_text(Config({"model": {"weight": value}}), "a.py")


class TestPretraining:
    def test_can_be_built_and_ends_after_t1(self, lidnet):
        shared = pretraining_config(lidnet)
        assert shared.train_cfg == {
            "type": "lidnet_mm.CollaborativeTrainLoop",
            "pretrain_iters": 300,
            "rounds": 0,
        }
        init_default_scope("mmdet")
        model = MODELS.build(shared.model)
        whole = MODELS.build(lidnet.model)
        assert model.detector.state_dict().keys() == whole.detector.state_dict().keys()
        assert model.bridge.__dict__.keys() == whole.bridge.__dict__.keys()
        assert shared.param_scheduler.detector == lidnet.param_scheduler.detector
        assert shared.optim_wrapper.detector == lidnet.optim_wrapper.detector

    def test_is_one_for_all_that_may_share_it(self, lidnet, configs):
        """Denoiser, its losses and optimizer, rounds, critic of the GAN form, kept checkpoints."""
        base = configs / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"
        options = {
            "low_dose.noise_hu": 30,
            "model.detection_loss_weight": 0.0,
            "train_cfg.joint": True,
            "train_cfg.rounds": 7,
            "optim_wrapper.denoiser.optimizer.lr": 0.5,
            "model.denoiser.critic": {"type": "lidnet_mm.SliceCritic"},
            "optim_wrapper.critic": {"type": "OptimWrapper", "optimizer": {"type": "Adam"}},
            "model.feedback_limit": 1.0,
            "default_hooks.checkpoint.max_keep_ckpts": -1,
            "custom_hooks": [
                {"type": "lidnet_mm.GeneratorEMAHook"},
                {"type": "lidnet_mm.RegionRecorderHook"},
            ],
        }
        other = pretraining_config(cell_config(base, options, "data/mine"))
        assert other.to_dict() == pretraining_config(lidnet).to_dict()

    def test_none(self, configs):
        assert pretraining_config(load_config(configs / "baselines" / "cpce_l1_sts.py")) is None
        base = configs / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"
        without = cell_config(base, {"train_cfg.pretrain_iters": 0}, "data")
        assert pretraining_config(without) is None


def test_images_are_those_of_every_denoiser(lidnet, configs):
    """LDCT and NDCT are scored with settings that no other denoiser changes."""
    base = configs / "baselines" / "cpce_l1_sts.py"
    judge = Path(lidnet.judge)
    baseline = cell_config(base, {"low_dose.noise_hu": 30}, "data/mine", None, judge)
    images = images_config(lidnet)
    assert images.test_dataloader == lidnet.test_dataloader
    assert images.test_evaluator == lidnet.test_evaluator
    assert images.model.generator.type == "lidnet_mm.Identity"
    assert images.model == images_config(baseline).model
    assert images_config(baseline).test_dataloader == images.test_dataloader
