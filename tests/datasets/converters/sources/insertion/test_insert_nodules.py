"""Insertion of nodules as a converter: which volumes, how often, what is written."""

import json

import nibabel as nib
import numpy as np
import pytest
from PIL import Image

from lidnet_mm.datasets.converters.command_line import parse, run
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import UnusableCaseError
from lidnet_mm.datasets.converters.sources.insertion.insert_nodules import InsertNodules
from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.datasets.thorax_phantom import PhantomScan, make_thorax_phantom

SPACING = (4.0, 2.0, 2.0)


@pytest.fixture(scope="module")
def chest():
    """Two slices of a thorax in HU."""
    scan = PhantomScan(image_size=170, slices=2, slice_thickness=4.0)
    return make_thorax_phantom(scan, seed=0).image


@pytest.fixture
def source(tmp_path):
    """Folder of the sources, with a space and letters beyond ASCII in its name."""
    return tmp_path / "Thorax-CT für Tests"


@pytest.fixture
def write(write_volume, source, chest):
    """Function that writes a volume into the source folder."""

    def write(name, image=None, **options):
        image = chest if image is None else image
        return write_volume(image, f"{source.name}/{name}", spacing=SPACING, **options)

    return write


def cases(source, *words):
    converter = InsertNodules()
    options = parse(converter, arguments=[str(source), "out", *words])
    return converter.find_cases(source, options)


def read_all(source, *words):
    return [case.read() for case in cases(source, *words).cases]


def test_every_volume_comes_as_often_as_asked(write, source):
    for name in ("p2_a.nii.gz", "p10_a.nii.gz", "p2_b.nii.gz"):
        write(name)
    found = cases(source, "--copies", "3").cases
    assert len(found) == 9
    assert sorted({case.patient for case in found}) == ["p10", "p2"]
    assert len({(case.patient, case.series) for case in found}) == 9


def test_copies_differ_and_a_seed_repeats_them(write, source):
    write("p1_a.nii.gz")
    first, second = read_all(source, "--copies", "2")
    again, _ = read_all(source, "--copies", "2")
    other, _ = read_all(source, "--copies", "2", "--insert-seed", "1")
    np.testing.assert_array_equal(first.lesion_mask, again.lesion_mask)
    np.testing.assert_array_equal(first.volume.read_slice(0), again.volume.read_slice(0))
    assert (first.lesion_mask != second.lesion_mask).any()
    assert (first.lesion_mask != other.lesion_mask).any()


def test_a_volume_does_not_depend_on_its_neighbours(write, source):
    write("p1_a.nii.gz")
    alone = read_all(source)[0]
    write("p0_a.nii.gz")
    beside = next(case for case in cases(source).cases if case.patient == "p1").read()
    np.testing.assert_array_equal(alone.volume.read_slice(1), beside.volume.read_slice(1))


def test_boxes_are_those_of_the_mask_and_tell_the_nodule(write, source):
    write("p1_a.nii.gz")
    content = read_all(source, "--nodules", "3", "3", "--diameter-mm", "6", "14")[0]
    assert content.annotated is None, "all slices are annotated"
    found = 0
    for index, boxes in content.boxes.items():
        for box in boxes:
            mask = content.lesion_mask[index] == box.attributes["nodule"]
            assert mask.sum() == box.area
            inside = mask[box.y : box.y + box.height, box.x : box.x + box.width]
            assert inside.sum() == box.area
            for line in (inside[0], inside[-1], inside[:, 0], inside[:, -1]):
                assert line.any(), "the box is no larger than the nodule"
            assert 6 <= box.attributes["diameter_mm"] <= 14
            assert 0 < box.attributes["slice_contrast_hu"] < 1.2 * 950
            found += 1
    assert found >= 3
    shown = [np.unique(plane[plane > 0]).size for plane in content.lesion_mask]
    assert found == sum(shown)


def test_the_nodule_is_in_the_volume_and_the_rest_is_as_it_was(write, source, chest):
    write("p1_a.nii.gz")
    content = read_all(source, "--kinds", "solid", "--diameter-mm", "8", "12")[0]
    changed = np.stack([content.volume.read_slice(k) for k in range(2)])
    mask = content.lesion_mask > 0
    assert (changed - chest)[mask].mean() > 500
    assert (changed == chest).mean() > 0.97


def test_negatives_are_a_share_of_the_volumes(write, source, chest):
    for number in range(8):
        write(f"p{number}_a.nii.gz", chest[:1])
    contents = read_all(source, "--negatives", "0.5", "--diameter-mm", "4", "6")
    without = [content for content in contents if not content.boxes]
    assert 1 <= len(without) <= 7
    for content in without:
        np.testing.assert_array_equal(content.volume.read_slice(0), chest[0])


def test_end_to_end(write, source, tmp_path, capsys):
    for number in range(3):
        write(f"p{number}_a.nii.gz")
    write("p3_abdomen.nii.gz", np.full((2, 64, 64), 40, np.int16))
    write("p4_ill.nii.gz")
    out = tmp_path / "out"
    words = ["--leave-out", "*_ill*", "--split", "train=2", "val=0", "test=2", "--copies", "2"]
    assert run(InsertNodules(), "", [str(source), str(out), *words]) == 0
    text = "".join(path.read_text() for path in out.rglob("*.json"))
    assert "abdomen" not in text
    assert "ill" not in text.replace("illegal", "")
    documents = [json.loads(path.read_text()) for path in (out / "annotations").glob("*.json")]
    annotations = [a for d in documents for a in d["annotations"]]
    assert annotations
    assert {"diameter_mm", "kind", "margin", "contrast_hu"} <= set(annotations[0])
    records = {image["id"]: image for d in documents for image in d["images"]}
    assert {image.get("series") for image in records.values()} == {None, "2"}
    record = records[annotations[0]["image_id"]]
    mask = open_volume(out / record["mask_file_name"]).read_slice(record["mask_slice_index"])
    assert (mask == annotations[0]["nodule"]).sum() == annotations[0]["area"]
    summary = json.loads((out / "conversion.json").read_text())
    assert summary["info"]["converter"]["copies"] == 2
    assert "left out" in capsys.readouterr().out


