"""LDCT, NDCT and boxes move together through MMDetection's transforms and keep their HU."""

import numpy as np
import pytest
import torch
from mmdet.registry import TRANSFORMS as MMDET_TRANSFORMS
from mmdet.structures import DetDataSample

from lidnet_mm.datasets.transforms import LoadCTSlice, LoadPairedLDCT
from lidnet_mm.datasets.transforms.pack_lid_inputs import PackLIDInputs

HEIGHT, WIDTH = 24, 32
BOXES = np.array([[2.0, 3.0, 9.0, 12.0], [15.0, 10.0, 30.0, 20.0]], np.float32)


@pytest.fixture
def pair():
    """LDCT and NDCT whose pixels tell where they come from: NDCT = 100·row + column - 1000."""
    rows, columns = np.mgrid[:HEIGHT, :WIDTH].astype(np.float32)
    ndct = 100 * rows + columns - 1000
    noise = np.random.default_rng(0).normal(0, 60, ndct.shape).astype(np.float32)
    return ndct + noise, ndct


@pytest.fixture
def sample(pair):
    """A sample as it leaves LoadPairedLDCT and LoadAnnotations."""
    instances = [{"bbox": list(box), "bbox_label": 0, "ignore_flag": 0} for box in BOXES]
    results = {
        "img": np.stack(pair, axis=-1),
        "img_shape": (HEIGHT, WIDTH),
        "ori_shape": (HEIGHT, WIDTH),
        "scale_factor": (1.0, 1.0),
        "img_path": "case.nii.gz",
        "img_id": 7,
        "slice_index": 3,
        "patient_id": "case_0001",
        "spacing": (0.5, 0.8),
        "instances": instances,
    }
    return mmdet("LoadAnnotations", with_bbox=True).transform(results)


def mmdet(name, **options):
    """A transform of MMDetection."""
    return MMDET_TRANSFORMS.build({"type": name, "_scope_": "mmdet", **options})


def packed_arrays(results, **options):
    """inputs, ndct and boxes as arrays, and the data sample."""
    packed = PackLIDInputs(**options).transform(results)
    data_sample = packed["data_samples"]
    for key in ("inputs", "ndct"):
        assert packed[key].dtype == torch.float32
        assert packed[key].is_contiguous()
    boxes = data_sample.gt_instances.bboxes.tensor.numpy()
    return packed["inputs"][0].numpy(), packed["ndct"][0].numpy(), boxes, data_sample


def test_packed_sample(sample, pair):
    ldct, ndct, boxes, data_sample = packed_arrays(sample)
    np.testing.assert_array_equal(ldct, pair[0])
    np.testing.assert_array_equal(ndct, pair[1])
    np.testing.assert_array_equal(boxes, BOXES)
    assert isinstance(data_sample, DetDataSample)
    assert data_sample.gt_instances.labels.tolist() == [0, 0]
    metainfo = {key: data_sample.metainfo[key] for key in ("img_id", "slice_index", "spacing")}
    assert metainfo == {"img_id": 7, "slice_index": 3, "spacing": (0.5, 0.8)}
    assert (data_sample.patient_id, data_sample.img_path) == ("case_0001", "case.nii.gz")
    assert (data_sample.ori_shape, data_sample.img_shape) == ((HEIGHT, WIDTH), (HEIGHT, WIDTH))


def test_source_ndct_gives_the_reference_twice(sample, pair):
    ldct, ndct, *_ = packed_arrays(sample, source="ndct")
    np.testing.assert_array_equal(ldct, pair[1])
    np.testing.assert_array_equal(ndct, pair[1])


@pytest.mark.parametrize("channels", [(), (1,)])
def test_slice_without_ldct_gives_the_reference_twice_on_demand(sample, pair, channels):
    sample["img"] = pair[1].reshape(HEIGHT, WIDTH, *channels)
    ldct, ndct, *_ = packed_arrays(sample, source="ndct")
    np.testing.assert_array_equal(ldct, pair[1])
    np.testing.assert_array_equal(ndct, pair[1])


