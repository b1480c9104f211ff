import json
import logging

import numpy as np
import pytest
from mmengine.logging import MMLogger

from lidnet_mm.visualization.dataset_page.choice import SliceChoice, choose_slices
from lidnet_mm.visualization.dataset_page.loading import load_slice, load_slices
from lidnet_mm.visualization.dataset_page.parts import parts_of_config, parts_of_folder
from lidnet_mm.visualization.dataset_page.shown_slice import UnreadableSlice

CROP = "dict(type='RandomCrop', crop_size=(24, 20), allow_negative_crop=True),"
FLIP = "dict(type='RandomFlip', prob=1.0),"


def all_of(parts):
    return choose_slices(parts, SliceChoice(number=None))


def test_slices_are_those_of_the_file_ldct_and_ndct_not_swapped(dataset, root):
    shown = load_slices(all_of(parts_of_folder(root)))
    for position, entry in enumerate(shown):
        patient, index = divmod(position, 3)
        ndct = dataset.ndct_of(patient)[index]
        assert (entry.name.patient, entry.name.index) == (f"case_000{patient + 1}", index)
        np.testing.assert_array_equal(entry.images["NDCT"], ndct)
        np.testing.assert_array_equal(entry.images["LDCT"], ndct + dataset.LDCT_OFFSET)
        assert list(entry.images) == ["LDCT", "NDCT"]
        assert [box.edges for box in entry.boxes] == ([dataset.BOX] if index == 1 else [])
        assert (entry.spacing, entry.thickness, entry.changes) == (dataset.SPACING, 3.0, ())


def test_size_in_mm_takes_columns_for_the_width(root):
    (box,) = load_slices(all_of(parts_of_folder(root)))[1].boxes
    assert box.size_mm((0.5, 0.75)) == (10 * 0.75, 6 * 0.5)
    assert box.label == "nodule"
    assert box.attributes == {"diameter_mm": 7.5, "lesion_type": "lung <x>", "long": False}


def test_without_ldct_there_is_one_image(dataset, tmp_path):
    parts = parts_of_folder(dataset.make_root(tmp_path, paired=False))
    assert list(load_slices(all_of(parts))[0].images) == ["NDCT"]


@pytest.mark.parametrize("seed", range(4))
def test_augmentation_moves_boxes_with_the_images(root, read_config, seed):
    """The lesion's pixels, the only ones of 300 HU, say where the box must be."""
    (part,) = parts_of_config(read_config(root, CROP + FLIP))
    entry = load_slice(part, part.slices[1], seed)
    assert entry.images["NDCT"].shape == (20, 24)
    rows, columns = np.nonzero(entry.images["NDCT"] == 300)
    expected = (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)
    assert [box.edges for box in entry.boxes] == [expected]
    np.testing.assert_array_equal(entry.images["LDCT"] - entry.images["NDCT"], 40)
    assert entry.changes[0].startswith("24 \N{MULTIPLICATION SIGN} 20 pixels of the slice's 32 ")
    assert entry.changes[1] == "flipped (horizontal)"
    assert entry.boxes[0].attributes["diameter_mm"] == 7.5


def test_augmentation_follows_the_seed_and_not_the_process(root, read_config):
    (part,) = parts_of_config(read_config(root, CROP))
    np.random.seed(0)
    first = load_slice(part, part.slices[0], 1).images["NDCT"]
    state = np.random.get_state()[1].copy()
    again = load_slice(part, part.slices[0], 1).images["NDCT"]
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(np.random.get_state()[1], state)
    others = [load_slice(part, part.slices[0], seed).images["NDCT"] for seed in range(8)]
    assert any((other != first).any() for other in others)


def test_a_lost_box_leaves_no_attributes_to_the_wrong_one(dataset, tmp_path, read_config):
    """Two boxes with attributes; crops of 8 x 8 pixels keep one of them or none."""
    root = dataset.make_root(tmp_path / "data", attributes={"number": 1})
    path = root / "annotations" / "train.json"
    content = json.loads(path.read_text())
    content["annotations"].append(
        {**content["annotations"][0], "id": 9, "bbox": [24, 18, 6, 4], "number": 2}
    )
    path.write_text(json.dumps(content))
    crop = "dict(type='RandomCrop', crop_size=(8, 8), allow_negative_crop=True),"
    (part,) = parts_of_config(read_config(root, crop))
    found = [load_slice(part, part.slices[1], seed).boxes for seed in range(16)]
    assert {len(boxes) for boxes in found} >= {0, 1}
    assert not any(box.attributes for boxes in found if len(boxes) == 1 for box in boxes)


def test_resized_slices_have_the_spacing_of_their_pixels(root, read_config):
    resize = "dict(type='Resize', scale=(64, 48), keep_ratio=False),"
    (part,) = parts_of_config(read_config(root, resize))
    entry = load_slice(part, part.slices[1])
    assert entry.boxes[0].size_mm(entry.spacing) == pytest.approx((7.5, 3.0))
    assert entry.changes[0] == "resized by 2 \N{MULTIPLICATION SIGN} 2"


@pytest.fixture
def errors_logged():
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record.getMessage())

    logger, handler = MMLogger.get_current_instance(), Keep(logging.ERROR)
    logger.addHandler(handler)
    yield records
    logger.removeHandler(handler)


def test_an_unreadable_slice_is_named_and_the_others_are_shown(dataset, tmp_path, errors_logged):
    root = dataset.make_root(tmp_path / "data", paired=False)
    volume = root / "volumes" / "case_0001.nii"
    parts = parts_of_folder(root)
    volume.write_bytes(volume.read_bytes()[:-1200])  # slice 2 is cut off
    entries = load_slices(all_of(parts))
    assert {type(entry).__name__ for entry in entries[3:]} == {"ShownSlice"}
    lost = entries[2]
    assert isinstance(lost, UnreadableSlice)
    assert str(lost.name) == "case_0001, slice 2"
    assert str(tmp_path) not in lost.reason and "damaged" in lost.reason
    assert any("case_0001, slice 2" in text and str(volume) in text for text in errors_logged)


def test_a_volume_that_vanished_is_said_to_be_missing(dataset, tmp_path, errors_logged):
    root = dataset.make_root(tmp_path / "data", paired=False)
    parts = parts_of_folder(root)
    (root / "volumes" / "case_0002.nii").unlink()
    reasons = [entry.reason for entry in load_slices(all_of(parts))[3:]]
    assert reasons == ["its volume is missing"] * 3


def test_a_data_set_of_which_nothing_can_be_read_is_an_error(dataset, tmp_path, errors_logged):
    root = dataset.make_root(tmp_path / "data", paired=False)
    parts = parts_of_folder(root)
    for path in (root / "volumes").iterdir():
        path.write_bytes(b"no volume")
    with pytest.raises(ValueError, match=r"none of the 6 slices can be read, first case_0001"):
        load_slices(all_of(parts))
