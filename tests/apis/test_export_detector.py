"""A LIDnet's detector as plain MMDetection sees it."""

import re
from types import SimpleNamespace

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.hooks import EMAHook
from mmengine.structures import InstanceData

from lidnet_mm.apis.export_detector import export_detector
from lidnet_mm.apis.import_detector import import_detector
from lidnet_mm.apis.load_config import load_config
from lidnet_mm.registry import MODELS

PRIVATE = "/home/jane/case_0007.pth"


def _save(path, model, **meta):
    torch.save({"state_dict": model.state_dict(), "meta": meta}, path)
    return path


def _read(path):
    return torch.load(path, weights_only=True)


def _without_denoiser(config):
    config.model.denoiser.generator = {"type": "lidnet_mm.Identity"}
    return config


def _build_plain(config, checkpoint):
    """The detector as MMDetection builds it, with every tensor of the checkpoint."""
    detector = MODELS.build(ConfigDict({**config.model, "_scope_": config.default_scope})).eval()
    detector.load_state_dict(_read(checkpoint)["state_dict"])
    return detector


def _batch():
    generator = torch.Generator().manual_seed(3)
    shapes = ((90, 70), (64, 100))
    slices = [torch.randn(1, *shape, generator=generator) * 400 for shape in shapes]
    samples = [
        DetDataSample(
            gt_instances=InstanceData(bboxes=torch.zeros(0, 4), labels=torch.zeros(0).long()),
            metainfo={"img_shape": s, "ori_shape": s, "scale_factor": (1.0, 1.0), "img_id": 1},
        )
        for s in shapes
    ]
    return slices, samples


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"model.detector_windows": [(-1000, 400), (-160, 240), (-500, 100)]},
        {
            "model.denoiser.data_preprocessor": {
                "type": "lidnet_mm.LIDDataPreprocessor",
                "window": (-900, 700),
                "pad_divisor": 64,
            },
            "model.detector.data_preprocessor": {
                "type": "DetDataPreprocessor",
                "mean": [123.675, 116.28, 103.53],
                "std": [58.395, 57.12, 57.375],
                "pad_size_divisor": 32,
            },
        },
    ],
    ids=["as it is", "three windows", "mmdet's preprocessor"],
)
@torch.no_grad()
def test_predictions_are_those_of_the_lidnet_without_a_denoiser(
    lidnet_config, build_lidnet, tmp_path, options
):
    config = lidnet_config()
    if "model.detector.data_preprocessor" in options:  # replaced, not merged
        config.model.detector.pop("data_preprocessor")
    config.merge_from_dict(options)
    model = build_lidnet(_without_denoiser(config))
    checkpoint = _save(tmp_path / "lid.pth", model)
    beside = export_detector(config, checkpoint, tmp_path / "plain.pth")
    detector = _build_plain(Config.fromfile(beside), tmp_path / "plain.pth")
    slices, samples = _batch()
    data = {"inputs": slices, "ndct": slices, "data_samples": samples}
    expected = model.test_step(data)
    slices, samples = _batch()
    predicted = detector.test_step({"inputs": slices, "data_samples": samples})
    for ours, theirs in zip(predicted, expected, strict=True):
        assert len(ours.pred_instances) > 0
        for field in ("bboxes", "scores", "labels"):
            assert torch.equal(ours.pred_instances[field], theirs.pred_instances[field])


def test_import_and_export_give_the_same_bits(lidnet_config, build_lidnet, tmp_path):
    config = lidnet_config()
    given = build_lidnet(config).detector.state_dict()
    torch.save({"state_dict": given, "meta": {}}, tmp_path / "plain.pth")
    import_detector(config, tmp_path / "plain.pth", tmp_path / "lid.pth")
    export_detector(config, tmp_path / "lid.pth", tmp_path / "again.pth")
    again = _read(tmp_path / "again.pth")["state_dict"]
    assert list(again) == list(given)
    assert all(torch.equal(again[k], v) and again[k].dtype == v.dtype for k, v in given.items())


def test_averaged_weights_are_taken(lidnet_config, build_lidnet, tmp_path):
    """As ``EMAHook`` saves a LIDnet's checkpoint."""
    config = lidnet_config()
    model = build_lidnet(config, seed=1)
    runner = SimpleNamespace(model=model)
    hook = EMAHook(momentum=0.25)
    hook.before_run(runner)
    name = "backbone.conv1.weight"
    first = model.detector.state_dict()[name].clone()
    hook.ema_model.update_parameters(model)  # the first step copies
    with torch.no_grad():
        model.detector.backbone.conv1.weight.add_(1.0)
    hook.ema_model.update_parameters(model)
    checkpoint = {"state_dict": model.state_dict(), "meta": {}}
    hook.before_save_checkpoint(runner, checkpoint)
    torch.save(checkpoint, tmp_path / "lid.pth")
    export_detector(config, tmp_path / "lid.pth", tmp_path / "plain.pth")
    exported = _read(tmp_path / "plain.pth")
    torch.testing.assert_close(exported["state_dict"][name], first + 0.25)
    assert set(exported) == {"meta", "state_dict"}


