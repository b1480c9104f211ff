"""One loss curve in a pair of axes, coloured by phase."""

from collections.abc import Iterator, Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter, StrMethodFormatter

from lidnet_mm.benchmark.evidence.training_log import Curves

COLOUR_NAMES = ("ink", "rule", "phase-0", "phase-1", "phase-2", "phase-3")
"""Text, lines of the grid, and the phases from none to T3."""

LOG_SCALE_FROM = 20.0
"""Ratio of the largest to the smallest value from which an axis is logarithmic."""


def draw_curve(axes: Axes, curves: Curves, values: np.ndarray, colours: Mapping[str, str]) -> None:
    """Draw a curve over a tinted background of each phase.

    Args:
        axes (Axes): Where to.
        curves (Curves): The training's log.
        values (np.ndarray): (n,) values over its iterations, NaN where nothing was logged.
        colours (Mapping[str, str]): A colour for each of :data:`COLOUR_NAMES`.
    """
    _draw_bands(axes, curves, colours)
    _draw_lines(axes, curves, values, colours)
    _style(axes, values, colours)


def phase_runs(curves: Curves) -> Iterator[tuple[int, slice]]:
    """Stretches of one phase: its number and their part of the log."""
    edges = np.flatnonzero(np.diff(curves.phases)) + 1
    starts, stops = [0, *edges.tolist()], [*edges.tolist(), len(curves.phases)]
    for start, stop in zip(starts, stops, strict=True):
        yield int(curves.phases[start]), slice(start, stop)


def _draw_bands(axes: Axes, curves: Curves, colours: Mapping[str, str]) -> None:
    """Tinted background of each phase, named at the top where there is room."""
    first, last = curves.iterations[0], curves.iterations[-1]
    axes.set_xlim(first, max(last, first + 1))
    for phase, part in phase_runs(curves):
        if phase == 0:
            continue
        start, stop = _extent(curves, part)
        colour = colours[f"phase-{phase}"]
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


def _draw_lines(axes: Axes, curves: Curves, values: np.ndarray, colours: Mapping[str, str]) -> None:
    """The curve, broken where the phase changes."""
    for phase, part in phase_runs(curves):
        x, y = curves.iterations[part], values[part]
        known = ~np.isnan(y)
        colour = colours[f"phase-{phase}"]
        marker = "o" if known.sum() == 1 else ""
        axes.plot(x[known], y[known], color=colour, lw=1.6, marker=marker, ms=3)


def _style(axes: Axes, values: np.ndarray, colours: Mapping[str, str]) -> None:
    """Axes, ticks and labels."""
    known = values[np.isfinite(values)]
    if known.size and known.min() > 0 and known.max() / known.min() > LOG_SCALE_FROM:
        axes.set_yscale("log")
        axes.yaxis.set_major_locator(LogLocator(numticks=5))
        axes.yaxis.set_minor_formatter(NullFormatter())
        axes.set_ylabel("log scale", color=colours["ink"], labelpad=1)
    else:
        if known.min(initial=0.0) >= 0:
            axes.set_ylim(bottom=0.0)
        axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.set_xlabel("iteration", color=colours["ink"], labelpad=2)
    axes.grid(axis="y", color=colours["rule"], lw=0.6)
    axes.tick_params(colors=colours["ink"], which="both", length=0)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color(colours["rule"])
