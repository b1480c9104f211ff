"""The paper's N0 by name, and that it leaves no image of a body of true size."""

import pytest
import torch
from disk_phantom import distance_map, water_disk

from lidnet_mm.simulation import PAPER_DOSES, paper_photons, simulate_low_dose


def test_photons_are_those_of_section_4():
    assert {name: paper_photons(name) for name in PAPER_DOSES} == {
        "lidnet_pe_ct": 3000.0,
        "lidnet_l_ct_a": 1000.0,
        "lidnet_l_ct_g": 1000.0,
    }


@pytest.mark.parametrize("name", sorted(PAPER_DOSES))
def test_300_mm_of_water_drown_in_noise(name):
    """By more than twice the contrast of soft tissue and fat, with pixels twice the usual ones."""
    disk = water_disk(256, 1.4, 150.0)
    generator = torch.Generator().manual_seed(1)
    noisy = simulate_low_dose(disk, 1.4, paper_photons(name), num_views=720, generator=generator)
    noise = (noisy - disk)[0, distance_map(256, 1.4) < 40]
    assert noise.std().item() > 250


def test_unknown_name_lists_the_names():
    with pytest.raises(ValueError, match="'pe_ct' does not exist: set lidnet_pe_ct, lidnet_l_ct_a"):
        paper_photons("pe_ct")
