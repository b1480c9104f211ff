"""Outputs that are watched, and attributes that something else answers for."""

import pytest
import torch
from torch import nn

from lidnet_mm.models.watching import outputs_of, shadowed


class Owner(nn.Module):
    """A method of its class, and a setting of its own."""

    def __init__(self):
        super().__init__()
        self.setting = [1]

    def method(self):
        return "class"


@pytest.mark.parametrize("fails", [False, True])
def test_shadowed_attributes_come_back(fails):
    owner, other = Owner(), Owner()
    setting = owner.setting

    def leave():
        if fails:
            raise ZeroDivisionError

    def use():
        with shadowed(owner, "setting", [2]), shadowed(owner, "method", lambda: "shadow"):
            assert owner.setting == [2]
            assert owner.method() == "shadow"
            assert other.method() == "class"
            leave()

    if fails:
        with pytest.raises(ZeroDivisionError):
            use()
    else:
        use()
    assert owner.setting is setting
    assert owner.method() == "class"
    assert "method" not in vars(owner)


def test_shadows_of_shadows_come_back_in_turn():
    owner = Owner()
    with shadowed(owner, "method", lambda: "one"):
        with shadowed(owner, "method", lambda: "two"):
            assert owner.method() == "two"
        assert owner.method() == "one"
    assert owner.method() == "class"


def test_outputs_are_kept_while_watched_only():
    module = nn.Linear(2, 1)
    module(torch.zeros(1, 2))
    with outputs_of(module) as kept:
        first, second = module(torch.ones(1, 2)), module(torch.zeros(3, 2))
    module(torch.zeros(1, 2))
    assert [output is own for output, own in zip(kept, (first, second), strict=True)] == [True] * 2


def test_nothing_is_watched_after_an_error():
    module = nn.Linear(2, 1)
    with pytest.raises(ZeroDivisionError), outputs_of(module) as kept:
        raise ZeroDivisionError
    module(torch.zeros(1, 2))
    assert kept == []
