"""A comparison: which trainings and which scores it needs, and where they lie."""

from dataclasses import dataclass, field
from pathlib import Path

from mmengine.config import Config

from lidnet_mm.apis.load_config import judge_path, load_config
from lidnet_mm.benchmark.method_entry import MethodEntry, read_entries
from lidnet_mm.benchmark.settings_mark import check_settings, settings_digest
from lidnet_mm.engine.newest_checkpoint import noted_checkpoint


@dataclass(frozen=True)
class Training:
    """One training of the comparison.

    Attributes:
        name (str): Name of its folder.
        config (Path): Config file.
        seed (int): Seed.
        folder (Path): Work dir.
    """

    name: str
    config: Path
    seed: int
    folder: Path

    @property
    def checkpoint(self) -> Path | None:
        """Newest checkpoint, once there is one."""
        return noted_checkpoint(self.folder)

    @property
    def is_done(self) -> bool:
        """Whether it ran to its end."""
        return self.done_mark.is_file()

    @property
    def done_mark(self) -> Path:
        """File that is written when the training has ended well."""
        return self.folder / "trained"


@dataclass(frozen=True)
class Scoring:
    """One row of the table.

    Attributes:
        entry (MethodEntry): Entry of the comparison that it is a row of.
        config (Path): Config of the denoiser; for LDCT and NDCT any that reads the data.
        seed (int): Seed of the training.
        folder (Path): Where the score and the example slices go.
        training (Training | None): What it scores; None where nothing is trained.
    """

    entry: MethodEntry
    config: Path
    seed: int
    folder: Path
    training: Training | None

    @property
    def method(self) -> str:
        """Method of the row."""
        return self.entry.method

    @property
    def result(self) -> Path:
        """The row, in the form of ``results.json``."""
        return self.folder / "score.json"

    @property
    def details(self) -> Path:
        """All values of the test run."""
        return self.folder / "details.json"

    def is_done(self, judge: Training) -> bool:
        """Whether there is a score of the present weights, newer than they are.

        Args:
            judge (Training): The training of the judge.

        Returns:
            bool: False also where denoiser or judge were trained anew since.
        """
        if not self.result.is_file():
            return False
        marks = [t.done_mark for t in (judge, self.training) if t is not None and t.is_done]
        scored = self.result.stat().st_mtime
        return all(mark.stat().st_mtime <= scored for mark in marks)


@dataclass(frozen=True)
class Comparison:
    """LDCT, denoisers with and without LIDnet, and NDCT, scored by one judge.

    Built by :meth:`from_file` from a config such as ``configs/benchmark/demo.py``.

    Attributes:
        title (str): Title of the report.
        data_root (str): Converted data.
        prepare (list[tuple[str, list[str]]]): Tools, with arguments, that make the data where it
            is missing.
        judge (Training): The judge's training.
        trainings (list[Training]): All others.
        scorings (list[Scoring]): Rows, in the order of the table.
        work_dir (Path): Folder of it all.
        num_cases (int): Example slices in the report.
        case_window (tuple[float, float]): HU window to show them in.
        dose (str): How LDCT was made, for the report.
        notes (dict[str, str]): More for the report, text by title.
    """

    title: str
    data_root: str
    prepare: list[tuple[str, list[str]]]
    judge: Training
    trainings: list[Training]
    scorings: list[Scoring]
    work_dir: Path
    num_cases: int
    case_window: tuple[float, float]
    dose: str
    notes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_file(
        cls, path: str | Path, work_dir: str | Path, data_root: str | None = None
    ) -> "Comparison":
        """Read a comparison.

        Args:
            path (str | Path): Config of the comparison.
            work_dir (str | Path): Folder for trainings, scores and report.
            data_root (str, optional): Converted data, if not where the config says.

        Returns:
            Comparison: The comparison.

        Raises:
            FileNotFoundError: If a config does not exist.
            ValueError: If methods have different judges, seeds are not different numbers, or an
                entry of the methods is wrong; see :func:`read_entries`.
        """
        plan, work_dir, base = Config.fromfile(str(path)), Path(work_dir), Path(path).parent
        root = (data_root or plan.data_root).format(work_dir=work_dir)
        if not plan.seeds or len(set(plan.seeds)) < len(plan.seeds):
            raise ValueError(
                f"seeds must be different numbers, at least one, got {list(plan.seeds)}"
            )
        entries = read_entries(plan.methods, base)
        judge = _common_judge({entry.config for entry in entries if entry.config})
        scorings = _scorings(entries, plan.seeds, work_dir)
        return cls(
            title=plan.title,
            data_root=root,
            prepare=[
                (tool, [str(a).format(work_dir=work_dir, data_root=root) for a in arguments])
                for tool, arguments in plan.get("prepare", [])
            ],
            judge=Training("judge", judge, 0, work_dir / "judge"),
            trainings=[s.training for s in scorings if s.training is not None],
            scorings=scorings,
            work_dir=work_dir,
            num_cases=plan.num_cases,
            case_window=tuple(plan.case_window),
            dose=plan.dose,
            notes=dict(plan.get("notes", {})),
        )

    def digest_of(self, job: Training | Scoring) -> str:
        """Digest of the settings of a training or a score.

        Args:
            job (Training | Scoring): One of this comparison's.

        Returns:
            str: See :func:`settings_digest`.
        """
        configs = [job.config] if isinstance(job, Training) else [job.config, self.judge.config]
        return settings_digest(configs, self.data_root, job.seed)

    def check_settings(self) -> None:
        """Refuse a work dir with trainings or scores of other settings.

        Raises:
            OtherSettingsError: If there are any that would be reused; the message names them.
        """
        trainings = [self.judge, *self.trainings]
        used = [t for t in trainings if t.is_done or t.checkpoint is not None]
        used += [s for s in self.scorings if s.is_done(self.judge)]
        check_settings((job.folder, self.digest_of(job)) for job in used)


def _common_judge(configs: set[Path]) -> Path:
    """Config of the one judge that all methods name."""
    judges = {judge_path(load_config(path)) for path in configs}
    if len(judges) > 1:
        raise ValueError(f"methods of one table need one judge, got {sorted(map(str, judges))}")
    return judges.pop()


def _scorings(entries: list[MethodEntry], seeds: list[int], work_dir: Path) -> list[Scoring]:
    """All rows; those that no seed changes, as nothing is trained, once."""
    # Trained ones first, so that a filter added to a comparison changes no settings of LDCT.
    configs = sorted((e for e in entries if e.config), key=lambda entry: not entry.is_trained)
    any_config = configs[0].config
    rows = []
    for entry in entries:
        for seed in seeds if entry.is_trained else seeds[:1]:
            name, config = f"{entry.label}_seed{seed}", entry.config or any_config
            training = Training(name, config, seed, work_dir / name) if entry.is_trained else None
            rows.append(Scoring(entry, config, seed, work_dir / "scores" / name, training))
    return rows
