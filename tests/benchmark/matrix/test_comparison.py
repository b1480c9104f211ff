"""What a comparison's config becomes, and what is refused before anything is trained."""

import os

import pytest

from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.matrix.method_entry import MethodEntry
from lidnet_mm.benchmark.matrix.stage import Scoring, Training


@pytest.fixture
def read(write_comparison, tmp_path):
    """Function that writes and reads a comparison."""

    def read_comparison(more="", data_root=None, **changes):
        path = write_comparison(more, **changes)
        (table,) = Matrix.from_file(path, tmp_path / "work", data_root).tables
        return table

    return read_comparison


class TestPlan:
    def test_trainings(self, read, tmp_path):
        comparison, configs = read(), tmp_path / "configs"
        assert comparison.trainings == [
            Training(f"{name}_seed{seed}", configs / f"{name}.py", seed, folder)
            for name in ("baseline", "lidnet")
            for seed in (0, 1)
            for folder in [tmp_path / "work" / f"{name}_seed{seed}"]
        ]
        assert comparison.judge == Training(
            "judge", configs / "judge.py", 0, tmp_path / "work" / "judge"
        )

    def test_scorings(self, read):
        """LDCT and NDCT, which no seed changes, once; the others once a seed."""
        scorings = read().scorings
        assert [(s.method, s.seed) for s in scorings] == [
            ("ldct", 0),
            ("baseline", 0),
            ("baseline", 1),
            ("lidnet", 0),
            ("lidnet", 1),
            ("ndct", 0),
        ]
        for scoring in scorings:
            if scoring.method in ("ldct", "ndct"):
                assert scoring.training is None
            else:
                assert scoring.training.name == f"{scoring.method}_seed{scoring.seed}"
                assert scoring.config == scoring.training.config
        assert len({scoring.folder for scoring in scorings}) == len(scorings)

    def test_texts(self, read):
        comparison = read("notes = dict(Data='phantom')\n")
        assert (comparison.title, comparison.dose, comparison.num_cases) == ("Test", "simulated", 2)
        assert comparison.case_window == (-160, 240)
        assert comparison.notes == {"Data": "phantom"}

    def test_folders_in_the_preparation(self, read, tmp_path):
        prepare = "prepare = [('tool', ['{work_dir}/source', '{data_root}', '--patients', 4])]\n"
        work = tmp_path / "work"
        assert read(prepare).data_root == f"{work}/data"
        assert read(prepare).prepare == [
            ("tool", [f"{work}/source", f"{work}/data", "--patients", "4"])
        ]
        assert read(prepare, data_root="/ct").prepare[0][1][1] == "/ct"

    def test_shipped_comparisons(self, repository, tmp_path):
        for name in ("demo", "sts"):
            path = repository / "configs" / "benchmark" / f"{name}.py"
            (comparison,) = Matrix.from_file(path, tmp_path).tables
            assert {s.method for s in comparison.scorings} == {"ldct", "baseline", "lidnet", "ndct"}
            assert all(t.config.is_file() for t in [comparison.judge, *comparison.trainings])
            assert comparison.case_depth == 5  # slices to scroll through in the report


