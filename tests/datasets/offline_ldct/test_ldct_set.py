"""LDCT from disk is the LDCT that SimulateLowDose makes, on the grid of the NDCT."""

import json
import os

import cv2
import nibabel
import numpy as np
import pytest
import SimpleITK
from small_set import SHAPE, USED, content_of, disks, offline_pairs, pairs, write_annotations

from lidnet_mm import simulation
from lidnet_mm.datasets.offline_ldct import LDCTSet, Shard
from lidnet_mm.datasets.readers import VolumeError
from lidnet_mm.datasets.transforms import SimulateLowDose

WHOLE = Shard()
PHYSICS = {"noise_hu": 40.0, "num_views": 48, "electronic_noise": 3.0, "seed": 2}
PUBLISHED = {"mode": "gholizadeh2019", "dose_preset": "lidnet_pe_ct"}


@pytest.mark.parametrize("settings", [PHYSICS, PUBLISHED])
def test_pairs_from_disk_equal_those_simulated_online(converted, make_set, settings):
    done = make_set(**settings).run(WHOLE)
    assert (done.made, done.kept, done.missing) == (3, 0, 0)
    for path in done.annotation_files:
        online = pairs(
            converted, converted / "annotations" / path.name, SimulateLowDose(**settings)
        )
        offline = offline_pairs(converted, path)
        expected = {(p, s) for p, slices in USED[path.stem].items() for s in slices}
        assert set(offline) == set(online) == expected
        for key, image in offline.items():
            assert image.tobytes() == online[key].tobytes()
            assert np.std(image[..., 0] - image[..., 1]) > 1


def test_ldct_lies_where_the_ndct_lies(converted, make_set):
    """By SimpleITK: in display order the array axes are those of an LPS image."""
    ldct_set = make_set()
    ldct_set.run(WHOLE)
    for part in USED.values():
        for patient, slices in part.items():
            ldct = SimpleITK.ReadImage(str(ldct_set.out / "volumes" / f"{patient}.nii.gz"))
            np.testing.assert_allclose(ldct.GetSpacing(), (3.0, 3.0, 5.0))
            np.testing.assert_allclose(ldct.GetOrigin(), (-20.0, 30.0, -400.0), atol=1e-4)
            np.testing.assert_allclose(ldct.GetDirection(), np.eye(3).ravel(), atol=1e-6)
            image = SimpleITK.GetArrayFromImage(ldct)
            assert image.shape == SHAPE
            noise = image - disks(int(patient[-1]))
            for index in slices:
                assert 1 < noise[index].std() < 1000


def test_unused_slices_cannot_be_taken_for_ldct(make_set):
    """NaN, which LoadPairedLDCT refuses; by nibabel, as ITK turns them into zeros."""
    ldct_set = make_set()
    ldct_set.run(WHOLE)
    image = nibabel.load(ldct_set.out / "volumes" / "case_0003.nii.gz").get_fdata()
    assert np.isnan(image[..., 0]).all()
    assert np.isfinite(image[..., 1:]).all()


def test_int16_is_the_rounded_ldct(make_set, tmp_path):
    exact, rounded = make_set(tmp_path / "exact"), make_set(tmp_path / "rounded", "int16")
    images = []
    for ldct_set in (exact, rounded):
        ldct_set.run(WHOLE)
        path = ldct_set.out / "volumes" / "case_0003.nii.gz"
        images.append(SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path))))
    assert images[1].dtype == np.int16
    assert (images[1][0] == -32768).all()
    np.testing.assert_array_equal(images[1][1:], np.rint(images[0][1:]).astype(np.int16))


def test_hu_beyond_int16_are_refused(make_set):
    ldct_set = make_set(store="int16", incident_photons=1e5, num_views=2, electronic_noise=1e9)
    with pytest.raises(ValueError, match=r"slice 1 of .*case_0003.* more than int16 holds"):
        ldct_set.run(WHOLE)
    assert list(content_of(ldct_set.out)) == ["settings.json"]


def test_slices_that_no_annotation_file_uses_are_not_simulated(make_set, monkeypatch):
    calls = []
    original = simulation.simulate_low_dose
    monkeypatch.setattr(
        simulation, "simulate_low_dose", lambda *a, **k: calls.append(1) or original(*a, **k)
    )
    slices = []
    make_set().run(WHOLE, slices.append)
    assert len(calls) == sum(slices) == 6


