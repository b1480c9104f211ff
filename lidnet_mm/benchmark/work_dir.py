"""Whether a folder can be the work dir of a benchmark."""

from pathlib import Path

from lidnet_mm.benchmark.report.collect import RESULTS
from lidnet_mm.output_path import OutputPathError, check_output_folder

SCORES = ("scores", "*/scores", "*/*/scores")
"""Where the scores of a table lie, without axes or below data set and dose."""


def check_work_dir(folder: Path, data_root: Path | None = None) -> None:
    """Refuse a folder in which a benchmark would write over something else.

    Args:
        folder (Path): The work dir, or the folder of a table in it; it may be absent.
        data_root (Path, optional): Converted data, which may lie in the work dir.

    Raises:
        OutputPathError: If it is the data or lies in them, is no folder, or has results that no
            benchmark made there.
    """
    read = [] if data_root is None else [("the data", data_root)]
    check_output_folder(folder, read, may_hold=True)
    results = folder / RESULTS
    if results.exists() and not any(any(folder.glob(pattern)) for pattern in SCORES):
        raise OutputPathError(
            f"{results} was not made there: {folder} has no scores. Give another --work-dir, or "
            "move that file away"
        )
