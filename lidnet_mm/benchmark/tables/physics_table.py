"""The table of noise and sharpness."""

from lidnet_mm.benchmark.evidence.line_physics import Physics
from lidnet_mm.benchmark.tables.evidence_tables import joined_rows, line_names
from lidnet_mm.benchmark.tables.paper_table import Cell, PaperTable
from lidnet_mm.benchmark.tables.results_table import format_value

COLUMNS = (
    ("Noise", "HU", "nps_std_hu", 1),
    ("Noise", "ratio to LDCT", "nps_ratio", 2),
    ("Noise", "grain, ratio to LDCT", "nps_mean_frequency_ratio", 2),
    ("Sharpness, ratio to NDCT", "soft tissue", "ttf_f50_ratio", 2),
    ("Sharpness, ratio to NDCT", "air", "ttf_air_f50_ratio", 2),
)
"""Heading above, heading, result of ``PhysicsMetric`` and digits after the point."""

CAPTION = (
    "Mean ± sample standard deviation over seeds. Noise: of the difference to NDCT in soft tissue. "
    "Grain: mean frequency of its spectrum, less than 1 is coarser. Sharpness: f50 on edges of "
    "soft tissue, and of air or lung against the body; 1 is as sharp as NDCT, less is blurred, "
    "more is sharpened. \u2013 is what cannot be measured: too little even tissue or too few clear "
    "edges (air may lie outside of the HU window), edges without f50, grain without noise, and "
    "ratios of NDCT to LDCT."
)
LEFT_OUT = (
    " Left out, as no physics.json lies beside the score: {rows}. To measure them, score them "
    "again: delete their folders in scores/ and run the benchmark; trainings are kept."
)


def physics_tables(physics: Physics) -> list[PaperTable]:
    """Noise and sharpness of each line.

    Args:
        physics (Physics): What the tests measured.

    Returns:
        list[PaperTable]: One, or none where nothing was measured.
    """
    if not physics.lines:
        return []
    rows = []
    for line in physics.lines:
        seeds = len(next(iter(line.values.values())))
        nothing = (None,) * seeds
        cells = [Cell(format_value(line.values.get(n, nothing), d)) for _, _, n, d in COLUMNS]
        rows.append((line_names(line.key), [*cells, Cell(str(seeds))]))
    groups: dict[str, tuple[str, ...]] = {}
    for group, title, *_ in COLUMNS:
        groups[group] = (*groups.get(group, ()), title)
    groups["Number of"] = ("seeds",)
    left_out = LEFT_OUT.format(rows=", ".join(physics.missing)) if physics.missing else ""
    return [
        PaperTable(
            "Noise, grain and sharpness",
            CAPTION + left_out,
            ("Data set", "Method"),
            tuple(groups.items()),
            joined_rows(rows),
        )
    ]
