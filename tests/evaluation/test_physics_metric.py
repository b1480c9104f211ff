"""Noise and sharpness of predicted samples."""

import math

import numpy as np
import pytest
import torch
from edge_phantom import HALF, blurred_disk
from scipy import ndimage

from lidnet_mm.datasets.readers import open_volume
from lidnet_mm.evaluation import PhysicsMetric
from lidnet_mm.evaluation.physics_file import read_physics
from lidnet_mm.registry import METRICS

SPACING = (0.7, 0.7)
WIDE = (-1000.0, 1000.0)


def body(sigma=0.6):
    """A disk of fat around one of muscle, in air."""
    muscle = blurred_disk(sigma, SPACING, 0, 140, (220, 220), radius=45)
    return blurred_disk(sigma, SPACING, -1000, -90, (220, 220), radius=62) + muscle


def grain(seed, sigma=30.0, shape=(220, 220)):
    return np.random.default_rng(seed).normal(0, sigma, shape)


@pytest.fixture(scope="module")
def score(predicted_sample):
    """Results over slices of (denoised, LDCT, NDCT), without prefix."""

    def run(slices, metric=None, **metainfo):
        metric = metric or PhysicsMetric()
        metainfo = {"spacing": SPACING, "image_window": WIDE, **metainfo}
        for denoised, ldct, ndct in slices:
            batch = {"inputs": [torch.from_numpy(ldct).float()[None]]}
            metric.process(batch, [predicted_sample(denoised, ndct, **metainfo)])
        results = metric.evaluate(len(slices))
        assert all(name.startswith("physics/") for name in results)
        return {name.removeprefix("physics/"): value for name, value in results.items()}

    return run


def test_half_the_noise_of_ldct_and_edges_as_sharp(score):
    """A denoiser that takes half of the white noise away and blurs nothing."""
    ndct = body()
    noise = [grain(seed) for seed in range(6)]
    results = score([(ndct + 0.5 * n, ndct + n, ndct) for n in noise])
    assert results["nps_std_hu"] == pytest.approx(15, rel=0.03)
    assert results["nps_ratio"] == pytest.approx(0.5, rel=1e-4)
    assert results["nps_mean_frequency_ratio"] == pytest.approx(1, rel=1e-4)
    for prefix, contrast in (("ttf", 140), ("ttf_air", 910)):
        assert results[f"{prefix}_f50"] == pytest.approx(HALF / 0.6, rel=0.05)
        assert results[f"{prefix}_f50_ratio"] == pytest.approx(1, rel=0.05)
        assert results[f"{prefix}_f50_ratio_ldct"] == pytest.approx(1, rel=0.08)
        assert results[f"{prefix}_contrast_hu"] == pytest.approx(contrast, rel=0.03)
        assert results[f"{prefix}_points"] > 6 * 200
    assert results["nps_patches"] > 6 * 10
    assert [results[f"{name}_skipped"] for name in ("nps", "ttf", "ttf_air")] == [0, 0, 0]


def test_a_filter_takes_noise_and_sharpness_as_theory_says(score):
    """Gaussian of 0.7 mm: f50 falls with the root of the squares' sum, noise gets coarser."""
    ndct, blur = body(), 0.7 / SPACING[0]
    slices = []
    for seed in range(6):
        ldct = ndct + grain(seed)
        slices.append((ndimage.gaussian_filter(ldct, blur), ldct, ndct))
    results = score(slices)
    expected = 0.6 / math.hypot(0.6, 0.7)
    assert results["ttf_f50_ratio"] == pytest.approx(expected, rel=0.05)
    assert results["ttf_air_f50_ratio"] == pytest.approx(expected, rel=0.03)
    # white noise: sigma / (2 sqrt(pi) s), s in pixels
    assert results["nps_ratio"] == pytest.approx(1 / (2 * math.sqrt(math.pi) * blur), rel=0.06)
    assert results["nps_mean_frequency_ratio"] < 0.6


def test_ldct_as_it_is_and_ndct_as_it_is(score):
    ndct, noise = body(), grain(0)
    ldct = score([(ndct + noise, ndct + noise, ndct)])
    assert ldct["nps_ratio"] == pytest.approx(1, rel=1e-4)
    assert ldct["ttf_f50_ratio"] == pytest.approx(ldct["ttf_f50_ratio_ldct"], rel=1e-4)
    as_it_is = score([(ndct, ndct, ndct)])  # --score ndct packs NDCT as inputs
    assert as_it_is["ttf_f50_ratio"] == pytest.approx(1, rel=1e-3)
    assert as_it_is["nps_std_hu"] < 1e-3
    assert math.isnan(as_it_is["nps_ratio"])
    assert math.isnan(as_it_is["nps_mean_frequency"])


def test_all_images_are_clipped_to_the_window(score):
    """Else LDCT, which the model never gives back, would be noisier for its clipped values."""
    ndct = np.full((220, 220), -130.0)
    noise = grain(0)
    clipped = np.clip(ndct + noise, -160, 240)
    results = score([(clipped, ndct + noise, ndct)], image_window=(-160, 240))
    assert results["nps_ratio"] == pytest.approx(1, rel=1e-4)


