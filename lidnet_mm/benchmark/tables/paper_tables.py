"""Tables 2, 3 and 4 in the layout of the paper."""

from collections.abc import Iterable, Sequence

from lidnet_mm.benchmark.evidence.evidence import Evidence, LineKey, line_key, main_judges
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, ablation_parts
from lidnet_mm.benchmark.tables.metric_columns import (
    DETECTION,
    KNOWN,
    LESION,
    TEXTURE,
    WHOLE,
    titled,
)
from lidnet_mm.benchmark.tables.paper_table import Cell, PaperTable
from lidnet_mm.benchmark.tables.results_table import NO_VALUE, format_value

PAIRED = ("baseline", "matched", "lidnet")
BOLD = (
    "Bold: better than the others of its denoiser with 95 % intervals (bootstrap over patients) "
    "that exclude 0."
)
MINUS = "\u2212"
Lines = dict[LineKey, list[ResultRow]]


def paper_tables(rows: Iterable[ResultRow], evidence: Evidence) -> list[PaperTable]:
    """All tables of the paper that the rows fill.

    Args:
        rows (Iterable[ResultRow]): Rows of ``results.json``.
        evidence (Evidence): What is known beyond; may be empty.

    Returns:
        list[PaperTable]: Table 2 of each judge; table 3 of each data set and table 4 once, as
            images are the same for all judges.
    """
    lines: Lines = {}
    for row in rows:
        lines.setdefault(line_key(row), []).append(row)
    tables: list[PaperTable] = []
    for judge in dict.fromkeys(key.judge for key in lines):
        own = {key: rows for key, rows in lines.items() if key.judge == judge}
        tables += _detection_table(own, judge, evidence)
    main = main_judges(lines)
    lines = {key: rows for key, rows in lines.items() if key.judge == main[key.dataset]}
    tables += [*_quality_tables(lines, evidence), _gan_table(lines, evidence)]
    return [table for table in tables if table.rows]


def _detection_table(lines: Lines, judge: str, evidence: Evidence) -> list[PaperTable]:
    """Table 2: data sets and AP down, denoisers with baseline and LIDnet across."""
    pairs = _pairs(lines)
    groups, rows = [], []
    for title, _, methods in pairs:
        groups.append((title, tuple(METHOD_TITLES[method] for method in methods)))
    for dataset in _datasets(lines):
        for number, name in enumerate(DETECTION):
            cells: list[Cell] = []
            for _, (denoiser, detector), methods in pairs:
                keys = [_find(lines, dataset, m, denoiser, detector) for m in methods]
                cells += _compared(keys, name, lines, evidence)
            rows.append((("" if number else dataset, titled(name)), cells))
    caption = f"Judge: {judge}. Mean ± sample standard deviation over seeds. {BOLD}"
    title = f"Table 2: lesion detection, judge {judge}"
    return [PaperTable(title, caption, ("Data set", "Metric"), tuple(groups), rows)]


def _quality_tables(lines: Lines, evidence: Evidence) -> list[PaperTable]:
    """Table 3, one a data set: methods down, lesions and whole slice across."""
    tables = []
    for dataset in _datasets(lines):
        rows = []
        for title, (denoiser, detector), methods in _pairs(lines):
            keys = [_find(lines, dataset, method, denoiser, detector) for method in methods]
            columns = [_compared(keys, n, lines, evidence) for n in (*TEXTURE, *LESION, *WHOLE)]
            for place, method in enumerate(methods):
                names = ("" if place else title, METHOD_TITLES[method])
                rows.append((names, [column[place] for column in columns]))
        caption = (
            f"Against NDCT. {_window_words(lines)} Texture: mean absolute differences in the "
            f"annotated lesions. {BOLD}"
        )
        tables.append(
            PaperTable(
                f"Table 3: denoising, {dataset}",
                caption,
                ("Denoiser", "Method"),
                _quality_groups(),
                rows,
            )
        )
    return tables


