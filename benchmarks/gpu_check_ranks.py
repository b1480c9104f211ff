"""One of several processes of ``gpu_check.py`` that share a GPU: their losses and gradients.

Every process computes the loss of every process's slices by itself, and the mean of the gradients.
Then each computes its own alone, behind PyTorch's wrapper, which exchanges the gradients. Both
have to come out the same. Started by ``torch.distributed.run``.
"""

import json
import os
import statistics
import sys
import tempfile
from functools import partial
from pathlib import Path

import torch
from gpu_check_settings import Settings
from gpu_check_training import new_runner
from mmengine.dist import all_reduce, get_rank, get_world_size
from mmengine.runner import Runner
from scaling import PHASES, steps, train_step
from torch import Tensor, distributed
from train_step import slices

from lidnet_mm.engine.phased_train_loop import unwrapped
from lidnet_mm.engine.same_buffers_hook import SameBuffersHook
from lidnet_mm.models.phase import Phase
from lidnet_mm.seeding import seed_all

TIMED = 3
"""Steps that count; all processes need the same number."""


def main(settings: Settings, backend: str, file: Path) -> None:
    """Compare, measure, and let the first process write the result."""
    os.environ["LOCAL_RANK"] = "0"  # all processes share the first GPU
    with tempfile.TemporaryDirectory() as folder:
        runner, _ = new_runner(settings, "plain", folder, "pytorch", backend)
        share = settings.batch // get_world_size()
        batches = [slices(settings.size, share, rank) for rank in range(get_world_size())]
        found = {"backend": distributed.get_backend(), "share": share}
        for phase in PHASES:
            found[phase.value] = compare(runner, phase, batches)
            work = partial(train_step, runner, phase, batches[get_rank()])
            seconds = steps(work, min(TIMED, settings.iterations))
            found[phase.value]["seconds"] = statistics.median(seconds)
    if get_rank() == 0:
        file.write_text(json.dumps(found), encoding="utf-8")
    distributed.destroy_process_group()


def compare(runner: Runner, phase: Phase, batches: list[dict]) -> dict[str, float]:
    """Largest relative difference of loss and gradient in any process."""
    model = unwrapped(runner.model)
    model.set_phase(phase)
    runner.model.train()
    SameBuffersHook().before_val_epoch(runner)  # each process has its slices' statistics
    prepared = [model.data_preprocessor(data, True) for data in batches]
    model.zero_grad()
    alone = []
    for rank, batch in enumerate(prepared):
        seed_all(rank)
        loss, _ = model.parse_losses(model(**batch, mode="loss"))
        (loss / len(prepared)).backward()
        alone.append(float(loss.detach()))
    mean = gradient(model, phase)
    model.zero_grad()
    seed_all(get_rank())
    loss, _ = model.parse_losses(runner.model(**prepared[get_rank()], mode="loss"))
    loss.backward()
    off = torch.stack(
        [
            (loss.detach().cpu() - alone[get_rank()]).abs() / abs(alone[get_rank()]),
            ((gradient(model, phase) - mean).norm() / mean.norm()).cpu(),
        ]
    )
    all_reduce(off, op="max")
    model.zero_grad()
    return {"loss": float(off[0]), "gradient": float(off[1])}


def gradient(model: torch.nn.Module, phase: Phase) -> Tensor:
    """The gradient of the part that a phase trains, as one vector."""
    parameters = model.parts[phase.part].parameters()
    return torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])


if __name__ == "__main__":
    given = json.loads(sys.argv[1])
    given["rows"] = Path(given["rows"])
    main(Settings(**given), sys.argv[2], Path(sys.argv[3]))
