"""SimulateLowDose with the published simulation, a scanner's geometry and the paper's doses."""

import numpy as np
import pytest
import torch

from lidnet_mm import simulation
from lidnet_mm.datasets.transforms import SimulateLowDose
from lidnet_mm.datasets.transforms.noise_draws import noise_generator

SIZE = 48
PUBLISHED = {"mode": "gholizadeh2019", "incident_photons": 3e4}


def disk(height=SIZE, width=SIZE):
    """A water disk of 140 mm with a dense insert and a hole, in air: (H, W) float32 HU."""
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    image = np.full((height, width), -1000, np.float32)
    image[np.hypot(rows - 23, columns - 23) < 17.5] = 0
    image[np.hypot(rows - 20, columns - 16) < 4] = 900
    image[np.hypot(rows - 28, columns - 30) < 4] = -800
    return image


def pair(transform, **changes):
    """The LDCT and NDCT that a transform makes of a sample as it leaves LoadCTSlice."""
    image = changes.pop("image", disk())
    results = {
        "img": image,
        "img_path": "case_0001.nii.gz",
        "slice_index": 3,
        "patient_id": "case_0001",
        "spacing": (4.0, 4.0),
        "slice_thickness": 1.25,
        "ori_shape": image.shape,
        "img_shape": image.shape,
        "scale_factor": (1.0, 1.0),
        **changes,
    }
    both = transform.transform(results)["img"]
    return both[..., 0], both[..., 1]


def test_published_pair_in_the_range_of_the_ndct_is_the_published_pair():
    """Scaled back to [0, 1] by one range, both are what the published simulation returns."""
    ldct, ndct = pair(SimulateLowDose(**PUBLISHED))
    generator = noise_generator(0, {"patient_id": "case_0001", "slice_index": 3})
    expected = simulation.simulate_gholizadeh2019(
        torch.from_numpy(disk())[None], 1.25, 3e4, generator
    )
    for image, scaled in zip((ldct, ndct), expected, strict=True):
        np.testing.assert_allclose((image + 1000) / 1900, scaled[0].numpy(), atol=1e-5)
    np.testing.assert_array_equal(ndct, disk())
    assert (ldct.min(), ldct.max()) == pytest.approx((-1000, 900), abs=0.01)


def test_slice_thickness_is_the_published_factor():
    thin, _ = pair(SimulateLowDose(**PUBLISHED), slice_thickness=0.5)
    thick, _ = pair(SimulateLowDose(**PUBLISHED), slice_thickness=5.0)
    assert np.abs(thin - thick).max() > 50
    same, _ = pair(SimulateLowDose(**PUBLISHED), slice_thickness=5.0, spacing=(9.0, 9.0))
    np.testing.assert_array_equal(same, thick)


def test_published_noise_is_fixed_by_seed_patient_and_slice():
    first, _ = pair(SimulateLowDose(**PUBLISHED))
    np.testing.assert_array_equal(pair(SimulateLowDose(**PUBLISHED))[0], first)
    for change in ({"slice_index": 4}, {"patient_id": "case_0002"}):
        assert not np.array_equal(pair(SimulateLowDose(**PUBLISHED), **change)[0], first)
    assert not np.array_equal(pair(SimulateLowDose(**PUBLISHED, seed=1))[0], first)


def test_cache_knows_mode_and_thickness(tmp_path):
    """Modes, photons and thicknesses share a folder, and each finds its own noise."""
    settings = [
        (PUBLISHED, {}),
        ({"incident_photons": 3e4, "num_views": 48}, {}),
        ({**PUBLISHED, "incident_photons": 1e3}, {}),
        (PUBLISHED, {"slice_thickness": 5.0}),
    ]
    plain = [pair(SimulateLowDose(**one), **changes)[0] for one, changes in settings]
    for _ in range(2):
        for (one, changes), expected in zip(settings, plain, strict=True):
            cached = pair(SimulateLowDose(**one, cache_dir=str(tmp_path)), **changes)[0]
            np.testing.assert_array_equal(cached, expected)
    assert len(list(tmp_path.rglob("*.npy"))) == 4


