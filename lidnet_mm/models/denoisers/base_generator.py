"""What every generator shares: the check of its input."""

from abc import abstractmethod

from mmengine.model import BaseModule
from torch import Tensor


class BaseGenerator(BaseModule):
    """A network from LDCT to denoised CT, both (N, C, H, W) in [0, 1].

    Sub-classes set ``receptive_margin`` and implement :meth:`denoise`.

    Args:
        in_channels (int): Number of input and output channels. Defaults to 1.
        init_cfg (dict, optional): MMEngine's initialisation, such as
            ``dict(type='Pretrained', checkpoint=...)``.
    """

    #: Pixels that unpadded convolutions take from each side of the image.
    receptive_margin: int = 0

    def __init__(self, in_channels: int = 1, init_cfg: dict | None = None) -> None:
        super().__init__(init_cfg=init_cfg)
        self.in_channels = in_channels

    def forward(self, x: Tensor) -> Tensor:
        """Denoise a batch.

        Args:
            x (Tensor): LDCT, (N, C, H, W), floating point, [0, 1].

        Returns:
            Tensor: Denoised CT, (N, C, H, W).

        Raises:
            ValueError: If the shape, the size or the type of ``x`` does not fit the network.
        """
        self._check(x)
        return self.denoise(x)

    @abstractmethod
    def denoise(self, x: Tensor) -> Tensor:
        """The network itself, on a checked input of shape (N, C, H, W)."""

    def _check(self, x: Tensor) -> None:
        """Refuse what would fail later with a message about convolutions."""
        name = type(self).__name__
        if x.ndim != 4 or x.shape[1] != self.in_channels:
            raise ValueError(
                f"{name} expects (N, {self.in_channels}, H, W), got {tuple(x.shape)}; "
                "CT slices have one channel"
            )
        if not x.is_floating_point():
            raise ValueError(
                f"{name} expects floating point values in [0, 1], got {x.dtype}; "
                "LIDDataPreprocessor maps HU to that range"
            )
        smallest = 2 * self.receptive_margin + 1
        if min(x.shape[-2:]) < smallest:
            raise ValueError(
                f"{name} needs slices of at least {smallest} x {smallest} pixels, "
                f"got {x.shape[-2]} x {x.shape[-1]}; pad the slice or take a larger crop"
            )