@pytest.mark.parametrize("channels", [(), (1,)])
def test_slice_without_ldct_is_not_packed_as_one(sample, pair, channels):
    sample["img"] = pair[1].reshape(HEIGHT, WIDTH, *channels)
    place = r"patient case_0001, slice 3 of case\.nii\.gz"
    with pytest.raises(ValueError, match=rf"{place}.*SimulateLowDose or LoadPairedLDCT.*'ndct'"):
        PackLIDInputs().transform(sample)


@pytest.mark.parametrize("source", ["ldct", "ndct"])
def test_inputs_and_reference_share_no_memory(sample, pair, source):
    packed = PackLIDInputs(source).transform(sample)
    packed["inputs"].zero_()
    np.testing.assert_array_equal(packed["ndct"][0].numpy(), pair[1])
    np.testing.assert_array_equal(sample["img"][..., 0], pair[0])


def test_negative_strides_are_packed(sample, pair):
    sample["img"] = sample["img"][::-1, ::-1]
    ldct, ndct, *_ = packed_arrays(sample)
    np.testing.assert_array_equal(ldct, pair[0][::-1, ::-1])
    np.testing.assert_array_equal(ndct, pair[1][::-1, ::-1])


@pytest.mark.parametrize("direction", ["horizontal", "vertical", "diagonal"])
def test_flip_moves_both_and_the_boxes(sample, pair, direction):
    sample = mmdet("RandomFlip", prob=1.0, direction=direction).transform(sample)
    ldct, ndct, boxes, data_sample = packed_arrays(sample)
    across, down = direction != "vertical", direction != "horizontal"
    turn = (slice(None, None, -1 if down else 1), slice(None, None, -1 if across else 1))
    np.testing.assert_array_equal(ldct, pair[0][turn])
    np.testing.assert_array_equal(ndct, pair[1][turn])
    x1, y1, x2, y2 = BOXES.T
    if across:
        x1, x2 = WIDTH - x2, WIDTH - x1
    if down:
        y1, y2 = HEIGHT - y2, HEIGHT - y1
    np.testing.assert_allclose(boxes, np.stack([x1, y1, x2, y2], axis=1))
    assert (data_sample.flip, data_sample.flip_direction) == (True, direction)


@pytest.mark.parametrize("seed", range(8))
def test_crop_moves_both_and_the_boxes(sample, pair, seed):
    np.random.seed(seed)
    crop = mmdet("RandomCrop", crop_size=(14, 10), allow_negative_crop=True)
    ldct, ndct, boxes, data_sample = packed_arrays(crop.transform(sample))
    top, left = divmod(round(float(ndct[0, 0]) + 1000), 100)
    window = (slice(top, top + 10), slice(left, left + 14))
    np.testing.assert_array_equal(ldct, pair[0][window])
    np.testing.assert_array_equal(ndct, pair[1][window])
    moved = np.clip(BOXES - [left, top, left, top], 0, [14, 10, 14, 10])
    visible = (moved[:, 2] > moved[:, 0]) & (moved[:, 3] > moved[:, 1])
    np.testing.assert_allclose(boxes, moved[visible])
    assert data_sample.img_shape == (10, 14)


def test_crop_without_a_lesion_is_kept_as_a_negative(sample):
    sample["gt_bboxes"] = sample["gt_bboxes"][:0]
    sample["gt_bboxes_labels"] = sample["gt_bboxes_labels"][:0]
    sample["gt_ignore_flags"] = sample["gt_ignore_flags"][:0]
    crop = mmdet("RandomCrop", crop_size=(14, 10), allow_negative_crop=True)
    *_, boxes, data_sample = packed_arrays(crop.transform(sample))
    assert boxes.shape == (0, 4)
    assert len(data_sample.gt_instances) == 0


def test_pad_fills_both_with_air(sample, pair):
    pad = mmdet("Pad", size=(40, 36), pad_val={"img": -1024})
    ldct, ndct, boxes, data_sample = packed_arrays(pad.transform(sample))
    for image, source in ((ldct, pair[0]), (ndct, pair[1])):
        expected = np.pad(
            source, ((0, 36 - HEIGHT), (0, 40 - WIDTH)), "constant", constant_values=-1024
        )
        np.testing.assert_array_equal(image, expected)
    np.testing.assert_array_equal(boxes, BOXES)
    assert data_sample.img_shape == (36, 40)


