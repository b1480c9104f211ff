"""Loss curves coloured by phase, as SVG that takes its colours from the page's style sheet."""

import io
import re
from dataclasses import dataclass

import matplotlib
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.figures.loss_axes import draw_curve, phase_runs
from lidnet_mm.benchmark.figures.loss_families import loss_families

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
        list[LossPanel]: One for each of :func:`loss_families`.
    """
    return [
        LossPanel(title, _svg(curves, values, f"{prefix}-{index}"), _words(curves, title, values))
        for index, (title, values) in enumerate(loss_families(curves))
    ]


def drawn_phases(curves: Curves) -> list[int]:
    """Numbers of the phases in a training, in order."""
    return sorted(set(curves.phases.tolist()))


def _svg(curves: Curves, values: np.ndarray, prefix: str) -> str:
    """One panel."""
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix, "font.size": 10}):
        figure = Figure(figsize=SIZE_INCHES, facecolor="none")
        FigureCanvasSVG(figure)
        axes = figure.add_axes((0.115, 0.165, 0.86, 0.745), facecolor="none")
        draw_curve(axes, curves, values, COLOURS)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return for_a_page(buffer.getvalue(), prefix)


def for_a_page(svg: str, prefix: str) -> str:
    """The ``<svg>`` element alone, in the page's font and colours, with ids of its own.

    Args:
        svg (str): A picture by Matplotlib in :data:`COLOURS`.
        prefix (str): Start of its ids.

    Returns:
        str: For the page.
    """
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r">[^<]*<", _spelled_out, svg)
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


def _spelled_out(text: re.Match) -> str:
    """A text of the picture in which nothing looks like the markup that is replaced."""
    return text[0].replace('"', "&quot;").replace("#", "&#35;")


def _words(curves: Curves, title: str, values: np.ndarray) -> str:
    """First and last value in each stretch, for those who cannot see the curve."""
    parts = []
    for phase, part in phase_runs(curves):
        known = values[part][~np.isnan(values[part])]
        if known.size:
            name = f"T{phase}" if phase else f"iterations to {curves.iterations[-1]}"
            parts.append(f"{name} from {known[0]:.3g} to {known[-1]:.3g}")
    return f"{title} of {curves.label}: " + "; ".join(parts)
