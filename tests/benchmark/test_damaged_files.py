"""Files of a work dir that are cut short or hold something else: one line with file and remedy."""

import io
import json
import random
import zipfile

import numpy as np
import pytest
from physics_files import write_physics

from lidnet_mm.benchmark.evidence.evidence import read_evidence
from lidnet_mm.benchmark.evidence.judged_curves import read_judged_curves
from lidnet_mm.benchmark.evidence.line_physics import read_physics_lines
from lidnet_mm.benchmark.evidence.training_log import read_training_log
from lidnet_mm.benchmark.jobs.job_notes import how_failed, processes_of, seconds_of
from lidnet_mm.benchmark.scores.details import read_lesion_counts
from lidnet_mm.benchmark.scores.results import read_results
from lidnet_mm.benchmark.scores.same_source import read_mixtures
from lidnet_mm.benchmark.scores.score_source import ScoreSource, read_source
from lidnet_mm.evaluation.lesion_diameters import LesionDiameters
from lidnet_mm.evaluation.physics_file import read_physics
from lidnet_mm.evaluation.recorded_slice import RecordedSlice, read_recorded, write_recorded
from lidnet_mm.evaluation.region_track import RegionTrack, read_regions, write_regions
from lidnet_mm.evaluation.slice_record import read_records
from lidnet_mm.json_file import read_json

KEY = ["data", "judge", "lidnet", "CPCE", "R18"]
DIFFERENCE = {"metric": "AP50", "estimate": 1.0, "low": 0.5, "high": 1.5, "num_patients": 3,
              "num_seeds": [1, 1], "resamples": 10}  # fmt: skip
EVIDENCE = {"differences": [{"key": KEY, "against": "baseline", "difference": DIFFERENCE}],
            "detections": [], "minutes": [{"key": KEY, "minutes": [1.0]}]}  # fmt: skip
COUNTS = {f"radiomics/{name}": 3 for name in ("num_rois", "num_skipped", "num_flattened")}
RECORD = {"patient": "p", "series": "", "slice_index": 1, "spacing": [1.0, 1.0], "psnr": 30.0,
          "ssim": 0.5, "rmse": 0.1, "lesions": [], "boxes": [[0, 0, 1, 1]],
          "scores": [0.5]}  # fmt: skip
CURVE = {"label": "a", "method": "lidnet", "group": "g", "seed": 0,
         "judged": {"AP50": {"iterations": [1], "per_cent": [2.0]}}}  # fmt: skip
IMAGE = {"id": 1, "file_name": "v.nii.gz", "height": 8, "width": 8, "slice_index": 0,
         "patient_id": "p", "spacing": [1.0, 1.0]}  # fmt: skip
LESION = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1],
          "area": 1, "diameter_mm": 3.0}  # fmt: skip
COCO = {"images": [IMAGE], "annotations": [LESION], "categories": [{"id": 1, "name": "lesion"}]}
JSONS = {
    "evidence": (read_evidence, EVIDENCE),
    "physics_lines": (read_physics_lines, [{"key": KEY, "values": {"nps_std_hu": [1.0]}}]),
    "judged_curves": (read_judged_curves, [CURVE]),
    "details": (read_lesion_counts, COUNTS),
    "mixtures": (read_mixtures, ["a"]),
    "records": (read_records, [RECORD]),
    "annotations": (lambda path: LesionDiameters(str(path)), COCO),
    "processes": (lambda path: processes_of(path.parent), [1, 2]),
    "seconds": (lambda path: seconds_of(path.parent), {"seconds": 3.0}),
    "failure": (lambda path: how_failed(path.parent), {"status": 1, "log": "x"}),
    "object": (lambda path: read_json(path, kind=dict), {}),
}


def variants(content):
    """Other things in the place of each part of a json, and each key left out."""
    yield from (None, 3, 1e400, "x", [], {}, [[]], [{}], {"a": 1}, [content], {"a": content})
    if isinstance(content, dict):
        for key in content:
            yield {name: value for name, value in content.items() if name != key}
        for key, value in content.items():
            yield from ({**content, key: other} for other in variants(value))
    if isinstance(content, list):
        for index, value in enumerate(content):
            yield from ([*content[:index], v, *content[index + 1 :]] for v in variants(value))


