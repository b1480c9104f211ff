"""Putting a denoiser in front of the judge: configs, weights, rows."""

import copy
import shutil
from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import ConfigDict
from mmengine.registry import init_default_scope
from mmengine.runner import BaseLoop, Runner
from mmengine.structures import InstanceData

from lidnet_mm.apis.load_config import judge_path, load_config
from lidnet_mm.benchmark.scores.scoring import (
    Judge,
    load_scored_weights,
    result_row,
    scoring_config,
)
from lidnet_mm.benchmark.scores.trained_as import is_denoiser
from lidnet_mm.registry import LOOPS, MODELS

SCORES = {
    "coco/bbox_mAP_50": 0.5,
    "coco/bbox_mAP_75": 0.25,
    "image/PSNR": 30.0,
    "image/SSIM": 0.9,
    "image/RMSE": 0.03,
    "image/window_low": -1000.0,
    "image/window_high": 1000.0,
    "radiomics/correlation": 0.1,
    "radiomics/homogeneity": 0.1,
    "radiomics/energy": 0.1,
}


@pytest.fixture(scope="module")
def configs(repository):
    """The demo's configs by method; treat as constants."""
    folder = repository / "configs"
    lidnet = load_config(folder / "lidnet" / "lidnet_cpce_faster-rcnn_r18_phantom.py")
    return {
        "lidnet": lidnet,
        "baseline": load_config(folder / "baselines" / "cpce_l1_phantom.py"),
        "judge": load_config(judge_path(lidnet)),
    }


def build(model):
    """A model whose weights are other than those of any other."""
    init_default_scope("mmdet")
    return MODELS.build(copy.deepcopy(model))


@pytest.fixture(scope="module")
def models(configs):
    """A LIDnet, a baseline and a judge of random weights."""
    return {name: build(config.model) for name, config in configs.items()}


@pytest.fixture(scope="module")
def checkpoints(models, tmp_path_factory):
    """Their checkpoints, as MMEngine writes them."""
    folder = tmp_path_factory.mktemp("checkpoints")
    for name, model in models.items():
        torch.save({"state_dict": model.state_dict(), "meta": {}}, folder / f"{name}.pth")
    return {name: str(folder / f"{name}.pth") for name in models}


@pytest.fixture(scope="module")
def judge(configs, checkpoints):
    return Judge.of(configs["lidnet"], checkpoints["judge"])


@pytest.fixture(scope="module")
def in_front(configs, judge, checkpoints):
    """Function that builds what is scored and loads its weights."""

    def put(name, scored="denoised", checkpoint=None):
        model = build(scoring_config(configs[name], judge, scored).model)
        load_scored_weights(model, judge, checkpoint or checkpoints[name], scored)
        return model

    return put


def same(first, second):
    """Whether two modules hold the same weights."""
    first, second = first.state_dict(), second.state_dict()
    return first.keys() == second.keys() and all(torch.equal(first[k], second[k]) for k in first)


class TestConfig:
    @pytest.mark.parametrize("name", ["lidnet", "baseline"])
    @pytest.mark.parametrize("scored", ["denoised", "ldct", "ndct"])
    def test_denoiser_in_front_of_the_judge(self, configs, judge, name, scored):
        before = copy.deepcopy(configs[name].to_dict())
        found = scoring_config(configs[name], judge, scored)
        assert configs[name].to_dict() == before, "the caller's config was changed"
        assert found.model.type == "lidnet_mm.LIDDetector"
        assert found.model.detector == judge.config.model
        generator = {"denoised": "CPCE"}.get(scored, "Identity")
        assert found.model.denoiser.generator.type == f"lidnet_mm.{generator}"
        pack = found.test_dataloader.dataset.pipeline[-1]
        assert pack.get("source", "ldct") == ("ndct" if scored == "ndct" else "ldct")

    @pytest.mark.parametrize("scored", ["denoised", "ldct"])
    def test_window_of_the_lidnet_is_kept(self, configs, judge, scored):
        """A LIDnet's own preprocessor is part of what was trained."""
        config = copy.deepcopy(configs["lidnet"])
        config.model.data_preprocessor = ConfigDict(
            type="lidnet_mm.LIDDataPreprocessor", window=(-160, 240)
        )
        model = build(scoring_config(config, judge, scored).model)
        assert model.data_preprocessor.image_window == (-160, 240)
        assert model.bridge.windows == [(-1000, 200)], "the judge's own window"

    @pytest.mark.parametrize("scored", ["denoised", "ldct"])
    def test_window_of_the_baseline_is_kept(self, configs, judge, scored):
        config = copy.deepcopy(configs["baseline"])
        config.model.data_preprocessor = ConfigDict(
            type="lidnet_mm.LIDDataPreprocessor", window=(-160, 240)
        )
        model = build(scoring_config(config, judge, scored).model)
        assert model.data_preprocessor.image_window == (-160, 240)

    def test_unknown_image(self, configs, judge):
        with pytest.raises(ValueError, match=r"one of .*'ndct'.*, got 'sinogram'"):
            scoring_config(configs["lidnet"], judge, "sinogram")

    def test_which_configs_are_scored_by_a_judge(self, configs):
        found = {name: is_denoiser(config) for name, config in configs.items()}
        assert found == {"lidnet": True, "baseline": True, "judge": False}


