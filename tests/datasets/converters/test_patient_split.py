"""Split of patients into parts."""

from collections import Counter

import pytest

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.patient_split import (
    DEFAULT_SPLIT,
    parse_split,
    patients_per_part,
    split_patients,
)

NAMES = [f"p{number}" for number in range(24)]


def test_counts_are_met_and_every_patient_has_one_part():
    parts = split_patients(NAMES, {"train": 18, "val": 0, "test": 6}, seed=3)
    assert sorted(parts) == sorted(NAMES)
    assert Counter(parts.values()) == {"train": 18, "test": 6}


def test_same_seed_same_split_whatever_the_order_of_listing():
    assert split_patients(NAMES, seed=1) == split_patients(NAMES[::-1], seed=1)
    assert split_patients(NAMES, seed=1) != split_patients(NAMES, seed=2)


def test_every_patient_is_tested_under_some_seed():
    tested = set()
    for seed in range(60):
        parts = split_patients(NAMES, {"train": 18, "test": 6}, seed=seed)
        tested |= {name for name, part in parts.items() if part == "test"}
    assert tested == set(NAMES)


@pytest.mark.parametrize(
    ("total", "expected"), [(20, (14, 3, 3)), (3, (1, 1, 1)), (4, (2, 1, 1)), (100, (70, 15, 15))]
)
def test_fractions_are_rounded_but_leave_no_part_empty(total, expected):
    assert tuple(patients_per_part(total, DEFAULT_SPLIT).values()) == expected


@pytest.mark.parametrize("total", range(2, 40))
def test_rounded_fractions_use_every_patient(total):
    counts = patients_per_part(total, {"train": 0.95, "test": 0.05})
    assert sum(counts.values()) == total
    assert counts["test"] >= 1
    assert counts["val"] == 0


@pytest.mark.parametrize(
    ("split", "message"),
    [
        ({"train": 18, "val": 0, "test": 5}, "asks for 23 patients, but the source has 24"),
        ({"train": 30}, "asks for 30"),
        ({"train": 0.7, "test": 0.2}, "add up to 1"),
        ({"train": 18, "test": 0.25}, "add up to 1"),
        ({"train": -1, "test": 25}, "0 or more"),
        ({"train": float("nan"), "test": 0.5}, "0 or more"),
        ({"training": 24}, "unknown part 'training'"),
    ],
)
def test_impossible_splits_are_refused(split, message):
    with pytest.raises(ConversionError, match=message):
        split_patients(NAMES, split)


def test_fewer_patients_than_parts_are_refused_with_a_remedy():
    with pytest.raises(ConversionError, match="--split train=2 val=0 test=0"):
        split_patients(NAMES[:2])


def test_double_patients_are_refused():
    with pytest.raises(ConversionError, match="p1 comes twice"):
        split_patients(["p1", "p2", "p1"])


def test_words_of_the_command_line():
    assert parse_split(["train=18", "val=0"]) == {"train": 18, "val": 0}
    assert parse_split(["train=1.0"]) == {"train": 1.0}
    assert isinstance(parse_split(["train=1.0"])["train"], float)


@pytest.mark.parametrize("words", [["train"], ["train=x"], ["source"], ["train=1", "train=2"]])
def test_other_words_are_refused(words):
    with pytest.raises(ConversionError, match=words[0].split("=")[0]):
        parse_split(words)
