"""Tiles against the whole slice, for every generator, and how a slice is cut."""

import inspect

import pytest
import torch
from torch import nn

from lidnet_mm.models import denoisers
from lidnet_mm.models.denoisers import CPCE, BaseGenerator
from lidnet_mm.models.denoisers.tiling import denoise_in_tiles, spans, tile_overlap

OPTIONS = {
    "CPCE": {"channels": 8},
    "REDCNN": {"channels": 4},
    "ResHLF": {"channels": 8},
    # Per module a third of the radius and a factor of 1e-4 in what the last pixel contributes.
    "MAPNN": {"channels": 8, "num_modules": 2},
    # Estimated noise is that of the whole slice.
    "Bilateral": {"sigma": 0.01},
    "NonLocalMeans": {"sigma": 0.01},
}
WHOLE = [denoisers.BM3D, denoisers.Restormer]
EXPORTED = [denoisers.OnnxGenerator]  # as local as what was exported
LOCAL = [
    cls
    for cls in (getattr(denoisers, name) for name in denoisers.__all__)
    if issubclass(cls, BaseGenerator)
    and not inspect.isabstract(cls)
    and cls not in WHOLE + EXPORTED
]
CONVOLUTIONAL = [cls for cls in LOCAL if cls.__name__ not in ("Bilateral", "NonLocalMeans")]
CONVOLUTIONAL.remove(denoisers.Identity)


def open_generator(network):
    """Positive weights of about unit gain: no ReLU is closed, nothing is clipped, none is idle."""
    torch.manual_seed(3)
    generator = network(**OPTIONS.get(network.__name__, {})).double().eval()
    for weight in generator.parameters():
        inputs = weight[0].numel() if weight.ndim > 1 else 100
        weight.data.uniform_(0.5, 1.5).div_(inputs)
    if isinstance(generator, denoisers.ResHLF):  # subtracts its last layer
        for weight in generator.tail.parameters():
            weight.data.neg_()
    return generator


def batch(*size):
    """Two noisy slices, float64, dark enough for the generators to stay below 1."""
    noise = torch.Generator().manual_seed(4)
    return 0.05 * torch.rand(2, 1, *size, generator=noise, dtype=torch.float64)


def deviation(generator, x, tile_size, overlap=None):
    """Largest difference to the whole slice, relative to the largest value."""
    with torch.no_grad():
        whole = generator(x)
        tiled = denoise_in_tiles(generator, x, tile_size, overlap)
    assert tiled.shape == x.shape
    assert tiled.dtype == whole.dtype
    return ((tiled - whole).abs().max() / whole.abs().max()).item()


class TestAgainstTheWholeSlice:
    @pytest.mark.parametrize("network", LOCAL)
    @pytest.mark.parametrize("core", [1, 12, 31])
    def test_equal_by_the_receptive_radius(self, network, core):
        """Odd sizes, several tiles along both axes, the last of them moved inwards."""
        generator = open_generator(network)
        tile_size = 2 * generator.receptive_radius + core
        x = batch(tile_size + min(2 * core, 20) + 3, tile_size + 5)
        assert deviation(generator, x, tile_size) < 1e-12

    @pytest.mark.parametrize("network", LOCAL)
    def test_equal_for_a_strip_that_is_narrower_than_a_tile(self, network):
        generator = open_generator(network)
        tile_size = 2 * generator.receptive_radius + 20
        assert deviation(generator, batch(tile_size + 29, tile_size - 1), tile_size) < 1e-12
        assert deviation(generator, batch(tile_size - 1, tile_size + 29), tile_size) < 1e-12

    @pytest.mark.parametrize("network", CONVOLUTIONAL)
    def test_one_pixel_less_is_seen(self, network):
        """The radius is no larger than it needs to be, and the tests above can fail."""
        generator = open_generator(network)
        radius = generator.receptive_radius
        tile_size = 2 * radius + 12
        x = batch(tile_size + 25, tile_size + 5)
        assert deviation(generator, x, tile_size, radius) < 1e-12
        assert deviation(generator, x, tile_size, radius - 1) > 1e-10

    def test_float32_stays_within_1e_5(self):
        generator = CPCE().eval().to(memory_format=torch.channels_last)
        assert deviation(generator, (20 * batch(97, 83)).float(), 40) < 1e-5


