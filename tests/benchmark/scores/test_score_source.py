"""What a score tells of its making, and what a report makes of it."""

import hashlib
import json
import re
from dataclasses import asdict, replace
from datetime import date

import pytest
from matrix_files import ONE_TABLE
from mmengine.config import Config

import lidnet_mm.datasets  # noqa: F401  (registers the simulation)
from lidnet_mm.benchmark.jobs.run import run_matrix
from lidnet_mm.benchmark.report.matrix_report import report_matrix
from lidnet_mm.benchmark.scores.provenance import gather_provenance
from lidnet_mm.benchmark.scores.run_environment import machine_class, package_versions
from lidnet_mm.benchmark.scores.score_source import (
    ScoreSource,
    gather_source,
    low_dose_settings,
    read_source,
    settings_text,
    write_source,
)
from lidnet_mm.evaluation.texture_source import texture_source

ON_NODE = ScoreSource(
    date="2026-01-05",
    machine="x86_64, 16 CPU cores, NVIDIA H100",
    versions={"torch": "2.9.0", "mmdet": "3.5.1"},
    judge="ab" * 32,
    low_dose={"geometry": "fan", "noise_hu": 60},
    texture="scikit-image 0.26.0",
)
LATER = "at the time of the report"


def config_with(**settings):
    step = {"type": "lidnet_mm.SimulateLowDose", **settings}
    pipeline = [{"type": "lidnet_mm.LoadCTSlice"}, step]
    return Config({"test_dataloader": {"dataset": {"pipeline": pipeline}}})


class TestSettings:
    def test_those_that_the_config_leaves_out(self):
        found = low_dose_settings(config_with(noise_hu=60, cache_dir="/home/joe/cache"))
        assert settings_text(found) == (
            "device cpu, electronic_noise 0.0, geometry parallel, mode physics, noise_hu 60, seed 0"
        )

    def test_geometry_of_a_scanner(self):
        assert low_dose_settings(config_with(noise_hu=60, geometry="fan"))["geometry"] == "fan"

    def test_the_other_simulation_has_no_geometry(self):
        config = config_with(mode="gholizadeh2019", incident_photons=3000)
        found = low_dose_settings(config)
        assert "geometry" not in found
        assert found["incident_photons"] == 3000

    def test_ldct_that_was_loaded(self):
        pipeline = [{"type": "lidnet_mm.LoadPairedLDCT"}]
        config = Config({"test_dataloader": {"dataset": {"pipeline": pipeline}}})
        assert low_dose_settings(config) == {}


def test_written_and_read(tmp_path):
    (tmp_path / "judge.pth").write_bytes(b"weights")
    source = gather_source(config_with(noise_hu=60), tmp_path / "judge.pth")
    assert source.date == date.today().isoformat()
    assert (source.machine, source.versions) == (machine_class(), package_versions())
    assert source.texture == str(texture_source())
    assert source.judge == hashlib.sha256(b"weights").hexdigest()
    write_source(source, tmp_path / "source.json")
    assert read_source(tmp_path / "source.json") == source
    assert read_source(tmp_path / "gone.json") is None