def test_annotations_are_kept_and_say_how_the_ldct_was_made(converted, make_set):
    ldct_set = make_set()
    for path in ldct_set.run(WHOLE).annotation_files:
        before = json.loads((converted / "annotations" / path.name).read_text())
        after = json.loads(path.read_text())
        assert after["annotations"] == before["annotations"]
        assert after["categories"] == before["categories"]
        assert after["info"].pop("ldct")["incident_photons"] == 1e5
        assert after["info"] == before["info"]
        for old, new in zip(before["images"], after["images"], strict=True):
            assert new.pop("ldct_file_name") == f"ldct/photons-100000/{old['file_name']}"
            assert new.pop("ldct_slice_index") == old["slice_index"]
            assert new == old


def test_folder_elsewhere_is_named_by_the_prefix(converted, make_set, tmp_path):
    ldct_set = make_set(tmp_path / "fast disk" / "ldct")
    (test, _) = ldct_set.run(WHOLE).annotation_files
    images = offline_pairs(converted, test, ldct=ldct_set.ldct_prefix)
    assert len(images) == 3


def test_again_is_no_work(make_set, monkeypatch):
    ldct_set = make_set()
    ldct_set.run(WHOLE)
    times = {path: path.stat().st_mtime_ns for path in (ldct_set.out / "volumes").iterdir()}
    monkeypatch.setattr(SimulateLowDose, "transform", lambda *_: pytest.fail("simulated again"))
    slices = []
    done = make_set().run(WHOLE, slices.append)
    assert (done.made, done.kept, done.missing) == (0, 3, 0)
    assert sum(slices) == 6
    assert {path: path.stat().st_mtime_ns for path in times} == times


def test_changed_source_is_simulated_again_and_no_other(converted, make_set, write_volume):
    make_set().run(WHOLE)
    write_volume(disks(9), "data set/volumes/case_0002.nii.gz", spacing=(5.0, 3.0, 3.0))
    done = make_set().run(WHOLE)
    assert (done.made, done.kept) == (1, 2)
    train = make_set().out / "annotations" / "train.json"
    np.testing.assert_array_equal(
        offline_pairs(converted, train)["case_0002", 1][..., 1], disks(9)[1]
    )


def test_touched_source_is_not_simulated_again(converted, make_set):
    make_set().run(WHOLE)
    os.utime(converted / "volumes" / "case_0002.nii.gz")
    assert make_set().run(WHOLE).made == 0


@pytest.mark.parametrize("damage", [b"", b"not gzip", b"\x1f\x8b\x08\x00cut"])
def test_damaged_ldct_is_made_again(make_set, damage):
    ldct_set = make_set()
    ldct_set.run(WHOLE)
    before = content_of(ldct_set.out)
    (ldct_set.out / "volumes" / "case_0001.nii.gz").write_bytes(damage)
    assert make_set().run(WHOLE).made == 1
    assert content_of(ldct_set.out) == before


def test_slice_added_to_the_annotations_is_added(converted, make_set):
    make_set().run(WHOLE)
    path = converted / "annotations" / "test.json"
    images = json.loads(path.read_text())["images"]
    write_annotations(path, [*images, {**images[0], "id": 99, "slice_index": 0}])
    done = make_set().run(WHOLE)
    assert (done.made, done.kept) == (1, 2)
    assert ("case_0003", 0) in offline_pairs(converted, done.annotation_files[0])


@pytest.mark.parametrize(
    ("settings", "store", "difference"),
    [
        ({"incident_photons": 2e5, "num_views": 48}, "float32", "incident_photons 100000.0 .*2000"),
        ({"incident_photons": 1e5, "num_views": 56}, "float32", r"num_views 48 \(asked for 56\)"),
        ({"incident_photons": 1e5, "num_views": 48, "seed": 1}, "float32", "seed 0 .*for 1"),
        ({"incident_photons": 1e5, "num_views": 48}, "int16", "store float32 .*int16"),
    ],
)
def test_other_setting_in_the_folder_is_refused(make_set, settings, store, difference):
    ldct_set = make_set()
    ldct_set.run(WHOLE)
    before = content_of(ldct_set.out)
    with pytest.raises(ValueError, match=f"holds LDCT of other settings: .*{difference}.*--name"):
        make_set(ldct_set.out, store, **settings).run(WHOLE)
    assert content_of(ldct_set.out) == before


