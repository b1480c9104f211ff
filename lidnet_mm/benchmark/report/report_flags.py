"""What a reader has to know before the numbers: mixed commits and windows."""

from collections.abc import Sequence

from lidnet_mm.benchmark.scores.results import ResultRow


def mixture_flags(rows: Sequence[ResultRow], mixtures: Sequence[str] = ()) -> list[str]:
    """Sentences on rows that do not compare as they stand.

    Args:
        rows (Sequence[ResultRow]): The rows of a report.
        mixtures (Sequence[str]): Of :func:`training_mixtures`. Defaults to none.

    Returns:
        list[str]: None where all is of one commit, and rows of a data set are of one window.
    """
    flags = []
    commits = sorted({row.commit for row in rows})
    if len(commits) > 1:
        flags.append(f"The rows are of {len(commits)} commits of the code: {', '.join(commits)}.")
    flags += [f"{text}." for text in mixtures]
    modified = [commit for commit in commits if commit.endswith("-modified")]
    if modified:
        flags.append("The code was changed after its commit when rows were made.")
    windows: dict[str, dict[tuple[float, float], None]] = {}
    for row in rows:
        windows.setdefault(row.dataset, {})[row.window_hu] = None
    for dataset, found in windows.items():
        if len(found) > 1:
            listed = ", ".join(f"[{low:g}, {high:g}]" for low, high in found)
            flags.append(
                f"PSNR, SSIM and RMSE of {dataset} are on {len(found)} HU windows: {listed}. Only "
                "rows of one window compare."
            )
    return flags
