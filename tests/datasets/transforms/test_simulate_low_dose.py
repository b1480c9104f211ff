"""The LDCT of a slice is the same whenever it is asked for, in any process, cached or not."""

import hashlib

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from lidnet_mm import simulation
from lidnet_mm.datasets.transforms import LoadCTSlice, SimulateLowDose
from lidnet_mm.datasets.transforms import noise_draws as module

SCAN = {"num_views": 48}
SIZE = 48
SPACING = (4.0, 4.0)


def disk(seed=0):
    """A water disk of 140 mm with a little texture, in air: (H, W) float32 HU."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    inside = np.hypot(rows, columns) < 17.5
    texture = np.random.default_rng(seed).normal(0, 5, inside.shape)
    return np.where(inside, texture, -1000).astype(np.float32)


def sample(image=None, **changes):
    """A sample as it leaves LoadCTSlice."""
    image = disk() if image is None else image
    results = {
        "img": image,
        "img_path": "case_0001.nii.gz",
        "slice_index": 3,
        "patient_id": "case_0001",
        "spacing": SPACING,
        "ori_shape": image.shape,
        "img_shape": image.shape,
        "scale_factor": (1.0, 1.0),
    }
    return {**results, **changes}


def ldct(transform, **changes):
    """The LDCT that a transform gives a sample."""
    return transform.transform(sample(**changes))["img"][..., 0]


@pytest.fixture
def simulations(monkeypatch):
    """The calls of the simulation from now on."""
    calls = []
    original = simulation.simulate_low_dose

    def counted(*args, **kwargs):
        calls.append(kwargs)
        return original(*args, **kwargs)

    monkeypatch.setattr(simulation, "simulate_low_dose", counted)
    return calls


def test_channels_are_the_simulation_and_the_untouched_reference():
    image = SimulateLowDose(incident_photons=1e5, **SCAN).transform(sample())["img"]
    assert (image.dtype, image.shape) == (np.float32, (SIZE, SIZE, 2))
    np.testing.assert_array_equal(image[..., 1], disk())
    expected = simulation.simulate_low_dose(
        torch.from_numpy(disk())[None],
        4.0,
        incident_photons=1e5,
        generator=module.noise_generator(0, sample()),
        **SCAN,
    )
    np.testing.assert_allclose(image[..., 0], expected[0].numpy(), atol=1e-3)
    assert (image[..., 0] - image[..., 1]).std() > 1


@pytest.mark.parametrize("options", [{"geometry": "fan"}, {"electronic_noise": 20.0}])
def test_scan_is_passed_on(simulations, options):
    SimulateLowDose(incident_photons=1e5, **SCAN, **options).transform(sample())
    (call,) = simulations
    assert {key: call[key] for key in options} == options
    assert call["num_views"] == 48


def test_noise_depends_on_seed_patient_and_slice_only():
    transform = SimulateLowDose(incident_photons=1e5, **SCAN)
    first = ldct(transform)
    ldct(transform, slice_index=9)
    np.random.seed(7)
    torch.manual_seed(7)
    np.testing.assert_array_equal(ldct(transform), first)
    same = SimulateLowDose(incident_photons=1e5, **SCAN)
    np.testing.assert_array_equal(ldct(same, img_path="moved/case.nii"), first)
    np.testing.assert_array_equal(ldct(same, series=""), first)
    others = [
        ldct(transform, slice_index=4),
        ldct(transform, patient_id="case_0002"),
        ldct(transform, series="2"),
        ldct(SimulateLowDose(incident_photons=1e5, seed=1, **SCAN)),
    ]
    for other in others:
        correlation = np.corrcoef((other - disk()).ravel(), (first - disk()).ravel())[0, 1]
        assert abs(correlation) < 0.2


def test_noise_generator_follows_its_published_recipe():
    digest = hashlib.sha256(b"5|case_0001|3|2").digest()
    expected = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little", signed=True))
    drawn = torch.rand(4, generator=module.noise_generator(5, sample(), 2))
    assert torch.equal(drawn, torch.rand(4, generator=expected))


@pytest.mark.parametrize("noise_hu", [20.0, 60.0])
def test_noise_level_in_hu_is_met(noise_hu):
    image = disk()
    noise = [
        ldct(SimulateLowDose(noise_hu=noise_hu, num_views=96, seed=seed)) - image
        for seed in range(8)
    ]
    body = np.stack(noise)[:, image > -500]
    assert np.sqrt((body**2).mean()) == pytest.approx(noise_hu, rel=0.1)


def test_dose_fraction_adds_what_the_reference_lacks(simulations):
    SimulateLowDose(
        dose_fraction=0.25, full_dose_photons=4e5, electronic_noise=10.0, **SCAN
    ).transform(sample())
    (call,) = simulations
    photons, electronic = simulation.dose_fraction(0.25, 4e5, 10.0)
    assert (call["incident_photons"], call["electronic_noise"]) == (photons, electronic)
    assert 1 / photons + 1 / 4e5 == pytest.approx(1 / (0.25 * 4e5))


@pytest.mark.parametrize(
    ("dose", "problem"),
    [
        ({}, "exactly one way.*0 of them"),
        ({"incident_photons": 1e5, "noise_hu": 30}, "exactly one way.*2 of them"),
        ({"noise_hu": 30, "dose_fraction": 0.5, "full_dose_photons": 1e5}, "exactly one way"),
        ({"dose_fraction": 0.5}, "belong together"),
        ({"incident_photons": 1e5, "full_dose_photons": 1e5}, "belong together"),
        ({"incident_photons": 0}, "incident_photons is 0: .* above 0"),
        ({"incident_photons": float("inf")}, "incident_photons is inf: set a finite value"),
        ({"noise_hu": -3}, "noise_hu is -3: .* above 0"),
        ({"noise_hu": float("nan")}, "noise_hu is nan: set a finite value"),
        ({"noise_hu": float("inf")}, "noise_hu is inf: set a finite value"),
        ({"dose_fraction": 1.0, "full_dose_photons": 1e5}, "below 1"),
        ({"dose_fraction": 0.0, "full_dose_photons": 1e5}, "above 0"),
        ({"dose_fraction": 0.5, "full_dose_photons": -1}, "full_dose_photons is -1"),
        ({"noise_hu": 30, "realizations": 0}, "realizations must be at least 1"),
        ({"noise_hu": 30, "realizations": 2.5}, "realizations must be at least 1"),
        ({"noise_hu": 30, "electronic_noise": -1.0}, r"electronic_noise is -1\.0"),
        ({"noise_hu": 30, "electronic_noise": float("nan")}, "electronic_noise is nan"),
        ({"incident_photons": 1e5, "num_views": 0}, "num_views is 0: set at least 1"),
        ({"incident_photons": 1e5, "geometry": "spiral"}, "geometry is 'spiral'"),
    ],
)
def test_impossible_settings_are_refused(dose, problem):
    with pytest.raises(ValueError, match=problem):
        SimulateLowDose(**dose)


def test_slice_that_cannot_be_simulated_is_named():
    with pytest.raises(
        ValueError, match=r"patient case_0001, slice 3 of case_0001\.nii\.gz: .*not square"
    ):
        ldct(SimulateLowDose(noise_hu=30, **SCAN), spacing=(0.7, 0.9))


@pytest.mark.parametrize(
    "changes",
    [
        {"scale_factor": (0.5, 0.5)},
        {"flip": True},
        {"ori_shape": (96, 96)},
        {"homography_matrix": np.eye(3)},
    ],
)
def test_simulation_after_a_geometric_transform_is_refused(changes):
    with pytest.raises(ValueError, match="SimulateLowDose must stand before"):
        ldct(SimulateLowDose(noise_hu=30, **SCAN), **changes)


def files(folder):
    """Files in a cache."""
    return sorted(folder.rglob("*.npy"))


def test_cache_gives_the_same_bits_without_simulating_again(tmp_path, simulations):
    plain = ldct(SimulateLowDose(noise_hu=40, **SCAN))
    simulations.clear()
    for _ in range(3):
        transform = SimulateLowDose(noise_hu=40, cache_dir=str(tmp_path / "cache"), **SCAN)
        np.testing.assert_array_equal(ldct(transform), plain)
    assert len(simulations) == 1
    (path,) = files(tmp_path)
    noise = np.load(path)
    assert noise.dtype == np.float32
    np.testing.assert_array_equal(disk() + noise, plain)


BASE = {"incident_photons": 1e5, "num_views": 48}
CHANGES = [
    ({"incident_photons": 2e5}, {}),
    ({"incident_photons": None, "noise_hu": 40.0}, {}),
    ({"geometry": "fan"}, {}),
    ({"num_views": 56}, {}),
    ({"electronic_noise": 5.0}, {}),
    ({"seed": 1}, {}),
    ({}, {"spacing": (3.0, 3.0)}),
    ({}, {"slice_index": 4}),
    ({}, {"patient_id": "case_0002"}),
    ({}, {"image": disk(seed=1)}),
]


@pytest.mark.parametrize(("settings", "changes"), CHANGES)
def test_any_change_gives_another_cache_file(tmp_path, simulations, settings, changes):
    first = ldct(SimulateLowDose(**BASE, cache_dir=tmp_path))
    changed = SimulateLowDose(**{**BASE, **settings}, cache_dir=tmp_path)
    assert not np.array_equal(ldct(changed, **changes), first)
    assert len(simulations) == len(files(tmp_path)) == 2


def test_another_version_of_the_simulation_gives_another_cache_file(tmp_path, monkeypatch):
    transform = SimulateLowDose(**BASE, cache_dir=tmp_path)
    ldct(transform)
    monkeypatch.setattr(module, "simulation_code_digest", lambda: "another version")
    ldct(transform)
    assert len(files(tmp_path)) == 2


def damage_whole(path):
    path.write_bytes(b"not a numpy file")


def damage_empty(path):
    path.write_bytes(b"")


def damage_end(path):
    path.write_bytes(path.read_bytes()[:-100])


def damage_shape(path):
    np.save(path, np.zeros((3, 3), np.float32))


def damage_values(path):
    np.save(path, np.full((SIZE, SIZE), np.nan, np.float32))


def damage_pickle(path):
    np.save(path, np.array([{}], dtype=object), allow_pickle=True)


@pytest.mark.parametrize(
    "damage",
    [damage_whole, damage_empty, damage_end, damage_shape, damage_values, damage_pickle],
)
def test_damaged_cache_file_is_simulated_again_with_a_warning(
    tmp_path, simulations, warnings_logged, damage
):
    transform = SimulateLowDose(**BASE, cache_dir=tmp_path)
    first = ldct(transform)
    (path,) = files(tmp_path)
    damage(path)
    np.testing.assert_array_equal(ldct(transform), first)
    assert f"{path} is damaged" in warnings_logged()
    np.testing.assert_array_equal(ldct(transform), first)
    assert len(simulations) == 2


class Slices:
    """A data set of three slices that reports torch's threads with each."""

    transform = SimulateLowDose(incident_photons=1e5, **SCAN)

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return ldct(self.transform, slice_index=index), torch.get_num_threads()


def test_workers_simulate_on_one_thread_each_and_as_the_main_process_does():
    alone = [Slices()[i][0] for i in range(3)]
    loaded = list(DataLoader(Slices(), batch_size=None, num_workers=2))
    assert [threads for _, threads in loaded] == [1, 1, 1]
    for (image, _), expected in zip(loaded, alone, strict=True):
        np.testing.assert_array_equal(image, expected)


def test_real_slice_at_a_noise_level(real_data):
    path = sorted(real_data.glob("sts/*/CT_image.nii.gz"))
    if not path:
        pytest.skip("no soft-tissue sarcoma CT in the real data")
    results = {"img_path": str(path[0]), "slice_index": 10, "patient_id": "case_0001"}
    results = SimulateLowDose(noise_hu=60, num_views=180).transform(
        LoadCTSlice().transform(results)
    )
    low, full = results["img"][..., 0], results["img"][..., 1]
    noise = (low - full)[full > -500]
    assert noise.std() == pytest.approx(60, rel=0.15)
    assert abs(noise.mean()) < 5
