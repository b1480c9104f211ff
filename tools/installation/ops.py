"""Whether mmcv's compiled ops work in an environment, and what is wrong with them otherwise."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

TRIAL = Path(__file__).with_name("ops_trial.py")
SECONDS = 300
MEANINGS = (
    (r"undefined symbol|libtorch|libc10", "mmcv's ops were compiled for another build of PyTorch"),
    (r"libcud|libnv", "mmcv's ops were compiled for a CUDA that this PyTorch does not have"),
    (r"No module named 'mmcv\._ext'", "mmcv is there without its compiled ops"),
    (r"No module named 'mmcv'", "mmcv is not installed"),
    (r"No module named 'torch'", "PyTorch is not installed"),
    (
        r"not compiled with (GPU|CUDA) support|implementation for device cuda",
        "mmcv's ops were compiled for the CPU alone, and PyTorch uses a GPU",
    ),
)


def failure(python: Path | str) -> str | None:
    """Call mmcv's ops in a process of their own.

    Args:
        python: Interpreter to call them with.

    Returns:
        What is wrong, in one line; None where they work.
    """
    try:
        done = subprocess.run(
            [str(python), str(TRIAL)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"mmcv's ops cannot be tried: {error}"
    return None if done.returncode == 0 else meaning(done.returncode, done.stderr)


def meaning(status: int, output: str) -> str:
    """What a failed trial means.

    Args:
        status: Its exit status; negative where a signal ended it.
        output: What it wrote.
    """
    if status < 0:
        return (
            f"mmcv's ops end the process (signal {-status}): their file is damaged, or was "
            "compiled for another PyTorch"
        )
    last = next((line for line in reversed(output.splitlines()) if line.strip()), "no message")
    known = next((text for sign, text in MEANINGS if re.search(sign, output)), None)
    return f"{known} ({last.strip()})" if known else f"mmcv's ops do not work ({last.strip()})"
