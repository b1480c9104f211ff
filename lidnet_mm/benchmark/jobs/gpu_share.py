"""Which GPUs a job may see, so that jobs of the same time do not all use the first one."""

import contextlib
import os
import threading
from collections.abc import Iterator

import torch

VISIBLE = "CUDA_VISIBLE_DEVICES"


class TooFewGPUsError(ValueError):
    """A job needs more GPUs than there are."""


class GPUShare:
    """GPUs that are visible to this process, divided among the jobs that it runs.

    Args:
        per_job (int): GPUs of a job.

    Raises:
        TooFewGPUsError: If there are GPUs, but fewer.
    """

    def __init__(self, per_job: int) -> None:
        found = visible_gpus()
        if 0 < len(found) < per_job:
            raise TooFewGPUsError(f"a job needs {per_job} GPUs (--gpus), {len(found)} can be seen")
        last = len(found) - per_job
        self._parts = [found[start : start + per_job] for start in range(0, last + 1, per_job)]
        self._jobs = [0] * len(self._parts)
        self._lock = threading.Lock()

    @contextlib.contextmanager
    def taken(self) -> Iterator[list[str]]:
        """GPUs for a job, as long as it runs.

        Yields:
            list[str]: Names for ``CUDA_VISIBLE_DEVICES``: GPUs that no other job has, or those that
            the fewest have; none on a machine without GPUs.
        """
        if not self._parts:
            yield []
            return
        with self._lock:
            part = self._jobs.index(min(self._jobs))
            self._jobs[part] += 1
        try:
            yield self._parts[part]
        finally:
            with self._lock:
                self._jobs[part] -= 1


def visible_gpus() -> list[str]:
    """GPUs that this process may use, under the names that ``CUDA_VISIBLE_DEVICES`` gives them."""
    count = torch.cuda.device_count()
    given = os.environ.get(VISIBLE)
    names = map(str, range(count)) if given is None else map(str.strip, given.split(","))
    return list(names)[:count]
