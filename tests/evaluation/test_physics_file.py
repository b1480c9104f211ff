import json
import math

import numpy as np
import pytest

from lidnet_mm.evaluation.physics_file import read_physics, write_physics

FREQUENCY = np.arange(3) * 0.05
VALUES = {"nps_std_hu": 12.5, "ttf_f50": math.nan, "nps_patches": 4}
NOISE = {"frequency": FREQUENCY, "denoised": np.array([1.0, 2.0, math.nan])}
EDGES = {"soft": {"frequency": FREQUENCY, "ndct": np.array([1.0, 1 / 3, 0.1])}}


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "new" / "physics.json"
    write_physics(path, VALUES, NOISE, EDGES)
    content = read_physics(path)
    np.testing.assert_equal(content["values"], VALUES)
    np.testing.assert_allclose(content["noise"]["denoised"], NOISE["denoised"])
    np.testing.assert_allclose(content["edges"]["soft"]["ndct"], EDGES["soft"]["ndct"], rtol=1e-6)
    assert list(path.parent.iterdir()) == [path]


def test_it_is_json_that_names_its_units(tmp_path):
    write_physics(tmp_path / "physics.json", VALUES, NOISE, EDGES)

    def refuse(name):
        raise AssertionError(f"{name} is not JSON")

    content = json.loads((tmp_path / "physics.json").read_text(), parse_constant=refuse)
    assert content["units"]["noise"] == "HU^2 mm^2"
    assert content["values"]["ttf_f50"] is None
    assert content["noise"]["denoised"] == [1.0, 2.0, None]


def test_a_file_that_cannot_be_written_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        write_physics(tmp_path / "file" / "physics.json", VALUES, NOISE, EDGES)
