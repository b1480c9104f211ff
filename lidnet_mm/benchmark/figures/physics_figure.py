"""Noise power spectra and task transfer functions of all methods, a panel each."""

import statistics
from collections.abc import Sequence

import numpy as np

from lidnet_mm.benchmark.evidence.line_physics import AIR, NOISE, SOFT, LinePhysics, Physics
from lidnet_mm.benchmark.figures.method_figure import MethodCurve, MethodPanel
from lidnet_mm.benchmark.scores.row_titles import row_titles
from lidnet_mm.evaluation.noise_power_spectrum import LOWEST_RING

MARKERS = "os^DvP*X<>dph8"
"""Tell denoisers apart whose method has one colour."""

DECADES = 3.5
"""Height of the axis of power."""

HALF = 0.5
F50 = {SOFT: "ttf_f50", AIR: "ttf_air_f50"}
EDGES = {SOFT: "soft-tissue edges", AIR: "edges of air or lung"}
X_TITLE = "frequency (cycles/mm)"


def physics_panels(physics: Physics) -> list[MethodPanel]:
    """Noise power spectrum and both transfer functions, for each data set.

    Args:
        physics (Physics): What the tests measured.

    Returns:
        list[MethodPanel]: Those of which something is known. Lines of a method share its colour,
            those of a denoiser their sign, where there are several.
    """
    panels = []
    for dataset in dict.fromkeys(line.key.dataset for line in physics.lines):
        lines = [line for line in physics.lines if line.key.dataset == dataset]
        panels += [_noise_panel(lines, dataset), *(_edge_panel(lines, dataset, k) for k in EDGES)]
    return [panel for panel in panels if panel.curves]


def _noise_panel(lines: Sequence[LinePhysics], dataset: str) -> MethodPanel:
    """Noise power spectra, without lines that have no noise, such as NDCT."""
    noisy = {id(line) for line in lines if _mean(line, "nps_mean_frequency") is not None}
    curves = []
    for line, title, marker in _named(lines):
        frequency, power = line.curves[NOISE]
        lowest = LOWEST_RING * frequency[1]  # The trend has taken what is below.
        drawn = (power > 0) & (frequency >= lowest)
        if id(line) in noisy and drawn.any():
            curves.append(
                MethodCurve(title, line.key.method, frequency[drawn], power[drawn], marker)
            )
    top = max((curve.y.max() for curve in curves), default=1.0)
    bottom = min((curve.y.min() for curve in curves), default=1.0)
    return MethodPanel(
        f"Noise power spectrum: {dataset}",
        X_TITLE,
        "power (HU² mm²)",
        curves,
        y_range=(max(bottom / 1.5, top / 10**DECADES), top * 1.5),
        y_scale="log",
        words=_words("noise in HU", lines, "nps_std_hu", 1),
    )


def _edge_panel(lines: Sequence[LinePhysics], dataset: str, kind: str) -> MethodPanel:
    """Transfer functions at one kind of edges, up to twice the highest f50."""
    half = [f50 for line in lines if (f50 := _mean(line, F50[kind])) is not None]
    curves = []
    for line, title, marker in _named(lines):
        frequency, transfer = line.curves[kind]
        drawn = np.isfinite(transfer) & (frequency <= 2 * max(half, default=np.inf))
        if drawn.any():
            curves.append(
                MethodCurve(title, line.key.method, frequency[drawn], transfer[drawn], marker)
            )
    return MethodPanel(
        f"Transfer function, {EDGES[kind]}: {dataset}",
        X_TITLE,
        "transfer function",
        curves,
        y_range=(0, max([1.05, *(1.05 * curve.y.max() for curve in curves)])),
        level=HALF,
        words=_words("f50 in cycles/mm", lines, F50[kind], 2),
    )


def _named(lines: Sequence[LinePhysics]) -> list[tuple[LinePhysics, str, str]]:
    """Lines with their titles, and with a sign where methods have several denoisers."""
    titles = row_titles(line.key.row_key for line in lines)
    variants = [_variant(line, lines) for line in lines]
    trained = list(dict.fromkeys(v for v in variants if v[0] == "trained"))
    filters = list(dict.fromkeys(v for v in variants if v[0] == "classical"))
    signs = {
        variant: MARKERS[number % len(MARKERS)]
        for group in (trained, filters)
        if len(group) > 1
        for number, variant in enumerate(group)
    }
    return [
        (line, titles[line.key.row_key], signs.get(variant, ""))
        for line, variant in zip(lines, variants, strict=True)
    ]


def _variant(line: LinePhysics, lines: Sequence[LinePhysics]) -> tuple[str, str, int]:
    """What lines of one sign have in common: denoiser, and place among its detectors."""
    key = line.key
    if key.method in ("ldct", "ndct"):
        return "untouched", "", 0
    same = [o.key.detector for o in lines if o.key.row_key[:2] == key.row_key[:2]]
    kind = "classical" if key.method == "classical" else "trained"
    return kind, key.denoiser, same.index(key.detector)


def _mean(line: LinePhysics, name: str) -> float | None:
    """Mean of a value over the seeds that know it."""
    known = [value for value in line.values.get(name, ()) if value is not None]
    return statistics.fmean(known) if known else None


def _words(what: str, lines: Sequence[LinePhysics], name: str, decimals: int) -> str:
    """A value of each line."""
    parts = []
    for line, title, _ in _named(lines):
        value = _mean(line, name)
        parts.append(f"{title} {'not known' if value is None else f'{value:.{decimals}f}'}")
    return f"{what}: {'; '.join(parts)}"
