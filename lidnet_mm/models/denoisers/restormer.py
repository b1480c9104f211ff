"""A small Restormer, the network of MONAI."""

import torch
from torch import Tensor, nn

from lidnet_mm.models.denoisers.base_generator import BaseGenerator
from lidnet_mm.models.denoisers.output_range import into_range
from lidnet_mm.registry import MODELS


def _monai_restormer(**settings: object) -> nn.Module:
    """MONAI's network, or how to get it."""
    try:
        import einops  # noqa: F401  (MONAI asks for it only when the network runs)
        from monai.networks.nets.restormer import Restormer as MonaiRestormer
    except ImportError as error:
        raise ImportError(
            "Restormer needs MONAI 1.5 or later and einops: pip install 'monai>=1.5' einops"
        ) from error
    return MonaiRestormer(**settings)


@MODELS.register_module()
class Restormer(BaseGenerator):
    """A U-Net of transformer blocks that attend across channels; 217,883 parameters as it is.

    ``output = ReLU(x + network(x))`` with MONAI's ``Restormer`` as the network, which has
    instance norm where the publication has layer norm. The published network has 26 million
    parameters; the defaults here are an eighth of RED-CNN. The last kernel starts at zero: an
    untrained network returns its input. The slice's last rows and columns are repeated up to a
    multiple of what the network halves, and cut off again.

    Attention and norm take their statistics over the whole slice, so that an output pixel
    depends on all of it: a tile is not denoised as the part of a slice.

    Source: Zamir et al. 2022, CVPR. Needs ``pip install 'monai>=1.5' einops``; MONAI's licence
    is Apache 2.0, that of einops MIT.

    Args:
        channels (int): Channels at the resolution of the slice, doubled at each halving.
            Defaults to 16.
        num_blocks (tuple[int, ...]): Transformer blocks at each resolution, the slice's own
            first; at least two. Defaults to (1, 1, 1).
        heads (tuple[int, ...]): Attention heads at each resolution. Defaults to (1, 2, 4).
        num_refinement_blocks (int): Blocks behind the decoder. Defaults to 1.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        ImportError: If MONAI or einops is missing.
        ValueError: If ``num_blocks`` and ``heads`` differ in length or are shorter than two.
    """

    def __init__(
        self,
        channels: int = 16,
        num_blocks: tuple[int, ...] = (1, 1, 1),
        heads: tuple[int, ...] = (1, 2, 4),
        num_refinement_blocks: int = 1,
        init_cfg: dict | None = None,
    ) -> None:
        if len(num_blocks) != len(heads) or len(num_blocks) < 2:
            raise ValueError(
                "num_blocks and heads need one number a resolution, at least two, "
                f"got {num_blocks} and {heads}"
            )
        super().__init__(in_channels=1, init_cfg=init_cfg)
        self.network = _monai_restormer(
            spatial_dims=2,
            in_channels=1,
            out_channels=1,
            dim=channels,
            num_blocks=tuple(num_blocks),
            heads=tuple(heads),
            num_refinement_blocks=num_refinement_blocks,
        )
        self.multiple = 2 ** (len(num_blocks) - 1)
        for parameter in self.network.output.parameters():
            nn.init.zeros_(parameter)

    def denoise(self, x: Tensor) -> Tensor:
        """(N, 1, H, W) in [0, 1] to (N, 1, H, W), not negative."""
        rows, columns = x.shape[-2:]
        residual = self.network(_resized(x, self._padded(rows), self._padded(columns)))
        return into_range(x + _resized(residual, rows, columns))

    def _padded(self, side: int) -> int:
        """The next multiple; at least two multiples, for the coarsest norm.

        No negative number is divided: ONNX rounds its quotient up.
        """
        return max((side + self.multiple - 1) // self.multiple, 2) * self.multiple


def _resized(x: Tensor, rows: int, columns: int) -> Tensor:
    """Cut (N, C, H, W) to (N, C, rows, columns), or repeat its last rows and columns up to it.

    By indices, which ask no question about sizes: padding and slicing do, and a graph of any size
    can then not be proven.
    """
    for axis, length in ((-2, rows), (-1, columns)):
        index = torch.arange(length, device=x.device).clamp(max=x.shape[axis] - 1)
        x = x.index_select(axis, index)
    return x
