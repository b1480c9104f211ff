"""Steps of a data pipeline for CT slices; MMDetection's geometric ones go in between.

``pack_lid_inputs`` and ``random_lesion_crop``, which need MMDetection, are imported by the registry
when a config names them.
"""

from lidnet_mm.datasets.transforms.load_ct_slice import LoadCTSlice
from lidnet_mm.datasets.transforms.load_paired_ldct import LoadPairedLDCT
from lidnet_mm.datasets.transforms.simulate_low_dose import SimulateLowDose

__all__ = ["LoadCTSlice", "LoadPairedLDCT", "SimulateLowDose"]
