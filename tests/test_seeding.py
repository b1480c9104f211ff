"""Seeds by name, and random states that are put back."""

import random

import numpy as np
import pytest
import torch

from lidnet_mm.seeding import random_states_of, seed_all, seed_for


def draw():
    """A number of each library."""
    return random.random(), float(np.random.rand()), float(torch.rand(()))


def test_seeds_are_the_same_on_every_machine():
    """The first bytes of SHA-256 of ``iteration|0|12|1``, from sha256sum."""
    assert (
        seed_for("iteration", 0, 12, 1)
        == int.from_bytes(bytes.fromhex("bc48fd18bf0d411f"), "little") // 2
    )


def test_seeds_differ_with_each_name_and_their_borders():
    names = [("a", 1, 2), ("a", 2, 1), ("a", 12), ("b", 1, 2), ("a", 1, 2, 0)]
    assert len({seed_for(*name) for name in names}) == len(names)


def test_all_three_libraries_follow_the_seed():
    seed_all(seed_for("x", 1))
    first = draw()
    seed_all(seed_for("x", 2))
    second = draw()
    seed_all(seed_for("x", 1))
    assert draw() == first
    assert all(a != b for a, b in zip(first, second, strict=True))


def test_context_draws_by_its_seed_and_leaves_no_trace():
    seed_all(5)
    expected = [draw(), draw()]
    seed_all(5)
    found = [draw()]
    with random_states_of(7):
        inside = draw()
    found.append(draw())
    assert found == expected
    seed_all(7)
    assert draw() == inside


def test_context_puts_the_states_back_after_an_error():
    seed_all(5)
    expected = draw()
    seed_all(5)
    with pytest.raises(KeyError), random_states_of(7):
        draw()
        raise KeyError("slice")
    assert draw() == expected


def test_context_leaves_the_gpus_alone(monkeypatch):
    """``torch.manual_seed`` would seed them for good."""

    def refuse(seed):
        raise AssertionError("a GPU was seeded")

    monkeypatch.setattr(torch.cuda, "manual_seed_all", refuse)
    with random_states_of(7):
        draw()
