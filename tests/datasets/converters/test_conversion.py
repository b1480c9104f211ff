"""What the engine makes of the cases of any source."""

import cv2
import numpy as np
import pytest
import SimpleITK
from given_cases import ORIGIN, SPACING, ArrayVolume, box, case, hu, unusable

from lidnet_mm.datasets.converters.conversion_error import ConversionError
from lidnet_mm.datasets.converters.source_case import CaseContent, LeftOut, UnusableCaseError
from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.datasets.transforms import LoadCTSlice


def test_a_volume_lies_where_it_was_and_keeps_its_hu(convert, tmp_path):
    truth = hu()
    convert(case("p", CaseContent(ArrayVolume(truth), {})))
    image = SimpleITK.ReadImage(str(tmp_path / "out" / "volumes" / "case_0001.nii.gz"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), truth)
    np.testing.assert_allclose(image.GetSpacing(), (SPACING[1], SPACING[0], 2.5), rtol=1e-6)
    np.testing.assert_allclose(image.GetOrigin(), ORIGIN, rtol=1e-6)
    np.testing.assert_allclose(image.GetDirection(), np.eye(3).ravel(), atol=1e-6)
    assert image.GetPixelID() == SimpleITK.sitkInt16


def test_fractions_of_a_hu_are_kept(convert, tmp_path):
    truth = hu() + np.float32(0.25)
    convert(case("p", CaseContent(ArrayVolume(truth), {})))
    image = SimpleITK.ReadImage(str(tmp_path / "out" / "volumes" / "case_0001.nii.gz"))
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), truth)


@pytest.mark.parametrize("store", ["nifti", "png"])
def test_the_dataset_reads_what_was_converted(convert, tmp_path, store):
    truth = {"a": hu(1), "b": hu(2)}
    cases = [case(name, CaseContent(ArrayVolume(v), {2: [box()]})) for name, v in truth.items()]
    convert(*cases, switches=("--store", store))
    data = CTLesionDataset(ann_file="annotations/train.json", data_root=str(tmp_path / "out"))
    assert len(data) == 8
    for index in range(8):
        sample = LoadCTSlice().transform(data.get_data_info(index))
        volume = truth["a" if sample["patient_id"] == "case_0001" else "b"]
        np.testing.assert_array_equal(sample["img"], volume[sample["slice_index"]])
        assert sample["spacing"] == SPACING
        boxes = [instance["bbox"] for instance in sample["instances"]]
        assert boxes == ([[3, 4, 8, 10]] if sample["slice_index"] == 2 else [])


def test_pictures_are_of_used_slices_only_and_no_other_is_read(convert, tmp_path):
    volume = ArrayVolume(hu(slices=9))
    content = CaseContent(volume, {5: [box()]}, annotated=frozenset({5, 7}))
    convert(case("p", content), switches=("--store", "png"))
    files = sorted(path.name for path in (tmp_path / "out" / "volumes" / "case_0001").iterdir())
    assert files == ["0005.png", "0007.png"]
    assert sorted(volume.read) == [5, 7]
    picture = cv2.imread(
        str(tmp_path / "out" / "volumes" / "case_0001" / "0005.png"), cv2.IMREAD_UNCHANGED
    )
    np.testing.assert_array_equal(picture.astype(int) - 32768, volume.hu[5])


def test_a_volume_with_missing_slices_becomes_pictures(convert, written):
    uneven = CaseContent(ArrayVolume(hu(), uniform=False), {1: [box()]})
    convert(case("a", uneven), case("b"))
    names = {i["patient_id"]: i["file_name"] for i in written("annotations/train.json")["images"]}
    assert names["case_0001"].endswith(".png")
    assert names["case_0002"] == "volumes/case_0002.nii.gz"


class Lone(ArrayVolume):
    """A volume whose file does not say all of its geometry."""

    def __init__(self, hu, spacing=SPACING):
        super().__init__(hu)
        self.known = spacing

    spacing = property(lambda self: self.known)
    slice_spacing = property(lambda self: None)


def test_a_lone_slice_of_unknown_thickness_becomes_a_picture(convert, written):
    convert(case("a", CaseContent(Lone(hu(slices=1)), {0: [box()]})))
    (image,) = written("annotations/train.json")["images"]
    assert image["file_name"].endswith(".png")
    assert "slice_thickness" not in image


def test_a_volume_of_unknown_spacing_is_left_out(convert, written):
    unknown = case("a", CaseContent(Lone(hu(), spacing=None), {0: [box()]}))
    convert(unknown, case("b"))
    (entry,) = written("conversion.json")["left_out"]
    assert "no pixel spacing" in entry["reason"]


