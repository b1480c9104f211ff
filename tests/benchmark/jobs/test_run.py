"""Which commands a comparison starts, in which order, and what happens when one fails.

A stand-in for ``mim`` notes the commands it is given and leaves the files behind that the real one
would; ``tests/test_end_to_end.py`` runs the real one.
"""

import json
import os
import shutil
import sys
from pathlib import Path

import pytest

from lidnet_mm.benchmark.jobs.job_process import JobProcess
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.matrix.settings_mark import OtherSettingsError

TRAININGS = ["judge", "lidnet_seed1", "lidnet_seed0", "baseline_seed1", "baseline_seed0"]
SCORES = ["ldct_seed0", "ndct_seed0", *TRAININGS[1:]]
ORDER = ["judge", *SCORES[:2], *(name for name in TRAININGS[1:] for _ in range(2))]
"""Each training is followed by its score."""


@pytest.fixture
def matrix(write_comparison, tmp_path):
    return Matrix.from_file(write_comparison(), tmp_path / "work")


@pytest.fixture
def comparison(matrix):
    return matrix.tables[0]


@pytest.fixture
def run(matrix):
    """Function that runs the comparison and returns the lines it showed."""

    def run_it(jobs=1):
        lines = []
        run_it.failed = run_matrix(matrix, jobs, lines.append)
        return lines

    return run_it


def option(call, name):
    return call[call.index(name) + 1] if name in call else None


def folders(found):
    return [Path(option(call, "--work-dir")).name for call in found]


class TestCommands:
    def test_order(self, run, calls):
        """The judge, then the longest trainings first, each followed by its score."""
        assert run() and not run.failed
        found = calls()
        assert folders(found) == ORDER
        tested = ["test"] * 2 + ["train", "test"] * 4
        assert [call[0] for call in found] == ["train", *tested]

    def test_training(self, run, calls, comparison):
        run()
        (call,) = [c for c in calls() if option(c, "--work-dir").endswith("work/lidnet_seed1")]
        training = comparison.trainings[-1]
        assert call[:3] == ["train", "lidnet_mm", str(training.config)]
        assert option(call, "--seed") == "1"
        assert "--resume" not in call
        assert call[-2:] == ["--cfg-options", f"data_root={comparison.data_root}"]

    def test_scores(self, run, calls, comparison):
        run()
        found = {Path(option(c, "--work-dir")).name: c for c in calls() if c[0] == "test"}
        work = comparison.work_dir
        for name, call in found.items():
            assert option(call, "--judge-checkpoint") == str(work / "judge" / "iter_1.pth")
            assert option(call, "--results") == str(work / "scores" / name / "score.json")
            assert option(call, "--cases") == "2"
            assert call[-1] == f"data_root={comparison.data_root}"
        lidnet, ldct = found["lidnet_seed1"], found["ldct_seed0"]
        assert option(lidnet, "--checkpoint") == str(work / "lidnet_seed1" / "iter_1.pth")
        assert (option(lidnet, "--method"), option(lidnet, "--seed")) == ("lidnet", "1")
        assert option(lidnet, "--score") is None
        assert (option(ldct, "--score"), option(ldct, "--method")) == ("ldct", None)

    def test_classical(self, write_comparison, tmp_path, calls):
        """It is scored without weights of its own, by the same judge."""
        more = "methods += [dict(method='classical', name='x', config='identity.py')]\n"
        run_matrix(
            Matrix.from_file(write_comparison(more), tmp_path / "work"), 1, lambda line: None
        )
        (call,) = [call for call in calls() if any("identity" in part for part in call)]
        assert (call[0], option(call, "--checkpoint")) == ("test", "none")
        assert (option(call, "--method"), option(call, "--score")) == ("classical", None)
        assert option(call, "--judge-checkpoint") == str(tmp_path / "work" / "judge" / "iter_1.pth")
        assert option(call, "--work-dir") == str(tmp_path / "work" / "scores" / "classical_x_seed0")

    def test_cores_are_shared(self, matrix, calls, monkeypatch):
        monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
        monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
        lines = []
        code = 'import os\nprint("by judge", os.environ["OMP_NUM_THREADS"])\n'
        fake = Path(os.environ["PYTHONPATH"].split(":")[0]) / "mim" / "__main__.py"
        fake.write_text(code + fake.read_text())
        run_matrix(matrix, 3, lines.append)
        assert sum(line.endswith("by judge 2") for line in lines) == 11

    def test_threads_of_the_user_s_choice(self, matrix, monkeypatch):
        monkeypatch.setenv("OMP_NUM_THREADS", "3")
        process = JobProcess(1, lambda line: None)
        assert process.environment(1, [])["OMP_NUM_THREADS"] == "3"

    def test_several_at_a_time(self, run, calls):
        run(jobs=3)
        assert sorted(folders(calls())) == sorted(ORDER)

    @pytest.mark.parametrize("jobs", [0, -1])
    def test_no_jobs(self, matrix, jobs):
        with pytest.raises(ValueError, match=f"jobs must be at least 1, got {jobs}"):
            run_matrix(matrix, jobs)

    def test_shows_what_matters_and_keeps_all(self, run, calls, comparison):
        lines = run()
        assert "[judge] Iter(train) [1/1]  loss: 0.5" in lines
        assert not any("no interest" in line for line in lines)
        assert "a line of no interest" in (comparison.judge.folder / "log.txt").read_text()


