"""The critic against its published layer table and a plain rewrite."""

import pytest
import torch
from torch.nn import functional

from lidnet_mm.models.denoisers import SliceCritic


def test_number_of_parameters():
    """9 i o + o a convolution; 256 x 1024 + 1024 and 1024 for the head."""
    convolutions = [(1, 64), (64, 64), (64, 128), (128, 128), (128, 256), (256, 256)]
    count = sum(9 * i * o + o for i, o in convolutions) + 256 * 1024 + 1024 + 1024
    assert sum(p.numel() for p in SliceCritic().parameters()) == count == 1_408_448


def test_layers_are_those_of_the_published_table():
    table = [(c.out_channels, *c.stride, *c.kernel_size) for c in SliceCritic().convolutions]
    channels, strides = (64, 64, 128, 128, 256, 256), (1, 2, 1, 2, 1, 2)
    assert table == [(c, s, s, 3, 3) for c, s in zip(channels, strides, strict=True)]
    assert not [m for m in SliceCritic().modules() if "norm" in type(m).__name__.lower()]


@pytest.mark.parametrize("size", [(1, 1), (16, 24), (33, 47)])
def test_output_equals_a_plain_rewrite_at_any_size(size):
    torch.manual_seed(0)
    critic = SliceCritic(channels=4).double()
    x = torch.rand(3, 1, *size, dtype=torch.float64)
    weights = critic.state_dict()
    out = functional.pad(x, (1, 1, 1, 1))
    for index in range(6):
        out = functional.conv2d(out, weights[f"convolutions.{index}.weight"])
        out = out + weights[f"convolutions.{index}.bias"][:, None, None]
        step = 1 + index % 2
        out = out[:, :, ::step, ::step]
        out = functional.pad(torch.maximum(out, 0.2 * out), (1, 1, 1, 1))
    mean = out[:, :, 1:-1, 1:-1].mean(dim=(2, 3))
    hidden = mean @ weights["hidden.weight"].T + weights["hidden.bias"]
    expected = torch.maximum(hidden, 0.2 * hidden) @ weights["score.weight"][0]
    assert expected.shape == (3,)
    torch.testing.assert_close(critic(x), expected)


def test_scores_do_not_depend_on_the_rest_of_the_batch():
    """What the penalty of each sample needs."""
    torch.manual_seed(1)
    critic, x = SliceCritic(channels=4), torch.rand(4, 1, 20, 20)
    torch.testing.assert_close(critic(x)[2:3], critic(x[2:3]))


def test_whole_slices_need_no_more_weights():
    critic = SliceCritic(channels=4)
    with torch.no_grad():
        assert critic(torch.rand(1, 1, 512, 512)).shape == (1,)
        assert critic(torch.rand(2, 1, 64, 64)).shape == (2,)
