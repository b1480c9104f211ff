"""Checkpoints that the judge scores along a training: which, when refused, and where drawn."""

import json

import numpy as np
import pytest
from matrix_files import ONE_TABLE
from mim_calls import folder_of, option, quiet
from mmengine.config import Config
from report_page import PROVENANCE

from lidnet_mm.benchmark import Curves
from lidnet_mm.benchmark.evidence.judged_curves import read_judged_curves
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.matrix.along_training import kept_iterations
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.report.matrix_report import report_matrix
from lidnet_mm.benchmark.report.report import write_report
from lidnet_mm.benchmark.scores.same_source import MixedResultsError

HOOK = {"type": "CheckpointHook", "by_epoch": False, "interval": 2, "max_keep_ckpts": -1}
KEPT = "options={'default_hooks.checkpoint': dict(" + (
    "type='CheckpointHook', by_epoch=False, interval=2, max_keep_ckpts=-1)}"
)
ALONG = f"""
denoisers.pop('RED-CNN')
methods = [
    dict(method='ldct'),
    dict(method='baseline', along=4, {KEPT}),
    dict(method='lidnet', config='lidnet.py', along=4, {KEPT})]
"""
"""Appended to ONE_TABLE: 8 iterations of the baseline, 6 of T1 and 12 of the LIDnet after it."""


def config(total=8, **changes):
    hooks = {"checkpoint": {**HOOK, **changes}}
    return Config({"train_cfg": {"max_iters": total}, "default_hooks": hooks})


class TestKeptIterations:
    @pytest.mark.parametrize(
        ("total", "interval", "before", "expected"),
        [
            (8, 2, 0, [2, 4, 6]),  # that of 8 is the row's score
            (9, 4, 0, [4, 8]),
            (18, 4, 6, [8, 12, 16]),
            (8, 4, 4, None),
            (8, 8, 0, None),
        ],
    )
    def test_multiples_after_the_pretraining(self, total, interval, before, expected):
        if expected is None:
            with pytest.raises(ValueError, match=r"is never reached: it trains iterations .* to 8"):
                kept_iterations(config(total), interval, "lidnet", before)
        else:
            assert kept_iterations(config(total), interval, "lidnet", before) == expected

    @pytest.mark.parametrize(
        ("changes", "message"),
        [
            ({"by_epoch": True}, r"set default_hooks\.checkpoint\.by_epoch=False"),
            ({"interval": 3}, r"no multiple .* 3: set default_hooks\.checkpoint\.interval=2"),
            ({"interval": 4}, r"no multiple .* 4: set default_hooks\.checkpoint\.interval=2"),
            ({"max_keep_ckpts": 3}, r"set default_hooks\.checkpoint\.max_keep_ckpts=-1"),
        ],
    )
    def test_what_is_not_kept_names_the_key(self, changes, message):
        with pytest.raises(ValueError, match=f"along=2 of method 'lidnet'.*{message}"):
            kept_iterations(config(**changes), 2, "lidnet")

    def test_as_many_as_there_are_may_be_kept(self):
        assert kept_iterations(config(max_keep_ckpts=4), 2, "x") == [2, 4, 6]

    def test_without_a_hook_or_with_epochs(self):
        with pytest.raises(ValueError, match="by_epoch=False"):
            kept_iterations(Config({"train_cfg": {"max_iters": 8}}), 2, "x")
        with pytest.raises(ValueError, match="counts epochs"):
            kept_iterations(Config({"train_cfg": {"max_epochs": 8}}), 2, "x")


class TestMatrix:
    def test_refused_before_anything_is_trained(self, read_matrix):
        with pytest.raises(ValueError, match=r"along=4 of method 'lidnet_cpce'.*by_epoch=False"):
            read_matrix(ONE_TABLE + "denoisers.pop('RED-CNN')\nmethods[2]['along'] = 4\n")

    def test_folders_and_iterations(self, read_matrix, tmp_path):
        table = read_matrix(ONE_TABLE + ALONG).tables[0]
        scores = tmp_path / "work" / "chest" / "scores"
        assert [(s.folder.relative_to(scores).as_posix(), s.iteration) for s in table.along] == [
            ("along/baseline_cpce_seed0_iter4", 4),
            ("along/lidnet_cpce_seed0_iter8", 8),
            ("along/lidnet_cpce_seed0_iter12", 12),
            ("along/lidnet_cpce_seed0_iter16", 16),
        ]
        assert all(s.is_main for s in table.along)
        assert all(s.iteration is None for s in table.scorings)


@pytest.fixture
def ran(read_matrix, calls, monkeypatch):
    """A matrix that ran, and the calls of ``mim test`` along its trainings."""
    monkeypatch.setenv("FAKE_KEPT", "4 8 12 16")
    matrix = read_matrix(ONE_TABLE + ALONG)
    assert not run_matrix(matrix, 1, quiet)
    return matrix, [call for call in calls() if "/along/" in option(call, "--work-dir")]