class TestSeveralDenoisers:
    def test_folders_of_named_entries(self, read, tmp_path):
        """The name stands in the folders; those of entries without one stay where they were."""
        comparison = read(
            "methods += [dict(method='baseline', name='red_cnn', config='red_cnn.py')]\n"
        )
        names = [training.name for training in comparison.trainings]
        assert names == [
            "baseline_seed0", "baseline_seed1", "lidnet_seed0", "lidnet_seed1",
            "baseline_red_cnn_seed0", "baseline_red_cnn_seed1",
        ]  # fmt: skip
        last = comparison.scorings[-1]
        assert (last.method, last.config.name) == ("baseline", "red_cnn.py")
        assert last.training.folder == tmp_path / "work" / "baseline_red_cnn_seed1"
        assert last.folder == tmp_path / "work" / "scores" / "baseline_red_cnn_seed1"

    def test_classical_is_scored_once_and_not_trained(self, read, tmp_path):
        comparison = read("methods += [dict(method='classical', config='identity.py')]\n")
        assert not any("classical" in training.name for training in comparison.trainings)
        (scoring,) = [s for s in comparison.scorings if s.method == "classical"]
        assert (scoring.seed, scoring.training) == (0, None)
        assert scoring.config == tmp_path / "configs" / "identity.py"

    def test_a_filter_leaves_the_settings_of_other_rows(self, read):
        """So that one can be added to a comparison that has run."""
        before = read()
        after = read("methods.insert(0, dict(method='classical', config='identity.py'))\n")
        assert [after.digest_of(s) for s in after.scorings[1:]] == [
            before.digest_of(s) for s in before.scorings
        ]

    def test_one_generator_trained_twice(self, read):
        """Two rows of one method and generator, told apart by the denoiser's name."""
        again = "dict(method='baseline', name='l2', config='baseline.py', denoiser='CPCE (L2)')"
        found = [s for s in read(f"methods += [{again}]\n").scorings if s.method == "baseline"]
        assert [s.entry.denoiser for s in found] == [None, None, "CPCE (L2)", "CPCE (L2)"]

    def test_one_denoiser_guided_by_two_detectors(self, read, tmp_path):
        (tmp_path / "configs").mkdir()
        deeper = "model = dict(detector=dict(backbone=dict(depth=50)))\n"
        (tmp_path / "configs" / "deep.py").write_text("_base_ = ['lidnet.py']\n" + deeper)
        comparison = read("methods += [dict(method='lidnet', name='deep', config='deep.py')]\n")
        assert sum(s.method == "lidnet" for s in comparison.scorings) == 4


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("methods = [dict(method='ldct')]", "trains nothing: give a method a config"),
            ("methods += [dict(method='matched')]", "method 'matched' needs a config"),
            ("methods += [dict(method='bm3d', config='lidnet.py')]", "unknown method 'bm3d'.*ldct"),
            ("methods += [dict(method='lidnet', config='baseline.py')]", "'lidnet' stands twice"),
            ("methods[0].update(config='lidnet.py')", "'ldct' is scored as it is.* no config"),
            ("methods[3].update(name='x')", "'ndct' is scored as it is: it takes no name"),
            ("methods[1].update(nane='x')", r"'baseline' has unknown keys \['nane'\]"),
            ("methods[1].update(name='a/b')", "name 'a/b' of method 'baseline' .* use letters"),
            ("methods[1].update(denoiser=3)", "'denoiser' of method 'baseline' must be a text"),
            (
                "methods += [dict(method='classical', config='red_cnn.py')]",
                r"'classical' trains nothing, but .*red_cnn\.py has 1848865 parameters",
            ),
            (
                "methods += [dict(method='baseline', name='l2', config='baseline.py')]",
                r"'baseline' and 'baseline_l2' would be one row \(baseline, CPCE, none\).*"
                r"denoiser='CPCE \(l2\)'",
            ),
            (  # The folder of one method with a name is that of another without.
                "methods += [dict(method='lidnet', name='gan', config='lidnet.py'),"
                " dict(method='lidnet_gan', config='lidnet.py')]",
                "'lidnet_gan' stands twice",
            ),
            ("methods[0].update(along=5)", "'ldct' is scored as it is: it takes no along"),
            (
                "methods += [dict(method='classical', config='identity.py', along=5)]",
                "'classical' trains nothing: it takes no 'along'",
            ),
            ("methods[1].update(along=0)", "'along' of method 'baseline' must be a number of"),
            ("methods[1].update(along=True)", "'along' of method 'baseline' must be .* got True"),
            ("seeds = []", r"seeds must be .* got \[\]"),
            ("seeds = [0, 1, 0]", r"different numbers.* got \[0, 1, 0\]"),
        ],
    )
    def test_wrong_methods_and_seeds(self, read, more, message):
        with pytest.raises(ValueError, match=message):
            read(more)

    def test_two_judges(self, read):
        with pytest.raises(ValueError, match=r"one judge, got .*judge_a\.py.*judge_b\.py"):
            read(judges=("judge_a.py", "judge_b.py"))

    def test_missing_config(self, read):
        with pytest.raises(FileNotFoundError, match=r"no_such\.py does not exist"):
            read("methods[1].update(config='no_such.py')")

    def test_no_judge(self, read):
        with pytest.raises(ValueError, match=r"baseline\.py names no judge"):
            read(judges=("", "judge.py"))

    def test_missing_comparison(self, tmp_path):
        with pytest.raises(FileNotFoundError):
            Matrix.from_file(tmp_path / "no_such.py", tmp_path)


class TestState:
    @pytest.fixture
    def training(self, tmp_path):
        folder = tmp_path / "training"
        folder.mkdir()
        return Training("training", tmp_path / "config.py", 0, folder)

    def test_training(self, training):
        assert training.checkpoint is None
        assert not training.is_done
        (training.folder / "last_checkpoint").write_text("/somewhere/iter_3.pth\n")
        assert training.checkpoint == training.folder / "iter_3.pth"  # its own
        assert not training.is_done
        training.done_mark.write_text("")
        assert training.is_done

    @pytest.mark.parametrize(
        ("judge_trained", "denoiser_trained", "done"),
        [(1, 2, True), (4, 2, False), (1, 4, False), (None, None, True)],
    )
    def test_score_is_older_than_the_weights(
        self, training, tmp_path, judge_trained, denoiser_trained, done
    ):
        judge = Training("judge", tmp_path / "judge.py", 0, tmp_path)
        entry = MethodEntry("lidnet")
        scoring = Scoring(entry, training.config, 0, tmp_path, training, judge, "judge")
        assert not scoring.is_done
        scoring.result.write_text("[]")
        os.utime(scoring.result, (3, 3))
        for each, time in ((judge, judge_trained), (training, denoiser_trained)):
            if time is not None:
                each.done_mark.write_text("")
                os.utime(each.done_mark, (time, time))
        assert scoring.is_done == done
