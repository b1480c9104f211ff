"""The two ways of making an LDCT from an NDCT slice: physics, and the published simulation."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import torch
from torch import Tensor
from torch.nn.functional import pad

from lidnet_mm import simulation
from lidnet_mm.simulation import arguments
from lidnet_mm.simulation.scanners import SCANNERS, scan_geometry


@dataclass(frozen=True)
class Dose:
    """A dose, set in exactly one way.

    Attributes:
        incident_photons: Photons per ray before the patient (N0), > 0.
        noise_hu: Expected standard deviation of the noise in the body in HU, > 0; or a range,
            (lowest, highest).
        dose_fraction: Dose of the LDCT in parts of the full dose, in (0, 1).
        full_dose_photons: Photons per ray of the full dose, > 0; with ``dose_fraction`` only.
        dose_preset: A name of ``lidnet_mm.simulation.PAPER_DOSES``.

    Raises:
        ValueError: It is set in none or several ways, or a value is out of range.
    """

    incident_photons: float | None = None
    noise_hu: float | Sequence[float] | None = None
    dose_fraction: float | None = None
    full_dose_photons: float | None = None
    dose_preset: str | None = None

    def __post_init__(self) -> None:
        ways = (self.incident_photons, self.noise_hu, self.dose_fraction, self.dose_preset)
        given = sum(way is not None for way in ways)
        if given != 1:
            raise ValueError(
                "Set the dose in exactly one way: incident_photons, noise_hu, dose_fraction or"
                f" dose_preset; {given} of them are given"
            )
        if (self.dose_fraction is None) != (self.full_dose_photons is None):
            raise ValueError("dose_fraction and full_dose_photons belong together: give both")
        if self.incident_photons is not None:
            arguments.positive("incident_photons", self.incident_photons, "photons per ray, as 1e5")
        if self.noise_range is not None:
            _check_range(self.noise_range)
        elif self.noise_hu is not None:
            arguments.positive("noise_hu", self.noise_hu, "HU, as 30")

    @property
    def noise_range(self) -> tuple[float, ...] | None:
        """Lowest and highest noise in HU where it is a range."""
        return tuple(self.noise_hu) if isinstance(self.noise_hu, (list, tuple)) else None

    @property
    def photons(self) -> float | None:
        """N0 where it is stated, as a number or by the name of a preset."""
        if self.dose_preset is not None:
            return simulation.paper_photons(self.dose_preset)
        return self.incident_photons


class LowDoseMode(Protocol):
    """Makes the LDCT of a slice.

    Attributes:
        settings: All that the LDCT depends on besides the slice and the random numbers, as json.
        sample_keys: What of the sample it depends on besides the slice.
        adds_noise: Whether LDCT is NDCT plus noise in HU, so that draws of it can be mixed.
        noise_hu: Noise in HU, that in the middle of a range, where the dose is set by it.
        noise_range: Lowest and highest noise in HU where the dose is a range.
    """

    settings: Mapping[str, Any]
    sample_keys: tuple[str, ...]
    adds_noise: bool
    noise_hu: float | None
    noise_range: tuple[float, ...] | None

    def simulate(
        self,
        ndct: Tensor,
        results: dict,
        generator: torch.Generator,
        noise_hu: float | None = None,
    ) -> Tensor:
        """The LDCT (1, H, W) in HU, float32, of an NDCT (1, H, W) in HU.

        ``noise_hu`` is a noise of the range, its middle where it is None.
        """
        ...

    def mean_noise(self, ndct: Tensor, results: dict) -> Tensor:
        """Mean of all draws of LDCT less NDCT (1, H, W) in HU, at ``self.noise_hu``."""
        ...


class PhysicsMode:
    """``lidnet_mm.simulation.simulate_low_dose``.

    Args:
        dose: The dose.
        geometry: ``'parallel'``, ``'fan'`` or a scanner's name; None is ``'parallel'``.
        num_views: Number of projections, >= 1; None is 720, or what the scanner has.
        electronic_noise: Standard deviation of the detector's own noise in photons, >= 0.

    Raises:
        ValueError: An argument is out of range.
    """

    sample_keys = ("spacing",)
    adds_noise = True

    def __init__(
        self, dose: Dose, geometry: str | None, num_views: int | None, electronic_noise: float
    ) -> None:
        geometry = geometry or "parallel"
        arguments.check_electronic_noise(electronic_noise)
        scan = scan_geometry(geometry, size=2, pixel_spacing=1.0, num_views=num_views)
        photons = dose.photons
        if dose.dose_fraction is not None:
            photons, electronic_noise = simulation.dose_fraction(
                dose.dose_fraction, dose.full_dose_photons, electronic_noise
            )
        self.scan = {
            "geometry": geometry,
            "num_views": None if geometry in SCANNERS else scan.num_views,
            "electronic_noise": electronic_noise,
        }
        self.incident_photons, self.noise_range = photons, dose.noise_range
        # Noise of the middle is scaled to either end by the same factor.
        self.noise_hu = (
            math.sqrt(math.prod(dose.noise_range)) if dose.noise_range else dose.noise_hu
        )
        self.settings = {
            "mode": "physics",
            "incident_photons": photons,
            "noise_hu": list(dose.noise_range) if dose.noise_range else dose.noise_hu,
            **self.scan,
        }

    def simulate(
        self,
        ndct: Tensor,
        results: dict,
        generator: torch.Generator,
        noise_hu: float | None = None,
    ) -> Tensor:
        """The LDCT (1, H, W) in HU, float32, of an NDCT (1, H, W) in HU."""
        spacing = tuple(results["spacing"])
        photons = self._photons(ndct, spacing, noise_hu or self.noise_hu)
        return simulation.simulate_low_dose(
            ndct, spacing, incident_photons=photons, generator=generator, **self.scan
        )

    def mean_noise(self, ndct: Tensor, results: dict) -> Tensor:
        """Mean of all draws of LDCT less NDCT (1, H, W) in HU, at ``self.noise_hu``."""
        spacing = tuple(results["spacing"])
        photons = self._photons(ndct, spacing, self.noise_hu)
        return simulation.mean_noise(ndct, spacing, incident_photons=photons, **self.scan)

    def _photons(
        self, ndct: Tensor, spacing: tuple[float, ...], noise_hu: float | None
    ) -> float | Tensor:
        """Photons per ray."""
        if self.incident_photons is not None:
            return self.incident_photons
        return simulation.photons_for_noise(ndct, spacing, noise_hu, **self.scan)


class Gholizadeh2019Mode:
    """``lidnet_mm.simulation.simulate_gholizadeh2019``, in pseudo-HU.

    The published code scales LDCT and NDCT to [0, 1], each by its own minimum and maximum. Both
    are carried here in the range of the NDCT, which gives the NDCT back as it was; the LDCT has
    the NDCT's minimum and maximum, whatever its own were: its values look like HU and are none.
    Slices that are not square are padded with their own minimum, which leaves the range alone.

    Args:
        dose: The dose; ``incident_photons`` or ``dose_preset``.
        geometry: None; the published scan has as many parallel views as pixels a side.
        num_views: None.
        electronic_noise: 0.

    Raises:
        ValueError: An option is given that the published simulation does not have.
    """

    sample_keys = ("slice_thickness",)
    adds_noise = False
    noise_hu = noise_range = None

    def __init__(
        self, dose: Dose, geometry: str | None, num_views: int | None, electronic_noise: float
    ) -> None:
        unused = {
            "noise_hu": dose.noise_hu,
            "dose_fraction": dose.dose_fraction,
            "geometry": geometry,
            "num_views": num_views,
            "electronic_noise": electronic_noise or None,
        }
        given = [name for name, value in unused.items() if value is not None]
        if given:
            raise ValueError(
                f"mode 'gholizadeh2019' has no {', '.join(given)}: leave that out and set the dose"
                " by incident_photons or dose_preset, or use mode 'physics'"
            )
        self.incident_photons = dose.photons
        self.settings = {"mode": "gholizadeh2019", "incident_photons": self.incident_photons}

    def simulate(
        self,
        ndct: Tensor,
        results: dict,
        generator: torch.Generator,
        noise_hu: float | None = None,
    ) -> Tensor:
        """The LDCT (1, H, W) in pseudo-HU, float32, of an NDCT (1, H, W) in HU."""
        thickness = results.get("slice_thickness")
        if thickness is None:
            raise ValueError(
                "its slice_thickness is unknown, by which the published simulation multiplies:"
                " state it in the annotation file"
            )
        low, high = ndct.min(), ndct.max()
        height, width = ndct.shape[1:]
        square = pad(ndct, (0, max(0, height - width), 0, max(0, width - height)), value=low.item())
        scaled, _ = simulation.simulate_gholizadeh2019(
            square, thickness, self.incident_photons, generator
        )
        return low + scaled[:, :height, :width] * (high - low)

    def mean_noise(self, ndct: Tensor, results: dict) -> Tensor:
        """Not defined: each draw has a scale of its own."""
        raise NotImplementedError("draws of mode 'gholizadeh2019' have no HU and cannot be mixed")


def _check_range(noise_hu: tuple[float, ...]) -> None:
    """Refuse a range of noise that is none."""
    if len(noise_hu) != 2:
        raise ValueError(
            f"noise_hu is {noise_hu}: set one noise in HU, as 30, or a range, as (15, 250)"
        )
    for end in noise_hu:
        arguments.positive("noise_hu", end, "HU at both ends, as (15, 250)")
    if not noise_hu[0] < noise_hu[1]:
        raise ValueError(f"noise_hu is {noise_hu}: set the lowest noise first, as (15, 250)")


MODES: Mapping[str, type[LowDoseMode]] = {
    "physics": PhysicsMode,
    "gholizadeh2019": Gholizadeh2019Mode,
}
"""Modes of ``SimulateLowDose`` by name."""