def bilinear(image: np.ndarray, height: int, width: int) -> np.ndarray:
    """Bilinear resize with pixel centres at +0.5 and the border repeated."""

    def weights(size: int, new_size: int) -> np.ndarray:
        matrix = np.zeros((new_size, size))
        for i in range(new_size):
            place = np.clip((i + 0.5) * size / new_size - 0.5, 0, size - 1)
            low = min(int(place), size - 2)
            matrix[i, low] += low + 1 - place
            matrix[i, low + 1] += place - low
        return matrix

    return weights(image.shape[0], height) @ image @ weights(image.shape[1], width).T


@pytest.mark.parametrize(("scale", "height", "width"), [((64, 64), 48, 64), ((26, 20), 20, 26)])
def test_resize_moves_both_the_boxes_and_the_spacing(sample, pair, scale, height, width):
    resize = mmdet("Resize", scale=scale, keep_ratio=True)
    ldct, ndct, boxes, data_sample = packed_arrays(resize.transform(sample))
    for image, source in ((ldct, pair[0]), (ndct, pair[1])):
        np.testing.assert_allclose(image, bilinear(source, height, width), atol=2e-3)
    across, down = width / WIDTH, height / HEIGHT
    np.testing.assert_allclose(boxes, BOXES * [across, down, across, down], rtol=1e-6)
    np.testing.assert_allclose(data_sample.spacing, (0.5 / down, 0.8 / across))
    assert data_sample.ori_shape == (HEIGHT, WIDTH)


def test_hu_survive_the_whole_pipeline(write_volume, tmp_path):
    generator = np.random.default_rng(3)
    ndct = generator.uniform(-1024, 3071, (3, HEIGHT, WIDTH)).astype(np.float32)
    ldct = ndct + generator.normal(0, 300, ndct.shape).astype(np.float32)
    results = {
        "img_path": str(write_volume(ndct, "full.nii.gz", "RAS")),
        "ldct_path": str(write_volume(ldct, "quarter.nii.gz", "LPS")),
        "slice_index": 1,
        "ldct_slice_index": 1,
        "patient_id": "case_0001",
        "instances": [{"bbox": [2.0, 3.0, 9.0, 12.0], "bbox_label": 0, "ignore_flag": 0}],
    }
    np.random.seed(5)
    for transform in (
        LoadCTSlice(),
        LoadPairedLDCT(),
        mmdet("LoadAnnotations", with_bbox=True),
        mmdet("RandomFlip", prob=1.0),
        mmdet("RandomCrop", crop_size=(20, 16), allow_negative_crop=True),
        mmdet("Pad", size=(32, 32), pad_val={"img": -1024}),
    ):
        results = transform.transform(results)
    inputs, reference, _, data_sample = packed_arrays(results)
    flipped = ndct[1, :, ::-1]
    (top,), (left,) = np.nonzero(flipped == reference[0, 0])
    window = (slice(top, top + 16), slice(left, left + 20))
    assert ldct.min() < -1100
    for image, source in ((inputs, ldct[1]), (reference, ndct[1])):
        np.testing.assert_array_equal(image[:16, :20], source[:, ::-1][window])
        assert (image[16:] == -1024).all()
        assert (image[:, 20:] == -1024).all()
    assert data_sample.img_shape == (32, 32)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((4, 4), np.float64),
        np.zeros((4, 4, 3), np.float32),
        np.zeros(4, np.float32),
    ],
)
def test_image_that_is_not_hu_is_refused(sample, image):
    sample["img"] = image
    with pytest.raises(ValueError, match=r"float32 HU .*case\.nii\.gz is .*LoadCTSlice"):
        PackLIDInputs().transform(sample)


def test_unknown_source_is_refused():
    with pytest.raises(ValueError, match=r"'ldct' or 'ndct', not 'full'"):
        PackLIDInputs("full")
