"""What every generator refuses, and how it says so."""

import pytest
import torch

from lidnet_mm.models.denoisers import CPCE, REDCNN, Identity

SMALLEST = {CPCE: 9, REDCNN: 21}


@pytest.mark.parametrize("network", [CPCE, REDCNN, Identity])
@pytest.mark.parametrize("shape", [(1, 3, 32, 32), (1, 32, 32), (32, 32), (1, 0, 32, 32)])
def test_wrong_channels_or_dimensions(network, shape):
    with pytest.raises(ValueError, match=rf"{network.__name__} expects \(N, 1, H, W\), got"):
        network()(torch.rand(*shape))


@pytest.mark.parametrize("network", [CPCE, REDCNN, Identity])
@pytest.mark.parametrize("dtype", [torch.uint8, torch.int16, torch.int64])
def test_integers_are_refused(network, dtype):
    with pytest.raises(ValueError, match=r"floating point values in \[0, 1\].*LIDDataPreproc"):
        network()(torch.zeros(1, 1, 32, 32, dtype=dtype))


@pytest.mark.parametrize(("network", "smallest"), SMALLEST.items())
@pytest.mark.parametrize("axis", [2, 3])
def test_slices_smaller_than_the_receptive_field_are_refused(network, smallest, axis):
    shape = [1, 1, 32, 32]
    shape[axis] = smallest - 1
    with pytest.raises(ValueError, match=rf"at least {smallest} x {smallest} pixels, got"):
        network()(torch.rand(*shape))


@pytest.mark.parametrize(("network", "smallest"), SMALLEST.items())
def test_the_smallest_slice_is_the_receptive_field_of_the_encoder(network, smallest):
    """One pixel is left in the middle, and it has seen all of them."""
    generator = network(channels=4).double()
    x = torch.rand(1, 1, smallest, smallest, dtype=torch.float64, requires_grad=True)
    features = x
    for convolution in generator.encoder:
        features = convolution(features)
    assert features.shape[-2:] == (1, 1)
    features.sum().backward()
    assert (x.grad != 0).all()


def test_identity_returns_its_input_and_has_nothing_to_learn():
    x = torch.rand(2, 1, 5, 7)
    assert Identity()(x) is x
    assert list(Identity().parameters()) == []
