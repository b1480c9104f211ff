"""How long jobs are expected to take."""

import pytest
from matrix_files import ONE_TABLE

from lidnet_mm.benchmark.jobs.expected_time import ExpectedTime, ExpectedTimes, duration_text
from lidnet_mm.benchmark.jobs.job_list import JobList
from lidnet_mm.benchmark.jobs.job_notes import add_seconds, seconds_of

DATA = "data of chest"
"""Job that is done: there is no tool to make the data."""
TWO_SEEDS = "seeds = [0, 1]\n"


@pytest.fixture
def jobs(read_matrix):
    """Jobs of one table with two seeds, by name without the table."""
    everything = JobList(read_matrix(ONE_TABLE + TWO_SEEDS))
    return {job.name.removeprefix("chest/"): job for job in everything.all}


def finish(job, seconds):
    """Leave a finished training or score of this duration."""
    job.folder.mkdir(parents=True, exist_ok=True)
    add_seconds(job.folder, seconds)
    if hasattr(job, "training"):
        job.training.done_mark.touch()
    else:
        job.scoring.result.write_text("[]")


def expect(jobs, name):
    return ExpectedTimes(jobs.values()).of(jobs[name])


def test_nothing_is_known(jobs):
    times = ExpectedTimes(jobs.values())
    assert all(times.of(job) is None for name, job in jobs.items() if name != DATA)
    assert times.of_all(jobs.values()).text() == "unknown"


def test_other_seeds_take_the_mean(jobs):
    finish(jobs["matched_cpce_seed0"], 100)
    assert expect(jobs, "matched_cpce_seed1") == 100
    assert expect(jobs, "matched_cpce_seed0") == 0


def test_pace_of_the_same_kind_before_any_other(jobs):
    """A LIDnet of 12 iterations in 60 s, judges of 9 in 18 s: another LIDnet costs 5 s each."""
    finish(jobs["judges/judge_a"], 18)
    assert expect(jobs, "lidnet_red-cnn_seed0") == pytest.approx(12 * 2)
    finish(jobs["lidnet_cpce_seed0"], 60)
    assert expect(jobs, "lidnet_red-cnn_seed0") == pytest.approx(60)
    assert expect(jobs, "judges/judge_b") == pytest.approx(18)
    # 78 s for 21 iterations, where no training of that kind is done.
    assert expect(jobs, "matched_cpce_seed0") == pytest.approx(8 * 78 / 21)


def test_part_that_is_done_is_left_out(jobs):
    """Of 12 iterations after a T1 of 6, iteration 9 leaves 9."""
    finish(jobs["lidnet_cpce_seed0"], 60)
    begun = jobs["lidnet_cpce_seed1"].training
    begun.folder.mkdir(parents=True)
    (begun.folder / "last_checkpoint").write_text(str(begun.folder / "iter_9.pth"))
    assert expect(jobs, "lidnet_cpce_seed1") == pytest.approx(60 * 9 / 12)


def test_scores_of_the_same_judge(jobs):
    finish(jobs["score ldct seed 0 of chest"], 10)
    finish(jobs["score ldct seed 0 of chest by judge_b"], 30)
    assert expect(jobs, "score matched_cpce seed 0 of chest") == 10
    assert expect(jobs, "score matched_cpce seed 0 of chest by judge_b") == 30


def test_sum(jobs):
    """14 trainings and 18 scores: two judges, two T1, and 4 lines of 2 seeds."""
    finish(jobs["judges/judge_a"], 9)
    times = ExpectedTimes(jobs.values())
    trainings = [job for job in jobs.values() if hasattr(job, "training")]
    found = times.of_all(jobs.values())
    assert found.seconds == pytest.approx(9 + 2 * 6 + 4 * 8 + 4 * 12)
    assert len(trainings) == 12
    assert found.unknown == 2 * (1 + 4 * 2)
    assert found.text() == "2 min, and 18 jobs of unknown length"


def test_all_attempts_count(tmp_path):
    assert seconds_of(tmp_path) is None
    add_seconds(tmp_path, 1.5)
    add_seconds(tmp_path, 2)
    assert seconds_of(tmp_path) == 3.5


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (29, "29 s"), (61, "1 min"), (3599, "1 h 00 min"), (11100, "3 h 05 min")],
)
def test_words(seconds, text):
    assert duration_text(seconds) == text


def test_several_workers_share():
    assert ExpectedTime(7200, 1).text(2) == "1 h 00 min, and 1 job of unknown length"
