"""The denoiser alone: the paper's baseline."""

import copy

import pytest
import torch
from mmengine.optim import OptimWrapper

from lidnet_mm.models.denoisers import REDCNN
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import MODELS

CPCE = {"type": "lidnet_mm.CPCE", "channels": 8}
MSE = {"type": "lidnet_mm.ReconstructionLoss", "norm": "l2", "loss_weight": 50.0}
EDGE = {"type": "lidnet_mm.SobelLoss", "loss_weight": 50.0}
CRITIC = {"type": "lidnet_mm.SliceCritic", "channels": 2}


class ContiguousREDCNN(REDCNN):
    """A generator that asks for the other layout."""

    memory_format = torch.contiguous_format


def _build(generator=None, **options):
    torch.manual_seed(0)
    return MODELS.build(
        {"type": "lidnet_mm.DenoisingModel", "generator": generator or CPCE, **options}
    )


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (None, lambda a, b: (a - b).abs().mean()),
        (
            {"type": "lidnet_mm.ReconstructionLoss", "norm": "l2"},
            lambda a, b: ((a - b) ** 2).mean(),
        ),
    ],
)
def test_loss_compares_denoised_and_reference(batch, loss, expected):
    model = _build(losses=loss and {"reconstruction": loss})
    data = model.data_preprocessor(batch)
    losses = model(**data, mode="loss")
    assert set(losses) == {"loss_reconstruction"}
    denoised = model.generator(data["inputs"])
    torch.testing.assert_close(losses["loss_reconstruction"], expected(denoised, data["ndct"]))
    assert torch.equal(model(data["inputs"]), denoised)


def test_training_steps_lower_the_loss(batch):
    model = _build()
    wrapper = OptimWrapper(torch.optim.Adam(model.parameters(), lr=2e-3))
    losses = [model.train_step(batch, wrapper)["loss_reconstruction"].item() for _ in range(30)]
    assert losses[-1] < 0.5 * losses[0]


def test_prediction_is_in_hu_and_without_padding(sample, ct_slice):
    shapes = [(40, 61), (33, 70)]
    hu = [ct_slice(seed, shape) for seed, shape in enumerate(shapes)]
    hu[0][0, 0, 0] = 5000.0  # above the window
    data = {
        "inputs": [s + 10 for s in hu],
        "ndct": hu,
        "data_samples": [sample(shape) for shape in shapes],
    }
    predicted = _build({"type": "lidnet_mm.Identity"}).test_step(data)
    for one, reference in zip(predicted, hu, strict=True):
        inside = reference.clamp(-1000, 1000)
        torch.testing.assert_close(one.ndct.data, inside, rtol=0, atol=1e-3)
        expected = (reference + 10).clamp(-1000, 1000)
        torch.testing.assert_close(one.denoised.data, expected, rtol=0, atol=1e-3)
        assert one.image_window == (-1000, 1000)


def test_prediction_is_clamped_to_the_window_and_carries_no_gradient(batch):
    model = _build()
    with torch.no_grad():
        model.generator.decoder[-1].weight.mul_(100)  # far above 1
    data = model.data_preprocessor(batch)
    predicted = model(**data, mode="predict")
    assert predicted[0].denoised.data.max() == 1000
    assert not predicted[0].denoised.data.requires_grad


def test_unknown_mode_is_refused():
    with pytest.raises(ValueError, match="mode must be 'tensor', 'loss' or 'predict', got 'fit'"):
        _build()(torch.rand(1, 1, 16, 16), mode="fit")


