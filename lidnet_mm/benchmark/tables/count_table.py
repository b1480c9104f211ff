"""For how many denoisers a LIDnet is better than its baselines."""

from collections.abc import Sequence

from lidnet_mm.benchmark.evidence.evidence import Evidence, LineDifference
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, ablation_parts, ablation_title
from lidnet_mm.benchmark.tables.evidence_tables import AGAINST_TITLES, joined_rows
from lidnet_mm.benchmark.tables.metric_columns import DETECTION, KNOWN, TEXTURE, WHOLE, titled
from lidnet_mm.benchmark.tables.paper_table import Cell, PaperTable
from lidnet_mm.benchmark.tables.results_table import NO_VALUE

GROUPS = (
    ("Lesion detection", (*DETECTION, "CPM")),
    ("Whole slice", WHOLE),
    ("Lesions", TEXTURE),
)
CAPTION = (
    "Denoisers for which it is better, of all that have this baseline; in brackets those whose "
    "95 % interval excludes 0, better / worse. An ablation counts by itself, where several "
    "denoisers have it."
)


def count_tables(evidence: Evidence) -> list[PaperTable]:
    """How often each method is better, by data set and judge.

    Args:
        evidence (Evidence): The evidence.

    Returns:
        list[PaperTable]: One, or none where no method was compared for two denoisers.
    """
    scored = {d.key for d in evidence.detections}
    denoisers = {key.denoiser for key in scored}
    found: dict[tuple, list[LineDifference]] = {}
    for entry in evidence.differences:
        key = entry.key
        if key in scored:  # Not the mean of all.
            _, ablation = ablation_parts(key.denoiser, denoisers)
            group = (key.dataset, key.method, ablation, key.judge, entry.against)
            found.setdefault(group, []).append(entry)
    rows = []
    for group, entries in sorted(found.items(), key=lambda item: _place(item[0])):
        dataset, method, ablation, judge, against = group
        if len({entry.key for entry in entries}) < 2:
            continue
        title = METHOD_TITLES[method]
        title = ablation_title(title, ablation) if ablation else title
        names = (f"{dataset}: {title}", judge, AGAINST_TITLES[against])
        cells = [_count(entries, name) for _, metrics in GROUPS for name in metrics]
        rows.append((names, cells))
    if not rows:
        return []
    groups = tuple((title, tuple(map(titled, names))) for title, names in GROUPS)
    return [
        PaperTable(
            "In how many denoisers", CAPTION, ("Method", "Judge", "than the"), groups,
            joined_rows(rows),
        )
    ]  # fmt: skip


def _place(group: tuple[str, str, str, str, str]) -> tuple:
    """Order of a line: the judges of a baseline below each other, the main one first."""
    dataset, method, ablation, _, against = group
    return dataset, method, ablation, list(AGAINST_TITLES).index(against)


def _count(entries: Sequence[LineDifference], metric: str) -> Cell:
    """Better, of all; and how many of them surely."""
    own = [entry.difference for entry in entries if entry.difference.metric == metric]
    if not own:
        return Cell(NO_VALUE)
    sign = 1 if KNOWN[metric].higher_is_better else -1
    better = sum(sign * found.estimate > 0 for found in own)
    sure = [sign * found.estimate > 0 for found in own if not found.is_inside]
    return Cell(f"{better} of {len(own)} ({sum(sure)} / {len(sure) - sum(sure)})")
