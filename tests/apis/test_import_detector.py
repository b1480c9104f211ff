"""Plain checkpoints into a LIDnet's."""

import pytest
import torch

from lidnet_mm.apis.import_detector import import_detector


def _save(path, state, **entries):
    torch.save({"state_dict": state, **entries}, path)
    return path


def _written(path):
    return torch.load(path, weights_only=True)


@pytest.fixture
def config(lidnet_config):
    return lidnet_config()


@pytest.fixture
def model(config, build_lidnet):
    return build_lidnet(config)


@pytest.fixture
def plain(model):
    """Weights of a plain detector, by mmdet's names."""
    return model.detector.state_dict()


@pytest.mark.parametrize("layout", ["mmengine", "mmdet 2.x", "bare", "distributed", "averaged"])
def test_layouts_of_plain_checkpoints(config, plain, tmp_path, layout):
    other = {f"module.{k}": torch.zeros_like(v) for k, v in plain.items()}
    content = {
        "mmengine": {"meta": {"cfg": "x"}, "state_dict": plain, "message_hub": {}},
        "mmdet 2.x": {"meta": {"CLASSES": ("person",)}, "state_dict": plain},
        "bare": plain,
        "distributed": {"state_dict": {f"module.{k}": v for k, v in plain.items()}},
        # EMAHook: the averaged weights are the state_dict, the trained ones lie beside it.
        "averaged": {"state_dict": plain, "ema_state_dict": {"steps": torch.tensor(3), **other}},
    }[layout]
    torch.save(content, tmp_path / "plain.pth")
    report = import_detector(config, tmp_path / "plain.pth", tmp_path / "lid.pth")
    assert report.detector.complete
    assert report.denoiser is None
    written = _written(tmp_path / "lid.pth")
    assert set(written["state_dict"]) == {f"detector.{k}" for k in plain}
    assert all(torch.equal(written["state_dict"][f"detector.{k}"], v) for k, v in plain.items())


def test_other_classes_and_strange_names_are_left_out(
    config, lidnet_config, build_lidnet, tmp_path
):
    of_coco = lidnet_config()
    of_coco.model.detector.roi_head.bbox_head.num_classes = 80
    coco = build_lidnet(of_coco)
    state = {**coco.detector.state_dict(), "ema_backbone_conv1_weight": torch.zeros(3)}
    checkpoint = _save(tmp_path / "coco.pth", state)
    report = import_detector(config, checkpoint, tmp_path / "lid.pth")
    classes = {f"roi_head.bbox_head.fc_cls.{name}" for name in ("weight", "bias")}
    assert set(report.detector.reshaped) == classes
    assert report.detector.unknown == ("ema_backbone_conv1_weight",)
    written = set(_written(tmp_path / "lid.pth")["state_dict"])
    assert written == {f"detector.{k}" for k in set(coco.detector.state_dict()) - classes}


def test_what_is_written_starts_the_lidnet(config, model, plain, build_lidnet, tmp_path):
    out = tmp_path / "new" / "lid.pth"
    import_detector(config, _save(tmp_path / "plain.pth", plain), out)
    other = build_lidnet(config, seed=1)
    result = other.load_state_dict(_written(out)["state_dict"], strict=False)
    assert result.unexpected_keys == []
    assert all(name.startswith("denoiser.") for name in result.missing_keys)
    assert all(torch.equal(v, plain[k]) for k, v in other.detector.state_dict().items())


@pytest.mark.parametrize("inside_lidnet", [False, True])
def test_with_a_denoiser(config, model, plain, tmp_path, inside_lidnet):
    state = model.state_dict() if inside_lidnet else model.denoiser.state_dict()
    denoiser = _save(tmp_path / "denoiser.pth", state)
    report = import_detector(
        config, _save(tmp_path / "plain.pth", plain), tmp_path / "lid.pth", denoiser
    )
    assert report.denoiser.complete
    written = _written(tmp_path / "lid.pth")["state_dict"]
    own = model.state_dict()
    assert set(written) == set(own)
    assert all(torch.equal(written[k], v) for k, v in own.items())


def test_a_critic_that_the_lidnet_lacks_is_left_out(config, model, plain, tmp_path):
    state = {**model.denoiser.state_dict(), "critic.0.weight": torch.zeros(2)}
    denoiser = _save(tmp_path / "denoiser.pth", state)
    report = import_detector(
        config, _save(tmp_path / "plain.pth", plain), tmp_path / "lid.pth", denoiser
    )
    assert report.denoiser.unknown == ("critic.0.weight",)
    assert not any("critic" in k for k in _written(tmp_path / "lid.pth")["state_dict"])


class TestRefusals:
    """Nothing is written when something does not fit."""

    @pytest.fixture
    def refused(self, config, tmp_path):
        def call(state, message, error=ValueError, denoiser=None, config=config):
            checkpoint = _save(tmp_path / "given.pth", state)
            if denoiser is not None:
                denoiser = _save(tmp_path / "denoiser.pth", denoiser)
            with pytest.raises(error, match=message):
                import_detector(config, checkpoint, tmp_path / "lid.pth", denoiser)
            assert not (tmp_path / "lid.pth").exists()

        return call

    def test_another_architecture(self, refused, lidnet_config, build_lidnet):
        other = build_lidnet(lidnet_config({"model.detector.backbone.depth": 50}))
        names = r"given\.pth into .*another architecture.*has backbone\.layer1\.0.*the checkpoint"
        refused(other.detector.state_dict(), names)

    def test_a_lidnet_s_own_checkpoint(self, refused, model):
        refused(model.state_dict(), r"holds 0 of the .* the checkpoint has denoiser\.generator")

    def test_another_denoiser(self, refused, plain, model):
        denoiser = {k: v[..., :1] for k, v in model.denoiser.state_dict().items()}
        refused(plain, r"denoiser\.pth does not hold the weights of this CPCE", denoiser=denoiser)

    def test_a_detector_in_place_of_a_denoiser(self, refused, plain):
        refused(plain, "does not hold the weights of this CPCE", denoiser=plain)

    def test_config_of_a_judge(self, refused, plain, config):
        config.model = config.model.detector
        refused(plain, "is no LIDnet: its model is FasterRCNN", config=config)

    def test_no_weights(self, refused):
        refused({"epoch": 3}, r"given\.pth holds no weights")

    def test_a_missing_file(self, config, tmp_path):
        with pytest.raises(FileNotFoundError, match=r"none\.pth"):
            import_detector(config, tmp_path / "none.pth", tmp_path / "lid.pth")

    def test_a_file_that_exists(self, config, plain, tmp_path):
        out = tmp_path / "lid.pth"
        out.write_text("mine")
        with pytest.raises(FileExistsError, match=r"lid\.pth exists; remove it"):
            import_detector(config, _save(tmp_path / "plain.pth", plain), out)
        assert out.read_text() == "mine"
