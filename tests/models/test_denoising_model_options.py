"""Options of a denoiser's training: recomputed activations, a compiled generator."""

import copy

import pytest
import torch
from torch._dynamo.testing import CompileCounter

from lidnet_mm.registry import MODELS

MODEL = {"type": "lidnet_mm.DenoisingModel", "generator": {"type": "lidnet_mm.CPCE", "channels": 4}}


def build(**options):
    torch.manual_seed(0)
    return MODELS.build({**copy.deepcopy(MODEL), **options}).train()


def gradients(model, batch):
    """Of all weights after a training pass."""
    losses = model(**model.data_preprocessor(batch), mode="loss")
    losses["loss_reconstruction"].backward()
    return {name: parameter.grad for name, parameter in model.named_parameters()}


@pytest.fixture
def counter():
    """A backend of torch.compile that counts the graphs it is given."""
    torch._dynamo.reset()
    yield CompileCounter()
    torch._dynamo.reset()


@pytest.mark.parametrize("recompute", [False, True])
def test_a_compiled_generator_learns_the_same(batch, counter, recompute):
    plain = build()
    compiled = build(compile={"backend": counter}, activation_checkpointing=recompute)
    expected, found = gradients(plain, batch), gradients(compiled, batch)
    assert counter.frame_count > 0
    assert list(plain.state_dict()) == list(compiled.state_dict())
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value)


def test_compiled_by_pytorchs_own_backend_unless_told(monkeypatch):
    asked = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda _, **options: asked.append(options))
    build(compile=True)
    build(compile={"mode": "max-autotune"})
    build()
    assert asked == [{}, {"mode": "max-autotune"}]


def test_recomputed_activations_run_the_generator_twice(batch):
    calls = {}
    for recompute in (False, True):
        model, seen = build(activation_checkpointing=recompute), []
        model.generator.encoder[0].register_forward_hook(lambda *_, seen=seen: seen.append(1))
        calls[recompute] = gradients(model, batch), len(seen)
    assert (calls[False][1], calls[True][1]) == (1, 2)
    for name, value in calls[False][0].items():
        torch.testing.assert_close(calls[True][0][name], value)