def set_ap(scoring, **metrics):
    """Change a score."""
    (row,) = json.loads(scoring.result.read_text())
    row["metrics"].update(metrics)
    scoring.result.write_text(json.dumps([row]))


class TestRun:
    def test_each_checkpoint_by_the_main_judge(self, ran):
        matrix, tests = ran
        folder = matrix.tables[0].trainings[1].folder
        found = {folder_of(call): call for call in tests}
        assert len(found) == len(tests) == 4
        call = found["scores/along/lidnet_cpce_seed0_iter12"]
        assert option(call, "--checkpoint") == str(folder / "iter_12.pth")
        assert "judge_a" in option(call, "--judge-checkpoint")
        assert option(call, "--cases") is None

    def test_nothing_is_scored_twice(self, ran, calls):
        matrix, _ = ran
        assert not run_matrix(matrix, 1, quiet)
        assert calls() == []
        matrix.tables[0].along[2].result.unlink()
        assert not run_matrix(matrix, 1, quiet)
        assert [folder_of(call) for call in calls()] == ["scores/along/lidnet_cpce_seed0_iter12"]

    def test_a_checkpoint_that_is_gone(self, ran):
        matrix, _ = ran
        matrix.tables[0].along[2].result.unlink()
        (matrix.tables[0].trainings[1].folder / "iter_12.pth").unlink()
        (failed,) = run_matrix(matrix, 1, quiet)
        assert failed.name == "score lidnet_cpce seed 0 iteration 12 of chest"
        assert "iter_12.pth is gone, which 'along' of method 'lidnet_cpce' asks" in failed.reason
        (found,) = collect(matrix)
        assert [cell.label for cell in found.failed] == ["lidnet_cpce seed 0 iteration 12"]

    def test_rows_are_those_without(self, ran):
        matrix, _ = ran
        (found,) = collect(matrix)
        assert sorted({row.method for row in found.rows.values()}) == ["baseline", "ldct", "lidnet"]
        assert len(found.rows) == 2 * 3 and len(found.along) == 4

    def test_other_commits_are_refused(self, ran):
        matrix, _ = ran
        result = matrix.tables[0].along[0].result
        result.write_text(result.read_text().replace("0123456789ab", "ba9876543210"))
        with pytest.raises(MixedResultsError, match="2 commits"):
            collect(matrix)

    def test_the_figure_ends_with_the_row(self, ran, monkeypatch):
        """Points by hand: 10, 20 and 30 along LIDnet, and its row's 45 at iteration 18."""
        matrix, _ = ran
        table = matrix.tables[0]
        for scoring in table.along[1:]:
            set_ap(scoring, AP50=scoring.iteration * 2.5 - 10)
        (row,) = [s for s in table.scorings if s.method == "lidnet" and s.is_main]
        set_ap(row, AP50=45.0)
        given = []

        def write(*arguments):
            given.append(arguments)
            return write_report(*arguments)

        monkeypatch.setattr("lidnet_mm.benchmark.report.matrix_report.write_report", write)
        text = report_matrix(matrix)[0].read_text(encoding="utf-8")
        curves = {curve.label: curve.judged for curve in given[0][2]}
        points = [values.tolist() for values in curves["lidnet_cpce_seed0"]["AP50"]]
        assert points == [[8, 12, 16, 18], [10, 20, 30, 45]]
        assert curves["baseline_cpce_seed0"]["AP75"][0].tolist() == [4, 8]
        kept = read_judged_curves(matrix.work_dir / "judged_curves.json")
        assert [curve.label for curve in kept] == ["baseline_cpce_seed0", "lidnet_cpce_seed0"]
        assert [values.tolist() for values in kept[1].judged["AP50"]] == points
        assert "AP50 by the frozen judge, AP50 (%) at the right end: " in text
        assert "LIDnet, seed 0 45.0" in text
        assert "By the frozen judge: AP of checkpoints along the training" in text

    def test_without_it_the_page_speaks_of_no_judge_there(self, read_matrix, calls):
        matrix = read_matrix(ONE_TABLE)
        assert not run_matrix(matrix, 1, quiet)
        assert "rozen judge: AP" not in report_matrix(matrix)[0].read_text(encoding="utf-8")


@pytest.mark.parametrize("judged", [False, True])
@pytest.mark.parametrize("validated", [False, True])
def test_the_text_speaks_of_the_panels_that_are_drawn(tmp_path, make_row, judged, validated):
    points = (np.array([1, 2]), np.array([0.2, 0.3]))
    nothing = (np.array([1, 2]), np.array([-1.0, -1.0]))  # Of validations without annotations.
    curves = Curves(
        "LIDnet, seed 0",
        np.array([1, 2]),
        np.array([1, 1]),
        {},
        {"coco/bbox_mAP_50": points if validated else nothing},
        judged={"AP50": points} if judged else {},
    )
    page = write_report([make_row()], tmp_path, [curves], [], PROVENANCE, "x")
    text = page.read_text(encoding="utf-8")
    assert ("AP in the validations" in text) is validated
    assert ("AP of checkpoints along the training" in text) is judged
    assert ('id="along"' in text) is (judged or validated)
