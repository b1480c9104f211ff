"""AP over dose: where a denoiser still loses lesions, and LIDnet can win them."""

import re
import statistics
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lidnet_mm.benchmark.figures.method_figure import MethodCurve, MethodPanel
from lidnet_mm.benchmark.scores.results import METHODS, ResultRow
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, ablation_parts, ablation_title
from lidnet_mm.benchmark.tables.metric_columns import DETECTION, KNOWN

DOSE = re.compile(r"(?P<dataset>.+), (?P<number>\d+(\.\d+)?) (?P<unit>\S+)")
"""A table's name that ends with a dose: ``chest nodules, 250 HU``."""

MARKERS = ("o", "s", "^", "D", "v")
HOUNSFIELD = "HU"
"""A dose in HU is told by its noise: the more HU, the lower the dose."""


class _Place(NamedTuple):
    """Panel of a row."""

    dataset: str
    unit: str
    judge: str
    denoiser: str


class _Line(NamedTuple):
    """Curve of a row in its panel."""

    method: str
    ablation: str


Values = dict[float, list[float]]
"""AP of each seed by dose."""


def dose_panels(rows: Sequence[ResultRow]) -> list[MethodPanel]:
    """AP over dose, a panel for each data set, judge, denoiser and AP.

    Args:
        rows (Sequence[ResultRow]): Rows of ``results.json``.

    Returns:
        list[MethodPanel]: Panels of the denoisers that were trained at several doses of one unit,
            with the lines of more than one dose; means over seeds.
    """
    denoisers = {row.denoiser for row in rows}
    found: dict[tuple[_Place, str], dict[_Line, Values]] = {}
    untouched: dict[tuple[str, str, str, str], dict[_Line, Values]] = {}
    for row in rows:
        dose = DOSE.fullmatch(row.dataset)
        if dose is None:
            continue
        denoiser, ablation = ablation_parts(row.denoiser, denoisers)
        place = _Place(dose["dataset"], dose["unit"], row.judge, denoiser)
        for metric in DETECTION:
            if row.metrics[metric] is None:
                continue
            lines = (
                untouched.setdefault((*place[:3], metric), {})
                if row.denoiser == "none"
                else found.setdefault((place, metric), {})
            )
            values = lines.setdefault(_Line(row.method, ablation), {})
            values.setdefault(float(dose["number"]), []).append(row.metrics[metric])
    panels = []
    for (place, metric), trained in found.items():
        if any(len(values) > 1 for values in trained.values()):
            lines = {**trained, **untouched.get((*place[:3], metric), {})}
            panels.append(_panel(place, metric, lines))
    return panels


def _panel(place: _Place, metric: str, lines: dict[_Line, Values]) -> MethodPanel:
    """The lines that have more than one dose."""
    kept = sorted(
        (line for line, values in lines.items() if len(values) > 1),
        key=lambda line: (METHODS.index(line.method), line.ablation),
    )
    curves = []
    for line in kept:
        title = METHOD_TITLES[line.method]
        points = sorted((dose, statistics.fmean(own)) for dose, own in lines[line].items())
        alike = [other for other in kept if other.method == line.method]
        curves.append(
            MethodCurve(
                title=ablation_title(title, line.ablation) if line.ablation else title,
                method=line.method,
                x=np.array([dose for dose, _ in points]),
                y=np.array([value for _, value in points]),
                marker=MARKERS[alike.index(line) % len(MARKERS)],
            )
        )
    return MethodPanel(
        title=f"{place.denoiser}: {metric} over dose, {place.dataset}, judge {place.judge}",
        x_title=f"LDCT's {'noise' if place.unit == HOUNSFIELD else 'dose'}, {place.unit}",
        y_title=KNOWN[metric].title,
        curves=curves,
        x_ticks=sorted({dose for curve in curves for dose in curve.x}),
    )
