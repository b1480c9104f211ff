"""Whole conversions of NIfTI pairs."""

import io
import json
import logging

import numpy as np
import pytest
import torch
from mmengine.logging import MMLogger

from lidnet_mm.datasets.converters.command_line import convert_as_told, parse
from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.masks.nifti_masks import NiftiMasks
from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.simulation import photons_for_noise


def convert(source, out, *switches, split=("train=1.0",)):
    arguments = [str(source), str(out), "--split", *split, *switches]
    return convert_as_told(NiftiMasks(), parse(NiftiMasks(), arguments=arguments))


def documents(out):
    return {path.stem: json.loads(path.read_text()) for path in (out / "annotations").iterdir()}


def boxes(out, part="train"):
    """Boxes by (patient, slice)."""
    document = documents(out)[part]
    images = {
        image["id"]: (image["patient_id"], image["slice_index"]) for image in document["images"]
    }
    found = {}
    for annotation in document["annotations"]:
        found.setdefault(images[annotation["image_id"]], []).append(annotation["bbox"])
    return found


def test_slices_and_boxes_of_one_patient(source, tmp_path, write_patient):
    write_patient("p1", spacing=(3.0, 0.7, 0.9))
    summary = convert(source, tmp_path / "out")
    train = documents(tmp_path / "out")["train"]
    assert [image["slice_index"] for image in train["images"]] == [0, 1, 2, 3]
    assert boxes(tmp_path / "out") == {("case_0001", 1): [[5, 3, 10, 4], [20, 12, 3, 8]]}
    assert [annotation["area"] for annotation in train["annotations"]] == [40, 24]
    image = train["images"][1]
    assert image["spacing"] == pytest.approx([0.7, 0.9], abs=1e-5)
    assert image["slice_thickness"] == pytest.approx(3.0, abs=1e-5)
    assert (image["height"], image["width"]) == (24, 32)
    assert train["categories"] == [{"id": 1, "name": "lesion"}]
    volume = open_volume(tmp_path / "out" / image["file_name"])
    assert volume.num_slices == 4
    assert summary.part("train").lesion_slices == 1
    assert summary.part("train").sizes_mm == pytest.approx((9.0, 5.6), abs=1e-4)


@pytest.mark.parametrize("stored", ["RAS", "LAI", "PIR", "SLA"])
@pytest.mark.parametrize("mask_stored", [None, "LPS"])
def test_boxes_do_not_depend_on_the_stored_orientation(
    source, tmp_path, write_patient, stored, mask_stored
):
    write_patient("p1")
    convert(source, tmp_path / "lps")
    write_patient("p1", stored=stored, mask_stored=mask_stored)
    convert(source, tmp_path / "other")
    expected, found = (documents(tmp_path / name)["train"] for name in ("lps", "other"))
    assert found["annotations"] == expected["annotations"]
    assert found["images"] == expected["images"]


def test_no_patient_is_in_two_parts_and_ids_are_unique(source, tmp_path, write_patient):
    for number in range(8):
        write_patient(f"p{number}")
    split = ("train=5", "val=1", "test=2")
    convert(source, tmp_path / "a", "--seed", "4", split=split)
    convert(source, tmp_path / "b", "--seed", "4", split=split)
    convert(source, tmp_path / "c", "--seed", "5", split=split)
    parts = documents(tmp_path / "a")
    patients = {name: {i["patient_id"] for i in part["images"]} for name, part in parts.items()}
    assert {name: len(found) for name, found in patients.items()} == {
        "train": 5,
        "val": 1,
        "test": 2,
    }
    assert len(set.union(*patients.values())) == 8
    for key in ("images", "annotations"):
        ids = [entry["id"] for part in parts.values() for entry in part[key]]
        assert len(ids) == len(set(ids))
    assert documents(tmp_path / "b") == parts
    assert documents(tmp_path / "c")["test"]["images"] != parts["test"]["images"]


def test_a_part_of_nobody_has_no_file(source, tmp_path, write_patient):
    write_patient("p1")
    convert(source, tmp_path / "out")
    assert sorted(documents(tmp_path / "out")) == ["train"]