def test_unannotated_slices_are_no_negatives(convert, written):
    content = CaseContent(ArrayVolume(hu()), {1: [box()]}, annotated=frozenset({1, 3}))
    convert(case("p", content))
    slices = [image["slice_index"] for image in written("annotations/train.json")["images"]]
    assert slices == [1, 3]


def test_numbers_follow_the_natural_order_and_series_are_told_apart(convert, written, tmp_path):
    key = tmp_path / "key.csv"
    names = [("p10", "x"), ("p2", "kernel 10"), ("p2", "kernel 9")]
    convert(*(case(p, series=s) for p, s in names), switches=("--key", str(key)))
    found = {(i["patient_id"], i.get("series"), i["file_name"])
             for i in written("annotations/train.json")["images"]}  # fmt: skip
    assert found == {
        ("case_0001", None, "volumes/case_0001.nii.gz"),
        ("case_0001", "2", "volumes/case_0001_2.nii.gz"),
        ("case_0002", None, "volumes/case_0002.nii.gz"),
    }
    assert key.read_text().splitlines()[1:] == [
        "case_0001,,p2,kernel 9",
        "case_0001,2,p2,kernel 10",
        "case_0002,,p10,x",
    ]


def test_parts_of_the_source_are_kept_unless_a_split_is_asked_for(convert, written, tmp_path):
    cases = [case("a", part="test"), case("b", part="train"), case("c", part="train")]
    convert(*cases, split=None)
    assert {i["patient_id"] for i in written("annotations/test.json")["images"]} == {"case_0001"}
    assert written("annotations/test.json")["info"]["split"] == "as the source"
    convert(*cases, split=["train=3", "val=0", "test=0"], switches=["--overwrite"])
    assert not (tmp_path / "out" / "annotations" / "test.json").exists()


def test_a_patient_in_two_parts_is_refused(convert):
    cases = [case("a", series="1", part="test"), case("a", series="2", part="train")]
    with pytest.raises(ConversionError, match=r"patient a: the source gives the parts test, train"):
        convert(*cases, split=None)


def test_attributes_ldct_and_masks_are_written(convert, written, tmp_path):
    mask = np.zeros((4, 20, 30), np.uint8)
    mask[1, 4:10, 3:8] = 1
    quarter = hu(5)
    content = CaseContent(
        ArrayVolume(hu()),
        {1: [box(diameter_mm=4.5)]},
        ldct=ArrayVolume(quarter),
        lesion_mask=mask,
    )
    convert(case("p", content))
    train = written("annotations/train.json")
    assert train["annotations"][0]["diameter_mm"] == 4.5
    record = train["images"][2]
    assert (record["ldct_file_name"], record["ldct_slice_index"]) == (
        "volumes/case_0001_ldct.nii.gz",
        2,
    )
    for name, truth in ((record["ldct_file_name"], quarter), (record["mask_file_name"], mask)):
        image = SimpleITK.ReadImage(str(tmp_path / "out" / name))
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), truth)


def test_boxes_are_clipped_or_left_out_and_both_are_told(convert, written, warnings_logged):
    boxes = [box(x=-2), box(x=30), box(y=-9, height=9), box(x=27.5, width=9), box(width=0)]
    boxes += [box(width=float("nan")), box(width=1e30), box(x=-1e30, width=1e30), box(height=21)]
    convert(case("p", CaseContent(ArrayVolume(hu()), {1: boxes})))
    found = [a["bbox"] for a in written("annotations/train.json")["annotations"]]
    assert found == [[0, 4, 3, 6], [27.5, 4, 2.5, 6]]
    areas = [a["area"] for a in written("annotations/train.json")["annotations"]]
    assert areas == pytest.approx([18, 15])
    reasons = {e["reason"]: e["count"] for e in written("conversion.json")["left_out"]}
    for told in ("slice 1 (x, y, width, height -2, 4, 5, 6 of 30 x 20 pixels)", "1e+30"):
        assert told in warnings_logged()
    assert reasons == {
        "outside of the image, or empty": 3,
        "the part outside of the image": 2,
        "its corners are no numbers": 1,
        "larger than the image": 3,
    }


def test_a_slice_of_which_no_box_can_be_used_is_no_negative(convert, written):
    boxes = {1: [box(x=40)], 2: [box(width=float("nan")), box()]}
    convert(case("p", CaseContent(ArrayVolume(hu()), boxes)))
    slices = [image["slice_index"] for image in written("annotations/train.json")["images"]]
    assert slices == [0, 2, 3]
    left_out = written("conversion.json")["left_out"]
    assert [e["slice_index"] for e in left_out if e["what"] == "slice"] == [1]


