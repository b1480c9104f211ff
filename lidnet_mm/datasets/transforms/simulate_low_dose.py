"""Simulating the LDCT of a slice, the same one whenever it is asked for again."""

import functools
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmcv.transforms import BaseTransform

from lidnet_mm import simulation
from lidnet_mm.datasets.image_store import open_store
from lidnet_mm.datasets.transforms.paired_image import require_untouched_ndct, stack_pair
from lidnet_mm.registry import TRANSFORMS
from lidnet_mm.simulation import arguments
from lidnet_mm.simulation.geometry import scan_geometry


@TRANSFORMS.register_module()
class SimulateLowDose(BaseTransform):
    """Simulate the LDCT of an NDCT slice by ``lidnet_mm.simulation.simulate_low_dose``.

    The noise is a pure function of the settings, the slice's content, its patient, index and
    realization, so that every method sees the same LDCT, in whatever order or process.

    The dose is set in one of three ways: ``incident_photons``, ``noise_hu``, or
    ``dose_fraction`` with ``full_dose_photons``. A dose fraction takes into account the noise that
    the NDCT already has (see ``lidnet_mm.simulation.dose_fraction``).

    A slice takes far longer to simulate than to load. ``cache_dir`` keeps the noise of each
    slice as float32 (4 bytes a pixel and realization); the LDCT is the same bit by bit with and
    without it. The folder may be shared by processes and be deleted at any time.

    Required keys: those of ``LoadCTSlice`` after it ran, ``patient_id``, ``spacing``.

    Modified keys: ``img`` becomes (H, W, 2) float32 HU, channel 0 LDCT and channel 1 NDCT, so
    that MMDetection's geometric transforms move both and the boxes together.

    Args:
        incident_photons: Photons per ray before the patient (N0), > 0.
        noise_hu: Expected standard deviation of the noise in the body in HU, > 0; every slice
            gets the photons that it needs for it.
        dose_fraction: Dose of the LDCT in parts of the full dose, in (0, 1).
        full_dose_photons: Photons per ray of the full dose, > 0.
        geometry: ``'parallel'`` or ``'fan'``.
        num_views: Number of projections, >= 1.
        electronic_noise: Standard deviation of the detector's own noise in photons, >= 0.
        seed: Seed of all noise.
        realizations: Noise draws that a slice has. With 1 a slice's LDCT is fixed (validation);
            with more, one of them is drawn at random on every visit (training).
        cache_dir: Folder for the noise; None simulates anew on every visit.
        cache_gib: Most GiB that the folder may take; None sets no bound.

    Raises:
        ValueError: The dose is set in none or several ways, or an argument is out of range, or
            ``cache_gib`` is given without ``cache_dir``.
    """

    def __init__(
        self,
        incident_photons: float | None = None,
        noise_hu: float | None = None,
        dose_fraction: float | None = None,
        full_dose_photons: float | None = None,
        geometry: str = "parallel",
        num_views: int = 720,
        electronic_noise: float = 0.0,
        seed: int = 0,
        realizations: int = 1,
        cache_dir: str | None = None,
        cache_gib: float | None = None,
    ) -> None:
        _check_dose(incident_photons, noise_hu, dose_fraction, full_dose_photons)
        if realizations < 1:
            raise ValueError(f"realizations must be at least 1, not {realizations}")
        arguments.check_electronic_noise(electronic_noise)
        scan_geometry(geometry, size=2, pixel_spacing=1.0, num_views=num_views)  # to check both
        if dose_fraction is not None:
            incident_photons, electronic_noise = simulation.dose_fraction(
                dose_fraction, full_dose_photons, electronic_noise
            )
        self.incident_photons, self.noise_hu = incident_photons, noise_hu
        self.scan = {
            "geometry": geometry,
            "num_views": num_views,
            "electronic_noise": electronic_noise,
        }
        self.seed, self.realizations = seed, realizations
        self.cache = open_store(cache_dir, cache_gib)

    def transform(self, results: dict) -> dict:
        """Simulate the LDCT and stack it on the NDCT.

        Args:
            results: The sample; see the class for its keys.

        Returns:
            The sample with the pair.

        Raises:
            ValueError: The image was cropped, padded, resized or flipped before, or the slice
                cannot be simulated.
        """
        ndct = require_untouched_ndct(results, type(self).__name__)
        realization = int(np.random.randint(self.realizations)) if self.realizations > 1 else 0
        results["img"] = stack_pair(ndct + self._noise(results, ndct, realization), ndct)
        return results

    def _noise(self, results: dict, ndct: np.ndarray, realization: int) -> np.ndarray:
        """The noise of a realization: (H, W) float32 in HU, from the cache where it is there."""
        if self.cache is None:
            return self._simulate(results, ndct, realization)
        key = self._key(results, ndct, realization)
        stored = self.cache.load(key, ndct.shape)
        if stored is not None:
            return stored[0]
        noise = self._simulate(results, ndct, realization)
        self.cache.save(key, noise)
        return noise

    def _simulate(self, results: dict, ndct: np.ndarray, realization: int) -> np.ndarray:
        """Simulate the noise of a realization: (H, W) float32 in HU."""
        batch = torch.from_numpy(ndct).unsqueeze(0)
        spacing = tuple(results["spacing"])
        try:
            photons = self.incident_photons
            if photons is None:
                photons = simulation.photons_for_noise(batch, spacing, self.noise_hu, **self.scan)
            ldct = simulation.simulate_low_dose(
                batch,
                spacing,
                incident_photons=photons,
                generator=noise_generator(self.seed, results, realization),
                **self.scan,
            )
        except ValueError as error:
            raise ValueError(
                f"Cannot simulate the LDCT of patient {results['patient_id']}, slice"
                f" {results['slice_index']} of {results['img_path']}: {error}"
            ) from error
        return ldct[0].numpy() - ndct

    def _key(self, results: dict, ndct: np.ndarray, realization: int) -> str:
        """Name of a realization's noise: it changes with anything that the noise depends on."""
        settings = {
            "incident_photons": self.incident_photons,
            "noise_hu": self.noise_hu,
            "seed": self.seed,
            "spacing": list(results["spacing"]),
            "code": simulation_code_digest(),
            **self.scan,
        }
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        digest.update(_draw_name(self.seed, results, realization).encode())
        digest.update(np.ascontiguousarray(ndct).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        """The transform's settings."""
        folder = None if self.cache is None else str(self.cache.folder)
        gib = None if self.cache is None else self.cache.max_gib
        return (
            f"{type(self).__name__}(incident_photons={self.incident_photons},"
            f" noise_hu={self.noise_hu}, scan={self.scan}, seed={self.seed},"
            f" realizations={self.realizations}, cache_dir={folder!r}, cache_gib={gib})"
        )


def noise_generator(seed: int, results: Mapping[str, Any], realization: int = 0) -> torch.Generator:
    """Random generator of a slice's noise, independent of any other slice's.

    Args:
        seed: Seed of all noise.
        results: ``patient_id`` and ``slice_index`` of the slice, and ``series`` where it has one.
        realization: Which noise draw of the slice.

    Returns:
        A CPU generator.
    """
    digest = hashlib.sha256(_draw_name(seed, results, realization).encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))


