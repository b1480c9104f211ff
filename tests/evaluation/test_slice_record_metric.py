import json
import math

import numpy as np
import pytest
import torch

from lidnet_mm.evaluation import ImageQualityMetric, RadiomicsMetric, SliceRecordMetric
from lidnet_mm.evaluation.record_metrics import RECORD_METRICS, metric_of_records
from lidnet_mm.evaluation.slice_record import read_records

BOXES = [(4, 6, 20, 18), (30, 31, 41, 60)]


@pytest.fixture
def tested(predicted_sample):
    """Maker of a sample with detections."""

    def make(denoised, ndct, boxes=BOXES, found=BOXES, **metainfo):
        predictions = {
            "bboxes": torch.tensor(found, dtype=torch.float32).reshape(-1, 4),
            "scores": torch.linspace(0.9, 0.1, len(found)),
            "labels": torch.zeros(len(found), dtype=torch.long),
        }
        fields = {"spacing": (0.5, 2.0), "pred_instances": predictions, **metainfo}
        return predicted_sample(denoised, ndct, boxes, **fields)

    return make


@pytest.fixture
def recorded(tmp_path, evaluate):
    """Function that records samples and returns records and results."""

    def record(samples, **settings):
        path = tmp_path / "records.json"
        results = evaluate(SliceRecordMetric(str(path), **settings), samples)
        return read_records(path), results

    return record


def test_what_a_record_holds(recorded, tested, textured_slice):
    ndct, denoised = textured_slice(0), textured_slice(1, scale=30.0)
    sample = tested(denoised, ndct, series="b", slice_index=3)
    (found,), results = recorded([sample])
    assert found.identity == ("case_0003", "b", 3)
    assert found.spacing == (0.5, 2.0)
    np.testing.assert_array_equal(found.boxes, BOXES)
    np.testing.assert_array_equal(found.scores, sample["pred_instances"]["scores"].numpy())
    assert [lesion.box for lesion in found.lesions] == BOXES
    # rows of 0.5 mm and columns of 2 mm
    assert [lesion.size_mm for lesion in found.lesions] == [32.0, 22.0]
    assert [lesion.diameter_mm for lesion in found.lesions] == [None, None]
    assert results["records/num_slices"] == 1
    assert results["records/num_lesions"] == 2
    assert results["records/AP50"] == pytest.approx(100)


def test_errors_in_a_lesion_are_those_of_its_pixels_on_the_window(recorded, tested, textured_slice):
    ndct, denoised = textured_slice(0, scale=300.0), textured_slice(1, scale=200.0)
    (found,), _ = recorded([tested(denoised, ndct)])
    for (x1, y1, x2, y2), lesion in zip(BOXES, found.lesions, strict=True):
        x, y = (np.clip(image[y1:y2, x1:x2], -160, 240) for image in (denoised, ndct))
        rmse = np.sqrt(((x - y) ** 2).mean())
        assert lesion.rmse == pytest.approx(rmse)
        assert lesion.psnr == pytest.approx(20 * np.log10(400 / rmse))


@pytest.mark.parametrize("window", [None, (-100, 100)])
def test_means_are_those_of_the_evaluators(recorded, evaluate, tested, textured_slice, window):
    samples = [
        tested(textured_slice(n, scale=30.0), textured_slice(n + 9), boxes, slice_index=n, img_id=n)
        for n, boxes in enumerate([BOXES, BOXES[:1], [], [(2, 2, 4, 30)]])
    ]
    records, results = recorded(
        samples, window=window, texture_window=window, bin_width=10, min_size=3
    )
    texture = RadiomicsMetric(window=window, bin_width=10, min_size=3)
    expected = {
        **evaluate(ImageQualityMetric(window=window), samples),
        **evaluate(texture, samples),
    }
    assert expected["radiomics/num_rois"] == 3
    assert {record.texture for record in records} == {expected["radiomics/source"]}
    for name in ("image/PSNR", "image/SSIM", "image/RMSE"):
        found = metric_of_records(name.partition("/")[2], records)
        assert found == pytest.approx(expected[name], rel=1e-12)
        assert results[f"records/{name.partition('/')[2]}"] == found
    for name in ("correlation", "homogeneity", "energy"):
        found = metric_of_records(name, records)
        assert found == pytest.approx(expected[f"radiomics/{name}"], rel=1e-12)


