"""Small mmdet detectors, CT-like batches and samples, as a data loader gives them."""

from pathlib import Path

import pytest
import torch
from mmdet.structures import DetDataSample
from mmengine.config import Config, ConfigDict
from mmengine.structures import InstanceData
from shrunk_detectors import shrunk_mmdet_config

from lidnet_mm.registry import MODELS

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture
def mmdet_config():
    """Reads one of mmdet's configs: ``mmdet_config('faster_rcnn/....py', frozen_stages=-1)``."""
    return shrunk_mmdet_config


@pytest.fixture
def small_config():
    """The repository's small Faster R-CNN, narrowed; reads CT through (-160, 240) HU."""
    path = REPOSITORY / "configs/_base_/models/faster-rcnn_r18_small.py"
    model = Config.fromfile(path).detector
    model.backbone.base_channels = 16
    model.neck.update(in_channels=[16, 32, 64, 128], out_channels=32)
    model.rpn_head.update(in_channels=32, feat_channels=32)
    model.roi_head.bbox_roi_extractor.out_channels = 32
    model.roi_head.bbox_head.update(in_channels=32, fc_out_channels=64)
    return model


def _sample(shape=(96, 96), boxes=((20, 24, 52, 60),), **metainfo):
    """One sample with lesions, as ``PackLIDInputs`` makes it."""
    boxes = torch.tensor(boxes, dtype=torch.float32).reshape(-1, 4)
    instances = InstanceData(bboxes=boxes, labels=torch.zeros(len(boxes), dtype=torch.long))
    return DetDataSample(
        gt_instances=instances,
        metainfo={
            "img_id": 1,
            "img_path": "volumes/case_0007.nii.gz",
            "slice_index": 31,
            "patient_id": "case_0007",
            "img_shape": shape,
            "ori_shape": shape,
            "scale_factor": (1.0, 1.0),
            "batch_input_shape": shape,
            "pad_shape": shape,
            **metainfo,
        },
    )


@pytest.fixture
def sample():
    """Makes a sample: ``sample(shape, boxes, **metainfo)``."""
    return _sample


def _slice(seed, shape=(96, 96)):
    """Soft tissue of -200 to 300 HU that varies over some pixels, with grain: (1, H, W) HU."""
    generator = torch.Generator().manual_seed(seed)
    coarse = torch.rand(1, 1, 7, 9, generator=generator) * 500 - 200
    smooth = torch.nn.functional.interpolate(coarse, shape, mode="bilinear")[0]
    return smooth + 20 * torch.randn(1, *shape, generator=generator)


@pytest.fixture
def ct_slice():
    """Makes a slice in HU: ``ct_slice(seed, shape)``."""
    return _slice


@pytest.fixture
def batch(sample, ct_slice):
    """A packed batch of two slices of 96 x 96 pixels, LDCT and NDCT in HU."""
    ndct = [ct_slice(seed) for seed in (0, 1)]
    ldct = [
        hu + 60 * torch.randn(hu.shape, generator=torch.Generator().manual_seed(5)) for hu in ndct
    ]
    samples = [sample(), sample(boxes=[[8, 8, 40, 30], [50, 40, 90, 84]], img_id=2)]
    return {"inputs": ldct, "ndct": ndct, "data_samples": samples}


@pytest.fixture
def build_lid():
    """Builds a LIDDetector of fixed weights: ``build_lid(detector, generator, **options)``."""

    def build(detector, generator=None, denoiser=None, seed=0, **options):
        torch.manual_seed(seed)
        config = {
            "type": "lidnet_mm.LIDDetector",
            "denoiser": {
                "type": "lidnet_mm.DenoisingModel",
                "generator": generator or {"type": "lidnet_mm.CPCE", "channels": 8},
                **(denoiser or {}),
            },
            "detector": detector,
            **options,
        }
        return MODELS.build(ConfigDict({**config, "_scope_": "mmdet"})).train()

    return build
