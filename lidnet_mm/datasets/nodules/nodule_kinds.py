"""Which nodules there are, and drawing one of a wanted size, kind and margin."""

from dataclasses import dataclass, replace

import numpy as np

from lidnet_mm.datasets.nodules.nodule import Nodule

KINDS = ("solid", "part_solid", "ground_glass")
MARGINS = ("smooth", "lobulated", "spiculated")
ATTACHMENTS = ("none", "vessel", "pleura")

CORE_OFFSET = 0.5
"""A core lies off the centre along each axis by at most this share of the room that it has."""


@dataclass(frozen=True)
class NoduleRanges:
    """From what nodules are drawn.

    Attributes:
        diameter_mm: Range of the mean diameter.
        kinds: Kinds, each as likely; see ``KINDS``. A kind may come twice.
        margins: Margins of solid nodules, each as likely; see ``MARGINS``. Ground glass has no
            spicules to be seen: it is smooth or lobulated.
        attachments: What nodules touch, each as likely; see ``ATTACHMENTS``.
        solid_hu: Range of the mean of solid nodules and cores in HU.
        ground_glass_hu: The same of ground glass.
        least_contrast_hu: Nodules that differ by less from the lung in every slice, because the
            slices are much thicker than they are, are drawn again.

    Raises:
        ValueError: A range that is none, or a name that is unknown.
    """

    diameter_mm: tuple[float, float] = (4.0, 20.0)
    kinds: tuple[str, ...] = ("solid", "solid", "part_solid", "ground_glass")
    margins: tuple[str, ...] = MARGINS
    attachments: tuple[str, ...] = ("none",)
    solid_hu: tuple[float, float] = (-10.0, 60.0)
    ground_glass_hu: tuple[float, float] = (-650.0, -400.0)
    least_contrast_hu: float = 100.0

    def __post_init__(self) -> None:
        """Refuse what no nodule can have."""
        low, high = self.diameter_mm
        if not 0 < low <= high:
            raise ValueError(
                f"nodule diameters {self.diameter_mm}: give two increasing lengths in mm"
            )
        for name in ("solid_hu", "ground_glass_hu"):
            low, high = getattr(self, name)
            if not -900 <= low <= high <= 500:
                raise ValueError(f"{name} {low:g} to {high:g}: give a range within -900 to 500")
        for name, known in (("kinds", KINDS), ("margins", MARGINS), ("attachments", ATTACHMENTS)):
            given = getattr(self, name)
            if not given or set(given) - set(known):
                raise ValueError(f"{name} {given}: give some of {known}")

    def draw(self, rng: np.random.Generator) -> Nodule:
        """Draw a nodule around the origin."""
        kind = str(rng.choice(self.kinds))
        margin = str(rng.choice(self.margins))
        if kind == "ground_glass" and margin == "spiculated":
            margin = "lobulated"
        diameter = float(rng.uniform(*self.diameter_mm))
        attachment = str(rng.choice(self.attachments))
        solid_hu, hazy_hu = rng.uniform(*self.solid_hu), rng.uniform(*self.ground_glass_hu)
        nodule = draw_body(diameter, margin, rng)
        core = float(rng.uniform(0.35, 0.6))
        offset = (1 - core) * diameter / 2 * rng.uniform(-CORE_OFFSET, CORE_OFFSET, 3)
        if kind != "part_solid":
            core, offset = 0.0, np.zeros(3)
        return replace(
            nodule,
            kind=kind,
            hu=float(solid_hu if kind == "solid" else hazy_hu),
            core=core,
            core_hu=float(solid_hu),
            core_offset=tuple(float(mm) for mm in offset),
            attachment=attachment,
        )


def draw_body(diameter: float, margin: str, rng: np.random.Generator) -> Nodule:
    """Draw a solid nodule of 30 HU around the origin.

    Args:
        diameter: Mean diameter in mm; the body has exactly the volume of that sphere.
        margin: One of ``MARGINS``.
        rng: For the shape.
    """
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    lobes, heights, widths = _MARGINS[margin](rng)
    body = Nodule(
        centre=(0.0, 0.0, 0.0),
        half_axes=tuple(float(a) for a in rng.uniform(0.78, 1.25, 3)),
        rotation=rotation,
        lobes=lobes / np.linalg.norm(lobes, axis=1, keepdims=True),
        heights=heights,
        widths=widths,
        kind="solid",
        margin=margin,
        hu=30.0,
    )
    scale = diameter / body.diameter
    return replace(body, half_axes=tuple(a * scale for a in body.half_axes))


_Lobes = tuple[np.ndarray, np.ndarray, np.ndarray]


def _smooth(rng: np.random.Generator) -> _Lobes:
    """Lobes so broad and low that the body is only not quite an ellipsoid, and a rough surface."""
    count = int(rng.integers(3, 6))
    heights = rng.uniform(-0.16, 0.16, count)
    return _join((rng.normal(size=(count, 3)), heights, np.full(count, 0.35)), _rough(0.05, rng))


def _lobulated(rng: np.random.Generator) -> _Lobes:
    """Some bulges with notches between them."""
    count = int(rng.integers(5, 10))
    heights = rng.uniform(-0.2, 0.36, count)
    widths = rng.uniform(0.06, 0.18, count)
    return _join((rng.normal(size=(count, 3)), heights, widths), _rough(0.06, rng))


def _spiculated(rng: np.random.Generator) -> _Lobes:
    """A lobulated body with many thin spikes of unequal length."""
    lobes, heights, widths = _lobulated(rng)
    count = int(rng.integers(45, 80))
    lengths = 0.2 + rng.exponential(0.25, count).clip(max=0.9)
    spikes = rng.normal(size=(count, 3)), lengths, rng.uniform(0.002, 0.008, count)
    return _join((lobes, 0.7 * heights, widths), spikes)


def _rough(height: float, rng: np.random.Generator) -> _Lobes:
    """Many small bumps and dents."""
    count = 40
    return rng.normal(size=(count, 3)), rng.normal(0, height, count), rng.uniform(0.01, 0.04, count)


def _join(first: _Lobes, second: _Lobes) -> _Lobes:
    """Both groups of lobes."""
    return tuple(np.concatenate(parts) for parts in zip(first, second, strict=True))


_MARGINS = {"smooth": _smooth, "lobulated": _lobulated, "spiculated": _spiculated}