@functools.cache
def simulation_code_digest() -> str:
    """Digest of the simulation's source, so that noise of another version is not reused.

    Returns:
        Hexadecimal SHA-256.
    """
    digest = hashlib.sha256()
    for path in sorted(Path(simulation.__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _draw_name(seed: int, results: Mapping[str, Any], realization: int) -> str:
    """What names one noise draw."""
    series = f"/{results['series']}" if results.get("series") else ""
    return f"{seed}|{results['patient_id']}{series}|{results['slice_index']}|{realization}"


def _check_dose(
    incident_photons: float | None,
    noise_hu: float | None,
    dose_fraction: float | None,
    full_dose_photons: float | None,
) -> None:
    """Refuse a dose that is set in none or several ways, or out of range."""
    given = [value for value in (incident_photons, noise_hu, dose_fraction) if value is not None]
    if len(given) != 1:
        raise ValueError(
            "Set the dose in exactly one way: incident_photons, noise_hu or dose_fraction;"
            f" {len(given)} of them are given"
        )
    if (dose_fraction is None) != (full_dose_photons is None):
        raise ValueError("dose_fraction and full_dose_photons belong together: give both")
    if incident_photons is not None:
        arguments.positive("incident_photons", incident_photons, "photons per ray, as 1e5")
    if noise_hu is not None:
        arguments.positive("noise_hu", noise_hu, "HU, as 30")
