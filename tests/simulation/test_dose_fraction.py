"""Noise inserted to reach a fraction of a dose: as much as theory says, in one step or two.

Each variance is the mean over 200 independent scans of a water disk. `standard_error` is measured
from their spread: below 1 %, so that 5 % is five standard errors or more.
"""

import pytest
import torch
from disk_phantom import distance_map, water_disk
from noise_theory import variance_at_the_centre

from lidnet_mm.simulation import dose_fraction, simulate_low_dose
from lidnet_mm.simulation.scanners import scan_geometry

SIZE, SPACING, RADIUS, VIEWS = 96, 2.5, 90.0, 120
FULL = 4e5
SCANS = 200
CENTRE = distance_map(SIZE, SPACING) < 25.0


class Scanner:
    """Scans of a noiseless disk, and doses taken from what was scanned."""

    def __init__(self, geometry, electronic_noise):
        self.geometry, self.electronic_noise = geometry, electronic_noise
        self.generator = torch.Generator().manual_seed(11)
        self.disk = water_disk(SIZE, SPACING, RADIUS).expand(SCANS, -1, -1)

    def scan(self, slices, photons, electronic_noise):
        options = {"geometry": self.geometry, "num_views": VIEWS, "generator": self.generator}
        return simulate_low_dose(
            slices, SPACING, photons, electronic_noise=electronic_noise, **options
        )

    def full_dose(self):
        return self.scan(self.disk, FULL, self.electronic_noise)

    def lowered(self, slices, fraction, full_dose_photons):
        return self.scan(slices, *dose_fraction(fraction, full_dose_photons, self.electronic_noise))

    def variance(self, slices):
        """Mean over the scans of the squared error at the centre, and its standard error."""
        each = (slices - self.disk)[:, CENTRE].square().mean(1)
        return each.mean().item(), (each.std() / SCANS**0.5).item()

    def theory(self, photons):
        scan = scan_geometry(self.geometry, SIZE, SPACING, VIEWS)
        return variance_at_the_centre(scan, SIZE, SPACING, RADIUS, photons, self.electronic_noise)


@pytest.fixture(scope="module", params=[("parallel", 0.0), ("parallel", 30.0), ("fan", 30.0)])
def scanner(request):
    return Scanner(*request.param)


@pytest.fixture(scope="module")
def full_dose(scanner):
    return scanner.full_dose()


@pytest.fixture(scope="module")
def quarter(scanner, full_dose):
    return scanner.lowered(full_dose, 0.25, FULL)


@pytest.fixture(scope="module")
def half_twice(scanner, full_dose):
    half = scanner.lowered(full_dose, 0.5, FULL)
    return scanner.lowered(half, 0.5, FULL / 2)


def test_full_dose_has_the_variance_of_theory(scanner, full_dose):
    measured, standard_error = scanner.variance(full_dose)
    assert standard_error < 0.01 * measured
    assert measured == pytest.approx(scanner.theory(FULL), rel=0.05)


def test_quarter_of_a_dose_has_the_variance_of_theory(scanner, quarter):
    measured, standard_error = scanner.variance(quarter)
    assert standard_error < 0.01 * measured
    assert measured == pytest.approx(scanner.theory(FULL / 4), rel=0.05)


def test_half_of_a_half_has_the_variance_of_a_quarter(scanner, quarter, half_twice):
    once, standard_error = scanner.variance(quarter)
    twice, standard_error_twice = scanner.variance(half_twice)
    assert (standard_error**2 + standard_error_twice**2) ** 0.5 < 0.012 * once
    assert twice == pytest.approx(once, rel=0.05)
    assert twice == pytest.approx(scanner.theory(FULL / 4), rel=0.05)


def test_quarter_of_a_dose_is_as_noisy_as_a_scan_with_a_quarter(scanner, quarter):
    taken = scanner.scan(scanner.disk, FULL / 4, scanner.electronic_noise)
    measured, _ = scanner.variance(quarter)
    assert measured == pytest.approx(scanner.variance(taken)[0], rel=0.05)