class TestWhatIsWritten:
    @pytest.fixture
    def written(self, lidnet_config, build_lidnet, tmp_path):
        """An export of a training that knew much about its user."""
        config = lidnet_config({"data_root": "/home/jane/ct", "load_from": PRIVATE})
        config.model.detector.backbone.init_cfg = {"type": "Pretrained", "checkpoint": PRIVATE}
        config.model.detector.init_cfg = [
            {"type": "Pretrained", "checkpoint": PRIVATE},
            {"type": "Normal", "layer": "Linear", "std": 0.01},
        ]
        meta = {
            "cfg": f"load_from = '{PRIVATE}'",
            "experiment_name": "jane",
            "seed": 3,
            "dataset_meta": {"classes": ("tumour",), "palette": [(1, 2, 3)], "owner": "jane"},
        }
        checkpoint = _save(tmp_path / "lid.pth", build_lidnet(config), **meta)
        beside = export_detector(config, checkpoint, tmp_path / "out" / "plain.pth")
        return tmp_path / "out" / "plain.pth", beside

    def test_nothing_of_the_user_s(self, written, tmp_path):
        for path in written:
            content = path.read_bytes()
            for secret in (b"jane", b"case_0007", str(tmp_path).encode(), b"iter_"):
                assert secret not in content
        assert sorted(p.name for p in written[0].parent.iterdir()) == ["plain.pth", "plain.py"]

    def test_meta(self, written):
        meta = _read(written[0])["meta"]
        assert meta["dataset_meta"] == {"classes": ("tumour",), "palette": [(1, 2, 3)]}
        inside = Config.fromstring(meta["cfg"], ".py")
        assert inside.to_dict() == Config.fromfile(written[1]).to_dict()

    def test_no_weights_are_looked_for(self, written):
        model = Config.fromfile(written[1]).model
        assert model.backbone.init_cfg is None
        assert model.init_cfg == [{"type": "Normal", "layer": "Linear", "std": 0.01}]

    def test_the_config_reads_volumes_as_they_are(self, written):
        config = load_config(written[1], {"data_root": "data/mine"})
        dataset = config.test_dataloader.dataset
        assert (dataset.data_root, dataset.metainfo.classes) == ("data/mine", ("tumour",))
        assert config.test_evaluator.ann_file == "data/mine/annotations/test.json"
        assert [t.type for t in dataset.pipeline] == [
            "lidnet_mm.LoadCTSlice",
            "LoadAnnotations",
            "lidnet_mm.PackLIDInputs",
        ]
        assert dataset.pipeline[-1].source == "ndct"


def test_a_mask_branch_is_left_out_as_in_the_lidnet(lidnet_config, build_lidnet, tmp_path):
    config = lidnet_config()
    config.model.detector.type = "MaskRCNN"
    config.model.detector.roi_head.mask_head = {"type": "FCNMaskHead", "in_channels": 16}
    config.model.detector.roi_head.mask_roi_extractor = (
        config.model.detector.roi_head.bbox_roi_extractor.copy()
    )
    checkpoint = _save(tmp_path / "lid.pth", build_lidnet(config))
    beside = export_detector(config, checkpoint, tmp_path / "plain.pth")
    plain = Config.fromfile(beside)
    detector = _build_plain(plain, tmp_path / "plain.pth")  # every tensor, none too many
    assert not detector.roi_head.with_mask


def test_classes_of_the_config_where_the_checkpoint_names_none(
    lidnet_config, build_lidnet, tmp_path
):
    config = lidnet_config()
    checkpoint = _save(tmp_path / "lid.pth", build_lidnet(config))
    config.train_dataloader.dataset.metainfo = {"classes": ("node",)}
    export_detector(config, checkpoint, tmp_path / "plain.pth")
    assert _read(tmp_path / "plain.pth")["meta"]["dataset_meta"]["classes"] == ("node",)


class TestRefusals:
    """Nothing is written when something does not fit."""

    @pytest.fixture
    def refused(self, tmp_path):
        def call(config, state, message, out="plain.pth", error=ValueError):
            torch.save({"state_dict": state}, tmp_path / "lid.pth")
            before = set(tmp_path.iterdir())
            with pytest.raises(error, match=message):
                export_detector(config, tmp_path / "lid.pth", tmp_path / out)
            assert set(tmp_path.iterdir()) == before

        return call

    @pytest.fixture
    def state(self, lidnet_config, build_lidnet):
        return build_lidnet(lidnet_config()).state_dict()

    def test_incomplete(self, refused, lidnet_config, state):
        del state["detector.neck.lateral_convs.0.conv.bias"]
        message = r"1 tensors are missing \['neck\.lateral_convs\.0\.conv\.bias'\], 0 have another"
        refused(lidnet_config(), state, message)

    def test_another_config(self, refused, lidnet_config, state):
        config = lidnet_config()
        config.model.detector.roi_head.bbox_head.num_classes = 3
        refused(config, state, r"2 have another shape \['roi_head\.bbox_head\.fc_cls\.weight'")

    def test_no_lidnet(self, refused, lidnet_config):
        refused(
            lidnet_config(), {"generator.x": torch.zeros(1)}, "does not hold the whole detector"
        )

    def test_a_name_without_pth(self, refused, lidnet_config, state):
        refused(lidnet_config(), state, r"plain\.py must end with \.pth", out="plain.py")

    def test_a_path_in_the_config(self, refused, lidnet_config, state):
        config = lidnet_config()
        config.test_dataloader.dataset.pipeline[0].folder = "/home/jane"
        place = r"test_dataloader\.dataset\.pipeline\.0\.folder is the path /home/jane"
        refused(config, state, place)

    @pytest.mark.parametrize("name", ["plain.pth", "plain.py"])
    def test_files_that_exist(self, refused, lidnet_config, state, tmp_path, name):
        (tmp_path / name).write_text("mine")
        message = re.escape(name) + " exists; remove it"
        refused(lidnet_config(), state, message, error=FileExistsError)
        assert (tmp_path / name).read_text() == "mine"
