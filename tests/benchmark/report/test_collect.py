"""From folders of scores to results.json and the report."""

import numpy as np
import pytest
from physics_files import write_physics

from lidnet_mm.benchmark.evidence.evidence import read_evidence
from lidnet_mm.benchmark.jobs.job_notes import Failure, add_seconds, note_failure
from lidnet_mm.benchmark.matrix.matrix import Matrix
from lidnet_mm.benchmark.report.collect import collect
from lidnet_mm.benchmark.report.failed_cell import FailedCell
from lidnet_mm.benchmark.report.matrix_report import report_matrix
from lidnet_mm.benchmark.scores.details import write_details
from lidnet_mm.benchmark.scores.results import read_results, write_results
from lidnet_mm.benchmark.scores.same_source import MixedResultsError

GENERATORS = {"red_cnn": "REDCNN", "identity": "Identity"}


@pytest.fixture
def matrix(write_comparison, tmp_path):
    return Matrix.from_file(write_comparison(), tmp_path / "work")


@pytest.fixture
def comparison(matrix):
    return matrix.tables[0]


@pytest.fixture
def fill(make_row, ndct_row, write_log, phased_entries):
    """Function that puts trainings, scores and slices of a comparison in place."""

    def fill_folders(matrix):
        (comparison,) = matrix.tables
        for scoring in comparison.scorings:
            name = GENERATORS.get(scoring.config.stem, "CPCE")
            name = "none" if scoring.method == "ldct" else name
            row = make_row(scoring.method, scoring.seed, PSNR=20.0 + scoring.seed, denoiser=name)
            write_results([ndct_row if scoring.method == "ndct" else row], scoring.result)
            for number in range(comparison.num_cases):
                write_case(scoring, number)
        for training in [comparison.judge, *comparison.trainings]:
            write_log(training.folder / "20260101" / "vis_data" / "scalars.json", phased_entries)
        return matrix

    return fill_folders


@pytest.fixture
def scored(matrix, fill):
    """A comparison whose trainings, scores and slices are there."""
    return fill(matrix)


def write_case(scoring, number):
    """A slice as CaseRecorderHook keeps it."""
    folder = scoring.folder / "cases"
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / f"{number:03d}.npz",
        name=f"case_000{number}, slice 3",
        image=np.full((32, 32), 10.0 * scoring.seed, dtype=np.float32),
        ground_truth=np.array([[4.0, 4.0, 12.0, 12.0]]),
        boxes=np.array([[4.0, 5.0, 12.0, 13.0]]),
        scores=np.array([0.9]),
    )


def rows_of(matrix, **options):
    (found,) = collect(matrix, **options)
    return list(found.rows.values())


def test_rows_in_the_order_of_the_table(scored):
    rows = rows_of(scored)
    expected = [("ldct", 0), ("baseline", 0), ("baseline", 1), ("lidnet", 0), ("lidnet", 1)]
    assert [(row.method, row.seed) for row in rows] == [*expected, ("ndct", 0)]
    assert read_results(scored.work_dir / "results.json") == rows


def test_missing_rows(scored, comparison):
    """The rest stands; what is missing is told with its reason."""
    for scoring in comparison.scorings[1:3]:
        scoring.result.unlink()
    note_failure(comparison.scorings[1].training.folder, "out of memory", Failure(1, "log.txt"))
    reason = "baseline_seed0 failed with status 1, see baseline_seed0/log.txt in the work dir"
    (found,) = collect(scored)
    assert found.failed == [
        FailedCell("baseline seed 0", reason),
        FailedCell("baseline seed 1", "not run yet"),
    ]
    assert len(read_results(scored.work_dir / "results.json")) == 4
    text = report_matrix(scored)[0].with_name("report.md").read_text(encoding="utf-8")
    assert f"- baseline seed 0: {reason}\n- baseline seed 1: not run yet\n" in text


