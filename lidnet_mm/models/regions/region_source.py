"""What the sources of regions have in common."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager

import torch
from mmengine.structures import BaseDataElement, InstanceData
from torch import Tensor, nn


class RegionSource(ABC):
    """Where the regions of Eq. 2 and 3 come from in one family of detectors.

    A source keeps what it needs from the pass that computes the detection loss, so that nothing
    of the detector runs twice, and turns it into boxes afterwards.
    """

    @classmethod
    @abstractmethod
    def fits(cls, detector: nn.Module) -> bool:
        """Whether the detector has what the regions are read from."""

    @abstractmethod
    def watch(self, detector: nn.Module) -> AbstractContextManager[list]:
        """Keep what the detector computes while the context is open, one entry a pass."""

    @abstractmethod
    def proposals(
        self, detector: nn.Module, kept: object, samples: Sequence[BaseDataElement]
    ) -> list[InstanceData]:
        """Boxes of one pass.

        Args:
            detector (nn.Module): The detector.
            kept (object): The entry of :meth:`watch`.
            samples (Sequence[BaseDataElement]): The N samples of the pass.

        Returns:
            list[InstanceData]: For each image ``bboxes``, (K_i, 4), xyxy in pixels of the input,
            and ``scores``, (K_i,); without scores they are taken in their order.
        """

    @torch.no_grad()
    def regions(
        self, detector: nn.Module, kept: list, samples: Sequence[BaseDataElement]
    ) -> list[Tensor]:
        """The regions of the last pass.

        Args:
            detector (nn.Module): The detector.
            kept (list): What :meth:`watch` gave.
            samples (Sequence[BaseDataElement]): The N samples of that pass.

        Returns:
            list[Tensor]: N tensors (K_i, 4), xyxy in pixels of the input, within the image, best
            first, without gradient.

        Raises:
            RuntimeError: If the detector never came by, or works on copies of the images.
        """
        if not kept:
            raise RuntimeError(
                f"{type(self).__name__} saw nothing of {type(detector).__name__}'s loss; choose "
                "another region_source, such as dict(type='lidnet_mm.AnnotatedRegions')"
            )
        proposals = self.proposals(detector, kept[-1], samples)
        if len(proposals) != len(samples):
            raise RuntimeError(
                f"{type(detector).__name__} has boxes of {len(proposals)} images for a batch of "
                f"{len(samples)}: a detector that copies its images (TridentNet) takes part "
                "without the ROI perceptual loss only, roi_perceptual_loss="
                "dict(type='lidnet_mm.ROIPerceptualLoss', loss_weight=0)"
            )
        return [
            _best_first(boxes, sample.img_shape[:2])
            for boxes, sample in zip(proposals, samples, strict=True)
        ]


def _best_first(proposals: InstanceData, image_shape: tuple[int, int]) -> Tensor:
    """Boxes (K, 4) of one image by falling score, clipped; those outside are left out."""
    boxes = getattr(proposals.bboxes, "tensor", proposals.bboxes).detach().float()
    if "scores" in proposals:
        boxes = boxes[proposals.scores.detach().argsort(descending=True, stable=True)]
    height, width = image_shape
    corners = boxes.new_tensor([width, height, width, height])
    boxes = torch.minimum(boxes.clamp(min=0), corners)
    return boxes[(boxes[:, 2:] > boxes[:, :2]).all(dim=1)]
