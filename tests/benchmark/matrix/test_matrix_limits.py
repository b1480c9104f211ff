"""What a run of a matrix asks before, and what its rows are refused for."""

import json

import pytest
from matrix_files import ONE_TABLE

from lidnet_mm.benchmark.jobs.job_notes import add_seconds
from lidnet_mm.benchmark.jobs.run import LimitError, run_matrix
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.scores.same_source import MixedResultsError


def quiet(line):
    pass


class TestLimit:
    LIMIT = ONE_TABLE + "limit_hours = 1\n"

    @pytest.fixture
    def begun(self, read_matrix, calls):
        """A limited matrix of which the judges took two hours each."""
        matrix = read_matrix(self.LIMIT)
        run_matrix(matrix, 1, quiet, cell=1)
        for judge in matrix.tables[0].judges:
            add_seconds(judge.folder, 7200)
        calls()
        return matrix

    def test_refuses(self, begun, calls):
        with pytest.raises(
            LimitError, match=r"expected to take .* h .* limit of 1 h 00 .*--no-limit"
        ):
            run_matrix(begun, 1, quiet)
        assert not calls()

    def test_config_that_sets_none_has_one(self, read_matrix, calls):
        """A day; a first run does not know its time, says so, and is stopped when it does."""
        matrix = read_matrix(ONE_TABLE)
        lines = []
        run_matrix(matrix, 1, lines.append, cell=1)
        (line,) = [line for line in lines if line.startswith("[limit]")]
        assert line == (
            "[limit] expected time: unknown; the limit of 24 h 00 min (limit_hours) is checked "
            "after each job"
        )
        for judge in matrix.tables[0].judges:
            add_seconds(judge.folder, 50 * 3600)
        with pytest.raises(LimitError, match="more than the limit of 24 h 00 min"):
            run_matrix(matrix, 1, quiet)

    def test_switched_off(self, read_matrix, calls):
        matrix = read_matrix(ONE_TABLE + "limit_hours = None\n")
        run_matrix(matrix, 1, quiet, cell=1)
        for judge in matrix.tables[0].judges:
            add_seconds(judge.folder, 50 * 3600)
        lines = []
        assert not run_matrix(matrix, 1, lines.append)
        assert not any(line.startswith("[limit]") for line in lines)

    def test_nothing_to_do_is_not_unknown(self, begun):
        lines = []
        run_matrix(begun, 1, lines.append, cell=1)
        assert not any(line.startswith("[limit]") for line in lines)

    def test_asks_once(self, begun, calls):
        asked = []
        run_matrix(begun, 1, quiet, agree=lambda question: asked.append(question) or True)
        assert len(asked) == 1
        assert "more than the limit of 1 h 00 min" in asked[0]
        assert calls()

    def test_nothing_to_do_needs_no_time(self, begun, calls):
        assert not run_matrix(begun, 1, quiet, cell=1)

    def test_checked_again_when_costs_are_known(self, read_matrix, calls, monkeypatch):
        """The first training of the matrix shows what the others will take."""
        monkeypatch.setattr(
            "lidnet_mm.benchmark.jobs.job_process.add_seconds",
            lambda folder, seconds: add_seconds(folder, 7200),
        )
        with pytest.raises(LimitError):
            run_matrix(read_matrix(self.LIMIT), 1, quiet)
        assert [call[4].rpartition("/chest/")[2] for call in calls()] == ["judges/judge_a"]


def test_mixed_commits_of_two_tables(read_matrix, calls, monkeypatch):
    more = "datasets.pop('STS')\nmethods = [methods[0], methods[3]]\nseeds = [0]\n"
    matrix = read_matrix(more)
    run_matrix(matrix, 1, quiet, cell=1)
    monkeypatch.setenv("FAKE_COMMIT", "ba9876543210")
    run_matrix(matrix, 1, quiet)
    with pytest.raises(MixedResultsError, match="2 commits of the code"):
        collect(matrix)
    tables = collect(matrix, allow_mixed=True)
    rows = json.loads((matrix.work_dir / "results.json").read_text())
    assert {row["dataset"] for row in rows} == {"chest, 60 HU", "chest, 120 HU"}
    assert {row["judge"] for row in rows} == {"judge_a", "judge_b"}
    assert len(rows) == sum(len(table.rows) for table in tables) == 2 * 2 * 3


def test_windows_may_differ_between_tables_only(read_matrix, calls, monkeypatch):
    more = "datasets.pop('STS')\nmethods = [methods[0], methods[3]]\nseeds = [0]\n"
    matrix = read_matrix(more)
    for number in (1, 2, 3):
        run_matrix(matrix, 1, quiet, cell=number)
    monkeypatch.setenv("FAKE_WINDOW", "[-1000, 400]")
    for number in (4, 5):
        run_matrix(matrix, 1, quiet, cell=number)
    collect(matrix)
    (matrix.cell(5).scorings[0].folder / "score.json").unlink()
    monkeypatch.setenv("FAKE_WINDOW", "[-160, 240]")
    run_matrix(matrix, 1, quiet)
    with pytest.raises(MixedResultsError, match=r"2 HU windows.*chest, 120 HU"):
        collect(matrix)
