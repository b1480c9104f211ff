"""Mixed noise draws against real ones: mean, covariance, spectrum, third moment; never twice."""

import numpy as np
import pytest
import torch

from lidnet_mm.datasets.draw import Draw
from lidnet_mm.datasets.drawn_slices import NOISE_DRAW
from lidnet_mm.datasets.transforms import LoadCTSlice, SimulateLowDose
from lidnet_mm.datasets.transforms.noise_draws import SliceNoise, noise_generator
from lidnet_mm.datasets.transforms.training_noise import training_noise, unit_vector
from lidnet_mm.seeding import seed_for
from lidnet_mm.simulation import mean_noise, photons_for_noise, simulate_low_dose

SIZE, SPACING = 40, 7.0
SCAN = {"num_views": 40}


def disk():
    """A water disk of 240 mm in air: (H, W) float32 HU."""
    rows, columns = np.mgrid[:SIZE, :SIZE] - (SIZE - 1) / 2
    return np.where(np.hypot(rows, columns) < 17, 0, -1000).astype(np.float32)


def sample(image=None, patient="case_0001"):
    """A sample as it leaves LoadCTSlice."""
    image = disk() if image is None else image
    return {
        "img": image,
        "img_path": "case_0001.nii.gz",
        "slice_index": 3,
        "patient_id": patient,
        "spacing": (SPACING, SPACING),
        "slice_thickness": 5.0,
        "ori_shape": image.shape,
        "img_shape": image.shape,
        "scale_factor": (1.0, 1.0),
    }


def noise_of(transform, draw=None, **changes):
    """The noise of a visit in training, or in a test."""
    results = sample(**changes) if draw is None else {**sample(**changes), NOISE_DRAW: draw}
    image = transform.transform(results)["img"]
    return image[..., 0] - image[..., 1]


def visit(number, index=2):
    """A draw of the training sampler."""
    return Draw(index, seed=1000 + number, visit=number)


class Known:
    """A slice of which the draws and their mean are known."""

    def __init__(self, draws, mean):
        self.draws, self._mean = draws, mean
        self.source = self.mode = self
        self.cache = self.adds_noise = True
        self.noise_hu = None

    def level(self, random):
        return None

    def numbered(self, number, weight):
        return self.draws[number - 1] * np.float32(weight)

    def mean(self, weight):
        return self._mean * np.float32(weight)


COUNT, K = 500, 4


@pytest.fixture(scope="module", params=["parallel", "fan"])
def noises(request):
    """Real draws of a starved disk, one mix of each four of them, and their exact mean."""
    image = torch.from_numpy(disk())[None]
    options = {"num_views": 40, "geometry": request.param}
    generator = torch.Generator().manual_seed(1)
    noisy = simulate_low_dose(
        image.expand(COUNT * K, -1, -1), SPACING, 600.0, generator=generator, **options
    )
    real = (noisy - image).numpy()
    mean = mean_noise(image, SPACING, 600.0, **options)[0].numpy()
    groups = real.reshape(COUNT, K, SIZE, SIZE)
    mixed = [training_noise(Known(draws, mean), K, visit(K + n)) for n, draws in enumerate(groups)]
    return real, np.stack(mixed), mean


class TestMixIsADraw:
    """The statistics over many draws of one slice; few photons, so that mean and skewness show."""

    @property
    def body(self):
        return disk() > -500

    def test_mean(self, noises):
        real, mixed, mean = noises
        for draws in (real, mixed):
            slope = (draws.mean(0) * mean)[self.body].sum() / np.square(mean)[self.body].sum()
            assert slope == pytest.approx(1, abs=0.1)
            error = (draws.mean(0) - mean) / (draws.std(0) / len(draws) ** 0.5)
            assert error[self.body].std() == pytest.approx(1, abs=0.12)

    def test_variance_of_each_pixel(self, noises):
        real, mixed, _ = noises
        ratio = (mixed.var(0) / real.var(0))[self.body]
        assert ratio.mean() == pytest.approx(1, abs=0.02)
        assert ratio.std() < 1.3 * (2 / len(mixed) + 2 / len(real)) ** 0.5  # of kurtosis 3

    def test_power_spectrum_and_covariance(self, noises):
        real, mixed, mean = noises
        inner = np.s_[:, 8:-8, 8:-8]
        spectra = [
            np.square(np.abs(np.fft.fft2((draws - mean)[inner]))).mean(0) for draws in (real, mixed)
        ]
        axis = np.fft.fftfreq(spectra[0].shape[0])
        frequency = np.hypot(axis, axis[:, None])
        for low in (0.0, 0.1, 0.2, 0.3, 0.4, 0.5):
            ring = (frequency >= low) & (frequency < low + 0.1)
            assert spectra[1][ring].mean() / spectra[0][ring].mean() == pytest.approx(1, abs=0.08)
        middle = [(draws - mean)[:, 20, 20:24] for draws in (real, mixed)]
        of_real, of_mixed = (values.T @ values / len(values) for values in middle)
        np.testing.assert_allclose(of_mixed, of_real, atol=0.2 * of_real[0, 0])

    def test_third_moment_is_lost(self, noises):
        """The closed form: the third moment of a mix is sum w**3 times a draw's, on average 0."""
        real, mixed, mean = noises

        def skewness(draws):
            scaled = (draws - mean)[:, self.body]
            return (scaled**3).mean() / (scaled**2).mean() ** 1.5

        assert skewness(real) > 0.02
        assert abs(skewness(mixed)) < 0.4 * skewness(real)


