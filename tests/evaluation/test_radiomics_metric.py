import math
import subprocess
import sys

import numpy as np
import pytest

from lidnet_mm.evaluation import RadiomicsMetric
from lidnet_mm.registry import METRICS

FEATURES = ("correlation", "homogeneity", "energy")


def features(results):
    return [results[f"radiomics/{name}"] for name in FEATURES]


def test_difference_equals_textures_counted_pair_by_pair(
    predicted_sample, evaluate, textured_slice, direct_texture
):
    ndct, denoised = textured_slice(0), textured_slice(1, scale=30.0)
    boxes = [(4, 6, 20, 18), (30, 31, 41, 60)]
    results = evaluate(
        RadiomicsMetric(window=(-1000, 1000)), [predicted_sample(denoised, ndct, boxes)]
    )
    expected = []
    for x1, y1, x2, y2 in boxes:
        region = np.s_[y1:y2, x1:x2]
        expected.append(
            abs(direct_texture(denoised[region], 25) - direct_texture(ndct[region], 25))
        )
    np.testing.assert_allclose(features(results), np.mean(expected, axis=0), rtol=1e-6)
    assert (results["radiomics/num_rois"], results["radiomics/num_skipped"]) == (2, 0)


def test_each_lesion_weighs_the_same_whatever_slice_it_is_on(
    predicted_sample, evaluate, textured_slice
):
    ndct, denoised = textured_slice(0), textured_slice(1, scale=30.0)
    first, second, third = (4, 6, 20, 18), (30, 31, 41, 60), (2, 40, 20, 60)
    single = [
        features(evaluate(RadiomicsMetric(), [predicted_sample(denoised, ndct, [box])]))
        for box in (first, second, third)
    ]
    together = evaluate(
        RadiomicsMetric(),
        [
            predicted_sample(denoised, ndct, [first]),
            predicted_sample(denoised, ndct, []),
            predicted_sample(denoised, ndct, [second, third]),
        ],
    )
    np.testing.assert_allclose(features(together), np.mean(single, axis=0), rtol=1e-9)


def test_ndct_itself_differs_by_nothing_even_after_a_float32_round_trip(
    predicted_sample, evaluate, textured_slice
):
    """Whole HU sit on bin edges: without rounding, about 1 pixel in 25 would change its bin."""
    ndct = textured_slice(2).astype(np.float32)
    unit = np.clip((ndct - np.float32(-160)) / np.float32(400), 0, 1)
    round_trip = unit * np.float32(400) + np.float32(-160)
    crossed = np.floor(round_trip / 25) != np.floor(np.clip(ndct, -160, 240) / 25)
    assert crossed.any()
    results = evaluate(RadiomicsMetric(), [predicted_sample(round_trip, ndct, [(8, 8, 40, 50)])])
    assert features(results) == [0, 0, 0]


def test_both_images_are_clipped_to_the_window_of_the_denoiser(
    predicted_sample, evaluate, textured_slice
):
    ndct = textured_slice(3, scale=400.0)
    clipped = np.clip(ndct, -160, 240)
    sample = predicted_sample(clipped, ndct, [(8, 8, 40, 50)])
    assert features(evaluate(RadiomicsMetric(), [sample])) == [0, 0, 0]
    assert max(features(evaluate(RadiomicsMetric(window=(-2000, 2000)), [sample]))) > 0
    del sample["image_window"]
    assert max(features(evaluate(RadiomicsMetric(), [sample]))) > 0


def test_small_flat_and_flattened_lesions_are_skipped_and_counted(
    predicted_sample, evaluate, textured_slice
):
    ndct = textured_slice(4)
    denoised = ndct + 30
    ndct[:10, :10] = 55.0
    denoised[50:, 50:] = 55.0
    boxes = [
        (0, 0, 9, 9),  # flat reference
        (50, 50, 62, 62),  # texture wiped out by the denoiser
        (20, 20, 23, 40),  # 3 columns
        (61, 20, 90, 40),  # 3 columns inside the image
        (20, 20, 24, 40),  # 4 columns: measured
    ]
    results = evaluate(RadiomicsMetric(min_size=4), [predicted_sample(denoised, ndct, boxes)])
    assert results["radiomics/num_rois"] == 1
    assert results["radiomics/num_skipped"] == 4
    assert results["radiomics/num_flattened"] == 1
    assert all(map(math.isfinite, features(results)))


def test_no_measurable_lesion_gives_nan_not_zero(predicted_sample, evaluate, textured_slice):
    ndct = textured_slice(5)
    results = evaluate(RadiomicsMetric(), [predicted_sample(ndct, ndct, [])])
    assert all(map(math.isnan, features(results)))
    assert results["radiomics/num_rois"] == results["radiomics/num_skipped"] == 0


def test_padding_around_the_slice_is_irrelevant(predicted_sample, evaluate, textured_slice):
    ndct, denoised = textured_slice(6), textured_slice(7, scale=30.0)
    boxes = [(40, 40, 80, 80), (4, 4, 20, 20)]
    plain = evaluate(RadiomicsMetric(), [predicted_sample(denoised, ndct, boxes)])
    padded = [np.pad(image, ((0, 16), (0, 24))) for image in (denoised, ndct)]
    sample = predicted_sample(*padded, boxes, img_shape=ndct.shape)
    assert evaluate(RadiomicsMetric(), [sample]) == plain


def test_missing_annotations_name_the_remedy(predicted_sample):
    sample = predicted_sample(np.zeros((20, 20)), np.zeros((20, 20)))
    del sample["gt_instances"]
    with pytest.raises(KeyError, match=r"gt_instances.*case_0003.*annotation loading"):
        RadiomicsMetric().process({}, [sample])


@pytest.mark.parametrize("settings", [{"bin_width": 0}, {"min_size": 1}, {"window": (3, 1)}])
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=r"bin_width|min_size|HU window"):
        RadiomicsMetric(**settings)


def test_a_config_builds_it():
    metric = METRICS.build({"type": "lidnet_mm.RadiomicsMetric", "bin_width": 10})
    assert metric.bin_width == 10


def test_metrics_import_without_mmdet_and_mmcv_ops():
    code = (
        "import sys; import lidnet_mm.evaluation; "
        "found = [m for m in sys.modules if m.split('.')[0] == 'mmdet' or m == 'mmcv.ops']; "
        "sys.exit(str(found) if found else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_boxes_of_mmdet_are_read(predicted_sample, evaluate, textured_slice):
    structures = pytest.importorskip("mmdet.structures.bbox", reason="mmdet is not installed")
    ndct, denoised = textured_slice(8), textured_slice(9)
    sample = predicted_sample(denoised, ndct, [(4, 4, 30, 30)])
    plain = evaluate(RadiomicsMetric(), [sample])
    sample["gt_instances"]["bboxes"] = structures.HorizontalBoxes([[4.0, 4, 30, 30]])
    assert evaluate(RadiomicsMetric(), [sample]) == plain
