"""Steps of a data pipeline for CT slices; MMDetection's geometric ones go in between."""

from lidnet_mm.datasets.transforms.load_ct_slice import LoadCTSlice
from lidnet_mm.datasets.transforms.load_paired_ldct import LoadPairedLDCT
from lidnet_mm.datasets.transforms.pack_lid_inputs import PackLIDInputs
from lidnet_mm.datasets.transforms.random_lesion_crop import RandomLesionCrop
from lidnet_mm.datasets.transforms.simulate_low_dose import SimulateLowDose

__all__ = ["LoadCTSlice", "LoadPairedLDCT", "PackLIDInputs", "RandomLesionCrop", "SimulateLowDose"]
