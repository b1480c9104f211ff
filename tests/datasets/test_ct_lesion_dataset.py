"""The COCO json of CT slices becomes samples, and what is wrong with it becomes a clear error."""

from pathlib import Path

import pytest
from mmdet.utils import register_all_modules

from lidnet_mm.datasets.ct_lesion_dataset import CTLesionDataset
from lidnet_mm.registry import DATASETS

SHAPE = (24, 32)
BOX = {"id": 1, "image_id": 2, "category_id": 1, "bbox": [3, 4, 5, 6], "area": 30, "iscrowd": 0}


@pytest.fixture
def build(tmp_path, write_volume, write_coco, hu_volume):
    """Function that builds the dataset of image records and annotations."""
    write_volume(hu_volume())

    def build_dataset(images, annotations=None, categories=("lesion",), **options):
        if annotations is None:
            annotations = [BOX] if BOX["image_id"] in [one.get("id") for one in images] else []
        ann_file = write_coco(images, annotations, categories)
        return CTLesionDataset(ann_file=ann_file, data_root=str(tmp_path), **options)

    return build_dataset


def test_sample_carries_slice_patient_spacing_and_boxes(build, coco_record, tmp_path):
    records = [coco_record(i, SHAPE, spacing=[0.5, 0.8]) for i in range(3)]
    sample = build(records).get_data_info(1)
    assert sample["img_path"] == str(tmp_path / "volumes/case_0001.nii.gz")
    assert (sample["img_id"], sample["slice_index"], sample["patient_id"]) == (2, 1, "case_0001")
    assert (sample["height"], sample["width"]) == SHAPE
    assert (sample["spacing"], sample["slice_thickness"]) == ((0.5, 0.8), 3.0)
    (instance,) = sample["instances"]
    assert (instance["bbox"], instance["bbox_label"]) == ([3, 4, 8, 10], 0)
    assert "ldct_path" not in sample
    assert (sample["series"], sample["slice_in_file"]) == ("", 1)


def test_a_second_series_and_a_position_in_the_file_are_kept(build, coco_record):
    record = coco_record(7, SHAPE, series="2", slice_in_file=0)
    sample = build([record]).get_data_info(0)
    assert (sample["series"], sample["slice_index"], sample["slice_in_file"]) == ("2", 7, 0)


def test_slices_without_lesion_are_kept(build, coco_record):
    records = [coco_record(i, SHAPE) for i in range(3)]
    dataset = build(records)
    assert [len(dataset.get_data_info(i)["instances"]) for i in range(3)] == [0, 1, 0]


def test_slices_without_lesion_can_be_left_out(build, coco_record):
    records = [coco_record(i, SHAPE) for i in range(3)]
    dataset = build(records, filter_cfg={"filter_empty_gt": True})
    assert [dataset.get_data_info(i)["img_id"] for i in range(len(dataset))] == [2]


@pytest.mark.parametrize("prefix", [None, {"img": "", "ldct": "quarter"}])
def test_pair_is_found_beside_the_volume_or_in_a_folder_of_its_own(
    build, coco_record, write_volume, hu_volume, tmp_path, prefix
):
    folder = "quarter" if prefix else "."
    write_volume(hu_volume(), f"{folder}/low.nii.gz")
    record = coco_record(1, SHAPE, ldct_file_name="low.nii.gz", ldct_slice_index=2)
    sample = build([record], data_prefix=prefix).get_data_info(0)
    assert sample["ldct_path"] == str(tmp_path / folder / "low.nii.gz")
    assert sample["ldct_slice_index"] == 2


def test_pair_has_the_same_slice_index_unless_stated(build, coco_record, write_volume, hu_volume):
    write_volume(hu_volume(), "low.nii.gz")
    record = coco_record(3, SHAPE, ldct_file_name="low.nii.gz")
    assert build([record]).get_data_info(0)["ldct_slice_index"] == 3


def test_built_by_its_registered_name_in_the_scope_of_mmdet(
    tmp_path, write_volume, write_coco, hu_volume, coco_record
):
    write_volume(hu_volume())
    register_all_modules(init_default_scope=True)
    config = {
        "type": "lidnet_mm.CTLesionDataset",
        "ann_file": write_coco([coco_record(1, SHAPE)]),
        "data_root": str(tmp_path),
        "pipeline": [
            {"type": "lidnet_mm.LoadCTSlice"},
            {"type": "LoadAnnotations", "with_bbox": True},
            {"type": "lidnet_mm.PackLIDInputs", "source": "ndct"},
        ],
    }
    (sample,) = DATASETS.build(config)
    assert sample["inputs"].shape == (1, *SHAPE)
    assert sample["data_samples"].patient_id == "case_0001"


