"""LIDnet: a denoiser in front of any detector."""

import math

import torch
from mmengine.structures import BaseDataElement
from torch import Tensor, nn

from lidnet_mm.models.alternating_model import AlternatingModel
from lidnet_mm.models.denoising_model import add_images
from lidnet_mm.models.detector_bridge import DetectorBridge, Window, pad_divisor_of
from lidnet_mm.models.detector_building import build_detector
from lidnet_mm.models.feature_tap import FeatureTap
from lidnet_mm.models.feedback_limit import FeedbackLimit
from lidnet_mm.models.half_precision_backbone import half_precision_backbone
from lidnet_mm.models.phase import Phase
from lidnet_mm.models.plain_checkpoint import accept_plain_detector
from lidnet_mm.models.resting_detector import rest_in_training_mode
from lidnet_mm.registry import MODELS


@MODELS.register_module()
class LIDDetector(AlternatingModel):
    """A :class:`DenoisingModel` in front of an mmdet detector (Eq. 5, 7, 8).

    What a training step computes depends on :attr:`phase`, which the training loop sets:

    ==================== ============== =====================================================
    phase                updates        loss
    ==================== ============== =====================================================
    DETECTOR_ON_NDCT     detector       L_det(y)
    DENOISER             denoiser       own losses + lambda_1 ROI perceptual + lambda_2 L_det
    CRITIC               critic         D(G(x)) - D(y) + penalty, no gradient through G
    DETECTOR_ON_DENOISED detector       L_det(G(x)), no gradient through G
    ==================== ============== =====================================================

    A checkpoint of a plain detector loads into the detector (``load_from``).

    The own losses of a denoiser without a critic are by default L1 (CNN form, Eq. 8), of one
    with a critic -D(G(x)) alone (GAN form, Eq. 5).

    Args:
        denoiser (dict): Config of a ``DenoisingModel``.
        detector (dict): Config of any mmdet detector of boxes, as it stands. Branches for masks
            and augmentations of whole batches are left out, with a line in the log.
        roi_perceptual_loss (dict, optional): Config; carries K and lambda_1. Defaults to
            ``ROIPerceptualLoss`` with K = 5, lambda_1 = 5. Weight 0 leaves the term out.
        detection_loss_weight (float): lambda_2. Defaults to 5.
        feedback_limit (float, optional): Largest gradient of both feedback terms on G(x), as a
            multiple of that of the denoiser's own losses; see :class:`FeedbackLimit`. With it
            lambda_1 and lambda_2 fit any detector. Defaults to None, no limit, as in the paper.
        detector_windows (list[tuple[float, float]], optional): One or three HU windows through
            which the detector sees the slice; three in the order red, green, blue, which the
            detector's own preprocessor brings into the order of its weights. Defaults to those of
            that preprocessor, else the whole image window.
        feature_source (str): T of Eq. 4: ``'backbone'`` or ``'neck'``. Defaults to ``'backbone'``.
        feature_levels (list[int], optional): Which of its maps. Defaults to all.
        region_source (dict, optional): Config of a ``RegionSource``. Defaults to what fits the
            detector: proposals of the RPN, boxes of the last refinement, of the queries, or of
            the dense head.
        data_preprocessor (dict, optional): Config. Defaults to that of the denoiser. It pads to a
            multiple of the detector's divisor, too.
        init_cfg (dict, optional): MMEngine's initialisation.

    Raises:
        MissingPackageError: If MMDetection is not installed.
    """

    def __init__(
        self,
        denoiser: dict,
        detector: dict,
        roi_perceptual_loss: dict | None = None,
        detection_loss_weight: float = 5.0,
        feedback_limit: float | None = None,
        detector_windows: list[Window] | None = None,
        feature_source: str = "backbone",
        feature_levels: list[int] | None = None,
        region_source: dict | None = None,
        data_preprocessor: dict | None = None,
        init_cfg: dict | None = None,
    ) -> None:
        denoiser = MODELS.build(denoiser)
        preprocessor = data_preprocessor and MODELS.build(data_preprocessor)
        super().__init__(preprocessor or denoiser.data_preprocessor, init_cfg=init_cfg)
        self.denoiser = denoiser
        self.detector = build_detector(detector)
        self.roi_perceptual_loss = MODELS.build(
            roi_perceptual_loss or {"type": "lidnet_mm.ROIPerceptualLoss"}
        )
        self.detection_loss_weight = detection_loss_weight
        self.feedback_limit = None if feedback_limit is None else FeedbackLimit(feedback_limit)
        self.bridge = DetectorBridge.for_detector(
            self.detector.data_preprocessor, self.data_preprocessor.image_window, detector_windows
        )
        self.data_preprocessor.pad_divisor = math.lcm(
            self.data_preprocessor.pad_divisor, pad_divisor_of(self.detector.data_preprocessor)
        )
        self.register_load_state_dict_pre_hook(accept_plain_detector)
        self.features = self.region_source = None
        if self.roi_perceptual_loss.loss_weight != 0:
            from lidnet_mm.models.regions import region_source_for  # needs MMDetection

            self.features = FeatureTap(self.detector, feature_source, feature_levels)
            self.region_source = region_source_for(self.detector, region_source)

    @property
    def parts(self) -> dict[str, nn.Module]:
        """``denoiser``, ``critic`` where there is one, and ``detector``."""
        return {**self.denoiser.parts, "detector": self.detector}

    def rest(self, part: nn.Module) -> None:
        """A detector whose loss is needed computes it as in training, but learns nothing."""
        if part is self.detector and self.phase is Phase.DENOISER:
            rest_in_training_mode(part)
        else:
            super().rest(part)

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
            data_samples (list[BaseDataElement], optional): N samples with ``gt_instances``.
            ndct (Tensor, optional): NDCT, (N, 1, H, W), [0, 1].
            mode (str): ``'tensor'`` denoised batch; ``'loss'`` losses of the present phase;
                ``'predict'`` the samples with ``pred_instances``, ``denoised`` and ``ndct``.

        Returns:
            Tensor | dict | list: As ``mode`` says.

        Raises:
            ValueError: If ``mode`` is none of the three.
        """
        if mode == "tensor":
            return self.denoiser(inputs)
        if mode == "loss":
            return self.loss(inputs, data_samples, ndct)
        if mode == "predict":
            return self.predict(inputs, data_samples, ndct)
        raise ValueError(f"mode must be 'tensor', 'loss' or 'predict', got {mode!r}")

    def loss(
        self, inputs: Tensor, data_samples: list[BaseDataElement], ndct: Tensor
    ) -> dict[str, Tensor]:
        """Losses of the present phase.

        Raises:
            RuntimeError: If no phase was set.
        """
        if self.phase is None:
            raise RuntimeError(
                "LIDDetector trains in phases: use "
                "train_cfg=dict(type='lidnet_mm.CollaborativeTrainLoop', ...) or call set_phase"
            )
        if self.phase is Phase.DENOISER:
            return self._denoiser_loss(inputs, data_samples, ndct)
        if self.phase is Phase.CRITIC:
            return self.denoiser.critic_loss(inputs, ndct)
        images = ndct
        if self.phase is Phase.DETECTOR_ON_DENOISED:
            with torch.no_grad():
                images = self.denoiser(inputs)
        return _prefixed(self._detection_loss(self.bridge(images), data_samples))

    def _denoiser_loss(
        self, inputs: Tensor, data_samples: list[BaseDataElement], ndct: Tensor
    ) -> dict[str, Tensor]:
        """Eq. 5 or 8: own losses, ROI perceptual loss and detection loss from one pass on G(x)."""
        denoised = self.denoiser(inputs)
        if self.detection_loss_weight == 0 and self.features is None:
            return self.denoiser.loss(denoised, ndct)
        own = denoised
        if self.feedback_limit is not None:
            own, denoised = self.feedback_limit.split(denoised)
        losses = self.denoiser.loss(own, ndct)
        images = self.bridge(denoised)
        if self.features is None:
            detection = self._detection_loss(images, data_samples)
        else:
            with (
                self.features.watch(self.detector) as features,
                self.region_source.watch(self.detector) as seen,
            ):
                detection = self._detection_loss(images, data_samples)
            losses["loss_roi_perceptual"] = self.roi_perceptual_loss(
                features[-1],
                self.features.reference(self.detector, self.bridge(ndct)),
                self.region_source.regions(self.detector, seen, data_samples),
                tuple(images.shape[-2:]),
            )
        if self.detection_loss_weight != 0:
            losses.update(_prefixed(detection, self.detection_loss_weight))
        if self.feedback_limit is not None and self.feedback_limit.last_scale is not None:
            losses["feedback_scale"] = self.feedback_limit.last_scale  # of the step before
        return losses

    def _detection_loss(self, images: Tensor, data_samples: list[BaseDataElement]) -> dict:
        """The detector's own losses on the images of the bridge, in half precision where safe."""
        with half_precision_backbone(self.detector):
            return self.detector.loss(images, data_samples)

    def predict(
        self, inputs: Tensor, data_samples: list[BaseDataElement], ndct: Tensor | None = None
    ) -> list[BaseDataElement]:
        """Detections on the denoised slices, and the images in HU.

        Args:
            inputs (Tensor): LDCT, (N, 1, H, W), [0, 1].
            data_samples (list[BaseDataElement]): N samples.
            ndct (Tensor, optional): NDCT, (N, 1, H, W), [0, 1].

        Returns:
            list[BaseDataElement]: The samples with ``pred_instances`` (boxes in pixels of the
            slice as it was read), ``denoised`` and, where it is given, ``ndct`` (``PixelData``,
            HU).
        """
        denoised = self.denoiser(inputs)
        samples = self.detector.predict(self.bridge(denoised), data_samples, rescale=True)
        return add_images(samples, denoised, ndct, self.data_preprocessor.window)


def _prefixed(losses: dict, weight: float = 1.0) -> dict:
    """The detector's losses under ``detector.``, weighted; other entries are left as they are."""
    out = {}
    for name, value in losses.items():
        if "loss" in name and weight != 1.0:
            value = [weight * v for v in value] if isinstance(value, list) else weight * value
        out[f"detector.{name}"] = value
    return out
