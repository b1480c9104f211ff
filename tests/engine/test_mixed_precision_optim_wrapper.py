"""Half precision: what is computed in it, scales of their own, and steps that overflow."""

import copy
import math
from unittest import mock

import pytest
import SimpleITK
import torch
from mmengine.dataset import pseudo_collate
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from torch import nn

from lidnet_mm.engine import MixedPrecisionOptimWrapper
from lidnet_mm.models.detector_bridge import DetectorBridge
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import MODELS

SCHEDULE = {"pretrain_iters": 1, "denoiser_iters": 2, "detector_iters": 1, "rounds": 1}
TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}
LR = 0.5


def of_one_weight(dtype="fp16", start=2.0, **options):
    """A wrapper of plain SGD, and its one weight."""
    weight = nn.Parameter(torch.tensor([start]))
    optimizer = torch.optim.SGD([weight], lr=LR)
    return MixedPrecisionOptimWrapper(dtype=dtype, optimizer=optimizer, **options), weight


class TestTraining:
    @pytest.mark.parametrize("dtype", ["bf16", "fp16"])
    def test_all_phases(self, make_runner, optimizers, tmp_path, dtype):
        wrappers = copy.deepcopy(optimizers)
        for part in ("denoiser", "detector"):
            # A scale at which not the first steps already overflow.
            wrappers[part].update(
                type="lidnet_mm.MixedPrecisionOptimWrapper", dtype=dtype, init_scale=256.0
            )
        runner = make_runner(tmp_path, SCHEDULE, optim_wrapper=wrappers)
        seen = set()
        model = runner.model
        for layer in (model.denoiser.generator.encoder[0], model.detector.backbone.layer1):
            layer.register_forward_hook(
                lambda layer, _, out: seen.add((type(layer).__name__, model.phase, out.dtype))
            )
        runner.train()
        half = TYPES[dtype]
        assert seen == {
            *(("ResLayer", phase, half) for phase in Phase if phase is not Phase.CRITIC),
            ("Conv2d", Phase.DENOISER, torch.float32),
            ("Conv2d", Phase.DETECTOR_ON_DENOISED, torch.float32),
        }
        assert {p.dtype for p in model.parameters()} == {torch.float32}
        assert all(math.isfinite(log["loss"].item()) for log in runner.observer.logged)
        start, *_, end = runner.observer.states
        for part in ("denoiser", "detector"):
            assert any(not torch.equal(start[part][n], end[part][n]) for n in start[part])


def wide_ramp():
    """Soft tissue from -200 to 300 HU, (1, 64, 64)."""
    return torch.linspace(-200, 300, 64 * 64).reshape(1, 64, 64)


def middle_of_a_chest(folder):
    """Pixels around the middle of a real slice in HU, (1, 64, 64)."""
    image = SimpleITK.ReadImage(str(sorted(folder.glob("chest_slices/*.nii.gz"))[0]))
    hu = torch.from_numpy(SimpleITK.GetArrayFromImage(image)).float().squeeze()
    return hu[None, 224:288, 224:288].clamp(-1000, 1000)


