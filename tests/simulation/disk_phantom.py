"""Disks: their line integrals and noise are known in closed form."""

import math

import torch
from torch.nn.functional import avg_pool2d

WATER = 0.0192
SUPERSAMPLING = 8


def rasterised_disk(size, spacing, radius, x=0.0, y=0.0):
    """Disk of ones (n, n), averaged over each pixel; lengths in mm."""
    fine = size * SUPERSAMPLING
    axis = (torch.arange(fine) - (fine - 1) / 2) * spacing / SUPERSAMPLING
    inside = torch.hypot(axis - x, axis[:, None] - y) < radius
    return avg_pool2d(inside.float()[None], SUPERSAMPLING)[0]


def distance_map(size, spacing, x=0.0, y=0.0):
    """Distance (n, n) of each pixel's centre from a point, in mm."""
    axis = (torch.arange(size) - (size - 1) / 2) * spacing
    return torch.hypot(axis - x, axis[:, None] - y)


def chords(scan, radius, x=0.0, y=0.0):
    """Closed-form lengths (M, D) in mm that all rays of a scan have within a disk."""
    phi, distance = scan.rays(torch.arange(scan.num_views))
    offset = distance - x * phi.cos() - y * phi.sin()
    return 2 * (radius**2 - offset**2).clamp(min=0).sqrt()


def closed_form_sigma(spacing, views, counts):
    """Noise in HU at the centre of a water disk, ramp filter and linear interpolation.

    ``(1000 / mu) (pi / pitch) sqrt((2/3 - 2/pi^2) / (12 M Nc))``, M views over 180 degrees.
    """
    interpolation = 2 / 3 - 2 / math.pi**2
    return 1000 / WATER * math.pi / spacing * math.sqrt(interpolation / (12 * views * counts))


def water_disk(size, spacing, radius, x=0.0, y=0.0):
    """Water disk in air (1, n, n) in HU; lengths in mm."""
    return 1000 * (rasterised_disk(size, spacing, radius, x, y)[None] - 1)
