"""Turns and mirrorings of a square slice that map the views of a scan onto each other."""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class ViewSymmetry:
    """A turned or mirrored slice whose projections are those of the slice itself at other views.

    Attributes:
        quarter_turns: quarter turns of the slice, as ``torch.rot90`` counts them.
        mirrored: whether the columns are reversed after the turn.
        views: indices (B,) of the views of the slice that base views 0 … B-1 of the copy equal.
        reversed_detector: whether the channels run the other way in those views.
    """

    quarter_turns: int
    mirrored: bool
    views: Tensor
    reversed_detector: bool

    def apply(self, image: Tensor) -> Tensor:
        """Turn and mirror slices (..., n, n)."""
        turned = torch.rot90(image, self.quarter_turns, dims=(-2, -1))
        return turned.flip(-1) if self.mirrored else turned

    def undo(self, image: Tensor) -> Tensor:
        """Inverse of `apply`."""
        turned = image.flip(-1) if self.mirrored else image
        return torch.rot90(turned, -self.quarter_turns, dims=(-2, -1))