def test_minimum_size_is_in_mm_and_other_lesions_of_the_slice_stay(source, tmp_path, write_patient):
    write_patient("p1", spacing=(3.0, 2.0, 0.5))
    summary = convert(source, tmp_path / "out", "--min-size-mm", "8.5")
    assert boxes(tmp_path / "out") == {("case_0001", 1): [[20, 12, 3, 8]]}
    assert summary.part("train").dropped == 1
    convert(source, tmp_path / "all", "--min-size-mm", "8")
    assert len(boxes(tmp_path / "all")["case_0001", 1]) == 2


def test_slices_without_lesion_can_be_left_out(source, tmp_path, write_patient):
    write_patient("p1")
    convert(source, tmp_path / "out", "--only-lesion-slices")
    assert [image["slice_index"] for image in documents(tmp_path / "out")["train"]["images"]] == [1]


def with_air(slices, value=-1000):
    """HU of (4, 24, 32) voxels whose given slices have nothing above ``value``."""
    image = np.random.default_rng(0).integers(-1000, 400, (4, 24, 32), dtype=np.int16)
    for index in slices:
        image[index] = np.minimum(image[index], value)
    return image


@pytest.mark.parametrize("value", [-1000, -500])
def test_slices_without_body_are_left_out_and_counted(source, tmp_path, write_patient, value):
    write_patient("p1", image=with_air([0, 3], value))
    write_patient("p2")
    summary = convert(source, tmp_path / "out")
    images = documents(tmp_path / "out")["train"]["images"]
    slices = [(image["patient_id"], image["slice_index"]) for image in images]
    expected = [("case_0001", 1), ("case_0001", 2)] + [("case_0002", i) for i in range(4)]
    assert slices == expected
    assert boxes(tmp_path / "out")["case_0001", 1] == [[5, 3, 10, 4], [20, 12, 3, 8]]
    assert (summary.total.slices, summary.part("train").without_body) == (6, 2)
    head, *_, total = (
        [cell.strip() for cell in line.split("  ") if cell.strip()]
        for line in summary.as_table().splitlines()[:5]
    )
    assert total[head.index("without body left out")] == "2"


def test_slices_without_body_are_counted_in_the_log(source, tmp_path, write_patient):
    write_patient("p1", image=with_air([0, 3]))
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logger = MMLogger.get_current_instance()
    logger.addHandler(handler)
    convert(source, tmp_path / "out", "--dry-run")
    logger.removeHandler(handler)
    assert (
        "case_0001: 2 slices used, 1 with lesion; 2 slices without body left out"
        in stream.getvalue()
    )


def test_every_converted_slice_has_the_noise_level_that_training_asks_for(
    source, tmp_path, write_patient
):
    write_patient("p1", image=with_air([0, 2], -500), spacing=(3.0, 0.7, 0.7))
    convert(source, tmp_path / "out")
    volume = open_volume(tmp_path / "out" / "volumes" / "case_0001.nii.gz")
    kept = {image["slice_index"] for image in documents(tmp_path / "out")["train"]["images"]}
    for index in range(4):
        pixels = torch.from_numpy(volume.read_slice(index))[None]
        if index in kept:
            assert torch.isfinite(photons_for_noise(pixels, 0.7, 60, num_views=8)).all()
        else:
            with pytest.raises(ValueError, match="no noise level"):
                photons_for_noise(pixels, 0.7, 60, num_views=8)


def test_a_lesion_too_small_for_a_box_may_lie_in_air(source, tmp_path, write_patient):
    mask = LESION.copy()
    mask[3, 0, 0] = 1
    write_patient("p1", image=with_air([3]), mask=mask)
    convert(source, tmp_path / "out", "--min-size-mm", "2")
    assert list(boxes(tmp_path / "out")) == [("case_0001", 1)]


