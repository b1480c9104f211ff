import json
import math

import numpy as np
import pytest
import torch
from mmengine.structures import PixelData
from scipy.ndimage import gaussian_filter

from lidnet_mm.evaluation import ImageQualityMetric
from lidnet_mm.evaluation.image_quality_metric import slice_quality
from lidnet_mm.hu_window import HUWindow
from lidnet_mm.registry import METRICS

WINDOW = (-160.0, 240.0)


def to_unit(hu, low=WINDOW[0], high=WINDOW[1]):
    return np.clip((hu - low) / (high - low), 0, 1)


def reference_ssim(x, y, data_range=1.0):
    """SSIM of Wang et al. 2004, written out from its equation 13 with scipy's Gaussian."""

    def mean(image):
        return gaussian_filter(image, 1.5, truncate=5 / 1.5, mode="constant")[5:-5, 5:-5]

    mx, my = mean(x), mean(y)
    vx, vy, cxy = mean(x * x) - mx**2, mean(y * y) - my**2, mean(x * y) - mx * my
    c1, c2 = (0.01 * data_range) ** 2, (0.03 * data_range) ** 2
    luminance = (2 * mx * my + c1) / (mx**2 + my**2 + c1)
    structure = (2 * cxy + c2) / (vx + vy + c2)
    return float((luminance * structure).mean())


def test_scores_equal_the_written_out_formulas(textured_slice):
    ndct = textured_slice(0)
    noisy = ndct + np.random.default_rng(1).normal(0, 30, ndct.shape)
    scores = slice_quality(noisy, ndct, HUWindow(*WINDOW))
    x, y = to_unit(noisy), to_unit(ndct)
    mse = np.mean((x - y) ** 2)
    assert scores.rmse == pytest.approx(np.sqrt(mse), rel=1e-12)
    assert scores.psnr == pytest.approx(10 * np.log10(1 / mse), rel=1e-12)
    assert scores.ssim == pytest.approx(reference_ssim(x, y), abs=1e-9)
    assert 0.2 < scores.ssim < 0.95


def test_constant_offset_has_closed_form(predicted_sample, evaluate):
    ndct = np.full((32, 40), 40.0)
    results = evaluate(ImageQualityMetric(window=WINDOW), [predicted_sample(ndct + 20, ndct)])
    offset = 20 / 400
    assert results["image/RMSE"] == pytest.approx(offset, rel=1e-6)
    assert results["image/RMSE_HU"] == pytest.approx(20, rel=1e-6)
    assert results["image/PSNR"] == pytest.approx(-20 * math.log10(offset), rel=1e-6)
    x, y, c1 = 0.55, 0.5, 1e-4
    assert results["image/SSIM"] == pytest.approx((2 * x * y + c1) / (x * x + y * y + c1), rel=1e-6)


def test_data_range_is_one_and_not_255(textured_slice):
    """Noise of RMSE 0.046 looks near perfect with a data range of 255, the slip of the paper."""
    ndct = textured_slice(2, (128, 128), scale=30.0)
    noisy = ndct + np.random.default_rng(3).normal(0, 0.046 * 400, ndct.shape)
    scores = slice_quality(noisy, ndct, HUWindow(*WINDOW))
    assert scores.rmse == pytest.approx(0.046, rel=0.03)
    assert scores.ssim < 0.8
    assert reference_ssim(to_unit(noisy), to_unit(ndct), data_range=255.0) > 0.999


def test_mean_over_slices_is_the_mean_of_their_values(predicted_sample, evaluate, textured_slice):
    offsets = (10.0, 40.0)
    samples = [predicted_sample(np.full((20, 20), 0.0) + o, np.zeros((20, 20))) for o in offsets]
    results = evaluate(ImageQualityMetric(), samples)
    rmse = [o / 400 for o in offsets]
    assert results["image/RMSE"] == pytest.approx(np.mean(rmse), rel=1e-6)
    assert results["image/PSNR"] == pytest.approx(np.mean(-20 * np.log10(rmse)), rel=1e-6)
    assert results["image/num_images"] == 2


def test_window_and_data_range_are_in_the_results(predicted_sample, evaluate, textured_slice):
    ndct = textured_slice(5)
    results = evaluate(ImageQualityMetric(window=(-1000, 1000)), [predicted_sample(ndct + 9, ndct)])
    assert (results["image/window_low"], results["image/window_high"]) == (-1000, 1000)
    assert results["image/data_range"] == 1
    assert results["image/RMSE"] == pytest.approx(9 / 2000, rel=1e-5)
    assert all(isinstance(value, int | float) for value in results.values())


def test_window_defaults_to_that_of_the_samples(predicted_sample, evaluate, textured_slice):
    ndct = textured_slice(6)
    sample = predicted_sample(ndct + 5, ndct, image_window=(-500, 500))
    results = evaluate(ImageQualityMetric(), [sample])
    assert (results["image/window_low"], results["image/window_high"]) == (-500, 500)


