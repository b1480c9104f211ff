"""Losses of the denoiser, one equation a file."""

from lidnet_mm.models.losses.reconstruction_loss import ReconstructionLoss
from lidnet_mm.models.losses.roi_perceptual_loss import ROIPerceptualLoss
from lidnet_mm.models.losses.sobel_loss import SobelLoss
from lidnet_mm.models.losses.ssim_loss import MSSSIMLoss, SSIMLoss
from lidnet_mm.models.losses.vgg_perceptual_loss import VGGPerceptualLoss
from lidnet_mm.models.losses.wgan_gp_loss import WGANGPLoss

__all__ = [
    "MSSSIMLoss",
    "ROIPerceptualLoss",
    "ReconstructionLoss",
    "SSIMLoss",
    "SobelLoss",
    "VGGPerceptualLoss",
    "WGANGPLoss",
]
