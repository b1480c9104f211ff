"""Variance of the reconstructed noise of a water disk, spelt out ray by ray in numpy."""

import math

import numpy as np
import torch
from disk_phantom import WATER, chords, distance_map

from lidnet_mm.simulation import FanBeam


def variance_at_the_centre(scan, size, spacing, radius, photons, electronic_noise=0.0, within=25.0):
    """Mean variance in HU^2 of the pixels less than `within` mm from the middle of the disk.

    A pixel of filtered back-projection is a weighted sum of the line integrals, so its variance is
    the sum of the squared weights times ``1 / Nc + sigma_e^2 / Nc^2``. All views of a disk are
    alike, so some 120 of them stand for all.
    """
    counts = photons * np.exp(-WATER * chords(scan, radius).double().numpy())
    counts = np.broadcast_to(counts, (scan.num_views, scan.num_detectors))
    variance = 1 / counts + (electronic_noise / counts) ** 2
    axis = (torch.arange(size) - (size - 1) / 2) * spacing
    channel, weight = scan.locate(axis, axis, torch.arange(scan.num_views))
    near = (distance_map(size, spacing) < within).numpy()
    channel = channel.double().numpy()[near]
    weight = np.ones_like(channel) if weight is None else weight.double().numpy()[near]
    total = 0.0
    views = range(0, scan.num_views, max(1, scan.num_views // 120))
    for view in views:
        gain = _gains(scan, channel[:, view])
        total += (gain**2 * variance[view]).sum(1) * weight[:, view] ** 2
    return (1000 / WATER * scan.view_step) ** 2 * total.mean() * scan.num_views / len(views)


def _gains(scan, channel):
    """What each line integral (D,) of a view adds to pixels that fall on channels (P,)."""
    lower = np.floor(channel)[:, None]
    fraction = channel[:, None] - lower
    lag = np.arange(scan.num_detectors) - lower
    gain = (1 - fraction) * _ramp(scan, lag) + fraction * _ramp(scan, lag - 1)
    if isinstance(scan, FanBeam):
        angle = (np.arange(scan.num_detectors) - (scan.num_detectors - 1) / 2) * scan.channel_angle
        gain = gain * scan.source_distance * np.cos(angle)
    return gain


def _ramp(scan, lag):
    """Kak and Slaney's ramp times the sampling step, Eq. 61 (parallel) and 132 (fan)."""
    step = scan.channel_angle if isinstance(scan, FanBeam) else scan.detector_pitch
    safe = np.where(lag == 0, 1, lag)
    beside = np.where(np.abs(lag) % 2 == 1, -1 / (math.pi * safe * step) ** 2, 0)
    kernel = np.where(lag == 0, 1 / (4 * step**2), beside)
    if isinstance(scan, FanBeam):
        kernel = kernel * np.where(lag == 0, 1, safe * step / np.sin(safe * step)) ** 2 / 2
    return kernel * step
