"""The phases of collaborative training (Algorithm 1)."""

from enum import Enum


class Phase(Enum):
    """What one training step updates, and on which images.

    The values are the names of the step counts in Algorithm 1.
    """

    DETECTOR_ON_NDCT = "T1"
    DENOISER = "T2"
    DETECTOR_ON_DENOISED = "T3"

    @property
    def part(self) -> str:
        """Half of the model that the phase updates: ``'denoiser'`` or ``'detector'``."""
        return "denoiser" if self is Phase.DENOISER else "detector"

    @property
    def number(self) -> int:
        """1, 2 or 3, for logs."""
        return int(self.value[1])

    @property
    def description(self) -> str:
        """In words, for logs and figures."""
        return {
            Phase.DETECTOR_ON_NDCT: "detector on NDCT",
            Phase.DENOISER: "denoiser",
            Phase.DETECTOR_ON_DENOISED: "detector on denoised CT",
        }[self]
