"""A converter of cases in memory."""

from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lidnet_mm.datasets.converters.converter import Converter
from lidnet_mm.datasets.converters.lesion_boxes import LesionBox
from lidnet_mm.datasets.converters.source_case import (
    CaseContent,
    FoundCases,
    LeftOut,
    SourceCase,
    UnusableCaseError,
)
from lidnet_mm.datasets.readers import CTVolume

SPACING = (0.7, 0.9)
ORIGIN = (-11.0, 7.0, -300.0)


class ArrayVolume(CTVolume):
    """HU in memory, in display order, at a known place."""

    def __init__(self, hu, uniform=True):
        affine = np.diag([-SPACING[1], -SPACING[0], 2.5, 1.0])
        affine[:3, 3] = np.array(ORIGIN) * (-1, -1, 1)
        super().__init__(Path("memory.arr"), affine, hu.shape[::-1])
        self.hu, self._uniform = hu, uniform
        self.read = []

    @property
    def uniform(self):
        return self._uniform

    def _read_plane(self, stored_index):
        self.read.append(stored_index)
        return self.hu[stored_index].T


def hu(seed=0, slices=4):
    return np.random.default_rng(seed).integers(-1000, 400, (slices, 20, 30)).astype(np.float32)


def box(x=3, y=4, width=5, height=6, **attributes):
    return LesionBox(x, y, width, height, width * height, attributes)


@dataclass
class Source(Converter):
    """A converter of given cases."""

    cases: tuple[SourceCase, ...]
    left_out: tuple[LeftOut, ...] = ()
    stop_at_unusable: bool = False
    split: dict | None = None

    name = "given"
    description = "given cases"

    def find_cases(self, source: Path, options: Namespace) -> FoundCases:
        return FoundCases(self.cases, self.left_out)


def case(patient, content=None, read: Callable | None = None, **fields):
    content = content or CaseContent(ArrayVolume(hu(len(patient))), {1: [box()]})
    return SourceCase(patient, read or (lambda: content), **fields)


def unusable(patient, **fields):
    def read():
        raise UnusableCaseError("it is broken", f"{patient}.dcm")

    return case(patient, read=read, **fields)
