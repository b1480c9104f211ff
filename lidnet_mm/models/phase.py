"""The phases of collaborative training (Algorithm 1)."""

from enum import Enum


class Phase(Enum):
    """What one training step updates, and on which images.

    The values begin with the names of the step counts in Algorithm 1. Steps of the critic are
    among those of the denoising network (T2).
    """

    DETECTOR_ON_NDCT = "T1"
    DENOISER = "T2"
    CRITIC = "T2, critic"
    DETECTOR_ON_DENOISED = "T3"

    @property
    def part(self) -> str:
        """Part of the model that the phase updates: ``denoiser``, ``critic`` or ``detector``."""
        return {Phase.DENOISER: "denoiser", Phase.CRITIC: "critic"}.get(self, "detector")

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
            Phase.CRITIC: "critic",
            Phase.DETECTOR_ON_DENOISED: "detector on denoised CT",
        }[self]
