"""Names of settings: readable, and different where the LDCT is."""

from itertools import combinations

import pytest

from lidnet_mm.datasets.offline_ldct import setting_name
from lidnet_mm.datasets.transforms.low_dose_modes import Dose

SETTINGS = [
    (Dose(noise_hu=60.0), {}, "noise-60hu"),
    (Dose(noise_hu=(15, 250)), {}, "noise-15-to-250hu"),
    (Dose(incident_photons=1e5), {}, "photons-100000"),
    (
        Dose(dose_fraction=0.25, full_dose_photons=1e6),
        {"geometry": "fan", "seed": 1},
        "dose-0.25-of-1e06_fan_seed-1",
    ),
    (
        Dose(dose_preset="lidnet_pe_ct"),
        {"mode": "gholizadeh2019", "store": "int16"},
        "lidnet_pe_ct_gholizadeh2019_int16",
    ),
    (Dose(noise_hu=60.0), {"geometry": "parallel", "num_views": 360}, "noise-60hu_360-views"),
    (Dose(noise_hu=60.0), {"electronic_noise": 2.5}, "noise-60hu_electronic-2.5"),
    (Dose(noise_hu=60.0), {"seed": 2}, "noise-60hu_seed-2"),
]


@pytest.mark.parametrize(("dose", "options", "name"), SETTINGS)
def test_name_holds_the_dose_and_what_is_not_default(dose, options, name):
    assert setting_name(dose, **options) == name


def test_names_differ():
    names = [setting_name(dose, **options) for dose, options, _ in SETTINGS]
    assert all(one != other for one, other in combinations(names, 2))
