"""X-ray physics: scan geometry, projector, filtered back-projection and noise."""

from .body import BODY_HU, in_body
from .filtered_back_projection import ramp_filter, reconstruct
from .geometry import FanBeam, ParallelBeam
from .gholizadeh2019 import simulate_gholizadeh2019
from .low_dose import (
    WATER_ATTENUATION,
    InsertedNoise,
    dose_fraction,
    mean_noise,
    photons_for_noise,
    simulate_low_dose,
)
from .mean_error import line_integral_mean_error
from .noise import line_integral_noise, line_integral_variance
from .paper_doses import PAPER_DOSES, paper_photons
from .projector import back_project, forward_project
from .scanners import SCANNERS, Scanner

__all__ = [
    "BODY_HU",
    "PAPER_DOSES",
    "SCANNERS",
    "WATER_ATTENUATION",
    "FanBeam",
    "InsertedNoise",
    "ParallelBeam",
    "Scanner",
    "back_project",
    "dose_fraction",
    "forward_project",
    "in_body",
    "line_integral_mean_error",
    "line_integral_noise",
    "line_integral_variance",
    "mean_noise",
    "paper_photons",
    "photons_for_noise",
    "ramp_filter",
    "reconstruct",
    "simulate_gholizadeh2019",
    "simulate_low_dose",
]