@pytest.mark.parametrize("number", range(3, 9))
def test_moments_of_a_mix_are_the_closed_forms(number):
    """Draws of exponential numbers plus 4: mean 5, variance 1, third moment 2."""
    draws = 4 + np.random.default_rng(1).exponential(size=(3, 500, 400)).astype(np.float32)
    slice_noise = Known(draws, np.full((500, 400), 5, np.float32))
    mixed = training_noise(slice_noise, 3, visit(number)).astype(np.float64)
    weights = unit_vector(np.random.default_rng(seed_for("noise", visit(number).seed)), 3)
    assert np.square(weights).sum() == pytest.approx(1)
    assert mixed.mean() == pytest.approx(5, abs=0.02)
    assert mixed.var() == pytest.approx(1, abs=0.03)
    third = ((mixed - mixed.mean()) ** 3).mean()
    assert third == pytest.approx(2 * (weights**3).sum(), abs=0.15)


def test_directions_are_all_equally_likely():
    random = np.random.default_rng(0)
    vectors = np.stack([unit_vector(random, 4) for _ in range(20_000)])
    np.testing.assert_allclose(vectors.mean(0), 0, atol=0.015)
    np.testing.assert_allclose(vectors.T @ vectors / len(vectors), np.eye(4) / 4, atol=0.01)


class TestVisits:
    @pytest.fixture
    def transform(self, tmp_path):
        return SimulateLowDose(noise_hu=60, realizations=3, cache_dir=tmp_path / "cache", **SCAN)

    def test_first_visits_have_the_draws_and_no_later_one_repeats_any(self, transform):
        noises = [noise_of(transform, visit(number)) for number in range(60)]
        own = SliceNoise(transform._source, sample(), disk())
        for number in range(3):
            np.testing.assert_allclose(noises[number], own.numbered(number + 1), atol=1e-4)
        correlations = np.corrcoef([noise.ravel() for noise in noises])
        np.fill_diagonal(correlations, 0)
        assert abs(correlations[:3, :3]).max() < 0.1
        assert abs(correlations).max() < 0.99999
        assert abs(correlations.sum() / 60**2) < 0.05  # no pattern that all visits share

    def test_no_draw_of_the_training_is_the_one_of_the_tests(self, transform):
        fixed = noise_of(transform)
        for number in range(20):
            assert (
                abs(np.corrcoef(noise_of(transform, visit(number)).ravel(), fixed.ravel())[0, 1])
                < 0.2
            )

    def test_after_the_draws_and_their_mean_nothing_is_simulated(self, transform, monkeypatch):
        calls = []
        for name in ("simulate", "mean_noise"):
            original = getattr(transform.mode, name)
            monkeypatch.setattr(
                transform.mode,
                name,
                lambda *a, original=original, name=name: calls.append(name) or original(*a),
            )
        counts = []
        for number in range(8):
            noise_of(transform, visit(number))
            counts.append(len(calls))
        assert counts == [1, 2, 3, 4, 4, 4, 4, 4]
        assert calls == ["simulate"] * 3 + ["mean_noise"]

    def test_it_is_the_same_from_a_full_an_empty_and_a_lost_cache(self, transform, tmp_path):
        first = [noise_of(transform, visit(number)) for number in range(6)]
        other = SimulateLowDose(noise_hu=60, realizations=3, cache_dir=tmp_path / "new", **SCAN)
        for number in (5, 4, 0, 1, 2, 3):
            np.testing.assert_array_equal(noise_of(other, visit(number)), first[number])
        for path in (tmp_path / "new").rglob("*.npy"):
            path.unlink()
        np.testing.assert_array_equal(noise_of(other, visit(4)), first[4])

    def test_visits_of_unknown_number_are_mixed(self, transform):
        noises = {noise_of(transform, Draw(0, seed)).tobytes() for seed in range(20)}
        assert len(noises) == 20

    def test_without_a_cache_each_visit_is_simulated(self):
        transform = SimulateLowDose(noise_hu=60, **SCAN)
        noises = [noise_of(transform, visit(number)).ravel() for number in range(12)]
        correlations = np.corrcoef(noises) - np.eye(12)
        assert abs(correlations).max() < 0.15
        np.testing.assert_array_equal(noise_of(transform, visit(7)).ravel(), noises[7])

    def test_one_realization_is_the_noise_of_the_tests(self, tmp_path):
        for cache in (None, tmp_path):
            transform = SimulateLowDose(noise_hu=60, realizations=1, cache_dir=cache, **SCAN)
            for number in range(3):
                np.testing.assert_array_equal(
                    noise_of(transform, visit(number)), noise_of(transform)
                )

    def test_the_published_simulation_has_no_mixes(self, tmp_path):
        published = {"mode": "gholizadeh2019", "incident_photons": 3e4, "realizations": 3}
        cached = SimulateLowDose(**published, cache_dir=tmp_path)
        noises = [noise_of(cached, visit(number)).tobytes() for number in range(20)]
        assert len(set(noises[:3])) == len(set(noises)) == 3
        anew = SimulateLowDose(**published)
        assert len({noise_of(anew, visit(number)).tobytes() for number in range(6)}) == 6

    def test_draws_and_mean_are_kept_in_16_bits_far_below_the_noise(self, transform, tmp_path):
        expected = simulate_low_dose(
            torch.from_numpy(disk())[None],
            SPACING,
            photons_for_noise(torch.from_numpy(disk())[None], SPACING, 60.0, **SCAN),
            generator=noise_generator(0, sample(), 1),
            **SCAN,
        )
        difference = disk() + noise_of(transform, visit(0)) - expected[0].numpy()
        assert 0 < np.abs(difference).max() < 0.02
        for number in range(1, 5):
            noise_of(transform, visit(number))
        kept = [np.load(path).dtype for path in (tmp_path / "cache").rglob("*.npy")]
        assert kept == [np.dtype(np.int16)] * 4


