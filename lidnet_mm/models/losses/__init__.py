"""Losses of the denoiser, one equation a file."""

from lidnet_mm.models.losses.reconstruction_loss import ReconstructionLoss
from lidnet_mm.models.losses.roi_perceptual_loss import ROIPerceptualLoss

__all__ = ["ROIPerceptualLoss", "ReconstructionLoss"]
