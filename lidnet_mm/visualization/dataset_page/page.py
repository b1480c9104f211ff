"""The page of a data set: one HTML file that needs no network."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lidnet_mm import __version__
from lidnet_mm.atomic_write import write_whole
from lidnet_mm.visualization.dataset_page.counts import count_part
from lidnet_mm.visualization.dataset_page.histogram import (
    HEIGHT,
    WIDTH,
    Histogram,
    hu_histogram,
    size_histogram,
)
from lidnet_mm.visualization.dataset_page.hu_statistics import difference_limit
from lidnet_mm.visualization.dataset_page.packed_image import allowed_bytes
from lidnet_mm.visualization.dataset_page.part import DataPart
from lidnet_mm.visualization.dataset_page.shown_slice import ShownSlice, UnreadableSlice
from lidnet_mm.visualization.dataset_page.slice_view import slice_view
from lidnet_mm.visualization.dataset_page.windows import PRESETS, NamedWindow
from lidnet_mm.visualization.html_page import as_it_is, template_environment
from lidnet_mm.visualization.slice_figure import DETECTION_COLOUR, TRUTH_COLOUR

PACKAGE = "lidnet_mm.visualization.dataset_page"
TEMPLATE = "page.html.j2"


@dataclass(frozen=True)
class PageSettings:
    """How a page looks.

    Attributes:
        title: Heading, such as the name of the config; no path.
        facts: How the slices were chosen, a phrase each.
        windows: HU windows to choose from, the one that the page opens with first.
        difference: Whether the page opens with LDCT minus NDCT.
    """

    title: str
    facts: Sequence[str] = ()
    windows: Sequence[NamedWindow] = field(default=PRESETS)
    difference: bool = False


def write_dataset_page(
    entries: Sequence[ShownSlice | UnreadableSlice],
    parts: Sequence[DataPart],
    path: Path,
    settings: PageSettings,
) -> int:
    """Write the page, whole or not at all.

    The page holds its pictures in HU, so windows are changed in the browser.

    Args:
        entries: Slices in the order of the page.
        parts: The data that they are from, counted at the top of the page.
        path: The HTML file; its folder is created.
        settings: How it looks.

    Returns:
        Size of the file in bytes.

    Raises:
        ValueError: No slice can be shown, or the difference is asked for without LDCT.
        OSError: The file cannot be written.
    """
    slices = [entry for entry in entries if isinstance(entry, ShownSlice)]
    if not slices:
        raise ValueError("a page of a data set needs at least one slice that can be read")
    has_ldct = any("LDCT" in shown.images for shown in slices)
    if settings.difference and not has_ldct:
        raise ValueError(
            "there is no LDCT to take the NDCT from: leave out --difference, or browse a config"
            " whose pipeline simulates or loads it"
        )
    page = _render(entries, slices, parts, settings, has_ldct)
    content = page.encode(errors="backslashreplace")  # names of files need not be UTF-8
    write_whole(path, content)
    return len(content)


def _render(
    entries: Sequence[ShownSlice | UnreadableSlice],
    slices: Sequence[ShownSlice],
    parts: Sequence[DataPart],
    settings: PageSettings,
    has_ldct: bool,
) -> str:
    """The page as text."""
    environment = template_environment(PACKAGE)
    most = allowed_bytes(sum(image.size for shown in slices for image in shown.images.values()))
    return environment.get_template(TEMPLATE).render(
        settings=settings,
        version=__version__,
        counts=[count_part(part, entries) for part in parts],
        pipelines=_pipelines(parts),
        histograms=_histograms(slices, parts),
        plot={"width": WIDTH, "height": HEIGHT},
        views=[_view(entry, settings.windows[0], most) for entry in entries],
        has_ldct=has_ldct,
        difference_limit=difference_limit(slices),
        num_unreadable=len(entries) - len(slices),
        colours={"box": TRUTH_COLOUR, "ldct": DETECTION_COLOUR},
        style=as_it_is(PACKAGE, "viewer.css"),
        script=as_it_is(PACKAGE, "packed_image.js") + as_it_is(PACKAGE, "viewer.js"),
    )


def _view(
    entry: ShownSlice | UnreadableSlice, window: NamedWindow, bytes_a_pixel: float
) -> dict[str, Any]:
    """What the template needs of a slice."""
    if isinstance(entry, UnreadableSlice):
        return {"name": entry.name, "reason": entry.reason, "view": None}
    return {"name": entry.name, "view": slice_view(entry, window.window, bytes_a_pixel)}


def _pipelines(parts: Sequence[DataPart]) -> dict[str, list[str]]:
    """Names of the parts by what their pipeline does."""
    found: dict[str, list[str]] = {}
    for part in parts:
        found.setdefault(" → ".join(part.steps), []).append(part.name)
    return found


def _histograms(slices: Sequence[ShownSlice], parts: Sequence[DataPart]) -> list[Histogram]:
    """Sizes of all boxes of the parts, and HU of what is shown."""
    sizes = [size for part in parts for entry in part.slices for size in entry.longer_sides_mm]
    images = {
        title: [shown.images[title] for shown in slices if title in shown.images]
        for title in ("LDCT", "NDCT")
    }
    return [
        histogram
        for histogram in (size_histogram(np.array(sizes)), hu_histogram(images))
        if histogram is not None
    ]
