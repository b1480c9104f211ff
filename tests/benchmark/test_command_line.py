"""What the command says to a config or an option that is wrong: a line, and no traceback."""

import shutil
import sys

import pytest

from lidnet_mm.benchmark.matrix.matrix import Matrix


@pytest.fixture
def run(tool, tmp_path, monkeypatch, capsys):
    """Function that calls the command, and returns its status and what it wrote to stderr."""

    def call(config, *options, stage="plan"):
        work = str(tmp_path / "work")
        arguments = ["benchmark", stage, str(config), "--work-dir", work, *options]
        monkeypatch.setattr(sys, "argv", arguments)
        return tool.main(), capsys.readouterr().err

    return call


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ("methods = [dict(method='foo')]", "comparison.py: unknown method 'foo': choose from ldct"),
        ("methods[0]['confg'] = 'x.py'", "comparison.py: method 'ldct' has unknown keys ['confg']"),
        ("methods[1]['config'] = 'gone.py'", "gone.py does not exist"),
        ("methods = None", "comparison.py: a comparison needs methods"),
        ("title, seeds = None, None", "comparison.py: a comparison needs title, seeds"),
        ("seeds = [", "comparison.py: '[' was never closed"),
        ("_base_ = 'gone.py'", "gone.py"),
        ("seeds = [sed]", "comparison.py: NameError: name 'sed' is not defined, in config "),
        ("title = 1 / 0", "comparison.py: ZeroDivisionError: division by zero, in config "),
        ("limit_hours = -1", "comparison.py: limit_hours must be a positive number"),
    ],
)
def test_wrong_config(run, write_comparison, more, message):
    status, told = run(write_comparison(more + "\n"))
    assert status == 1
    assert told.startswith("error: ")
    assert message in told
    assert told.count("\n") == 1


def test_missing_config(run, tmp_path):
    status, told = run(tmp_path / "gone.py")
    assert (status, told) == (1, f"error: config {tmp_path / 'gone.py'} does not exist\n")


def test_config_of_a_method_with_an_error(run, write_comparison):
    path = write_comparison("methods.append(dict(method='classical', config='filter.py'))\n")
    (path.parent / "filter.py").write_text("judge = foo\n")
    status, told = run(path)
    assert status == 1
    assert f"NameError: name 'foo' is not defined, in config {path.parent / 'filter.py'}" in told


def test_damaged_score(run, write_comparison, calls, tmp_path):
    """Its folder is named: without it the next run scores anew."""
    config = write_comparison()
    assert run(config, stage="run")[0] == 0
    score = next((tmp_path / "work" / "scores").glob("*/score.json"))
    whole = score.read_bytes()
    score.write_bytes(whole[: len(whole) // 2])
    status, told = run(config, stage="report")
    assert status == 1
    assert f"{score} is damaged (" in told
    assert f"delete {score.parent}, and 'benchmark run' does that job anew\n" in told
    shutil.rmtree(score.parent)
    assert run(config, stage="run")[0] == 0
    assert score.read_bytes() == whole


@pytest.mark.parametrize("name", ["commits.json", "seconds.json"])
def test_damaged_note(run, write_comparison, calls, tmp_path, name):
    config = write_comparison()
    assert run(config, stage="run")[0] == 0
    note = next((tmp_path / "work").glob(f"*/{name}"))
    note.write_text("{")
    status, told = run(config, stage="report")
    assert status == 1
    assert f"error: {note} is damaged (" in told


def test_config_without_a_judge(run, write_comparison):
    status, told = run(write_comparison(judges=("", "")))
    assert status == 1
    assert "names no judge: add judge=" in told


@pytest.mark.parametrize(
    "generator", ["dict(type='lidnet_mm.Foo')", "dict(type='lidnet_mm.Bilateral', foo=1)"]
)
def test_filter_that_cannot_be_built(run, write_comparison, generator):
    path = write_comparison("methods.append(dict(method='classical', config='filter.py'))\n")
    model = f"model = dict(type='lidnet_mm.DenoisingModel', generator={generator})\n"
    (path.parent / "filter.py").write_text(f"judge = 'judge.py'\n{model}")
    status, told = run(path)
    assert status == 1
    assert "filter.py cannot be built: " in told


def test_cell_that_is_not_there(run, write_comparison):
    status, told = run(write_comparison(), "--cell", "99", stage="run")
    assert status == 1
    assert "comparison.py: there is no cell 99: the matrix has cells 1 to 6" in told


def test_no_job_at_a_time(run, write_comparison, capsys):
    with pytest.raises(SystemExit):
        run(write_comparison(), "--jobs", "0", stage="run")
    assert "--jobs must be at least 1, got 0" in capsys.readouterr().err


@pytest.mark.parametrize("option", [("--gpus", "2"), ("--cell", "1"), ("--no-limit",)])
def test_options_of_a_run_alone(run, write_comparison, option, capsys):
    with pytest.raises(SystemExit):
        run(write_comparison(), *option)
    assert "--cell, --gpus and --no-limit are for the stage 'run'" in capsys.readouterr().err


def test_more_gpus_than_there_are(run, write_comparison, monkeypatch):
    monkeypatch.setattr("torch.cuda.device_count", lambda: 1)
    status, told = run(write_comparison(), "--gpus", "2", stage="run")
    assert (status, told) == (1, "error: a job needs 2 GPUs (--gpus), 1 can be seen\n")


def test_errors_of_the_program_keep_their_traceback(run, write_comparison, monkeypatch):
    def broken(matrix):
        raise ValueError("a bug")

    monkeypatch.setattr(Matrix, "write_configs", broken)
    with pytest.raises(ValueError, match="a bug"):
        run(write_comparison())
