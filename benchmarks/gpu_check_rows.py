"""Rows of the table of ``gpu_check.py``: written one by one, so that none is lost with its step."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

OK, DIFFERS, FAILED = "ok", "**differs**", "**failed**"

COLUMNS = (
    "step | what | slices/s | ms | iterations | peak memory, MiB | TFLOP | of measured peak |"
    " remark | state"
)


@dataclass
class Row:
    """What was measured of one thing.

    Attributes:
        step: Part of the check.
        what: What of it.
        slices_per_second: Of a batch's slices.
        milliseconds: Of one iteration, the median.
        iterations: How many counted.
        peak_mib: On a GPU all that PyTorch held at the peak; on a CPU what it held beyond before.
        flops: Of one iteration, forward and backward.
        of_peak: Part of the measured rate of matrix products, 0 to 1.
        remark: Comparison, or reason of a failure.
        state: ``OK``, ``DIFFERS`` or ``FAILED``.
    """

    step: str
    what: str
    slices_per_second: float | None = None
    milliseconds: float | None = None
    iterations: int | None = None
    peak_mib: float | None = None
    flops: float | None = None
    of_peak: float | None = None
    remark: str = ""
    state: str = OK

    def append_to(self, file: Path) -> None:
        """Add the row to a file of rows."""
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(asdict(self)) + "\n")


def read_rows(file: Path) -> list[Row]:
    """The rows of a file; none where there is no file. A half-written last line is left out."""
    if not file.exists():
        return []
    lines = file.read_text(encoding="utf-8").split("\n")[:-1]
    return [Row(**json.loads(line)) for line in lines]


def table(rows: Sequence[Row]) -> str:
    """The rows as Markdown."""
    lines = [f"| {COLUMNS} |", "|---" * len(COLUMNS.split("|")) + "|"]
    for row in rows:
        flops = None if row.flops is None else row.flops / 1e12
        cells = (
            row.step,
            row.what,
            _number(row.slices_per_second, ".1f"),
            _number(row.milliseconds, ".1f"),
            _number(row.iterations, "d"),
            _number(row.peak_mib, ".0f"),
            _number(flops, ".3g"),
            _number(row.of_peak, ".1%"),
            row.remark.replace("|", "\\|") or "-",
            row.state,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _number(value: float | None, form: str) -> str:
    """A number, or a dash where there is none."""
    return "-" if value is None else format(value, form)
