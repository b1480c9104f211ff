"""Running a matrix with the stand-in for mim: commands, shared stages, cells, arrays, limits."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from matrix_files import ONE_TABLE
from mim_calls import folder_of, option, quiet

from lidnet_mm.apis.load_config import load_config
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.matrix.settings_mark import OtherSettingsError
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.report.matrix_report import report_matrix

PREPARE = "datasets['chest']['prepare'] = [('a:convert', ['{data_root}'])]\n"
CELL = """
import sys, time
from pathlib import Path
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.jobs.run import run_matrix

config, work, number, count = sys.argv[1:]
matrix = Matrix.from_file(config, work)
Path(config).with_name(f"ready_{number}").touch()
while len(list(Path(config).parent.glob("ready_*"))) < int(count):
    time.sleep(0.01)
sys.exit(len(run_matrix(matrix, 1, print, int(number))))
"""
"""Runs one cell when all other processes are as far."""


@pytest.fixture
def matrix(read_matrix):
    return read_matrix(ONE_TABLE)


LESION = {"id": 1, "name": "lesion"}
SLICE = {
    "id": 1,
    "file_name": "a.nii.gz",
    "slice_index": 0,
    "height": 64,
    "width": 64,
    "spacing": [1, 1],
    "patient_id": "a",
}
BOX = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [20, 20, 9, 9], "area": 81}


class TestWholeMatrix:
    def test_everything_once(self, matrix, calls):
        assert not run_matrix(matrix, 1, quiet)
        (pretraining,) = matrix.tables[0].pretrainings
        rows = [f"{m}_{d}_seed0" for m in ("matched", "lidnet") for d in ("cpce", "red-cnn")]
        scored = ["ldct_seed0", *rows]
        assert Counter(folder_of(call) for call in calls()) == Counter(
            [
                "judges/judge_a",
                "judges/judge_b",
                pretraining.name,
                *rows,
                *(f"scores/{row}" for row in scored),
                *(f"scores/by_judge_b/{row}" for row in scored),
            ]
        )

    def test_shared_stages_are_once_for_all_tables(self, read_matrix, calls):
        """Two doses: one pair of judges, a T1 for each dose and seed."""
        run_matrix(read_matrix("datasets.pop('STS')\n" + "methods = methods[3:5]\n"), 4, quiet)
        trained = Counter(folder_of(call) for call in calls() if call[0] == "train")
        assert set(trained.values()) == {1}
        assert sum(name.startswith("judges/") for name in trained) == 2
        assert sum("pretraining" in name for name in trained) == 4
        assert len(trained) == 2 + 4 + 2 * 2 * 2 * 2

    def test_lidnets_begin_after_the_t1(self, matrix, calls):
        run_matrix(matrix, 1, quiet)
        (pretraining,) = matrix.tables[0].pretrainings
        for call in (call for call in calls() if call[0] == "train"):
            expected = str(pretraining.checkpoint) if "lidnet" in folder_of(call) else None
            assert option(call, "--pretraining") == expected

    def test_scores_of_two_judges(self, matrix, calls):
        run_matrix(matrix, 1, quiet)
        found = {folder_of(call): call for call in calls() if call[0] == "test"}
        main, other = (
            found["scores/lidnet_cpce_seed0"],
            found["scores/by_judge_b/lidnet_cpce_seed0"],
        )
        assert option(main, "--checkpoint") == option(other, "--checkpoint")
        for call, name in ((main, "judge_a"), (other, "judge_b")):
            assert Path(option(call, "--judge-checkpoint")).parent.name == name
            (judge,) = [part for part in call if part.startswith("judge=")]
            config = load_config(call[2], dict([judge.split("=")]))
            assert Path(config.judge).stem == name
        assert option(main, "--cases") == "2"
        assert option(other, "--cases") is None

    def test_generated_configs_are_what_is_trained(self, matrix, calls):
        run_matrix(matrix, 1, quiet)
        train = {folder_of(call): call[2] for call in calls() if call[0] == "train"}
        config = load_config(train["lidnet_red-cnn_seed0"])
        assert config.model.denoiser.generator == {"type": "lidnet_mm.REDCNN"}
        assert config.optim_wrapper.denoiser.optimizer.lr == 1e-4
        assert Path(config.judge).stem == "judge_a"

    def test_second_run_does_nothing(self, matrix, calls, read_matrix):
        run_matrix(matrix, 1, quiet)
        calls()
        lines = []
        assert not run_matrix(read_matrix(ONE_TABLE), 1, lines.append)
        assert not calls()
        assert sum("trained already" in line for line in lines) == 7
        assert sum("scored already" in line for line in lines) == 10

    def test_t1_that_nobody_needs_any_more(self, matrix, calls):
        """Its folder may be deleted when the LIDnets are trained."""
        run_matrix(matrix, 1, quiet)
        calls()
        (pretraining,) = matrix.tables[0].pretrainings
        pretraining.done_mark.unlink()
        run_matrix(matrix, 1, quiet)
        assert not calls()

    def test_more_denoisers_later(self, matrix, calls, read_matrix):
        """What is there stays, also with the new one in front."""
        run_matrix(matrix, 1, quiet)
        calls()
        more = "denoisers = {'WGAN': dict(generator=dict(type='lidnet_mm.WGANVGG')), **denoisers}\n"
        run_matrix(read_matrix(ONE_TABLE + more), 1, quiet)
        found = [folder_of(call) for call in calls()]
        assert len(found) == 6
        assert all("wgan" in name for name in found)

    def test_other_options_are_refused(self, matrix, calls, read_matrix):
        run_matrix(matrix, 1, quiet)
        calls()
        more = "methods[2]['options'] = {'model.roi_perceptual_loss.num_rois': 9}\n"
        with pytest.raises(OtherSettingsError, match="made with other settings") as found:
            run_matrix(read_matrix(ONE_TABLE + more), 1, quiet)
        named = str(found.value).split(": ")[1].split(". Give")[0].split(", ")
        assert len(named) == 2 + 4  # trainings and scores of the LIDnets, not their T1
        assert all("lidnet" in name and "pretraining" not in name for name in named)
        assert not calls()

    def test_data_is_made_once_and_first(self, read_matrix, calls):
        matrix = read_matrix(ONE_TABLE + PREPARE)
        run_matrix(matrix, 4, quiet)
        found = calls()
        assert found[0] == ["run", "lidnet_mm", "a:convert", matrix.tables[0].data_root]
        assert sum(call[0] == "run" for call in found) == 1


class TestFailure:
    def test_failed_cell_is_a_row_of_the_report(self, matrix, calls, monkeypatch):
        monkeypatch.setenv("FAKE_FAILS", "lidnet_cpce_seed0")
        failed = run_matrix(matrix, 1, quiet)
        assert [job.name for job in failed] == [
            "chest/lidnet_cpce_seed0",
            "score lidnet_cpce seed 0 of chest",
            "score lidnet_cpce seed 0 of chest by judge_b",
        ]
        (found,) = collect(matrix)
        assert [cell.label for cell in found.failed] == [
            "lidnet_cpce seed 0",
            "lidnet_cpce seed 0 by judge_b",
        ]
        reason = "chest/lidnet_cpce_seed0 failed with status 3, see chest/lidnet_cpce_seed0/log.txt"
        assert {cell.reason for cell in found.failed} == {f"{reason} in the work dir"}
        assert len(found.rows) == 8
        assert "lidnet_cpce seed 0" in report_matrix(matrix)[0].read_text()

    def test_failed_t1_takes_its_lidnets_only(self, matrix, calls, monkeypatch):
        (pretraining,) = matrix.tables[0].pretrainings
        monkeypatch.setenv("FAKE_FAILS", pretraining.name)
        failed = run_matrix(matrix, 1, quiet)
        assert len(failed) == 1 + 2 + 4
        assert not any("matched" in job.name for job in failed)
        assert "needs" in {job.name: job for job in failed}["chest/lidnet_cpce_seed0"].reason

    def test_failed_data_takes_its_dataset_only(self, read_matrix, calls, monkeypatch):
        more = "doses = {}\nmethods = [dict(method='ldct'), dict(method='matched', "
        more += "config='baseline.py', denoisers=['CPCE'])]\nseeds = [0]\n"
        matrix = read_matrix(more + PREPARE.replace("a:convert", "a:fails"))
        (matrix.work_dir / "chest_data").mkdir(parents=True)
        (matrix.work_dir / "chest_data" / "annotations").write_text("in the way")
        failed = run_matrix(matrix, 1, quiet)
        assert failed[0].name == "data of chest"
        assert all("chest" in job.name for job in failed)
        assert {Path(option(c, "--work-dir")).name for c in calls() if c[0] == "test"} == {
            "ldct_seed0",
            "matched_cpce_seed0",
        }


class TestTestSet:
    @pytest.fixture
    def with_test_set(self, read_matrix, tmp_path):
        """Function that reads the matrix with this content of its test set."""

        def read(content):
            matrix = read_matrix(ONE_TABLE)
            loader = (
                "test_dataloader = dict(dataset=dict(data_root='data', ann_file='a/test.json'))\n"
            )
            with (tmp_path / "configs" / "baseline.py").open("a") as file:
                file.write(f"test_dataloader = {loader}\n")
            path = Path(matrix.tables[0].data_root) / "a" / "test.json"
            path.parent.mkdir(parents=True)
            if content is not None:
                path.write_text(json.dumps({**content, "categories": [LESION]}))
            return Matrix.from_file(tmp_path / "configs" / "matrix.py", matrix.work_dir)

        return read

    @pytest.mark.parametrize(
        ("content", "message"),
        [
            ({"images": [], "annotations": []}, r"test\.json has no slice: .*--split"),
            ({"images": [SLICE], "annotations": []}, r"test\.json has no lesion"),
            (
                {"images": [SLICE], "annotations": [{**BOX, "image_id": 2}]},
                r"annotations\[0\] .* in .*test\.json is of no image",
            ),
            (None, r"there is no test set .*test\.json: convert"),
        ],
    )
    def test_nothing_to_score(self, with_test_set, calls, content, message):
        with pytest.raises(ValueError, match=message):
            run_matrix(with_test_set(content), 1, quiet)
        assert not calls()

    def test_something_to_score(self, with_test_set, calls):
        assert not run_matrix(with_test_set({"images": [SLICE], "annotations": [BOX]}), 1, quiet)


class TestCell:
    def test_does_its_needs_only(self, matrix, calls):
        assert matrix.cell(5).name == "lidnet_red-cnn_seed0"
        run_matrix(matrix, 1, quiet, cell=5)
        (pretraining,) = matrix.tables[0].pretrainings
        assert {folder_of(call) for call in calls()} == {
            "judges/judge_a",
            "judges/judge_b",
            pretraining.name,
            "lidnet_red-cnn_seed0",
            "scores/lidnet_red-cnn_seed0",
            "scores/by_judge_b/lidnet_red-cnn_seed0",
        }

    def test_several_processes_do_shared_stages_once(self, matrix, calls, tmp_path):
        """As the jobs of an array: both LIDnets and LDCT at the same time."""
        arguments = [str(tmp_path / "configs" / "matrix.py"), str(matrix.work_dir)]
        environment = {**os.environ, "FAKE_SECONDS": "1"}
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", CELL, *arguments, str(number), "3"],
                env=environment,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
            )
            for number in (1, 4, 5)
        ]
        outputs = [process.communicate(timeout=300)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0, 0], outputs
        found = Counter(folder_of(call) for call in calls())
        assert set(found.values()) == {1}
        assert len(found) == 2 + 1 + 2 + 3 * 2
        assert any("waits for another process" in output for output in outputs)
