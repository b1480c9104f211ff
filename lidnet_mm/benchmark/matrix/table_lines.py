"""Lines of one table: entries of the methods, spread over the denoisers."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from mmengine.config import Config

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.matrix.axes import Axes, DataSet, Denoiser
from lidnet_mm.benchmark.matrix.cell_config import cell_config
from lidnet_mm.benchmark.matrix.method_entry import MethodEntry, MethodPlan
from lidnet_mm.benchmark.scores.row_titles import ablation_title
from lidnet_mm.benchmark.scores.scoring import row_names
from lidnet_mm.benchmark.scores.trained_as import check_method, num_parameters


@dataclass(frozen=True)
class PlannedLine:
    """One line of a table before its seeds.

    Attributes:
        entry (MethodEntry): What it is; its config is the file to train.
        seeds (tuple[int, ...]): Seeds that it is trained with; one where nothing is trained.
        config (Config | None): What the file holds; None for LDCT and NDCT.
        base (Path | None): Config that it is made from; that of the entry where none is generated.
        is_spread (bool): Whether it is one of a denoiser of the matrix.
    """

    entry: MethodEntry
    seeds: tuple[int, ...]
    config: Config | None = None
    base: Path | None = None
    is_spread: bool = False


def table_lines(
    methods: Sequence[MethodPlan], axes: Axes, dataset: DataSet, dose: str | None, folder: Path
) -> list[PlannedLine]:
    """Lines of the table of a dataset and a dose.

    Args:
        methods (Sequence[MethodPlan]): Entries.
        axes (Axes): Axes of the matrix.
        dataset (DataSet): The dataset.
        dose (str | None): Title of the dose.
        folder (Path): Folder of the table.

    Returns:
        list[PlannedLine]: In the order of the entries, those of one in the order of the denoisers.

    Raises:
        FileNotFoundError: If a config does not exist.
        ValueError: If an entry has no config, two lines share folder or row, or a classical filter
            needs training.
    """
    lines = []
    for plan in methods:
        if not plan.takes("datasets", dataset.title) or not plan.takes("doses", dose):
            continue
        seeds = tuple(seed for seed in axes.seeds if plan.takes("seeds", seed))
        if not plan.entry.is_trained:
            seeds = tuple(axes.seeds[:1])
        if plan.entry.is_untouched:
            lines.append(PlannedLine(plan.entry, seeds))
            continue
        for denoiser in _denoisers_of(plan, axes):
            line = _line(plan, denoiser, axes, dataset, axes.doses[dose], folder)
            lines.append(replace(line, seeds=seeds))
    if not any(line.config for line in lines):
        raise ValueError("the comparison trains nothing: give a method a config")
    lines = _with_own_titles(lines, methods)
    _check_labels(lines)
    _check_rows(lines)
    return lines


def _denoisers_of(plan: MethodPlan, axes: Axes) -> list[Denoiser | None]:
    """Denoisers of an entry; None stands for the one in its config."""
    if plan.entry.denoiser or not plan.entry.is_trained or not axes.denoisers:
        return [None]
    return [each for each in axes.denoisers if plan.takes("denoisers", each.title)]


def _line(
    plan: MethodPlan,
    denoiser: Denoiser | None,
    axes: Axes,
    dataset: DataSet,
    dose: dict[str, Any],
    folder: Path,
) -> PlannedLine:
    """One line with its config."""
    own, base = plan.entry, plan.entry.config
    is_own = False
    if denoiser is not None:
        is_own = own.label in denoiser.configs or (base is None and own.method in denoiser.configs)
        base = denoiser.configs.get(own.label) or base or denoiser.configs.get(own.method)
    if base is None:
        of = f" for denoiser {denoiser.title!r}, or the denoiser one" if denoiser else ""
        raise ValueError(f"method {own.method!r} needs a config{of}")
    if not axes.is_matrix:
        return PlannedLine(own, (), load_config(base), base)
    options = {**dataset.options, **dose}
    if denoiser is not None:
        options |= denoiser.options.get(own.label) or denoiser.options.get(own.method) or {}
    judge = dataset.judges[0] if dataset.judges else None
    generator = denoiser.generator if denoiser and not is_own else None
    config = cell_config(base, {**options, **plan.options}, dataset.data_root, generator, judge)
    if is_own and row_names(config)[0] != denoiser.generator["type"].rpartition(".")[2]:
        raise ValueError(
            f"{base} is a config of denoiser {denoiser.title!r}, but its generator is "
            f"{row_names(config)[0]}, not {denoiser.generator['type']}"
        )
    entry = plan.entry_for(None, denoiser.title if denoiser else None)
    entry = replace(entry, config=folder / "configs" / f"{entry.label}.py")
    return PlannedLine(entry, (), config, base, denoiser is not None)


def _row(line: PlannedLine) -> tuple[str, str, str]:
    """Names that a line has in a table."""
    generator, detector = row_names(line.config)
    return line.entry.method, line.entry.denoiser or generator, detector


def _with_own_titles(lines: list[PlannedLine], methods: Sequence[MethodPlan]) -> list[PlannedLine]:
    """Denoisers of an ablation are called after it where they would be in one row with another.

    Entries of other methods that share its name are, too: joint training of what it changes.
    """
    count = Counter(_row(line) for line in lines if line.config)
    names = sorted({plan.entry.name for plan in methods if plan.entry.name}, key=len, reverse=True)
    named = [
        next((n for n in names if (line.entry.name or "").startswith(f"{n}_")), None)
        if line.is_spread
        else None
        for line in lines
    ]
    shared = {
        name for line, name in zip(lines, named, strict=True) if name and count[_row(line)] > 1
    }
    return [
        replace(line, entry=replace(line.entry, denoiser=ablation_title(line.entry.denoiser, name)))
        if name in shared
        else line
        for line, name in zip(lines, named, strict=True)
    ]


def _check_labels(lines: Sequence[PlannedLine]) -> None:
    """Refuse lines that would share a folder."""
    for label, count in Counter(line.entry.label for line in lines).items():
        if count > 1:
            raise ValueError(
                f"method {label!r} stands twice in the comparison: give each of its entries a "
                "'name' of its own"
            )


def _num_parameters(line: PlannedLine) -> int:
    """Parameters of the generator of a line."""
    try:
        return num_parameters(line.config)
    except (KeyError, TypeError) as error:  # no such type, or not with these arguments
        raise ValueError(f"the generator of {line.base} cannot be built: {error}") from error


def _check_method(line: PlannedLine) -> None:
    """Refuse a method that the config does not train, before it is trained."""
    try:
        check_method(line.entry.method, line.config)
    except (KeyError, TypeError) as error:  # no such type, or not with these arguments
        raise ValueError(f"the generator of {line.base} cannot be built: {error}") from error
    except ValueError as error:
        raise ValueError(f"method {line.entry.label!r}, {line.base}: {error}") from error


def _check_rows(lines: Sequence[PlannedLine]) -> None:
    """Refuse a classical method that would need training, and two lines in one row."""
    rows: dict[tuple[str, str, str], str] = {}
    for line in (line for line in lines if line.config):
        entry = line.entry
        if entry.method == "classical" and (count := _num_parameters(line)):
            raise ValueError(
                f"method 'classical' trains nothing, but the generator of {line.base} has "
                f"{count} parameters: call it 'baseline'"
            )
        _check_method(line)
        row = _row(line)
        if row in rows:
            raise ValueError(
                f"{rows[row]!r} and {entry.label!r} would be one row ({', '.join(row)}): give one "
                f"a 'denoiser' of its own, such as denoiser='{row[1]} ({entry.name or 'other'})'"
            )
        rows[row] = entry.label
