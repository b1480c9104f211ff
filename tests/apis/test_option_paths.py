"""Dotted options that lead nowhere."""

import pytest

from lidnet_mm.apis.load_config import load_config


@pytest.fixture(scope="module")
def config_file(repository):
    return repository / "configs" / "lidnet" / "lidnet_cpce_faster-rcnn_r18_sts.py"


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("model.denoiser.generatr.x", "takes no 'generatr': do you mean 'generator'"),
        ("model.roi_perceptual_loss.num_roi", "do you mean 'num_rois'.* It takes num_rois, loss_w"),
        ("model.detector.backbone.dept", "has no 'dept': do you mean 'depth'"),
        ("model.detector.test_cfg.rcnn.score_thrr", "do you mean 'score_thr'"),
        ("optim_wrapper.denoiser.clip_grd", "do you mean 'clip_grad'"),
        ("train_dataloader.batchsize", "do you mean 'batch_size'"),
        ("train_cfg.round", "takes no 'round': do you mean 'rounds'"),
        ("env_cfg.cudnn_bench", "do you mean 'cudnn_benchmark'"),
        ("default_hooks.checkpont.interval", "do you mean 'checkpoint'"),
        ("low_dose.nois_hu", "do you mean 'noise_hu'"),
        ("test_dataloader.dataset.pipeline.9.x", "leads nowhere: .*pipeline has entries 0 to 3"),
        ("data_root.x", "leads nowhere: data_root is 'data/sts', which has no 'x'"),
        ("model.detector.neck.in_channels.0", "give model.detector.neck.in_channels as a whole"),
    ],
)
def test_refused(config_file, option, message):
    with pytest.raises(ValueError, match=f"option {option}.* {message}"):
        load_config(config_file, {option: 1})


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("model.detector.backbone.with_cp", True),
        ("model.denoiser.critic.type", "lidnet_mm.SliceCritic"),
        ("optim_wrapper.denoiser.clip_grad.max_norm", 3),
        ("optim_wrapper.detector.paramwise_cfg.custom_keys.backbone.lr_mult", 0.1),
        ("train_dataloader.prefetch_factor", 4),
        ("default_hooks.ema.type", "EMAHook"),
        ("visualizer.vis_backends.0.save_dir", "x"),
        ("model.feedback_limit", 10),
    ],
)
def test_new_keys_that_something_takes(config_file, option, value):
    config = load_config(config_file, {option: value})
    for key in option.split("."):
        config = config[int(key) if key.isdigit() else key]
    assert config == value


def test_env_cfg_of_a_file(write):
    with pytest.raises(ValueError, match="env_cfg has 'mp_config', which nothing reads"):
        load_config(write("env_cfg = dict(mp_config=dict())"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("randomness = dict(sede=3)", "randomness has 'sede', .*: do you mean 'seed'.* It takes s"),
        (
            "default_hooks = dict(chekpoint=dict(interval=1))",
            r"default_hooks\.chekpoint has no type: do you mean 'checkpoint'",
        ),
        ("default_hooks = dict(mine=dict(a=1))", r"default_hooks\.mine has no type\. A hook"),
        (
            "train_cfg = dict(type='IterBasedTrainLoop', by_epoch=True)",
            "train_cfg has type='IterBasedTrainLoop' and by_epoch, of which MMEngine takes one",
        ),
    ],
)
def test_sections_on_which_mmengine_fails_without_a_name(write, text, message):
    with pytest.raises(ValueError, match=message):
        load_config(write(text))


@pytest.mark.parametrize(
    "text",
    [
        "randomness = dict(seed=3, deterministic=True, diff_rank_seed=False)",
        "default_hooks = dict(checkpoint=None, logger=dict(type='LoggerHook', interval=1))",
        "train_cfg = dict(by_epoch=True, max_epochs=2)",
    ],
)
def test_sections_as_mmengine_takes_them(write, text):
    load_config(write(text))
