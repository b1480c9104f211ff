"""A run whose batches do not come ends, with the reason; signals are heard while it waits."""

import os
import shutil
import signal
import subprocess
import sys
import threading
import time

import pytest
import torch
from torch.utils.data import Dataset

from lidnet_mm.engine import LoaderWatchHook
from lidnet_mm.engine.watched_loader import LostBatchError, watch

SCHEDULE = {"pretrain_iters": 2, "denoiser_iters": 2, "detector_iters": 1, "rounds": 1}
REMEDIES = (
    r"/dev/shm, which has \d+ of \d+ MB free.*--shm-size.*{0}\.num_workers=0 "
    r"{0}\.persistent_workers=False.*loader_watch\.timeout"
)
# Batches of 8 MB in 1 MB of shared memory, in a mount namespace of its own.
SMALL_MEMORY = """
import torch
from torch.utils.data import DataLoader
from lidnet_mm.engine.watched_loader import watch

loader = DataLoader([torch.ones(2**20)] * 8, batch_size=2, num_workers=2, collate_fn=list)
watch(loader, "train_dataloader", 60)
list(loader)
"""


class Unsent:
    """Cannot be handed over, as a tensor where the shared memory is full."""

    def __reduce__(self):
        raise RuntimeError("unable to allocate shared memory(shm) for file: No space left (28)")


class Late(Dataset):
    """Slices of which some do not come; each pause is longer than any test."""

    def __init__(self, slices, first_late, replaced=None):
        self.metainfo, self.slices = slices.metainfo, slices
        self.first_late, self.replaced = first_late, replaced

    def __len__(self):
        return len(self.slices)

    def __getitem__(self, index):
        if index >= self.first_late:
            if self.replaced is not None:
                return self.replaced()
            time.sleep(600)
        return self.slices[index]


@pytest.fixture
def make_late(make_runner, slices_in_memory, tmp_path):
    """Function that makes a runner whose slices from some index on do not come."""

    def make(first_late, replaced=None, timeout=60, **changes):
        loader = {
            "batch_size": 1,
            "num_workers": 1,
            "persistent_workers": True,
            "dataset": Late(slices_in_memory(), first_late, replaced),
            "sampler": {"type": "InfiniteSampler", "shuffle": False},
        }
        backend = {"backend": "lidnet_atomic"}
        hooks = {
            "logger": {"type": "LoggerHook", "interval": 1},
            "param_scheduler": {"type": "lidnet_mm.PhaseParamSchedulerHook"},
            "checkpoint": {
                "type": "CheckpointHook",
                "by_epoch": False,
                "interval": 100,
                "backend_args": backend,
            },
            "loader_watch": {"type": "lidnet_mm.LoaderWatchHook", "timeout": timeout},
            "graceful_stop": {"type": "lidnet_mm.GracefulStopHook"},
        }
        return make_runner(
            tmp_path,
            SCHEDULE,
            default_hooks=hooks,
            **{"train_dataloader": loader, **changes},
        )

    return make


class TestTraining:
    def test_batch_that_cannot_be_handed_over(self, make_late):
        runner = make_late(2, Unsent)
        with pytest.raises(LostBatchError, match=REMEDIES.format("train_dataloader")):
            runner.train()
        assert len(runner.observer.batches) == 2

    def test_batch_that_does_not_come(self, make_late):
        runner = make_late(2, timeout=1)
        with pytest.raises(LostBatchError, match=r"timed out after 1.*/dev/shm"):
            runner.train()
        assert len(runner.observer.batches) == 2

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    @pytest.mark.parametrize("done", [0, 2])
    def test_signal_while_it_waits(self, make_late, tmp_path, done, number):
        """It saves what is done, and exits."""
        runner = make_late(done)

        def kick():
            while len(runner.observer.states) <= done:
                time.sleep(0.05)
            time.sleep(0.5)  # the wait has begun
            os.kill(os.getpid(), number)

        thread = threading.Thread(target=kick, daemon=True)
        thread.start()
        with pytest.raises(SystemExit) as status:
            runner.train()
        assert status.value.code == 128 + number
        assert runner.iter == done
        saved = [path.name for path in tmp_path.glob("*.pth")]
        assert saved == ([f"iter_{done}.pth"] if done else [])
        if done:
            stored = torch.load(tmp_path / saved[0], weights_only=False)
            assert stored["meta"]["iter"] == done


def test_validation(make_late, slices_in_memory):
    late = {
        "batch_size": 1,
        "num_workers": 1,
        "dataset": Late(slices_in_memory(), 1, Unsent),
        "sampler": {"type": "DefaultSampler", "shuffle": False},
    }
    train = {
        "batch_size": 1,
        "num_workers": 0,
        "dataset": slices_in_memory(),
        "sampler": {"type": "InfiniteSampler"},
    }
    runner = make_late(0, train_dataloader=train, validate=True, val_dataloader=late)
    with pytest.raises(LostBatchError, match=REMEDIES.format("val_dataloader")):
        runner.val()


def test_errors_of_the_data_are_as_they_were(slices_in_memory):
    class Broken(Dataset):
        def __len__(self):
            return 1

        def __getitem__(self, index):
            raise RuntimeError("slice 3 is damaged")

    loader = torch.utils.data.DataLoader(Broken(), num_workers=1)
    watch(loader, "train_dataloader", 60)
    with pytest.raises(RuntimeError, match="slice 3 is damaged") as caught:
        list(loader)
    assert not isinstance(caught.value, LostBatchError)


def test_full_shared_memory():
    """As in a container, whose /dev/shm has 64 MB."""
    mount = "mount -t tmpfs -o size=1m tmpfs /dev/shm"
    namespace = ["unshare", "--mount", *([] if os.getuid() == 0 else ["--map-root-user"])]
    tried = shutil.which("unshare") and subprocess.run(
        [*namespace, "sh", "-c", mount], capture_output=True, check=False
    )
    if not tried or tried.returncode:
        pytest.skip("no mount namespace can be made here")
    done = subprocess.run(
        [*namespace, "sh", "-c", f'{mount} && exec "$0" -c "$1"', sys.executable, SMALL_MEMORY],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stdout + done.stderr
    last = done.stderr.strip().splitlines()[-1]
    assert "LostBatchError" in last
    assert "/dev/shm, which has 1 of 1 MB free" in last


def test_negative_timeout():
    with pytest.raises(ValueError, match="at least 0"):
        LoaderWatchHook(-1)