def test_differences_outside_the_window_do_not_count(predicted_sample, evaluate, textured_slice):
    ndct = textured_slice(7)
    ndct[:10] = -1000
    denoised = ndct.copy()
    denoised[:10] = -300
    results = evaluate(ImageQualityMetric(), [predicted_sample(denoised, ndct)])
    assert results["image/RMSE"] == 0


def test_ndct_itself_scores_infinite_psnr_even_after_a_float32_round_trip(
    predicted_sample, evaluate, textured_slice
):
    ndct = textured_slice(8).astype(np.float32)
    unit = (ndct - np.float32(-160)) / np.float32(400)
    round_trip = unit * np.float32(400) + np.float32(-160)
    assert not np.array_equal(round_trip, ndct)
    results = evaluate(ImageQualityMetric(), [predicted_sample(round_trip, ndct)])
    assert results["image/PSNR"] == math.inf
    assert results["image/SSIM"] == pytest.approx(1, abs=1e-9)
    assert results["image/RMSE"] < 1e-6
    assert results["image/num_identical"] == 1
    assert json.loads(json.dumps(results))["image/PSNR"] == math.inf


def test_an_identical_slice_does_not_hide_the_psnr_of_the_others(predicted_sample, evaluate):
    ndct = np.zeros((20, 20))
    samples = [predicted_sample(ndct, ndct), predicted_sample(ndct + 40, ndct)]
    results = evaluate(ImageQualityMetric(), samples)
    assert results["image/PSNR"] == pytest.approx(20, rel=1e-6)
    assert (results["image/num_images"], results["image/num_identical"]) == (2, 1)


def test_padding_below_and_right_is_not_scored(predicted_sample, evaluate, textured_slice):
    ndct = textured_slice(9)
    denoised = ndct + 15
    padded = [
        np.pad(image, ((0, 9), (0, 13)), constant_values=c)
        for image, c in ((denoised, 200), (ndct, -1024))
    ]
    plain = evaluate(ImageQualityMetric(), [predicted_sample(denoised, ndct)])
    with_padding = evaluate(ImageQualityMetric(), [predicted_sample(*padded, img_shape=ndct.shape)])
    assert with_padding == plain


def test_pixel_data_and_plain_arrays_are_read_alike(predicted_sample, evaluate, textured_slice):
    ndct = textured_slice(10)
    sample = predicted_sample(ndct + 5, ndct)
    as_objects = {
        **sample,
        "denoised": PixelData(data=torch.from_numpy(ndct + 5)[None]),
        "ndct": {"data": ndct},
    }
    assert evaluate(ImageQualityMetric(), [as_objects]) == pytest.approx(
        evaluate(ImageQualityMetric(), [sample]), rel=1e-5
    )


@pytest.mark.parametrize(
    ("missing", "remedy"),
    [("denoised", "LIDDetector"), ("ndct", "PackLIDInputs"), ("image_window", "window=")],
)
def test_a_missing_field_names_sample_and_remedy(missing, remedy, predicted_sample):
    sample = predicted_sample(np.zeros((20, 20)), np.zeros((20, 20)))
    del sample[missing]
    with pytest.raises(KeyError, match=rf"{missing}.*case_0003.*slice 12.*{remedy}"):
        ImageQualityMetric().process({}, [sample])


def test_unequal_shapes_nan_and_tiny_slices_are_refused(predicted_sample):
    metric, zeros = ImageQualityMetric(), np.zeros((20, 20))
    with pytest.raises(ValueError, match="differ"):
        metric.process({}, [predicted_sample(np.zeros((20, 18)), zeros)])
    with pytest.raises(ValueError, match=r"NaN.*case_0003"):
        metric.process({}, [predicted_sample(zeros * np.nan, zeros)])
    with pytest.raises(ValueError, match="11 x 11"):
        metric.process({}, [predicted_sample(zeros[:10], zeros[:10])])
    assert metric.results == []


def test_several_windows_cannot_be_averaged(predicted_sample, evaluate):
    zeros = np.zeros((20, 20))
    samples = [predicted_sample(zeros, zeros, image_window=w) for w in ((-160, 240), (-1000, 0))]
    with pytest.raises(ValueError, match="several HU windows"):
        evaluate(ImageQualityMetric(), samples)


def test_an_empty_dataset_is_an_error():
    with pytest.raises(ValueError, match="no slice was scored"):
        ImageQualityMetric().compute_metrics([])


def test_a_config_builds_it():
    metric = METRICS.build({"type": "lidnet_mm.ImageQualityMetric", "window": [-160, 240]})
    assert metric.window == WINDOW