class TestPreparation:
    @pytest.fixture
    def prepared(self, write_comparison, tmp_path):
        more = "prepare = [('dataset_converters:phantom', ['--out', '{data_root}'])]\n"
        return Matrix.from_file(write_comparison(more), tmp_path / "work")

    def test_makes_missing_data_first(self, prepared, calls):
        run_matrix(prepared, 1, lambda line: None)
        data = prepared.tables[0].data_root
        expected = ["run", "lidnet_mm", "dataset_converters:phantom", "--out", data]
        assert calls()[0] == expected
        assert (prepared.work_dir / "prepare" / "phantom.txt").is_file()

    def test_goes_on_between_two_tools(self, write_comparison, tmp_path, calls):
        more = "prepare = [('a:draw', ['{work_dir}/drawn']), ('a:convert', ['{data_root}'])]\n"
        matrix = Matrix.from_file(write_comparison(more), tmp_path / "work")
        finished = matrix.work_dir / "prepare" / "draw.done"
        finished.parent.mkdir(parents=True)
        finished.touch()
        run_matrix(matrix, 1, lambda line: None)
        tools = [call[2] for call in calls() if call[0] == "run"]
        assert tools == ["a:convert"]

    def test_leaves_present_data(self, prepared, calls):
        Path(prepared.tables[0].data_root, "annotations").mkdir(parents=True)
        run_matrix(prepared, 1, lambda line: None)
        assert all(call[0] != "run" for call in calls())


class TestAgain:
    def test_nothing_is_done_twice(self, run, calls):
        run()
        calls()
        lines = run()
        assert not calls()
        assert sum("trained already" in line for line in lines) == 5
        assert sum("scored already" in line for line in lines) == 6

    def test_interrupted_training_is_resumed(self, run, calls, comparison):
        run()
        calls()
        interrupted = comparison.trainings[2]
        interrupted.done_mark.unlink()
        run()
        training, score = calls()
        assert option(training, "--work-dir") == str(interrupted.folder)
        assert "--resume" in training
        assert option(score, "--work-dir").endswith(f"scores/{interrupted.name}")

    def test_training_that_wrote_no_checkpoint_starts_anew(self, run, calls, comparison):
        comparison.judge.folder.mkdir(parents=True)
        (comparison.judge.folder / "log.txt").write_text("killed")
        run()
        assert all("--resume" not in call for call in calls())

    def test_lost_score_is_made_again(self, run, calls, comparison):
        run()
        calls()
        comparison.scorings[1].result.unlink()
        run()
        assert folders(calls()) == ["baseline_seed0"]

    def test_new_judge_scores_all_again(self, run, calls, comparison):
        run()
        calls()
        for scoring in comparison.scorings:
            os.utime(scoring.result, (1, 1))
        run()
        assert sorted(folders(calls())) == sorted(SCORES)


