"""LIDnet: low-dose CT denoising steered by a lesion detector, as a plugin of MMDetection."""

__version__ = "0.1.0"