class TestLosses:
    """Losses by name, and what a config may leave out."""

    def test_each_is_logged_under_its_name(self, batch):
        model = _build(losses={"reconstruction": MSE, "edge": EDGE})
        data = model.data_preprocessor(batch)
        losses = model(**data, mode="loss")
        assert set(losses) == {"loss_reconstruction", "loss_edge"}
        difference = model.generator(data["inputs"]) - data["ndct"]
        torch.testing.assert_close(losses["loss_reconstruction"], 50 * difference.square().mean())
        total, _ = model.parse_losses(losses)
        torch.testing.assert_close(total, sum(losses.values()))

    def test_none_takes_an_inherited_one_out(self):
        model = _build(losses={"reconstruction": MSE, "edge": None})
        assert set(model.losses) == {"reconstruction"}

    def test_a_critic_takes_the_place_of_l1(self):
        """Eq. 5 has no other term of the denoiser's own."""
        assert len(_build(critic=CRITIC).losses) == 0
        assert set(_build().losses) == {"reconstruction"}

    def test_a_critic_and_other_losses(self, batch):
        model = _build(critic=CRITIC, losses={"edge": EDGE})
        model.set_phase(Phase.DENOISER)
        data = model.data_preprocessor(batch)
        losses = model(**data, mode="loss")
        assert set(losses) == {"loss_edge", "loss_adversarial"}
        expected = -model.critic(model.generator(data["inputs"])).mean()
        torch.testing.assert_close(losses["loss_adversarial"], expected)

    def test_nothing_to_learn_from(self):
        with pytest.raises(ValueError, match="needs losses or a critic"):
            _build(losses={"reconstruction": None})

    def test_an_adversarial_loss_without_a_critic(self):
        with pytest.raises(ValueError, match=r"needs critic=dict\(type='lidnet_mm.SliceCritic'"):
            _build(loss_adversarial={"type": "lidnet_mm.WGANGPLoss"})

    @pytest.mark.parametrize(
        ("generator", "layout"),
        [
            ({"type": "lidnet_mm.REDCNN", "channels": 4}, torch.channels_last),
            ({"type": ContiguousREDCNN, "channels": 4}, torch.contiguous_format),
        ],
    )
    def test_layout_is_the_one_in_which_the_generator_is_fastest(self, generator, layout):
        kernels = [p for p in _build(generator).generator.parameters() if p.ndim == 4]
        wide = [kernel for kernel in kernels if min(kernel.shape) > 1]
        assert wide
        assert all(kernel.is_contiguous(memory_format=layout) for kernel in wide)

    def test_a_generator_that_is_any_module(self, batch):
        """What is registered needs not be a BaseGenerator."""
        model = _build(
            {
                "type": torch.nn.Conv2d,
                "in_channels": 1,
                "out_channels": 1,
                "kernel_size": 3,
                "padding": 1,
            }
        )
        assert model(**model.data_preprocessor(batch), mode="loss")["loss_reconstruction"] > 0


class TestTiles:
    @pytest.fixture
    def models(self):
        """With tiles and without, of the same weights."""
        return _build(test_cfg={"tile_size": 40}).eval(), _build().eval()

    @staticmethod
    def shapes_seen(model):
        seen = []
        model.generator.register_forward_hook(lambda m, x, y: seen.append(tuple(x[0].shape)))
        return seen

    @pytest.mark.parametrize("mode", ["tensor", "predict"])
    def test_same_as_the_whole_slice(self, models, batch, mode):
        results = []
        for model, expected in zip(models, ((40, 40), (96, 96)), strict=True):
            seen = self.shapes_seen(model)
            data = model.data_preprocessor(copy.deepcopy(batch))
            with torch.no_grad():
                out = model(**data, mode=mode)
            assert {shape[-2:] for shape in seen} == {expected}
            results.append(out if mode == "tensor" else out[0].denoised.data / 2000)
        torch.testing.assert_close(*results, rtol=0, atol=1e-5)

    def test_training_sees_whole_slices(self, models, batch):
        seen = self.shapes_seen(models[0])
        models[0](**models[0].data_preprocessor(batch), mode="loss")
        assert seen == [(2, 1, 96, 96)]

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"tile_size": 16}, "tile_size of more than 16"),
            ({"tile": 64}, r"takes tile_size and tile_overlap.*unknown \['tile'\]"),
            ({"tile_overlap": 8}, "no tile_size"),
        ],
    )
    def test_wrong_settings_are_refused_at_once(self, settings, message):
        with pytest.raises(ValueError, match=message):
            _build(test_cfg=settings)
