"""What a reader has to know before the counts: trainings that are one and the same."""

from collections.abc import Iterable

from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.row_titles import METHOD_TITLES, UNTRAINED


def same_score_flags(rows: Iterable[ResultRow]) -> list[str]:
    """Sentences on denoisers whose trainings gave the same scores to the last digit.

    Denoisers of the same layers, such as SMGAN's and WGAN-VGG's, are the same network from the same
    seed; means and counts over denoisers then hold it twice.

    Args:
        rows (Iterable[ResultRow]): The rows of a report.

    Returns:
        list[str]: One for each method and group of denoisers; none where all trainings differ.
    """
    scores: dict[tuple, list[str]] = {}
    for row in rows:
        if row.method not in UNTRAINED:
            key = (row.dataset, row.judge, row.method, row.seed, tuple(row.metrics.values()))
            scores.setdefault(key, []).append(row.denoiser)
    twins: dict[tuple[str, str, tuple[str, ...]], None] = {}
    for (dataset, _, method, *_), denoisers in scores.items():
        if len(set(denoisers)) > 1:
            twins[dataset, METHOD_TITLES[method], tuple(dict.fromkeys(denoisers))] = None
    return [
        f"{dataset}: {method} of {' and of '.join(denoisers)} gave the same scores to the last "
        "digit: one network from one seed, which means and counts over denoisers hold more than "
        "once."
        for dataset, method, denoisers in twins
    ]