def missing_annotation_file(tmp_path, part):
    """The message where a part's annotation file is missing."""
    with pytest.raises(
        FileNotFoundError, match=rf"{part}\.json does not exist.*dataset_converters"
    ) as error:
        CTLesionDataset(ann_file=f"annotations/{part}.json", data_root=str(tmp_path))
    return str(error.value)


def test_missing_validation_file_tells_how_to_do_without_one(tmp_path):
    message = missing_annotation_file(tmp_path, "val")
    assert "without patients gets no file" in message
    for name in ("val_dataloader", "val_evaluator", "val_cfg"):
        assert f"{name} = None" in message


@pytest.mark.parametrize("part", ["train", "test"])
def test_missing_annotation_file(tmp_path, part):
    assert "val_cfg" not in missing_annotation_file(tmp_path, part)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not valid json"),
        ("[1, 2]", "is not a COCO file"),
        ('{"images": [], "annotations": []}', "is not a COCO file.*categories"),
        ('{"images": {}, "annotations": [], "categories": []}', "is not a COCO file"),
        ('{"images": [3], "annotations": [], "categories": []}', "is not a COCO file"),
    ],
)
def test_file_that_is_not_coco(tmp_path, text, problem):
    path = tmp_path / "train.json"
    path.write_text(text)
    with pytest.raises(ValueError, match=rf"train\.json {problem}.*rebuild it"):
        CTLesionDataset(ann_file=str(path))


FIELDS = ["file_name", "height", "width", "slice_index", "spacing", "patient_id"]


@pytest.mark.parametrize("field", FIELDS)
def test_record_without_a_field(build, coco_record, field):
    records = [coco_record(0, SHAPE), coco_record(1, SHAPE, **{field: None})]
    with pytest.raises(ValueError, match=rf"image 2 .*train\.json has no {field}: rebuild it"):
        build(records)


@pytest.mark.parametrize("spacing", [0.7, [0.7], [0.7, -0.7], [0.7, "0.7"], [0.7, 0.7, 3.0]])
def test_record_with_an_impossible_spacing(build, coco_record, spacing):
    with pytest.raises(ValueError, match=r"image 2 .*spacing .* not \[row_mm, column_mm\]"):
        build([coco_record(1, SHAPE, spacing=spacing)])


@pytest.mark.parametrize("slice_index", [-1, 1.5, "3"])
def test_record_with_an_impossible_slice_index(build, coco_record, slice_index):
    with pytest.raises(ValueError, match=r"image 2 .*slice_index"):
        build([coco_record(1, SHAPE, slice_index=slice_index)])


def test_missing_volumes_are_counted_and_the_first_is_named(build, coco_record):
    records = [
        coco_record(0, SHAPE),
        coco_record(1, SHAPE, file_name="volumes/gone.nii.gz"),
        coco_record(2, SHAPE, file_name="volumes/gone.nii.gz"),
        coco_record(3, SHAPE, ldct_file_name="volumes/low.nii.gz"),
    ]
    with pytest.raises(FileNotFoundError, match=r"2 of 3 CT volumes .*gone\.nii\.gz.*data_root"):
        build(records)


def test_each_volume_is_looked_up_once(build, coco_record, monkeypatch):
    looked_up = []
    original = Path.exists

    def counted(path):
        looked_up.append(path.name)
        return original(path)

    monkeypatch.setattr(Path, "exists", counted)
    build([coco_record(i, SHAPE) for i in range(5)])
    assert looked_up.count("case_0001.nii.gz") == 1


def test_slices_that_share_an_id_are_refused(build, coco_record):
    records = [coco_record(1, SHAPE), coco_record(2, SHAPE, id=2)]
    with pytest.raises(ValueError, match=r"1 image ids in .*train\.json .*first 2"):
        build(records)


def test_other_categories_are_refused(build, coco_record):
    with pytest.raises(
        ValueError, match=r"categories \['nodule'\].*classes \['lesion'\].*metainfo"
    ):
        build([coco_record(1, SHAPE)], categories=("nodule",))


def test_other_categories_can_be_asked_for(build, coco_record):
    dataset = build(
        [coco_record(1, SHAPE)], categories=("nodule",), metainfo={"classes": ("nodule",)}
    )
    assert len(dataset.get_data_info(0)["instances"]) == 1


