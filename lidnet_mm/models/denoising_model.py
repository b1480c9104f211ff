"""A generator and its own loss: a half of LIDnet, and alone the baseline."""

import torch
from mmengine.model import BaseModel
from mmengine.structures import BaseDataElement, PixelData
from torch import Tensor

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class DenoisingModel(BaseModel):
    """Generator with its reconstruction loss.

    Trained alone it is the baseline that a LIDnet is compared with; inside
    :class:`LIDDetector` it is the half that the detector's feedback steers.

    Args:
        generator (dict): Config of the generator, such as ``dict(type='lidnet_mm.CPCE')``.
        loss_reconstruction (dict): Config of the loss against NDCT. Defaults to L1, the paper's
            choice (appendix A).
        data_preprocessor (dict, optional): Config. Defaults to ``LIDDataPreprocessor``.
        init_cfg (dict, optional): MMEngine's initialisation.
    """

    def __init__(
        self,
        generator: dict,
        loss_reconstruction: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = data_preprocessor or {"type": "lidnet_mm.LIDDataPreprocessor"}
        super().__init__(data_preprocessor=MODELS.build(preprocessor), init_cfg=init_cfg)
        # The memory layout in which convolutions of few channels run faster; results are the same.
        self.generator = MODELS.build(generator).to(memory_format=torch.channels_last)
        self.loss_reconstruction = MODELS.build(
            loss_reconstruction or {"type": "lidnet_mm.ReconstructionLoss", "norm": "l1"}
        )

    def forward(
        self,
        inputs: Tensor,
        data_samples: list[BaseDataElement] | None = None,
        ndct: Tensor | None = None,
        mode: str = "tensor",
    ) -> Tensor | dict[str, Tensor] | list[BaseDataElement]:
        """Run the model.

        Args:
            inputs (Tensor): LDCT, (N, 1, H, W), [0, 1].
            data_samples (list[BaseDataElement], optional): N samples.
            ndct (Tensor, optional): NDCT, (N, 1, H, W), [0, 1].
            mode (str): ``'tensor'`` denoised batch; ``'loss'`` dict of losses; ``'predict'``
                the samples with ``denoised`` and ``ndct`` in HU.

        Returns:
            Tensor | dict | list: As ``mode`` says.

        Raises:
            ValueError: If ``mode`` is none of the three.
        """
        denoised = self.generator(inputs)
        if mode == "tensor":
            return denoised
        if mode == "loss":
            return self.loss(denoised, ndct)
        if mode == "predict":
            return add_images(data_samples, denoised, ndct, self.data_preprocessor.window)
        raise ValueError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")

    def loss(self, denoised: Tensor, ndct: Tensor) -> dict[str, Tensor]:
        """Own losses of the denoiser on (N, 1, H, W) tensors in [0, 1]."""
        return {"loss_reconstruction": self.loss_reconstruction(denoised, ndct)}


def add_images(
    data_samples: list[BaseDataElement], denoised: Tensor, ndct: Tensor, window: HUWindow
) -> list[BaseDataElement]:
    """Put denoised slice and reference into each sample, in HU, without the padding.

    Args:
        data_samples (list[BaseDataElement]): N samples with ``img_shape`` in their metainfo.
        denoised (Tensor): (N, 1, H, W) in [0, 1]; clamped, as a detector sees it.
        ndct (Tensor): (N, 1, H, W) in [0, 1].
        window (HUWindow): Window of both.

    Returns:
        list[BaseDataElement]: The same samples, with ``denoised`` and ``ndct`` as ``PixelData``.
    """
    for index, sample in enumerate(data_samples):
        height, width = sample.img_shape[:2]
        for name, batch in (("denoised", denoised), ("ndct", ndct)):
            hu = window.denormalize(batch[index, :, :height, :width].clamp(0, 1))
            setattr(sample, name, PixelData(data=hu.detach()))
    return data_samples
