"""Trainings of a table that ran as different numbers of processes: one batch is twice the other."""

import re
import shutil

import pytest
from matrix_files import ONE_TABLE

from lidnet_mm.benchmark.jobs.job_notes import note_processes, processes_of
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.report.matrix_report import report_matrix
from lidnet_mm.benchmark.report.results_page import write_results_page
from lidnet_mm.benchmark.scores.same_source import MixedResultsError


@pytest.fixture
def matrix(read_matrix):
    return read_matrix(ONE_TABLE)


@pytest.fixture
def run(matrix, calls, monkeypatch):
    """Function that runs the matrix with so many processes a training, or one cell of it."""

    def run_with(gpus, cell=None, fails=""):
        monkeypatch.setenv("FAKE_FAILS", fails)
        return run_matrix(matrix, 1, lambda line: None, cell, gpus=gpus)

    return run_with


@pytest.mark.parametrize("gpus", [1, 2])
def test_all_alike(run, matrix, gpus):
    run(gpus)
    for training in matrix.tables[0].trainings:
        assert processes_of(training.folder) == (gpus,)
    assert len(collect(matrix)[0].rows) == 10


def test_one_with_twice_the_batch(run, matrix, tmp_path):
    run(1)
    changed = matrix.cell(2).training
    shutil.rmtree(changed.folder)
    for scoring in matrix.tables[0].scorings:
        if scoring.training == changed:
            shutil.rmtree(scoring.folder)
    run(2)
    with pytest.raises(MixedResultsError) as found:
        collect(matrix)
    message = str(found.value)
    assert "different numbers of processes, each with a batch of its own: " in message
    assert re.search(r"[:;] 2 \(chest: matched CPCE seed \d\)", message)
    assert "--allow-mixed" in message
    flag = "Trained as different numbers of processes"
    page = report_matrix(matrix, allow_mixed=True)[0].read_text()
    assert flag in page[: page.index('id="comparison"')]
    text = write_results_page(matrix.work_dir / "results.json", tmp_path / "page.md")[0].read_text()
    assert flag in text


def test_trainings_that_went_on_with_another_number(run, matrix):
    """All of the table did: the first half of each has another batch than the second."""
    training = matrix.cell(2).training
    run(1, fails=training.name)
    run(2)
    assert processes_of(training.folder) == (1, 2)
    for other in matrix.tables[0].trainings:
        note_processes(other.folder, 2)
    with pytest.raises(MixedResultsError, match=r"of its own: 1 and 2 \(chest: "):
        collect(matrix)


def test_training_begun_anew(run, matrix):
    """Nothing is left of a part without a checkpoint."""
    training = matrix.cell(2).training
    run(1, cell=2, fails=training.name)
    (training.folder / "last_checkpoint").unlink()
    run(2, cell=2)
    assert processes_of(training.folder) == (2,)
    collect(matrix)


def test_trained_by_an_older_version(run, matrix):
    """It noted none, and is not refused."""
    run(1)
    for path in matrix.work_dir.rglob("processes.json"):
        path.unlink()
    assert len(collect(matrix)[0].rows) == 10
