"""What leaves the work dir of a job that failed: its name, its status, where its log lies."""

import pytest
from matrix_files import ONE_TABLE

from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.report import table_parts
from lidnet_mm.benchmark.report.matrix_report import report_matrix

PREPARE = "datasets['chest']['prepare'] = [('a:convert', ['{data_root}'])]\n"


def quiet(line):
    pass


class TestNamesInLogs:
    """Logs name patients and files; none of it may leave the work dir with the report."""

    LOG = "patient Quux^Zebedee has no slices: raw/Quux_Zebedee_19560312/ct.nii.gz"

    @pytest.fixture
    def run_twice(self, read_matrix, calls, monkeypatch):
        """Function that runs it so that there are rows, then with a job that fails."""

        def run(more, fails, *lost):
            run_matrix(read_matrix(ONE_TABLE), 1, quiet, cell=1)
            matrix = read_matrix(ONE_TABLE + more)
            for path in lost:
                (matrix.work_dir / path).unlink()
            monkeypatch.setenv("FAKE_FAILS", fails)
            monkeypatch.setenv("FAKE_LOG", self.LOG)
            return matrix, run_matrix(matrix, 1, quiet)

        return run

    def check(self, matrix, failed, name, log):
        """The terminal and the work dir have it all, the report where to look."""
        (whole,) = [job.reason for job in failed if job.name == name]
        assert whole.endswith(self.LOG)
        noted = [path.read_text().strip() for path in matrix.work_dir.rglob("failed")]
        assert noted == [whole]
        (page,) = report_matrix(matrix)
        written = [*page.parent.iterdir(), *matrix.work_dir.rglob("*.json")]
        for path in written:
            text = path.read_text(encoding="utf-8")
            for word in ("Quux", "Zebedee", "19560312", "nii.gz", str(matrix.work_dir)):
                assert word not in text, (path.name, word)
        reason = f"{name} failed with status 3, see {log} in the work dir"
        assert reason in page.read_text(encoding="utf-8")
        assert reason in page.with_name("report.md").read_text(encoding="utf-8")

    def test_training(self, run_twice):
        matrix, failed = run_twice("", "lidnet_cpce_seed0")
        name = "chest/lidnet_cpce_seed0"
        self.check(matrix, failed, name, f"{name}/log.txt")

    def test_t1(self, run_twice, read_matrix):
        (pretraining,) = read_matrix(ONE_TABLE).tables[0].pretrainings
        matrix, failed = run_twice("", pretraining.name)
        name = f"chest/{pretraining.name}"
        self.check(matrix, failed, name, f"{name}/log.txt")

    def test_judge(self, run_twice):
        lost = ("trained", "iter_1.pth", "last_checkpoint")
        lost = [f"chest/judges/judge_b/{name}" for name in lost]
        matrix, failed = run_twice("", "judge_b", *lost)
        self.check(matrix, failed, "chest/judges/judge_b", "chest/judges/judge_b/log.txt")

    def test_preparation(self, run_twice):
        matrix, failed = run_twice(PREPARE, "prepare")
        self.check(matrix, failed, "data of chest", "chest/prepare/convert.txt")


def test_a_training_shorter_than_the_interval_of_its_log(read_matrix, calls, monkeypatch):
    """It logs nothing: its row stands, its curves are missing, and that is said."""
    said = []
    monkeypatch.setattr(table_parts, "print_log", lambda text, *_: said.append(text))
    matrix = read_matrix(ONE_TABLE)
    run_matrix(matrix, 1, quiet)
    (training, *_) = matrix.tables[0].trainings
    for log in training.folder.glob("*/vis_data/scalars.json"):
        log.unlink()
    (page,) = report_matrix(matrix)
    assert page.is_file()
    (line,) = said
    assert line.startswith(f"{training.name} has no curves: no vis_data/scalars.json")
    assert line.endswith("for more iterations than default_hooks.logger.interval?")
