"""A matrix: tables of every dataset and dose, and its cells."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from lidnet_mm.apis.config_inheritance import config_of, local_files
from lidnet_mm.apis.config_variables import refuse_unread_variables
from lidnet_mm.benchmark.matrix.axes import MATRIX_KEYS, read_axes
from lidnet_mm.benchmark.matrix.cell_config import write_config
from lidnet_mm.benchmark.matrix.comparison import Comparison, build_table
from lidnet_mm.benchmark.matrix.method_entry import read_methods
from lidnet_mm.benchmark.matrix.stage import Scoring, Training

NEEDED = ("title", "methods", "seeds", "num_cases")
"""Variables that every comparison has."""

READ = frozenset(
    {*NEEDED, *MATRIX_KEYS, "case_depth", "case_window", "custom_imports", "data_root", "dose"}
    | {"limit_hours", "notes", "prepare"}
)
"""Variables that a comparison may have."""

LIMIT_HOURS = 24
"""``limit_hours`` of a config that sets none."""


@dataclass(frozen=True)
class MatrixCell:
    """A row with all its judges: what one job of an array does.

    Attributes:
        number (int): 1, 2, ... over the whole matrix.
        table (Comparison): Its table.
        name (str): Label and seed, such as ``lidnet_cpce_seed0``.
        training (Training | None): Its training; None where nothing is trained.
        scorings (tuple[Scoring, ...]): Its scores, one a judge.
        along (tuple[Scoring, ...]): Scores of its checkpoints along the training.
    """

    number: int
    table: Comparison
    name: str
    training: Training | None
    scorings: tuple[Scoring, ...]
    along: tuple[Scoring, ...] = ()


@dataclass(frozen=True)
class Matrix:
    """Tables of every dataset and dose.

    Built by :meth:`from_file` from a config such as ``configs/benchmark/demo.py``, which has one.

    Attributes:
        title (str): Title of the reports.
        tables (list[Comparison]): Dataset by dataset.
        work_dir (Path): Folder of it all.
        limit_hours (float | None): Hours above which a run asks before it goes on; None for none.
    """

    title: str
    tables: list[Comparison]
    work_dir: Path
    limit_hours: float | None = LIMIT_HOURS

    @classmethod
    def from_file(
        cls, path: str | Path, work_dir: str | Path, data_root: str | None = None
    ) -> "Matrix":
        """Read a matrix, or a comparison of one table.

        Args:
            path (str | Path): Its config.
            work_dir (str | Path): Folder for trainings, scores and reports.
            data_root (str, optional): Converted data, if not where the config says.

        Returns:
            Matrix: The matrix.

        Raises:
            FileNotFoundError: If a config does not exist.
            ValueError: If a variable is missing, or an axis or an entry is wrong; see
                :func:`read_axes`, :func:`read_methods` and :func:`build_table`.
        """
        if not Path(path).is_file():
            raise FileNotFoundError(f"config {path} does not exist")
        plan, work_dir, folder = config_of(path), Path(work_dir), Path(path).parent
        refuse_unread_variables(plan, local_files(Path(path)), READ)
        if missing := [name for name in NEEDED if plan.get(name) is None]:
            raise ValueError(f"a comparison needs {', '.join(missing)}")
        methods = read_methods(plan.methods, folder)
        axes = read_axes(plan, folder, work_dir, methods, data_root)
        limit = plan.get("limit_hours", LIMIT_HOURS)
        if limit is not None and not (isinstance(limit, int | float) and limit > 0):
            raise ValueError(
                f"limit_hours must be a positive number, or None for no limit, got {limit!r}"
            )
        tables = [
            build_table(plan, axes, methods, dataset, dose)
            for dataset in axes.datasets
            for dose in axes.doses
        ]
        _check_judges(tables)
        return cls(plan.title, tables, work_dir, limit)

    @property
    def cells(self) -> list[MatrixCell]:
        """All cells, in the order of tables and rows."""
        found = []
        for table in self.tables:
            rows: dict[str, list[Scoring]] = {}
            for scoring in table.scorings:
                rows.setdefault(scoring.folder.name, []).append(scoring)
            found += [(table, name, scorings) for name, scorings in rows.items()]
        return [
            MatrixCell(number, table, name, rows[0].training, tuple(rows), _along(rows[0], table))
            for number, (table, name, rows) in enumerate(found, start=1)
        ]

    def cell(self, number: int) -> MatrixCell:
        """A cell by its number.

        Raises:
            ValueError: If there is no such cell.
        """
        cells = self.cells
        if not 1 <= number <= len(cells):
            raise ValueError(f"there is no cell {number}: the matrix has cells 1 to {len(cells)}")
        return cells[number - 1]

    def write_configs(self) -> None:
        """Write the generated configs into the folders of the tables."""
        for table in self.tables:
            for path, text in table.generated.items():
                write_config(path, text)

    def check_settings(self) -> None:
        """Refuse a work dir with trainings or scores of other settings.

        Raises:
            OtherSettingsError: If there are any that would be reused; the message names them.
        """
        for table in self.tables:
            table.check_settings()


def _along(scoring: Scoring, table: Comparison) -> tuple[Scoring, ...]:
    """Scores along the training of a row."""
    return tuple(each for each in table.along if each.training == scoring.training)


def _check_judges(tables: Iterable[Comparison]) -> None:
    """Refuse tables of a dataset that would train different judges in one folder."""
    found: dict[Path, Training] = {}
    for judge in (judge for table in tables for judge in table.judges):
        if found.setdefault(judge.folder, judge).config != judge.config:
            raise ValueError(
                f"tables of one dataset need one judge, got {found[judge.folder].config} and "
                f"{judge.config}: name it in 'judges'"
            )
