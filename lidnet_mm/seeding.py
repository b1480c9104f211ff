"""Seeds that are functions of what they are for, and random states set by them."""

import hashlib
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch


def seed_for(*names: int | str) -> int:
    """Seed of one purpose, independent of that of any other.

    Args:
        *names (int | str): What the seed is for, such as ``("iteration", seed, 12, rank)``.

    Returns:
        int: 0 to 2**63 - 1, the same on every machine.
    """
    text = "|".join(map(str, names))
    digest = hashlib.sha256(text.encode(errors="backslashreplace")).digest()
    return int.from_bytes(digest[:8], "little") >> 1


def seed_all(seed: int) -> None:
    """Seed Python, NumPy and PyTorch, the latter on every device.

    Args:
        seed (int): As of :func:`seed_for`.
    """
    random.seed(seed)
    np.random.seed(seed % 2**32)  # NumPy's global state takes no more bits
    torch.manual_seed(seed)


@contextmanager
def random_states_of(seed: int) -> Iterator[None]:
    """Random numbers of Python, NumPy and PyTorch (CPU) under a seed, put back afterwards.

    Args:
        seed (int): As of :func:`seed_for`.

    Yields:
        None: The states are those of the seed until the context ends, by an error, too.
    """
    states = random.getstate(), np.random.get_state(), torch.default_generator.get_state()
    random.seed(seed)
    np.random.seed(seed % 2**32)
    torch.default_generator.manual_seed(seed)  # torch.manual_seed would seed the GPUs, too
    try:
        yield
    finally:
        random.setstate(states[0])
        np.random.set_state(states[1])
        torch.default_generator.set_state(states[2])
