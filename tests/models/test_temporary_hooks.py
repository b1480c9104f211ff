"""Outputs that are recorded, and attributes that are replaced, for a while."""

import pytest
import torch
from torch import nn

from lidnet_mm.models.temporary_hooks import recorded_outputs, replaced_attribute


class Owner(nn.Module):
    """A method of its class, and a setting of its own."""

    def __init__(self):
        super().__init__()
        self.setting = [1]

    def method(self):
        return "class"


@pytest.mark.parametrize("fails", [False, True])
def test_replaced_attributes_come_back(fails):
    owner, other = Owner(), Owner()
    setting = owner.setting

    def leave():
        if fails:
            raise ZeroDivisionError

    def use():
        with (
            replaced_attribute(owner, "setting", [2]),
            replaced_attribute(owner, "method", lambda: "shadow"),
        ):
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
    with replaced_attribute(owner, "method", lambda: "one"):
        with replaced_attribute(owner, "method", lambda: "two"):
            assert owner.method() == "two"
        assert owner.method() == "one"
    assert owner.method() == "class"


def test_outputs_are_kept_while_watched_only():
    module = nn.Linear(2, 1)
    module(torch.zeros(1, 2))
    with recorded_outputs(module) as kept:
        first, second = module(torch.ones(1, 2)), module(torch.zeros(3, 2))
    module(torch.zeros(1, 2))
    assert [output is own for output, own in zip(kept, (first, second), strict=True)] == [True] * 2


def test_nothing_is_watched_after_an_error():
    module = nn.Linear(2, 1)
    with pytest.raises(ZeroDivisionError), recorded_outputs(module) as kept:
        raise ZeroDivisionError
    module(torch.zeros(1, 2))
    assert kept == []
