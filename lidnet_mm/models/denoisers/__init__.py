"""Generators, one published network a file."""

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.cpce import CPCE
from lidnet_mm.models.denoisers.identity import Identity
from lidnet_mm.models.denoisers.red_cnn import REDCNN

__all__ = ["CPCE", "REDCNN", "BaseGenerator", "Identity"]
