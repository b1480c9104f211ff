r"""What each setting of LIDnet does, out of a table in which several were varied at once.

The settings of a row stand in its name, such as ``CPCE (long-neck)``; ``none`` has none of them.
Prints a Markdown table: mean with the setting less mean without it, with its 95 % interval, bold
where that excludes 0.

Example:
    python tools/analysis_tools/main_effects.py work_dirs/settings/results.json \
        unbounded long neck annotated rests
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from lidnet_mm.benchmark.evidence.main_effects import MainEffect, main_effects
from lidnet_mm.benchmark.scores.results import ResultRow, read_results
from lidnet_mm.benchmark.tables.markdown_text import markdown_text
from lidnet_mm.last_line import say_error
from lidnet_mm.terminal import show_any_name

METRICS = {"AP50": 1, "AP75": 1, "PSNR": 2, "SSIM": 3}
"""Metrics with the decimals that they are printed with."""

IMAGE_METRICS = ("PSNR", "SSIM")
NONE = "none"


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("results", type=Path, help="results.json of a benchmark")
    parser.add_argument("settings", nargs="+", help="words in the names of its LIDnet rows")
    parser.add_argument("--dataset", help="the one to read, where there are several")
    return parser.parse_args(arguments)


def settings_of(row: ResultRow, settings: Sequence[str]) -> frozenset[str]:
    """Settings in the name of a row.

    Raises:
        ValueError: If its name has a word that is no setting.
    """
    name = row.denoiser.rpartition("(")[2].removesuffix(")")
    words = frozenset(name.split("-")) - {NONE}
    if unknown := sorted(words - set(settings)):
        raise ValueError(f"row {row.denoiser!r} has {unknown[0]!r}, which is none of the settings")
    return words


def effects_of(rows: Sequence[ResultRow], metric: str, settings: Sequence[str]) -> list[MainEffect]:
    """Effects on one metric, by one judge.

    Raises:
        ValueError: If a row has no value, or as of :func:`main_effects`.
    """
    if missing := [row.denoiser for row in rows if row.metrics[metric] is None]:
        raise ValueError(f"row {missing[0]!r} has no {metric}: leave it out or score it again")
    return main_effects(
        [row.metrics[metric] for row in rows],
        [settings_of(row, settings) for row in rows],
        settings,
        [row.seed for row in rows],
    )


def table(rows: Sequence[ResultRow], settings: Sequence[str]) -> str:
    """The effects as Markdown, a line a setting, detection by each judge, the image once."""
    judges = list(dict.fromkeys(row.judge for row in rows))
    columns = {}
    for judge in judges:
        own = [row for row in rows if row.judge == judge]
        for metric, decimals in METRICS.items():
            if metric not in IMAGE_METRICS or judge == judges[0]:
                title = metric if metric in IMAGE_METRICS else f"{metric}, {markdown_text(judge)}"
                effects = effects_of(own, metric, settings)
                columns[title] = [_printed(effect, decimals) for effect in effects]
    lines = [["setting", *columns], ["---"] * (1 + len(columns))]
    rows = zip(map(markdown_text, settings), *columns.values(), strict=True)
    lines += [[name, *cells] for name, *cells in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _printed(effect: MainEffect, decimals: int) -> str:
    """Effect and interval; bold where it excludes 0."""
    ends = (effect.estimate - effect.half_width, effect.estimate + effect.half_width)
    low, high = (f"{end:.{decimals}f}" for end in ends)
    text = f"{effect.estimate:+.{decimals}f} [{low}, {high}]"
    return text if effect.is_inside else f"**{text}**"


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; 1 where that cannot be done."""
    show_any_name()
    options = parse_arguments(arguments)
    try:
        rows = [row for row in read_results(options.results) if row.method == "lidnet"]
        datasets = sorted({row.dataset for row in rows})
        if options.dataset:
            rows = [row for row in rows if row.dataset == options.dataset]
        elif len(datasets) > 1:
            raise ValueError(f"several datasets, give one with --dataset: {'; '.join(datasets)}")
        if not rows:
            raise ValueError(f"no LIDnet row in {options.results} to read; it has: {datasets}")
        print(table(rows, options.settings))
    except (OSError, ValueError) as error:
        say_error(error)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
