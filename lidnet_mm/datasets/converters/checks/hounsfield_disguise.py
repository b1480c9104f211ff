"""What was done to HU that do not look like HU: the explanation that fits a CT best.

A CT of a body has air near -1000, lung around -850, fat around -100, soft tissue around 40 and
little above 600 HU. ``ZONES`` states that as a density. Each explanation undoes one fault; the mean
logarithm of the density after it, and before it, says how much better the volume is explained.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from lidnet_mm.datasets.converters.checks.hounsfield_histogram import HounsfieldHistogram

ZONES = (
    (-1100, -1050, 0.005),
    (-1050, -950, 0.30),
    (-950, -300, 0.20),
    (-300, -200, 0.02),
    (-200, -20, 0.20),
    (-20, 150, 0.23),
    (150, 600, 0.04),
    (600, 1600, 0.01),
    (1600, 4100, 1e-3),
)
"""(from, to, share) of HU in CT of chest, abdomen and limbs, read off 140 public volumes."""

ELSEWHERE = 1e-8
"""Density a HU outside of all zones: not 0, since metal and padding come."""

EDGES = np.array([low for low, _, _ in ZONES] + [ZONES[-1][1]], dtype=float)
LOG_DENSITY = np.log([ELSEWHERE, *(share / (high - low) for low, high, share in ZONES), ELSEWHERE])

AIR = (-1100.0, -900.0)
TISSUE = (-200.0, 250.0)
DENSE = 600.0
ABOVE_LUNG = -300.0

ENOUGH = 0.03
"""Share of the voxels from which air or tissue counts as seen."""

ENOUGH_EXPLAINED = 0.05
"""The same after a disguise is taken off: more than a small crop shows by chance."""

MOST_DENSE = 0.15
"""Largest share of bone, metal and the like among the voxels above lung; measured: below 0.05."""

SMALLEST_SHIFT = 400
SHIFTS = np.arange(-4096, 4097, 16)
"""HU that are tried as an offset."""

USUAL_SHIFTS = (-1024.0, -1000.0, 1024.0, 1000.0)

USUAL = 0.3
"""Mean logarithm that the usual offsets are given, since the zones know air to 50 HU only."""

SLOPES = (0.1, 0.25, 0.5, 2.0, 4.0, 10.0)
INTERCEPTS = (0.0, -1000.0, -1024.0)

ADVICE = "convert again from the original CT"


@dataclass(frozen=True)
class Disguise:
    """One thing that can have happened to HU.

    Attributes:
        finding: What it is, and what to do.
        undo: Stored values → HU.
        slope: HU a stored unit.
        bonus: Added to its mean logarithm where explanations are compared.
    """

    finding: str
    undo: Callable[[np.ndarray], np.ndarray]
    slope: float = 1.0
    bonus: float = 0.0


@dataclass(frozen=True)
class Seen:
    """What of a body a histogram shows, as shares of its voxels.

    Attributes:
        air: Near -1000 HU.
        tissue: Fat and soft tissue.
        dense: Bone and above, as a share of what lies above lung.
    """

    air: float
    tissue: float
    dense: float

    @classmethod
    def of(cls, histogram: HounsfieldHistogram) -> "Seen":
        """Look at a histogram."""
        above = histogram.share(ABOVE_LUNG, np.inf)
        dense = histogram.share(DENSE, np.inf) / above if above else 0.0
        return cls(histogram.share(*AIR), histogram.share(*TISSUE), dense)

    def whole(self, enough: float) -> bool:
        """Whether a share of air and of tissue is seen, each where it belongs."""
        return min(self.air, self.tissue) >= enough and self.dense <= MOST_DENSE


def likeness(histogram: HounsfieldHistogram, disguise: Disguise | None = None) -> float:
    """Tell how much a histogram looks like a CT's.

    Args:
        histogram: Of a volume, without its padding.
        disguise: What to undo before.

    Returns:
        Mean natural logarithm of the density a stored unit.
    """
    values = histogram.values if disguise is None else disguise.undo(histogram.values)
    density = LOG_DENSITY[np.searchsorted(EDGES, values, side="right")]
    mean = float(np.dot(density, histogram.counts) / histogram.voxels)
    return mean + (0.0 if disguise is None else float(np.log(disguise.slope)))


def explain(
    histogram: HounsfieldHistogram, padding: HounsfieldHistogram
) -> tuple[Disguise | None, float]:
    """Find what explains a histogram best.

    Args:
        histogram: Of a volume, without its padding.
        padding: The padding; it may turn out to be air.

    Returns:
        The best of those disguises that show air and tissue where they belong, None where there is
        no such, and by how much it explains better than taking the values as HU.
    """
    as_they_are = likeness(histogram)
    best, gain = None, 0.0
    for disguise in _disguises(histogram):
        better = likeness(histogram, disguise) - as_they_are + disguise.bonus
        if better <= gain:
            continue
        if Seen.of(_undone(histogram, padding, disguise)).whole(ENOUGH_EXPLAINED):
            best, gain = disguise, better
    return best, gain - (best.bonus if best else 0.0)


def _undone(
    histogram: HounsfieldHistogram, padding: HounsfieldHistogram, disguise: Disguise
) -> HounsfieldHistogram:
    """The histogram of all voxels after a disguise is taken off."""
    values = np.concatenate([histogram.values, padding.values])
    counts = np.concatenate([histogram.counts, padding.counts])
    return HounsfieldHistogram(disguise.undo(values), counts)


def _disguises(histogram: HounsfieldHistogram) -> Iterator[Disguise]:
    """All that is tried."""
    yield from (_offset(shift, USUAL) for shift in USUAL_SHIFTS)
    for shift in SHIFTS[np.abs(SHIFTS) >= SMALLEST_SHIFT]:
        yield _offset(float(shift))
    for slope in SLOPES:
        for shift in {*INTERCEPTS, *(each * (1 - slope) for each in INTERCEPTS)}:
            yield _rescaled(slope, shift)
    lowest, highest = histogram.values[0], histogram.values[-1]
    if 2047 < highest < 4096 and lowest > -2048:
        yield _wrapped(12, 0.0)
    if highest > 4096 or lowest < -4096:
        for offset in (0.0, 1000.0, 1024.0, 8192.0, 32768.0):
            yield _offset(-offset)
            yield _wrapped(16, offset)


def _offset(shift: float, bonus: float = 0.0) -> Disguise:
    """HU + an offset."""
    if shift > 0:
        finding = (
            f"they look about {shift:g} HU too low, as where an intercept is applied twice: "
            f"correct scl_inter in the NIfTI header, or {ADVICE}"
        )
    else:
        finding = (
            f"they look stored with an offset of about {-shift:g}: set scl_inter in the NIfTI "
            "header (often -1024 or -1000), or apply the DICOM's RescaleSlope and RescaleIntercept"
        )
    return Disguise(finding, lambda values: values + shift, bonus=bonus)


def _rescaled(slope: float, shift: float) -> Disguise:
    """(HU - shift) / slope."""
    return Disguise(
        f"they look like HU divided by {slope:g}: the rescale slope is lost; set scl_slope and "
        "scl_inter in the NIfTI header, or apply the DICOM's RescaleSlope and RescaleIntercept",
        lambda values: values * slope + shift,
        slope,
    )


def _wrapped(bits: int, offset: float) -> Disguise:
    """HU + an offset in too few bits, or with the wrong sign."""
    size = 2**bits

    def undo(values: np.ndarray) -> np.ndarray:
        unsigned = np.mod(values, size)
        if offset:
            return np.where(unsigned > size - 4096, unsigned - size, unsigned) - offset
        return np.where(unsigned >= size / 2, unsigned - size, unsigned)

    sign = "with" if not offset else "without"
    return Disguise(
        f"values look wrapped around at {bits} bits, so no slope and intercept can help: "
        f"{ADVICE}, its pixels read as integers {sign} sign",
        undo,
    )
