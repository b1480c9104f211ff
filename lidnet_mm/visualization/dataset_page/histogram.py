"""Small histograms for a page, as paths of an SVG."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

WIDTH, HEIGHT = 420, 100
"""Size of the drawing without its labels, in SVG's units."""

HU_EDGES = np.arange(-1100, 1501, 50)
SIZE_STEPS = (0.5, 1, 2, 5, 10, 20, 50, 100)
MOST_SIZE_BINS = 24


@dataclass(frozen=True)
class Histogram:
    """A drawn histogram.

    Attributes:
        title: What is counted.
        outlines: Path of each series by its title.
        x_labels: Text by position from the left.
        y_labels: Text by position from the top.
        description: The picture in words.
    """

    title: str
    outlines: Mapping[str, str]
    x_labels: Sequence[tuple[float, str]]
    y_labels: Sequence[tuple[float, str]]
    description: str


def size_histogram(sizes_mm: np.ndarray) -> Histogram | None:
    """Histogram of box sizes.

    Args:
        sizes_mm: (n,) longer side of each box in mm.

    Returns:
        The histogram; None without boxes.
    """
    if not len(sizes_mm):
        return None
    largest = float(sizes_mm.max())
    step = next(
        (step for step in SIZE_STEPS if largest / step < MOST_SIZE_BINS), largest / MOST_SIZE_BINS
    )
    edges = np.arange(math.floor(largest / step) + 2) * step
    counts = np.histogram(sizes_mm, edges)[0]
    most = int(counts.max())
    low, middle, high = np.percentile(sizes_mm, (0, 50, 100))
    return Histogram(
        f"Boxes by longer side in mm, bins of {step:g} mm",
        {"boxes": _outline(counts / most)},
        _spread(edges, 5),
        [(0.0, str(most)), (HEIGHT, "0")],
        f"{len(sizes_mm)} boxes, longer side {low:.1f} to {high:.1f} mm, median {middle:.1f} mm",
    )


def hu_histogram(images: Mapping[str, Sequence[np.ndarray]]) -> Histogram:
    """Histogram of HU, its vertical axis logarithmic since most of a slice is air.

    Args:
        images: Images in HU by title.

    Returns:
        The histogram. HU beyond its ends are counted in the first and the last bin.
    """
    shares = {title: _shares(list(some)) for title, some in images.items() if len(some)}
    decades = 4  # from 0.01 % to 100 %
    heights = {
        title: np.clip(np.log10(np.maximum(share, 1e-9)) / decades + 1, 0, 1)
        for title, share in shares.items()
    }
    return Histogram(
        "Pixels by HU, bins of 50 HU, logarithmic",
        {title: _outline(height) for title, height in heights.items()},
        [(_across(hu), f"{hu:g}".replace("-", "\N{MINUS SIGN}")) for hu in range(-1000, 1501, 500)],
        [(0.0, "100 %"), (HEIGHT / 2, "1 %"), (HEIGHT, "0.01 %")],
        ", ".join(_in_words(title, share) for title, share in shares.items()),
    )


def _shares(images: Sequence[np.ndarray]) -> np.ndarray:
    """Part of all pixels in each bin of HU."""
    inner = [np.clip(image, HU_EDGES[0], HU_EDGES[-1]) for image in images]
    counts = sum(np.histogram(image, HU_EDGES)[0] for image in inner)
    return counts / counts.sum()


def _in_words(title: str, share: np.ndarray) -> str:
    """Where most of the pixels of some images are."""
    parts = [share[_between(low, high)].sum() for low, high in ((-1100, -500), (-500, 200))]
    rest = 1 - sum(parts)
    return (
        f"{title}: {parts[0]:.0%} of pixels below -500 HU, {parts[1]:.0%} from -500 to 200 HU,"
        f" {rest:.0%} above"
    )


def _between(low: float, high: float) -> np.ndarray:
    """Which bins of HU lie between two limits."""
    return (HU_EDGES[:-1] >= low) & (HU_EDGES[1:] <= high)


def _across(hu: float) -> float:
    """Position of a HU from the left."""
    return round((hu - HU_EDGES[0]) / (HU_EDGES[-1] - HU_EDGES[0]) * WIDTH, 1)


def _outline(heights: np.ndarray) -> str:
    """Path of the steps of a histogram whose heights are in [0, 1]."""
    width = WIDTH / len(heights)
    corners = [f"M0 {HEIGHT}"]
    for index, height in enumerate(heights):
        y = round(HEIGHT * (1 - float(height)), 1)
        corners.append(f"V{y:g}H{round(width * (index + 1), 1):g}")
    return "".join([*corners, f"V{HEIGHT}"])


def _spread(edges: np.ndarray, number: int) -> list[tuple[float, str]]:
    """Labels of some edges, evenly spread from the first."""
    every = max(1, math.ceil((len(edges) - 1) / number))
    width = WIDTH / (len(edges) - 1)
    return [(round(i * width, 1), f"{edges[i]:g}") for i in range(0, len(edges), every)]
