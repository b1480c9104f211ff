"""Curves of several methods in one pair of axes, such as FROC and AP along training (figure 3)."""

import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from lidnet_mm.benchmark.figures.loss_figure import COLOURS, SIZE_INCHES, for_a_page
from lidnet_mm.visualization.figure_text import figure_text

STYLES: Mapping[str, tuple[str, str]] = {
    "ldct": ("phase-0", ":"),
    "classical": ("phase-0", "-."),
    "baseline": ("phase-2", "--"),
    "matched": ("phase-1", "--"),
    "joint": ("phase-2", "-"),
    "lidnet": ("phase-3", "-"),
    "lidnet_gan": ("phase-3", "-."),
    "ndct": ("ink", ":"),
}
"""Colour and line of each method."""

FEW_POINTS = 10
"""Points up to which each gets the sign of its line."""

LEGEND_COLUMNS = 2
LONG_TITLE = 38
"""Letters from which a title takes a whole line of the legend."""

TITLE_LETTERS = 54
"""Letters in a line above a panel on paper."""

LEGEND_LINE_INCHES = 0.18

ON_PAPER = {
    "ink": "#1d2430", "rule": "#dfe2e6", "phase-0": "#5a6472", "phase-1": "#1769aa",
    "phase-2": "#b8480c", "phase-3": "#0b7a5b",
}  # fmt: skip
"""Colours of a picture that is no part of a page."""


@dataclass(frozen=True)
class MethodCurve:
    """One line.

    Attributes:
        title (str): Its name in the legend.
        method (str): Method, which gives it its colour.
        x (np.ndarray): (n,).
        y (np.ndarray): (n,), in the unit of its panel.
        marker (str | None): Matplotlib's name of a sign, which tells it from others of its
            method: on each of a few points, here and there on many. Empty for none; None marks
            each point of a linear axis.
    """

    title: str
    method: str
    x: np.ndarray
    y: np.ndarray
    marker: str | None = None


@dataclass(frozen=True)
class MethodPanel:
    """One pair of axes.

    Attributes:
        title (str): What it shows.
        x_title (str): Horizontal axis.
        y_title (str): Vertical axis.
        curves (list[MethodCurve]): Its lines.
        x_ticks (Sequence[float]): Ticks of a logarithmic axis; empty for a linear one.
        y_range (tuple[float, float] | None): Ends of the vertical axis; None lets the lines decide.
        y_scale (str): ``linear`` or ``log``.
        level (float | None): Where to draw a horizontal rule; None for none.
        words (str): The lines in words; empty for the values at their right ends.
    """

    title: str
    x_title: str
    y_title: str
    curves: list[MethodCurve]
    x_ticks: Sequence[float] = field(default=())
    y_range: tuple[float, float] | None = None
    y_scale: str = "linear"
    level: float | None = None
    words: str = ""

    @property
    def description(self) -> str:
        """The lines in words, for those who cannot see them."""
        if self.words:
            return f"{self.title}, {self.words}"
        ends = "; ".join(f"{curve.title} {curve.y[-1]:.1f}" for curve in self.curves)
        return f"{self.title}, {self.y_title} at the right end: {ends}"


def panel_svg(panel: MethodPanel, prefix: str) -> str:
    """Draw a panel for a page, in the page's colours.

    Args:
        panel (MethodPanel): The panel.
        prefix (str): Start of all ids in the picture, one of its own for each call on a page.

    Returns:
        str: An ``<svg>`` element.
    """
    with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": prefix, "font.size": 10}):
        legend = LEGEND_LINE_INCHES * math.ceil(len(panel.curves) / _legend_columns(panel))
        height = 3.0 + legend
        figure = Figure(figsize=(SIZE_INCHES[0], height), facecolor="none")
        FigureCanvasSVG(figure)
        bottom = (0.65 + legend) / height
        axes = figure.add_axes((0.115, bottom, 0.86, 0.97 - bottom), facecolor="none")
        draw_panel(axes, panel, COLOURS)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", metadata={"Date": None})
    return for_a_page(buffer.getvalue(), prefix)


def panels_picture(panels: Sequence[MethodPanel], columns: int = 2) -> bytes:
    """Draw panels for a document.

    Args:
        panels (Sequence[MethodPanel]): At least one.
        columns (int): Panels side by side. Defaults to 2.

    Returns:
        bytes: A PNG file.
    """
    columns = min(columns, len(panels))
    rows = -(-len(panels) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.6 * rows), facecolor="white", layout="constrained")
    FigureCanvasAgg(figure)
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(rows, columns, number)
        draw_panel(axes, panel, ON_PAPER)
        words = textwrap.fill(figure_text(panel.title), TITLE_LETTERS, break_on_hyphens=False)
        axes.set_title(words, loc="left", fontsize=10, color=ON_PAPER["ink"])
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, metadata={"Software": None})
    return buffer.getvalue()


def draw_panel(axes: Axes, panel: MethodPanel, colours: Mapping[str, str]) -> None:
    """Draw the lines of a panel.

    Args:
        axes (Axes): Where to.
        panel (MethodPanel): The panel.
        colours (Mapping[str, str]): By the names of :data:`STYLES`, ``ink`` and ``rule``.
    """
    for curve in panel.curves:
        name, line = STYLES.get(curve.method, ("ink", "-"))
        title = figure_text(curve.title)
        axes.plot(curve.x, curve.y, line, color=colours[name], label=title, lw=1.8,
                  **_marks(curve, panel))  # fmt: skip
    if panel.x_ticks:
        axes.set_xscale("log", base=2)
        axes.set_xticks(panel.x_ticks, [f"{tick:g}" for tick in panel.x_ticks])
        axes.minorticks_off()
    axes.set_yscale(panel.y_scale)
    if panel.y_range:
        axes.set_ylim(*panel.y_range)
    if panel.level is not None:
        axes.axhline(panel.level, color=colours["ink"], lw=0.8)
    axes.set_xlabel(figure_text(panel.x_title), color=colours["ink"])
    axes.set_ylabel(figure_text(panel.y_title), color=colours["ink"])
    axes.grid(color=colours["rule"], lw=0.8)
    axes.tick_params(colors=colours["ink"], length=0)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(colours["rule"])
    axes.legend(
        frameon=False,
        labelcolor=colours["ink"],
        fontsize=8.5,
        ncols=_legend_columns(panel),
        loc="upper left",
        bbox_to_anchor=(-0.02, -0.22),
        borderaxespad=0,
    )


def _legend_columns(panel: MethodPanel) -> int:
    """Columns of the legend that its titles leave room for."""
    return 1 if any(len(curve.title) > LONG_TITLE for curve in panel.curves) else LEGEND_COLUMNS


def _marks(curve: MethodCurve, panel: MethodPanel) -> dict[str, Any]:
    """Marks of a line: each of its points, or a sign of its own every now and then."""
    if curve.marker is None:
        return {"marker": "" if panel.x_ticks else "o", "markersize": 3.5}
    every = (0.05, 0.15) if len(curve.x) > FEW_POINTS else 1
    return {"marker": curve.marker, "markersize": 6, "markevery": every}
