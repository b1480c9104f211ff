"""What a matrix's config becomes: tables, rows, cells, and what is refused."""

from collections import Counter

import pytest

ROWS_OF_CHEST_60 = [
    "ldct_seed0",
    "classical_bilateral-filter_seed0",
    *(
        f"{method}_{denoiser}_seed{seed}"
        for method in ("baseline", "matched", "lidnet")
        for denoiser in ("cpce", "red-cnn")
        for seed in (0, 1)
    ),
    "lidnet_k1_cpce_seed1",
    *(f"joint_{denoiser}_seed{seed}" for denoiser in ("cpce", "red-cnn") for seed in (0, 1)),
    "ndct_seed0",
]


def names(table):
    return [scoring.folder.name for scoring in table.scorings if scoring.is_main]


class TestAxes:
    def test_a_table_of_each_dataset_and_dose(self, read_matrix, tmp_path):
        matrix = read_matrix()
        work = tmp_path / "work"
        found = {table.name: table.work_dir.relative_to(work).as_posix() for table in matrix.tables}
        assert found == {
            "chest, 60 HU": "chest/60-hu",
            "chest, 120 HU": "chest/120-hu",
            "STS, 60 HU": "sts/60-hu",
            "STS, 120 HU": "sts/120-hu",
        }
        assert matrix.tables[2].data_root == f"{work}/sts_data"
        assert matrix.tables[2].case_window == (-160, 240)
        assert matrix.tables[1].dose == "120 HU. simulated"

    def test_rows(self, read_matrix):
        """A restricted entry is in its table only."""
        tables = read_matrix().tables
        assert names(tables[0]) == ROWS_OF_CHEST_60
        without = [name for name in ROWS_OF_CHEST_60 if "k1" not in name]
        assert all(names(table) == without for table in tables[1:])

    def test_every_row_is_scored_by_every_judge_in_a_folder_of_its_own(self, read_matrix):
        table = read_matrix().tables[0]
        assert Counter(s.judge_name for s in table.scorings) == {
            "judge_a": len(ROWS_OF_CHEST_60),
            "judge_b": len(ROWS_OF_CHEST_60),
        }
        assert len({s.folder for s in table.scorings}) == 2 * len(ROWS_OF_CHEST_60)
        assert [s.is_main for s in table.scorings] == [
            s.judge_name == "judge_a" for s in table.scorings
        ]

    def test_cells_are_numbered_over_all_tables(self, read_matrix):
        matrix = read_matrix()
        cells = matrix.cells
        assert [cell.number for cell in cells] == list(range(1, 4 * len(ROWS_OF_CHEST_60) - 2))
        assert matrix.cell(4).name == "baseline_cpce_seed1"
        assert {s.judge_name for s in matrix.cell(4).scorings} == {"judge_a", "judge_b"}
        assert len({(cell.table.name, cell.name) for cell in cells}) == len(cells)
        with pytest.raises(ValueError, match="no cell 0: the matrix has cells 1 to 77"):
            matrix.cell(0)

    def test_ablation_has_a_row_of_its_own(self, read_matrix):
        """Which the contract of results.json can tell apart by the denoiser's name only."""
        table = read_matrix().tables[0]
        titles = {s.folder.name: s.entry.denoiser for s in table.scorings}
        assert titles["lidnet_k1_cpce_seed1"] == "CPCE (k1)"
        assert titles["lidnet_cpce_seed1"] == "CPCE"
        assert titles["classical_bilateral-filter_seed0"] == "Bilateral filter"

    def test_joint_training_of_an_ablation_is_called_after_it(self, read_matrix):
        more = (
            "methods = [m for m in methods if m['method'] != 'joint']\n"
            "methods += [dict(method='joint', name='k1', config='lidnet.py', denoisers=['CPCE'], "
            "options={'train_cfg.joint': True})]\n"
        )
        titles = {s.folder.name: s.entry.denoiser for s in read_matrix(more).tables[0].scorings}
        assert titles["joint_k1_cpce_seed1"] == titles["lidnet_k1_cpce_seed1"] == "CPCE (k1)"

    def test_data_root_of_one_dataset(self, read_matrix):
        matrix = read_matrix("datasets.pop('STS')\n", data_root="/ct")
        assert {table.data_root for table in matrix.tables} == {"/ct"}