@pytest.mark.parametrize("source", ["ramp", "real slice"])
@pytest.mark.parametrize("phase", [Phase.DENOISER, Phase.DETECTOR_ON_DENOISED])
def test_bf16_shows_the_detector_what_full_precision_shows(
    small_lidnet, slices_in_memory, request, source, phase
):
    """Within 0.5 HU; 8 bits of a window of 2000 HU would be steps of up to 8 HU."""
    real = source == "real slice"
    hu = middle_of_a_chest(request.getfixturevalue("real_data")) if real else wide_ramp()
    init_default_scope("mmdet")
    torch.manual_seed(0)
    model = MODELS.build(copy.deepcopy(small_lidnet))
    model.set_phase(phase)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    seen = []
    model.bridge.register_forward_hook(lambda bridge, _, image: seen.append(image.detach()))
    for wrapper in (
        OptimWrapper(optimizer),
        MixedPrecisionOptimWrapper("bf16", optimizer=optimizer),
    ):
        item = slices_in_memory(1)[0]
        item |= {"inputs": hu, "ndct": hu}
        batch = model.data_preprocessor(pseudo_collate([item]))
        with wrapper.optim_context(model):
            model(**batch, mode="loss")
    full, half = seen[0], seen[len(seen) // 2]
    # To HU, by mean, standard deviation and window of the detector.
    error = (half - full) * model.bridge.std / 255 * model.bridge.width
    assert half.dtype == torch.float32
    assert full.std() > 0
    assert error.square().mean().sqrt() < 0.5


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_the_bridge_computes_in_full_precision(dtype):
    bridge = DetectorBridge((-1000, 1000), [(-160, 240)])
    x = torch.rand(1, 1, 8, 8).to(dtype)
    with torch.autocast("cpu", dtype):
        found = bridge(x)
    assert torch.equal(found, bridge(x.float()))


class TestScale:
    @pytest.mark.parametrize("dtype", ["bf16", "fp16"])
    @pytest.mark.parametrize("counts", [1, 2])
    def test_the_step_is_that_of_the_true_gradient(self, dtype, counts):
        wrapper, weight = of_one_weight(dtype, accumulative_counts=counts)
        for factor in (3.0, 5.0)[:counts]:
            wrapper.update_params((factor * weight).sum())
        gradient = 3.0 if counts == 1 else 4.0
        assert weight.item() == 2.0 - LR * gradient

    @pytest.mark.parametrize("dtype", ["bf16", "fp16"])
    def test_clipping_sees_the_true_gradient(self, dtype):
        small, first = of_one_weight(dtype, clip_grad={"max_norm": 4})
        large, second = of_one_weight(dtype, clip_grad={"max_norm": 4})
        small.update_params((3 * first).sum())
        large.update_params((300 * second).sum())
        assert first.item() == 2.0 - LR * 3
        assert second.item() == pytest.approx(2.0 - LR * 4, abs=1e-5)

    def test_an_overflow_leaves_its_own_step_out_and_its_own_scale_falls(self):
        one, first = of_one_weight()
        other, second = of_one_weight()
        one.update_params((1e37 * first).sum())  # times the scale beyond float32
        other.update_params(second.sum())
        assert first.item() == 2.0
        assert second.item() == 2.0 - LR
        assert one.loss_scaler.get_scale() == 65536 / 2
        assert other.loss_scaler.get_scale() == 65536
        assert first.grad is None

    def test_bf16_has_none(self):
        wrapper, weight = of_one_weight("bf16")
        assert wrapper.loss_scaler.get_scale() == 1
        wrapper.update_params((1e37 * weight).sum())
        assert weight.item() == pytest.approx(-LR * 1e37)


class TestState:
    def test_goes_on_with_its_scale(self):
        wrapper, weight = of_one_weight()
        wrapper.update_params((1e37 * weight).sum())
        state = copy.deepcopy(wrapper.state_dict())
        resumed, _ = of_one_weight()
        resumed.load_state_dict(state)
        assert resumed.loss_scaler.get_scale() == 65536 / 2
        assert "loss_scaler" in state  # loading takes nothing out

    @pytest.mark.parametrize("missing", ["full precision", "bf16"])
    def test_goes_on_from_a_training_without_a_scale(self, missing):
        state = of_one_weight("bf16")[0].state_dict()
        if missing == "full precision":
            state.pop("loss_scaler")
        resumed, _ = of_one_weight()
        resumed.load_state_dict(state)
        assert resumed.loss_scaler.get_scale() == 65536


def test_unknown_types_are_refused():
    with pytest.raises(ValueError, match="dtype must be one of"):
        of_one_weight("float16")


@pytest.mark.parametrize(("dtype", "refused"), [("bf16", True), ("fp16", False)])
def test_a_gpu_that_only_emulates_bf16(monkeypatch, dtype, refused):
    """As PyTorch tells of one from before 2020."""
    weight = mock.Mock()
    weight.device.type = "cuda"
    optimizer = mock.Mock(spec=torch.optim.SGD, param_groups=[{"params": [weight]}])
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda emulated=True: emulated)
    monkeypatch.setattr(torch.amp, "GradScaler", mock.Mock())
    if refused:
        with pytest.raises(RuntimeError, match="train with --amp fp16"):
            MixedPrecisionOptimWrapper(dtype, optimizer=optimizer)
    else:
        assert MixedPrecisionOptimWrapper(dtype, optimizer=optimizer).device == "cuda"