def test_links_to_the_unchanged_source_are_refused(write, source, tmp_path, capsys):
    write("p1_a.nii.gz")
    arguments = [str(source), str(tmp_path / "out"), "--store", "link", "--split", "train=1"]
    assert run(InsertNodules(), "", arguments) == 1
    assert "with nodules: --store link" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_pictures_hold_the_nodules(write, source, tmp_path):
    write("p1_a.nii.gz")
    out = tmp_path / "out"
    arguments = [str(source), str(out), "--store", "png", "--split", "train=1", "val=0", "test=0"]
    assert run(InsertNodules(), "", arguments) == 0
    document = json.loads((out / "annotations" / "train.json").read_text())
    content = read_all(source)[0]
    for image in document["images"]:
        stored = open_volume(out / image["file_name"]).read_slice(0)
        np.testing.assert_array_equal(stored, content.volume.read_slice(image["slice_index"]))


def test_no_lungs_is_said_of_the_volume(write, source):
    write("p1_a.nii.gz", np.full((1, 64, 64), 40, np.int16) - np.eye(64, dtype=np.int16) * 1000)
    with pytest.raises(UnusableCaseError, match=r"no lung.*"):
        read_all(source)


def test_nodules_too_large_for_the_lungs(write, source):
    write("p1_a.nii.gz")
    with pytest.raises(UnusableCaseError, match="ask for smaller"):
        read_all(source, "--diameter-mm", "150", "160")


def test_a_picture_without_spacing(source):
    source.mkdir()
    picture = Image.fromarray(np.full((32, 32), 32000, dtype=np.uint16))
    picture.save(source / "p1_a.png")
    with pytest.raises(UnusableCaseError, match="pixel spacing"):
        read_all(source, "--image", "{patient}_*.png")


def test_a_damaged_file(write, source):
    path = write("p1_a.nii.gz")
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(UnusableCaseError, match="p1_a"):
        read_all(source)


def test_intensities_that_are_no_hounsfield_units(write, source, chest):
    write("p1_a.nii.gz", (chest + 1024).astype(np.int16))
    with pytest.raises(ConversionError, match="Hounsfield"):
        read_all(source)


def test_values_that_are_not_finite(source, chest):
    source.mkdir()
    image = chest.astype(np.float32)
    image[1, 3, 4] = np.nan
    nib.save(nib.Nifti1Image(image.T, np.diag([-2, -2, 4, 1])), source / "p1_a.nii.gz")
    with pytest.raises(ConversionError, match="NaN"):
        read_all(source)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--nodules", "3", "2"], "--nodules"),
        (["--nodules", "0", "2"], "--negatives"),
        (["--copies", "0"], "--copies"),
        (["--negatives", "1"], "--negatives"),
        (["--slice-thickness-mm", "0"], "--slice-thickness-mm"),
        (["--diameter-mm", "9", "5"], "increasing"),
        (["--image", "*.nii.gz"], "lacks {patient}"),
        (["--image", "{patient}_*.mha"], "no volumes named as"),
        (["--leave-out", "q*"], "matches none"),
        (["--leave-out", "p*"], "every volume"),
    ],
)
def test_bad_options_are_refused(write, source, words, message):
    write("p1_a.nii.gz")
    with pytest.raises(ConversionError, match=message):
        cases(source, *words)


def test_an_empty_and_a_missing_folder(source):
    with pytest.raises(ConversionError, match="no such folder"):
        cases(source)
    source.mkdir()
    with pytest.raises(ConversionError, match="holds nothing"):
        cases(source)


def test_the_slice_thickness_may_differ_from_the_distance(write, source):
    write("p1_a.nii.gz")
    words = ["--kinds", "solid", "--diameter-mm", "4", "4", "--margins", "smooth"]

    def contrast(*more):
        boxes = read_all(source, *words, *more)[0].boxes
        return max(box.attributes["slice_contrast_hu"] for b in boxes.values() for box in b)

    assert contrast("--slice-thickness-mm", "12") < 0.6 * contrast("--slice-thickness-mm", "1")


def test_slices_of_one_person_are_told_or_joined_by_a_table(
    write, source, tmp_path, warnings_logged
):
    for name in ("p01_0", "p01_1", "p02_0"):
        write(f"{name}.nii.gz")
    pattern = ("--image", "{patient}.nii.gz")
    assert [case.patient for case in cases(source, *pattern).cases] == ["p01_0", "p01_1", "p02_0"]
    assert "p01_0, p01_1" in warnings_logged()
    table = tmp_path / "who.csv"
    table.write_text("name,patient\np01_0,anna\np01_1,anna\np02_0,bob\n")
    found = cases(source, *pattern, "--patients", str(table)).cases
    assert [case.patient for case in found] == ["anna", "anna", "bob"]
    assert len({case.series for case in found}) == 3