def broken(good):
    """What a crash, a full disk or another program leaves in the place of a file."""
    rng = random.Random(0)
    yield from (b"", b"\n", b"\xff\xfe\x00", b"[" * 100_000, b"9" * 5000, b"PK\x05\x06" + bytes(18))
    yield from (good[: len(good) * part // 8] for part in range(1, 8))
    yield from (rng.randbytes(size) for size in (1, 30, 3000))
    for _ in range(40):
        changed = bytearray(good)
        for place in rng.choices(range(len(good)), k=3):
            changed[place] = rng.randrange(256)
        yield bytes(changed)


def check(path, read, contents):
    """Each content is read, or refused in a line that names the file and says what to do."""
    refused = 0
    for content in contents:
        path.write_bytes(content)
        try:
            read(path)
        except ValueError as error:
            refused += 1
            assert str(path) in str(error), content[:200]
            assert "\n" not in str(error)
            assert any(w in str(error) for w in (": ", "again", "?")), str(error)
    return refused


@pytest.mark.parametrize("name", JSONS)
def test_json(tmp_path, name):
    read, good = JSONS[name]
    path = tmp_path / f"{name}.json"
    (tmp_path / "failed").write_text("the job of the folder failed")
    text = json.dumps(good).encode()
    assert check(path, read, [text]) == 0
    assert check(path, read, broken(text)) > 10
    assert check(path, read, (json.dumps(other).encode() for other in variants(good))) > 5


def test_results(tmp_path, make_row):
    good = [make_row().to_dict()]
    path = tmp_path / "results.json"
    assert check(path, read_results, broken(json.dumps(good).encode())) > 10
    assert check(path, read_results, (json.dumps(v).encode() for v in variants(good))) > 20


def test_source(tmp_path):
    source = dict.fromkeys(ScoreSource.__dataclass_fields__, "x")
    path = tmp_path / "source.json"
    assert check(path, read_source, broken(json.dumps(source).encode())) > 10


def test_physics(tmp_path):
    path = write_physics(tmp_path / "physics.json", 10.0, 1.0, 1.0, 1.0, 1.0)
    good = json.loads(path.read_text())
    assert check(path, read_physics, broken(path.read_bytes())) > 10
    assert check(path, read_physics, (json.dumps(v).encode() for v in variants(good))) > 20


def test_training_log(tmp_path):
    def read(path):
        return read_training_log(path, "x")

    lines = [{"loss": 1.0, "iter": n, "phase": 1} for n in (1, 2)] + [{"PSNR": 1.0, "step": 2}]
    path = tmp_path / "scalars.json"
    good = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    assert check(path, read, [good]) == 0
    assert check(path, read, broken(good)) > 10
    others = (good + json.dumps(other).encode() + b"\n" for other in variants(lines[0]))
    assert check(path, read, others) > 10


def packed(**arrays):
    """A ``.npz`` file."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def claiming(shape):
    """A ``.npz`` whose image claims to be of a shape."""
    header = f"{{'descr': '<f4', 'fortran_order': False, 'shape': {shape}, }}".ljust(117) + "\n"
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as file:
        file.writestr("image.npy", b"\x93NUMPY\x01\x00v\x00" + header.encode())
    return buffer.getvalue()


def test_the_remedy_is_what_makes_the_file_anew(tmp_path):
    """A score that is done is not done again for its cases alone."""
    case = tmp_path / "scores" / "lidnet_seed0" / "cases" / "000.npz"
    track = tmp_path / "lidnet_seed0" / "regions" / "000.npz"
    for path in (case, track):
        path.parent.mkdir(parents=True)
        path.write_bytes(b"PK")
    with pytest.raises(ValueError, match=f"delete {case.parent.parent}, and 'benchmark run'"):
        read_recorded(case)
    with pytest.raises(ValueError, match="delete it, and training and report go on without"):
        read_regions(track)


class Opens:
    """What a pickle can do when it is read."""

    def __reduce__(self):
        return open, ("ran", "w")


def write_case(path):
    write_recorded(
        RecordedSlice("p, slice 1", np.zeros((4, 4)), np.ones((1, 4)), np.ones((2, 4)), np.ones(2)),
        path,
    )


def write_track(path):
    write_regions(
        RegionTrack("p, slice 1", (0, 5), (np.ones((1, 4)), np.ones((2, 4))), np.zeros((4, 4))),
        path,
    )


@pytest.mark.parametrize(
    ("read", "write"), [(read_recorded, write_case), (read_regions, write_track)]
)
def test_arrays(tmp_path, monkeypatch, read, write):
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "000.npz"
    write(path)
    good = path.read_bytes()
    with np.load(path) as kept:
        arrays = dict(kept)
    assert check(path, read, [good]) == 0
    assert check(path, read, broken(good)) > 20
    others = []
    for name in arrays:
        rest = {other: value for other, value in arrays.items() if other != name}
        objects = np.array([Opens()], dtype=object)
        for value in (np.array("x"), np.zeros(0), np.zeros((2, 3)), np.array(1j), objects):
            others.append(packed(**rest, **{name: value}))
        others.append(packed(**rest))
    assert check(path, read, others) >= len(others) - 2 * len(arrays)
    shapes = ("(1000000, 1000000)", "(10000000000000, 10000000000000)", "(-1, 4)", "(4", "()")
    assert check(path, read, map(claiming, shapes)) == len(shapes)
    array = io.BytesIO()
    np.save(array, np.zeros((4, 4)))
    assert check(path, read, [array.getvalue()]) == 1
    assert not (tmp_path / "ran").exists()