def test_failure_noted_by_an_older_version(scored, comparison):
    """Its note has no status, and stays where it is."""
    comparison.scorings[1].result.unlink()
    folder = comparison.scorings[1].training.folder
    (folder / "failed").write_text("patient Quux^Zebedee has no slices")
    (found,) = collect(scored)
    reason = "baseline_seed0 failed, see baseline_seed0/failed in the work dir"
    assert found.failed == [FailedCell("baseline seed 0", reason)]


def test_no_row_at_all(matrix):
    with pytest.raises(FileNotFoundError, match=r"there is no row in .*run the comparison first"):
        collect(matrix)
    assert not (matrix.work_dir / "results.json").exists()


def test_broken_row_is_named(scored, comparison):
    comparison.scorings[0].result.write_text("[{}]")
    with pytest.raises(ValueError, match=r"ldct_seed0/score\.json, row 0: missing field"):
        collect(scored)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"commit": "ba9876543210"}, r"2 commits of the code: .*ba9876543210 \(.*lidnet"),
        ({"window_hu": (-1000, 400)}, r"2 HU windows: .*\(-1000.*400.*\) HU \(.*lidnet"),
    ],
)
def test_mixed_rows_are_refused_unless_asked(scored, comparison, make_row, change, message):
    write_results([make_row("lidnet", 0, **change)], comparison.scorings[3].result)
    with pytest.raises(MixedResultsError, match=f"{message}.*--allow-mixed"):
        collect(scored)
    assert not (scored.work_dir / "results.json").exists()
    assert len(rows_of(scored, allow_mixed=True)) == 6


class TestReport:
    def test_trainings_methods_source_and_slices(self, scored):
        page = report_matrix(scored)[0].read_text(encoding="utf-8")
        for training in [scored.tables[0].judge, *scored.tables[0].trainings]:
            assert training.name in page
        for title in ("LDCT", "Baseline", "LIDnet", "NDCT"):
            assert title in page
        for source in ("Dose", "simulated", "judge"):
            assert source in page
        for number in range(2):
            assert f"case_000{number}, slice 3" in page
        assert page.count("data:image/webp;base64,") == 2 * 4  # a slice of each method

    def test_how_long_trainings_took(self, scored, comparison):
        """Of those that were timed; kept beside the results."""
        for training in comparison.trainings[:3]:
            add_seconds(training.folder, 60.0 * (1 + training.seed))
        report_matrix(scored)
        timed = read_evidence(scored.work_dir / "evidence.json").minutes
        found = {entry.key.method: sorted(entry.minutes) for entry in timed}
        expected = {}
        for training in comparison.trainings[:3]:
            method = training.name.partition("_")[0]
            expected.setdefault(method, []).append(1.0 + training.seed)
        assert found == {method: sorted(own) for method, own in expected.items()}

    def test_lesions_behind_the_texture_errors(self, scored):
        """Those of both seeds; a score without counts, of an older version, is left out."""
        for scoring in scored.tables[0].scorings[:-1]:
            scores = {"num_rois": 40 + scoring.seed, "num_skipped": 7, "num_flattened": 2}
            values = {f"radiomics/{name}": value for name, value in scores.items()}
            write_details(values, scoring.details)
        (page,) = report_matrix(scored)
        text = page.with_name("report.md").read_text(encoding="utf-8")
        assert "- LDCT: 40 / 7 / 2\n" in text
        assert "- Baseline: 40 / 7 / 2, 41 / 7 / 2\n" in text
        assert "- NDCT: " not in text
        html = page.read_text(encoding="utf-8")
        assert "<dt>Baseline</dt><dd>40 / 7 / 2, 41 / 7 / 2</dd>" in html

    def test_no_lesions_known(self, scored):
        (page,) = report_matrix(scored)
        assert "flattened" not in page.with_name("report.md").read_text(encoding="utf-8")
        assert "measured / skipped" not in page.read_text(encoding="utf-8")

    def test_noise_and_sharpness_of_the_main_judge(self, scored):
        """Of the scores that have them; a score of an older version is named."""
        for scoring in scored.tables[0].scorings:
            if scoring.entry.label != "lidnet" or scoring.seed != 1:
                std = 10.0 + scoring.seed
                write_physics(scoring.folder / "physics.json", std, 0.25, 0.5, 0.75, 1.0)
        text = report_matrix(scored)[0].with_name("report.md").read_text(encoding="utf-8")
        assert "| Baseline, CPCE | 10.5 ± 0.7 | 0.25 ± 0.00 |" in text
        assert "no physics.json lies beside the score: lidnet seed 1." in text

    def test_no_noise_known(self, scored):
        assert 'id="physics"' not in report_matrix(scored)[0].read_text(encoding="utf-8")

    def test_slice_that_a_method_lacks_is_left_out(self, scored):
        (scored.tables[0].scorings[-1].folder / "cases" / "001.npz").unlink()
        page = report_matrix(scored)[0].read_text(encoding="utf-8")
        assert "case_0000, slice 3" in page
        assert "case_0001, slice 3" not in page

    def test_first_seed_shows_the_slices(self, scored):
        """Slices of another seed do not count."""
        for scoring in scored.tables[0].scorings:
            if scoring.seed == 1:
                (scoring.folder / "cases" / "000.npz").write_bytes(b"not read")
        assert "case_0000, slice 3" in report_matrix(scored)[0].read_text(encoding="utf-8")


