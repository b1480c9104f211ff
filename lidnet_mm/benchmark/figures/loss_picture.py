"""Loss curves of a training as a picture file, for a page without the report's style sheet."""

import io
import math
from collections.abc import Sequence
from pathlib import Path

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from lidnet_mm.atomic_write import write_whole
from lidnet_mm.benchmark.evidence.training_log import Curves
from lidnet_mm.benchmark.figures.loss_axes import COLOUR_NAMES, draw_curve
from lidnet_mm.benchmark.figures.loss_families import loss_families
from lidnet_mm.visualization.figure_text import figure_text

FORMATS = (".png", ".svg")
COLOURS = dict(
    zip(
        COLOUR_NAMES,
        ("#1d2430", "#dfe2e6", "#1769aa", "#1769aa", "#b8480c", "#0b7a5b"),
        strict=True,
    )
)
"""On white; a training without phases has the first one's blue."""

PANEL_INCHES = (5.4, 3.0)
MOST_COLUMNS = 2
DOTS_PER_INCH = 160


def write_loss_picture(curves: Curves, path: Path, titles: Sequence[str] | None = None) -> None:
    """Draw curves of a training on white, two in a row, whole or not at all.

    Args:
        curves (Curves): The training's log.
        path (Path): A ``.png`` or ``.svg``; its folder is created.
        titles (Sequence[str], optional): Which of :func:`loss_families`, in this order, such as
            ``['Wasserstein estimate']``. Defaults to all.

    Raises:
        ValueError: If the file is of another format, or a title is none of the training's.
    """
    if path.suffix not in FORMATS:
        raise ValueError(f"{path}: a picture is one of {', '.join(FORMATS)}")
    families = dict(loss_families(curves))
    unknown = [title for title in titles or [] if title not in families]
    if unknown:
        raise ValueError(
            f"{curves.label} logged no {', '.join(unknown)}: choose from {', '.join(families)}"
        )
    chosen = list(titles or families)
    num_columns = min(MOST_COLUMNS, len(chosen))
    num_rows = math.ceil(len(chosen) / num_columns)
    size = (PANEL_INCHES[0] * num_columns, PANEL_INCHES[1] * num_rows)
    buffer = io.BytesIO()
    with matplotlib.rc_context({"svg.hashsalt": curves.label, "font.size": 10}):
        figure = Figure(figsize=size, facecolor="white", layout="constrained")
        FigureCanvasAgg(figure)
        for index, title in enumerate(chosen):
            axes = figure.add_subplot(num_rows, num_columns, index + 1)
            draw_curve(axes, curves, families[title], COLOURS)
            above = 18 if curves.phases.any() else 8  # the phases' names
            axes.set_title(
                figure_text(title), loc="left", pad=above, fontsize=11, color=COLOURS["ink"]
            )
        metadata = {"Date": None} if path.suffix == ".svg" else None
        figure.savefig(buffer, format=path.suffix[1:], dpi=DOTS_PER_INCH, metadata=metadata)
    write_whole(path, buffer.getvalue())
