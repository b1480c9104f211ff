"""Rows that were trained at another commit than they were scored."""

import json

import pytest
from matrix_files import ONE_TABLE

from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.training_commits import COMMITS, commits_of
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.report.matrix_report import report_matrix
from lidnet_mm.benchmark.report.results_page import write_results_page
from lidnet_mm.benchmark.scores.same_source import MixedResultsError

OLD, NEW = "0123456789ab", "ba9876543210"


@pytest.fixture
def matrix(read_matrix):
    return read_matrix(ONE_TABLE)


@pytest.fixture
def run(matrix, calls, monkeypatch):
    """Function that runs the matrix at a commit, or one cell of it."""

    def run_at(commit, cell=None, fails=""):
        monkeypatch.setenv("FAKE_COMMIT", commit)
        monkeypatch.setenv("FAKE_FAILS", fails)
        return run_matrix(matrix, 1, lambda line: None, cell)

    return run_at


def scored_again_at(commit, run, matrix):
    """What an update of the code between training and scoring leaves."""
    for table in matrix.tables:
        for scoring in table.scorings:
            scoring.result.unlink()
    run(commit)


def note_of(training):
    return json.loads((training.folder / COMMITS).read_text())


def test_all_at_one_commit(run, matrix):
    run(OLD)
    table = matrix.tables[0]
    for training in [*table.judges, *table.pretrainings, *table.trainings]:
        assert note_of(training)["commits"] == [OLD]
    assert len(collect(matrix)[0].rows) == 10
    assert "different commits" not in report_matrix(matrix)[0].read_text()


def test_scored_later(run, matrix):
    """All rows are of one commit, which none of the weights is of."""
    run(OLD)
    scored_again_at(NEW, run, matrix)
    with pytest.raises(MixedResultsError) as found:
        collect(matrix)
    message = str(found.value)
    assert f"training at {OLD}, score at {NEW} (chest: matched CPCE seed 0, " in message
    for what in ("T1", "judge judge_a", "judge judge_b"):
        assert f"{what} at {OLD}, score at {NEW} (chest: " in message
    assert "--allow-mixed" in message
    assert len(collect(matrix, allow_mixed=True)[0].rows) == 10
    page = report_matrix(matrix, allow_mixed=True)[0].read_text()
    top = page[: page.index('id="comparison"')]
    assert "Trained and scored at different commits of the code: " in top
    assert f"T1 at {OLD}, score at {NEW} (chest: lidnet" in top


def test_page_of_results_says_so(run, matrix, tmp_path):
    """Its rows alone do not tell; when all is made anew, nothing is left of it."""
    run(OLD)
    results = matrix.work_dir / "results.json"
    collect(matrix)
    page = write_results_page(results, tmp_path / "page.md")[0]
    assert "Trained and scored" not in page.read_text()
    scored_again_at(NEW, run, matrix)
    collect(matrix, allow_mixed=True)
    write_results_page(results, page)
    assert "Trained and scored at different commits of the code: " in page.read_text()
    assert f"training at {OLD}, score at {NEW}" in page.read_text()
    for path in matrix.work_dir.rglob(COMMITS):
        path.write_text(json.dumps({"commits": [NEW], "pretraining": [NEW]}))
    collect(matrix)
    write_results_page(results, page)
    assert "Trained and scored" not in page.read_text()


@pytest.mark.parametrize("which", ["judge", "training", "pretraining"])
def test_each_of_them_counts(run, matrix, which):
    run(OLD)
    table = matrix.tables[0]
    changed = {"judge": table.judge, "training": table.trainings[0]}.get(which)
    path = (changed or table.trainings[-1]).folder / COMMITS
    path.write_text(json.dumps({"commits": [OLD], "pretraining": []}))
    collect(matrix)
    name = "pretraining" if which == "pretraining" else "commits"
    path.write_text(json.dumps({"commits": [OLD], "pretraining": [], name: [NEW]}))
    what = {"judge": "judge judge_a", "pretraining": "T1"}.get(which, which)
    with pytest.raises(MixedResultsError, match=rf"code: {what} at {NEW}, score at {OLD} \(chest"):
        collect(matrix)


def test_training_resumed_at_another_commit(run, matrix):
    """It is of both, whichever scores it; a third part of one of them adds none."""
    training = matrix.cell(2).training
    for commit in (OLD, NEW, NEW):
        run(commit, cell=2, fails=training.name)
    run(NEW, cell=2)
    assert commits_of(training).own == (OLD, NEW)
    with pytest.raises(MixedResultsError, match=rf"training at {OLD} and {NEW}, score at {NEW}"):
        collect(matrix)


def test_training_begun_anew(run, matrix):
    """Nothing is left of a part without a checkpoint."""
    training = matrix.cell(2).training
    run(OLD, cell=2, fails=training.name)
    (training.folder / "last_checkpoint").unlink()
    run(NEW, cell=2)
    assert commits_of(training).own == (NEW,)


def test_t1_whose_folder_was_deleted(run, matrix):
    """Its LIDnets remember its commit."""
    (pretraining,) = matrix.tables[0].pretrainings
    run(OLD)
    for path in sorted(pretraining.folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    scored_again_at(NEW, run, matrix)
    with pytest.raises(MixedResultsError, match=rf"T1 at {OLD}, score at {NEW}"):
        collect(matrix)


def test_trained_by_an_older_version(run, matrix):
    """Its done mark says nothing of a commit: it is unknown, and not refused."""
    run(OLD)
    for path in matrix.work_dir.rglob(COMMITS):
        path.unlink()
    scored_again_at(NEW, run, matrix)
    assert len(collect(matrix)[0].rows) == 10
    assert "different commits" not in report_matrix(matrix)[0].read_text()


def test_begun_by_an_older_version(run, matrix):
    """The known part counts."""
    training = matrix.cell(2).training
    run(OLD, cell=2, fails=training.name)
    (training.folder / COMMITS).unlink()
    run(OLD, cell=2)
    assert commits_of(training).own == ("unknown", OLD)
    collect(matrix)
