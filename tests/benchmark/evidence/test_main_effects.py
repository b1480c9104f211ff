"""Effects of settings that were varied at once."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
from mmengine.config import Config
from scipy import stats

from lidnet_mm.benchmark.evidence.main_effects import main_effects
from lidnet_mm.benchmark.scores.results import write_results

SETTINGS = ("long", "neck", "rests")


def _all_combinations():
    """Every subset of SETTINGS."""
    return [
        [word for word, there in zip(SETTINGS, signs, strict=True) if there]
        for signs in itertools.product((False, True), repeat=len(SETTINGS))
    ]


def test_in_a_balanced_design_an_effect_is_the_difference_of_two_means():
    chosen = _all_combinations()
    values = np.random.default_rng(0).normal(60, 2, len(chosen))
    for effect in main_effects(values, chosen, SETTINGS, [0] * 8):
        there = np.array([effect.setting in own for own in chosen])
        assert effect.estimate == pytest.approx(values[there].mean() - values[~there].mean())


def test_interval_is_that_of_a_regression_line():
    values, there = [60.0, 63.0, 61.5, 66.0, 64.0, 62.0], [0, 1, 0, 1, 1, 0]
    line = stats.linregress(there, values)
    chosen = [["long"] if one else [] for one in there]
    (effect,) = main_effects(values, chosen, ["long"], [0] * 6)
    assert effect.estimate == pytest.approx(line.slope)
    assert effect.half_width == pytest.approx(stats.t.ppf(0.975, 4) * line.stderr)


def test_what_a_block_shares_is_no_effect():
    chosen = _all_combinations() * 2
    seeds = [0] * 8 + [1] * 8
    values = [60 + 3 * ("neck" in own) + 5 * seed for own, seed in zip(chosen, seeds, strict=True)]
    long, neck, rests = main_effects(values, chosen, SETTINGS, seeds)
    assert neck.estimate == pytest.approx(3)
    assert not neck.is_inside
    assert [long.estimate, rests.estimate] == pytest.approx([0, 0], abs=1e-9)
    assert neck.half_width == pytest.approx(0, abs=1e-9)


def test_settings_that_always_come_together_are_refused():
    chosen = [["long", "neck"], []] * 4
    with pytest.raises(ValueError, match=r"cannot be told apart.*\(long, neck\)"):
        main_effects(range(8), chosen, ["long", "neck"], [0] * 8)


def test_too_few_trainings_are_refused():
    with pytest.raises(ValueError, match="3 settings in 1 blocks need more than 4 trainings"):
        main_effects([1, 2, 3, 4], _all_combinations()[:4], SETTINGS, [0] * 4)


def _designed(repository):
    """Names and seeds of the LIDnet entries of chest_settings.py."""
    plan = Config.fromfile(repository / "configs" / "benchmark" / "chest_settings.py")
    return [(e["name"], e["seeds"][0]) for e in plan.methods if e["method"] == "lidnet"]


def test_the_matrix_of_settings_is_balanced(repository):
    words = ["unbounded", "long", "neck", "annotated", "rests"]
    signs = np.array(
        [[1 if w in name.split("-") else -1 for w in words] for name, _ in _designed(repository)]
    )
    assert len(np.unique(signs, axis=0)) == 16
    np.testing.assert_array_equal(signs.T @ signs, 16 * np.eye(5))
    assert not signs.sum(axis=0).any()


@pytest.fixture
def results(repository, tmp_path, make_row):
    """Rows of the matrix by two judges, in which `neck` gives 4 points and costs 1 dB."""
    rows = []
    for name, seed in _designed(repository):
        neck = "neck" in name.split("-")
        metrics = {"AP50": 60 + 4.0 * neck + 0.5 * (seed == 0), "PSNR": 32 - 1.0 * neck}
        rows += [
            make_row("lidnet", seed, denoiser=f"CPCE ({name})", judge=judge, **metrics)
            for judge in ("one", "two")
        ]
    write_results(rows, tmp_path / "results.json")
    return tmp_path / "results.json"


def _printed(repository, *arguments):
    tool = repository / "tools" / "analysis_tools" / "main_effects.py"
    command = [sys.executable, str(tool), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_the_tool_prints_a_line_for_each_setting(repository, results):
    words = ("unbounded", "long", "neck", "annotated", "rests")
    done = _printed(repository, results, *words)
    assert done.returncode == 0, done.stderr
    lines = [line.strip("| ").split(" | ") for line in done.stdout.splitlines() if "|" in line]
    assert lines[0] == [
        "setting",
        "AP50, one",
        "AP75, one",
        "PSNR",
        "SSIM",
        "AP50, two",
        "AP75, two",
    ]
    neck = dict(zip(lines[0], lines[4], strict=True))
    assert neck["setting"] == "neck"
    assert neck["AP50, two"] == "**+4.0 [4.0, 4.0]**"
    assert neck["PSNR"] == "**-1.00 [-1.00, -1.00]**"
    assert lines[2][0] == "unbounded"
    assert lines[2][1].startswith(("+0.0", "-0.0"))


def test_a_row_without_a_value_is_refused_in_a_line(repository, tmp_path, make_row):
    rows = [make_row("lidnet", seed, denoiser="CPCE (long)", AP50=None) for seed in range(4)]
    write_results(rows, tmp_path / "results.json")
    done = _printed(repository, tmp_path / "results.json", "long")
    assert done.returncode == 1
    assert "row 'CPCE (long)' has no AP50" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_name_that_is_no_setting_is_refused_in_a_line(repository, results):
    done = _printed(repository, results, "unbounded", "long")
    assert done.returncode == 1
    assert "which is none of the settings" in done.stderr
    assert "Traceback" not in done.stderr