@pytest.mark.parametrize(("height", "width"), [(40, 48), (48, 41)])
def test_oblong_slice_is_padded_with_its_minimum(height, width):
    image = disk(height, width)
    square = np.full((48, 48), -1000, np.float32)
    square[:height, :width] = image
    ldct, ndct = pair(SimulateLowDose(**PUBLISHED), image=image)
    np.testing.assert_array_equal(ndct, image)
    expected, _ = pair(SimulateLowDose(**PUBLISHED), image=square)
    np.testing.assert_array_equal(ldct, expected[:height, :width])


def test_slice_without_thickness_is_named():
    with pytest.raises(
        ValueError, match=r"patient case_0001, slice 3 .*slice_thickness is unknown"
    ):
        pair(SimulateLowDose(**PUBLISHED), slice_thickness=None)


@pytest.mark.parametrize("mode", ["physics", "gholizadeh2019"])
def test_preset_is_the_papers_photons(mode):
    named, _ = pair(SimulateLowDose(dose_preset="lidnet_pe_ct", mode=mode))
    stated, _ = pair(SimulateLowDose(incident_photons=3000, mode=mode))
    np.testing.assert_array_equal(named, stated)


def test_scanner_is_used():
    ldct, ndct = pair(SimulateLowDose(incident_photons=1e6, geometry="ge_lightspeed_vct", seed=4))
    generator = noise_generator(4, {"patient_id": "case_0001", "slice_index": 3})
    scan = simulation.SCANNERS["ge_lightspeed_vct"].covering(SIZE, 4.0)
    expected = simulation.simulate_low_dose(
        torch.from_numpy(disk())[None], 4.0, 1e6, scan, generator=generator
    )
    np.testing.assert_allclose(ldct, expected[0].numpy(), atol=1e-3)
    assert 0.1 < (ldct - ndct).std() < 50


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"incident_photons": 1e4, "mode": "published"}, "mode must be 'physics' or 'gholizadeh"),
        ({**PUBLISHED, "geometry": "fan"}, "'gholizadeh2019' has no geometry: leave that out"),
        ({**PUBLISHED, "num_views": 720}, "has no num_views"),
        ({**PUBLISHED, "electronic_noise": 5.0}, "has no electronic_noise"),
        ({"noise_hu": 30, "mode": "gholizadeh2019"}, "has no noise_hu"),
        (
            {"dose_fraction": 0.5, "full_dose_photons": 1e5, "mode": "gholizadeh2019"},
            "has no dose_fraction",
        ),
        ({"mode": "gholizadeh2019"}, "exactly one way"),
        ({"dose_preset": "pe_ct"}, "dose preset 'pe_ct' does not exist"),
        ({"dose_preset": "lidnet_pe_ct", "noise_hu": 30}, "exactly one way.*2 of them"),
        (
            {"incident_photons": 1e5, "geometry": "ge_lightspeed_vct", "num_views": 984},
            "has 984 views: leave it out",
        ),
        ({"incident_photons": 1e5, "device": "abacus"}, "device 'abacus' cannot be used"),
    ],
)
def test_impossible_settings_are_refused(settings, problem):
    with pytest.raises(ValueError, match=problem):
        SimulateLowDose(**settings)


@pytest.mark.gpu
def test_another_device_draws_other_noise_of_the_same_strength():
    settings = {"noise_hu": 60.0, "num_views": 96}
    here, ndct = pair(SimulateLowDose(**settings))
    there, _ = pair(SimulateLowDose(**settings, device="cuda"))
    body = ndct > -500
    spreads = [(image - ndct)[body].std() for image in (here, there)]
    assert spreads[1] == pytest.approx(spreads[0], rel=0.1)
    assert abs(np.corrcoef((here - ndct)[body], (there - ndct)[body])[0, 1]) < 0.2
