"""HU to [0, 1] and back, padding, and what the judge sees."""

import pytest
import torch
from mmdet.structures.bbox import HorizontalBoxes
from mmengine.structures import InstanceData

from lidnet_mm.models.data_preprocessor import CTDetDataPreprocessor, LIDDataPreprocessor
from lidnet_mm.models.detector_bridge import DetectorBridge


@pytest.mark.parametrize("window", [(-1000.0, 1000.0), (-160.0, 240.0), (-1024.0, 3071.0)])
def test_hu_to_unit_interval_and_back(window):
    low, high = window
    hu = torch.linspace(low, high, 32 * 32).reshape(1, 32, 32)
    preprocessor = LIDDataPreprocessor(window)
    unit = preprocessor({"inputs": [hu]})["inputs"]
    assert (unit.min(), unit.max()) == (0, 1)
    torch.testing.assert_close(unit[0], (hu - low) / (high - low), rtol=0, atol=1e-6)
    back = preprocessor.window.denormalize(unit)[0]
    torch.testing.assert_close(back, hu, rtol=0, atol=1e-3)
    there_again = preprocessor.window.normalize(back)
    torch.testing.assert_close(there_again, unit[0], rtol=0, atol=1e-6)


def test_known_values():
    hu = torch.tensor([-1000.0, -500.0, 0.0, 40.0, 1000.0, -3024.0, 3071.0, 500.0])
    unit = LIDDataPreprocessor(pad_divisor=1)({"inputs": [hu.reshape(1, 2, 4)]})["inputs"]
    assert unit.flatten().tolist() == pytest.approx([0, 0.25, 0.5, 0.52, 1, 0, 1, 0.75])


def test_whole_numbers_of_hu_are_read():
    hu = torch.tensor([[[0, -1000]]], dtype=torch.int16)
    unit = LIDDataPreprocessor(pad_divisor=1)({"inputs": [hu]})["inputs"]
    assert unit.dtype == torch.float32
    assert unit.flatten().tolist() == [0.5, 0]


def test_slices_of_different_size_are_padded_below_and_right(sample, ct_slice):
    shapes = [(40, 61), (33, 70)]
    slices = [ct_slice(seed, shape) for seed, shape in enumerate(shapes)]
    samples = [sample(shape) for shape in shapes]
    data = {"inputs": slices, "ndct": [s + 1 for s in slices], "data_samples": samples}
    batch = LIDDataPreprocessor(pad_divisor=32)(data)
    assert batch["inputs"].shape == batch["ndct"].shape == (2, 1, 64, 96)
    for index, (height, width) in enumerate(shapes):
        for key, source in (("inputs", slices[index]), ("ndct", slices[index] + 1)):
            inside = batch[key][index, :, :height, :width]
            torch.testing.assert_close(inside, ((source + 1000) / 2000).clamp(0, 1))
            assert (batch[key][index, :, height:] == 0).all()
            assert (batch[key][index, :, :, width:] == 0).all()


def test_metainfo_that_detectors_and_metrics_need(batch):
    data = LIDDataPreprocessor((-160, 240), pad_divisor=64)(batch)
    for sample in data["data_samples"]:
        assert sample.batch_input_shape == sample.pad_shape == (128, 128)
        assert sample.img_shape == (96, 96)
        assert sample.image_window == (-160, 240)
        assert sample.border == (0, 96, 0, 96)


def test_border_is_where_the_slice_lies(sample, ct_slice):
    """Top, bottom, left, right, as mmdet's CenterNet reads it: the padding is no part of it."""
    data = {"inputs": [ct_slice(0, (40, 61))], "data_samples": [sample((40, 61))]}
    (out,) = LIDDataPreprocessor()(data)["data_samples"]
    assert out.border == (0, 40, 0, 61)
    assert out.pad_shape == (64, 64)


@pytest.mark.parametrize("kind", [LIDDataPreprocessor, CTDetDataPreprocessor])
@pytest.mark.parametrize(
    ("min_size", "expected"), [(0, (64, 96)), (64, (64, 96)), (70, (96, 96)), (300, (320, 320))]
)
def test_small_slices_are_padded_to_the_least_size(kind, min_size, expected, ct_slice):
    """To the next multiple of the divisor; a side that is long enough stays."""
    hu = ct_slice(0, (40, 90)).clamp(-1000, 1000)
    inputs = kind(min_size=min_size)({"inputs": [hu], "data_samples": None})["inputs"]
    assert inputs.shape[-2:] == expected
    unit = LIDDataPreprocessor(min_size=min_size)({"inputs": [hu]})["inputs"]
    torch.testing.assert_close(unit[0, :, :40, :90], (hu + 1000) / 2000)
    assert unit[0, :, 40:].abs().sum() == unit[0, :, :, 90:].abs().sum() == 0


def test_boxes_become_tensors(sample):
    packed = sample()
    packed.gt_instances.bboxes = HorizontalBoxes(packed.gt_instances.bboxes)
    packed.ignored_instances = InstanceData(bboxes=HorizontalBoxes(torch.ones(1, 4)))
    data = {"inputs": [torch.zeros(1, 96, 96)], "data_samples": [packed]}
    (out,) = LIDDataPreprocessor()(data)["data_samples"]
    assert isinstance(out.gt_instances.bboxes, torch.Tensor)
    assert out.gt_instances.bboxes.tolist() == [[20, 24, 52, 60]]
    assert isinstance(out.ignored_instances.bboxes, torch.Tensor)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
@pytest.mark.parametrize("key", ["inputs", "ndct"])
def test_what_is_no_number_is_refused_with_its_origin(batch, key, value):
    batch[key][1] = batch[key][1].clone()
    batch[key][1][0, 3, 4] = value
    with pytest.raises(ValueError, match=r"case_0007.nii.gz, slice 31, patient case_0007: NaN or"):
        LIDDataPreprocessor()(batch)


def test_what_is_no_number_is_refused_without_samples():
    with pytest.raises(ValueError, match="slice 0 of the batch: NaN or infinite HU"):
        LIDDataPreprocessor()({"inputs": [torch.full((1, 8, 8), float("nan"))]})


def test_an_empty_window_is_refused():
    with pytest.raises(ValueError, match="HU window"):
        LIDDataPreprocessor((40.0, 40.0))


@pytest.mark.parametrize("windows", [None, [(-160, 240)], [(-1350, 150), (-160, 240), (0, 160)]])
def test_judge_and_denoised_path_see_the_same(batch, windows):
    options = {"mean": [123.675, 116.28, 103.53], "std": [58.395, 57.12, 57.375]}
    judge = CTDetDataPreprocessor(detector_windows=windows, **options)
    seen = judge(dict(batch))
    unit = LIDDataPreprocessor()(batch)["inputs"]
    bridge = DetectorBridge.for_detector(judge, (-1000.0, 1000.0))
    assert set(seen) == {"inputs", "data_samples"}
    assert seen["inputs"].shape == (2, 3, 96, 96)
    assert torch.equal(seen["inputs"], bridge(unit))