def test_slices_without_body_or_too_small_are_counted(score):
    ndct = body()
    empty = np.full((220, 220), -1000.0)
    small = ndct[100:112, 100:112]
    slices = [(image, image, image) for image in (empty, small, ndct)]
    results = score(slices)
    assert [results[f"{name}_skipped"] for name in ("nps", "ttf", "ttf_air")] == [2, 2, 2]
    alone = score(slices[2:])
    assert results["ttf_f50"] == alone["ttf_f50"]
    nothing = score(slices[:2])
    assert math.isnan(nothing["nps_std_hu"])
    assert math.isnan(nothing["ttf_f50_ratio"])
    assert nothing["nps_patches"] == nothing["ttf_points"] == 0


def test_spacing_scales_frequencies(score):
    ndct, noise = body(), grain(0)
    slices = [(ndct + noise, ndct + noise, ndct)]
    fine, coarse = (score(slices, spacing=(s, s)) for s in (0.7, 0.84))
    assert coarse["ttf_air_f50"] / fine["ttf_air_f50"] == pytest.approx(0.7 / 0.84, rel=0.03)
    assert coarse["nps_mean_frequency"] / fine["nps_mean_frequency"] == pytest.approx(
        0.7 / 0.84, rel=0.03
    )
    given = score(slices, PhysicsMetric(spacing=(0.7, 0.7)), spacing=None)
    assert given["ttf_air_f50"] == fine["ttf_air_f50"]


def test_curves_and_values_are_written(score, tmp_path):
    ndct, noise = body(), grain(0)
    path = tmp_path / "scores" / "physics.json"
    results = score([(ndct + 0.5 * noise, ndct + noise, ndct)], PhysicsMetric(out_file=str(path)))
    content = read_physics(path)
    np.testing.assert_equal(content["values"], results)
    curves = content["noise"]
    assert set(curves) == {"frequency", "denoised", "ldct"}
    known = np.isfinite(curves["ldct"]) & (curves["frequency"] > 0.12)
    assert known.sum() > 8
    np.testing.assert_allclose(curves["denoised"][known], 0.25 * curves["ldct"][known], rtol=1e-3)
    assert curves["ldct"][known].mean() == pytest.approx(900 * 0.49, rel=0.1)
    for kind in ("soft", "air"):
        edges = content["edges"][kind]
        assert set(edges) == {"frequency", "denoised", "ldct", "ndct"}
        half = np.interp(-0.5, -edges["ndct"][:60], edges["frequency"][:60])
        assert half == pytest.approx(HALF / 0.6, rel=0.04)


def test_what_is_missing_is_named_with_the_remedy(predicted_sample):
    ndct = body()
    inputs = {"inputs": [torch.from_numpy(ndct)[None]]}
    sample = predicted_sample(ndct, ndct, spacing=SPACING)
    with pytest.raises(KeyError, match=r"inputs.*PackLIDInputs"):
        PhysicsMetric().process(None, [sample])
    with pytest.raises(KeyError, match=r"spacing.*case_0003.*PackLIDInputs"):
        PhysicsMetric().process(inputs, [predicted_sample(ndct, ndct)])
    with pytest.raises(ValueError, match=r"LDCT.*case_0003"):
        PhysicsMetric().process({"inputs": [inputs["inputs"][0][:, :100]]}, [sample])
    with pytest.raises(ValueError, match="no slice was scored"):
        PhysicsMetric().compute_metrics([])


@pytest.mark.parametrize(
    "settings", [{"patch_mm": 5}, {"spacing": (0.7,)}, {"spacing": (0, 1)}, {"window": (3, 1)}]
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(ValueError, match=r"patch_mm|spacing|HU window"):
        PhysicsMetric(**settings)


def test_a_config_builds_it():
    assert METRICS.build({"type": "lidnet_mm.PhysicsMetric", "patch_mm": 15}).patch_mm == 15


def test_real_slices_have_plausible_values(real_data, score):
    """Noise of 40 HU through a blur of one pixel, on sarcoma slices."""
    paths = sorted(real_data.glob("sts/*/CT_image.nii.gz"))[::8]
    slices = []
    for seed, path in enumerate(paths):
        volume = open_volume(path)
        for index in range(4, volume.num_slices, 8):
            ndct = np.clip(volume.read_slice(index).astype(np.float64), *WIDE)
            ldct = ndct + grain([seed, index], 40, ndct.shape)
            slices.append((ndimage.gaussian_filter(ldct, 1.0), ldct, ndct))
    results = score(slices, spacing=volume.spacing)
    assert 5 < results["nps_std_hu"] < 30
    assert 0.2 < results["nps_ratio"] < 0.5
    assert 0 < results["nps_mean_frequency_ratio"] < 0.8
    for prefix in ("ttf", "ttf_air"):
        assert 0.1 < results[f"{prefix}_f50"] < 0.4
        assert 0.4 < results[f"{prefix}_f50_ratio"] < 0.9
        assert results[f"{prefix}_f50_ratio_ldct"] == pytest.approx(1, rel=0.1)
    assert 80 < results["ttf_contrast_hu"] < 200 < 600 < results["ttf_air_contrast_hu"] < 1100
