"""What a step of ``gpu_check.py`` is told."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gpu_check_rows import Row

CONFIGS = Path(__file__).resolve().parents[1] / "configs" / "lidnet"


@dataclass
class Settings:
    """Size of the work, and where its rows go.

    Attributes:
        step: Name of the step.
        device: ``'cuda'`` or ``'cpu'``.
        small: A tiny size, which shows the logic and no speed.
        until: When the step should be done, in seconds since the epoch.
        rows: File for the rows.
    """

    step: str
    device: str
    small: bool
    until: float
    rows: Path

    @property
    def config(self) -> Path:
        """The paper's LIDnet, or a small one."""
        name = "r18_sts" if self.small else "r50"
        return CONFIGS / f"lidnet_cpce_faster-rcnn_{name}.py"

    @property
    def size(self) -> int:
        """Side of the slices in pixels."""
        return 64 if self.small else 512

    @property
    def batch(self) -> int:
        """Slices a step, an even number."""
        return 2 if self.small else 8

    @property
    def views(self) -> int:
        """Views of a simulated scan."""
        return 96 if self.small else 720

    @property
    def series(self) -> int:
        """Slices of a series to denoise."""
        return 3 if self.small else 64

    @property
    def matrix(self) -> int:
        """Side of the matrices that measure the peak rate."""
        return 256 if self.small else 8192

    @property
    def iterations(self) -> int:
        """Most iterations that count."""
        return 1 if self.small else 30

    def add(self, what: str, **values: Any) -> None:
        """Write a row of the step."""
        Row(self.step, what, **values).append_to(self.rows)
