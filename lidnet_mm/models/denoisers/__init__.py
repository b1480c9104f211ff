"""Generators, one published network a file."""

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.bilateral import Bilateral
from lidnet_mm.models.denoisers.bm3d import BM3D
from lidnet_mm.models.denoisers.classical_filter import ClassicalFilter
from lidnet_mm.models.denoisers.cpce import CPCE
from lidnet_mm.models.denoisers.identity import Identity
from lidnet_mm.models.denoisers.map_nn import MAPNN
from lidnet_mm.models.denoisers.non_local_means import NonLocalMeans
from lidnet_mm.models.denoisers.onnx_generator import OnnxGenerator
from lidnet_mm.models.denoisers.red_cnn import REDCNN
from lidnet_mm.models.denoisers.res_hlf import ResHLF
from lidnet_mm.models.denoisers.restormer import Restormer
from lidnet_mm.models.denoisers.slice_critic import SliceCritic
from lidnet_mm.models.denoisers.smgan import SMGAN
from lidnet_mm.models.denoisers.wgan_vgg import WGANVGG

__all__ = [
    "BM3D",
    "CPCE",
    "MAPNN",
    "REDCNN",
    "SMGAN",
    "WGANVGG",
    "BaseGenerator",
    "Bilateral",
    "ClassicalFilter",
    "Identity",
    "NonLocalMeans",
    "OnnxGenerator",
    "ResHLF",
    "Restormer",
    "SliceCritic",
]
