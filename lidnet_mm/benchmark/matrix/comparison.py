"""A table: which trainings and which scores it needs, and where they lie."""

import hashlib
import json
from dataclasses import dataclass, field, replace
from pathlib import Path

from mmengine.config import Config

from lidnet_mm.apis.load_config import judge_path, load_config
from lidnet_mm.benchmark.matrix.along_training import kept_iterations
from lidnet_mm.benchmark.matrix.axes import Axes, DataSet
from lidnet_mm.benchmark.matrix.cell_config import config_text, images_config, pretraining_config
from lidnet_mm.benchmark.matrix.folder_name import folder_name
from lidnet_mm.benchmark.matrix.given_detector import check_given_detector
from lidnet_mm.benchmark.matrix.iterations import iterations_of
from lidnet_mm.benchmark.matrix.method_entry import MethodEntry, MethodPlan
from lidnet_mm.benchmark.matrix.settings_mark import check_settings, settings_digest
from lidnet_mm.benchmark.matrix.stage import Scoring, Training
from lidnet_mm.benchmark.matrix.table_lines import PlannedLine, table_lines
from lidnet_mm.benchmark.scores.scoring import row_names
from lidnet_mm.benchmark.scores.trained_as import is_denoiser


@dataclass(frozen=True)
class Comparison:
    """LDCT, denoisers with and without LIDnet, and NDCT, on one dataset and dose.

    Built by :func:`build_table`.

    Attributes:
        title (str): Title of the report.
        name (str): Dataset and dose, such as ``chest, 250 HU``; empty where there is one table.
        dataset (DataSet): The data.
        judges (list[Training]): Trainings of the judges, the main one first.
        trainings (list[Training]): Trainings of the rows.
        scorings (list[Scoring]): Rows, in the order of the table, those of one judge together.
        work_dir (Path): Folder of the table.
        num_cases (int): Example slices in the report.
        dose (str): How LDCT was made, for the report.
        notes (dict[str, str]): More for the report, text by title.
        generated (dict[Path, str]): Texts of the configs that are written for it.
        case_depth (int): Slices of each, those around it among them; odd. Defaults to 1.
        along (list[Scoring]): Scores of checkpoints along trainings, by the main judge.
        bases (dict[Path, Path]): Configs that those of the rows are made from.
    """

    title: str
    name: str
    dataset: DataSet
    judges: list[Training]
    trainings: list[Training]
    scorings: list[Scoring]
    work_dir: Path
    num_cases: int
    dose: str
    notes: dict[str, str] = field(default_factory=dict)
    generated: dict[Path, str] = field(default_factory=dict)
    case_depth: int = 1
    along: list[Scoring] = field(default_factory=list)
    bases: dict[Path, Path] = field(default_factory=dict)

    @property
    def judge(self) -> Training:
        """Training of the main judge."""
        return self.judges[0]

    @property
    def pretrainings(self) -> list[Training]:
        """Shared pre-trainings (T1), each once."""
        return list(dict.fromkeys(t.pretraining for t in self.trainings if t.pretraining))

    @property
    def data_root(self) -> str:
        """Folder of the converted data."""
        return self.dataset.data_root

    @property
    def prepare(self) -> list[tuple[str, list[str]]]:
        """Tools, with arguments, that make the data where it is missing."""
        return self.dataset.prepare

    @property
    def case_window(self) -> tuple[float, float]:
        """HU window to show example slices in."""
        return self.dataset.case_window

    def digest_of(self, job: Training | Scoring) -> str:
        """Digest of the settings of a training or a score.

        Args:
            job (Training | Scoring): One of this table's.

        Returns:
            str: See :func:`settings_digest`.
        """
        other = job.detector if isinstance(job, Training) else job.judge
        configs = [job.config, other.config] if other is not None else [job.config]
        return settings_digest(configs, self.data_root, job.seed)

    def check_settings(self) -> None:
        """Refuse a work dir with trainings or scores of other settings.

        The generated configs must have been written.

        Raises:
            OtherSettingsError: If there are any that would be reused; the message names them.
        """
        trainings = [*self.judges, *self.pretrainings, *self.trainings]
        used = [t for t in trainings if t.is_done or t.checkpoint is not None]
        used += [s for s in [*self.scorings, *self.along] if s.is_done]
        check_settings((job.folder, self.digest_of(job)) for job in used)