class TestOtherSettings:
    """What was made with other settings is never taken for what was asked for."""

    @pytest.fixture
    def again(self, run, calls, comparison, tmp_path):
        """Function that runs it to its end, changes it, and runs it again."""

        def run_again(change=lambda: None, data_root=None):
            run()
            calls()
            change()
            path = tmp_path / "configs" / "comparison.py"
            changed = Matrix.from_file(path, comparison.work_dir, data_root)
            run_matrix(changed, 1, lambda line: None)

        return run_again

    @pytest.fixture
    def change_config(self, tmp_path):
        """Function that appends to a config."""

        def append(name, text="_note = 30"):
            with (tmp_path / "configs" / f"{name}.py").open("a") as file:
                file.write(text)

        return append

    def test_config_of_a_method(self, again, change_config, comparison, calls):
        """The folders with its training and scores are named, and nothing is started."""
        with pytest.raises(OtherSettingsError, match="Give another --work-dir, or delete") as found:
            again(lambda: change_config("lidnet"))
        folders_of_lidnet = [t.folder for t in comparison.trainings if "lidnet" in t.name]
        folders_of_lidnet += [s.folder for s in comparison.scorings if s.method == "lidnet"]
        assert all(str(folder) in str(found.value) for folder in folders_of_lidnet)
        assert "baseline" not in str(found.value)
        assert not calls()

    def test_config_of_the_judge(self, again, change_config, comparison):
        """It takes all scores with it, but no other training."""
        with pytest.raises(OtherSettingsError) as found:
            again(lambda: change_config("judge"))
        scores = [str(scoring.folder) for scoring in comparison.scorings]
        assert all(folder in str(found.value) for folder in [str(comparison.judge.folder), *scores])
        assert not any(f"{t.folder}," in str(found.value) for t in comparison.trainings)

    def test_data_root(self, again, tmp_path):
        with pytest.raises(OtherSettingsError, match=r"judge, .*ndct_seed0\."):
            again(data_root=str(tmp_path / "other"))

    def test_data_root_written_otherwise(self, again, comparison, calls, monkeypatch, tmp_path):
        monkeypatch.chdir(tmp_path)
        again(data_root="work/data")
        assert not calls()

    def test_interrupted_training(self, again, change_config, comparison):
        """It is not resumed with other settings."""

        def interrupt():
            comparison.judge.done_mark.unlink()
            change_config("judge")

        with pytest.raises(OtherSettingsError, match=str(comparison.judge.folder)):
            again(interrupt)

    def test_folder_without_mark(self, again, comparison):
        mark = comparison.trainings[0].folder / "settings.sha256"
        with pytest.raises(OtherSettingsError, match=rf": {mark.parent}\. Give"):
            again(mark.unlink)

    def test_deleted_folders_are_made_anew(self, again, change_config, comparison, calls):
        def change_and_delete():
            change_config("lidnet")
            work = comparison.work_dir
            for folder in [*work.glob("lidnet*"), *work.glob("scores/lidnet*")]:
                shutil.rmtree(folder)

        again(change_and_delete)
        assert folders(calls()) == ["lidnet_seed1"] * 2 + ["lidnet_seed0"] * 2

    def test_message_of_the_command(
        self, again, change_config, comparison, tool, tmp_path, monkeypatch, capsys
    ):
        again()
        change_config("judge")
        config, work = str(tmp_path / "configs" / "comparison.py"), str(tmp_path / "work")
        monkeypatch.setattr(sys, "argv", ["benchmark", "run", config, "--work-dir", work])
        assert tool.main() == 1
        assert "error: made with other settings" in capsys.readouterr().err