def test_slice_without_body_ends_the_run_and_leaves_no_half_volume(
    converted, make_set, write_volume
):
    image = disks(3)
    image[2] = -1000
    write_volume(image, "data set/volumes/case_0003.nii.gz", spacing=(5.0, 3.0, 3.0))
    ldct_set = make_set(**PHYSICS)
    with pytest.raises(ValueError, match=r"patient case_0003, slice 2 of .*no pixel above"):
        ldct_set.run(WHOLE)
    assert list(content_of(ldct_set.out)) == ["settings.json"]


def test_pictures_get_a_volume_each_with_the_spacing_of_the_record(tmp_path, coco_record):
    root = tmp_path / "pictures"
    (root / "volumes" / "case_0001").mkdir(parents=True)
    (root / "annotations").mkdir()
    images = []
    for index in (4, 7):
        name = f"volumes/case_0001/{index:04d}.png"
        picture = (disks(1)[index % 4].astype(np.int32) + 32768).astype(np.uint16)
        cv2.imwrite(str(root / name), picture)
        record = {"file_name": name, "slice_in_file": 0, "series": "b", "spacing": [3.0, 3.0]}
        images.append(coco_record(index, SHAPE[1:], **record))
    write_annotations(root / "annotations" / "train.json", images)
    simulate = SimulateLowDose(**PHYSICS)
    done = LDCTSet(root, None, simulate, "mild", "float32").run(WHOLE)
    offline = offline_pairs(root, done.annotation_files[0])
    online = pairs(root, root / "annotations" / "train.json", simulate)
    assert set(offline) == {("case_0001", 4), ("case_0001", 7)}
    for key, image in online.items():
        assert offline[key].tobytes() == image.tobytes()
    ldct = SimpleITK.ReadImage(str(root / "ldct" / "mild" / "volumes/case_0001/0004.nii.gz"))
    np.testing.assert_allclose(ldct.GetSpacing(), (3.0, 3.0, 3.0))


def test_ldct_of_another_place_is_still_refused_by_the_loader(converted, make_set):
    """What the loader checks is not switched off by these files."""
    (_, train) = make_set().run(WHOLE).annotation_files
    content = json.loads(train.read_text())
    for record in content["images"]:
        record["ldct_slice_index"] = {0: 2, 2: 0, 1: 1}[record["slice_index"]]
    train.write_text(json.dumps(content))
    with pytest.raises(VolumeError, match="do not match"):
        offline_pairs(converted, train)


def test_volume_named_in_two_ways_is_refused(converted, make_set):
    path = converted / "annotations" / "test.json"
    images = json.loads(path.read_text())["images"]
    others = [{**image, "patient_id": "case_0009"} for image in images]
    write_annotations(converted / "annotations" / "val.json", others)
    with pytest.raises(ValueError, match=r"case_0003.* described in two ways .*case_0009"):
        make_set()


def test_two_volumes_of_one_name_are_refused(converted, make_set):
    source = converted / "volumes" / "case_0003.nii.gz"
    (converted / "volumes" / "case_0003.dcm").write_bytes(source.read_bytes())
    path = converted / "annotations" / "test.json"
    images = json.loads(path.read_text())["images"]
    other = {**images[0], "id": 99, "file_name": "volumes/case_0003.dcm", "patient_id": "x"}
    write_annotations(path, [*images, other])
    with pytest.raises(ValueError, match=r"would have one LDCT, volumes/case_0003\.nii\.gz"):
        make_set()


def test_volume_outside_of_the_root_is_refused(converted, make_set, tmp_path):
    (tmp_path / "away.nii.gz").write_bytes(
        (converted / "volumes" / "case_0003.nii.gz").read_bytes()
    )
    path = converted / "annotations" / "test.json"
    images = json.loads(path.read_text())["images"]
    write_annotations(path, [{**image, "file_name": "../away.nii.gz"} for image in images])
    with pytest.raises(ValueError, match=r"away\.nii\.gz lies outside of .*copy it there"):
        make_set()


def test_folder_without_annotations_is_refused(tmp_path, make_set):
    with pytest.raises(FileNotFoundError, match="annotations has no json: give the folder"):
        make_set(root=tmp_path)


def test_cache_is_refused(converted, tmp_path):
    simulate = SimulateLowDose(incident_photons=1e5, cache_dir=tmp_path)
    with pytest.raises(ValueError, match="itself a cache: leave cache_dir out"):
        LDCTSet(converted, None, simulate, "x", "float32")
