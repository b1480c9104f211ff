import json
import math

import numpy as np
import pytest
from made_up_records import lesion, random_records, record

from lidnet_mm.evaluation.slice_record import read_records, slice_name, write_records


def test_every_number_is_read_back_bit_by_bit(tmp_path):
    rng = np.random.default_rng(0)
    written = [
        record(
            rng.normal(200, 90, (50, 4)),
            rng.random(50) ** 9,
            [lesion(rng.random(4) * 100, size_mm=rng.random(), psnr=1 / 3, diameter_mm=0.1 + 0.2)],
            patient="case_0003",
            series="b",
            index=index,
            psnr=rng.normal(30),
            ssim=rng.random(),
            rmse=rng.random() * 1e-9,
            spacing=(0.7, 1 / 3),
            texture="scikit-image 0.26.0",
        )
        for index in range(3)
    ]
    write_records(tmp_path / "new" / "records.json", written)
    for before, after in zip(written, read_records(tmp_path / "new" / "records.json"), strict=True):
        assert after.boxes.dtype == after.scores.dtype == np.float32
        assert np.array_equal(before.boxes, after.boxes)
        assert np.array_equal(before.scores, after.scores)
        assert before.lesions == after.lesions
        names = ("identity", "spacing", "psnr", "ssim", "rmse", "texture")
        assert [getattr(before, n) for n in names] == [getattr(after, n) for n in names]


def test_the_file_is_plain_json_also_where_images_are_the_same(tmp_path):
    path = tmp_path / "records.json"
    inside = lesion((0, 0, 5, 5), psnr=math.inf, rmse=0.0)
    nothing = lesion((0, 0, 5, 5), psnr=None, rmse=None, correlation=None, flattened=True)
    write_records(path, [record(lesions=[inside, nothing], psnr=math.inf)])

    def refuse(constant):
        raise AssertionError(f"{constant} is no JSON")

    json.loads(path.read_text(), parse_constant=refuse)
    (found,) = read_records(path)
    assert found.psnr == math.inf
    assert found.lesions == [inside, nothing]


def test_nothing_is_written_where_a_record_is_wrong(tmp_path):
    path = tmp_path / "records.json"
    write_records(path, [record()])
    before = path.read_bytes()
    with pytest.raises(ValueError, match="JSON compliant"):
        write_records(path, [record(index=1), record(ssim=math.nan)])
    with pytest.raises(ValueError, match=r"records\.json: patient p0, slice 0 has two records"):
        write_records(path, [record(), record()])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[{", r"records\.json is not valid JSON"),
        ("{}", r"a list, not dict"),
        ("[{}]", r"records\.json, entry 0 has no 'boxes': score again"),
        ("[3]", r"entry 0 is no record of a slice"),
    ],
)
def test_other_files_are_refused(tmp_path, text, message):
    path = tmp_path / "records.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=message):
        read_records(path)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scores": [0.5]}, "boxes but 1 scores"),
        ({"psnr": None}, "entry 1 is no record"),
        ({"lesions": [{"box": [1, 2]}]}, "entry 1 has no 'psnr'"),
        ({"lesions": [{"box": [1, 2], "psnr": 3}]}, "box of a lesion has 2 edges"),
        ({"patient": "p0", "slice_index": 0}, "patient p0, slice 0 has two records"),
    ],
)
def test_the_wrong_entry_is_named(tmp_path, change, message):
    path = tmp_path / "records.json"
    write_records(path, random_records(0, count=2))
    entries = json.loads(path.read_text())
    entries[1] = {**entries[1], "scores": entries[1]["scores"], **change}
    path.write_text(json.dumps(entries))
    with pytest.raises(ValueError, match=message):
        read_records(path)


def test_texture_of_older_records_is_of_pyradiomics(tmp_path):
    """They name no package, and there was no other."""
    path = tmp_path / "records.json"
    write_records(path, [record(texture="scikit-image 0.26.0")])
    (entry,) = json.loads(path.read_text())
    del entry["texture"]
    path.write_text(json.dumps([entry]))
    assert [found.texture for found in read_records(path)] == ["PyRadiomics"]


def test_names_of_slices():
    assert slice_name(("case_0001", "", 4)) == "patient case_0001, slice 4"
    assert slice_name(("case_0001", "b", 4)) == "patient case_0001, series b, slice 4"


def test_size_of_a_lesion():
    known = lesion((0, 0, 5, 5), size_mm=7.0, diameter_mm=9.0)
    assert (known.diameter_or_size("section"), known.diameter_or_size("diameter")) == (7.0, 9.0)
    with pytest.raises(ValueError, match="no diameter_mm in its annotation; use size='section'"):
        lesion((0, 0, 5, 5)).diameter_or_size("diameter")
    with pytest.raises(ValueError, match="'section' or 'diameter', got 'area'"):
        known.diameter_or_size("area")
