"""LIDnet: low-dose CT denoising steered by a lesion detector, as a plugin of MMDetection.

Importing the package makes its types known to MMEngine's registries as ``lidnet_mm.<Type>``.
"""

from lidnet_mm import registry

__version__ = "0.1.0"
__all__ = ["__version__", "registry"]
