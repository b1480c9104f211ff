"""Axes of a matrix: datasets, doses, denoisers, judges and seeds."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mmengine.config import Config

from lidnet_mm.benchmark.matrix.folder_name import check_different, folder_name
from lidnet_mm.benchmark.matrix.method_entry import MethodPlan
from lidnet_mm.benchmark.scores.results import METHODS

MATRIX_KEYS = ("datasets", "doses", "denoisers", "judges")
"""Variables that make a matrix of what is one table without them."""


@dataclass(frozen=True)
class DataSet:
    """One dataset.

    Attributes:
        title (str | None): Its name in rows; None in a comparison of one table, whose configs name
            it.
        data_root (str): Converted data.
        prepare (list[tuple[str, list[str]]]): Tools, with arguments, that make the data where it
            is missing.
        folder (Path): Folder of its judges and tables.
        case_window (tuple[float, float]): HU window to show example slices in.
        options (dict[str, Any]): For its judges' and denoisers' configs.
        judges (tuple[Path, ...]): Configs of its judges; empty where the configs name theirs.
    """

    title: str | None
    data_root: str
    prepare: list[tuple[str, list[str]]]
    folder: Path
    case_window: tuple[float, float]
    options: dict[str, Any] = field(default_factory=dict)
    judges: tuple[Path, ...] = ()


@dataclass(frozen=True)
class Denoiser:
    """One denoiser.

    Attributes:
        title (str): Its name in rows.
        generator (dict): Config of the generator.
        configs (dict[str, Path]): Configs of its own, by method or ``<method>_<name>``.
        options (dict[str, dict]): Options of its own, by method or ``<method>_<name>``.
    """

    title: str
    generator: dict[str, Any]
    configs: dict[str, Path]
    options: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Axes:
    """All axes.

    Attributes:
        datasets (list[DataSet]): At least one.
        doses (dict[str | None, dict]): Options by title; one without title where there is no axis.
        denoisers (list[Denoiser]): Empty where each entry has a denoiser of its own.
        seeds (list[int]): Different numbers.
        is_matrix (bool): Whether configs are generated.
    """

    datasets: list[DataSet]
    doses: dict[str | None, dict[str, Any]]
    denoisers: list[Denoiser]
    seeds: list[int]
    is_matrix: bool

    def check(self, methods: Sequence[MethodPlan]) -> None:
        """Refuse what names no value of an axis, or no entry.

        Args:
            methods (Sequence[MethodPlan]): The entries.

        Raises:
            ValueError: If an entry is restricted to a value that the axis lacks, or a denoiser has
                a config or options for what is no method and no entry.
        """
        known = {
            "denoisers": [denoiser.title for denoiser in self.denoisers],
            "datasets": [dataset.title for dataset in self.datasets],
            "doses": list(self.doses),
            "seeds": self.seeds,
        }
        for plan in methods:
            for axis, values in plan.only.items():
                if others := [value for value in values if value not in known[axis]]:
                    raise ValueError(
                        f"method {plan.entry.label!r} is restricted to {axis} {others}, which the "
                        f"matrix lacks: it has {[v for v in known[axis] if v is not None]}"
                    )
        labels = {*METHODS, *(plan.entry.label for plan in methods)}
        for denoiser in self.denoisers:
            if others := sorted({*denoiser.configs, *denoiser.options} - labels):
                raise ValueError(
                    f"denoiser {denoiser.title!r} has a config or options for {others}, but there "
                    f"is no such method or entry: choose from {sorted(labels)}"
                )


def read_axes(
    plan: Config,
    folder: Path,
    work_dir: Path,
    methods: Sequence[MethodPlan],
    data_root: str | None = None,
) -> Axes:
    """Read and check the axes.

    Args:
        plan (Config): Config of the matrix.
        folder (Path): Folder that configs in it are relative to.
        work_dir (Path): Folder of it all.
        methods (Sequence[MethodPlan]): Entries of the methods.
        data_root (str, optional): Converted data, if not where the config says.

    Returns:
        Axes: The axes.

    Raises:
        FileNotFoundError: If the config of a judge or denoiser does not exist.
        ValueError: If something is missing, unknown, or would share a folder.
    """
    if not plan.seeds or len(set(plan.seeds)) < len(plan.seeds):
        raise ValueError(f"seeds must be different numbers, at least one, got {list(plan.seeds)}")
    judges = _judges(plan.get("judges"), folder)
    if plan.get("datasets"):
        check_different(plan.datasets, "datasets")
        if data_root and len(plan.datasets) > 1:
            raise ValueError(
                f"--data-root is for one dataset, this matrix has {len(plan.datasets)}: write "
                "data_root into its 'datasets'"
            )
        datasets = [
            _dataset(t, {"case_window": plan.get("case_window"), **d}, work_dir, folder, judges,
                     data_root)
            for t, d in plan.datasets.items()
        ]  # fmt: skip
    else:
        datasets = [_dataset(None, plan, work_dir, folder, judges, data_root)]
    check_different(plan.get("doses") or {}, "doses")
    check_different(plan.get("denoisers") or {}, "denoisers")
    denoisers = [_denoiser(t, d, folder) for t, d in (plan.get("denoisers") or {}).items()]
    doses = {t: dict(options) for t, options in (plan.get("doses") or {None: {}}).items()}
    is_matrix = any(plan.get(key) for key in MATRIX_KEYS) or any(m.options for m in methods)
    axes = Axes(datasets, doses, denoisers, list(plan.seeds), is_matrix)
    axes.check(methods)
    return axes


def _dataset(
    title: str | None,
    plan: Mapping[str, Any],
    work_dir: Path,
    folder: Path,
    judges: tuple[Path, ...],
    data_root: str | None,
) -> DataSet:
    """One dataset; of a comparison without that axis its top level."""
    keys = ("data_root", "prepare", "case_window", "options", "judges")
    if title is not None and (unknown := [key for key in plan if key not in keys]):
        raise ValueError(f"dataset {title!r} has unknown keys {unknown}: it takes {list(keys)}")
    for key in ("data_root", "case_window"):
        if not plan.get(key):
            where = f"dataset {title!r}" if title else "the comparison"
            raise ValueError(f"{where} needs a {key}")
    root = (data_root or plan["data_root"]).format(work_dir=work_dir)
    return DataSet(
        title=title,
        data_root=root,
        prepare=[
            (tool, [str(a).format(work_dir=work_dir, data_root=root) for a in arguments])
            for tool, arguments in plan.get("prepare") or []
        ],
        folder=work_dir / folder_name(title) if title else work_dir,
        case_window=tuple(plan["case_window"]),
        options=dict(plan.get("options") or {}) if title else {},
        judges=_judges(plan.get("judges"), folder) or judges,
    )


def _judges(names: Sequence[str] | None, folder: Path) -> tuple[Path, ...]:
    """Configs of judges, which exist and are named differently."""
    paths = tuple((folder / name).resolve() for name in names or [])
    for path in paths:
        if not path.is_file():
            raise FileNotFoundError(f"judge {path} does not exist: correct 'judges'")
    if len({path.stem for path in paths}) < len(paths):
        raise ValueError(f"judges need different names, got {[path.stem for path in paths]}")
    return paths


def _denoiser(title: str, plan: Mapping[str, Any], folder: Path) -> Denoiser:
    """One denoiser."""
    keys = ("generator", "configs", "options")
    if unknown := [key for key in plan if key not in keys]:
        raise ValueError(f"denoiser {title!r} has unknown keys {unknown}: it takes {list(keys)}")
    if not (plan.get("generator") or {}).get("type"):
        raise ValueError(
            f"denoiser {title!r} needs generator=dict(type=...), such as "
            "generator=dict(type='lidnet_mm.CPCE')"
        )
    configs = {key: (folder / path).resolve() for key, path in (plan.get("configs") or {}).items()}
    for path in configs.values():
        if not path.is_file():
            raise FileNotFoundError(f"config {path} of denoiser {title!r} does not exist")
    options = {key: dict(found) for key, found in (plan.get("options") or {}).items()}
    generator = plan["generator"]
    generator = generator.to_dict() if hasattr(generator, "to_dict") else dict(generator)
    return Denoiser(title, generator, configs, options)
