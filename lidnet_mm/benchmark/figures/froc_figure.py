"""FROC curves of the methods."""

from collections.abc import Sequence

import numpy as np

from lidnet_mm.benchmark.evidence.evidence import Evidence, LineDetection
from lidnet_mm.benchmark.figures.method_figure import MethodCurve, MethodPanel
from lidnet_mm.benchmark.scores.results import METHODS
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, ablation_parts
from lidnet_mm.evaluation.froc import FALSE_POSITIVES


def froc_panels(evidence: Evidence) -> list[MethodPanel]:
    """FROC curves, a panel for each denoiser, data set and judge.

    Args:
        evidence (Evidence): The evidence.

    Returns:
        list[MethodPanel]: Lines of a denoiser beside those that have none: LDCT, filters, NDCT.
            Ablations stand in the tables alone.
    """
    denoisers = {entry.key.denoiser for entry in evidence.detections}
    groups: dict[tuple[str, str, str], list[LineDetection]] = {}
    for entry in evidence.detections:
        _, ablation = ablation_parts(entry.key.denoiser, denoisers)
        if entry.key.method not in ("ldct", "classical", "ndct") and not ablation:
            groups.setdefault((entry.key.dataset, entry.key.judge, entry.key.denoiser), [])
    ordered = sorted(evidence.detections, key=lambda entry: METHODS.index(entry.key.method))
    for (dataset, judge, denoiser), lines in groups.items():
        for entry in ordered:
            key = entry.key
            if (key.dataset, key.judge) == (dataset, judge) and (
                key.denoiser == denoiser or key.method in ("ldct", "classical", "ndct")
            ):
                lines.append(entry)
    return [
        MethodPanel(
            title=f"{denoiser}: {dataset}, judge {judge}",
            x_title="false positives a slice",
            y_title="sensitivity (%)",
            curves=_froc_curves(lines),
            x_ticks=FALSE_POSITIVES,
            y_range=(0, 100),
        )
        for (dataset, judge, denoiser), lines in groups.items()
    ]


def _froc_curves(lines: Sequence[LineDetection]) -> list[MethodCurve]:
    """Lines of methods with their CPM, and with denoiser or detector where a method has several."""
    names: dict[str, set[tuple[str, str]]] = {}
    for entry in lines:
        names.setdefault(entry.key.method, set()).add((entry.key.denoiser, entry.key.detector))
    curves = []
    for entry in lines:
        key, cpm = entry.key, sum(entry.cpm) / len(entry.cpm)
        several = [len(set(values)) > 1 for values in zip(*names[key.method], strict=True)]
        parts = [METHOD_TITLES[key.method]]
        parts += [n for n, told in zip((key.denoiser, key.detector), several, strict=True) if told]
        title = f"{', '.join(parts)}, CPM {cpm:.3f}"
        y = 100 * np.array(entry.sensitivity)
        curves.append(MethodCurve(title, key.method, np.array(entry.rates), y))
    return curves
