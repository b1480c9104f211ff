"""The noise draws of a slice, each with a number, simulated once and kept."""

import functools
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lidnet_mm import simulation
from lidnet_mm.datasets.slice_cache.image_store import ImageStore
from lidnet_mm.datasets.transforms.low_dose_modes import LowDoseMode
from lidnet_mm.seeding import seed_for

FIXED = 0
"""Number of the draw that a slice has in every test."""

LEVELS = 32767
"""Steps from 0 to the largest value of a rounded image."""


@dataclass(frozen=True)
class NoiseSource:
    """What makes and keeps noise.

    Attributes:
        mode: The simulation.
        seed: Seed of all noise.
        device: Where it is computed.
        cache: Where draws are kept; None simulates anew each time.
    """

    mode: LowDoseMode
    seed: int
    device: torch.device
    cache: ImageStore | None

    @property
    def settings(self) -> dict[str, Any]:
        """All that the noise of a slice depends on besides the slice itself, as json."""
        return {
            **self.mode.settings,
            "seed": self.seed,
            "device": self.device.type,
            "code": simulation_code_digest(),
        }

    def level(self, random: np.random.Generator) -> float | None:
        """A noise of the range in HU, its logarithm drawn uniformly; None without a range."""
        if self.mode.noise_range is None:
            return None
        return float(np.exp(random.uniform(*np.log(self.mode.noise_range))))


class SliceNoise:
    """Noise of one slice, LDCT less NDCT: (H, W) float32 in HU.

    A numbered draw is a pure function of the settings, the slice's content, its patient, index and
    number, whether it comes from the cache or is simulated. Those above ``FIXED`` and their mean
    are rounded to 16 bits: at 60 HU in steps of about 0.01 HU, in half the space.

    Args:
        source: What makes and keeps it.
        results: The sample, as ``LoadCTSlice`` leaves it.
        ndct: (H, W) float32 in HU.

    All methods raise ``ValueError`` where the slice cannot be simulated.
    """

    def __init__(self, source: NoiseSource, results: dict, ndct: np.ndarray) -> None:
        self.source, self.results, self.ndct = source, results, ndct

    def fixed(self) -> np.ndarray:
        """The draw of every test; with a range of doses, at a dose that the slice keeps."""
        name = draw_name(self.source.seed, self.results, FIXED)
        level = self.source.level(np.random.default_rng(seed_for("dose", name)))
        return self._kept(name, lambda: self._simulate(FIXED, level))

    def numbered(self, number: int, weight: float = 1.0) -> np.ndarray:
        """A draw for trainings, 1 or more, times a weight; with a range of doses, at its middle."""
        name = draw_name(self.source.seed, self.results, number)
        if self.source.mode.adds_noise:
            return self._kept_rounded(name, lambda: self._simulate(number), weight)
        return self._kept(name, lambda: self._simulate(number)) * np.float32(weight)

    def once(self, seed: int, level: float | None) -> np.ndarray:
        """A draw that is not kept, at a noise in HU of the range."""
        return self._simulate(f"visit {seed}", level)

    def mean(self, weight: float = 1.0) -> np.ndarray:
        """Mean over all draws there could be, times a weight; with a range, at its middle."""
        mode = self.source.mode

        def make() -> np.ndarray:
            return self._computed(lambda ndct: mode.mean_noise(ndct, self.results))

        return self._kept_rounded("mean", make, weight)

    def _simulate(self, number: int | str, level: float | None = None) -> np.ndarray:
        """Simulate a draw."""
        mode, device = self.source.mode, self.source.device
        generator = noise_generator(self.source.seed, self.results, number, device)
        ldct = self._computed(lambda ndct: mode.simulate(ndct, self.results, generator, level))
        return ldct - self.ndct

    def _computed(self, compute: Callable[[Tensor], Tensor]) -> np.ndarray:
        """What is computed of the slice on the device; errors name the slice."""
        ndct = torch.from_numpy(self.ndct).unsqueeze(0).to(self.source.device)
        try:
            return compute(ndct)[0].cpu().numpy()
        except ValueError as error:
            raise ValueError(
                f"Cannot simulate the LDCT of patient {self.results['patient_id']}, slice"
                f" {self.results['slice_index']} of {self.results['img_path']}: {error}"
            ) from error

    def _kept(self, name: str, make: Callable[[], np.ndarray]) -> np.ndarray:
        """An image from the cache, or made and kept there."""
        cache = self.source.cache
        if cache is None:
            return make()
        key = self._key(name)
        stored = cache.load(key, self.ndct.shape)
        if stored is not None:
            return stored[0]
        image = make()
        cache.save(key, image)
        return image

    def _kept_rounded(self, name: str, make: Callable[[], np.ndarray], weight: float) -> np.ndarray:
        """An image rounded to 16 bits, from the cache, or made and kept there; times a weight."""
        cache = self.source.cache
        key = None if cache is None else self._key(f"{name}|16 bits")
        stored = None if cache is None else cache.load(key, self.ndct.shape)
        if stored is not None:
            steps, step = stored[0], stored[1]["step"]
        else:
            image = make()
            step = float(np.abs(image).max()) / LEVELS or 1.0
            steps = np.rint(image / np.float32(step)) + np.float32(0)  # no -0.0: not of 16 bits
            if cache is not None:
                cache.save(key, steps, {"step": step})
        steps *= np.float32(step * weight)
        return steps

    def _key(self, name: str) -> str:
        """Name of an image: it changes with anything that the image depends on."""
        digest = self._digest.copy()
        digest.update(name.encode())
        return digest.hexdigest()

    @functools.cached_property
    def _digest(self) -> Any:
        """Digest of what all images of the slice depend on."""
        sample = {key: self.results.get(key) for key in self.source.mode.sample_keys}
        settings = {**self.source.settings, "sample": sample}
        digest = hashlib.sha256(json.dumps(settings, sort_keys=True).encode())
        digest.update(np.ascontiguousarray(self.ndct).tobytes())
        return digest


def draw_name(seed: int, results: Mapping[str, Any], number: int | str) -> str:
    """What names one noise draw.

    Args:
        seed: Seed of all noise.
        results: ``patient_id`` and ``slice_index`` of the slice, and ``series`` where it has one.
        number: Which noise draw of the slice.

    Returns:
        Such as ``0|case_0001|3|0``.
    """
    series = f"/{results['series']}" if results.get("series") else ""
    return f"{seed}|{results['patient_id']}{series}|{results['slice_index']}|{number}"


def noise_generator(
    seed: int,
    results: Mapping[str, Any],
    number: int | str = FIXED,
    device: torch.device | str = "cpu",
) -> torch.Generator:
    """Random generator of a noise draw, independent of any other's.

    Args:
        seed: Seed of all noise.
        results: As for :func:`draw_name`.
        number: Which noise draw of the slice.
        device: Where the noise is drawn.

    Returns:
        The generator, on the device.
    """
    digest = hashlib.sha256(draw_name(seed, results, number).encode()).digest()
    seed_of_draw = int.from_bytes(digest[:8], "little", signed=True)
    return torch.Generator(device).manual_seed(seed_of_draw)


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