class TestWeights:
    @pytest.mark.parametrize("name", ["lidnet", "baseline"])
    def test_denoiser_and_judge(self, in_front, models, name):
        model = in_front(name)
        trained = models[name].denoiser if name == "lidnet" else models[name]
        assert same(model.denoiser, trained)
        assert same(model.detector, models["judge"])

    def test_detector_of_the_lidnet_does_not_judge(self, in_front, models):
        assert not same(in_front("lidnet").detector, models["lidnet"].detector)

    def test_judge_is_frozen(self, in_front):
        model = in_front("lidnet")
        assert not any(parameter.requires_grad for parameter in model.detector.parameters())

    @pytest.mark.parametrize("scored", ["ldct", "ndct"])
    def test_images_as_they_are_need_no_checkpoint(self, configs, judge, models, scored):
        model = build(scoring_config(configs["lidnet"], judge, scored).model)
        load_scored_weights(model, judge, None, scored)
        assert same(model.detector, models["judge"])
        assert not list(model.denoiser.parameters())

    def test_judge_sees_ndct_as_it_was_trained(self, in_front, models):
        """In front of nothing, the judge finds what it finds alone."""
        generator = torch.Generator().manual_seed(0)
        hu = 200 * torch.randn(2, 1, 96, 80, generator=generator) - 300
        alone, judged = (
            model.eval().test_step(batch_of(hu))
            for model in (models["judge"], in_front("lidnet", "ndct"))
        )
        for first, second in zip(alone, judged, strict=True):
            assert len(first.pred_instances) > 0
            for name in ("bboxes", "scores"):
                torch.testing.assert_close(
                    first.pred_instances[name], second.pred_instances[name], atol=1e-3, rtol=1e-4
                )

    def test_weights_of_another_model(self, in_front, checkpoints):
        with pytest.raises(ValueError, match=r"judge\.pth does not hold .* this DenoisingModel"):
            in_front("baseline", checkpoint=checkpoints["judge"])

    def test_another_generator(self, configs, judge, checkpoints):
        config = copy.deepcopy(configs["baseline"])
        config.model.generator = ConfigDict(type="lidnet_mm.REDCNN")
        model = build(scoring_config(config, judge).model)
        with pytest.raises(ValueError, match=r"lidnet\.pth .* give the config that trained it"):
            load_scored_weights(model, judge, checkpoints["lidnet"])

    def test_wrong_judge(self, configs, checkpoints):
        judge = Judge.of(configs["lidnet"], checkpoints["baseline"])
        model = build(scoring_config(configs["lidnet"], judge).model)
        with pytest.raises(ValueError, match=r"baseline\.pth does not hold .* this FasterRCNN"):
            load_scored_weights(model, judge, checkpoints["lidnet"])

    def test_missing_checkpoint(self, in_front, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no_such\.pth"):
            in_front("lidnet", checkpoint=str(tmp_path / "no_such.pth"))

    def test_no_checkpoint(self, configs, judge):
        model = build(scoring_config(configs["lidnet"], judge).model)
        with pytest.raises(ValueError, match="no checkpoint of the denoiser"):
            load_scored_weights(model, judge, None)


class IdleTestLoop(BaseLoop):
    """A test of no data, around which the Runner does all it does."""

    def __init__(self, runner, **_):
        self._runner = runner

    def run(self):
        return {}


class TestRunner:
    @pytest.fixture
    def idle_loop(self):
        LOOPS.register_module(module=IdleTestLoop)
        yield {"type": "lidnet_mm.IdleTestLoop"}
        del LOOPS.module_dict["IdleTestLoop"]

    @pytest.mark.parametrize("resume", [False, True])
    def test_config_s_own_checkpoint_is_not_loaded(
        self, configs, judge, checkpoints, models, idle_loop, tmp_path, resume
    ):
        """Neither ``load_from``, nor the newest of the work dir, takes the judge's place."""
        config = copy.deepcopy(configs["lidnet"])
        config.merge_from_dict({"work_dir": str(tmp_path), "resume": resume, "test_cfg": idle_loop})
        config.load_from = None if resume else checkpoints["lidnet"]
        shutil.copy(checkpoints["lidnet"], tmp_path / "iter_1.pth")
        (tmp_path / "last_checkpoint").write_text(str(tmp_path / "iter_1.pth"))
        runner = Runner.from_cfg(scoring_config(config, judge))
        load_scored_weights(runner.model, judge, checkpoints["baseline"])
        runner.test()
        assert same(runner.model.detector, models["judge"])
        assert same(runner.model.denoiser, models["baseline"])


def batch_of(hu):
    """A batch for ``test_step``."""
    shape = tuple(hu.shape[-2:])
    samples = [DetDataSample(gt_instances=InstanceData(bboxes=torch.zeros(0, 4))) for _ in hu]
    for sample in samples:
        sample.set_metainfo({"img_shape": shape, "ori_shape": shape, "scale_factor": (1.0, 1.0)})
    return {"inputs": list(hu), "ndct": list(hu), "data_samples": samples}


class TestJudge:
    def test_missing(self, configs, tmp_path, monkeypatch):
        monkeypatch.chdir(tmp_path)
        message = (
            r"no checkpoint of the judge judge_faster-rcnn_r18_phantom \(work_dirs/.*"
            r"mim train lidnet_mm .*judge_faster-rcnn_r18_phantom\.py.*--judge-checkpoint"
        )
        with pytest.raises(FileNotFoundError, match=message):
            Judge.of(configs["lidnet"])

    def test_given_but_missing(self, configs, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"no_such\.pth"):
            Judge.of(configs["lidnet"], str(tmp_path / "no_such.pth"))

    def test_last_of_its_work_dir(self, configs, checkpoints, tmp_path, monkeypatch):
        """Not the file that the note names: it may be of the work dir that this is a copy of."""
        monkeypatch.chdir(tmp_path)
        folder = Path("work_dirs") / "judge_faster-rcnn_r18_phantom"
        folder.mkdir(parents=True)
        (folder / "last_checkpoint").write_text(checkpoints["judge"])
        own = folder / Path(checkpoints["judge"]).name
        with pytest.raises(FileNotFoundError, match=str(own)):
            Judge.of(configs["lidnet"])
        shutil.copy(checkpoints["judge"], own)
        judge = Judge.of(configs["lidnet"])
        assert judge.checkpoint == str(own)
        assert judge.name == "judge_faster-rcnn_r18_phantom"


class TestRow:
    @pytest.fixture
    def row(self, configs, judge):
        """Function that makes a row of a config with some settings changed."""

        def make(name="lidnet", scored="denoised", method=None, denoiser=None, **options):
            config = copy.deepcopy(configs[name])
            config.merge_from_dict(options)
            return result_row(config, judge, SCORES, scored, method, 2, denoiser)

        return make

    @pytest.mark.parametrize(
        ("name", "options", "method"),
        [
            ("baseline", {}, "baseline"),
            ("lidnet", {}, "lidnet"),
            ("lidnet", {"model.detection_loss_weight": 0}, "lidnet"),
            ("lidnet", {"model.roi_perceptual_loss.loss_weight": 0}, "lidnet"),
            (
                "lidnet",
                {"model.detection_loss_weight": 0, "model.roi_perceptual_loss.loss_weight": 0},
                "matched",
            ),
            ("lidnet", {"train_cfg.joint": True}, "joint"),
            ("lidnet", {"model.roi_perceptual_loss": None}, "lidnet"),
        ],
    )
    def test_method(self, row, name, options, method):
        assert row(name, **options).method == method

    def test_given_name_wins(self, row):
        assert row(method="lidnet_gan").method == "lidnet_gan"

    def test_given_denoiser_wins(self, row):
        """Images as they are have no denoiser, whatever was given."""
        assert row(denoiser="CPCE (L1)").denoiser == "CPCE (L1)"
        assert row(scored="ldct", denoiser="CPCE (L1)").denoiser == "none"

    def test_lidnet(self, row):
        found = row()
        assert (found.denoiser, found.detector) == ("CPCE", "FasterRCNN-ResNet18")
        assert (found.dataset, found.judge) == ("thorax-phantom", "judge_faster-rcnn_r18_phantom")
        assert (found.seed, found.window_hu) == (2, (-1000, 1000))
        assert found.metrics["AP50"] == 50

    def test_baseline_has_no_detector(self, row):
        assert (row("baseline").denoiser, row("baseline").detector) == ("CPCE", "none")

    @pytest.mark.parametrize("scored", ["ldct", "ndct"])
    def test_images_as_they_are(self, row, scored):
        found = row(scored=scored)
        assert (found.method, found.denoiser, found.detector) == (scored, "none", "none")


class TestGanForm:
    """What only the training needs is neither built nor loaded."""

    @pytest.fixture(scope="class")
    def gan(self, configs):
        config = copy.deepcopy(configs["lidnet"])
        config.model.denoiser.critic = ConfigDict(type="lidnet_mm.SliceCritic", channels=2)
        return config

    def test_row(self, gan, judge):
        assert result_row(gan, judge, SCORES, "denoised", None, 0).method == "lidnet_gan"

    def test_weights_of_the_generator_alone(self, gan, judge, tmp_path):
        trained = build(gan.model)
        torch.save({"state_dict": trained.state_dict()}, tmp_path / "gan.pth")
        model = build(scoring_config(gan, judge).model)
        load_scored_weights(model, judge, str(tmp_path / "gan.pth"))
        assert model.denoiser.critic is None
        own = model.denoiser.generator.state_dict()
        assert own
        for name, value in trained.denoiser.generator.state_dict().items():
            assert torch.equal(own[name], value)

    def test_how_the_training_ran_does_not_count(self, configs, judge):
        """Slices of many sizes would be compiled one by one."""
        config = copy.deepcopy(configs["baseline"])
        config.model.update(compile={"backend": "unknown"}, activation_checkpointing=True)
        generator = build(scoring_config(config, judge).model).denoiser.generator
        assert "denoise" not in vars(generator)
        assert generator._compiled_call_impl is None

    def test_baseline_with_weights_for_its_loss_elsewhere(self, configs, judge):
        """Scoring on a machine without VGG weights."""
        baseline = copy.deepcopy(configs["baseline"])
        vgg = ConfigDict(type="lidnet_mm.VGGPerceptualLoss", weights="not/here.pth")
        baseline.model.losses = ConfigDict(perceptual=vgg)
        with pytest.raises(FileNotFoundError, match=r"not/here\.pth"):
            build(baseline.model)
        build(scoring_config(baseline, judge).model)


class TestFilters:
    @pytest.fixture(scope="class")
    def bilateral(self, configs):
        config = copy.deepcopy(configs["baseline"])
        config.model.generator = ConfigDict(type="lidnet_mm.Bilateral", sigma=0.03)
        return config

    def test_row(self, bilateral, judge):
        row = result_row(bilateral, judge, SCORES, "denoised", None, 0)
        assert (row.method, row.denoiser) == ("classical", "Bilateral")

    def test_no_checkpoint_is_needed(self, bilateral, judge):
        model = build(scoring_config(bilateral, judge).model)
        before = model.detector.state_dict()["backbone.conv1.weight"].clone()
        load_scored_weights(model, judge, None)
        assert not torch.equal(model.detector.state_dict()["backbone.conv1.weight"], before)
