"""What each phase updates, and what stays as it is to the last bit."""

import copy

import pytest
import torch
from mmengine.runner import set_random_seed
from torch import nn

from lidnet_mm.models.denoisers import BaseGenerator
from lidnet_mm.models.phase import Phase

CRITIC = {"type": "lidnet_mm.SliceCritic", "channels": 4}
CNN_PHASES = (Phase.DETECTOR_ON_NDCT, Phase.DENOISER, Phase.DETECTOR_ON_DENOISED)
FORMS = [("cnn", phase) for phase in CNN_PHASES] + [("gan", phase) for phase in Phase]
DETECTOR_PHASES = (Phase.DETECTOR_ON_NDCT, Phase.DETECTOR_ON_DENOISED)


class NormalisedGenerator(BaseGenerator):
    """A generator with batch normalisation and dropout, whose modes show in its output."""

    def __init__(self):
        super().__init__()
        self.convolution = nn.Conv2d(1, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.last = nn.Conv2d(4, 1, 1)

    def denoise(self, x):
        features = nn.functional.dropout(self.norm(self.convolution(x)), 0.2, self.training)
        return x + 0.01 * self.last(features)


def _total(losses):
    values = [v for name, v in losses.items() if "loss" in name]
    return sum(sum(v) if isinstance(v, list) else v for v in values)


def _state(module):
    return {name: value.clone() for name, value in module.state_dict().items()}


def _same(module, state):
    return {name for name, value in module.state_dict().items() if torch.equal(value, state[name])}


def _train(model, batch, phase, steps=2):
    """A few steps of an optimizer that would move every parameter that has a gradient."""
    model.set_phase(phase)
    optimizer = torch.optim.SGD(model.parameters(), lr=1e-3, weight_decay=0.1)
    for _ in range(steps):
        optimizer.zero_grad()
        _total(model(**model.data_preprocessor(batch), mode="loss")).backward()
        optimizer.step()


@pytest.fixture
def model(small_config, build_lid):
    return build_lid(small_config, {"type": NormalisedGenerator})


@pytest.fixture
def gan(small_config, build_lid):
    return build_lid(small_config, {"type": NormalisedGenerator}, {"critic": CRITIC})


def test_training_without_a_phase_is_refused(model, batch):
    with pytest.raises(RuntimeError, match=r"CollaborativeTrainLoop.*set_phase"):
        model(**model.data_preprocessor(batch), mode="loss")


@pytest.mark.parametrize(("form", "phase"), FORMS)
def test_a_phase_moves_its_part_and_leaves_the_others_to_the_last_bit(form, phase, request, batch):
    model = request.getfixturevalue({"cnn": "model", "gan": "gan"}[form])
    frozen = dict(model.parts)
    trained = frozen.pop(phase.part)
    before, still = _state(trained), {name: _state(part) for name, part in frozen.items()}
    _train(model, batch, phase)
    assert len(frozen) == (2 if form == "gan" else 1)
    for name, part in frozen.items():
        assert _same(part, still[name]) == set(still[name])
        assert all(p.grad is None for p in part.parameters())
    assert _same(trained, before) == set()  # weights, batch-norm statistics and their counters
    for name, parameter in trained.named_parameters():
        assert torch.isfinite(parameter.grad).all(), name


def test_phases_in_turn_train_all_parts(gan, batch):
    for phase in (*Phase, *Phase):
        part = gan.parts[phase.part]
        before = _state(part)
        _train(gan, batch, phase, steps=1)
        assert _same(part, before) == set()


def test_a_phase_of_a_part_that_is_not_there(model):
    with pytest.raises(ValueError, match=r"no critic, only \['denoiser', 'detector'\]"):
        model.set_phase(Phase.CRITIC)
    assert model.phase is None


@pytest.mark.parametrize(("form", "phase"), FORMS)
def test_modes_and_gradients_survive_a_validation(form, phase, request):
    model = request.getfixturevalue({"cnn": "model", "gan": "gan"}[form])
    model.set_phase(phase)
    model.eval()
    assert not any(module.training for module in model.modules())
    model.train()
    for name, part in model.parts.items():
        learns = name == phase.part
        if (name, phase) == ("detector", Phase.DENOISER):
            # It computes a training loss, but its norms and dropout rest.
            assert {type(m).__name__ for m in part.modules() if not m.training} == {"BatchNorm2d"}
        else:
            assert {m.training for m in part.modules()} == {learns}
        assert {p.requires_grad for p in part.parameters()} == {learns}


def test_a_phase_set_during_validation_does_not_start_training_mode(model):
    model.eval()
    model.set_phase(Phase.DENOISER)
    assert not any(module.training for module in model.modules())


def test_gradient_reaches_the_denoiser_from_each_term(small_config, build_lid, batch):
    model = build_lid(small_config, {"type": NormalisedGenerator})
    model.set_phase(Phase.DENOISER)
    set_random_seed(0)
    losses = model(**model.data_preprocessor(batch), mode="loss")
    parameters = list(model.denoiser.parameters())
    terms = {
        "reconstruction": losses["loss_reconstruction"],
        "perceptual": losses["loss_roi_perceptual"],
        "detection": _total({k: v for k, v in losses.items() if k.startswith("detector.")}),
    }
    for name, term in terms.items():
        gradients = torch.autograd.grad(term, parameters, retain_graph=True)
        assert all(torch.isfinite(g).all() for g in gradients), name
        assert sum(g.abs().sum() for g in gradients) > 0, name


@pytest.mark.parametrize("phase", DETECTOR_PHASES)
def test_detector_phases_compute_the_detector_s_own_loss(phase, model, batch):
    model.set_phase(phase)
    data = model.data_preprocessor(batch)
    plain = copy.deepcopy(model.detector)
    set_random_seed(3)
    ours = model(**data, mode="loss")
    images = data["ndct"]
    if phase is Phase.DETECTOR_ON_DENOISED:
        with torch.no_grad():
            images = copy.deepcopy(model.denoiser.generator).eval()(data["inputs"])
    hu = 2000 * images.clamp(0, 1) - 1000
    grey = ((hu + 160) / 400).clamp(0, 1).expand(-1, 3, -1, -1) * 255
    set_random_seed(3)
    theirs = plain.loss((grey - 127.5) / 127.5, data["data_samples"])
    assert set(ours) == {f"detector.{name}" for name in theirs}
    torch.testing.assert_close(_total(ours), _total(theirs), rtol=1e-5, atol=0)


def test_frozen_stages_stay_frozen_in_all_phases(small_config, build_lid, batch):
    small_config.backbone.frozen_stages = 2
    model = build_lid(small_config)
    backbone = model.detector.backbone
    frozen = [backbone.conv1, backbone.bn1, backbone.layer1, backbone.layer2]
    before = [_state(module) for module in frozen]
    last = _state(backbone.layer4)
    for phase in (*CNN_PHASES, Phase.DETECTOR_ON_NDCT):
        _train(model, batch, phase, steps=1)
        for module, state in zip(frozen, before, strict=True):
            assert not any(p.requires_grad for p in module.parameters())
            assert _same(module, state) == set(state)
    assert _same(backbone.layer4, last) == set()


def test_a_config_of_frozen_norms_is_respected(small_config, build_lid):
    small_config.backbone.update(norm_eval=True, norm_cfg={"type": "BN", "requires_grad": False})
    model = build_lid(small_config)
    for phase in CNN_PHASES:
        model.set_phase(phase)
        norms = [m for m in model.detector.backbone.modules() if isinstance(m, nn.BatchNorm2d)]
        assert norms
        assert not any(norm.training for norm in norms)
        assert not any(p.requires_grad for norm in norms for p in norm.parameters())


def test_weights_are_saved_and_restored_under_both_halves(model, small_config, build_lid):
    other = build_lid(small_config, {"type": NormalisedGenerator}, seed=1)
    state = model.state_dict()
    assert {name.split(".")[0] for name in state} == {"denoiser", "detector"}
    assert _same(other, state) != set(state)
    other.load_state_dict(state)
    assert _same(other, state) == set(state)


def test_losses_are_summed_by_mmengine_with_their_weights(model, batch):
    model.set_phase(Phase.DENOISER)
    set_random_seed(0)
    losses = model(**model.data_preprocessor(batch), mode="loss")
    total, log = model.parse_losses(losses)
    torch.testing.assert_close(total, _total(losses))
    assert "detector.acc" in log
    set_random_seed(0)
    model.detection_loss_weight = 1.0
    unweighted = model(**model.data_preprocessor(batch), mode="loss")
    torch.testing.assert_close(
        losses["detector.loss_bbox"], 5 * unweighted["detector.loss_bbox"], rtol=1e-4, atol=1e-6
    )
    torch.testing.assert_close(losses["detector.acc"], unweighted["detector.acc"])


def test_a_copy_of_the_model_has_phases_of_its_own(model):
    """MMEngine's EMAHook copies the whole model."""
    model.set_phase(Phase.DENOISER)
    other = copy.deepcopy(model)
    other.set_phase(Phase.DETECTOR_ON_NDCT)
    for one, learning, resting in (
        (model, "denoiser", "detector"),
        (other, "detector", "denoiser"),
    ):
        assert all(p.requires_grad for p in getattr(one, learning).parameters())
        assert not any(p.requires_grad for p in getattr(one, resting).parameters())


def test_gan_form_takes_the_critic_s_score_in_place_of_l1(gan, batch):
    """Eq. 5; the other two terms are those of the CNN form."""
    gan.set_phase(Phase.DENOISER)
    data = gan.data_preprocessor(batch)
    set_random_seed(0)
    losses = gan(**data, mode="loss")
    set_random_seed(0)
    with torch.no_grad():
        denoised = gan.denoiser.generator(data["inputs"])
        expected = -gan.denoiser.critic(denoised).mean()
    torch.testing.assert_close(losses["loss_adversarial"].detach(), expected)
    assert "loss_reconstruction" not in losses
    assert {"loss_roi_perceptual", "detector.loss_cls"} <= set(losses)
    (of_generator, *_) = torch.autograd.grad(
        losses["loss_adversarial"], list(gan.denoiser.generator.parameters())
    )
    assert of_generator.abs().sum() > 0


def test_critic_step_needs_neither_detector_nor_boxes(gan, batch):
    gan.set_phase(Phase.CRITIC)
    gan.detector = None
    gan.train(False)
    data = gan.data_preprocessor(batch)
    losses = gan(inputs=data["inputs"], ndct=data["ndct"], mode="loss")
    assert set(losses) == {
        "critic.loss_wasserstein",
        "critic.loss_gradient_penalty",
        "critic.wasserstein",
    }
    total, log = gan.parse_losses(losses)
    # The estimate of the distance is logged, and is no loss.
    torch.testing.assert_close(
        total, losses["critic.loss_wasserstein"] + losses["critic.loss_gradient_penalty"]
    )
    assert log["critic.wasserstein"] == -losses["critic.loss_wasserstein"]