def _gan_table(lines: Lines, evidence: Evidence) -> PaperTable:
    """Table 4: LIDnet with an L1 loss against LIDnet with an adversarial one.

    Ablations, too: with the batch and the steps of the other form they differ in the loss alone.
    """
    rows = []
    trained = dict.fromkeys((k.denoiser, k.detector) for k in lines if k.method == "lidnet_gan")
    several = len({detector for _, detector in trained}) > 1
    names = (*DETECTION, *TEXTURE, *LESION, *WHOLE)
    for dataset in _datasets(lines):
        for denoiser, detector in trained:
            title = f"{denoiser}, {detector}" if several else denoiser
            forms = [("CNN", "lidnet"), ("GAN", "lidnet_gan")]
            keys = [(form, _find(lines, dataset, m, denoiser, detector)) for form, m in forms]
            if any(key is None for _, key in keys):
                continue
            for place, (form, key) in enumerate(keys):
                cells = [Cell(_value(key, name, lines, evidence)) for name in names]
                cells.append(Cell(format_value(evidence.minutes_of(key), 1)))
                rows.append((("" if place else f"{dataset}, {title}", form), cells))
    detection = ("Detection", tuple(map(titled, DETECTION)))
    groups = (detection, *_quality_groups(), ("Training", ("Time (min)",)))
    caption = (
        "LIDnet in its two forms: reconstruction loss (CNN) and adversarial loss (GAN). Time: wall "
        "clock, without T1."
    )
    return PaperTable("Table 4: CNN against GAN", caption, ("LIDnet", "Form"), groups, rows)


def _pairs(lines: Lines) -> list[tuple[str, tuple[str, str], tuple[str, ...]]]:
    """Denoisers that were trained with LIDnet: title, denoiser and detector, methods there are.

    Ablations, of which the paper's tables have none, stand in the others.
    """
    trained = [(k.denoiser, k.detector) for k in lines if k.method in ("lidnet", "lidnet_gan")]
    denoisers = {denoiser for denoiser, _ in trained}
    pairs = [pair for pair in dict.fromkeys(trained) if not ablation_parts(pair[0], denoisers)[1]]
    several = len({detector for _, detector in pairs}) > 1
    found = []
    for denoiser, detector in pairs:
        present = {
            key.method
            for key in lines
            if key.denoiser == denoiser and key.detector in (detector, "none")
        }
        methods = tuple(method for method in PAIRED if method in present)
        if "lidnet" in methods:
            title = f"{denoiser}, {detector}" if several else denoiser
            found.append((title, (denoiser, detector), methods))
    return found


def _find(
    lines: Iterable[LineKey], dataset: str, method: str, denoiser: str, detector: str
) -> LineKey | None:
    """A line of a denoiser, of that detector or of none."""
    fitting = [k for k in lines if (k.dataset, k.method, k.denoiser) == (dataset, method, denoiser)]
    exact = [key for key in fitting if key.detector == detector]
    plain = [key for key in fitting if key.detector == "none" or method != "lidnet"]
    return (exact or plain or [None])[0]


def _compared(
    keys: Sequence[LineKey | None], name: str, lines: Lines, evidence: Evidence
) -> list[Cell]:
    """Values of a denoiser's methods, the best emphasised where that is sure."""
    cells = [Cell(_value(key, name, lines, evidence)) for key in keys]
    present = [key for key in keys if key is not None]
    for place, key in enumerate(keys):
        others = [other for other in present if other != key]
        if key is not None and others:
            sure = all(_is_surely_better(key, other, name, evidence) for other in others)
            cells[place] = cells[place]._replace(sure=sure)
    return cells


def _is_surely_better(key: LineKey, other: LineKey, name: str, evidence: Evidence) -> bool:
    """Whether the interval of a line less another of its denoiser says so."""
    for first, second, sign in ((key, other, 1), (other, key, -1)):
        for entry in evidence.differences_of(first, name):
            if entry.against == second.method and not entry.difference.is_inside:
                gain = sign * entry.difference.estimate
                return (gain > 0) == KNOWN[name].higher_is_better
    return False


def _value(key: LineKey | None, name: str, lines: Lines, evidence: Evidence) -> str:
    """Text of a metric of a line."""
    if key is None:
        return NO_VALUE
    if name in LESION:
        detection = evidence.detection_of(key)
        values = [detection.metrics.get(name)] if detection else [None]
    else:
        values = [row.metrics[name] for row in lines[key]]
    return format_value(values, KNOWN[name].decimals)


def _quality_groups() -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Columns of table 3."""
    return (
        ("Lesions", tuple(map(titled, (*TEXTURE, *LESION)))),
        ("Whole slice", tuple(map(titled, WHOLE))),
    )


def _datasets(lines: Iterable[LineKey]) -> list[str]:
    """Data sets in their order."""
    return list(dict.fromkeys(key.dataset for key in lines))


def _window_words(lines: Lines) -> str:
    """HU windows of the image metrics."""
    windows = dict.fromkeys(row.window_hu for rows in lines.values() for row in rows)
    listed = ", ".join(f"[{low:g}, {high:g}]" for low, high in windows)
    return f"PSNR, SSIM and RMSE on the HU window {listed} with data range 1.".replace("-", MINUS)
