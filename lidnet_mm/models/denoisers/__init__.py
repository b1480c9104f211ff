"""Generators, one published network a file."""

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.cpce import CPCE
from lidnet_mm.models.denoisers.identity import Identity
from lidnet_mm.models.denoisers.map_nn import MAPNN
from lidnet_mm.models.denoisers.red_cnn import REDCNN
from lidnet_mm.models.denoisers.res_hlf import ResHLF
from lidnet_mm.models.denoisers.slice_critic import SliceCritic
from lidnet_mm.models.denoisers.smgan import SMGAN
from lidnet_mm.models.denoisers.wgan_vgg import WGANVGG

__all__ = [
    "CPCE",
    "MAPNN",
    "REDCNN",
    "SMGAN",
    "WGANVGG",
    "BaseGenerator",
    "Identity",
    "ResHLF",
    "SliceCritic",
]