class TestSharedStages:
    def test_judges_are_those_of_the_dataset(self, read_matrix, tmp_path):
        matrix = read_matrix()
        work = tmp_path / "work"
        for table in matrix.tables:
            root = work / table.work_dir.relative_to(work).parts[0] / "judges"
            assert [judge.folder for judge in table.judges] == [root / "judge_a", root / "judge_b"]
            assert all(judge.iterations == 9 for judge in table.judges)

    def test_one_t1_for_all_lidnets_of_a_detector_and_seed(self, read_matrix):
        """Denoisers, the ablation, and joint training share it; others have none."""
        for table in read_matrix().tables:
            assert [(t.seed, t.iterations) for t in table.pretrainings] == [(0, 6), (1, 6)]
            for training in table.trainings:
                has_t1 = training.name.startswith(("lidnet", "joint"))
                assert (training.pretraining is not None) == has_t1
                assert training.iterations == (12 if has_t1 else 8)
                if has_t1:
                    assert training.pretraining.seed == training.seed

    @pytest.mark.parametrize(
        "options",
        [
            {"train_cfg.pretrain_iters": 4},
            {"model.detector.backbone.depth": 50},
            {"optim_wrapper.detector.optimizer.lr": 0.1},
            {"model.detector_windows": [(-160, 240)]},
            {"low_dose.noise_hu": 30},
        ],
        ids=lambda options: next(iter(options)),
    )
    def test_what_t1_depends_on_needs_another(self, read_matrix, options):
        more = "methods.append(dict(method='lidnet', name='x', config='lidnet.py', "
        more += f"denoisers=['CPCE'], options={options!r}))\n"
        table = read_matrix(more).tables[1]
        assert len(table.pretrainings) == 4
        ours = [t.pretraining for t in table.trainings if "_x_" in t.name]
        assert not set(ours) & {t.pretraining for t in table.trainings if "_x_" not in t.name}

    def test_none_without_a_t1(self, read_matrix):
        more = "for each in methods:\n    if each.get('config') == 'lidnet.py':\n"
        more += "        each.setdefault('options', {})['train_cfg.pretrain_iters'] = 0\n"
        table = read_matrix(more).tables[0]
        assert not table.pretrainings
        assert {t.iterations for t in table.trainings} == {8, 12}

    def test_order_of_the_axes_changes_no_t1(self, read_matrix):
        """Else what was trained would be refused after a denoiser was added in front."""
        before = read_matrix().tables[0]
        after = read_matrix("denoisers = dict(reversed(denoisers.items()))\n").tables[0]
        assert {t.folder for t in before.pretrainings} == {t.folder for t in after.pretrainings}
        for training in before.pretrainings:
            assert before.generated[training.config] == after.generated[training.config]


class TestRefusals:
    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("methods[5]['denoisers'] = ['UNet']", r"'lidnet_k1' .* denoisers \['UNet'\], .*lacks"),
            ("methods[5]['doses'] = ['9 HU']", r"doses \['9 HU'\], .* has \['60 HU', '120 HU'\]"),
            ("methods[5]['datasets'] = ['x']", r"datasets \['x'\]"),
            ("methods[5]['seeds'] = [7]", r"seeds \[7\]"),
            ("methods[5]['seeds'] = []", "'seeds' of method 'lidnet' must be a list of some"),
            ("methods[5]['options'] = 3", "'options' of method 'lidnet' must be a dict"),
            ("methods[5]['denoiser'] = 'CPCE'", "both 'denoiser', .* and 'denoisers'"),
            ("methods[5].pop('name')", "'lidnet_cpce' stands twice"),
            ("methods[0]['denoisers'] = ['CPCE']", "'ldct' is scored as it is: .* no denoisers"),
            ("doses['60-hu'] = {}", "doses '60 HU' and '60-hu' would share the folder '60-hu'"),
            ("denoisers['red cnn'] = denoisers['CPCE']", "'RED-CNN' and 'red cnn' would share"),
            ("denoisers['+'] = denoisers['CPCE']", r"'\+' is part of a folder's name"),
            ("denoisers['CPCE'].pop('generator')", r"'CPCE' needs generator=dict\(type=...\)"),
            ("denoisers['CPCE']['config'] = 'x'", r"'CPCE' has unknown keys \['config'\]"),
            ("denoisers['CPCE']['configs'] = {}", "'baseline' needs a config for .*'CPCE'"),
            ("denoisers['CPCE']['options'] = dict(lid={})", r"options for \['lid'\], but there is"),
            (
                "denoisers['CPCE']['configs'] = dict(baseline='redcnn.py')",
                r"redcnn\.py is a config of denoiser 'CPCE', but its generator is REDCNN",
            ),
            (
                "methods[3]['config'] = 'judge_a.py'",
                r"low_dose have no effect: judge_a\.py has no pip",
            ),
            ("judges = ['baseline.py']", r"baseline\.py trains a denoiser: a judge is a plain"),
            ("judges.append('judge_a.py')", "judges need different names"),
            ("datasets['chest'].pop('data_root')", "'chest' needs a data_root"),
            ("datasets['chest']['dose'] = 3", r"'chest' has unknown keys \['dose'\]"),
            ("limit_hours = 0", "a positive number, or None for no limit, got 0"),
            ("doses['60 HU'] = {'detector.x': 1}", "option detector.x has no effect"),
        ],
    )
    def test_wrong_matrix(self, read_matrix, more, message):
        with pytest.raises(ValueError, match=message):
            read_matrix(f"{more}\n")

    @pytest.mark.parametrize(
        ("more", "message"),
        [
            ("judges = ['gone.py']", r"judge .*gone\.py does not exist"),
            ("denoisers['CPCE']['configs'] = dict(baseline='gone.py')", r"gone\.py of denoiser"),
            ("methods[3]['config'] = 'gone.py'", r"gone\.py does not exist"),
        ],
    )
    def test_missing_file(self, read_matrix, more, message):
        with pytest.raises(FileNotFoundError, match=message):
            read_matrix(f"{more}\n")

    def test_data_root_of_several_datasets(self, read_matrix):
        with pytest.raises(ValueError, match="--data-root is for one dataset, this matrix has 2"):
            read_matrix(data_root="/ct")
