"""A checkpoint is scored as what it was trained as."""

import copy

import pytest
import torch
from mmengine.config import Config

from lidnet_mm.apis.load_config import judge_path, load_config
from lidnet_mm.benchmark.scores import checkpoint_identity
from lidnet_mm.benchmark.scores.checkpoint_identity import OtherTrainingError, check_identity
from lidnet_mm.benchmark.scores.trained_as import check_method, loss_form, method_of

LIDNET = "lidnet/lidnet_cpce_faster-rcnn_r18_sts.py"
ALONE = "baselines/cpce_l1_sts.py"


@pytest.fixture(scope="module")
def configs(repository):
    """Configs by name; treat as constants."""
    found = {name: load_config(repository / "configs" / name) for name in (LIDNET, ALONE)}
    return {**found, "judge": load_config(judge_path(found[LIDNET]))}


@pytest.fixture
def trained(configs, tmp_path):
    """Function that writes a checkpoint that was trained with a config."""

    def write(name, seed=0, **options):
        config = Config(copy.deepcopy(configs[name].to_dict()))
        config.merge_from_dict(options.get("changes", {}))
        meta = {"cfg": config.pretty_text, "seed": seed}
        path = tmp_path / "trained.pth"
        torch.save({"meta": meta, "state_dict": {"x": torch.zeros(1)}}, path)
        return str(path)

    return write


@pytest.mark.parametrize("name", [LIDNET, ALONE, "judge"])
def test_the_config_that_trained_it(configs, trained, name):
    assert check_identity(configs[name], trained(name, seed=3)) == 3


@pytest.mark.parametrize(
    ("name", "changes", "message"),
    [
        (ALONE, {"model.generator": {"type": "lidnet_mm.CPCE", "channels": 8}},
         "generator: channels=8 in the checkpoint, channels=32 in the config"),
        (ALONE, {"model.generator": {"type": "lidnet_mm.REDCNN"}}, "generator: .*REDCNN"),
        (ALONE, {"model.data_preprocessor":
                 {"type": "lidnet_mm.LIDDataPreprocessor", "window": (-160, 240)}},
         r"HU window: \(-160, 240\) in the checkpoint, \(-1000.0, 1000.0\) in the config"),
        (ALONE, {"model.losses": {"x": {"type": "lidnet_mm.ReconstructionLoss", "norm": "mse"}}},
         "losses: MSE in the checkpoint, L1 in the config"),
        (ALONE, {"model.critic": {"type": "lidnet_mm.SliceCritic"}},
         "losses: WGANGP in the checkpoint, L1 in"),
        (LIDNET, {"model.detection_loss_weight": 0.1}, "L1 . 5 ROI perceptual . 0.1 detection in"),
        (LIDNET, {"train_cfg.joint": True}, "method: joint in the checkpoint, lidnet in the conf"),
        (LIDNET, {"model.detector.backbone.depth": 50}, "detector: FasterRCNN-ResNet50 in the che"),
        ("judge", {"model.data_preprocessor.detector_windows": [(-1000, 400)]},
         r"input of the detector: detector_windows=\(\(-1000, 400\),\) in the checkpoint"),
    ],
)  # fmt: skip
def test_another_training(configs, trained, name, changes, message):
    with pytest.raises(OtherTrainingError, match=f"trained.pth was not trained with .*{message}"):
        check_identity(configs[name], trained(name, changes=changes))


def test_a_lidnet_with_the_config_of_the_baseline(configs, trained):
    message = "method: lidnet in the checkpoint, baseline in the config"
    with pytest.raises(OtherTrainingError, match=message):
        check_identity(configs[ALONE], trained(LIDNET))


@pytest.mark.parametrize(
    "changes",
    [
        {"model.test_cfg": {"tile_size": 64}, "data_root": "elsewhere", "low_dose.noise_hu": 240},
        {"model.generator.channels": 32, "model.compile": True},
        {"model.data_preprocessor": {"type": "lidnet_mm.LIDDataPreprocessor", "pad_divisor": 8}},
    ],
)
def test_what_makes_no_other_training(configs, trained, changes):
    check_identity(configs[ALONE], trained(ALONE, changes=changes))


def test_another_seed(configs, trained):
    with pytest.raises(OtherTrainingError, match="trained with seed 3, not 0"):
        check_identity(configs[ALONE], trained(ALONE, seed=3), seed=0)


@pytest.mark.parametrize("meta", [{}, {"cfg": "import os"}, {"cfg": "x = 1"}])
def test_a_checkpoint_that_does_not_say(configs, tmp_path, monkeypatch, meta):
    logged = []
    monkeypatch.setattr(checkpoint_identity, "print_log", lambda text, *more: logged.append(text))
    path = tmp_path / "bare.pth"
    torch.save({"meta": meta, "state_dict": {"x": torch.zeros(1)}}, path)
    assert check_identity(configs[ALONE], str(path), seed=2) == 2
    assert "does not say how it was trained" in logged[-1]


@pytest.mark.parametrize(
    ("name", "method", "others"),
    [(ALONE, "baseline", ["matched"]), (LIDNET, "lidnet", [])],
)
def test_names_of_rows(configs, name, method, others):
    config = configs[name]
    assert method_of(config) == method
    for each in (None, method, *others):
        check_method(each, config)
    for wrong in {"baseline", "matched", "lidnet", "lidnet_gan", "joint"} - {method, *others}:
        with pytest.raises(ValueError, match=f"trains '{method}', so its row .* '{wrong}'"):
            check_method(wrong, config)


def test_loss_forms(repository):
    folder = repository / "configs"
    forms = {
        "baselines/mapnn_adv-vgg.py": "100 VGGPerceptual + WGANGP",
        "baselines/redcnn_mse.py": "L2",
        "lidnet/lidnet_cpce_gan_faster-rcnn_r50.py": "WGANGP + 5 ROI perceptual + 5 detection",
    }
    assert {name: loss_form(load_config(folder / name)) for name in forms} == forms
