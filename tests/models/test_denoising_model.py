"""The denoiser alone: the paper's baseline."""

import pytest
import torch
from mmengine.optim import OptimWrapper

from lidnet_mm.registry import MODELS

CPCE = {"type": "lidnet_mm.CPCE", "channels": 8}


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