def test_what_cannot_be_used_is_left_out_by_reason_and_named_on_the_terminal_only(
    convert, written, warnings_logged, tmp_path
):
    extra = LeftOut("annotation", "no such slice", source="1.2.3.xml", count=1)
    summary = convert(unusable("DOE^JANE"), case("ROE^RICHARD"), left_out=(extra,))
    assert written("conversion.json")["left_out"] == [
        {"what": "annotation", "count": 1, "reason": "no such slice"},
        {"case": "case_0001", "what": "volume", "count": 1, "reason": "it is broken"},
    ]
    assert "1 x volume: it is broken" in summary.as_table()
    assert "DOE^JANE.dcm" in warnings_logged()
    assert "1.2.3.xml" in warnings_logged()
    for path in (tmp_path / "out").rglob("*.json"):
        text = path.read_text()
        assert not any(name in text for name in ("DOE", "ROE", "1.2.3"))
    patients = {i["patient_id"] for i in written("annotations/train.json")["images"]}
    assert patients == {"case_0002"}


def test_everything_that_is_left_out_is_named_not_only_the_first(convert, warnings_logged):
    boxes = [LeftOut("box", f"reason {k}", f"{k}.xml", slice_index=1) for k in range(2)]
    content = CaseContent(ArrayVolume(hu()), {1: [box()]}, left_out=boxes)
    files = [LeftOut("file", "damaged", f"{k}.dcm") for k in range(2)]
    convert(case("a", content), unusable("b"), unusable("c"), left_out=files)
    for name in ("0.xml", "1.xml", "b.dcm", "c.dcm", "0.dcm; 1.dcm"):
        assert name in warnings_logged()


def test_a_strict_converter_stops_and_leaves_nothing(convert, tmp_path):
    with pytest.raises(UnusableCaseError, match=r"b\.dcm: it is broken"):
        convert(case("a"), unusable("b"), stop_at_unusable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_part_of_unusable_volumes_says_why(convert):
    cases = [unusable("a", part="test"), case("b", part="train")]
    with pytest.raises(ConversionError, match=r"part test: none of its 1 volumes.*it is broken"):
        convert(*cases, split=None)


def test_nothing_usable_is_an_error_with_the_reasons(convert, tmp_path):
    with pytest.raises(ConversionError, match=r"no slice could be used(.|\n)*it is broken"):
        convert(unusable("a"), unusable("b"))
    assert [path.name for path in tmp_path.iterdir()] == ["source"]


def test_a_lesion_on_a_slice_of_air_is_left_out(convert, written):
    volume = hu()
    volume[1] = -1000
    convert(case("p", CaseContent(ArrayVolume(volume), {1: [box()], 2: [box()]})))
    train = written("annotations/train.json")
    assert [image["slice_index"] for image in train["images"]] == [0, 2, 3]
    assert len(train["annotations"]) == 1
    (entry,) = written("conversion.json")["left_out"]
    assert (entry["slice_index"], entry["what"]) == (1, "box")


@pytest.mark.parametrize("value", [0, -1024, 40])
def test_a_slice_of_one_value_is_no_negative(convert, written, value):
    volume = hu()
    volume[[0, 3]] = value
    summary = convert(case("p", CaseContent(ArrayVolume(volume), {1: [box()]})))
    assert [i["slice_index"] for i in written("annotations/train.json")["images"]] == [1, 2]
    assert summary.total.without_body == 2


def test_patients_who_share_a_volume_are_named(convert, written, warnings_logged):
    names = {"a": 0, "b": 1, "c": 0}
    cases = [case(n, CaseContent(ArrayVolume(hu(seed)), {})) for n, seed in names.items()]
    convert(*cases, split=("train=2", "val=0", "test=1"))
    assert "volume of the same voxels" in warnings_logged()
    assert "a (t" in warnings_logged() and "c (t" in warnings_logged()
    assert "b (t" not in warnings_logged()
    (note,) = written("conversion.json")["notes"]
    assert "same voxels" in note and "(t" not in note


def test_the_summary_counts_tissues(convert, written):
    volume = np.full((2, 20, 30), -1000, np.float32)
    volume[:, :5] = 40
    volume[:, 5:6] = -80
    summary = convert(case("p", CaseContent(ArrayVolume(volume), {})))
    assert "air (< -950 HU) 70.0 %" in summary.as_table()
    assert "fat (-150 to 0 HU) 5.0 %" in summary.as_table()
    assert "soft tissue (0 to 150 HU) 25.0 %" in summary.as_table()
    document = written("conversion.json")
    edges, counts = document["hu_histogram_edges"], document["parts"]["all"]["hu_histogram"]
    expected, _ = np.histogram(volume, edges)
    assert counts == expected.tolist()
