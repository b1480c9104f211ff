"""Every shipped config: complete, consistent, and of a denoiser that can be built."""

from pathlib import Path

import pytest
from mmengine.registry import init_default_scope

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.engine import PhaseSchedule
from lidnet_mm.registry import MODELS

CONFIGS = Path(__file__).resolve().parents[1] / "configs"
FOLDERS = ("baselines", "classical", "judges", "lidnet")
PATHS = [path for folder in FOLDERS for path in sorted((CONFIGS / folder).glob("*.py"))]
DENOISERS = [path for path in PATHS if path.parent.name != "judges"]
COUNTS = ("pretrain_iters", "denoiser_iters", "detector_iters", "rounds", "joint", "critic_iters")


@pytest.fixture(scope="module")
def load():
    """Function that reads a config once."""
    read = {}

    def load(path):
        if path not in read:
            read[path] = load_config(path)
        return read[path]

    return load


def denoiser_of(config):
    """Config of the ``DenoisingModel``, with random weights for a perceptual loss."""
    denoiser = config.model.get("denoiser", config.model).copy()
    for loss in (denoiser.get("losses") or {}).values():
        if loss.type == "lidnet_mm.VGGPerceptualLoss":
            loss.weights = None
    return denoiser


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    "names",
    [
        ("train_dataloader", "train_cfg", "optim_wrapper"),
        ("val_dataloader", "val_cfg", "val_evaluator"),
        ("test_dataloader", "test_cfg", "test_evaluator"),
    ],
    ids=lambda names: names[0].split("_")[0],
)
def test_the_runner_finds_all_of_a_loop_or_nothing(path, names, load):
    given = [name for name in names if load(path).get(name) is not None]
    assert given in ([], list(names))
    assert given or names[0] != "test_dataloader"


@pytest.mark.parametrize("path", DENOISERS, ids=lambda path: path.stem)
def test_parts_schedule_and_optimizers_fit(path, load):
    init_default_scope("mmdet")
    config = load(path)
    denoiser = MODELS.build(denoiser_of(config))
    parts = {*denoiser.parts, *(["detector"] if "detector" in config.model else [])}
    if path.parent.name == "classical":
        assert not any(True for _ in denoiser.parameters())
        return
    if parts == {"denoiser"}:
        assert config.train_cfg.type == "IterBasedTrainLoop"
        assert "optimizer" in config.optim_wrapper
        return
    if not any(True for _ in denoiser.parameters()):
        parts.remove("denoiser")  # a detector behind a filter: nothing else is trained
        assert config.train_cfg.denoiser_iters == 0
    wrappers = set(config.optim_wrapper) - {"constructor"}
    assert wrappers == parts
    assert set(config.get("param_scheduler") or parts) == parts
    counts = {name: config.train_cfg[name] for name in COUNTS if name in config.train_cfg}
    if "detector" not in parts:
        counts |= {"pretrain_iters": 0, "denoiser_iters": config.train_cfg.max_iters}
        counts |= {"detector_iters": 0, "rounds": 1}
    assert bool(PhaseSchedule(**counts).critic_iters) == ("critic" in parts)


@pytest.mark.parametrize("path", DENOISERS, ids=lambda path: path.stem)
def test_it_names_a_judge_that_exists(path, load):
    assert Path(load(path).judge).is_file()


def test_each_denoiser_of_the_paper_has_its_three_trainings(load):
    """As its authors train it, and in front of a detector in CNN and in GAN form."""
    found = {(p.parent.name, p.stem) for p in PATHS}
    for name, generator in (
        ("cpce", "CPCE"),
        ("mapnn", "MAPNN"),
        ("redcnn", "REDCNN"),
        ("reshlf", "ResHLF"),
        ("smgan", "SMGAN"),
        ("wgan-vgg", "WGANVGG"),
    ):
        alone = f"{name}_{'mse' if name == 'redcnn' else 'adv'}"
        for suffix in ("", "_sts_short"):
            assert ("baselines", alone + suffix) in found
        for form in ("", "_gan"):
            for detector in ("r50", "r18_sts_short"):
                stem = f"lidnet_{name}{form}_faster-rcnn_{detector}"
                assert ("lidnet", stem) in found
                denoiser = load(CONFIGS / "lidnet" / f"{stem}.py").model.denoiser
                assert denoiser.generator.type == f"lidnet_mm.{generator}"
                assert ("critic" in denoiser) == bool(form)


@pytest.mark.parametrize("path", PATHS, ids=lambda path: path.stem)
def test_the_best_lidnet_is_kept_where_there_is_a_validation(path, load):
    """By AP50; elsewhere there is nothing to choose by."""
    config = load(path)
    best = config.default_hooks.checkpoint.get("save_best")
    validated = "val_evaluator" in config and config.val_evaluator is not None
    if path.parent.name == "lidnet" and validated:
        assert best == "coco/bbox_mAP_50"
        assert "lidnet_mm.CocoMetric" in [metric.type for metric in config.val_evaluator]
    else:
        assert best is None


@pytest.mark.parametrize(
    "path", sorted((CONFIGS / "benchmark").glob("*.py")), ids=lambda path: path.stem
)
def test_each_benchmark_can_be_planned(path, tmp_path):
    matrix = Matrix.from_file(path, tmp_path / "work")
    scored = {scoring.method for cell in matrix.cells for scoring in cell.scorings}
    assert {"ldct", "lidnet", "ndct"} <= scored
    assert {"baseline", "matched"} & scored
    for cell in matrix.cells:
        assert cell.training is None or cell.training.iterations > 0, cell.name
