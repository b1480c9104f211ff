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
from lidnet_mm.datasets.slice_cache.image_store import open_store
from lidnet_mm.datasets.transforms.low_dose_modes import MODES, Dose
from lidnet_mm.datasets.transforms.paired_image import require_untouched_ndct, stack_pair
from lidnet_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SimulateLowDose(BaseTransform):
    """Simulate the LDCT of an NDCT slice.

    The noise is a pure function of the settings, the slice's content, its patient, index and
    realization, so that every method sees the same LDCT, in whatever order or process.

    With ``mode='physics'`` by ``lidnet_mm.simulation.simulate_low_dose``. With
    ``mode='gholizadeh2019'`` as the paper did, by ``simulate_gholizadeh2019``, for comparison only:
    its LDCT is scaled into the range of the NDCT and has no HU, its photons are none, and the
    ``slice_thickness`` of the sample decides how strong the noise is.

    The dose is set in one of three ways: ``incident_photons``, ``noise_hu``, or
    ``dose_fraction`` with ``full_dose_photons``. A dose fraction takes into account the noise that
    the NDCT already has (see ``lidnet_mm.simulation.dose_fraction``). ``dose_preset`` names the
    paper's photons for one of its data sets: they are meant for ``mode='gholizadeh2019'``; with
    physics they leave a body of true size no image (docs/simulation.md).

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
        geometry: ``'parallel'``, ``'fan'`` or a scanner's name in ``simulation.SCANNERS``; None is
            ``'parallel'``. With ``mode='physics'`` only, as the next two.
        num_views: Number of projections, >= 1; None is 720, or what the scanner has.
        electronic_noise: Standard deviation of the detector's own noise in photons, >= 0.
        seed: Seed of all noise.
        realizations: Noise draws that a slice has. With 1 a slice's LDCT is fixed (validation);
            with more, one of them is drawn at random on every visit (training).
        cache_dir: Folder for the noise; None simulates anew on every visit.
        cache_gib: Most GiB that the folder may take; None sets no bound.
        mode: ``'physics'`` or ``'gholizadeh2019'``.
        dose_preset: A name in ``simulation.PAPER_DOSES``, such as ``'lidnet_pe_ct'``.
        device: Where it is computed. Another kind of device draws other noise, of the same
            statistics; where it is not ``'cpu'``, load in the main process (``num_workers=0``).

    Raises:
        ValueError: The dose is set in none or several ways, or an argument is out of range or does
            not belong to the mode, or ``cache_gib`` is given without ``cache_dir``.
    """

    def __init__(
        self,
        incident_photons: float | None = None,
        noise_hu: float | None = None,
        dose_fraction: float | None = None,
        full_dose_photons: float | None = None,
        geometry: str | None = None,
        num_views: int | None = None,
        electronic_noise: float = 0.0,
        seed: int = 0,
        realizations: int = 1,
        cache_dir: str | None = None,
        cache_gib: float | None = None,
        mode: str = "physics",
        dose_preset: str | None = None,
        device: str = "cpu",
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be {' or '.join(map(repr, MODES))}, not {mode!r}")
        if realizations < 1:
            raise ValueError(f"realizations must be at least 1, not {realizations}")
        dose = Dose(incident_photons, noise_hu, dose_fraction, full_dose_photons, dose_preset)
        self.mode = MODES[mode](dose, geometry, num_views, electronic_noise)
        self.device = _usable_device(device)
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
        batch = torch.from_numpy(ndct).unsqueeze(0).to(self.device)
        generator = noise_generator(self.seed, results, realization, self.device)
        try:
            ldct = self.mode.simulate(batch, results, generator)
        except ValueError as error:
            raise ValueError(
                f"Cannot simulate the LDCT of patient {results['patient_id']}, slice"
                f" {results['slice_index']} of {results['img_path']}: {error}"
            ) from error
        return ldct[0].cpu().numpy() - ndct

    @property
    def settings(self) -> dict[str, Any]:
        """All that the noise of a slice depends on besides the slice itself, as json."""
        return {
            **self.mode.settings,
            "seed": self.seed,
            "device": self.device.type,
            "code": simulation_code_digest(),
        }

    def _key(self, results: dict, ndct: np.ndarray, realization: int) -> str:
        """Name of a realization's noise: it changes with anything that the noise depends on."""
        sample = {key: results.get(key) for key in self.mode.sample_keys}
        settings = {**self.settings, "sample": sample}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        digest.update(_draw_name(self.seed, results, realization).encode())
        digest.update(np.ascontiguousarray(ndct).tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        """The transform's settings."""
        folder = None if self.cache is None else str(self.cache.folder)
        gib = None if self.cache is None else self.cache.max_gib
        return (
            f"{type(self).__name__}({self.mode.settings}, seed={self.seed},"
            f" realizations={self.realizations}, cache_dir={folder!r}, cache_gib={gib},"
            f" device={str(self.device)!r})"
        )


def noise_generator(
    seed: int,
    results: Mapping[str, Any],
    realization: int = 0,
    device: torch.device | str = "cpu",
) -> torch.Generator:
    """Random generator of a slice's noise, independent of any other slice's.

    Args:
        seed: Seed of all noise.
        results: ``patient_id`` and ``slice_index`` of the slice, and ``series`` where it has one.
        realization: Which noise draw of the slice.
        device: Where the noise is drawn.

    Returns:
        The generator, on the device.
    """
    digest = hashlib.sha256(_draw_name(seed, results, realization).encode()).digest()
    seed_of_slice = int.from_bytes(digest[:8], "little", signed=True)
    return torch.Generator(device).manual_seed(seed_of_slice)


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


def _usable_device(name: str) -> torch.device:
    """The device, where there is one."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} cannot be used ({error}): set 'cpu'") from error
    return device