class TestFailure:
    def test_reason_names_the_log_and_its_end(self, run, calls, comparison, monkeypatch):
        monkeypatch.setenv("FAKE_FAILS", "baseline_seed1")
        run()
        log = comparison.trainings[1].folder / "log.txt"
        training, score = run.failed
        assert (training.name, score.name) == ("baseline_seed1", "score baseline seed 1")
        assert training.reason.startswith("baseline_seed1 failed with status 3; ")
        assert f"{log} ends:" in training.reason
        assert training.reason.endswith("the reason")
        assert score.reason == "it needs baseline_seed1, which failed"
        assert (log.parent / "failed").read_text().strip() == training.reason

    def test_others_go_on(self, run, calls, monkeypatch):
        monkeypatch.setenv("FAKE_FAILS", "lidnet_seed1")
        run()
        assert folders(calls()) == [*ORDER[:4], *ORDER[5:]]

    def test_failed_judge_leaves_nothing_to_score(self, run, calls, monkeypatch):
        monkeypatch.setenv("FAKE_FAILS", "judge")
        run()
        assert folders(calls()) == TRAININGS
        assert run.failed[0].name == "judge"
        assert len(run.failed) == 1 + len(SCORES)

    def test_failed_training_is_resumed(self, run, calls, comparison, monkeypatch):
        monkeypatch.setenv("FAKE_FAILS", "lidnet_seed1")
        run()
        training = comparison.trainings[3]
        assert not training.is_done
        monkeypatch.delenv("FAKE_FAILS")
        calls()
        run()
        assert not run.failed
        found = calls()
        assert folders(found) == ["lidnet_seed1"] * 2
        assert "--resume" in found[0]
        assert not (training.folder / "failed").exists()

    def test_failed_score_is_no_row(self, run, calls, comparison, monkeypatch):
        monkeypatch.setenv("FAKE_FAILS", "ndct_seed0")
        run()
        assert [job.name for job in run.failed] == ["score ndct seed 0"]
        assert not comparison.scorings[-1].result.exists()

    def test_judge_without_weights(self, run, calls, comparison):
        """A checkpoint that was deleted is told, not left to a traceback in a log."""
        run()
        (comparison.judge.folder / "iter_1.pth").unlink()
        comparison.scorings[0].result.unlink()
        run()
        (failed,) = run.failed
        assert failed.reason.startswith("the checkpoint of judge is gone")
        assert f"delete {comparison.judge.folder}" in failed.reason

    def test_status_of_the_command(self, tool, calls, comparison, tmp_path, monkeypatch, capsys):
        """Status 1 with a list; the report has the other rows, and tells which failed."""
        monkeypatch.setenv("FAKE_FAILS", "lidnet_seed1")
        config = str(tmp_path / "configs" / "comparison.py")
        work = str(tmp_path / "work")
        monkeypatch.setattr(sys, "argv", ["benchmark", "run", config, "--work-dir", work])
        assert tool.main() == 1
        captured = capsys.readouterr()
        assert "error: lidnet_seed1: lidnet_seed1 failed with status 3" in captured.err
        assert "[lidnet_seed1] failed: " in captured.out
        rows = json.loads(Path(work, "results.json").read_text())
        assert [(row["method"], row["seed"]) for row in rows] == [
            ("ldct", 0), ("baseline", 0), ("baseline", 1), ("lidnet", 0), ("ndct", 0),
        ]  # fmt: skip
        text = Path(work, "report", "report.md").read_text()
        assert "- lidnet seed 1: lidnet_seed1 failed with status 3, see lidnet_seed1/log" in text
        page = Path(work, "report", "index.html").read_text()
        assert "Missing: lidnet seed 1" in page
        assert "the reason" in captured.err
        assert "the reason" not in page + text

    def test_nothing_to_report(self, tool, calls, comparison, tmp_path, monkeypatch, capsys):
        monkeypatch.setenv("FAKE_FAILS", "judge")
        config = str(tmp_path / "configs" / "comparison.py")
        arguments = ["benchmark", "run", config, "--work-dir", str(tmp_path / "work")]
        monkeypatch.setattr(sys, "argv", arguments)
        assert tool.main() == 1
        assert "error: judge: judge failed with status 3" in capsys.readouterr().err
