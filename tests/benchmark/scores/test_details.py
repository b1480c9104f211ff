"""All values of a test run, and the counts of lesions among them."""

import json
import math

import numpy as np
import pytest

from lidnet_mm.benchmark.scores.details import LesionCounts, read_lesion_counts, write_details

COUNTS = {"num_rois": 40, "num_skipped": 7, "num_flattened": 2}
SCORES = {f"radiomics/{name}": value for name, value in COUNTS.items()}


def test_values_as_json_knows_them(tmp_path):
    path = tmp_path / "scores" / "details.json"
    write_details({"a": np.float32(0.5), "b": math.inf, "c": math.nan, "d": 3, "e": "x 1.0"}, path)
    assert json.loads(path.read_text()) == {"a": 0.5, "b": None, "c": None, "d": 3, "e": "x 1.0"}


def test_counts(tmp_path):
    write_details(SCORES, tmp_path / "details.json")
    found = read_lesion_counts(tmp_path / "details.json")
    assert found == LesionCounts(measured=40, skipped=7, flattened=2)
    assert str(found) == "40 / 7 / 2"


@pytest.mark.parametrize("name", SCORES)
def test_unknown_counts(tmp_path, name):
    assert read_lesion_counts(tmp_path / "details.json") is None
    write_details({key: value for key, value in SCORES.items() if key != name}, tmp_path / "x.json")
    assert read_lesion_counts(tmp_path / "x.json") is None