class TestEnvironments:
    def gather(self, *sources):
        return gather_provenance({}, (-160, 240), "60 HU", sources=sources)

    def test_of_the_scores_and_not_of_the_page(self):
        found = self.gather(ON_NODE, ON_NODE)
        assert (found.date, found.machine) == (ON_NODE.date, ON_NODE.machine)
        assert found.versions == ON_NODE.versions
        assert found.texture == "scikit-image 0.26.0"

    def test_several(self):
        other = replace(ON_NODE, date="2026-01-03", machine="arm64", versions={"torch": "2.8.0"})
        last = replace(ON_NODE, date="2026-01-09")
        found = self.gather(ON_NODE, other, last)
        assert found.date == "2026-01-03 to 2026-01-09"
        assert found.machine == f"{ON_NODE.machine}; arm64"
        assert found.versions == {"torch": "2.9.0 and 2.8.0", "mmdet": "3.5.1"}

    def test_texture_of_several_packages(self, tmp_path):
        """Before scores named it, and before they noted anything, it was PyRadiomics."""
        note = asdict(ON_NODE)
        del note["texture"]
        (tmp_path / "source.json").write_text(json.dumps(note))
        older = read_source(tmp_path / "source.json")
        assert self.gather(ON_NODE, older, None).texture == "scikit-image 0.26.0 and PyRadiomics"
        assert self.gather().texture == str(texture_source())

    def test_older_scores(self):
        found = self.gather(None)
        assert found.date == f"{date.today().isoformat()} {LATER}"
        assert found.machine == f"{machine_class()} {LATER}"
        assert found.versions["torch"] == f"{package_versions()['torch']} {LATER}"

    def test_some_older_scores(self):
        found = self.gather(ON_NODE, None)
        assert found.date == f"{ON_NODE.date}, {date.today().isoformat()} {LATER}"
        assert found.machine == f"{ON_NODE.machine}; {machine_class()} {LATER}"
        assert found.versions["torch"].startswith("2.9.0 and ")


class TestReport:
    @pytest.fixture
    def matrix(self, read_matrix, calls):
        matrix = read_matrix(ONE_TABLE)
        run_matrix(matrix, 1, lambda line: None)
        return matrix

    @pytest.fixture
    def footer(self, matrix):
        """Function that writes the report and returns its provenance."""

        def text():
            (page,) = report_matrix(matrix)
            found = page.read_text(encoding="utf-8")
            return found[found.index('<footer id="provenance">') :]

        return text

    def test_machine_of_the_scores_and_all_judges(self, matrix, footer):
        for number, scoring in enumerate(matrix.tables[0].scorings):
            weights = f"{number < 5:064d}"  # the main judge's come first
            write_source(replace(ON_NODE, judge=weights), scoring.folder / "source.json")
        text = footer()
        assert f"<dt>Machine</dt><dd>{ON_NODE.machine}</dd>" in text
        assert "<dt>Low dose in the test</dt><dd>geometry fan, noise_hu 60</dd>" in text
        assert "<dt>Texture</dt><dd>measured by scikit-image 0.26.0</dd>" in text
        report = matrix.tables[0].work_dir / "report" / "report.md"
        assert "Texture measured by scikit-image 0.26.0." in report.read_text(encoding="utf-8")
        for judge, weights in (("judge_a", f"{1:064d}"), ("judge_b", f"{0:064d}")):
            assert re.search(rf"<dt>Judge: {judge}</dt><dd>[^<]*<code>{weights}</code>", text)
        assert LATER not in text

    def test_scores_of_an_older_version(self, matrix, footer):
        """The weights of the judges are still there to be told."""
        text = footer()
        assert f"<dt>Machine</dt><dd>{machine_class()} {LATER}</dd>" in text
        weights = hashlib.sha256(b"weights").hexdigest()
        assert text.count(f"<code>{weights} {LATER}</code>") == 2

    def test_judge_that_is_gone(self, matrix, footer):
        (matrix.tables[0].judge.folder / "iter_1.pth").unlink()
        assert f"<code>not found {LATER}</code>" in footer()

    def test_base_and_settings_of_each_row(self, matrix, footer):
        """Not the generated config, which is named after the row."""
        text = footer()
        folded = text[text.index("<details>") : text.index("</details>")]
        for scoring in matrix.tables[0].scorings[1:5]:
            digest = (scoring.folder / "settings.sha256").read_text()[:12]
            losses = {"lidnet": "L1 + 5 ROI perceptual + 5 detection"}.get(scoring.method, "L1")
            base = "lidnet" if scoring.method == "lidnet" else "baseline"
            base = f"{base} ({losses}, 8 steps)"
            line = f"<dt>{scoring.entry.label}</dt><dd>{base}, settings {digest}</dd>"
            assert line in folded
        assert "<details>" not in text[: text.index("<summary>Base configs") - len("<details>")]