class TestSeveralDenoisers:
    MORE = """
methods.insert(1, dict(method='classical', config='identity.py'))
methods.insert(3, dict(method='baseline', name='l2', config='baseline.py', denoiser='CPCE (L2)'))
methods.insert(4, dict(method='baseline', name='red_cnn', config='red_cnn.py'))
"""
    TITLES = ("LDCT", "Classical, Identity", "Baseline, CPCE", "Baseline, CPCE (L2)",
              "Baseline, REDCNN", "LIDnet, CPCE", "NDCT")  # fmt: skip

    @pytest.fixture
    def several(self, write_comparison, tmp_path, fill):
        return fill(Matrix.from_file(write_comparison(self.MORE), tmp_path / "work"))

    def test_rows_have_the_names_of_the_comparison(self, several):
        """Also where the score was made before a denoiser got its name."""
        rows = {(row.method, row.denoiser): row for row in rows_of(several)}
        assert sum(method == "baseline" for method, _ in rows) == 3
        assert rows["baseline", "CPCE (L2)"].metrics == rows["baseline", "CPCE"].metrics

    def test_no_line_hides_another(self, several):
        """Slices, counts and curves of each: none is taken for another of its method."""
        for index, scoring in enumerate(several.tables[0].scorings):
            scores = {"num_rois": 40 + index, "num_skipped": 7, "num_flattened": 2}
            write_details({f"radiomics/{n}": value for n, value in scores.items()}, scoring.details)
        (path,) = report_matrix(several)
        page = path.read_text(encoding="utf-8")
        assert page.count("data:image/webp;base64,") == 2 * 7
        for title in self.TITLES:
            assert page.count(f"<figcaption>{title}<") == 2, title
        for training in several.tables[0].trainings:
            assert page.count(f"<h3>{training.name}</h3>") == 1
        counts = [line for line in path.with_name("report.md").read_text().splitlines()
                  if line.startswith("- ")]  # fmt: skip
        assert [line[2:].split(":")[0] for line in counts] == list(self.TITLES)
        assert counts[3] == "- Baseline, CPCE (L2): 44 / 7 / 2, 45 / 7 / 2"

    def test_configs_of_all(self, several):
        text = report_matrix(several)[0].with_name("report.md").read_text(encoding="utf-8")
        assert "baseline: baseline (L1), baseline_l2: baseline (L1), " in text
        assert "baseline_red_cnn: red_cnn (L1)" in text
        assert "classical: identity" in text
