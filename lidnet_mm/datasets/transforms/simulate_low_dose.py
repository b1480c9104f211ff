"""Simulating the LDCT of a slice: in tests always the same, in training another at every visit."""

import logging
from collections.abc import Sequence
from typing import Any

import torch
from mmengine.logging import print_log

from lidnet_mm.datasets.drawn_slices import NOISE_DRAW
from lidnet_mm.datasets.slice_cache.image_store import open_store
from lidnet_mm.datasets.transforms.low_dose_modes import MODES, Dose
from lidnet_mm.datasets.transforms.noise_draws import NoiseSource, SliceNoise
from lidnet_mm.datasets.transforms.paired_image import require_untouched_ndct, stack_pair
from lidnet_mm.datasets.transforms.slice_transform import SliceTransform
from lidnet_mm.datasets.transforms.training_noise import training_noise
from lidnet_mm.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SimulateLowDose(SliceTransform):
    """Simulate the LDCT of an NDCT slice.

    In a test the noise is a pure function of the settings, the slice's content, its patient and
    index, so that every method sees the same LDCT, in whatever order or process. In training it is
    another at every visit, a function of the visit's seed besides, so that no network learns it by
    heart and a resumed training sees what the uninterrupted one sees. Which of the two a slice gets
    is no setting: only a data set that is not in test mode, asked by a ``SeededInfiniteSampler``,
    sends the draw without which there is no fresh noise. No draw serves both.

    With ``mode='physics'`` by ``lidnet_mm.simulation.simulate_low_dose``. With
    ``mode='gholizadeh2019'`` as the paper did, by ``simulate_gholizadeh2019``, for comparison only:
    its LDCT is scaled into the range of the NDCT and has no HU, its photons are none, and the
    ``slice_thickness`` of the sample decides how strong the noise is.

    The dose is set in one of three ways: ``incident_photons``, ``noise_hu``, or
    ``dose_fraction`` with ``full_dose_photons``. A dose fraction takes into account the noise that
    the NDCT already has (see ``lidnet_mm.simulation.dose_fraction``). ``dose_preset`` names the
    paper's photons for one of its data sets: they are meant for ``mode='gholizadeh2019'``; with
    physics they leave a body of true size no image (docs/simulation.md).

    A slice takes far longer to simulate than to load. ``cache_dir`` keeps the noise of tests as
    float32; their LDCT is the same bit by bit with and without it. Of a training it keeps
    ``realizations`` draws a slice and their mean, 2 bytes a pixel each: the first visits have the
    draws themselves, later ones random mixes of the same mean and covariance
    (``training_noise``; docs/simulation.md says how far a mix is as good as a draw). Without it
    each visit simulates its own. The folder may be shared by processes and be deleted at any time.

    Required keys: those of ``LoadCTSlice`` after it ran, ``patient_id``, ``spacing``; in training
    ``noise_draw`` of ``CTLesionDataset``.

    Modified keys: ``img`` becomes (H, W, 2) float32 HU, channel 0 LDCT and channel 1 NDCT, so
    that MMDetection's geometric transforms move both and the boxes together.

    Args:
        incident_photons: Photons per ray before the patient (N0), > 0.
        noise_hu: Expected standard deviation of the noise in the body in HU, > 0; every slice
            gets the photons that it needs for it. A range, (lowest, highest), is another dose at
            every visit in training, its logarithm drawn uniformly, and in tests one that the
            slice keeps.
        dose_fraction: Dose of the LDCT in parts of the full dose, in (0, 1).
        full_dose_photons: Photons per ray of the full dose, > 0.
        geometry: ``'parallel'``, ``'fan'`` or a scanner's name in ``simulation.SCANNERS``; None is
            ``'parallel'``. With ``mode='physics'`` only, as the next two.
        num_views: Number of projections, >= 1; None is 720, or what the scanner has.
        electronic_noise: Standard deviation of the detector's own noise in photons, >= 0.
        seed: Seed of all noise.
        realizations: Draws of a slice's noise that are kept for training, >= 1. With 1 a slice in
            training has the noise of the tests at every visit. No test depends on it.
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
        noise_hu: float | Sequence[float] | None = None,
        dose_fraction: float | None = None,
        full_dose_photons: float | None = None,
        geometry: str | None = None,
        num_views: int | None = None,
        electronic_noise: float = 0.0,
        seed: int = 0,
        realizations: int = 4,
        cache_dir: str | None = None,
        cache_gib: float | None = None,
        mode: str = "physics",
        dose_preset: str | None = None,
        device: str = "cpu",
    ) -> None:
        if mode not in MODES:
            raise ValueError(f"mode must be {' or '.join(map(repr, MODES))}, not {mode!r}")
        if not isinstance(realizations, int) or realizations < 1:
            raise ValueError(
                f"realizations must be at least 1, not {realizations!r}: set the number of noise"
                " draws to keep of a training slice, such as 4, or 1 for the same noise at every"
                " visit"
            )
        dose = Dose(incident_photons, noise_hu, dose_fraction, full_dose_photons, dose_preset)
        self.mode = MODES[mode](dose, geometry, num_views, electronic_noise)
        self.device = _usable_device(device)
        self.seed, self.realizations = seed, realizations
        self.cache = open_store(cache_dir, cache_gib)
        self._warned = False

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
        noise = SliceNoise(self._source, results, ndct)
        draw = results.get(NOISE_DRAW)
        if self.realizations == 1 or draw is None:
            self._warn_of_fixed_noise(results)
            added = noise.fixed()
        else:
            added = training_noise(noise, self.realizations, draw)
        results["img"] = stack_pair(ndct + added, ndct)
        return results

    @property
    def settings(self) -> dict[str, Any]:
        """All that the noise of a test slice depends on besides the slice itself, as json."""
        return self._source.settings

    @property
    def _source(self) -> NoiseSource:
        """What makes and keeps the noise."""
        return NoiseSource(self.mode, self.seed, self.device, self.cache)

    def _warn_of_fixed_noise(self, results: dict) -> None:
        """Say once that slices come in training whose visits cannot be told apart."""
        if self._warned or NOISE_DRAW not in results or self.realizations == 1:
            return
        self._warned = True
        print_log(
            f"Slices of {results['img_path']} and others come without a seed of their visit, so"
            " that their simulated noise is the same at every visit: to train, set"
            " sampler=dict(type='lidnet_mm.SeededInfiniteSampler'); to test, test_mode=True; or"
            " realizations=1 of SimulateLowDose where the same noise is wanted",
            logger="current",
            level=logging.WARNING,
        )

    def __repr__(self) -> str:
        """The transform's settings."""
        folder = None if self.cache is None else str(self.cache.folder)
        gib = None if self.cache is None else self.cache.max_gib
        return (
            f"{type(self).__name__}({self.mode.settings}, seed={self.seed},"
            f" realizations={self.realizations}, cache_dir={folder!r}, cache_gib={gib},"
            f" device={str(self.device)!r})"
        )


def _usable_device(name: str) -> torch.device:
    """The device, where there is one."""
    try:
        device = torch.device(name)
        torch.empty(0, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"device {name!r} cannot be used ({error}): set 'cpu'") from error
    return device
