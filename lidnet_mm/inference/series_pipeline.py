"""Denoiser and detector, what is known of them, and how a series goes through both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from lidnet_mm.datasets.readers import CTVolume
from lidnet_mm.datasets.writers import Derivation
from lidnet_mm.inference.denoised_series import (
    DenoisedSeries,
    denoise_series,
)
from lidnet_mm.inference.operating_range import measure, outside_range
from lidnet_mm.inference.slice_denoiser import SliceDenoiser


class OutsideRangeError(ValueError):
    """A series is not what the denoiser was trained for, and ``strict`` refuses it."""


@dataclass(frozen=True)
class SeriesPipeline:
    """What every series goes through.

    Attributes:
        denoise: Denoiser and detector.
        derivation: What the denoiser does, as the output states it.
        detector: What finds lesions; None without a detector.
        class_names: Names of its classes.
        trained_for: Lowest and highest value of what :func:`measure` measures.
        strict: Refuse a series outside of it instead of warning.
        batch_size: Slices at a time.
    """

    denoise: SliceDenoiser
    derivation: Derivation
    detector: Derivation | None = None
    class_names: Sequence[str] = ()
    trained_for: Mapping[str, Sequence[float]] = field(default_factory=lambda: MappingProxyType({}))
    strict: bool = False
    batch_size: int = 1

    @property
    def digest(self) -> str:
        """Hexadecimal digest of all that the values of the output depend on."""
        detector = "" if self.detector is None else self.detector.digest
        return self.derivation.digest + detector

    def warnings(self, volume: CTVolume) -> tuple[str, ...]:
        """Where a series is not what the denoiser was trained for.

        Raises:
            OutsideRangeError: It is not, and ``strict`` is set.
            VolumeError: A slice cannot be read.
        """
        if not self.trained_for:
            return ()
        warnings = tuple(outside_range(measure(volume), self.trained_for))
        if warnings and self.strict:
            raise OutsideRangeError(
                f"{self.derivation.model} was not trained for it: {'; '.join(warnings)}. Choose"
                " another model, or leave --strict out"
            )
        return warnings

    def in_memory(self, volume: CTVolume) -> DenoisedSeries:
        """Denoise a volume and keep it.

        Raises:
            OutsideRangeError: As in :meth:`warnings`.
            ValueError: A slice cannot be read or is not finite.
        """
        warnings = self.warnings(volume)
        denoised, lesions = denoise_series(
            volume, self.denoise, self.class_names, batch_size=self.batch_size
        )
        return DenoisedSeries.of(volume, denoised, lesions, warnings)
