"""Where the numbers of a table come from, as its report says it."""

from collections.abc import Mapping

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.matrix.comparison import Comparison
from lidnet_mm.benchmark.matrix.iterations import denoiser_steps
from lidnet_mm.benchmark.matrix.settings_mark import noted_digest
from lidnet_mm.benchmark.matrix.stage import Scoring, Training
from lidnet_mm.benchmark.scores.data_digest import DataDigest, digest_data
from lidnet_mm.benchmark.scores.provenance import AT_REPORT, Provenance, gather_provenance
from lidnet_mm.benchmark.scores.results import ResultRow
from lidnet_mm.benchmark.scores.score_source import SOURCE, ScoreSource, read_source, settings_text
from lidnet_mm.benchmark.scores.trained_as import loss_form
from lidnet_mm.file_digest import sha256_of

SHOWN = 12
"""Digits of a settings digest."""


def table_provenance(table: Comparison, rows: Mapping[Scoring, ResultRow]) -> Provenance:
    """Provenance of the rows of a table.

    Args:
        table (Comparison): The table.
        rows (Mapping[Scoring, ResultRow]): Its rows, at least one.

    Returns:
        Provenance: Dates, machines and versions are those of the scores; for scores of an older
        version, which note none, those of now.
    """
    sources = {scoring: read_source(scoring.folder / SOURCE) for scoring in rows}
    first = next(iter(rows.values()))
    data, notes = _data(table, first.dataset)
    doses = (settings_text(source.low_dose) for source in sources.values() if source)
    return gather_provenance(
        configs=_configs(table, rows),
        window_hu=first.window_hu,
        dose=table.dose,
        notes={**table.notes, **notes},
        data=data,
        commits=[row.commit for row in rows.values()],
        sources=list(sources.values()),
        judges={judge.config.stem: _judge(judge, sources) for judge in table.judges},
        low_dose=tuple(dict.fromkeys(filter(None, doses))),
    )


def _configs(table: Comparison, rows: Mapping[Scoring, ResultRow]) -> dict[str, str]:
    """Base config of each row, and which settings its scores were made with."""
    configs: dict[str, list[str]] = {}
    for scoring in rows:
        if scoring.is_main and not scoring.entry.is_untouched:
            base = table.bases.get(scoring.config, scoring.config)
            named = f"{base.stem} ({_form(scoring)})" if scoring.training else base.stem
            parts = configs.setdefault(scoring.entry.label, [named])
            digest = noted_digest(scoring.folder)
            parts += [f"{'settings ' if len(parts) == 1 else ''}{digest[:SHOWN]}"] if digest else []
    return {label: ", ".join(parts) for label, parts in configs.items()}


def _form(scoring: Scoring) -> str:
    """What a denoiser learned from, and for how many steps of its own."""
    config = load_config(scoring.config)
    steps = denoiser_steps(config)
    return loss_form(config) + (f", {steps} steps" if steps else "")


def _judge(judge: Training, sources: Mapping[Scoring, ScoreSource | None]) -> str:
    """Digest of a judge's weights: those that scored; for older scores those that are there."""
    own = (s.judge for scoring, s in sources.items() if s and scoring.judge == judge)
    found = list(dict.fromkeys(own))
    if not found and judge.checkpoint is not None and judge.checkpoint.is_file():
        found = [f"{sha256_of(judge.checkpoint)} {AT_REPORT}"]
    return ", ".join(found) or f"not found {AT_REPORT}"


def _data(table: Comparison, title: str) -> tuple[tuple[DataDigest, ...], dict[str, str]]:
    """Digest of the data, or a note that they are gone: scores outlive the disk they came from."""
    try:
        return (digest_data(table.data_root, title),), {}
    except FileNotFoundError:
        return (), {"Data": "not found when this report was made, so that it holds no digest"}
