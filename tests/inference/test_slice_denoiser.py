"""The denoiser on slices in HU, against the formula x + s (G(w(x)) - w(x))."""

import numpy as np
import pytest
import torch

from lidnet_mm.inference.slice_denoiser import SliceDenoiser
from lidnet_mm.registry import MODELS

WINDOW = (-1000.0, 1000.0)


def model(generator="ResHLF", **options):
    """A denoiser with random weights, whose output is no constant."""
    torch.manual_seed(3)
    built = MODELS.build(
        {
            "type": "lidnet_mm.DenoisingModel",
            "generator": {"type": f"lidnet_mm.{generator}", **options},
        }
    )
    if generator == "ResHLF":
        torch.nn.init.uniform_(built.generator.tail.weight, -0.1, 0.1)  # zeros: no change
    return built.eval()


def slices(shape=(40, 52), count=2) -> list[np.ndarray]:
    """HU inside and far outside of the window."""
    random = np.random.default_rng(5)
    return [random.uniform(-3024, 32767, shape).astype(np.float32) for _ in range(count)]


@pytest.mark.parametrize("shape", [(40, 52), (64, 64), (33, 9)])
@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
def test_formula(shape, strength):
    built, hu = model(channels=4), slices(shape)
    changes, found = SliceDenoiser(built, strength=strength)(hu)
    assert found is None
    padded = [-(-side // 32) * 32 for side in shape]
    for x, change in zip(hu, changes, strict=True):
        w = np.zeros(padded, np.float32)
        w[: shape[0], : shape[1]] = (np.clip(x, *WINDOW) + 1000) / 2000
        with torch.no_grad():
            g = built.generator(torch.from_numpy(w)[None, None])[0, 0].clamp(0, 1).numpy()
        wanted = strength * 2000 * (g - w)[: shape[0], : shape[1]]
        np.testing.assert_allclose(change, wanted, atol=2e-3)
        assert strength == 0 or np.abs(change).max() > 10


def test_identity_changes_nothing_at_all():
    changes, _ = SliceDenoiser(model("Identity"))(slices())
    assert all((change == 0).all() for change in changes)


def test_tiles_give_the_same():
    from lidnet_mm.models.denoisers.tiling import TileSettings

    built, hu = model(channels=4), slices((100, 90), 1)
    whole, _ = SliceDenoiser(built)(hu)
    built.tiles = TileSettings.of(built.generator, {"tile_size": 48})
    tiled, _ = SliceDenoiser(built)(hu)
    np.testing.assert_allclose(tiled[0], whole[0], atol=0.05)


@pytest.mark.parametrize(("option", "value"), [("strength", 1.2), ("strength", -0.1)])
def test_wrong_strength(option, value):
    with pytest.raises(ValueError, match="from 0 to 1"):
        SliceDenoiser(model("Identity"), **{option: value})


def test_wrong_precision():
    with pytest.raises(ValueError, match="fp32, fp16, bf16"):
        SliceDenoiser(model("Identity"), precision="int8")


class Watchful(torch.nn.Module):
    """Changes nothing, and notes whether float32 may be multiplied in tf32."""

    def forward(self, x):
        backends = (torch.backends.cudnn, torch.backends.cuda.matmul)
        self.allowed = [backend.allow_tf32 for backend in backends]
        return x


@pytest.mark.parametrize("product", [True, False])
def test_full_precision_is_not_tf32(product):
    built = model("Identity")
    built.generator = Watchful()
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = product
    try:
        SliceDenoiser(built)(slices())
        assert torch.backends.cuda.matmul.allow_tf32 is product
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
    assert built.generator.allowed == [False, False]
    assert torch.backends.cudnn.allow_tf32  # PyTorch's own setting, as before


@pytest.mark.gpu
@pytest.mark.parametrize(("precision", "most"), [("fp32", 0.05), ("fp16", 2.0), ("bf16", 16.0)])
def test_gpu_equals_cpu(precision, most):
    hu = slices((64, 64))
    expected, _ = SliceDenoiser(model(channels=4))(hu)
    found, _ = SliceDenoiser(model(channels=4), device="cuda", precision=precision)(hu)
    for ours, wanted in zip(found, expected, strict=True):
        assert np.sqrt(np.mean((ours - wanted) ** 2)) <= most