class Cropped(nn.Module):
    """Returns its input, with NaN up to ``spoilt`` pixels from where the slice was cut.

    The pixels of the slice hold their own position, row and column as two slices of the batch.
    """

    def __init__(self, shape, spoilt):
        super().__init__()
        self.last, self.spoilt, self.shapes = [side - 1 for side in shape], spoilt, []

    def forward(self, x):
        self.shapes.append(tuple(x.shape))
        out = x.clone()
        for axis, last in enumerate(self.last):
            first, final = x[axis].amin(), x[axis].amax()
            positions = x[axis, 0]
            if first > 0:
                out[:, 0][:, positions < first + self.spoilt] = torch.nan
            if final < last:
                out[:, 0][:, positions > final - self.spoilt] = torch.nan
        return out


def positions(height, width):
    """(2, 1, H, W): the row and the column of each pixel."""
    grid = torch.meshgrid(torch.arange(height), torch.arange(width), indexing="ij")
    return torch.stack(grid)[:, None].double()


class TestCuts:
    @pytest.mark.parametrize("overlap", [0, 1, 3])
    @pytest.mark.parametrize("tile_size", [7, 8, 12])
    @pytest.mark.parametrize("size", [(5, 9), (7, 8), (12, 13), (21, 40), (33, 6)])
    def test_every_pixel_comes_from_far_enough_inside_a_tile(self, size, tile_size, overlap):
        generator, x = Cropped(size, overlap), positions(*size)
        assert torch.equal(denoise_in_tiles(generator, x, tile_size, overlap), x)

    def test_an_overlap_too_small_for_it_would_show(self):
        x = positions(21, 40)
        assert denoise_in_tiles(Cropped((21, 40), 3), x, 12, 2).isnan().any()

    @pytest.mark.parametrize("size", [(64, 64), (41, 100), (20, 21), (100, 20)])
    def test_all_tiles_have_one_shape_no_larger_than_asked_for(self, size):
        generator = Cropped(size, 4)
        denoise_in_tiles(generator, positions(*size), 20, 4)
        assert set(generator.shapes) == {(2, 1, min(size[0], 20), min(size[1], 20))}

    @pytest.mark.parametrize(
        ("length", "count"), [(20, 1), (21, 2), (32, 2), (33, 3), (44, 3), (45, 4)]
    )
    def test_no_more_tiles_than_needed(self, length, count):
        """With 20 pixels and an overlap of 4, two tiles cover 32 pixels and each more 12."""
        assert len(spans(length, 20, 4)) == count

    def test_cores_share_no_pixel(self):
        kept = [i for span in spans(101, 20, 4) for i in range(span.core.start, span.core.stop)]
        assert kept == list(range(101))

    def test_a_slice_within_one_tile_goes_as_it_is(self):
        class Same(nn.Module):
            def forward(self, x):
                assert x is given
                return x

        given = positions(20, 17)
        assert denoise_in_tiles(Same(), given, 20, 4) is given


class TestRefusals:
    @pytest.mark.parametrize("network", WHOLE)
    def test_generators_of_the_whole_slice(self, network):
        try:
            generator = network()
        except ImportError as error:
            pytest.skip(str(error))
        with pytest.raises(ValueError, match="has no receptive_radius"):
            tile_overlap(generator, 256)

    def test_a_generator_that_sees_everything_needs_an_overlap(self):
        with pytest.raises(ValueError, match=r"Cropped has no receptive_radius.* Give the overlap"):
            denoise_in_tiles(Cropped((64, 64), 0), positions(64, 64), 32)

    @pytest.mark.parametrize(("tile_size", "overlap"), [(16, None), (1, None), (10, 5), (0, 0)])
    def test_tiles_without_a_core(self, tile_size, overlap):
        with pytest.raises(ValueError, match=r"leave nothing to keep; CPCE needs a tile_size of"):
            tile_overlap(CPCE(), tile_size, overlap)

    def test_negative_overlap(self):
        with pytest.raises(ValueError, match="must not be negative, got -1"):
            tile_overlap(CPCE(), 64, -1)

    def test_wrong_dimensions(self):
        with pytest.raises(ValueError, match=r"expects \(N, 1, H, W\), got \(64, 64\)"):
            denoise_in_tiles(CPCE(), torch.rand(64, 64), 32)

    def test_the_checked_overlap_is_the_receptive_radius(self):
        assert tile_overlap(CPCE(), 17) == 8
        assert tile_overlap(CPCE(), 17, 0) == 0
