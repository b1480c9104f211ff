"""A generator, its own losses and its critic: a half of LIDnet, and alone the baseline."""

import torch
from mmengine.structures import BaseDataElement, PixelData
from torch import Tensor, nn

from lidnet_mm.hu_window import HUWindow
from lidnet_mm.models.activation_checkpointing import recompute_activations
from lidnet_mm.models.alternating_model import AlternatingModel
from lidnet_mm.models.denoisers.tiling import TileSettings, denoise_in_tiles
from lidnet_mm.models.phase import Phase
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class DenoisingModel(AlternatingModel):
    """Generator with the losses that it has without any detector.

    Trained alone it is the baseline that a LIDnet is compared with; inside
    :class:`LIDDetector` it is the half that the detector's feedback steers. With a critic it is
    a Wasserstein GAN, whose two networks ``AdversarialTrainLoop`` or ``CollaborativeTrainLoop``
    train in turns.

    Args:
        generator (dict): Config of the generator, such as ``dict(type='lidnet_mm.CPCE')``.
        losses (dict[str, dict | None], optional): Losses of denoised slice and NDCT by name;
            each is logged as ``loss_<name>``. None in place of a config takes an inherited one
            out. Defaults to ``reconstruction``, L1 (Eq. 8, appendix A), or with a critic to none
            (Eq. 5).
        critic (dict, optional): Config of the critic, such as
            ``dict(type='lidnet_mm.SliceCritic')``. Defaults to None, the CNN form.
        loss_adversarial (dict, optional): Config of the loss between generator and critic.
            Defaults to ``WGANGPLoss`` with a penalty of 10.
        test_cfg (dict, optional): ``tile_size`` (pixels), the side of the tiles in which slices
            too large for the memory are denoised wherever no gradient is needed, and
            ``tile_overlap`` (pixels), by default the generator's receptive radius, with which
            the result is that of the whole slice. Defaults to whole slices.
        activation_checkpointing (bool): Compute activations of the generator again in the backward
            pass instead of keeping them: less memory, one more forward pass. Defaults to False.
        compile (bool | dict): Compile the generator with ``torch.compile``, and these options of
            it, such as ``dict(mode='max-autotune')``. Defaults to False.
        data_preprocessor (dict, optional): Config. Defaults to ``LIDDataPreprocessor``.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        ValueError: If there is nothing to learn from, an adversarial loss has no critic, or
            tiles would leave nothing of a slice.
    """

    def __init__(
        self,
        generator: dict,
        losses: dict[str, dict | None] | None = None,
        critic: dict | None = None,
        loss_adversarial: dict | None = None,
        test_cfg: dict | None = None,
        activation_checkpointing: bool = False,
        compile: bool | dict = False,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        preprocessor = data_preprocessor or {"type": "lidnet_mm.LIDDataPreprocessor"}
        super().__init__(data_preprocessor=MODELS.build(preprocessor), init_cfg=init_cfg)
        self.generator = MODELS.build(generator)
        self.generator.to(
            memory_format=getattr(self.generator, "memory_format", torch.channels_last)
        )
        if losses is None:
            l1 = {"type": "lidnet_mm.ReconstructionLoss", "norm": "l1"}
            losses = {} if critic else {"reconstruction": l1}
        self.losses = nn.ModuleDict({k: MODELS.build(v) for k, v in losses.items() if v})
        self.critic = self.loss_adversarial = None
        if critic:
            self.critic = MODELS.build(critic).to(memory_format=torch.channels_last)
            self.loss_adversarial = MODELS.build(
                loss_adversarial or {"type": "lidnet_mm.WGANGPLoss"}
            )
        elif loss_adversarial:
            raise ValueError("loss_adversarial needs critic=dict(type='lidnet_mm.SliceCritic')")
        elif not self.losses:
            raise ValueError("a DenoisingModel needs losses or a critic to learn from")
        if activation_checkpointing:
            recompute_activations(self.generator)
        if compile is not False:
            self.generator.compile(**({} if compile is True else compile))
        self.tiles = TileSettings.of(self.generator, test_cfg) if test_cfg else None

    @property
    def parts(self) -> dict[str, nn.Module]:
        """``denoiser``, which is the generator, and ``critic`` where there is one."""
        parts = {"denoiser": self.generator, "critic": self.critic}
        return {name: part for name, part in parts.items() if part is not None}

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
            mode (str): ``'tensor'`` denoised batch; ``'loss'`` dict of losses, those of the
                critic in its phase; ``'predict'`` the samples with ``denoised``, and with ``ndct``
                where it is given, in HU.

        Returns:
            Tensor | dict | list: As ``mode`` says.

        Raises:
            RuntimeError: If a model with a critic is trained by a loop without phases.
            ValueError: If ``mode`` is none of the three.
        """
        if mode == "tensor":
            return self.denoise(inputs)
        if mode == "loss":
            self._check_turns()
            if self.phase is Phase.CRITIC:
                return self.critic_loss(inputs, ndct)
            return self.loss(self._generate(inputs), ndct)
        if mode == "predict":
            denoised = self.denoise(inputs)
            return add_images(data_samples, denoised, ndct, self.data_preprocessor.window)
        raise ValueError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")

    def denoise(self, inputs: Tensor) -> Tensor:
        """Denoise (N, 1, H, W) in [0, 1], in tiles where they are set and no gradient is needed."""
        if self.tiles is None or torch.is_grad_enabled():
            return self._generate(inputs)
        with _full_precision(inputs):
            return denoise_in_tiles(self.generator, inputs, *self.tiles)

    def _generate(self, inputs: Tensor) -> Tensor:
        """Denoise whole slices."""
        with _full_precision(inputs):
            return self.generator(inputs)

    def loss(self, denoised: Tensor, ndct: Tensor) -> dict[str, Tensor]:
        """Own losses of the generator on (N, 1, H, W) tensors in [0, 1]."""
        losses = {f"loss_{name}": loss(denoised, ndct) for name, loss in self.losses.items()}
        if self.critic is not None:
            losses["loss_adversarial"] = self.loss_adversarial(self.critic, denoised)
        return losses

    def critic_loss(self, inputs: Tensor, ndct: Tensor) -> dict[str, Tensor]:
        """Losses of the critic (Eq. 7), under ``critic.``; no gradient reaches the generator.

        Args:
            inputs (Tensor): LDCT, (N, 1, H, W), [0, 1].
            ndct (Tensor): NDCT, the same shape.

        Returns:
            dict[str, Tensor]: Scalars.
        """
        with torch.no_grad():
            denoised = self._generate(inputs)
        losses = self.loss_adversarial.of_critic(self.critic, denoised, ndct)
        return {f"critic.{name}": value for name, value in losses.items()}

    def _check_turns(self) -> None:
        """Refuse to train a generator against a critic that never learns."""
        if self.critic is not None and self.phase is None:
            raise RuntimeError(
                "a DenoisingModel with a critic trains in turns: use "
                "train_cfg=dict(type='lidnet_mm.AdversarialTrainLoop', ...)"
            )


def _full_precision(inputs: Tensor) -> torch.autocast:
    """No autocast for a generator.

    Half precision rounds to a share of the value, and the values of a slice stand upon the offset
    of its window: 8 bits are steps of up to 8 HU in a window of 2000 HU. A first and a last layer
    in full, with hidden ones of 8 bits, were still 0.4 to 1.6 HU (rms) off.
    """
    return torch.autocast(inputs.device.type, enabled=False)


def add_images(
    data_samples: list[BaseDataElement], denoised: Tensor, ndct: Tensor | None, window: HUWindow
) -> list[BaseDataElement]:
    """Put denoised slice and reference into each sample, in HU, without the padding.

    Args:
        data_samples (list[BaseDataElement]): N samples with ``img_shape`` in their metainfo.
        denoised (Tensor): (N, 1, H, W) in [0, 1]; clamped, as a detector sees it.
        ndct (Tensor, optional): (N, 1, H, W) in [0, 1]; None where there is no reference.
        window (HUWindow): Window of both.

    Returns:
        list[BaseDataElement]: The same samples, with ``denoised`` and ``ndct`` as ``PixelData``.
    """
    images = {"denoised": denoised} if ndct is None else {"denoised": denoised, "ndct": ndct}
    for index, sample in enumerate(data_samples):
        height, width = sample.img_shape[:2]
        for name, batch in images.items():
            hu = window.denormalize(batch[index, :, :height, :width].clamp(0, 1))
            setattr(sample, name, PixelData(data=hu.detach()))
    return data_samples