def test_flattened_and_skipped_lesions(recorded, tested, textured_slice):
    ndct = textured_slice(4)
    denoised = ndct + 30
    denoised[50:, 50:] = 55.0
    boxes = [(50, 50, 62, 62), (20, 20, 23, 40), (20, 20, 24, 40), (70, 70, 90, 90)]
    (found,), _ = recorded([tested(denoised, ndct, boxes)])
    assert [lesion.flattened for lesion in found.lesions] == [True, False, False, False]
    assert [lesion.energy is None for lesion in found.lesions] == [True, True, False, True]
    assert [lesion.rmse is None for lesion in found.lesions] == [False, False, False, True]


def test_ndct_itself(recorded, tested, textured_slice):
    ndct = textured_slice(0)
    (found,), results = recorded([tested(ndct, ndct)])
    assert found.psnr == found.lesions[0].psnr == math.inf
    assert found.lesions[0].rmse == 0
    assert math.isnan(results["records/PSNR"])


def test_detections_are_brought_into_the_pixels_of_the_packed_image(
    recorded, tested, textured_slice
):
    """A detector gives them in the slice as it was read, here half as wide and a quarter as high.

    Annotated boxes are resized with the image.
    """
    ndct = textured_slice(0)
    sample = tested(ndct, ndct, [(8, 8, 24, 40)], [(4, 2, 12, 10)], scale_factor=(2.0, 4.0))
    (found,), results = recorded([sample])
    np.testing.assert_array_equal(found.boxes, [(8, 8, 24, 40)])
    assert results["records/AP75"] == pytest.approx(100)


def test_diameter_of_the_annotation_file(recorded, tested, textured_slice, tmp_path):
    slices = [
        {
            "id": number,
            "file_name": "a.nii.gz",
            "slice_index": number,
            "height": 64,
            "width": 64,
            "spacing": [1, 1],
            "patient_id": "a",
        }
        for number in (7, 8)
    ]
    lesions = [
        {"image_id": 7, "bbox": [4.1, 6, 16, 12], "diameter_mm": 9.5},
        {"image_id": 7, "bbox": [30, 31, 11, 29]},
        {"image_id": 8, "bbox": [30, 31, 11, 29], "diameter_mm": 3.0},
    ]
    path = tmp_path / "test.json"
    content = {
        "images": slices,
        "annotations": [{**lesion, "category_id": 1} for lesion in lesions],
        "categories": [{"id": 1, "name": "lesion"}],
    }
    path.write_text(json.dumps(content))
    ndct = textured_slice(0)
    boxes = [(8.2, 6, 40.2, 18), (60, 31, 82, 60)]
    sample = tested(ndct, ndct, boxes, scale_factor=(2.0, 1.0))
    (found,), _ = recorded([sample], ann_file=str(path))
    assert [lesion.diameter_mm for lesion in found.lesions] == [9.5, None]


def test_records_stand_in_the_order_of_image_ids(recorded, tested, textured_slice):
    ndct = textured_slice(0)
    samples = [tested(ndct, ndct, img_id=n, slice_index=10 - n) for n in (5, 2, 9)]
    assert [record.slice_index for record in recorded(samples)[0]] == [8, 5, 1]


def test_no_lesion_at_all(recorded, tested, textured_slice):
    ndct, denoised = textured_slice(0), textured_slice(1)
    _, results = recorded([tested(denoised, ndct, [], [])])
    missing = {name for name in RECORD_METRICS if math.isnan(results[f"records/{name}"])}
    assert missing == set(RECORD_METRICS) - {"PSNR", "SSIM", "RMSE"}


@pytest.mark.parametrize("field", ["pred_instances", "patient_id", "slice_index", "spacing"])
def test_what_is_missing_is_named(tested, textured_slice, tmp_path, field):
    sample = tested(textured_slice(0), textured_slice(0))
    del sample[field]
    with pytest.raises(KeyError, match=rf"SliceRecordMetric: sample has no '{field}'.*to score"):
        SliceRecordMetric(str(tmp_path / "records.json")).process({}, [sample])


def test_several_classes_are_refused(tested, textured_slice, tmp_path):
    metric = SliceRecordMetric(str(tmp_path / "records.json"))
    metric.dataset_meta = {"classes": ("nodule", "embolus")}
    with pytest.raises(ValueError, match=r"one class, the data have 2 \(nodule, embolus\)"):
        metric.process({}, [tested(textured_slice(0), textured_slice(0))])


def test_nothing_is_written_without_a_slice(tmp_path):
    with pytest.raises(ValueError, match="no slice was tested"):
        SliceRecordMetric(str(tmp_path / "records.json")).evaluate(0)
    assert not list(tmp_path.iterdir())
