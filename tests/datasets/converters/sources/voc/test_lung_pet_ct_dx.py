"""Lung-PET-CT-Dx: the published layout, and real slices of it where they are at hand."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
import SimpleITK
from pydicom import dcmread

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.sources.voc.lung_pet_ct_dx import LungPetCtDx
from lidnet_mm.datasets.readers import open_volume

XML = (
    "<annotation><filename>Unknow</filename><object><name>{0}</name><bndbox><xmin>3</xmin>"
    "<ymin>4</ymin><xmax>9</xmax><ymax>8</ymax></bndbox></object></annotation>"
)
LUNG_KERNEL, SOFT_KERNEL, PET = "1.2.3.1", "1.2.3.2", "1.2.3.3"


@pytest.fixture
def write_patient(tmp_path, write_ct):
    """Function that writes two reconstructions with the same lesion, and PET."""

    def write(name="A0001", annotated=(1,)):
        root = tmp_path / "Lung PET größer"
        study = root / "manifest-1" / "Lung-PET-CT-Dx" / f"Lung_Dx-{name}" / "01-01-2007-NA-1"
        for series in (LUNG_KERNEL, SOFT_KERNEL, PET):
            for index in range(3):
                hu = np.random.default_rng(index).integers(-1000, 200, (20, 30))
                uid = write_ct(
                    study / f"2.0-5mm-{series}" / f"1-{index + 1:02d}.dcm",
                    hu,
                    patient=f"Lung_Dx-{name}",
                    series=f"{series}.{int(name[1:]) + 100 * (ord(name[0]) - ord('A'))}",
                    height=-5.0 * index,
                    Modality="PT" if series == PET else "CT",
                )
                if index in annotated:
                    path = root / "Annotation" / name / f"{uid}.xml"
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(XML.format(name[0]))
        return root

    return write


def test_both_reconstructions_of_a_patient_are_one_patient(write_patient, find_cases):
    found = find_cases(LungPetCtDx(), write_patient())
    assert [(case.patient, case.series) for case in found.cases] == [
        ("Lung_Dx-A0001", f"{LUNG_KERNEL}.1"),
        ("Lung_Dx-A0001", f"{SOFT_KERNEL}.1"),
    ]
    for case in found.cases:
        content = case.read()
        assert content.annotated == set(content.boxes) == {1}
    assert sorted((one.what, one.count) for one in found.left_out) == [
        ("annotation", 1),  # the one of the PET slice
        ("file", 3),
    ]


def test_classes_are_the_letters_of_patients(write_patient, find_cases):
    for name in ("A0001", "A0002", "B0001", "G0001"):
        root = write_patient(name)
    for letters, patients in (
        (["A"], ["A0001", "A0002"]),
        (["g"], ["G0001"]),
        (["A", "G"], ["A0001", "A0002", "G0001"]),
    ):
        found = find_cases(LungPetCtDx(), root, "--classes", *letters)
        names = dict.fromkeys(case.patient.removeprefix("Lung_Dx-") for case in found.cases)
        assert list(names) == patients
        others = [one.count for one in found.left_out if one.reason == "of another class"]
        assert others == [4 - len(patients)]
    with pytest.raises(ConversionError, match="no patient of class E; there are the classes A, B"):
        find_cases(LungPetCtDx(), root, "--classes", "E", "A")


def test_no_part_shares_a_patient(write_patient, converted):
    for number in range(1, 5):
        root = write_patient(f"A{number:04d}")
    parts = converted(LungPetCtDx(), root, "--split", "train=2", "val=1", "test=1")
    patients = [{image["patient_id"] for image in part["images"]} for part in parts.values()]
    assert sorted(map(len, patients)) == [1, 1, 2] and len(set.union(*patients)) == 4
    assert {image.get("series") for image in parts["test"]["images"]} == {None, "2"}


def test_patients_with_half_of_their_files_are_named(write_patient, find_cases):
    root = write_patient("A0001")
    write_patient("A0002", annotated=())
    lost = root / "Annotation" / "A0003"
    lost.mkdir()
    (lost / "1.9.xml").write_text(XML.format("A"))
    found = find_cases(LungPetCtDx(), root)
    assert {case.patient for case in found.cases} == {"Lung_Dx-A0001"}
    named = {(one.what, one.source) for one in found.left_out if one.source.endswith(("2", "3"))}
    assert named == {("patient", "Lung_Dx-A0002"), ("annotation", "Annotation/A0003")}


def test_another_folder_is_refused_with_what_it_holds(write_patient, find_cases, tmp_path):
    with pytest.raises(ConversionError, match=r"no folder Lung_Dx-A0001.*holds nothing"):
        find_cases(LungPetCtDx(), tmp_path)
    root = write_patient(annotated=())
    with pytest.raises(ConversionError, match=r"no Annotation/A0001.*holds manifest-1"):
        find_cases(LungPetCtDx(), root)
    lost = root / "Annotation" / "A0001"
    lost.mkdir(parents=True)
    (lost / "1.9.xml").write_text(XML.format("A"))
    with pytest.raises(
        ConversionError, match=r"no CT slice of the 1 XML files \(of patients A0001"
    ):
        find_cases(LungPetCtDx(), root)


@pytest.fixture(scope="module")
def sample(real_data):
    """Two patients as they are published."""
    folder = real_data / "lung_pet_ct_dx"
    if not folder.is_dir():
        pytest.skip("no Lung-PET-CT-Dx sample in the real CT data")
    return folder


def corners_by_slice(sample: Path) -> dict[str, tuple[list[int], np.ndarray]]:
    """UID → the only box of its XML file, and the stored HU of its slice by SimpleITK."""
    files = {
        dcmread(path, stop_before_pixels=True).SOPInstanceUID: path
        for path in sample.rglob("*.dcm")
    }
    found = {}
    for path in sample.rglob("*.xml"):
        (box,) = ElementTree.parse(path).iter("bndbox")
        corners = [int(box.findtext(side)) for side in ("xmin", "ymin", "xmax", "ymax")]
        if path.stem in files:
            image = SimpleITK.ReadImage(str(files[path.stem]))
            found[path.stem] = corners, SimpleITK.GetArrayFromImage(image)[0]
    return found


def test_real_boxes_are_on_the_slices_that_they_were_drawn_on(sample, find_cases):
    expected = corners_by_slice(sample)
    found = find_cases(LungPetCtDx(), sample)
    assert [case.patient for case in found.cases] == ["Lung_Dx-A0001", "Lung_Dx-A0002"]
    seen = []
    for case in found.cases:
        content = case.read()
        assert content.annotated == set(content.boxes)
        for index, (box,) in content.boxes.items():
            uid = content.volume.sop_instance_uids[index]
            (left, top, right, bottom), hu = expected[uid]
            rows, columns = slice(top - 1, bottom), slice(left - 1, right)  # counted from 1
            mine = content.volume.read_slice(index)[
                int(box.y) : int(box.y + box.height), int(box.x) : int(box.x + box.width)
            ]
            np.testing.assert_array_equal(mine, hu[rows, columns])
            seen.append(uid)
    assert sorted(seen) == sorted(expected) and len(seen) == 13
    assert [(one.what, one.reason) for one in found.left_out] == [
        ("annotation", "no slice that is used has its name")
    ] * 3


def test_real_slices_are_converted(sample, converted, tmp_path):
    expected = corners_by_slice(sample)
    parts = converted(LungPetCtDx(), sample, "--split", "train=1", "test=1", "--classes", "A")
    images = [image for part in parts.values() for image in part["images"]]
    boxes = [box for part in parts.values() for box in part["annotations"]]
    assert sorted(part["images"][0]["patient_id"] for part in parts.values()) == [
        "case_0001",
        "case_0002",
    ]
    assert len(images) == len(boxes) == len({box["image_id"] for box in boxes}) == 13
    pixels = {}
    for image in images:
        hu = open_volume(tmp_path / "converted" / image["file_name"]).read_slice(0)
        pixels[hu.tobytes()] = image["id"]
    for (left, top, right, bottom), hu in expected.values():
        number = pixels[hu.astype(np.float32).tobytes()]
        (box,) = [box["bbox"] for box in boxes if box["image_id"] == number]
        assert box == [left - 1, top - 1, right - left + 1, bottom - top + 1]
    text = "".join(path.read_text() for path in (tmp_path / "converted").rglob("*.json"))
    assert "Lung_Dx" not in text and "1.3.6.1" not in text