def test_a_lesion_narrower_than_a_pixel_is_no_negative(build, coco_record, warnings_logged):
    thin = {**BOX, "bbox": [3.5, 4, 0.5, 6], "area": 3}
    dataset = build([coco_record(i, SHAPE) for i in range(3)], [thin])
    assert [box["bbox"] for box in dataset.get_data_info(1)["instances"]] == [[3.25, 4, 4.25, 10]]
    assert "1 narrower than a pixel" in warnings_logged()


def test_a_box_outside_of_its_slice_is_refused(build, coco_record):
    outside = {**BOX, "id": 3, "bbox": [100, 100, 5, 6]}
    with pytest.raises(ValueError, match=r"annotations\[1\] \(id 3, image_id 2\) in .*train\.json"):
        build([coco_record(i, SHAPE) for i in range(3)], [BOX, outside])


LESION_AND_CYST = ("lesion", "cyst")
CYST = {**BOX, "id": 2, "category_id": 2, "bbox": [9, 4, 5, 6]}


def test_lesions_of_another_class_are_left_out_only_by_choice(build, coco_record, warnings_logged):
    records = [coco_record(i, SHAPE) for i in range(3)]
    with pytest.raises(ValueError, match=r"train\.json has boxes .*'cyst': 1.* metainfo="):
        build(records, [BOX, CYST], LESION_AND_CYST)
    dataset = build(records, [BOX, CYST], LESION_AND_CYST, metainfo={"classes": ("lesion",)})
    assert len(dataset.get_data_info(1)["instances"]) == 1
    assert "1 of 2 boxes are not used" in warnings_logged()


@pytest.mark.parametrize(
    "classes", [("cyst", "lesion"), ("lesion", "node", "cyst"), ("lesion", "cyst", "node")]
)
def test_classes_that_would_get_labels_of_others_are_refused(build, coco_record, classes):
    """MMDetection counts labels in the order of the file, and skips what is not in it."""
    with pytest.raises(ValueError, match=r"categories \['lesion', 'cyst'\].*in its order"):
        build([coco_record(1, SHAPE)], [BOX], LESION_AND_CYST, metainfo={"classes": classes})


def test_labels_are_those_of_the_classes(build, coco_record):
    chosen = {"metainfo": {"classes": LESION_AND_CYST}}
    dataset = build([coco_record(1, SHAPE)], [BOX, CYST], LESION_AND_CYST, **chosen)
    assert [box["bbox_label"] for box in dataset.get_data_info(0)["instances"]] == [0, 1]


def test_no_warning_where_all_boxes_are_used(build, coco_record, warnings_logged):
    build([coco_record(i, SHAPE) for i in range(3)])
    assert warnings_logged() == ""


PUBLISHED = {"slices": 3, "boxes": 1, "patients": 1, "shape": SHAPE}


def test_counts_as_published_are_no_news(build, coco_record, warnings_logged):
    build([coco_record(i, SHAPE) for i in range(3)], expected=PUBLISHED)
    assert warnings_logged() == ""


def test_one_warning_lists_all_counts_that_differ(build, coco_record, warnings_logged):
    expected = {**PUBLISHED, "slices": 2000, "shape": [512, 512]}
    build([coco_record(i, SHAPE) for i in range(3)], expected=expected)
    (warning,) = warnings_logged().splitlines()
    assert "train.json has 3 slices and not 2000 (" in warning
    assert "3 slices not of 512 x 512 pixels (" in warning
    assert "boxes" not in warning
    assert "will not compare with those published" in warning


def test_counts_of_the_file_and_not_of_what_is_filtered(build, coco_record, warnings_logged):
    records = [coco_record(i, SHAPE) for i in range(3)]
    build(records, expected=PUBLISHED, filter_cfg={"filter_empty_gt": True})
    assert warnings_logged() == ""


def test_expectation_that_nothing_can_be_compared_with(build, coco_record):
    with pytest.raises(ValueError, match="has images: it may have slices, boxes, patients"):
        build([coco_record(1, SHAPE)], expected={"images": 3})


def test_a_file_of_another_class_names_both_remedies(tmp_path):
    path = tmp_path / "train.json"
    path.write_text(
        '{"images": [], "annotations": [], "categories": [{"id": 1, "name": "nodule"}]}'
    )
    with pytest.raises(ValueError, match=r"\['nodule'\].*metainfo.*--class-name 'lesion'"):
        CTLesionDataset(ann_file=str(path))