def test_flat_layout_and_class_name(source, tmp_path, write_volume, hu_volume):
    image = hu_volume()
    write_volume(image, "source/imagesTr/x_0000.nii")
    write_volume((image > 2900).astype(np.uint8), "source/labelsTr/x.nii.gz")
    switches = ("--image", "imagesTr/{patient}_0000.nii", "--mask", "labelsTr/{patient}.nii.gz")
    convert(source, tmp_path / "out", *switches, "--class-name", "nodule")
    train = documents(tmp_path / "out")["train"]
    assert train["categories"][0]["name"] == "nodule"
    assert train["images"][0]["file_name"] == "volumes/case_0001.nii"
    assert (tmp_path / "out" / "volumes" / "case_0001.nii").is_file()


def test_a_patient_without_lesion_can_be_kept_as_negatives(source, tmp_path, write_patient):
    write_patient("p1")
    write_patient("p2", mask=np.zeros((4, 24, 32), dtype=np.uint8))
    convert(source, tmp_path / "out", "--allow-no-lesion")
    images = documents(tmp_path / "out")["train"]["images"]
    assert sum(image["patient_id"] == "case_0002" for image in images) == 4
    assert {patient for patient, _ in boxes(tmp_path / "out")} == {"case_0001"}


def test_a_dry_run_counts_and_writes_nothing(source, tmp_path, write_patient):
    write_patient("p1")
    summary = convert(source, tmp_path / "out", "--dry-run")
    assert summary.total.slices == 4
    assert len(summary.total.sizes_mm) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


@pytest.mark.parametrize("store", ["nifti", "png", "link"])
def test_source_names_are_in_no_file(source, tmp_path, write_patient, store):
    names = ["DOE^JANE", "ROE^RICHARD"]
    for name in names:
        write_patient(name)
    convert(source, tmp_path / "out", "--store", store)
    written = [path for path in (tmp_path / "out").rglob("*") if path.is_file()]
    assert len(written) == {"nifti": 4, "link": 4, "png": 10}[store]
    for path in written:
        assert path.is_symlink() == (store == "link" and path.suffix == ".gz")
        text = path.relative_to(tmp_path).as_posix().encode()
        text += b"" if path.is_symlink() else path.read_bytes()
        assert not any(name.encode() in text for name in names)


def image_of(value=None):
    """float32 HU, with the voxel at slice 2, row 5, column 6 changed where a value is given."""
    volume = np.random.default_rng(0).integers(-1000, 400, (4, 24, 32)).astype(np.float32)
    if value is not None:
        volume[2, 5, 6] = value
    return volume


EMPTY = np.zeros((4, 24, 32), dtype=np.uint8)
LESION = EMPTY.copy()
LESION[1, 3:7, 5:12] = 1
NARROW = np.ones((4, 24, 30), dtype=np.uint8)
BAD_INPUT = {
    "other shape": (
        {"mask": NARROW, "image": image_of()},
        r"differ in shape.*\(4, 24, 32\) and \(4, 24, 30\)",
    ),
    "other origin": (
        {"mask_geometry": {"origin": (-20.0, 30.0, -397.0)}},
        "differ in affine.*3 mm",
    ),
    "other spacing": ({"mask_geometry": {"spacing": (3.0, 0.7, 0.75)}}, "differ in affine"),
    "no lesion": ({"mask": EMPTY}, "no lesion.*--allow-no-lesion"),
    "mask of probabilities": (
        {"image": image_of(), "mask": np.full((4, 24, 32), 0.25, np.float32)},
        r"mask\.nii\.gz, slice 0: 768 values are not whole numbers.*threshold",
    ),
    "image for mask": (
        {"image": image_of(), "mask": image_of()},
        r"mask\.nii\.gz, slice 0: values down to.*so this is no mask",
    ),
    "inverted mask": (
        {"image": image_of(), "mask": 1 - LESION},
        r"mask\.nii\.gz: 99 % of the voxels.*inverted",
    ),
    "lesion in air": (
        {"image": with_air([1])},
        r"image\.nii\.gz, slice 1: the slice shows no body .*-500 HU.*lesion is drawn on it; corr",
    ),
    "air only": ({"image": with_air(range(4), -600)}, "no voxel above -500 HU, so no body"),
    "NaN": ({"image": image_of(value=np.nan)}, "slice 2: 1 intensities.*row 5, column 6"),
    "infinite": ({"image": image_of(value=np.inf)}, "slice 2: 1 intensities.*row 5, column 6"),
    "no air": ({"image": image_of() + 1024}, "all are ≥ 0, there is no air.*scl_inter"),
    "8 bit": ({"image": ((image_of() + 1000) / 6).astype(np.uint8)}, "no air.*8-bit"),
    "scaled": ({"image": (image_of() + 1000) / 1400}, r"no air.*0\.\.1"),
    "normalised": ({"image": image_of() / 500}, "normalisation"),
}