def build_table(
    plan: Config, axes: Axes, methods: list[MethodPlan], dataset: DataSet, dose: str | None
) -> Comparison:
    """Table of a dataset and a dose.

    Args:
        plan (Config): Config of the matrix.
        axes (Axes): Its axes.
        methods (list[MethodPlan]): Its entries.
        dataset (DataSet): The dataset.
        dose (str | None): Title of the dose; None where there is no such axis.

    Returns:
        Comparison: The table.

    Raises:
        FileNotFoundError: If a config does not exist.
        ValueError: If methods have different judges, a judge is no plain detector, or as of
            :func:`table_lines`, :func:`kept_iterations` and :func:`check_given_detector`.
    """
    work_dir = dataset.folder / folder_name(dose) if dose is not None else dataset.folder
    lines = table_lines(methods, axes, dataset, dose, work_dir)
    table = _Table(axes, dataset, work_dir)
    judges = dataset.judges or (_common_judge(lines),)
    trained_judges = [table.judge(path) for path in judges]
    rows = table.rows(lines)
    scorings = []
    for path, judge in zip(judges, trained_judges, strict=True):
        is_main = path == judges[0]
        scores = work_dir / "scores" if is_main else work_dir / "scores" / f"by_{path.stem}"
        scorings += [
            Scoring(entry, config, seed, scores / name, training, judge, path.stem, is_main)
            for entry, config, seed, name, training in rows
        ]
    return Comparison(
        title=plan.title,
        name=", ".join(title for title in (dataset.title, dose) if title),
        dataset=dataset,
        judges=trained_judges,
        trainings=[row[-1] for row in rows if row[-1] is not None],
        scorings=scorings,
        work_dir=work_dir,
        num_cases=plan.num_cases,
        case_depth=plan.get("case_depth", 1),
        dose=". ".join(filter(None, [dose, plan.get("dose")])),
        notes=dict(plan.get("notes", {})),
        generated=table.generated,
        bases={line.entry.config: line.base for line in lines if line.config},
        along=[
            replace(
                scoring,
                folder=work_dir / "scores" / "along" / f"{scoring.folder.name}_iter{iteration}",
                iteration=iteration,
            )
            for scoring in scorings
            if scoring.is_main and scoring.training is not None
            for iteration in table.along.get(scoring.training.folder, ())
        ],
    )


def _common_judge(lines: list[PlannedLine]) -> Path:
    """Config of the one judge that all methods name."""
    try:
        judges = {judge_path(line.config) for line in lines if line.config}
    except KeyError as error:
        raise ValueError(error.args[0]) from error
    if len(judges) > 1:
        raise ValueError(f"methods of one table need one judge, got {sorted(map(str, judges))}")
    return judges.pop()


class _Table:
    """Trainings of a table, the configs that are generated for them, and what they keep."""

    def __init__(self, axes: Axes, dataset: DataSet, folder: Path) -> None:
        self.is_matrix = axes.is_matrix
        self.dataset = dataset
        self.folder = folder
        self.generated: dict[Path, str] = {}
        self.along: dict[Path, list[int]] = {}
        self.judges: list[tuple[Training, Config]] = []

    def judge(self, path: Path) -> Training:
        """Training of a judge, one for all tables of the dataset."""
        dataset = self.dataset
        root = str(Path(dataset.data_root).resolve())
        config = load_config(path, {"data_root": root, **dataset.options})
        if is_denoiser(config):
            raise ValueError(f"judge {path} trains a denoiser: a judge is a plain detector")
        folder = dataset.folder / "judge"
        if dataset.judges:
            folder = dataset.folder / "judges" / path.stem
        if dataset.options:  # Another name than the original, as mim looks for configs by name.
            source, name = path, f"{path.stem}_{folder_name(dataset.title)}.py"
            path = dataset.folder / "configs" / name
            self.generated[path] = config_text(config, str(source))
        training = Training(folder.name, path, 0, folder, iterations=iterations_of(config))
        self.judges.append((training, config))
        return training

    def rows(
        self, lines: list[PlannedLine]
    ) -> list[tuple[MethodEntry, Path, int, str, Training | None]]:
        """Entry, config, seed, folder's name and training of each row."""
        images, rows = self._images(lines), []
        for line in lines:
            entry = line.entry
            if line.config and self.is_matrix:
                self.generated[entry.config] = config_text(line.config, str(line.base))
            for seed in line.seeds:
                name = f"{entry.label}_seed{seed}"
                training = self._training(line, name, seed) if entry.is_trained else None
                rows.append((entry, entry.config or images, seed, name, training))
        return rows

    def _images(self, lines: list[PlannedLine]) -> Path:
        """Config for LDCT and NDCT."""
        # Trained ones first, so that a filter added to a comparison changes no settings of LDCT.
        first = sorted((li for li in lines if li.config), key=lambda li: not li.entry.is_trained)[0]
        if not self.is_matrix:
            return first.entry.config
        path = self.folder / "configs" / "images.py"
        self.generated[path] = config_text(images_config(first.config), "the data of this table")
        return path

    def _training(self, line: PlannedLine, name: str, seed: int) -> Training:
        """Training of a row."""
        shared = pretraining_config(line.config) if self.is_matrix else None
        own = iterations_of(line.config)
        pretraining = None
        if shared is not None:
            pretraining = self._pretraining(shared, row_names(line.config)[1], seed)
            own -= pretraining.iterations
        folder = self.folder / name
        if interval := line.entry.along:
            before = pretraining.iterations if pretraining else 0
            label = line.entry.label
            self.along[folder] = kept_iterations(line.config, interval, label, before)
        detector = self._given_detector(line) if line.entry.detector else None
        return Training(name, line.entry.config, seed, folder, pretraining, detector, own)

    def _given_detector(self, line: PlannedLine) -> Training:
        """The judge whose weights the detector of a row begins with."""
        judge, config = self.judges[0]
        check_given_detector(line.config, config, line.base, line.entry.label)
        return judge

    def _pretraining(self, config: Config, detector: str, seed: int) -> Training:
        """The T1 that LIDnets of this config and seed share."""
        content = json.dumps(config.to_dict(), sort_keys=True, default=repr)
        digest = hashlib.sha256(content.encode()).hexdigest()[:8]
        label = f"pretraining_{folder_name(detector)}_{digest}"
        path = self.folder / "configs" / f"{label}.py"
        self.generated[path] = config_text(config, "the LIDnets of this table that share a T1")
        folder = self.folder / f"{label}_seed{seed}"
        return Training(folder.name, path, seed, folder, iterations=iterations_of(config))