class TestRangeOfDoses:
    RANGE = (15, 240)

    def rms(self, noise):
        return np.sqrt(np.square(noise[disk() > -500]).mean())

    @pytest.mark.parametrize("cached", [False, True])
    def test_each_visit_has_another_dose(self, tmp_path, cached):
        cache = tmp_path if cached else None
        transform = SimulateLowDose(noise_hu=self.RANGE, cache_dir=cache, **SCAN)
        levels = np.log([self.rms(noise_of(transform, visit(number))) for number in range(100)])
        low, high = np.log(self.RANGE)
        assert low - 0.15 < levels.min() < low + 0.3
        assert high - 0.3 < levels.max() < high + 0.15
        # Uniform: mean and standard deviation of the logarithm.
        assert levels.mean() == pytest.approx((low + high) / 2, abs=0.25)
        assert levels.std() == pytest.approx((high - low) / 12**0.5, rel=0.15)

    def test_cached_and_simulated_visits_have_the_same_dose(self, tmp_path):
        cached = SimulateLowDose(noise_hu=self.RANGE, cache_dir=tmp_path, **SCAN)
        anew = SimulateLowDose(noise_hu=self.RANGE, **SCAN)
        for number in range(10):
            ours, exact = (self.rms(noise_of(t, visit(number))) for t in (cached, anew))
            assert ours == pytest.approx(exact, rel=0.15)

    def test_a_test_slice_keeps_its_dose(self):
        transform = SimulateLowDose(noise_hu=self.RANGE, **SCAN)
        first = noise_of(transform)
        np.testing.assert_array_equal(noise_of(transform), first)
        levels = {
            round(self.rms(noise_of(transform, patient=f"case_{number}"))) for number in range(8)
        }
        assert len(levels) > 4

    @pytest.mark.parametrize(
        ("noise_hu", "problem"),
        [
            ((60,), "one noise in HU, as 30, or a range"),
            ((15, 60, 250), "one noise in HU, as 30, or a range"),
            ((250, 15), "lowest noise first"),
            ((60, 60), "lowest noise first"),
            ((0, 60), "noise_hu is 0: .* above 0"),
            ((15, float("inf")), "noise_hu is inf"),
        ],
    )
    def test_what_is_no_range_is_refused(self, noise_hu, problem):
        with pytest.raises(ValueError, match=problem):
            SimulateLowDose(noise_hu=noise_hu)

    def test_the_published_simulation_has_none(self):
        with pytest.raises(ValueError, match="has no noise_hu"):
            SimulateLowDose(mode="gholizadeh2019", noise_hu=(15, 250))


def test_mixes_of_a_real_slice(real_data, tmp_path):
    path = sorted(real_data.glob("sts/*/CT_image.nii.gz"))
    if not path:
        pytest.skip("no soft-tissue sarcoma CT in the real data")
    transform = SimulateLowDose(noise_hu=60, num_views=96, cache_dir=tmp_path)
    loaded = {"img_path": str(path[0]), "slice_index": 10, "patient_id": "case_0001"}
    loaded = LoadCTSlice().transform(loaded)
    noises = []
    for number in range(12):
        image = transform.transform({**loaded, NOISE_DRAW: visit(number)})["img"]
        noises.append(image[..., 0] - image[..., 1])
    body = loaded["img"] > -500
    real, mixed = np.stack(noises[:4])[:, body], np.stack(noises[4:])[:, body]
    assert mixed.std() == pytest.approx(real.std(), rel=0.03)
    assert mixed.std() == pytest.approx(60, rel=0.1)
    assert abs(mixed.mean()) < 2
    shape = [np.square(draws).mean(0) for draws in (real, mixed)]  # noisy where the draws are
    assert np.corrcoef(*shape)[0, 1] > 0.3