@pytest.mark.parametrize("case", BAD_INPUT)
def test_bad_input_names_the_patient_and_leaves_nothing(source, tmp_path, write_patient, case):
    arguments, message = BAD_INPUT[case]
    write_patient("good")
    write_patient("zbad", **arguments)
    with pytest.raises(ConversionError, match=rf"patient zbad.*{message}"):
        convert(source, tmp_path / "sub" / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["source"]


@pytest.mark.parametrize("kind", ["image", "mask"])
@pytest.mark.parametrize("damage", ["cut", "flip", "text"])
def test_a_damaged_file_is_named(source, tmp_path, write_patient, kind, damage):
    write_patient("p1", image=np.random.default_rng(0).integers(-1000, 400, (9, 64, 64), np.int16))
    path = source / "p1" / f"{kind}.nii.gz"
    content = bytearray(path.read_bytes())
    if damage == "cut":
        content = content[: len(content) // 2]
    elif damage == "flip":
        for place in range(len(content) // 2, len(content) // 2 + 9):
            content[place] ^= 0xFF
    else:
        content = b"404 not found"
    path.write_bytes(content)
    with pytest.raises(ConversionError, match=rf"patient p1.*p1/{kind}\.nii\.gz"):
        convert(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_every_lesion_below_the_minimum_size_is_an_error(source, tmp_path, write_patient):
    write_patient("p1")
    with pytest.raises(ConversionError, match=r"patient p1.*smaller than 50 mm.*--min-size-mm"):
        convert(source, tmp_path / "out", "--min-size-mm", "50")


def test_an_existing_dataset_is_replaced_only_on_demand_and_only_by_a_whole_one(
    source, tmp_path, write_patient
):
    out = tmp_path / "out"
    write_patient("p1")
    convert(source, out)
    before = documents(out)
    with pytest.raises(ConversionError, match="--overwrite"):
        convert(source, out)
    write_patient("p2", mask=np.zeros((4, 24, 32), np.uint8))
    with pytest.raises(ConversionError, match="patient p2"):
        convert(source, out, "--overwrite")
    assert documents(out) == before
    convert(source, out, "--overwrite", "--allow-no-lesion")
    assert len(documents(out)["train"]["images"]) == 8
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out", "source"]


def test_soft_tissue_sarcoma_patients(real_data, tmp_path):
    switches = ("--image", "{patient}/CT_image.nii.gz", "--mask", "{patient}/CT_mask.nii.gz")
    split = ("train=18", "val=0", "test=6")
    summary = convert(real_data / "sts", tmp_path / "out", *switches, split=split)
    total = summary.total
    assert (total.patients, total.slices) == (24, 869)
    assert 720 <= total.lesion_slices <= 740
    assert (summary.part("train").patients, summary.part("test").patients) == (18, 6)
    assert total.hu_range[0] == -1000
    parts = documents(tmp_path / "out")
    assert sum(len(part["images"]) for part in parts.values()) == 869
    assert "STS_" not in json.dumps(parts)
    for part in parts.values():
        images = {image["id"]: image for image in part["images"]}
        for annotation in part["annotations"]:
            x, y, width, height = annotation["bbox"]
            image = images[annotation["image_id"]]
            assert 0 <= x < x + width <= image["width"]
            assert 0 <= y < y + height <= image["height"]
