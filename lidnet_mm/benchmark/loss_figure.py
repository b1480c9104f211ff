"""Loss curves coloured by phase, as SVG that takes its colours from the page's style sheet."""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from lidnet_mm.benchmark.training_log import Curves

# Colours that stand for a variable of the style sheet: the page is light or dark.
VARIABLES = {
    "#010101": "ink",
    "#020202": "rule",
    "#030300": "phase-0",
    "#030301": "phase-1",
    "#030302": "phase-2",
    "#030303": "phase-3",
}
COLOURS = {variable: colour for colour, variable in VARIABLES.items()}
PHASE_TITLES = {
    0: "without phases",
    1: "T1: detector on NDCT",
    2: "T2: denoiser, detector frozen",
    3: "T3: detector on denoised slices",
}
SIZE_INCHES = (5.2, 2.7)
LOG_SCALE_FROM = 20.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""


@dataclass(frozen=True)
class LossPanel:
    """One drawn loss of a training.

    Attributes:
        title (str): Which loss.
        svg (str): The picture, an ``<svg>`` element.
        description (str): The curve in words.
    """

    title: str
    svg: str
    description: str


def loss_panels(curves: Curves, prefix: str) -> list[LossPanel]:
    """Draw the losses of one training, a panel each.

    Args:
        curves (Curves): The training's log.
        prefix (str): Start of all ids in the pictures, one of its own for each call on a page.

    Returns:
        list[LossPanel]: Total, reconstruction, ROI perceptual and detection loss, as far as they
        were logged; one that equals the total is not drawn twice.
    """
    return [
        LossPanel(title, _svg(curves, values, f"{prefix}-{index}"), _words(curves, title, values))
        for index, (title, values) in enumerate(_families(curves))
    ]


def drawn_phases(curves: Curves) -> list[int]:
    """Numbers of the phases in a training, in order."""
    return sorted(set(curves.phases.tolist()))


def _families(curves: Curves) -> Iterator[tuple[str, np.ndarray]]:
    """Losses to draw: the total, and its parts where there are several."""
    parts = {}
    for title, pattern in (
        ("Reconstruction loss", r"loss_recon"),
        ("ROI perceptual loss", r"loss_roi_perceptual"),
        ("Detection loss", r"detector[./].*loss"),
    ):
        columns = [values for name, values in curves.losses.items() if re.match(pattern, name)]
        if columns:
            parts[title] = _sum_of_present(columns)
    if "loss" in curves.losses:
        yield "Total loss", curves.losses["loss"]
    if len(parts) > 1:
        yield from parts.items()


def _sum_of_present(columns: list[np.ndarray]) -> np.ndarray:
    """Sum of columns, NaN where none of them was logged."""
    stacked = np.stack(columns)
    return np.where(np.isnan(stacked).all(axis=0), np.nan, np.nansum(stacked, axis=0))


def _runs(curves: Curves) -> Iterator[tuple[int, slice]]:
    """Stretches of one phase: its number and their part of the log."""
    edges = np.flatnonzero(np.diff(curves.phases)) + 1
    starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(curves.phases)]
    for start, stop in zip(starts, stops, strict=True):
        yield int(curves.phases[start]), slice(start, stop)


def _svg(curves: Curves, values: np.ndarray, prefix: str) -> str:
    """One panel."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix, "font.size": 10}):
        figure = Figure(figsize=SIZE_INCHES, facecolor="none")
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.115, 0.165, 0.86, 0.745), facecolor="none")
        _draw_bands(axes, curves)
        _draw_lines(axes, curves, values)
        _style(axes, values)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return _for_a_page(buffer.getvalue(), prefix)


def _draw_bands(axes: Axes, curves: Curves) -> None:
    """Tinted background of each phase, named at the top where there is room."""
    first, last = curves.iterations[0], curves.iterations[-1]
    axes.set_xlim(first, max(last, first + 1))
    for phase, part in _runs(curves):
        if phase == 0:
            continue
        start, stop = _extent(curves, part)
        colour = COLOURS[f"phase-{phase}"]
        axes.axvspan(start, stop, facecolor=colour, alpha=0.12, lw=0)
        if stop - start > 0.06 * (last - first):
            axes.text(
                (start + stop) / 2,
                1.02,
                f"T{phase}",
                transform=axes.get_xaxis_transform(),
                ha="center",
                color=colour,
            )


def _extent(curves: Curves, part: slice) -> tuple[float, float]:
    """Iterations a stretch covers: half way to its neighbours."""
    iterations = curves.iterations
    start, stop = iterations[part.start], iterations[part.stop - 1]
    if part.start > 0:
        start = (start + iterations[part.start - 1]) / 2
    if part.stop < len(iterations):
        stop = (stop + iterations[part.stop]) / 2
    return float(start), float(stop)


def _draw_lines(axes: Axes, curves: Curves, values: np.ndarray) -> None:
    """The curve, broken where the phase changes."""
    for phase, part in _runs(curves):
        x, y = curves.iterations[part], values[part]
        known = ~np.isnan(y)
        colour = COLOURS[f"phase-{phase}"]
        marker = "o" if known.sum() == 1 else ""
        axes.plot(x[known], y[known], color=colour, lw=1.6, marker=marker, ms=3)


def _style(axes: Axes, values: np.ndarray) -> None:
    """Axes, ticks and labels."""
    known = values[np.isfinite(values)]
    if known.size and known.min() > 0 and known.max() / known.min() > LOG_SCALE_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("log scale", color=COLOURS["ink"], labelpad=1)
    else:
        axes.set_ylim(bottom=min(0.0, known.min(initial=0.0)))
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("iteration", color=COLOURS["ink"], labelpad=2)
    axes.grid(axis="y", color=COLOURS["rule"], lw=0.6)
    axes.tick_params(colors=COLOURS["ink"], which="both", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(COLOURS["rule"])


def _for_a_page(svg: str, prefix: str) -> str:
    """The ``<svg>`` element alone, in the page's font and colours, with ids of its own."""
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.S)
    svg = re.sub(r' xmlns(:\w+)?="[^"]*"', "", svg)
    svg = re.sub(r'<svg [^>]*?viewBox="([^"]+)"[^>]*>', r'<svg viewBox="\1" role="img">', svg)
    svg = re.sub(r'\bid="', f'id="{prefix}-', svg)
    svg = re.sub(r"url\(#", f"url(#{prefix}-", svg)
    svg = re.sub(r'href="#', f'href="#{prefix}-', svg)
    svg = re.sub(r"font: ([\d.]+px) [^;\"]+", r"font: \1 var(--font)", svg)
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour, f"var(--{variable})")
    return svg.strip()


def _words(curves: Curves, title: str, values: np.ndarray) -> str:
    """First and last value in each stretch, for those who cannot see the curve."""
    parts = []
    for phase, part in _runs(curves):
        known = values[part][~np.isnan(values[part])]
        if known.size:
            name = f"T{phase}" if phase else f"iterations to {curves.iterations[-1]}"
            parts.append(f"{name} from {known[0]:.3g} to {known[-1]:.3g}")
    return f"{title} of {curves.label}: " + "; ".join(parts)
