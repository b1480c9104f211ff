"""Noise power spectra and task transfer functions of the methods."""

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from lidnet_mm.benchmark.evidence.evidence import LineKey
from lidnet_mm.benchmark.evidence.line_physics import AIR, NOISE, SOFT, LinePhysics, Physics
from lidnet_mm.benchmark.figures.method_figure import MethodCurve, MethodPanel
from lidnet_mm.benchmark.scores.results import METHODS
from lidnet_mm.benchmark.scores.row_titles import UNTRAINED, ablation_parts, row_titles
from lidnet_mm.evaluation.noise_power_spectrum import LOWEST_RING

MARKERS = "os^DvP*X<>dph8"
"""Tell filters apart, and lines of one method with several detectors."""

DECADES = 3.5
"""Height of the axis of power."""

HALF = 0.5
F50 = {SOFT: "ttf_f50", AIR: "ttf_air_f50"}
EDGES = {SOFT: "soft-tissue edges", AIR: "edges of air or lung"}
X_TITLE = "frequency (cycles/mm)"


def physics_panels(physics: Physics) -> list[MethodPanel]:
    """Noise power spectrum and both transfer functions, for each data set and denoiser.

    Args:
        physics (Physics): What the tests measured.

    Returns:
        list[MethodPanel]: Those of which something is known: lines of a denoiser beside those that
            have none, LDCT, filters and NDCT. Panels of one kind have the same axes. Ablations
            stand in the table alone.
    """
    panels = []
    for dataset in dict.fromkeys(line.key.dataset for line in physics.lines):
        lines = [line for line in physics.lines if line.key.dataset == dataset]
        groups = _by_denoiser(lines)
        for kind in (NOISE, *EDGES):
            panels += _panels(groups, dataset, kind)
    return [panel for panel in panels if panel.curves]


def _by_denoiser(lines: Sequence[LinePhysics]) -> dict[str, list[LinePhysics]]:
    """Lines of each denoiser, ablations left out, among those of no denoiser; floor to ceiling."""
    trained = [line.key.denoiser for line in lines if line.key.method not in UNTRAINED]
    denoisers = [name for name in dict.fromkeys(trained) if not ablation_parts(name, trained)[1]]
    ordered = sorted(lines, key=lambda line: METHODS.index(line.key.method))
    return {
        denoiser: [
            line
            for line in ordered
            if line.key.method in UNTRAINED or line.key.denoiser == denoiser
        ]
        for denoiser in denoisers or [""]
    }


def _panels(
    groups: Mapping[str, Sequence[LinePhysics]], dataset: str, kind: str
) -> list[MethodPanel]:
    """Panels of one kind, a denoiser each, which is named where there are several."""
    several = len(groups) > 1
    named = {f", {name}: {dataset}" if several else f": {dataset}": name for name in groups}
    if kind == NOISE:
        panels = [_noise_panel(groups[name], title) for title, name in named.items()]
    else:
        halves = [_mean(line, F50[kind]) for lines in groups.values() for line in lines]
        end = 2 * max((half for half in halves if half is not None), default=np.inf)
        panels = [_edge_panel(groups[name], title, kind, end) for title, name in named.items()]
    panels = [panel for panel in panels if panel.curves]
    ends = list(zip(*(panel.y_range for panel in panels), strict=True)) or [(0,), (1,)]
    return [replace(panel, y_range=(min(ends[0]), max(ends[1]))) for panel in panels]


def _noise_panel(lines: Sequence[LinePhysics], title: str) -> MethodPanel:
    """Noise power spectra, without lines that have no noise, such as NDCT."""
    noisy = {id(line) for line in lines if _mean(line, "nps_mean_frequency") is not None}
    curves = []
    for line, name, marker in _named(lines):
        frequency, power = line.curves[NOISE]
        lowest = LOWEST_RING * frequency[1]  # The trend has taken what is below.
        drawn = (power > 0) & (frequency >= lowest)
        if id(line) in noisy and drawn.any():
            curves.append(
                MethodCurve(name, line.key.method, frequency[drawn], power[drawn], marker)
            )
    top = max((curve.y.max() for curve in curves), default=1.0)
    bottom = min((curve.y.min() for curve in curves), default=1.0)
    return MethodPanel(
        f"Noise power spectrum{title}",
        X_TITLE,
        "power (HU² mm²)",
        curves,
        y_range=(max(bottom / 1.5, top / 10**DECADES), top * 1.5),
        y_scale="log",
        words=_words("noise in HU", lines, "nps_std_hu", 1),
    )


def _edge_panel(lines: Sequence[LinePhysics], title: str, kind: str, end: float) -> MethodPanel:
    """Transfer functions at one kind of edges, up to a frequency."""
    curves = []
    for line, name, marker in _named(lines):
        frequency, transfer = line.curves[kind]
        drawn = np.isfinite(transfer) & (frequency <= end)
        if drawn.any():
            curves.append(
                MethodCurve(name, line.key.method, frequency[drawn], transfer[drawn], marker)
            )
    return MethodPanel(
        f"Transfer function, {EDGES[kind]}{title}",
        X_TITLE,
        "transfer function",
        curves,
        y_range=(0, max([1.05, *(1.05 * curve.y.max() for curve in curves)])),
        level=HALF,
        words=_words("f50 in cycles/mm", lines, F50[kind], 2),
    )


def _named(lines: Sequence[LinePhysics]) -> list[tuple[LinePhysics, str, str]]:
    """Lines with their titles, and with a sign where a method has several."""
    titles = row_titles(line.key.row_key for line in lines)
    methods: dict[str, list[LineKey]] = {}
    for line in lines:
        methods.setdefault(line.key.method, []).append(line.key)
    signed = [method for method, keys in methods.items() if len(keys) > 1]
    if set(signed) - {"classical"}:  # Several detectors: the others share the first sign.
        signed += [method for method in methods if method not in UNTRAINED]
    return [
        (
            line,
            titles[line.key.row_key],
            MARKERS[methods[line.key.method].index(line.key) % len(MARKERS)]
            if line.key.method in signed
            else "",
        )
        for line in lines
    ]


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
